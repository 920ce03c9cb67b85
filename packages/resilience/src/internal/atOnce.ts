/**
 * What gates of this library do at once, within the step of their caller and without an effect, where nobody has to wait. A
 * policy asks for it when it is made: an attempt that gets through all of its gates so costs about half.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

/** @internal */
export const AtOnce: unique symbol = Symbol.for("@effect-exchange/resilience/AtOnce")

/** @internal */
export type AtOnce = typeof AtOnce

/**
 * Says what a gate does at once. Not enumerable: whoever wraps a gate, by spreading it, is asked for every call.
 *
 * @internal
 */
export const attach = <G extends { readonly [AtOnce]?: unknown }>(gate: G, atOnce: NonNullable<G[AtOnce]>): G =>
  Object.defineProperty(gate, AtOnce, { value: atOnce })

/** @internal */
export interface OfBreaker<in E> {
  /** Lets a call pass, unless only `protect` can; what it answers is to be told how the call ended. */
  readonly enter: () => ((exit: Exit.Exit<unknown, E>, clock: Clock.Clock) => After) | undefined
}

/** @internal */
export interface OfBulkhead {
  readonly hasRoom: (lane: string | undefined) => boolean
  /** Takes a permit, where there is room; what it answers gives it back. */
  readonly enter: (lane: string | undefined) => () => After
}

/** @internal */
export interface OfLimiter<in C, in Options> {
  /** Holds a cost, unless it has to be waited for. */
  readonly hold: (cost: C | undefined, options: Options, clock: Clock.Clock) => Held | undefined
}

/** @internal */
export interface OfBudget {
  readonly deposit: (now: bigint) => void
}

/** @internal */
export interface Held {
  readonly commit: (clock: Clock.Clock) => void
  readonly refund: Effect.Effect<void>
}

/**
 * What is left to be done: nothing, most of the time.
 *
 * @internal
 */
export type After = Effect.Effect<void> | undefined
