/**
 * The synchronous fast path of gates: what they do without an effect, within the step of their caller, when nobody has
 * to wait. A policy looks for it when it is created; an attempt that passes all gates this way costs about half as
 * much.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

/** @internal */
export const FastPath: unique symbol = Symbol.for("@effect-exchange/resilience/FastPath")

/** @internal */
export type FastPath = typeof FastPath

/**
 * Attaches the fast path to a gate. Not enumerable: a wrapper that spreads a gate loses it, and so is run for every
 * call.
 *
 * @internal
 */
export const attach = <G extends { readonly [FastPath]?: unknown }>(gate: G, fastPath: NonNullable<G[FastPath]>): G =>
  Object.defineProperty(gate, FastPath, { value: fastPath })

/** @internal */
export interface BreakerFastPath<in E> {
  /**
   * Admits a call unless only `protect` can handle it. The returned function must be called with the exit of the call.
   */
  readonly enter: () => ((exit: Exit.Exit<unknown, E>, clock: Clock.Clock) => FollowUp) | undefined
}

/** @internal */
export interface BulkheadFastPath {
  readonly hasRoom: (lane: string | undefined) => boolean
  /** Takes a permit; requires that there is room. The returned function returns the permit. */
  readonly enter: (lane: string | undefined) => () => FollowUp
}

/** @internal */
export interface LimiterFastPath<in C, in Options> {
  /** Holds a cost, or returns `undefined` if the call has to wait for it. */
  readonly hold: (cost: C | undefined, options: Options, clock: Clock.Clock) => HeldCost | undefined
}

/** @internal */
export interface BudgetFastPath {
  readonly deposit: (now: bigint) => void
}

/** @internal */
export interface HeldCost {
  readonly commit: (clock: Clock.Clock) => void
  readonly refund: Effect.Effect<void>
}

/**
 * An effect that remains to be run; usually none.
 *
 * @internal
 */
export type FollowUp = Effect.Effect<void> | undefined
