/**
 * Decoders for the rows in OKX's responses: the names of their fields, and the meaning of their values. Numbers are
 * strings, and an empty string means that there is no value.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { Row, Wire } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"

const { all, at, blank, decimal, isTrue, map, meaningOr, millis, orElse, text, words, wordsOr } = Wire

// Zero means that there is no value: no trade yet, an empty side of the book, or no limit.
const price = (name: string) => at(name, Wire.positive(decimal))

const kinds = new Map<string, Market.Kind>([["SPOT", "spot"], ["SWAP", "perpetual"], ["FUTURES", "future"]])

/**
 * A row of `public/instruments`. Spot has a base and a quote currency. Contracts have an underlying (`uly`), and each
 * is worth `ctVal × ctMult` of `ctValCcy`.
 *
 * @since 0.1.0
 * @category rows
 */
export const Instrument = Row.of({
  id: at("instId", text),
  // The type must be present, or a row that is no market would be taken for an option.
  kind: map(at("instType", text), (type) => kinds.get(type)),
  // A market that accepts only post-only orders is open; the exchange refuses the others.
  status: Row.statusOrUnknown("state", { open: "live post_only", halted: "suspend preopen test rebase settling" }),
  base: at("baseCcy", blank(text)),
  quote: at("quoteCcy", blank(text)),
  underlying: at("uly", blank(text)),
  settle: at("settleCcy", blank(text)),
  inverse: at("ctType", wordsOr({ inverse: true }, false)),
  value: at("ctVal", blank(decimal)),
  times: at("ctMult", blank(decimal)),
  valueIn: at("ctValCcy", blank(text)),
  expiry: at("expTime", blank(millis)),
  tickSize: price("tickSz"),
  lotSize: price("lotSz"),
  minSize: price("minSz"),
  maxSize: price("maxLmtSz")
})

/**
 * A ticker. `vol24h` is in the base currency for spot, and in contracts otherwise; `volCcy24h` of contracts is in the
 * base currency.
 *
 * @since 0.1.0
 * @category rows
 */
export const Ticker = Row.tickerOf({
  market: at("instId", text),
  last: price("last"),
  bid: price("bidPx"),
  ask: price("askPx"),
  open24h: price("open24h"),
  high24h: price("high24h"),
  low24h: price("low24h"),
  volume24h: Row.of({ linear: at("vol24h", blank(decimal)), inverse: at("volCcy24h", blank(decimal)) }),
  at: at("ts", millis)
})

// Price and size come first. What follows (an obsolete zero, a number of orders) differs between endpoints.
/**
 * An order book, best levels first.
 *
 * @since 0.1.0
 * @category answers
 */
export const Book = Row.book(Row.levels(decimal, 0, 1), ["bids", "asks"], {
  at: at("ts", millis),
  sequence: at("seqId", blank(text))
})

const side = at("side", words({ buy: "buy", sell: "sell" }))

/**
 * A public trade. Its side is the taker's.
 *
 * @since 0.1.0
 * @category rows
 */
export const Trade = Row.tradeAt(millis, decimal, { id: "tradeId", side, price: "px", amount: "sz", at: "ts" })

/**
 * A candle: open time, open, high, low, close, and volume (in the base currency, or in contracts). The other fields are
 * not read.
 *
 * @since 0.1.0
 * @category rows
 */
export const Bar = Row.ohlcv(millis, decimal, [0, 1, 2, 3, 4, 5])

/**
 * A maintenance that is planned, in progress or over.
 *
 * @since 0.1.0
 * @category rows
 */
export const Maintenance = Row.of({
  title: at("title", Schema.String),
  state: at("state", text),
  // First all trading, then the trading of some accounts, of some products, or of one kind of market. WebSocket,
  // options, block and spread trading, bots and copy trading do not affect this client.
  status: Row.statusOrUnknown("serviceType", {
    maintenance: "5",
    limited: "8 9 99 1 2 3",
    operational: "0 4 6 7 10 11"
  }),
  environment: at("env", blank(text))
})

/**
 * The permissions of a key. `perm` is a list such as `read_only,trade`. `ip` is empty for a key without an IP
 * restriction.
 *
 * @since 0.1.0
 * @category answers
 */
export const AccountConfig = Wire.answer({ permissions: at("perm", Wire.listed), addresses: at("ip", Schema.String) })

