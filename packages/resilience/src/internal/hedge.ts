/**
 * Decides the next step of one hedged call, as a pure state machine. It has no event for a success: the first success
 * ends the call.
 */
import type * as Cause from "effect/Cause"
import type { Consequence } from "./hedgeModel.js"

/** @internal */
export interface State<out E> {
  readonly inFlight: number
  /** The number of attempts that may still be started. */
  readonly attemptsLeft: number
  /** The failure of the call if no attempt is left. */
  readonly failure: Failure<E> | undefined
}

/** @internal */
export interface Failure<out E> {
  readonly cause: Cause.Cause<E>
  /** Whether the attempt was refused locally, so that any other failure takes precedence. */
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
  /** The delay since the start of the latest attempt is over. */
  | { readonly _tag: "Due" }
  | Failed<E>
  /** The response to `Hedge`: another attempt has started. */
  | { readonly _tag: "Started" }
  /** The response to `Hedge`: the budget or the deadline does not allow another attempt. */
  | { readonly _tag: "Denied" }

/** @internal */
export type Decision<E> =
  | { readonly _tag: "Wait" }
  | { readonly _tag: "Hedge" }
  | { readonly _tag: "Fail"; readonly cause: Cause.Cause<E> }

/**
 * Returns the state after the first attempt has started.
 *
 * @internal
 */
export const make = (maxHedges: number): State<never> => ({ inFlight: 1, attemptsLeft: maxHedges, failure: undefined })

/** @internal */
export const step = <E>(state: State<E>, event: Event<E>): readonly [next: State<E>, decision: Decision<E>] => {
  switch (event._tag) {
    case "Due":
      return [state, state.attemptsLeft > 0 ? { _tag: "Hedge" } : { _tag: "Wait" }]
    case "Started":
      return [{ ...state, inFlight: state.inFlight + 1, attemptsLeft: state.attemptsLeft - 1 }, { _tag: "Wait" }]
    case "Denied":
      return exhaust({ ...state, attemptsLeft: 0 })
    case "Failed": {
      const next: State<E> = {
        inFlight: state.inFlight - 1,
        attemptsLeft: event.consequence === "next" ? state.attemptsLeft : 0,
        failure: event.failure.refused && state.failure?.refused === false ? state.failure : event.failure
      }
      if (event.consequence === "fail") return [next, { _tag: "Fail", cause: event.failure.cause }]
      return next.attemptsLeft > 0 ? [next, { _tag: "Hedge" }] : exhaust(next)
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
 * Returns `true` if the time the first attempt has taken so far must be recorded as a latency.
 *
 * Of an attempt that was abandoned it is only known that it took longer than the delay, and it must count as that. If
 * only responses counted, every hedge that wins would remove a slow latency, the quantile would fall, more calls would
 * be hedged, and so on. For the same reason hedges never count: only those fast enough to win would. A failure says
 * nothing about how long a response takes.
 *
 * @internal
 */
export const isObserved = (first: "succeeded" | "failed" | "given up", elapsed: bigint, delay: bigint): boolean =>
  first === "succeeded" || (first === "given up" && elapsed >= delay)
