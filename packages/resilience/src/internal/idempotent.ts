import type * as Effect from "effect/Effect"
import { type Brand, type Input, mark, type Output, TypeId } from "../Idempotent.js"

/**
 * Returns the result of a combinator on `self`, with the brand if `self` has it. TypeScript does not track a brand
 * through a condition on a type parameter, hence the two signatures.
 *
 * @internal
 */
export function keepBrand<A, E, R, I, A2, E2, R2>(
  self: Input<A, E, R, I>,
  made: Effect.Effect<A2, E2, R2>
): Output<A2, E2, R2, I>
export function keepBrand<A, E, R, A2, E2, R2>(
  self: Effect.Effect<A, E, R> & Partial<Brand>,
  made: Effect.Effect<A2, E2, R2>
): Effect.Effect<A2, E2, R2> {
  // Reads the property instead of testing it with `in`, which is ten times as slow for an effect that is created for
  // each call.
  return self[TypeId] === undefined ? made : mark(made)
}
