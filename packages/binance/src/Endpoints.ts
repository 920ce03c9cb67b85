/**
 * Binance's endpoints, named as its documents name them. Weights count against the address ("ip"), those of `/sapi`
 * separately.
 *
 * Source: binance-spot-api-docs, `rest-api.md`.
 *
 * @since 0.1.0
 */
import * as Endpoint from "@effect-exchange/core/Endpoint"
import { LenientArray } from "@effect-exchange/core/LenientArray"
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.js"

/**
 * @since 0.1.0
 * @category endpoints
 */
export const serverTime = Endpoint.make({
  capability: "marketData",
  name: "serverTime",
  path: "/api/v3/time",
  input: Endpoint.NoInput,
  response: Schema.pluck(Schema.Struct({ serverTime: Schema.NonNegativeInt }), "serverTime"),
  cost: { ip: 1 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const exchangeInfo = Endpoint.make({
  capability: "marketData",
  name: "exchangeInfo",
  path: "/api/v3/exchangeInfo",
  input: Schema.Struct({ showPermissionSets: Schema.Boolean }),
  response: Schema.pluck(Schema.Struct({ symbols: LenientArray(Wire.SymbolInfo) }), "symbols"),
  cost: { ip: 20 }
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const ticker24hr = Endpoint.make({
  capability: "marketData",
  name: "ticker24hr",
  path: "/api/v3/ticker/24hr",
  input: Schema.Struct({ symbol: Schema.String }),
  response: Wire.Ticker24hr,
  cost: { ip: 2 }
})

/**
 * Several symbols at once: of 1 to 20 symbols the weight is 2, up to 100 it is 40, beyond it is 80.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const tickers24hr = Endpoint.make({
  capability: "marketData",
  name: "tickers24hr",
  path: "/api/v3/ticker/24hr",
  input: Schema.Struct({ symbols: Schema.parseJson(Schema.Array(Schema.String)) }),
  response: Schema.Array(Wire.Ticker24hr),
  cost: ({ symbols }) => ({ ip: symbols.length <= 20 ? 2 : symbols.length <= 100 ? 40 : 80 })
})

/**
 * @since 0.1.0
 * @category endpoints
 */
export const account = Endpoint.make({
  capability: "account",
  name: "account",
  path: "/api/v3/account",
  input: Schema.Struct({ omitZeroBalances: Schema.Boolean }),
  response: Wire.Account,
  cost: { ip: 20 }
})

/**
 * Exists on the live exchange only.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const apiRestrictions = Endpoint.make({
  capability: "account",
  name: "apiRestrictions",
  path: "/sapi/v1/account/apiRestrictions",
  input: Endpoint.NoInput,
  response: Wire.ApiRestrictions,
  cost: { sapi: 1 }
})
