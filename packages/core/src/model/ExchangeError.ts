/**
 * The errors of this library: a closed union whose members say how to handle them.
 *
 * - `error.outcome`: what happened to a write.
 * - `error.isRetryable`: whether the same request may succeed if sent again a little later. A write whose `outcome` is
 *   `Unknown` may already have succeeded: repeat it only if the exchange deduplicates it.
 * - `error.retryAfter`: how long to wait before a retry, if the exchange (`RateLimited`) or the circuit breaker
 *   (`CircuitOpen`) specifies it; `undefined` for all other errors. `Banned` instead carries the instant at which the
 *   ban ends, in `until`.
 *
 * Every error carries `exchange`, `operation`, `detail` (a sentence), and the exchange's own `code` and HTTP `status`
 * if there are any. No error contains a query string, a header value, a key or a signature. All text fields are
 * stripped of control and invisible characters and truncated, so text from an exchange cannot forge a log line.
 *
 * @since 0.1.0
 */
import type * as Errors from "./internal/errorClasses.js"
import { excluded, policies } from "./internal/errorPolicy.js"

export * from "./internal/errorClasses.js"
export { Outcome, policies, type Policy } from "./internal/errorPolicy.js"
export { OrderInQuestion } from "./internal/orderInQuestion.js"

/**
 * The errors that a read of public data can fail with.
 *
 * @since 0.1.0
 * @category errors
 */
export type MarketDataError =
  | Errors.InvalidRequest
  | Errors.SymbolNotFound
  | Errors.PermissionDenied
  | Errors.RateLimited
  | Errors.Banned
  | Errors.ExchangeUnavailable
  | Errors.TransportFailed
  | Errors.RequestTimedOut
  | Errors.MalformedResponse
  | Errors.CircuitOpen
  | Errors.BulkheadFull
  | Errors.RateLimiterFull
  | Errors.DeadlineExceeded
  | Errors.ExchangeClosed
  | Errors.Unsupported

/**
 * The errors that a read of private state can fail with.
 *
 * @since 0.1.0
 * @category errors
 */
export type AccountError = MarketDataError | Errors.AuthenticationFailed | Errors.ClockSkew | Errors.OrderNotFound

/**
 * The errors that a change of private state can fail with.
 *
 * @since 0.1.0
 * @category errors
 */
export type TradingError =
  | AccountError
  | Errors.DuplicateOrder
  | Errors.InsufficientFunds
  | Errors.OrderRejected
  | Errors.OrderDenied
  | Errors.NotPlaced
  | Errors.OutcomeUnknown

/**
 * Every error of an exchange.
 *
 * @since 0.1.0
 * @category errors
 */
export type ExchangeError = TradingError | Errors.KeyRefused

/**
 * The errors that the calls of a capability can fail with.
 *
 * @since 0.1.0
 * @category errors
 */
export type For<C extends keyof typeof excluded> = {
  readonly marketData: MarketDataError
  readonly account: AccountError
  readonly trading: TradingError
}[C]

/**
 * Returns `true` if calls of a capability can fail with this error.
 *
 * @since 0.1.0
 * @category guards
 */
export const isFor = <C extends keyof typeof excluded>(capability: C, error: ExchangeError): error is For<C> =>
  !excluded[capability].has(error._tag)

/**
 * Returns the cause of a `NotPlaced` or an `OutcomeUnknown`, which only report that the outcome of an order was or is
 * unknown. Returns any other error unchanged.
 *
 * @since 0.1.0
 * @category getters
 */
export const causeOf = (error: TradingError): Errors.Cause =>
  error._tag === "NotPlaced" || error._tag === "OutcomeUnknown" ? error.cause : error

/**
 * Returns `true` if an error of placing an order proves that no order was placed: the request was not sent, or the
 * exchange refused it. Only then is it safe to place the order again under another client order id.
 *
 * **Gotchas**
 *
 * Returns `false` for a `DuplicateOrder`, although the exchange refused the request: an order with that client order id
 * exists.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isNotPlaced = (error: ExchangeError): boolean =>
  error.outcome !== "Unknown" && error._tag !== "DuplicateOrder"

/**
 * Returns `true` if an error indicates that the exchange is unhealthy, so that a circuit breaker must count it: an
 * outage, a broken connection, a timeout, or a response that is not JSON or is too large.
 *
 * **Gotchas**
 *
 * A well-formed response of an unexpected shape does not count, although it is a `MalformedResponse`. Otherwise five
 * polls that contain one odd row would block all other calls.
 *
 * @since 0.1.0
 * @category predicates
 */
export const countsAsFailure = (error: ExchangeError): boolean =>
  policies[error._tag].breaker === "failure" && !(error._tag === "MalformedResponse" && error.reason === "Shape")
