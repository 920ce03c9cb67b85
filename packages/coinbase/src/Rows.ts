/**
 * What Coinbase's rows are called, and what their words mean. Numbers are texts; a blank one means that there is none.
 *
 * @since 0.1.0
 */
import { Decimal, type Order as Orders } from "@effect-exchange/core"
import { Row, Wire } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

const { all, at, blank, decimal, none, positive, seconds, text, words, wordsOr } = Wire

// ---- values

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/**
 * An RFC 3339 time in epoch milliseconds; what is finer is cut off.
 *
 * @since 0.1.0
 * @category values
 */
export const time: Schema.Schema<number, string> = Schema.String.pipe(
  Schema.pattern(rfc3339),
  Schema.compose(Wire.isoTime),
  Schema.nonNegative()
)

const decodeTime = ParseResult.decodeUnknownEither(blank(time))

// The first instant of the first year stands for none, as a blank does.
const timeIfAny = Wire.reading((value) => decodeTime(value === "0001-01-01T00:00:00Z" ? "" : value))

// Only shown, and computed in floating point: one that is no plain decimal must not hide its market.
const loose = Wire.reading((value) =>
  Either.right(typeof value === "string" ? Option.getOrUndefined(Decimal.parse(value)) : undefined)
)

const flag = (name: string) => at(name, wordsOr({ true: true }, false))

const side = words({ BUY: "buy", SELL: "sell" })

// ---- public data

/**
 * A product of the listing. One that some orders cannot be placed for is open: which ones is for the exchange to say.
 *
 * @since 0.1.0
 * @category rows
 */
export const Product = Row.of({
  id: at("product_id", text),
  base: at("base_currency_id", text),
  quote: at("quote_currency_id", text),
  status: all(
    {
      status: at("status", wordsOr({ online: "open", offline: "halted", delisted: "closed" }, "unknown")),
      auction: flag("auction_mode"),
      cancelOnly: flag("cancel_only"),
      disabled: flag("is_disabled"),
      tradingDisabled: flag("trading_disabled"),
      viewOnly: flag("view_only")
    },
    ({ status, ...flags }) => status !== "closed" && Object.values(flags).includes(true) ? "halted" : status
  ),
  priceIncrement: at("price_increment", positive(decimal)),
  quoteIncrement: at("quote_increment", positive(decimal)),
  lotSize: at("base_increment", positive(decimal)),
  minAmount: at("base_min_size", positive(decimal)),
  maxAmount: at("base_max_size", positive(decimal)),
  minNotional: at("quote_min_size", positive(decimal)),
  cancelOnly: flag("cancel_only"),
  limited: all({ limit: flag("limit_only"), post: flag("post_only") }, ({ limit, post }) => limit || post)
})

const one = BigDecimal.fromBigInt(1n)
const hundred = BigDecimal.fromBigInt(100n)

/**
 * A product as its ticker. The exchange gives the change in percent only: what it began with is as exact as prices are.
 *
 * @since 0.1.0
 * @category rows
 */
export const Ticker = Row.tickerOf({
  market: at("product_id", text),
  last: at("price", positive(decimal)),
  bid: none,
  ask: none,
  open24h: all(
    {
      price: at("price", blank(decimal)),
      percent: at("price_percentage_change_24h", loose),
      priceIncrement: at("price_increment", positive(decimal)),
      quoteIncrement: at("quote_increment", positive(decimal))
    },
    ({ percent, price, priceIncrement, quoteIncrement }) => {
      const tickSize = priceIncrement ?? quoteIncrement
      if (price === undefined || percent === undefined || tickSize === undefined) return undefined
      const rate = BigDecimal.sum(one, BigDecimal.unsafeDivide(percent, hundred))
      return BigDecimal.divide(price, rate).pipe(
        Option.map(BigDecimal.round({ scale: tickSize.scale, mode: "half-even" })),
        Option.filter(BigDecimal.isPositive),
        Option.getOrUndefined
      )
    }
  ),
  high24h: none,
  low24h: none,
  volume24h: at("volume_24h", blank(decimal)),
  at: none
})

/**
 * The best of a book.
 *
 * @since 0.1.0
 * @category answers
 */
export const Top = Wire.answer({
  bid: at("bids.0.price", positive(decimal)),
  ask: at("asks.0.price", positive(decimal)),
  at: at("time", timeIfAny)
})

const Level = Row.level({ price: at("price", decimal), amount: at("size", decimal) })

/**
 * Bids and asks, the best of each first.
 *
 * @since 0.1.0
 * @category answers
 */
export const Book = Wire.answer({
  bids: at("bids", Schema.Array(Wire.one(Level))),
  asks: at("asks", Schema.Array(Wire.one(Level))),
  at: at("time", timeIfAny)
})

/**
 * A public trade, which names the maker's side.
 *
 * @since 0.1.0
 * @category rows
 */
export const Trade = Row.trade({
  id: at("trade_id", text),
  side: at("side", words({ SELL: "buy", BUY: "sell" })),
  price: at("price", decimal),
  amount: at("size", decimal),
  at: at("time", time)
})

