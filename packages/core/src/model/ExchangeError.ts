/**
 * Everything that can go wrong, as a closed union with an answer for each member: may it be retried, does it say
 * something about the exchange's health, and what became of a write.
 *
 * Every error carries `exchange`, `operation`, `detail` (a sentence), and the exchange's own `code` and HTTP `status`
 * where there are any. None carries a query string, a header value, a key or a signature. Whatever text an error is made
 * with, control and invisible characters are taken out of all its fields and long ones are cut: an exchange's words can
 * forge no log line.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { cleaning } from "./internal/errorClass.js"

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
 * Why an answer was not what the documents promise: it is no JSON or was cut short (`NotJson`), it is larger than the
 * limit (`TooLarge`), or it is well-formed and says something else than expected (`Shape`).
 *
 * @since 0.1.0
 * @category models
 */
export type Misfit = typeof Misfit.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Misfit = Schema.Literal("NotJson", "TooLarge", "Shape")

const about = {
  exchange: Schema.String,
  operation: Schema.String,
  detail: Schema.String,
  code: Schema.optional(Schema.String),
  status: Schema.optional(Schema.Number)
}

/** What became of the request, where this error knows better than its class. */
const stated = Schema.optional(Outcome)

/**
 * What every error says.
 *
 * @since 0.1.0
 * @category models
 */
export interface About {
  readonly exchange: string
  readonly operation: string
  readonly detail: string
  readonly code?: string | undefined
  readonly status?: number | undefined
}

const id = (tag: string): string => `@effect-exchange/core/ExchangeError/${tag}`

/**
 * The request was wrong: refused here before it was sent, or by the exchange. Mend the request.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRequest
  extends cleaning(Schema.TaggedError<InvalidRequest>(id("InvalidRequest"))("InvalidRequest", about))
{}

/**
 * The exchange lists no such symbol. `MarketData.markets` says what it lists.
 *
 * @since 0.1.0
 * @category errors
 */
export class SymbolNotFound extends cleaning(
  Schema.TaggedError<SymbolNotFound>(id("SymbolNotFound"))("SymbolNotFound", {
    ...about,
    symbol: Schema.optional(Schema.String)
  })
) {}

/**
 * The exchange knows no such order, or it is closed already.
 *
 * @since 0.1.0
 * @category errors
 */
export class OrderNotFound
  extends cleaning(Schema.TaggedError<OrderNotFound>(id("OrderNotFound"))("OrderNotFound", about))
{}

/**
 * The client order id is taken: an earlier order under it exists. Look it up instead of placing it again.
 *
 * @since 0.1.0
 * @category errors
 */
export class DuplicateOrder
  extends cleaning(Schema.TaggedError<DuplicateOrder>(id("DuplicateOrder"))("DuplicateOrder", about))
{}

/**
 * The account cannot pay for it.
 *
 * @since 0.1.0
 * @category errors
 */
export class InsufficientFunds
  extends cleaning(Schema.TaggedError<InsufficientFunds>(id("InsufficientFunds"))("InsufficientFunds", about))
{}

/**
 * The exchange understood the order and refused it.
 *
 * @since 0.1.0
 * @category errors
 */
export class OrderRejected
  extends cleaning(Schema.TaggedError<OrderRejected>(id("OrderRejected"))("OrderRejected", about))
{}

/**
 * The key, the account or the country may not do this. `outcome` is `Rejected` where it is left out.
 *
 * @since 0.1.0
 * @category errors
 */
export class PermissionDenied extends cleaning(
  Schema.TaggedError<PermissionDenied>(id("PermissionDenied"))("PermissionDenied", { ...about, outcome: stated })
) {}

/**
 * The key or its signature was refused. Credentials are read again once, in case they were rotated. `outcome` is
 * `Rejected` where it is left out, and `Unknown` for a bare status 401, which need not be the exchange's own.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthenticationFailed extends cleaning(
  Schema.TaggedError<AuthenticationFailed>(id("AuthenticationFailed"))("AuthenticationFailed", {
    ...about,
    outcome: stated
  })
) {}

/**
 * The exchange found the timestamp too far from its own. The clock is compared again and the call repeated once.
 * `outcome` is `Rejected` where it is left out.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClockSkew
  extends cleaning(Schema.TaggedError<ClockSkew>(id("ClockSkew"))("ClockSkew", { ...about, outcome: stated }))
{}

/**
 * Too many requests. `retryAfter` is how long the exchange asks to be left alone. `outcome` is `Rejected` where it is left
 * out, and `Unknown` for a bare status 429: what stands in front of an exchange may have answered it.
 *
 * @since 0.1.0
 * @category errors
 */
