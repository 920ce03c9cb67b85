/**
 * Everything that can go wrong, as a closed union with an answer for each member: may it be retried, does it say
 * something about the exchange's health, and what became of a write.
 *
 * Every error carries `exchange`, `operation`, `detail` (a sentence), and the exchange's own `code` and HTTP `status`
 * where there are any. None carries a query string, a header value, a key or a signature.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"
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

const about = {
  exchange: Schema.String,
  operation: Schema.String,
  detail: Schema.String,
  code: Schema.optional(Schema.String),
  status: Schema.optional(Schema.Number)
}

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

const sentence = (error: About): string => {
  const native = [
    error.status === undefined ? undefined : `status ${error.status}`,
    error.code === undefined ? undefined : `code ${error.code}`
  ].filter((part) => part !== undefined).join(", ")
  return `${error.exchange}.${error.operation}: ${error.detail}${native === "" ? "" : ` (${native})`}`
}

/**
 * The request was wrong: refused here before it was sent, or by the exchange. Mend the request.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRequest
  extends Schema.TaggedError<InvalidRequest>("@effect-exchange/core/ExchangeError/InvalidRequest")(
    "InvalidRequest",
    about
  )
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The exchange lists no such symbol. `MarketData.markets` says what it lists.
 *
 * @since 0.1.0
 * @category errors
 */
export class SymbolNotFound
  extends Schema.TaggedError<SymbolNotFound>("@effect-exchange/core/ExchangeError/SymbolNotFound")("SymbolNotFound", {
    ...about,
    symbol: Schema.optional(Schema.String)
  })
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The exchange knows no such order, or it is closed already.
 *
 * @since 0.1.0
 * @category errors
 */
export class OrderNotFound
  extends Schema.TaggedError<OrderNotFound>("@effect-exchange/core/ExchangeError/OrderNotFound")("OrderNotFound", about)
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The client order id is taken: an earlier order under it exists. Look it up instead of placing it again.
 *
 * @since 0.1.0
 * @category errors
 */
export class DuplicateOrder
  extends Schema.TaggedError<DuplicateOrder>("@effect-exchange/core/ExchangeError/DuplicateOrder")(
    "DuplicateOrder",
    about
  )
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The account cannot pay for it.
 *
 * @since 0.1.0
 * @category errors
 */
export class InsufficientFunds
  extends Schema.TaggedError<InsufficientFunds>("@effect-exchange/core/ExchangeError/InsufficientFunds")(
    "InsufficientFunds",
    about
  )
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The exchange understood the order and refused it.
 *
 * @since 0.1.0
 * @category errors
 */
export class OrderRejected
  extends Schema.TaggedError<OrderRejected>("@effect-exchange/core/ExchangeError/OrderRejected")("OrderRejected", about)
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The key, the account or the country may not do this.
 *
 * @since 0.1.0
 * @category errors
 */
export class PermissionDenied
  extends Schema.TaggedError<PermissionDenied>("@effect-exchange/core/ExchangeError/PermissionDenied")(
    "PermissionDenied",
    about
  )
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The key or its signature was refused. Credentials are read again once, in case they were rotated.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthenticationFailed
  extends Schema.TaggedError<AuthenticationFailed>("@effect-exchange/core/ExchangeError/AuthenticationFailed")(
    "AuthenticationFailed",
    about
  )
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The exchange found the timestamp too far from its own. The clock is compared again and the call repeated once.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClockSkew
  extends Schema.TaggedError<ClockSkew>("@effect-exchange/core/ExchangeError/ClockSkew")("ClockSkew", about)
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * Too many requests: nothing was done. `retryAfter` is how long the exchange asks to be left alone.
 *
 * @since 0.1.0
 * @category errors
 */
export class RateLimited
  extends Schema.TaggedError<RateLimited>("@effect-exchange/core/ExchangeError/RateLimited")("RateLimited", {
    ...about,
    retryAfter: Schema.Duration
  })
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The exchange refuses this address or key until `until` (epoch milliseconds). Nothing is sent before.
 *
 * @since 0.1.0
 * @category errors
 */
