/**
 * Advice for the user about an error.
 *
 * @since 0.1.0
 */
import type { ExchangeError, Market, MarketData } from "@effect-exchange/core"
import * as Effect from "effect/Effect"
import * as Suggestions from "./Suggestions.js"

const answers: { readonly [Tag in ExchangeError.AccountError["_tag"]]: string } = {
  InvalidRequest: "Change the request; retrying will not help.",
  SymbolNotFound: "Use a symbol that the exchange lists, or choose other exchanges with --exchange.",
  PermissionDenied: "The exchange refuses requests from this address; use another exchange or another network.",
  RateLimited: "Wait a minute, then request fewer symbols or request them less often.",
  Banned: "Stop sending requests until the ban ends; more requests would extend it.",
  ExchangeUnavailable: "The exchange has an internal problem; try again in a minute, or use another exchange.",
  TransportFailed: "Try again in a minute, or use another exchange with --exchange.",
  RequestTimedOut: "The exchange or the network is slow; try again in a minute.",
  MalformedResponse: "The response may not have come from the exchange; check the address and any proxy.",
  CircuitOpen: "The exchange kept failing, so requests to it are paused; try again in a minute.",
  BulkheadFull: "Request fewer symbols at once.",
  RateLimiterFull: "Request fewer symbols at once, or request them less often.",
  DeadlineExceeded: "Request fewer symbols at once, or try again in a minute.",
  ExchangeClosed: "Choose other exchanges with --exchange, or use --environment simulated.",
  Unsupported: "Choose other exchanges with --exchange.",
  AuthenticationFailed: "Check the key and its secret, and that both belong to this environment.",
  ClockSkew: "Synchronize the clock of this machine, preferably with NTP.",
  OrderNotFound: "Check the id of the order; the exchange may no longer keep the order."
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
    DuplicateOrder: "Look up the order with this client order id with exchange order show; do not place it again.",
    InsufficientFunds: "Check your funds with exchange balance, and reduce the amount.",
    OrderRejected: "Change the order; retrying will not help.",
    OrderDenied: "Reduce the amount, change the price, or loosen the guard.",
    NotPlaced: "The exchange never accepted the order; it is safe to place it again.",
    OutcomeUnknown:
      "Run exchange order reconcile with the same --journal, or exchange order show; do not place it again."
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
