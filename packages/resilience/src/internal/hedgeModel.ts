import type * as Effect from "effect/Effect"

/**
 * One attempt of a call, as the function that makes it sees it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attempt {
  /** Which attempt of the call it is, from 1. */
  readonly number: number
  /** To be run in the moment in which the request leaves. */
  readonly leaving: Effect.Effect<void>
}

/**
 * What follows from the failure of an attempt.
 *
 * - `"next"`: another may fare better. It begins at once, if any is left and the budget allows.
 * - `"wait"`: do not send more, as after a refusal that asks for patience. Those in flight may still succeed.
 * - `"fail"`: the answer is definite. The call fails with it at once.
 *
 * @since 0.1.0
 * @category models
 */
export type Consequence = "next" | "wait" | "fail"
