/**
 * Errors that mean "refused here, never sent", so that a gate does not take another gate's refusal for a failure of the
 * thing being called.
 *
 * What counts is that a gate of this process raised this very instance. An error of the same class that was decoded from
 * the wire says that somebody else's gate refused somebody else: here the call was sent, and it failed.
 *
 * @since 0.1.0
 */
import * as stackless from "./internal/stackless.js"

/**
 * The key under which the class of a local refusal carries its brand. The brand alone makes no instance a refusal: see
 * {@link raise}.
 *
 * @since 0.1.0
 * @category symbols
 */
export const RejectionTypeId: RejectionTypeId = "~@effect-exchange/resilience/Rejection"

/**
 * The type of {@link RejectionTypeId}.
 *
 * @since 0.1.0
 * @category symbols
 */
export type RejectionTypeId = "~@effect-exchange/resilience/Rejection"

/**
 * An error that a gate may raise before the protected effect was started: `CircuitOpen`, `BulkheadFull` and their kin.
 *
 * Any error class joins by carrying `readonly [RejectionTypeId] = RejectionTypeId`, and an instance of it by passing
 * through {@link raise}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rejection {
  readonly [RejectionTypeId]: RejectionTypeId
}

/**
 * Says that a gate raises this error here and now, and gives it back; for gates of one's own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const raise = <E extends Rejection>(error: E): E => stackless.raise(error)

/**
 * Whether a value is an error that a gate of this process raised. Circuit breakers, hedges and `Retry` ignore these by
 * default.
 *
 * **Gotchas**
 *
 * False for an instance that was only constructed or decoded, whatever its class, and for a copy. A `Policy` asks for
 * more: it knows which of its own gates refused the attempt, and takes everything else for an error of the call.
 *
 * @since 0.1.0
 * @category refinements
 */
export const isRejection = (u: unknown): u is Rejection => stackless.isRaised(u)
