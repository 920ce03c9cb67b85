/**
 * What to do next in one hedged call, as a pure machine. Success needs no machine: the first one ends the call.
 */
import type * as Cause from "effect/Cause"
import type { Consequence } from "./hedgeModel.js"

/** @internal */
export interface State<out E> {
  readonly inFlight: number
  /** How many more attempts may be started. */
  readonly left: number
  /** What the call fails with when nothing is left. */
  readonly failure: Failure<E> | undefined
}

/** @internal */
export interface Failure<out E> {
  readonly cause: Cause.Cause<E>
  /** Whether it was refused locally, so that it says less than any other failure. */
  readonly refused: boolean
}

/** @internal */
export interface Failed<out E> {
  readonly _tag: "Failed"
  readonly consequence: Consequence
  readonly failure: Failure<E>
}

/** @internal */
export type Event<E> =
  /** The delay since the latest attempt began is over. */
  | { readonly _tag: "Due" }
  | Failed<E>
  /** The answer to `Hedge`: another attempt has begun. */
  | { readonly _tag: "Started" }
  /** The answer to `Hedge`: the budget or the deadline does not allow another attempt. */
  | { readonly _tag: "Denied" }

/** @internal */
export type Decision<E> =
  | { readonly _tag: "Wait" }
  | { readonly _tag: "Hedge" }
  | { readonly _tag: "Fail"; readonly cause: Cause.Cause<E> }

/**
 * The first attempt has begun.
 *
 * @internal
 */
export const make = (maxHedges: number): State<never> => ({ inFlight: 1, left: maxHedges, failure: undefined })

/** @internal */
export const step = <E>(state: State<E>, event: Event<E>): readonly [next: State<E>, decision: Decision<E>] => {
  switch (event._tag) {
    case "Due":
      return [state, state.left > 0 ? { _tag: "Hedge" } : { _tag: "Wait" }]
    case "Started":
      return [{ ...state, inFlight: state.inFlight + 1, left: state.left - 1 }, { _tag: "Wait" }]
    case "Denied":
      return exhaust({ ...state, left: 0 })
    case "Failed": {
      const next: State<E> = {
        inFlight: state.inFlight - 1,
        left: event.consequence === "next" ? state.left : 0,
        failure: event.failure.refused && state.failure?.refused === false ? state.failure : event.failure
      }
      if (event.consequence === "fail") return [next, { _tag: "Fail", cause: event.failure.cause }]
      return next.left > 0 ? [next, { _tag: "Hedge" }] : exhaust(next)
    }
  }
}

const exhaust = <E>(state: State<E>): readonly [next: State<E>, decision: Decision<E>] => [
  state,
  state.inFlight === 0 && state.failure !== undefined
    ? { _tag: "Fail", cause: state.failure.cause }
    : { _tag: "Wait" }
]

/**
 * Whether the time that the first attempt has taken up to now is to be counted as a latency.
 *
 * Of an attempt that was given up only its having outlived the delay is known. It must count as that: if only the
 * answers were counted, every hedge that wins would remove a slow one, the quantile would sink and hedge more, and so on.
 * For the same reason hedges are never counted: only those fast enough to win would be. What failed says nothing about
 * how long an answer takes.
 *
 * @internal
 */
export const isObserved = (first: "succeeded" | "failed" | "given up", elapsed: bigint, delay: bigint): boolean =>
  first === "succeeded" || (first === "given up" && elapsed >= delay)
