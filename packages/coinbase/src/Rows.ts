/**
 * Decoders for the rows in Coinbase's responses: the names of their fields, and the meaning of their values. Numbers
 * are strings, and an empty string means that there is no value.
 *
 * @since 0.1.0
 */
import { Decimal, type Order as Orders } from "@effect-exchange/core"
import { Row, Wire } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const { all, at, blank, decimal, isoTime, isTrue, map, none, orElse, positive, seconds, text, words, wordsOr } = Wire

// ---- values

// The first instant of the year 1 means that there is no time, as does an empty string.
const timeIfAny = Wire.pick((value) => value === "0001-01-01T00:00:00Z" ? "" : value, blank(isoTime), "expected a time")

// This value is only shown, and Coinbase computes it in floating point. One that is not a decimal must not hide its
// market.
const lenientDecimal = Wire.lenient(decimal)

// Zero means that there is no value.
const price = (path: string) => at(path, positive(decimal))

const flag = (name: string) => at(name, isTrue)

/**
 * The side of an order or a trade.
 *
 * @since 0.1.0
 * @category values
 */
export const side = words({ BUY: "buy", SELL: "sell" })

// ---- public data

const tickSize = orElse(price("price_increment"), price("quote_increment"))

const market = Row.of({
  id: at("product_id", text),
  // The listing of all products has those of all types.
  kind: map(at("product_type", blank(text)), (type = "SPOT") => type === "SPOT" ? "spot" as const : undefined),
  base: at("base_currency_id", text),
  quote: at("quote_currency_id", text),
  status: all(
    {
      status: Row.statusOrUnknown("status", { open: "online", halted: "offline", closed: "delisted" }),
      isHalted: Wire.anyOf(...["auction_mode", "cancel_only", "is_disabled", "trading_disabled", "view_only"].map(flag))
    },
    ({ isHalted: isStopped, status }) => isStopped && status !== "closed" ? "halted" : status
  ),
  tickSize,
  lotSize: price("base_increment"),
  minAmount: price("base_min_size"),
  maxAmount: price("base_max_size"),
  minNotional: price("quote_min_size")
})

/**
 * A product of the listing. A product that accepts only some kinds of orders is open; the exchange decides which kinds.
 *
 * @since 0.1.0
 * @category rows
 */
export const Product = Row.withFields(market, {
  cancelOnly: flag("cancel_only"),
  limited: Wire.anyOf(flag("limit_only"), flag("post_only"))
})

const hundred = BigDecimal.fromBigInt(100n)

/**
 * A product as a ticker. Coinbase reports the change of the last 24 hours only in percent. The opening price is
 * computed from it, and is as precise as prices are.
 *
 * @since 0.1.0
 * @category rows
 */
export const Ticker = Row.tickerOf({
  market: at("product_id", text),
  last: price("price"),
  open24h: all(
    { price: at("price", blank(decimal)), percent: at("price_percentage_change_24h", lenientDecimal), tickSize },
    ({ percent, price, tickSize }) => {
      if (price === undefined || percent === undefined || tickSize === undefined) return undefined
      const rate = BigDecimal.sum(Decimal.one, BigDecimal.unsafeDivide(percent, hundred))
      return BigDecimal.divide(price, rate).pipe(
        Option.map(BigDecimal.round({ scale: tickSize.scale, mode: "half-even" })),
        Option.filter(BigDecimal.isPositive),
        Option.getOrUndefined
      )
    }
  ),
  volume24h: at("volume_24h", blank(decimal)),
  ...Wire.each(["bid", "ask", "high24h", "low24h", "at"], none)
})

/**
 * An order book: bids and asks, best levels first.
 *
 * @since 0.1.0
 * @category answers
 */
export const Book = Row.book(Row.levels(decimal, "price", "size"), ["bids", "asks"], { at: at("time", timeIfAny) })

/**
 * A public trade. Coinbase reports the side of the maker, so it is reversed here.
 *
 * @since 0.1.0
 * @category rows
 */
export const Trade = Row.trade({
  id: at("trade_id", text),
  side: at("side", words({ SELL: "buy", BUY: "sell" })),
  price: at("price", decimal),
  amount: at("size", decimal),
  at: at("time", isoTime)
})

/**
 * A candle: start in seconds, open, high, low, close and volume.
 *
 * @since 0.1.0
 * @category rows
 */
export const Bar = Row.ohlcv(seconds, decimal, ["start", "open", "high", "low", "close", "volume"])

// ---- account

/**
 * Creates a decoder for a page: its rows, and the cursor of the next page. Some listings report whether there is a next
 * page, others have only its cursor.
 *
 * @since 0.1.0
 * @category answers
 */
export const page = <A, I>(name: string, rows: Schema.Schema<A, I>) =>
  Wire.answer({
    list: at(name, rows),
    next: all(
      { cursor: at("cursor", blank(text)), more: at("has_next", blank(Schema.Boolean)) },
      ({ cursor, more }) => more === false ? undefined : cursor
    )
  })

