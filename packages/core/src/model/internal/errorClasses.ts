import * as Schema from "effect/Schema"
import { errorClass } from "./errorClass.js"
import { Outcome } from "./errorPolicy.js"
import { OrderInQuestion } from "./orderInQuestion.js"

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

const stated = Schema.optional(Outcome)

/**
 * The request was wrong: refused here before it was sent, or by the exchange. Mend the request.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRequest extends errorClass<InvalidRequest>()("InvalidRequest") {}

/**
 * The exchange lists no such symbol. `MarketData.markets` says what it lists.
 *
 * @since 0.1.0
 * @category errors
 */
export class SymbolNotFound
  extends errorClass<SymbolNotFound>()("SymbolNotFound", { symbol: Schema.optional(Schema.String) })
{}

/**
 * The exchange knows no such order, or it is closed already.
 *
 * @since 0.1.0
 * @category errors
 */
export class OrderNotFound extends errorClass<OrderNotFound>()("OrderNotFound") {}

/**
 * The client order id is taken: an earlier order under it exists. Look it up instead of placing it again.
 *
 * @since 0.1.0
 * @category errors
 */
export class DuplicateOrder extends errorClass<DuplicateOrder>()("DuplicateOrder") {}

/**
 * The account cannot pay for it.
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
 * The key, the account or the country may not do this. `outcome` is `Rejected` where it is left out.
 *
 * @since 0.1.0
 * @category errors
 */
export class PermissionDenied extends errorClass<PermissionDenied>()("PermissionDenied", { outcome: stated }) {}

/**
 * The key or its signature was refused. Credentials are read again once, in case they were rotated. `outcome` is
 * `Rejected` where it is left out, and `Unknown` for a bare status 401, which need not be the exchange's own.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthenticationFailed
  extends errorClass<AuthenticationFailed>()("AuthenticationFailed", { outcome: stated })
{}

/**
 * The exchange found the timestamp too far from its own. The clock is compared again and the call repeated once.
 * `outcome` is `Rejected` where it is left out.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClockSkew extends errorClass<ClockSkew>()("ClockSkew", { outcome: stated }) {}

/**
 * Too many requests. `retryAfter` is how long the exchange asks to be left alone. `outcome` is `Rejected` where it is left
 * out, and `Unknown` for a bare status 429: what stands in front of an exchange may have answered it.
 *
 * @since 0.1.0
 * @category errors
 */
export class RateLimited
  extends errorClass<RateLimited>()("RateLimited", { retryAfter: Schema.Duration, outcome: stated })
{}

/**
 * The exchange refuses this address or key until `until` (epoch milliseconds). Nothing is sent before. `outcome` is
 * `Rejected` where it is left out.
 *
 * @since 0.1.0
 * @category errors
 */
export class Banned extends errorClass<Banned>()("Banned", { until: Schema.Number, outcome: stated }) {}

/**
 * The exchange cannot serve: a 5xx, maintenance, overload, a redirect, which is never followed, or any bare status without
 * a word of the exchange's own (a firewall's page, a 404 of what stands where the exchange stood). `outcome` is `Unknown`
 * unless the exchange's documents promise that such a request was not carried out.
 *
 * @since 0.1.0
 * @category errors
 */
export class ExchangeUnavailable
  extends errorClass<ExchangeUnavailable>()("ExchangeUnavailable", { outcome: Outcome })
{}

/**
 * The connection failed. `outcome` is `NotSent` when it was never established: no address, no connection, no handshake.
 *
 * @since 0.1.0
 * @category errors
 */
export class TransportFailed extends errorClass<TransportFailed>()("TransportFailed", { outcome: Outcome }) {}

/**
 * No whole answer within the attempt's time. What became of a write is unknown.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestTimedOut extends errorClass<RequestTimedOut>()("RequestTimedOut") {}

/**
 * The answer was not what the exchange's documents promise: it is no JSON or was cut short (`NotJson`), it is larger than
 * the limit (`TooLarge`), or it is well-formed and says something else than expected (`Shape`, where `reason` is left
 * out). What became of a write is unknown.
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
 * Too many calls are in flight and waiting already. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class BulkheadFull extends errorClass<BulkheadFull>()("BulkheadFull") {}

/**
 * Too many calls wait for the rate limit already, or this one costs more than the whole limit. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class RateLimiterFull extends errorClass<RateLimiterFull>()("RateLimiterFull") {}

/**
 * The operation's time ended, or would have, before it could be sent. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class DeadlineExceeded extends errorClass<DeadlineExceeded>()("DeadlineExceeded") {}

/**
 * The exchange no longer exists. Move to another by changing one Layer. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class ExchangeClosed extends errorClass<ExchangeClosed>()("ExchangeClosed", { since: Schema.String }) {}

/**
 * The exchange has no such thing; `alternative` says what to do instead. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class Unsupported extends errorClass<Unsupported>()("Unsupported", { alternative: Schema.String }) {}

/**
 * One of the guards set on `Trading` refuses the order, or its journal cannot be written. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class OrderDenied extends errorClass<OrderDenied>()("OrderDenied", {
  guard: Schema.Literal("symbols", "maxNotionalPerOrder", "maxNotionalPerDay", "priceBand", "journal")
}) {}

/**
 * The key may do more than it should: give the program one that may not. Nothing was done with it.
 *
 * @since 0.1.0
 * @category errors
 */
export class KeyRefused
  extends errorClass<KeyRefused>()("KeyRefused", { permission: Schema.Literal("withdraw", "trade") })
{}

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
export class NotPlaced extends errorClass<NotPlaced>()("NotPlaced", { order: OrderInQuestion, cause: Cause }) {}

/**
 * A write was sent and what became of it could not be found out. Look `order` up before anything else, or leave it to
 * `Trading.reconcile`. `cause` is what went wrong.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutcomeUnknown
  extends errorClass<OutcomeUnknown>()("OutcomeUnknown", { order: OrderInQuestion, cause: Cause })
{}
