/**
 * What Binance's rows are called, and what their words mean.
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
 * Epoch milliseconds, which are numbers here and never texts. By hand, as rows that have one come by the thousand.
 *
 * @since 0.1.0
 * @category values
 */
export const instant: Wire.Value<number> = Wire.reading(
  (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : Wire.unread,
  "expected an instant as a number"
)

// A price has to be there; where it is zero there is none: no trade yet, an empty side of the book, a market order.
const price = (name: string): Wire.Field<BigDecimal.BigDecimal | undefined> =>
  map(at(name, decimal), (value) => BigDecimal.isPositive(value) ? value : undefined)

// What a filter says: nothing where it is not there, or is made of something else.
const filter = (type: string, name: string): Wire.Field<BigDecimal.BigDecimal | undefined> => {
  const isWanted = Schema.is(Schema.Struct({ filterType: Schema.Literal(type) }))
  const value = Wire.readable(Wire.within(name, positive(decimal)))
  const pick = (filters: unknown) => Array.isArray(filters) ? filters.find(isWanted) : Wire.unread
  return at("filters", Wire.pick(pick, value, "expected a list of filters"))
}

/**
 * A market. Its name is not split, as nothing separates `BTC` from `USDT`. Prices are bound by `PRICE_FILTER`, amounts by
 * `LOT_SIZE`, their product by `NOTIONAL` or its forerunner `MIN_NOTIONAL`.
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
 * A book, the best first. No instant comes with it.
 *
 * @since 0.1.0
 * @category answers
 */
export const Book = Row.book(Row.levels(decimal, 0, 1), ["bids", "asks"], { sequence: at("lastUpdateId", text) })

/**
 * A book whose levels are as they were sent.
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
 * A public trade. Where the buyer was the maker, the taker sold.
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
 * A candle: its open in time, open, high, low, close and volume in the base currency; the rest is not read.
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
 * What a key may do. One that may trade anything, be it what is not traded here or by another protocol, may trade; one that
 * may move funds to other accounts may withdraw. It expires when it may no longer trade, as keys do that are bound to no
 * address.
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
  // Misspelt by the exchange.
  paid: "cummulativeQuoteQty",
  timeInForce: "timeInForce"
}

/**
 * What is said of an order under these names.
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
  // Where it was given in the quote currency, the amount is only what came of it.
  amount: Wire.when(at(called.inQuote, positive(decimal)), undefined, price(called.size)),
  filled: at(called.filled, decimal),
  // What was paid is below zero where it is not known, in some old orders.
  averagePrice: all(
    { filled: at(called.filled, decimal), paid: at(called.paid, decimal) },
    ({ filled, paid }) =>
      BigDecimal.isPositive(filled) && !BigDecimal.isNegative(paid) ? Decimal.unsafeQuotient(paid, filled) : undefined
  ),
  // A market order is said to be good until canceled, which it is not.
  timeInForce: all(
    { type: at(called.type, types), said: at(called.timeInForce, words({ GTC: "GTC", IOC: "IOC", FOK: "FOK" })) },
    ({ said, type }) => type === "market" ? undefined : said
  ),
  postOnly: at(called.type, wordsOr({ LIMIT_MAKER: true }, false)),
  reduceOnly: none
})

const order = orderBy(names)
const clientOrderId = at("clientOrderId", blank(text))

/**
 * An order as it is read.
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
 * An order as it stands after it was placed and matched.
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
 * An order as it was canceled: `clientOrderId` names the cancellation.
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
 * What a cancellation of all orders names: an order, or those that stood together in a list (such as an OCO). Only ids are
 * read, so that nothing else in a row can hide what was canceled.
 *
 * @since 0.1.0
 * @category answers
 */
export const CanceledAll = Schema.Array(Schema.Union(Schema.Struct({ orderReports: Schema.Array(named) }), named))

/**
 * A trade of the account's own.
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
