/**
 * Everything that can go wrong, as a closed union whose members answer for themselves:
 *
 * - `error.outcome`: what became of a write.
 * - `error.isRetryable`: whether the same request may succeed a little later. Of a write whose `outcome` is `Unknown` it
 *   may have succeeded already: repeat that only if the exchange deduplicates it.
 * - `error.retryAfter`: how long to wait before it, where the exchange (`RateLimited`) or the circuit (`CircuitOpen`)
 *   said so; `undefined` for all others. What waits for an instant, `Banned`, names it in `until`.
 *
 * Every error carries `exchange`, `operation`, `detail` (a sentence), and the exchange's own `code` and HTTP `status`
 * where there are any. None carries a query string, a header value, a key or a signature. Whatever text an error is made
 * with, control and invisible characters are taken out of all its fields and long ones are cut: an exchange's words can
 * forge no log line.
 *
 * @since 0.1.0
 */
import type * as Errors from "./internal/errorClasses.js"
import { beyond, policies } from "./internal/errorPolicy.js"

export * from "./internal/errorClasses.js"
export { Outcome, policies, type Policy } from "./internal/errorPolicy.js"
export { OrderInQuestion } from "./internal/orderInQuestion.js"

/**
 * What any read of public data can fail with.
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
 * What any read of private state can fail with.
 *
 * @since 0.1.0
 * @category errors
 */
export type AccountError = MarketDataError | Errors.AuthenticationFailed | Errors.ClockSkew | Errors.OrderNotFound

/**
 * What any change of private state can fail with.
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
 * What the calls of a capability can fail with.
 *
 * @since 0.1.0
 * @category errors
 */
export type For<C extends keyof typeof beyond> = {
  readonly marketData: MarketDataError
  readonly account: AccountError
  readonly trading: TradingError
}[C]

/**
 * Whether calls of a capability can fail so.
 *
 * @since 0.1.0
 * @category guards
 */
export const isFor = <C extends keyof typeof beyond>(capability: C, error: ExchangeError): error is For<C> =>
  !beyond[capability].has(error._tag)

/**
 * The error itself, or the cause of one that only says that the outcome of an order was, or is, unknown.
 *
 * @since 0.1.0
 * @category getters
 */
export const causeOf = (error: TradingError): Errors.Cause =>
  error._tag === "NotPlaced" || error._tag === "OutcomeUnknown" ? error.cause : error

/**
 * Whether an error of placing an order proves that it brought nothing to the exchange: it was not sent, or refused. Only
 * then may it be placed again under another client order id.
 *
 * **Gotchas**
 *
 * Not for a `DuplicateOrder`, though the exchange refused it: an order of that client order id is there.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isNotPlaced = (error: ExchangeError): boolean =>
  error.outcome !== "Unknown" && error._tag !== "DuplicateOrder"

/**
 * Whether the error says that the exchange is not well, so that a circuit breaker has to count it: an outage, a broken
 * connection, a timeout, and an answer that is no JSON or too large.
 *
 * **Gotchas**
 *
 * A well-formed answer of another shape does not count, though it is a `MalformedResponse`: five polls with one odd row in
 * them would shut out everything else.
 *
 * @since 0.1.0
 * @category predicates
 */
export const countsAsFailure = (error: ExchangeError): boolean =>
  policies[error._tag].breaker === "failure" && !(error._tag === "MalformedResponse" && error.reason === "Shape")
