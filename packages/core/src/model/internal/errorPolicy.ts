import * as Schema from "effect/Schema"

/**
 * The outcome of a request: it was never sent (`NotSent`), the exchange refused it and did nothing (`Rejected`), or the
 * client cannot know (`Unknown`).
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome = typeof Outcome.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Outcome = Schema.Literal("NotSent", "Rejected", "Unknown")

/**
 * The policy for all errors of a class.
 *
 * - `retry`: `never`; `unlessUnknown` (reads, writes that the exchange deduplicates, and any request that is known not
 *   to have been carried out); `afterDelay` (the same, after the requested delay); `onceAfterResync` and
 *   `onceAfterReload` (once, after comparing clocks or reloading the credentials).
 * - `breaker`: whether the circuit breaker counts it as a `failure` of the exchange (see `countsAsFailure` for the
 *   exception), ignores it, or stays open until an instant.
 * - `outcome`: the outcome of a write, unless the error was created with another one; `stated` if the error is always
 *   created with one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Policy {
  readonly retry: "never" | "unlessUnknown" | "afterDelay" | "onceAfterResync" | "onceAfterReload"
  readonly breaker: "ignore" | "failure" | "openUntil"
  readonly outcome: Outcome | "stated"
}

const of = (
  retry: Policy["retry"],
  breaker: Policy["breaker"],
  outcome: Policy["outcome"]
): Policy => ({ retry, breaker, outcome })

const refused = of("never", "ignore", "Rejected")
const notSent = of("never", "ignore", "NotSent")

/**
 * The policy of every error. `docs/errors.md` contains this table, and a test compares the two.
 *
 * @since 0.1.0
 * @category policies
 */
export const policies = {
  InvalidRequest: refused,
  SymbolNotFound: refused,
  OrderNotFound: refused,
  DuplicateOrder: refused,
  InsufficientFunds: refused,
  OrderRejected: refused,
  PermissionDenied: refused,
  AuthenticationFailed: of("onceAfterReload", "ignore", "Rejected"),
  ClockSkew: of("onceAfterResync", "ignore", "Rejected"),
  RateLimited: of("afterDelay", "ignore", "Rejected"),
  Banned: of("never", "openUntil", "Rejected"),
  ExchangeUnavailable: of("unlessUnknown", "failure", "stated"),
  TransportFailed: of("unlessUnknown", "failure", "stated"),
  RequestTimedOut: of("unlessUnknown", "failure", "Unknown"),
  MalformedResponse: of("never", "failure", "Unknown"),
  CircuitOpen: notSent,
  BulkheadFull: notSent,
  RateLimiterFull: notSent,
  DeadlineExceeded: notSent,
  ExchangeClosed: notSent,
  Unsupported: notSent,
  OrderDenied: notSent,
  KeyRefused: notSent,
  NotPlaced: refused,
  OutcomeUnknown: of("never", "ignore", "Unknown")
}

const neverOfPublicData = ["AuthenticationFailed", "ClockSkew", "OrderNotFound"]

const neverOfReads = [
  "DuplicateOrder",
  "InsufficientFunds",
  "OrderRejected",
  "OrderDenied",
  "NotPlaced",
  "OutcomeUnknown",
  "KeyRefused"
]

/**
 * The errors that the calls of a capability never fail with.
 *
 * @internal
 */
export const excluded = {
  marketData: new Set([...neverOfReads, ...neverOfPublicData]),
  account: new Set(neverOfReads),
  trading: new Set(["KeyRefused"])
}
