/**
 * Advice for the user about an error.
 *
 * @since 0.1.0
 */
import type { ExchangeError, Market, MarketData } from "@effect-exchange/core"
import * as Effect from "effect/Effect"
import * as Suggestions from "./Suggestions.js"

const answers: { readonly [Tag in ExchangeError.AccountError["_tag"]]: string } = {
  InvalidRequest: "Change what is asked for; trying again will not help.",
  SymbolNotFound: "Ask for a symbol that the exchange lists, or leave the exchange out with --exchange.",
  PermissionDenied: "The exchange refuses this address; try another exchange or another network.",
  RateLimited: "Wait a minute, then ask for fewer symbols or less often.",
  Banned: "Stop asking until the ban ends: asking on makes it longer.",
  ExchangeUnavailable: "The exchange has trouble of its own; try again in a minute, or another exchange.",
  TransportFailed: "Try again in a minute, or ask another exchange with --exchange.",
  RequestTimedOut: "The exchange or the network is slow; try again in a minute.",
  MalformedResponse: "Something other than the exchange may have answered; check the address and any proxy.",
  CircuitOpen: "The exchange kept failing, so it is left alone for a while; try again in a minute.",
  BulkheadFull: "Ask for fewer symbols at once.",
  RateLimiterFull: "Ask for fewer symbols at once, or less often.",
  DeadlineExceeded: "Ask for fewer symbols at once, or try again in a minute.",
  ExchangeClosed: "Leave it out with --exchange, or try it with --environment simulated.",
  Unsupported: "Leave the exchange out with --exchange, or try it with --environment simulated.",
  AuthenticationFailed: "Check the key and its secret, and that they belong to this environment.",
  ClockSkew: "Set the clock of this machine, best by NTP.",
  OrderNotFound: "Ask for an order that the exchange still keeps."
}

/**
 * Returns one sentence of advice for an error.
 *
 * @since 0.1.0
 * @category getters
 */
export const advice = (error: ExchangeError.AccountError): string => answers[error._tag]

/**
 * Like {@link advice}, but suggests the nearest listed symbol where the exchange does not list the requested one.
 *
 * @since 0.1.0
 * @category getters
 */
export const among = (error: ExchangeError.AccountError, markets: ReadonlyArray<Market.Market>): string =>
  error._tag === "SymbolNotFound" && error.symbol !== undefined
    ? `${Suggestions.question(Suggestions.listed(error.symbol, markets))} ${advice(error)}`.trimStart()
    : advice(error)

/**
 * Like {@link among}, but asks the exchange for its markets, which are cached by then. Falls back to {@link advice} if
 * that fails.
 *
 * @since 0.1.0
 * @category getters
 */
export const from = (
  error: ExchangeError.AccountError,
  market: Pick<MarketData.MarketData.Service, "markets">
): Effect.Effect<string> =>
  error._tag === "SymbolNotFound"
    ? Effect.match(market.markets, { onFailure: () => advice(error), onSuccess: (markets) => among(error, markets) })
    : Effect.succeed(advice(error))

const onOrders: { readonly [Tag in Exclude<ExchangeError.TradingError, ExchangeError.AccountError>["_tag"]]: string } =
  {
    DuplicateOrder: "Look at the order that has this client order id with exchange order show; do not place it again.",
    InsufficientFunds: "See exchange balance, and order less.",
    OrderRejected: "Change the order; trying again will not help.",
    OrderDenied: "Order less or at another price, or loosen the guard.",
    NotPlaced: "It was never taken; placing it again is safe.",
    OutcomeUnknown: "Look it up with exchange order show before anything else; do not place it again."
  }

/**
 * Returns one sentence of advice for an error of placing, amending or canceling an order.
 *
 * @since 0.1.0
 * @category getters
 */
export const onOrder = (
  error: ExchangeError.TradingError,
  market: Pick<MarketData.MarketData.Service, "markets">
): Effect.Effect<string> => {
  switch (error._tag) {
    case "DuplicateOrder":
    case "InsufficientFunds":
    case "NotPlaced":
    case "OrderDenied":
    case "OrderRejected":
    case "OutcomeUnknown":
      return Effect.succeed(onOrders[error._tag])
    default:
      return from(error, market)
  }
}
