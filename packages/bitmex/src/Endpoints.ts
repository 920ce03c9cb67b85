/**
 * BitMEX's endpoints. Requests without a signature count against the address ("ip"), signed ones against the key
 * ("key").
 *
 * Source: the API explorer's definitions, version 1.2.0.
 *
 * @since 0.1.0
 */
import * as Endpoint from "@effect-exchange/core/Endpoint"
import { LenientArray } from "@effect-exchange/core/LenientArray"
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
  response: LenientArray(Wire.Instrument),
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
  response: LenientArray(Wire.ApiKey),
  cost: { key: 1 }
})
