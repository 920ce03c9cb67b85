/**
 * Decoders for the rows in Kraken's responses: the names of their fields, and the meaning of their values.
 *
 * @since 0.1.0
 */
import { Row, Wire } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"

const { all, at, blank, decimal, map, none, orZero, positive, seconds, text, words, wordsOr } = Wire

// Zero means that there is no value.
const price = (path: string) => at(path, positive(decimal))

/**
 * An asset, under its id. Other tables use the id, while people and pairs use `altname`.
 *
 * @since 0.1.0
 * @category rows
 */
export const Asset = Row.of({ id: at("id", text), altname: at("altname", text) })

/**
 * A pair. Only `wsname` separates its assets. Dark pools have no `wsname`.
 *
 * @since 0.1.0
 * @category rows
 */
export const Pair = Row.of({
  id: at("id", text),
  altname: at("altname", text),
  wsname: at("wsname", blank(Schema.String)),
  priceDecimals: at("pair_decimals", Schema.NonNegativeInt),
  lotDecimals: at("lot_decimals", Schema.NonNegativeInt),
  tickSize: price("tick_size"),
  minAmount: price("ordermin"),
  minNotional: price("costmin"),
  // A pair that accepts only some kinds of orders is open; the exchange decides which kinds.
  status: Row.statusOrUnknown("status", {
    open: "online post_only limit_only",
    halted: "cancel_only reduce_only maintenance work_in_progress",
    closed: "delisted"
  })
})

// In `v`, `l` and `h`, the first value is for today since midnight (UTC), and the second is for the last 24 hours.
const ticker = {
  last: price("c.0"),
  bid: price("b.0"),
  ask: price("a.0"),
  high24h: price("h.1"),
  low24h: price("l.1"),
  volume24h: at("v.1", decimal),
  ...Wire.each(["open24h", "at"], none)
}

/**
 * A ticker, without a timestamp of its own.
 *
 * @since 0.1.0
 * @category rows
 */
export const Ticker = Row.ticker(ticker)

/**
 * A ticker under the key of its pair.
 *
 * @since 0.1.0
 * @category rows
 */
export const TickerOf = Row.tickerOf({ ...ticker, market: at("market", text) })

/**
 * An order book. A level has a price, a volume and the time of its last change.
 *
 * @since 0.1.0
 * @category answers
 */
export const Book = Row.book(Row.levels(decimal, 0, 1), ["bids", "asks"], {})

/**
 * A public trade: price, volume, time, the taker's side, limit or market, a field without a documented meaning, and its
 * id.
 *
 * @since 0.1.0
 * @category rows
 */
export const Trade = Row.tradeAt(seconds, decimal, {
  id: 6,
  side: at(3, words({ b: "buy", s: "sell" })),
  price: 0,
  amount: 1,
  at: 2
})

/**
 * A candle: open time, open, high, low, close, average and volume. The average is not read.
 *
 * @since 0.1.0
 * @category rows
 */
export const Bar = Row.ohlcv(seconds, decimal, [0, 1, 2, 3, 4, 6])

/**
 * A balance under the id of its asset. The free amount may be negative for a moment while credit is in use.
 *
 * @since 0.1.0
 * @category rows
 */
export const Balance = Row.of({
  id: at("id", text),
  balance: at("balance", decimal),
  held: at("hold_trade", decimal),
  credit: Wire.minus(at("credit", orZero(decimal)), at("credit_used", orZero(decimal)))
})

const side = words({ buy: "buy", sell: "sell" })
const type = at("descr.ordertype", wordsOr({ limit: "limit", market: "market" }, "other"))
const flags = map(at("oflags", blank(Wire.listed)), (flags = []) => flags)

/**
 * An order under its id. `price` is its average price, and `descr.price` is its limit or trigger price. With the flag
 * `viqc`, its volume is in the quote currency.
 *
 * @since 0.1.0
 * @category rows
 */
export const Order = Row.order({
  ...Row.names({ id: "id", market: "descr.pair", clientOrderId: "cl_ord_id" }),
  side: at("descr.type", side),
  type,
  status: Row.status("status", {
    pending: "pending",
    open: "open",
    filled: "closed",
    canceled: "canceled",
    expired: "expired"
  }),
  // The price of a trailing stop (`+15.0000%`) is a distance.
  price: Wire.when(type, "limit", at("descr.price", decimal)),
  amount: all({ flags, size: at("vol", decimal) }, ({ flags, size }) => flags.includes("viqc") ? undefined : size),
  filled: at("vol_exec", decimal),
  averagePrice: price("price"),
  timeInForce: at("timeinforce", wordsOr({ GTC: "GTC", IOC: "IOC", FOK: "FOK" }, undefined)),
  postOnly: map(flags, (flags) => flags.includes("post")),
  reduceOnly: none,
  createdAt: at("opentm", seconds),
  updatedAt: at("closetm", blank(seconds))
})

/**
 * A fill: a trade of the account, under its id. The fee is in the quote currency, even if it was charged in the base
 * currency.
 *
 * @since 0.1.0
 * @category rows
 */
export const Fill = Row.fill({
  ...Row.namesOfFill({ id: "id", orderId: "ordertxid", market: "pair", clientOrderId: undefined }),
  side: at("type", side),
  price: at("price", decimal),
  amount: at("vol", decimal),
  fee: at("fee", decimal),
  feeAsset: none,
  liquidity: at("maker", wordsOr({ true: "maker", false: "taker" }, "unknown")),
  at: at("time", seconds)
})

/**
 * The outcome of one order of a batch.
 *
 * @since 0.1.0
 * @category rows
 */
export const BatchRow = Row.of({ id: at("txid", blank(text)), error: at("error", blank(text)) })
