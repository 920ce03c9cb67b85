/**
 * Acme Exchange's endpoints, each under its own name.
 *
 * Source: say here which of its documents, and as of when.
 *
 * @since 0.1.0
 */
import { Endpoint, Limit, Wire } from "@effect-exchange/core/adapter"
import * as Rows from "./Rows.js"

/**
 * What Acme Exchange meters.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits = {
  ip: Limit.window(10, "1 second")
}

const open = Endpoint.family({ capability: "marketData", limits, root: "/v1", cost: { ip: 1 } })

/**
 * Tells the exchange's clock.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getTime = open("time", "/time", { answer: Wire.within("time", Wire.millis) })

/**
 * Lists the markets.
 *
 * @since 0.1.0
 * @category endpoints
 */
export const getMarkets = open("markets", "/markets", { answer: Wire.list(Rows.Market) })