/**
 * A wallet of one currency. The amount on hold is not part of the available amount.
 *
 * @since 0.1.0
 * @category rows
 */
export const Wallet = Row.of({
  id: at("uuid", text),
  asset: at("currency", text),
  free: at("available_balance.value", decimal),
  total: Wire.sum(at("available_balance.value", decimal), at("hold.value", decimal))
})

/**
 * The terms of an order.
 *
 * @since 0.1.0
 * @category models
 */
export interface Terms extends Pick<Orders.Order, "type" | "price" | "amount" | "timeInForce" | "postOnly"> {}

const sizes = blank(Wire.answer({
  price: at("limit_price", blank(decimal)),
  amount: at("base_size", blank(decimal)),
  postOnly: flag("post_only")
}))

const configured = (kind: string, type: "limit" | "market", timeInForce: Orders.TimeInForce | undefined) =>
  map(
    at(["order_configuration", kind], sizes),
    (sizes): Terms | undefined =>
      sizes && (type === "limit" ? { type, timeInForce, ...sizes } : { type, timeInForce, amount: sizes.amount })
  )

/**
 * The terms of an order, from the field named after its kind. Kinds that this library does not place, such as stops,
 * are of the type `other`. A limit order that is good until a date has no `timeInForce`.
 *
 * @since 0.1.0
 * @category fields
 */
export const terms: Wire.Field<Terms> = all({
  market: configured("market_market_ioc", "market", "IOC"),
  gtc: configured("limit_limit_gtc", "limit", "GTC"),
  fok: configured("limit_limit_fok", "limit", "FOK"),
  ioc: configured("sor_limit_ioc", "limit", "IOC"),
  gtd: configured("limit_limit_gtd", "limit", undefined)
}, ({ fok, gtc, gtd, ioc, market }) => market ?? gtc ?? fok ?? ioc ?? gtd ?? { type: "other" })

const term = <K extends keyof Terms>(name: K): Wire.Field<Terms[K]> => map(terms, (terms) => terms[name])

/**
 * The status of an order.
 *
 * @since 0.1.0
 * @category fields
 */
export const status = Row.status("status", {
  pending: "PENDING QUEUED",
  // Until an amendment or a cancellation is carried out, the order is open and may be filled.
  open: "OPEN CANCEL_QUEUED EDIT_QUEUED",
  filled: "FILLED",
  canceled: "CANCELLED",
  expired: "EXPIRED",
  rejected: "FAILED"
})

/**
 * An order. Decoding fails if the status is unknown, so that nothing is guessed.
 *
 * @since 0.1.0
 * @category rows
 */
export const Order = Row.order({
  ...Row.names({ id: "order_id", market: "product_id", clientOrderId: "client_order_id" }),
  side: at("side", side),
  type: term("type"),
  status,
  price: term("price"),
  amount: term("amount"),
  filled: at("filled_size", decimal),
  averagePrice: at("average_filled_price", blank(decimal)),
  timeInForce: term("timeInForce"),
  postOnly: term("postOnly"),
  createdAt: at("created_time", isoTime),
  ...Wire.each(["reduceOnly", "updatedAt"], none)
})

const fillPrice = at("price", Schema.compose(decimal, Schema.PositiveBigDecimalFromSelf))

/**
 * A fill: a trade of the account. Decoding fails for rows that reverse or correct another fill. The size may be in the
 * quote currency.
 *
 * @since 0.1.0
 * @category rows
 */
export const Fill = Row.fill({
  ...Row.namesOfFill({ id: "trade_id", orderId: "order_id", market: "product_id", clientOrderId: undefined }),
  side: all({ side: at("side", side), type: at("trade_type", blank(Schema.Literal("FILL"))) }, ({ side }) => side),
  price: fillPrice,
  amount: all(
    { price: fillPrice, size: at("size", decimal), inQuote: flag("size_in_quote") },
    ({ inQuote, price, size }) => inQuote ? Decimal.unsafeQuotient(size, price) : size
  ),
  fee: at("commission", blank(decimal)),
  feeAsset: none,
  liquidity: at("liquidity_indicator", wordsOr({ MAKER: "maker", TAKER: "taker" }, "unknown")),
  at: at("trade_time", isoTime)
})

/**
 * A fill, identified by the id of its entry.
 *
 * @since 0.1.0
 * @category rows
 */
export const Entry = Row.entry(at("entry_id", text), Fill)

// ---- trading

/**
 * The response to an accepted order. If the client order id already existed, the response describes the existing order,
 * and its terms are those of the existing order.
 *
 * @since 0.1.0
 * @category answers
 */
export const Created = Wire.answer({
  success: at("success", Schema.Literal(true)),
  id: at("success_response.order_id", text),
  market: at("success_response.product_id", blank(text)),
  side: at("success_response.side", blank(side)),
  terms
})

/**
 * The outcome of the request to cancel one order.
 *
 * @since 0.1.0
 * @category rows
 */
export const Cancellation = Row.of({
  id: at("order_id", text),
  success: at("success", Schema.Boolean),
  reason: at("failure_reason", blank(text))
})