export class RateLimited extends cleaning(
  Schema.TaggedError<RateLimited>(id("RateLimited"))("RateLimited", {
    ...about,
    retryAfter: Schema.Duration,
    outcome: stated
  })
) {}

/**
 * The exchange refuses this address or key until `until` (epoch milliseconds). Nothing is sent before. `outcome` is
 * `Rejected` where it is left out.
 *
 * @since 0.1.0
 * @category errors
 */
export class Banned extends cleaning(
  Schema.TaggedError<Banned>(id("Banned"))("Banned", { ...about, until: Schema.Number, outcome: stated })
) {}

/**
 * The exchange cannot serve: a 5xx, maintenance, overload, a redirect, which is never followed, or any bare status without
 * a word of the exchange's own (a firewall's page, a 404 of what stands where the exchange stood). `outcome` is `Unknown`
 * unless the exchange's documents promise that such a request was not carried out.
 *
 * @since 0.1.0
 * @category errors
 */
export class ExchangeUnavailable extends cleaning(
  Schema.TaggedError<ExchangeUnavailable>(id("ExchangeUnavailable"))("ExchangeUnavailable", {
    ...about,
    outcome: Outcome
  })
) {}

/**
 * The connection failed. `outcome` is `NotSent` when it was never established: no address, no connection, no handshake.
 *
 * @since 0.1.0
 * @category errors
 */
export class TransportFailed extends cleaning(
  Schema.TaggedError<TransportFailed>(id("TransportFailed"))("TransportFailed", { ...about, outcome: Outcome })
) {}

/**
 * No whole answer within the attempt's time. What became of a write is unknown.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestTimedOut
  extends cleaning(Schema.TaggedError<RequestTimedOut>(id("RequestTimedOut"))("RequestTimedOut", about))
{}

/**
 * The answer was not what the exchange's documents promise; `reason` says in which way, and is `Shape` where it is left
 * out. What became of a write is unknown.
 *
 * @since 0.1.0
 * @category errors
 */
export class MalformedResponse extends cleaning(
  Schema.TaggedError<MalformedResponse>(id("MalformedResponse"))("MalformedResponse", {
    ...about,
    reason: Misfit.pipe(
      Schema.propertySignature,
      Schema.withConstructorDefault(() => "Shape")
    )
  })
) {}

/**
 * The circuit breaker refuses calls to this capability of the exchange for another `retryAfter`. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class CircuitOpen extends cleaning(
  Schema.TaggedError<CircuitOpen>(id("CircuitOpen"))("CircuitOpen", {
    ...about,
    state: Schema.Literal("Open", "HalfOpen", "Isolated"),
    retryAfter: Schema.Duration
  })
) {}

/**
 * Too many calls are in flight and waiting already. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class BulkheadFull
  extends cleaning(Schema.TaggedError<BulkheadFull>(id("BulkheadFull"))("BulkheadFull", about))
{}

/**
 * Too many calls wait for the rate limit already, or this one costs more than the whole limit. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class RateLimiterFull
  extends cleaning(Schema.TaggedError<RateLimiterFull>(id("RateLimiterFull"))("RateLimiterFull", about))
{}

/**
 * The operation's time ended, or would have, before it could be sent. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class DeadlineExceeded
  extends cleaning(Schema.TaggedError<DeadlineExceeded>(id("DeadlineExceeded"))("DeadlineExceeded", about))
{}

/**
 * The exchange no longer exists. Move to another by changing one Layer. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class ExchangeClosed extends cleaning(
  Schema.TaggedError<ExchangeClosed>(id("ExchangeClosed"))("ExchangeClosed", { ...about, since: Schema.String })
) {}

/**
 * The exchange has no such thing; `alternative` says what to do instead. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class Unsupported extends cleaning(
  Schema.TaggedError<Unsupported>(id("Unsupported"))("Unsupported", { ...about, alternative: Schema.String })
) {}

/**
 * One of the guards set on `Trading` refuses the order, or its journal cannot be written. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class OrderDenied extends cleaning(
  Schema.TaggedError<OrderDenied>(id("OrderDenied"))("OrderDenied", {
    ...about,
    guard: Schema.Literal("symbols", "maxNotionalPerOrder", "maxNotionalPerDay", "priceBand", "journal")
  })
) {}

/**
 * The key may do more than it should: give the program one that may not. Nothing was done with it.
 *
 * @since 0.1.0
 * @category errors
 */
export class KeyRefused extends cleaning(
  Schema.TaggedError<KeyRefused>(id("KeyRefused"))("KeyRefused", {
    ...about,
    permission: Schema.Literal("withdraw", "trade")
  })
) {}

/**
 * The order that an error is about, as far as it is known: all that is needed to find it later. It has at least one of its
 * ids, so that it can be handed to `account.order` and `trading.cancel` as it is. Instants are epoch milliseconds, amounts
 * plain decimals.
 *
 * @since 0.1.0
 * @category models
 */
