/**
 * What Binance sends, field by field as on the wire. Fields that nothing here reads are left out.
 *
 * Source: binance-spot-api-docs, `rest-api.md` and `enums.md`.
 *
 * @since 0.1.0
 */
import { Decimal } from "@effect-exchange/core"
import { LenientArray } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"

/**
 * A row of `exchangeInfo.symbols`. Filters without a type, and fields of filters other than those read here, are
 * skipped: Binance adds some.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SymbolInfo = Schema.Struct({
  symbol: Schema.NonEmptyString,
  status: Schema.String,
  baseAsset: Schema.NonEmptyString,
  quoteAsset: Schema.NonEmptyString,
  filters: LenientArray.LenientArray(Schema.Struct({
    filterType: Schema.String,
    tickSize: Schema.optional(Decimal.FromString),
    minPrice: Schema.optional(Decimal.FromString),
    maxPrice: Schema.optional(Decimal.FromString),
    stepSize: Schema.optional(Decimal.FromString),
    minQty: Schema.optional(Decimal.FromString),
    maxQty: Schema.optional(Decimal.FromString),
    minNotional: Schema.optional(Decimal.FromString)
  }))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface SymbolInfo extends Schema.Schema.Type<typeof SymbolInfo> {}

/**
 * `type=FULL`, the default. Without a trade in 24 hours prices are zero.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Ticker24hr = Schema.Struct({
  symbol: Schema.NonEmptyString,
  lastPrice: Decimal.FromString,
  bidPrice: Decimal.FromString,
  askPrice: Decimal.FromString,
  openPrice: Decimal.FromString,
  highPrice: Decimal.FromString,
  lowPrice: Decimal.FromString,
  volume: Decimal.FromString,
  closeTime: Schema.NonNegativeInt
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Ticker24hr extends Schema.Schema.Type<typeof Ticker24hr> {}

const Level = Schema.Tuple(Decimal.FromString, Decimal.FromString)

/**
 * Price and quantity of each level, the best first. No time comes with it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Depth = Schema.Struct({
  lastUpdateId: Schema.NonNegativeInt,
  bids: Schema.Array(Level),
  asks: Schema.Array(Level)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Depth extends Schema.Schema.Type<typeof Depth> {}

/**
 * A public trade. Where the buyer was the maker, the taker sold.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Trade = Schema.Struct({
  id: Schema.NonNegativeInt,
  price: Decimal.FromString,
  qty: Decimal.FromString,
  time: Schema.NonNegativeInt,
  isBuyerMaker: Schema.Boolean
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Trade extends Schema.Schema.Type<typeof Trade> {}

/**
 * Open time, open, high, low, close, volume in the base currency; the rest is not read.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Kline = Schema.Tuple(
  [
    Schema.NonNegativeInt,
    Decimal.FromString,
    Decimal.FromString,
    Decimal.FromString,
    Decimal.FromString,
    Decimal.FromString
  ],
  Schema.Unknown
)

/**
 * @since 0.1.0
 * @category models
 */
export type Kline = typeof Kline.Type

/**
 * 0 is normal, 1 maintenance.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SystemStatus = Schema.Struct({ status: Schema.Number, msg: Schema.String })

/**
 * @since 0.1.0
 * @category models
 */
export interface SystemStatus extends Schema.Schema.Type<typeof SystemStatus> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Account = Schema.Struct({
  balances: Schema.Array(Schema.Struct({
    asset: Schema.NonEmptyString,
    free: Decimal.FromString,
    locked: Decimal.FromString
  }))
})

/**
 * `tradingAuthorityExpirationTime` is there for keys that are bound to no address: they may trade for a while only.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ApiRestrictions = Schema.Struct({
  ipRestrict: Schema.Boolean,
  enableReading: Schema.Boolean,
  enableSpotAndMarginTrading: Schema.Boolean,
  enableWithdrawals: Schema.Boolean,
  enableInternalTransfer: Schema.Boolean,
  permitsUniversalTransfer: Schema.Boolean,
  enableMargin: Schema.optional(Schema.Boolean),
  enableFutures: Schema.optional(Schema.Boolean),
  enableVanillaOptions: Schema.optional(Schema.Boolean),
  enableFixApiTrade: Schema.optional(Schema.Boolean),
  tradingAuthorityExpirationTime: Schema.optional(Schema.NonNegativeInt)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ApiRestrictions extends Schema.Schema.Type<typeof ApiRestrictions> {}

// Numbers beyond 2^53 are refused, as JSON has lost their last digits. All ids are below today.
const Id = Schema.NonNegativeInt

const orderFields = {
  symbol: Schema.NonEmptyString,
  orderId: Id,
  clientOrderId: Schema.String,
  price: Decimal.FromString,
  origQty: Decimal.FromString,
  executedQty: Decimal.FromString,
  origQuoteOrderQty: Schema.optional(Decimal.FromString),
  /** Misspelt by the exchange; below zero where it is not known, in some old orders. */
  cummulativeQuoteQty: Decimal.FromString,
  status: Schema.Literal(
    "NEW",
    "PENDING_NEW",
    "PARTIALLY_FILLED",
    "FILLED",
    "CANCELED",
    "PENDING_CANCEL",
    "REJECTED",
    "EXPIRED",
    "EXPIRED_IN_MATCH"
  ),
  timeInForce: Schema.Literal("GTC", "IOC", "FOK"),
  type: Schema.String,
  side: Schema.Literal("BUY", "SELL")
}

/**
 * An order as it is read.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Order = Schema.Struct({ ...orderFields, time: Schema.NonNegativeInt, updateTime: Schema.NonNegativeInt })

/**
 * @since 0.1.0
 * @category models
 */
export interface Order extends Schema.Schema.Type<typeof Order> {}

/**
 * The answer to a placement with `newOrderRespType=RESULT`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PlacedOrder = Schema.Struct({ ...orderFields, transactTime: Schema.NonNegativeInt })

/**
 * @since 0.1.0
 * @category models
 */
export interface PlacedOrder extends Schema.Schema.Type<typeof PlacedOrder> {}

/**
 * The answer to a cancellation: `clientOrderId` names the cancellation, `origClientOrderId` the order.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CanceledOrder = Schema.Struct({
  ...orderFields,
  origClientOrderId: Schema.String,
  transactTime: Schema.NonNegativeInt
})

/**
 * @since 0.1.0
 * @category models
 */
export interface CanceledOrder extends Schema.Schema.Type<typeof CanceledOrder> {}

const Named = Schema.Struct({ orderId: Id })

/**
 * What a cancellation of all orders names: an order, or a list of orders that stood together (such as an OCO).
 *
 * @since 0.1.0
 * @category schemas
 */
export const Canceled = Schema.Union(Named, Schema.Struct({ orderReports: Schema.Array(Named) }))

/**
 * @since 0.1.0
 * @category models
 */
export type Canceled = typeof Canceled.Type

/**
 * A row of `myTrades`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Fill = Schema.Struct({
  id: Id,
  orderId: Id,
  price: Decimal.FromString,
  qty: Decimal.FromString,
  commission: Decimal.FromString,
  commissionAsset: Schema.NonEmptyString,
  time: Schema.NonNegativeInt,
  isBuyer: Schema.Boolean,
  isMaker: Schema.Boolean
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Fill extends Schema.Schema.Type<typeof Fill> {}

/**
 * The body of an error.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorBody = Schema.Struct({ code: Schema.Number, msg: Schema.String })
