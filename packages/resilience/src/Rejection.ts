/**
 * The mark shared by errors that mean "refused here, never sent", so that a gate
 * does not take another gate's refusal for a failure of the thing being called.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"

/**
 * The key under which a local refusal carries its mark.
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
 * An error raised before the protected effect was started: `CircuitOpen`, `BulkheadFull` and their kin.
 *
 * Any error class joins by carrying `readonly [RejectionTypeId] = RejectionTypeId`. Circuit breakers
 * ignore these errors by default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rejection {
  readonly [RejectionTypeId]: RejectionTypeId
}

/**
 * Whether a value is a local refusal, that is, carries {@link RejectionTypeId}.
 *
 * @since 0.1.0
 * @category refinements
 */
export const isRejection = (u: unknown): u is Rejection => Predicate.hasProperty(u, RejectionTypeId)