export type OrderInQuestion = typeof OrderInQuestion.Type

const terms = {
  symbol: Schema.String,
  side: Schema.optional(Schema.Literal("buy", "sell")),
  amount: Schema.optional(Schema.String),
  price: Schema.optional(Schema.String),
  sentAt: Schema.optional(Schema.Number)
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const OrderInQuestion = Schema.Union(
  Schema.Struct({ ...terms, id: Schema.String, clientOrderId: Schema.optional(Schema.String) }),
  Schema.Struct({ ...terms, id: Schema.optional(Schema.String), clientOrderId: Schema.String })
)

/**
 * What left an order in question: the error of the request itself, or of reading the order back.
 *
 * @since 0.1.0
 * @category models
 */
export type Cause = typeof Cause.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Cause = Schema.Union(
  InvalidRequest,
  SymbolNotFound,
  OrderNotFound,
  DuplicateOrder,
  InsufficientFunds,
  OrderRejected,
  PermissionDenied,
  AuthenticationFailed,
  ClockSkew,
  RateLimited,
  Banned,
  ExchangeUnavailable,
  TransportFailed,
  RequestTimedOut,
  MalformedResponse,
  CircuitOpen,
  BulkheadFull,
  RateLimiterFull,
  DeadlineExceeded,
  ExchangeClosed,
  Unsupported,
  OrderDenied
)

/**
 * The answer to an order was lost, and the exchange has shown since that it never took it: it may be placed again.
 * `cause` is what went wrong.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotPlaced extends cleaning(
  Schema.TaggedError<NotPlaced>(id("NotPlaced"))("NotPlaced", {
    ...about,
    order: OrderInQuestion,
    cause: Cause
  })
) {}

/**
 * A write was sent and what became of it could not be found out. Look `order` up before anything else, or leave it to
 * `Trading.reconcile`. `cause` is what went wrong.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutcomeUnknown extends cleaning(
  Schema.TaggedError<OutcomeUnknown>(id("OutcomeUnknown"))("OutcomeUnknown", {
    ...about,
    order: OrderInQuestion,
    cause: Cause
  })
) {}

/**
 * What any read of public data can fail with.
 *
 * @since 0.1.0
 * @category errors
 */
export type MarketDataError =
  | InvalidRequest
  | SymbolNotFound
  | PermissionDenied
  | RateLimited
  | Banned
  | ExchangeUnavailable
  | TransportFailed
  | RequestTimedOut
  | MalformedResponse
  | CircuitOpen
  | BulkheadFull
  | RateLimiterFull
  | DeadlineExceeded
  | ExchangeClosed
  | Unsupported

/**
 * What any read of private state can fail with.
 *
 * @since 0.1.0
 * @category errors
 */
export type AccountError = MarketDataError | AuthenticationFailed | ClockSkew | OrderNotFound

/**
 * What any change of private state can fail with.
 *
 * @since 0.1.0
 * @category errors
 */
export type TradingError =
  | AccountError
  | DuplicateOrder
  | InsufficientFunds
  | OrderRejected
  | OrderDenied
  | NotPlaced
  | OutcomeUnknown

/**
 * Every error of an exchange.
 *
 * @since 0.1.0
 * @category errors
 */
export type ExchangeError = TradingError | KeyRefused

/**
 * What the calls of a capability can fail with.
 *
 * @since 0.1.0
 * @category errors
 */
export type For<C extends keyof ByCapability> = ByCapability[C]

/**
 * @since 0.1.0
 * @category errors
 */
export interface ByCapability {
  readonly marketData: MarketDataError
  readonly account: AccountError
  readonly trading: TradingError
}

/**
 * The error itself, or the cause of one that only says that the outcome of an order was, or is, unknown.
 *
 * @since 0.1.0
 * @category getters
 */
export const causeOf = (error: TradingError): Cause =>
  error._tag === "NotPlaced" || error._tag === "OutcomeUnknown" ? error.cause : error

/**
 * The answers an error gives.
 *
 * - `retry`: `never`; `unlessUnknown` (reads, writes the exchange deduplicates, and anything that is known not to have
 *   been carried out); `afterDelay` (the same, after the delay asked for); `onceAfterResync` and `onceAfterReload` (after
 *   comparing clocks, or reading the credentials again).
 * - `breaker`: whether it counts as a `failure` of the exchange (see `countsAsFailure` for the exception), is ignored, or
 *   opens the circuit until an instant.
 * - `outcome`: what became of a write, unless the error itself says otherwise in a field of that name; `stated` where it
 *   always does.
 *
 * @since 0.1.0
 * @category models
 */
export interface Policy {
  readonly retry: "never" | "unlessUnknown" | "afterDelay" | "onceAfterResync" | "onceAfterReload"
  readonly breaker: "ignore" | "failure" | "openUntil"
  readonly outcome: Outcome | "stated"
}

const refused: Policy = { retry: "never", breaker: "ignore", outcome: "Rejected" }
const notSent: Policy = { retry: "never", breaker: "ignore", outcome: "NotSent" }

/**
 * The table of all answers. `docs/errors.md` prints it, and a test compares the two.
 *
 * @since 0.1.0
 * @category policies
 */
export const policies: { readonly [Tag in ExchangeError["_tag"]]: Policy } = {
  InvalidRequest: refused,
  SymbolNotFound: refused,
  OrderNotFound: refused,
  DuplicateOrder: refused,
  InsufficientFunds: refused,
  OrderRejected: refused,
  PermissionDenied: refused,
  AuthenticationFailed: { retry: "onceAfterReload", breaker: "ignore", outcome: "Rejected" },
  ClockSkew: { retry: "onceAfterResync", breaker: "ignore", outcome: "Rejected" },
  RateLimited: { retry: "afterDelay", breaker: "ignore", outcome: "Rejected" },
  Banned: { retry: "never", breaker: "openUntil", outcome: "Rejected" },
  ExchangeUnavailable: { retry: "unlessUnknown", breaker: "failure", outcome: "stated" },
  TransportFailed: { retry: "unlessUnknown", breaker: "failure", outcome: "stated" },
  RequestTimedOut: { retry: "unlessUnknown", breaker: "failure", outcome: "Unknown" },
  MalformedResponse: { retry: "never", breaker: "failure", outcome: "Unknown" },
  CircuitOpen: notSent,
  BulkheadFull: notSent,
  RateLimiterFull: notSent,
  DeadlineExceeded: notSent,
  ExchangeClosed: notSent,
  Unsupported: notSent,
  OrderDenied: notSent,
  KeyRefused: notSent,
  NotPlaced: refused,
  OutcomeUnknown: { retry: "never", breaker: "ignore", outcome: "Unknown" }
}

/**
 * What became of the request that failed so: as the error states it, or else as all of its class.
 *
 * @since 0.1.0
 * @category policies
 */
export const outcome = (error: ExchangeError): Outcome => {
  const stated = "outcome" in error ? error.outcome : undefined
  if (stated !== undefined) return stated
  const { outcome } = policies[error._tag]
  return outcome === "stated" ? "Unknown" : outcome
}

/**
 * Whether repeating the same request is safe and may help: a request that is not `repeatable` (a write the exchange does
 * not deduplicate) only when it is known not to have been carried out.
 *
 * @since 0.1.0
 * @category policies
 */
export const isRetryable = (error: ExchangeError, repeatable: boolean): boolean => {
  switch (policies[error._tag].retry) {
    case "afterDelay":
    case "unlessUnknown":
      return repeatable || outcome(error) !== "Unknown"
    default:
      return false
  }
}

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
 * @category policies
 */
export const countsAsFailure = (error: ExchangeError): boolean =>
  policies[error._tag].breaker === "failure" && !(error._tag === "MalformedResponse" && error.reason === "Shape")

/**
 * How long the exchange asked to be left alone.
 *
 * @since 0.1.0
 * @category policies
 */
export const retryAfter = (error: ExchangeError): Option.Option<Duration.Duration> =>
  error._tag === "RateLimited" ? Option.some(error.retryAfter) : Option.none()

const accountTags: ReadonlySet<string> = new Set(["AuthenticationFailed", "ClockSkew", "OrderNotFound"])
const tradingTags: ReadonlySet<string> = new Set([
  "DuplicateOrder",
  "InsufficientFunds",
  "OrderRejected",
  "OrderDenied",
  "NotPlaced",
  "OutcomeUnknown"
])
const elsewhere: ReadonlySet<string> = new Set(["KeyRefused"])

/**
 * Whether a read of public data can fail so.
 *
 * @since 0.1.0
 * @category guards
 */
export const isMarketDataError = (error: ExchangeError): error is MarketDataError =>
  !accountTags.has(error._tag) && !tradingTags.has(error._tag) && !elsewhere.has(error._tag)

/**
 * Whether a read of private state can fail so.
 *
 * @since 0.1.0
 * @category guards
 */
export const isAccountError = (error: ExchangeError): error is AccountError =>
  !tradingTags.has(error._tag) && !elsewhere.has(error._tag)

/**
 * Whether a change of private state can fail so.
 *
 * @since 0.1.0
 * @category guards
 */
export const isTradingError = (error: ExchangeError): error is TradingError => !elsewhere.has(error._tag)
