/**
 * The endpoints of Acme Exchange.
 *
 * Source: name the documents of the exchange here, and their date.
 *
 * @since 0.1.0
 */
import { Endpoint, Limit, Wire } from "@effect-exchange/core/adapter"
import * as Rows from "./Rows.js"

/**
 * The rate limits of Acme Exchange.
 *
 * @since 0.1.0
 * @category limits
 */
export const limits = {
  ip: Limit.window(10, "1 second")
}

const open = Endpoint.family({ capability: "marketData", limits, root: "/v1", cost: { ip: 1 } })

/**
 * Returns the time of the exchange.
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
