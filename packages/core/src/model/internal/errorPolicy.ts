import * as Schema from "effect/Schema"

/**
 * What became of the request: it never left (`NotSent`), the exchange refused it and did nothing (`Rejected`), or nobody
 * here can know (`Unknown`).
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
 * What holds for every error of a class.
 *
 * - `retry`: `never`; `unlessUnknown` (reads, writes the exchange deduplicates, and anything that is known not to have
 *   been carried out); `afterDelay` (the same, after the delay asked for); `onceAfterResync` and `onceAfterReload` (after
 *   comparing clocks, or reading the credentials again).
 * - `breaker`: whether it counts as a `failure` of the exchange (see `countsAsFailure` for the exception), is ignored, or
 *   opens the circuit until an instant.
 * - `outcome`: what became of a write, unless the error was made with another; `stated` where it always is.
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
 * The table of all answers. `docs/errors.md` prints it, and a test compares the two.
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

const unheardOf = {
  publicly: ["AuthenticationFailed", "ClockSkew", "OrderNotFound"],
  reading: [
    "DuplicateOrder",
    "InsufficientFunds",
    "OrderRejected",
    "OrderDenied",
    "NotPlaced",
    "OutcomeUnknown",
    "KeyRefused"
  ]
}

/**
 * The errors that calls of a capability cannot fail with.
 *
 * @internal
 */
export const beyond = {
  marketData: new Set([...unheardOf.reading, ...unheardOf.publicly]),
  account: new Set(unheardOf.reading),
  trading: new Set(["KeyRefused"])
}
