/**
 * Decoders for the rows in Binance's responses: the names of their fields, and the meaning of their values.
 *
 * Source: binance-spot-api-docs, `rest-api.md` and `enums.md`.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import { Row, Wire } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"

const { all, at, blank, decimal, map, meaning, none, positive, text, words, wordsOr } = Wire

/**
 * Decodes a timestamp in epoch milliseconds. Binance sends timestamps as JSON numbers and never as strings. The check
 * is written by hand for speed: rows with a timestamp come by the thousand.
 *
 * @since 0.1.0
 * @category values
 */
export const instant: Wire.Value<number> = Wire.reading(
  (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : Wire.unread,
  "expected a timestamp as a number"
)

// The field must be present. Zero means that there is no price: no trade yet, an empty side of the book, or a market
// order.
const price = (name: string): Wire.Field<BigDecimal.BigDecimal | undefined> =>
  map(at(name, decimal), (value) => BigDecimal.isPositive(value) ? value : undefined)

// Reads a value of a filter. Returns `undefined` if the filter is missing or has another shape.
const filter = (type: string, name: string): Wire.Field<BigDecimal.BigDecimal | undefined> => {
  const isWanted = Schema.is(Schema.Struct({ filterType: Schema.Literal(type) }))
  const value = Wire.lenient(Wire.within(name, positive(decimal)))
  const pick = (filters: unknown) => Array.isArray(filters) ? filters.find(isWanted) : Wire.unread
  return at("filters", Wire.pick(pick, value, "expected a list of filters"))
}

/**
 * A market. Binance's symbol is not split, since nothing separates `BTC` from `USDT`. `PRICE_FILTER` limits prices,
 * `LOT_SIZE` limits amounts, and `NOTIONAL` (formerly `MIN_NOTIONAL`) limits their product.
 *
 * @since 0.1.0
 * @category rows
 */
export const Market = Row.of({
  id: at("symbol", text),
  kind: Wire.always("spot"),
  status: Row.statusOrUnknown("status", { open: "TRADING", halted: "END_OF_DAY HALT BREAK CANCEL_ONLY" }),
  base: at("baseAsset", text),
  quote: at("quoteAsset", text),
  tickSize: filter("PRICE_FILTER", "tickSize"),
  lotSize: filter("LOT_SIZE", "stepSize"),
  minAmount: filter("LOT_SIZE", "minQty"),
  maxAmount: filter("LOT_SIZE", "maxQty"),
  minPrice: filter("PRICE_FILTER", "minPrice"),
  maxPrice: filter("PRICE_FILTER", "maxPrice"),
  minNotional: Wire.orElse(filter("NOTIONAL", "minNotional"), filter("MIN_NOTIONAL", "minNotional"))
})

/**
 * A ticker.
 *
 * @since 0.1.0
 * @category rows
 */
export const Ticker = Row.tickerOf({
  market: at("symbol", text),
  last: price("lastPrice"),
  bid: price("bidPrice"),
  ask: price("askPrice"),
  open24h: price("openPrice"),
  high24h: price("highPrice"),
  low24h: price("lowPrice"),
  volume24h: at("volume", decimal),
  at: at("closeTime", instant)
})

/**
 * An order book, best levels first. Binance sends no timestamp with it.
 *
 * @since 0.1.0
 * @category answers
 */
export const Book = Row.book(Row.levels(decimal, 0, 1), ["bids", "asks"], { sequence: at("lastUpdateId", text) })

/**
 * An order book with its levels as they were sent.
 *
 * @since 0.1.0
 * @category answers
 */
export const BookSnapshot = Wire.answer({
  bids: at("bids", Schema.Array(Schema.Unknown)),
  asks: at("asks", Schema.Array(Schema.Unknown)),
  last: at("lastUpdateId", Schema.NonNegativeInt)
})

/**
 * A public trade. If the buyer was the maker, the taker sold.
 *
 * @since 0.1.0
 * @category rows
 */
export const Trade = Row.trade({
  id: at("id", text),
  side: at("isBuyerMaker", words({ true: "sell", false: "buy" })),
  price: at("price", decimal),
  amount: at("qty", decimal),
  at: at("time", instant)
})

/**
 * A candle: open time, open, high, low, close, and volume in the base currency. The other fields are not read.
 *
 * @since 0.1.0
 * @category rows
 */
export const Bar = Row.ohlcv(instant, decimal, [0, 1, 2, 3, 4, 5])

/**
 * A balance.
 *
 * @since 0.1.0
 * @category rows
 */
export const Balance = Row.balance({
  asset: at("asset", text),
  free: at("free", decimal),
  total: Wire.sum(at("free", decimal), at("locked", decimal))
})

const flag = Schema.Boolean
const may = (name: string): Wire.Field<boolean | undefined> => at(name, Schema.UndefinedOr(flag))

/**
 * The permissions of a key.
 *
 * - `trade` is `true` if the key may trade anything, including products and protocols that this library does not use.
 * - `withdraw` is `true` if the key may move funds to other accounts.
 * - `expiresAt` is the time at which the key loses the right to trade. Keys without an IP restriction expire in this
 *   way.
 *
 * @since 0.1.0
 * @category answers
 */
export const Restrictions = Wire.answer({
  read: at("enableReading", flag),
  trade: Wire.anyOf(
    at("enableSpotAndMarginTrading", flag),
    ...["enableMargin", "enableFutures", "enableVanillaOptions", "enableFixApiTrade"].map(may)
  ),
  withdraw: Wire.anyOf(
    ...["enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer"].map((name) => at(name, flag))
  ),
  ipRestricted: at("ipRestrict", flag),
  expiresAt: at("tradingAuthorityExpirationTime", Schema.UndefinedOr(instant))
})

const types = wordsOr({ LIMIT: "limit", LIMIT_MAKER: "limit", MARKET: "market" }, "other")

const statuses = meaning({
  pending: "PENDING_NEW",
  open: "NEW PARTIALLY_FILLED PENDING_CANCEL",
  filled: "FILLED",
  canceled: "CANCELED",
  rejected: "REJECTED",
  expired: "EXPIRED EXPIRED_IN_MATCH"
})

const names = {
  id: "orderId",
  market: "symbol",
  side: "side",
  type: "type",
  status: "status",
  price: "price",
  size: "origQty",
  inQuote: "origQuoteOrderQty",
  filled: "executedQty",
  // The misspelling is the exchange's.
  paid: "cummulativeQuoteQty",
  timeInForce: "timeInForce"
}

/**
 * The fields of an order, read from the given names.
 *
 * @since 0.1.0
 * @category fields
 */
export const orderBy = (called: typeof names) => ({
  id: at(called.id, text),
  market: at(called.market, text),
  side: at(called.side, words({ BUY: "buy", SELL: "sell" })),
  type: at(called.type, types),
  status: at(called.status, statuses),
  price: price(called.price),
  // If the order was sized in the quote currency, this amount is only the result of its execution.
  amount: Wire.when(at(called.inQuote, positive(decimal)), undefined, price(called.size)),
  filled: at(called.filled, decimal),
  // The amount paid is negative where it is not known, as in some old orders.
  averagePrice: all(
    { filled: at(called.filled, decimal), paid: at(called.paid, decimal) },
    ({ filled, paid }) =>
      BigDecimal.isPositive(filled) && !BigDecimal.isNegative(paid) ? Decimal.unsafeQuotient(paid, filled) : undefined
  ),
  // Binance reports market orders as good until canceled, which they are not.
  timeInForce: all(
    { type: at(called.type, types), stated: at(called.timeInForce, words({ GTC: "GTC", IOC: "IOC", FOK: "FOK" })) },
    ({ stated, type }) => type === "market" ? undefined : stated
  ),
  postOnly: at(called.type, wordsOr({ LIMIT_MAKER: true }, false)),
  reduceOnly: none
})

const order = orderBy(names)
const clientOrderId = at("clientOrderId", blank(text))

/**
 * An order in the response to a query.
 *
 * @since 0.1.0
 * @category rows
 */
export const Order = Row.order({
  ...order,
  clientOrderId,
  createdAt: at("time", instant),
  updatedAt: at("updateTime", instant)
})

/**
 * An order in the response to its placement, as it stands after matching.
 *
 * @since 0.1.0
 * @category rows
 */
export const Placed = Row.order({
  ...order,
  clientOrderId,
  ...Wire.each(["createdAt", "updatedAt"], at("transactTime", instant))
})

/**
 * An order in the response to its cancellation. Here `clientOrderId` is the id of the cancellation.
 *
 * @since 0.1.0
 * @category rows
 */
export const Canceled = Row.order({
  ...order,
  clientOrderId: at("origClientOrderId", blank(text)),
  createdAt: none,
  updatedAt: at("transactTime", instant)
})

const named = Schema.Struct({ orderId: text })

/**
 * The response to the cancellation of all orders. A row is an order, or a list of orders placed together (such as an
 * OCO). Only the ids are read, so that no other field of a row can hide a canceled order.
 *
 * @since 0.1.0
 * @category answers
 */
export const CanceledAll = Schema.Array(Schema.Union(Schema.Struct({ orderReports: Schema.Array(named) }), named))

/**
 * A fill: a trade of the account.
 *
 * @since 0.1.0
 * @category rows
 */
export const Fill = Row.fill({
  ...Row.namesOfFill({ id: "id", orderId: "orderId", market: "symbol", clientOrderId: undefined }),
  side: at("isBuyer", words({ true: "buy", false: "sell" })),
  price: at("price", decimal),
  amount: at("qty", decimal),
  fee: at("commission", decimal),
  feeAsset: at("commissionAsset", text),
  liquidity: at("isMaker", words({ true: "maker", false: "taker" })),
  at: at("time", instant)
})
