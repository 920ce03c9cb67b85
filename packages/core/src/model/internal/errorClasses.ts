import * as Schema from "effect/Schema"
import { errorClass } from "./errorClass.js"
import { Outcome } from "./errorPolicy.js"
import { OrderInQuestion } from "./orderInQuestion.js"

/**
 * The fields that all errors have in common.
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

const stated = Schema.optional(Outcome)

/**
 * The request was invalid. It was refused by this library before it was sent, or by the exchange. Fix the request.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRequest extends errorClass<InvalidRequest>()("InvalidRequest") {}

/**
 * The exchange lists no such symbol. `MarketData.markets` returns the listed ones.
 *
 * @since 0.1.0
 * @category errors
 */
export class SymbolNotFound
  extends errorClass<SymbolNotFound>()("SymbolNotFound", { symbol: Schema.optional(Schema.String) })
{}

/**
 * The exchange knows no such order, or the order is already closed.
 *
 * @since 0.1.0
 * @category errors
 */
export class OrderNotFound extends errorClass<OrderNotFound>()("OrderNotFound") {}

/**
 * The client order id is already in use by an earlier order. Look that order up instead of placing it again.
 *
 * @since 0.1.0
 * @category errors
 */
export class DuplicateOrder extends errorClass<DuplicateOrder>()("DuplicateOrder") {}

/**
 * The account has insufficient funds for the order.
 *
 * @since 0.1.0
 * @category errors
 */
export class InsufficientFunds extends errorClass<InsufficientFunds>()("InsufficientFunds") {}

/**
 * The exchange understood the order and refused it.
 *
 * @since 0.1.0
 * @category errors
 */
export class OrderRejected extends errorClass<OrderRejected>()("OrderRejected") {}

/**
 * The key, the account or the country is not allowed to do this. `outcome` defaults to `Rejected`.
 *
 * @since 0.1.0
 * @category errors
 */
export class PermissionDenied extends errorClass<PermissionDenied>()("PermissionDenied", { outcome: stated }) {}

/**
 * The key or its signature was refused. The credentials are reloaded once, in case they were rotated. `outcome`
 * defaults to `Rejected`. It is `Unknown` for a bare status 401, which may not come from the exchange itself.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthenticationFailed
  extends errorClass<AuthenticationFailed>()("AuthenticationFailed", { outcome: stated })
{}

/**
 * The exchange found the timestamp of the request too far from its own clock. The clocks are compared again and the
 * call is repeated once. `outcome` defaults to `Rejected`.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClockSkew extends errorClass<ClockSkew>()("ClockSkew", { outcome: stated }) {}

/**
 * The exchange received too many requests. `retryAfter` is how long it asks the client to wait. `outcome` defaults to
 * `Rejected`. It is `Unknown` for a bare status 429, which may come from an intermediary in front of the exchange.
 *
 * @since 0.1.0
 * @category errors
 */
export class RateLimited
  extends errorClass<RateLimited>()("RateLimited", { retryAfter: Schema.Duration, outcome: stated })
{}

/**
 * The exchange refuses this IP address or key until `until` (epoch milliseconds). Nothing is sent before then.
 * `outcome` defaults to `Rejected`.
 *
 * @since 0.1.0
 * @category errors
 */
export class Banned extends errorClass<Banned>()("Banned", { until: Schema.Number, outcome: stated }) {}

/**
 * The exchange cannot serve the request: a 5xx, maintenance, overload, a redirect (never followed), or any bare status
 * without an error message of the exchange itself, such as a firewall's page or a 404 from another server at the
 * exchange's address. `outcome` is `Unknown` unless the exchange's documentation guarantees that such a request was not
 * carried out.
 *
 * @since 0.1.0
 * @category errors
 */
export class ExchangeUnavailable
  extends errorClass<ExchangeUnavailable>()("ExchangeUnavailable", { outcome: Outcome })
{}

/**
 * The connection failed. `outcome` is `NotSent` if it was never established: the address could not be resolved, or the
 * connection or the handshake failed.
 *
 * @since 0.1.0
 * @category errors
 */
export class TransportFailed extends errorClass<TransportFailed>()("TransportFailed", { outcome: Outcome }) {}

/**
 * The attempt timed out before a complete response arrived. The outcome of a write is unknown.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestTimedOut extends errorClass<RequestTimedOut>()("RequestTimedOut") {}

/**
 * The response was not what the exchange's documentation specifies. `reason` is `NotJson` if it is not JSON or was
 * truncated, `TooLarge` if it exceeds the size limit, and `Shape` (the default) if it is well-formed but has unexpected
 * content. The outcome of a write is unknown.
 *
 * @since 0.1.0
 * @category errors
 */
export class MalformedResponse extends errorClass<MalformedResponse>()("MalformedResponse", {
  reason: Schema.propertySignature(Schema.Literal("NotJson", "TooLarge", "Shape")).pipe(
    Schema.withConstructorDefault(() => "Shape")
  )
}) {}

/**
 * The circuit breaker refuses calls to this capability of the exchange for another `retryAfter`. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class CircuitOpen extends errorClass<CircuitOpen>()("CircuitOpen", {
  state: Schema.Literal("Open", "HalfOpen", "Isolated"),
  retryAfter: Schema.Duration
}) {}

/**
 * Too many calls are already in flight and waiting. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class BulkheadFull extends errorClass<BulkheadFull>()("BulkheadFull") {}

/**
 * Too many calls already wait for the rate limit, or this call costs more than the whole limit. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class RateLimiterFull extends errorClass<RateLimiterFull>()("RateLimiterFull") {}

/**
 * The deadline of the operation had passed, or would have passed, before the request could be sent. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class DeadlineExceeded extends errorClass<DeadlineExceeded>()("DeadlineExceeded") {}

/**
 * The exchange no longer exists. Switch to another one by changing one Layer. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class ExchangeClosed extends errorClass<ExchangeClosed>()("ExchangeClosed", { since: Schema.String }) {}

/**
 * The exchange does not support this; `alternative` says what to do instead. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class Unsupported extends errorClass<Unsupported>()("Unsupported", { alternative: Schema.String }) {}

/**
 * A guard of `Trading` refused the order, or the order journal cannot be written. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class OrderDenied extends errorClass<OrderDenied>()("OrderDenied", {
  guard: Schema.Literal("symbols", "maxNotionalPerOrder", "maxNotionalPerDay", "priceBand", "journal")
}) {}

/**
 * The key has more permissions than it should: give the program a key without them. Nothing was done with the key.
 *
 * @since 0.1.0
 * @category errors
 */
export class KeyRefused
  extends errorClass<KeyRefused>()("KeyRefused", { permission: Schema.Literal("withdraw", "trade") })
{}

/**
 * The cause of an order in question: the error of the request itself, or of reading the order back.
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
 * The response to an order was lost, and the exchange has since shown that it never accepted the order, so it may be
 * placed again. `cause` is the original error.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotPlaced extends errorClass<NotPlaced>()("NotPlaced", { order: OrderInQuestion, cause: Cause }) {}

/**
 * A write was sent and its outcome could not be determined. Look `order` up before you do anything else, or leave that
 * to `Trading.reconcile`. `cause` is the original error.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutcomeUnknown
  extends errorClass<OutcomeUnknown>()("OutcomeUnknown", { order: OrderInQuestion, cause: Cause })
{}
