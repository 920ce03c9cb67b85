import type * as Effect from "effect/Effect"
import { type Brand, type Input, mark, type Output, TypeId } from "../Idempotent.js"

/**
 * What a combinator made of `self`, with the brand if `self` has it. TypeScript does not follow a brand through a
 * condition on a type parameter, hence the two signatures.
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
  // Read, not asked for with `in`, which costs a call that is made anew each time ten times as much.
  return self[TypeId] === undefined ? made : mark(made)
}
