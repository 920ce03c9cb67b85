/** The public view of a circuit. */
import * as Option from "effect/Option"
import * as machine from "./circuitBreaker.js"
import type { Metrics, State } from "./circuitBreakerModel.js"

/** @internal */
export const state = (state: machine.State, now: bigint): State =>
  state._tag === "Open"
    ? { _tag: "Open", retryAfter: machine.remaining(state.until, now) }
    : { _tag: state._tag }

/** @internal */
export type Counted = Pick<
  Metrics,
  "calls" | "failures" | "failureRate" | "slowCalls" | "slowCallRate" | "inFlight"
>

/** @internal */
export const counted = (settings: machine.Settings, state: machine.State, now: bigint): Counted => {
  switch (state._tag) {
    case "Closed":
    case "MetricsOnly":
      return countedClosed(state, machine.toMillis(now))
    case "HalfOpen": {
      const { failed, succeeded } = state.probes
      const running = machine.probing(settings, state.probes)
      return { ...nothing, ...shares(succeeded + failed, failed), inFlight: Option.some(running) }
    }
    case "Open":
    case "Isolated":
      return { ...nothing, inFlight: Option.some(0) }
    case "Disabled":
      return nothing
  }
}

const countedClosed = ({ window }: machine.Closed | machine.MetricsOnly, now: number): Counted => {
  const slow = window.following?.slow(now)
  return {
    ...shares(window.calls(now), window.failures(now)),
    slowCalls: slow?.slow ?? 0,
    slowCallRate: slow === undefined ? 0 : ratio(slow.slow, slow.calls),
    inFlight: Option.fromNullable(slow?.inFlight)
  }
}

const shares = (calls: number, failures: number): Pick<Metrics, "calls" | "failures" | "failureRate"> => ({
  calls,
  failures,
  failureRate: ratio(failures, calls)
})

const ratio = (part: number, whole: number): number => whole === 0 ? 0 : part / whole

const nothing: Counted = { ...shares(0, 0), slowCalls: 0, slowCallRate: 0, inFlight: Option.none() }