export class Banned extends Schema.TaggedError<Banned>("@effect-exchange/core/ExchangeError/Banned")("Banned", {
  ...about,
  until: Schema.Number
}) {
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The exchange answered that it cannot serve: a 5xx, maintenance, overload, or a redirect, which is never followed.
 * `outcome` is `Unknown` unless the exchange's documents promise that such a request was not carried out.
 *
 * @since 0.1.0
 * @category errors
 */
export class ExchangeUnavailable
  extends Schema.TaggedError<ExchangeUnavailable>("@effect-exchange/core/ExchangeError/ExchangeUnavailable")(
    "ExchangeUnavailable",
    {
      ...about,
      outcome: Outcome
    }
  )
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The connection failed. `outcome` is `NotSent` when it was never established.
 *
 * @since 0.1.0
 * @category errors
 */
export class TransportFailed
  extends Schema.TaggedError<TransportFailed>("@effect-exchange/core/ExchangeError/TransportFailed")(
    "TransportFailed",
    {
      ...about,
      outcome: Outcome
    }
  )
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * No whole answer within the attempt's time. What became of a write is unknown.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestTimedOut
  extends Schema.TaggedError<RequestTimedOut>("@effect-exchange/core/ExchangeError/RequestTimedOut")(
    "RequestTimedOut",
    about
  )
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The answer was not what the exchange's documents promise: not JSON, too large, or of another shape. What
 * became of a write is unknown.
 *
 * @since 0.1.0
 * @category errors
 */
export class MalformedResponse
  extends Schema.TaggedError<MalformedResponse>("@effect-exchange/core/ExchangeError/MalformedResponse")(
    "MalformedResponse",
    about
  )
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The circuit breaker refuses calls to this capability of the exchange for another `retryAfter`. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class CircuitOpen
  extends Schema.TaggedError<CircuitOpen>("@effect-exchange/core/ExchangeError/CircuitOpen")("CircuitOpen", {
    ...about,
    state: Schema.Literal("Open", "HalfOpen", "Isolated"),
    retryAfter: Schema.Duration
  })
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * Too many calls are in flight and waiting already. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class BulkheadFull
  extends Schema.TaggedError<BulkheadFull>("@effect-exchange/core/ExchangeError/BulkheadFull")("BulkheadFull", about)
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * Too many calls wait for the rate limit already, or this one costs more than the whole limit. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class RateLimiterFull
  extends Schema.TaggedError<RateLimiterFull>("@effect-exchange/core/ExchangeError/RateLimiterFull")(
    "RateLimiterFull",
    about
  )
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The operation's time ended, or would have, before it could be sent. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class DeadlineExceeded
  extends Schema.TaggedError<DeadlineExceeded>("@effect-exchange/core/ExchangeError/DeadlineExceeded")(
    "DeadlineExceeded",
    about
  )
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The exchange no longer exists. Move to another by changing one Layer. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class ExchangeClosed
  extends Schema.TaggedError<ExchangeClosed>("@effect-exchange/core/ExchangeError/ExchangeClosed")("ExchangeClosed", {
    ...about,
    since: Schema.String
  })
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The exchange has no such thing; `alternative` says what to do instead. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class Unsupported
  extends Schema.TaggedError<Unsupported>("@effect-exchange/core/ExchangeError/Unsupported")("Unsupported", {
    ...about,
    alternative: Schema.String
  })
{
  override get message(): string {
    return sentence({ ...this, detail: `${this.detail}; ${this.alternative}` })
  }
}

/**
 * One of the guards set on `Trading` refuses the order, or its journal cannot be written. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class OrderDenied
  extends Schema.TaggedError<OrderDenied>("@effect-exchange/core/ExchangeError/OrderDenied")("OrderDenied", {
    ...about,
    guard: Schema.Literal("symbols", "maxNotionalPerOrder", "maxNotionalPerDay", "priceBand", "journal")
  })
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * The key may do more than it should: give the program one that may not. Nothing was done with it.
 *
 * @since 0.1.0
 * @category errors
 */
export class KeyRefused
  extends Schema.TaggedError<KeyRefused>("@effect-exchange/core/ExchangeError/KeyRefused")("KeyRefused", {
    ...about,
    permission: Schema.Literal("withdraw", "trade")
  })
{
  override get message(): string {
    return sentence(this)
  }
}

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
export class NotPlaced
  extends Schema.TaggedError<NotPlaced>("@effect-exchange/core/ExchangeError/NotPlaced")("NotPlaced", {
    ...about,
    order: OrderInQuestion,
    cause: Cause
  })
{
  override get message(): string {
    return sentence(this)
  }
}

/**
 * A write was sent and what became of it could not be found out. Look `order` up before anything else, or leave it to
 * `Trading.reconcile`. `cause` is what went wrong.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutcomeUnknown
  extends Schema.TaggedError<OutcomeUnknown>("@effect-exchange/core/ExchangeError/OutcomeUnknown")("OutcomeUnknown", {
    ...about,
    order: OrderInQuestion,
    cause: Cause
  })
{
  override get message(): string {
    return sentence(this)
  }
}

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
 *   been carried out); `afterDelay` (whatever it was, after the delay asked for); `onceAfterResync` and
 *   `onceAfterReload` (after comparing clocks, or reading the credentials again).
 * - `breaker`: whether it counts as a `failure` of the exchange, is ignored, or opens the circuit until an instant.
 * - `outcome`: what became of a write; `stated` when the error itself says it.
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
 * What became of the request that failed so.
 *
 * @since 0.1.0
 * @category policies
 */
export const outcome = (error: ExchangeError): Outcome => {
  if (error._tag === "ExchangeUnavailable" || error._tag === "TransportFailed") return error.outcome
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
      return true
    case "unlessUnknown":
      return repeatable || outcome(error) !== "Unknown"
    default:
      return false
  }
}

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
