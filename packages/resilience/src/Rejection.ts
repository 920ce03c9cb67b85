/**
 * Errors that mean "refused locally, never sent", so that a gate does not count the refusal of another gate as a
 * failure of the service.
 *
 * An error is a refusal only if a gate of this process raised that very instance. An error of the same class that was
 * decoded from a response was raised by a gate of another process for another caller: here the call was sent, and it
 * failed.
 *
 * @since 0.1.0
 */
import * as rejections from "./internal/rejections.js"

/**
 * The key of the brand of refusal classes. The brand alone does not make an instance a refusal; see {@link raise}.
 *
 * @since 0.1.0
 * @category type ids
 */
export const RejectionTypeId: RejectionTypeId = "~@effect-exchange/resilience/Rejection"

/**
 * The type of {@link RejectionTypeId}.
 *
 * @since 0.1.0
 * @category type ids
 */
export type RejectionTypeId = "~@effect-exchange/resilience/Rejection"

/**
 * An error that a gate may raise before the protected effect has started, such as `CircuitOpen` or `BulkheadFull`.
 *
 * An error class joins by defining `readonly [RejectionTypeId] = RejectionTypeId`, and an instance by passing through
 * {@link raise}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rejection {
  readonly [RejectionTypeId]: RejectionTypeId
}

/**
 * Marks an error as raised by a gate of this process, and returns it. For custom gates.
 *
 * @since 0.1.0
 * @category constructors
 */
export const raise = <E extends Rejection>(error: E): E => rejections.raise(error)

/**
 * Returns `true` if the value is an error that a gate of this process raised. Circuit breakers, hedges and `Retry`
 * ignore these errors by default.
 *
 * **Gotchas**
 *
 * Returns `false` for an instance that was only constructed or decoded, whatever its class, and for a copy. A `Policy`
 * is stricter: it knows which of its own gates refused the attempt, and treats every other error as an error of the
 * call.
 *
 * @since 0.1.0
 * @category refinements
 */
export const isRejection = (u: unknown): u is Rejection => rejections.isRaised(u)