/**
 * A balance. The mode of the account decides which fields are set. Equity is preferred to cash, and available equity to
 * available cash.
 *
 * @since 0.1.0
 * @category rows
 */
export const Balance = Row.balance({
  asset: at("ccy", text),
  total: orElse(at("eq", blank(decimal)), at("cashBal", decimal)),
  free: orElse(at("availEq", blank(decimal)), at("availBal", decimal))
})

/**
 * A position. `pos` is a number of contracts. In net mode it is negative for a short position; where `posSide` names
 * the side it is never negative. OKX keeps the rows of closed positions.
 *
 * @since 0.1.0
 * @category rows
 */
export const Position = Row.position({
  market: at("instId", text),
  side: all(
    { side: at("posSide", words({ net: undefined, long: "long", short: "short" })), size: at("pos", decimal) },
    ({ side, size }) => side ?? (BigDecimal.isNegative(size) ? "short" : "long")
  ),
  amount: at("pos", decimal),
  entryPrice: price("avgPx"),
  markPrice: price("markPx"),
  liquidationPrice: price("liqPx"),
  leverage: price("lever"),
  unrealizedPnl: at("upl", blank(decimal))
})

const kind = at("ordType", text)
const type = at("ordType", meaningOr({ limit: "limit post_only ioc fok", market: "market optimal_limit_ioc" }, "other"))

/**
 * An order. By default, OKX sizes market buys on spot in the quote currency, and market sells in the base currency. An
 * order that is sized in the quote currency has no amount.
 *
 * @since 0.1.0
 * @category rows
 */
export const Order = Row.order({
  ...Row.names({ id: "ordId", market: "instId", clientOrderId: "clOrdId" }),
  side,
  type,
  status: Row.status("state", { open: "live partially_filled", filled: "filled", canceled: "canceled mmp_canceled" }),
  price: price("px"),
  amount: all(
    { market: at("instType", text), kind, side, target: at("tgtCcy", blank(text)), size: at("sz", decimal) },
    ({ kind, market, side, size, target = side === "buy" ? "quote_ccy" : "base_ccy" }) =>
      kind === "market" && (market === "SPOT" || market === "MARGIN") && target === "quote_ccy" ? undefined : size
  ),
  filled: Row.filled("accFillSz", decimal, at("state", wordsOr({ filled: true, partially_filled: true }, false))),
  averagePrice: price("avgPx"),
  timeInForce: at(
    "ordType",
    meaningOr({ GTC: "limit post_only", IOC: "ioc market optimal_limit_ioc", FOK: "fok" }, undefined)
  ),
  postOnly: map(kind, (kind) => kind === "post_only"),
  reduceOnly: at("reduceOnly", isTrue),
  createdAt: at("cTime", blank(millis)),
  updatedAt: at("uTime", blank(millis))
})

/**
 * Creates a decoder for a fill, given the fields of its fee, its fee asset and its timestamp. A fee that was paid is
 * negative on OKX.
 *
 * @since 0.1.0
 * @category rows
 */
export const fillOf = (fee: string, feeAsset: string, instant: Wire.Field<number>) =>
  Row.fill({
    ...Row.namesOfFill({ id: "tradeId", orderId: "ordId", market: "instId", clientOrderId: "clOrdId" }),
    side,
    price: at("fillPx", decimal),
    amount: at("fillSz", decimal),
    fee: map(at(fee, blank(decimal)), (fee) => fee && BigDecimal.negate(fee)),
    feeAsset: at(feeAsset, blank(text)),
    liquidity: at("execType", wordsOr({ M: "maker", T: "taker" }, "unknown")),
    at: instant
  })

/**
 * A fill, identified by the id of its bill.
 *
 * @since 0.1.0
 * @category rows
 */
export const Bill = Row.entry(
  at("billId", text),
  fillOf("fee", "feeCcy", orElse(at("fillTime", blank(millis)), at("ts", millis)))
)

/**
 * The acknowledgement of one order. `sCode` is `0` if the order was accepted, but not necessarily carried out. The row
 * of a refused order may lack both ids, and the row of an accepted order may lack the exchange's id.
 *
 * @since 0.1.0
 * @category rows
 */
export const Ack = Row.of({
  id: at("ordId", blank(text)),
  clientOrderId: at("clOrdId", blank(text)),
  code: at("sCode", Schema.String),
  text: map(at("sMsg", blank(text)), (text = "") => text)
})
