/**
 * What Binance sends, field by field as on the wire. Fields that nothing here reads are left out.
 *
 * @since 0.1.0
 */
import * as Decimal from "@effect-exchange/core/Decimal"
import { LenientArray } from "@effect-exchange/core/LenientArray"
import * as Schema from "effect/Schema"

/**
 * A row of `exchangeInfo.symbols`. Filters other than the two read here are skipped: Binance adds some.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SymbolInfo = Schema.Struct({
  symbol: Schema.NonEmptyString,
  status: Schema.String,
  baseAsset: Schema.NonEmptyString,
  quoteAsset: Schema.NonEmptyString,
  filters: LenientArray(Schema.Struct({
    filterType: Schema.String,
    tickSize: Schema.optional(Decimal.FromString),
    stepSize: Schema.optional(Decimal.FromString)
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
 * @since 0.1.0
 * @category schemas
 */
export const ApiRestrictions = Schema.Struct({
  ipRestrict: Schema.Boolean,
  enableReading: Schema.Boolean,
  enableSpotAndMarginTrading: Schema.Boolean,
  enableWithdrawals: Schema.Boolean,
  enableInternalTransfer: Schema.Boolean,
  permitsUniversalTransfer: Schema.Boolean
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ApiRestrictions extends Schema.Schema.Type<typeof ApiRestrictions> {}

/**
 * The body of an error.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorBody = Schema.Struct({ code: Schema.Number, msg: Schema.String })
