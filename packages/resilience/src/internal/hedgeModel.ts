import type * as Effect from "effect/Effect"

/**
 * One attempt of a call, as passed to the function that makes it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attempt {
  /** The number of the attempt within the call, from 1. */
  readonly number: number
  /** Must be run at the moment the request leaves. */
  readonly leaving: Effect.Effect<void>
}

/**
 * The consequence of the failure of an attempt.
 *
 * - `"next"`: another attempt may succeed. It starts immediately, if one is left and the budget allows it.
 * - `"wait"`: do not send more, as after a refusal that asks for patience. Attempts in flight may still succeed.
 * - `"fail"`: the failure is definite. The call fails with it immediately.
 *
 * @since 0.1.0
 * @category models
 */
export type Consequence = "next" | "wait" | "fail"
