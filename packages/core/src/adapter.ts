/**
 * The modules for authors of exchange adapters, in addition to those for programs: the engine, and the declaration of
 * an exchange.
 *
 * @since 0.1.0
 */
import "@effect-exchange/resilience/needs-effect-3.22-and-not-4"

export * as CandleSearch from "./adapter/CandleSearch.js"
export * as Declaration from "./adapter/Declaration.js"
export * as Exchange from "./adapter/Exchange.js"
export * as Feeds from "./adapter/Feeds.js"
export * as Page from "./adapter/Page.js"
export * as Question from "./adapter/Question.js"
export * as Row from "./adapter/Row.js"
export * as Wire from "./adapter/Wire.js"
export * as ClockSkew from "./engine/ClockSkew.js"
export * as Crypto from "./engine/Crypto.js"
export * as Endpoint from "./engine/Endpoint.js"
export * as Errors from "./engine/Errors.js"
export * as ExchangeClient from "./engine/ExchangeClient.js"
export * as InFlight from "./engine/InFlight.js"
export * as Limit from "./engine/Limit.js"
export * as Markets from "./engine/Markets.js"
export * as Protocol from "./engine/Protocol.js"
export * as Session from "./engine/Session.js"
export * as Signature from "./engine/Signature.js"
export * as Transport from "./engine/Transport.js"
export * as UnlistedError from "./engine/UnlistedError.js"
export * as OrderBookSync from "./feed/OrderBookSync.js"
export * as ClientOrderId from "./model/ClientOrderId.js"
export * as Listing from "./model/Listing.js"
export * as Adapter from "./ports/Adapter.js"
export * as OrderCheck from "./trading/OrderCheck.js"
