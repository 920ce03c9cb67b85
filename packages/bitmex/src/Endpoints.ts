/**
 * BitMEX's endpoints, but those for orders (see TradingEndpoints). Requests without a signature count against the
 * address ("ip"), signed ones against the key ("key").
 *
 * Source: the API explorer's definitions, version 1.2.0.
 *
 * @since 0.1.0
 */
import { Endpoint, LenientArray } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.js"

/**
 * The root answers with the exchange's clock, the one place where it is a number of milliseconds.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = Endpoint.make({
  capability: "marketData",
  name: "serverTime",
  path: "/api/v1",
  input: Endpoint.NoInput,
  response: Schema.pluck(Schema.Struct({ timestamp: Schema.NonNegativeInt }), "timestamp"),
  cost: { ip: 1 }
})

/**
 * Every open instrument, and those that closed in the last day.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const instrumentsActive = Endpoint.make({
  capability: "marketData",
  name: "instrumentsActive",
  path: "/api/v1/instrument/active",
  input: Endpoint.NoInput,
  response: LenientArray.LenientArray(Wire.Instrument),
  cost: { ip: 1 }
})

/**
 * One instrument; an empty list when there is no such symbol.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const instrument = Endpoint.make({
  capability: "marketData",
  name: "instrument",
  path: "/api/v1/instrument",
  input: Schema.Struct({ symbol: Schema.String }),
  response: Schema.Array(Wire.Instrument),
  cost: { ip: 1 }
})

/**
 * What the exchange has to say at once to everybody; as a rule nothing.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const urgentAnnouncements = Endpoint.make({
  capability: "marketData",
  name: "urgentAnnouncements",
  path: "/api/v1/announcement/urgent",
  input: Endpoint.NoInput,
  response: LenientArray.LenientArray(Wire.Announcement),
  cost: { ip: 1 }
})

/**
 * Both sides of the book in no order; `depth` levels of each, all of them when it is 0.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const orderBookL2 = Endpoint.make({
  capability: "marketData",
  name: "orderBookL2",
  path: "/api/v1/orderBook/L2",
  input: Schema.Struct({ symbol: Schema.String, depth: Schema.NonNegativeInt }),
  response: Schema.Array(Wire.BookLevel),
  cost: { ip: 1 }
})

/**
 * Public trades, at most 1000, the newest first when `reverse` is `true`.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const trades = Endpoint.make({
  capability: "marketData",
  name: "trades",
  path: "/api/v1/trade",
  input: Schema.Struct({ symbol: Schema.String, count: Schema.Int, reverse: Schema.Boolean }),
  response: Schema.Array(Wire.Trade),
  cost: { ip: 1 }
})

/**
 * Trades by interval, at most 1000 rows. `startTime` and `endTime` are held against the end of an interval, both
 * included; `partial` adds the one that has not ended. Without an end the answer begins with the oldest there is.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tradesBucketed = Endpoint.make({
  capability: "marketData",
  name: "tradesBucketed",
  path: "/api/v1/trade/bucketed",
  input: Schema.Struct({
    symbol: Schema.String,
    binSize: Schema.Literal("1m", "5m", "1h", "1d"),
    partial: Schema.Boolean,
    count: Schema.Int,
    startTime: Schema.DateTimeUtc,
    endTime: Schema.optional(Schema.DateTimeUtc)
  }),
  response: Schema.Array(Wire.Bucket),
  cost: { ip: 1 }
})

/**
 * The currencies there are and what their minor units are worth. Anybody may ask; signed, it does not count against the
 * address.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const walletAssets = Endpoint.make({
  capability: "account",
  name: "walletAssets",
  path: "/api/v1/wallet/assets",
  input: Endpoint.NoInput,
  response: LenientArray.LenientArray(Wire.WalletAsset),
  cost: { key: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const margin = Endpoint.make({
  capability: "account",
  name: "margin",
  path: "/api/v1/user/margin",
  input: Schema.Struct({ currency: Schema.String }),
  response: Schema.Array(Wire.Margin),
  cost: { key: 1 }
})

/**
 * Every key the account lets this one see, itself among them.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const apiKeys = Endpoint.make({
  capability: "account",
  name: "apiKeys",
  path: "/api/v1/apiKey",
  input: Endpoint.NoInput,
  response: LenientArray.LenientArray(Wire.ApiKey),
  cost: { key: 1 }
})