/**
 * @since 0.1.0
 * @category rows
 */
export const Bar = Row.bar({
  openTime: at("start", seconds),
  open: at("open", decimal),
  high: at("high", decimal),
  low: at("low", decimal),
  close: at("close", decimal),
  volume: at("volume", decimal)
})

// ---- an account

/**
 * A page of a listing, and what the next one is asked for by. Some listings say whether there is one, some only give its
 * cursor.
 *
 * @since 0.1.0
 * @category answers
 */
export const page = <A, I>(name: string, rows: Schema.Schema<A, I>) =>
  Wire.answer({
    rows: at(name, rows),
    next: all(
      { cursor: at("cursor", blank(text)), more: at("has_next", blank(Schema.Boolean)) },
      ({ cursor, more }) => more === false ? undefined : cursor
    )
  })

/**
 * A wallet of one currency: what is on hold is not part of what is available.
 *
 * @since 0.1.0
 * @category rows
 */
export const Wallet = Row.of({
  id: at("uuid", text),
  asset: at("currency", text),
  free: at("available_balance.value", decimal),
  total: all(
    { free: at("available_balance.value", decimal), held: at("hold.value", decimal) },
    ({ free, held }) => BigDecimal.sum(free, held)
  )
})

/**
 * What was ordered.
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
  all(
    { sizes: at(["order_configuration", kind], sizes) },
    ({ sizes }): Terms | undefined =>
      sizes === undefined ? undefined : type === "limit"
        ? { type, timeInForce, ...sizes }
        : { type, timeInForce, amount: sizes.amount }
  )

/**
 * What was ordered, under the name of its kind. Kinds that this library does not place, such as stops, are none of these;
 * one that stands until a date has a time in force of its own.
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

const term = <K extends keyof Terms>(name: K): Wire.Field<Terms[K]> => all({ terms }, ({ terms }) => terms[name])

/**
 * An order. Of one without a known status nothing is guessed.
 *
 * @since 0.1.0
 * @category rows
 */
export const Order = Row.order({
  id: at("order_id", text),
  market: at("product_id", text),
  clientOrderId: at("client_order_id", blank(text)),
  side: at("side", side),
  type: term("type"),
  status: at(
    "status",
    words({
      PENDING: "pending",
      QUEUED: "pending",
      OPEN: "open",
      // Until it is carried out the order stands and may be filled.
      CANCEL_QUEUED: "open",
      EDIT_QUEUED: "open",
      FILLED: "filled",
      CANCELLED: "canceled",
      EXPIRED: "expired",
      FAILED: "rejected"
    })
  ),
  price: term("price"),
  amount: term("amount"),
  filled: at("filled_size", decimal),
  averagePrice: all(
    { filled: at("filled_size", decimal), price: at("average_filled_price", blank(decimal)) },
    ({ filled, price }) => BigDecimal.isZero(filled) ? undefined : price
  ),
  timeInForce: term("timeInForce"),
  postOnly: term("postOnly"),
  reduceOnly: none,
  createdAt: at("created_time", time),
  updatedAt: none
})

const price = at("price", Schema.compose(decimal, Schema.PositiveBigDecimalFromSelf))

/**
 * A trade of the account's own. One that takes another back or puts it right is not understood. Its size may be in the quote currency: the quotient may have no end, and is cut to more
 * places than any of Coinbase's sizes has.
 *
 * @since 0.1.0
 * @category rows
 */
export const Fill = Row.fill({
  id: at("trade_id", text),
  orderId: at("order_id", text),
  market: at("product_id", text),
  clientOrderId: none,
  side: all({ side: at("side", side), type: at("trade_type", blank(Schema.Literal("FILL"))) }, ({ side }) => side),
  price,
  amount: all(
    { price, size: at("size", decimal), inQuote: flag("size_in_quote") },
    ({ inQuote, price, size }) =>
      inQuote
        ? BigDecimal.normalize(
          BigDecimal.round(BigDecimal.unsafeDivide(size, price), { scale: 16, mode: "half-even" })
        )
        : size
  ),
  fee: at("commission", blank(decimal)),
  feeAsset: none,
  liquidity: at("liquidity_indicator", wordsOr({ MAKER: "maker", TAKER: "taker" }, "unknown")),
  at: at("trade_time", time)
})

const entry = at("entry_id", text)

/**
 * A fill under the id of its entry: who trades with himself has two fills of one trade.
 *
 * @since 0.1.0
 * @category rows
 */
export const Entry: Wire.Row<{ readonly id: string; readonly fill: Wire.Type<typeof Fill> }> = {
  ...Row.of({ id: entry, fill: Fill }),
  identify: (row) => ({ ...Fill.identify(row), id: Either.getOrUndefined(entry.read(row)) })
}

// ---- orders

/**
 * That an order was taken. Under a client order id that exists it is the order that exists, and its terms say what that one
 * is.
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
 * What became of the request to cancel one order.
 *
 * @since 0.1.0
 * @category rows
 */
export const Cancellation = Row.of({
  id: at("order_id", text),
  success: at("success", Schema.Boolean),
  reason: at("failure_reason", blank(text))
})
