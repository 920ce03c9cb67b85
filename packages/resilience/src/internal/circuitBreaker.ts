/**
 * The circuit breaker as a pure state machine. Time is passed in as `now`, in monotonic nanoseconds.
 *
 * Every transition replaces the state with a new object, so the identity of the object identifies its generation: a
 * call that began in another object is late. A state owns its counters (window, probes, holders) and changes them in
 * place; counting in a replaced state is therefore harmless.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type * as Trip from "./tripModel.js"

/**
 * An instant on the monotonic clock; `undefined` means never.
 *
 * @internal
 */
export type Instant = bigint | undefined

/** @internal */
export type State = Closed | MetricsOnly | Open | HalfOpen | Isolated | Disabled

/** @internal */
export interface Closed {
  readonly _tag: "Closed"
  readonly window: Trip.Window
}

/**
 * Counts like a closed circuit, but never opens.
 *
 * @internal
 */
export interface MetricsOnly {
  readonly _tag: "MetricsOnly"
  readonly window: Trip.Window
}

/** @internal */
export interface Open {
  readonly _tag: "Open"
  readonly until: Instant
  readonly progress: Progress
}

/**
 * The progress of the schedule of open durations.
 *
 * @internal
 */
export interface Progress {
  readonly steps: number
  readonly state: unknown
}

/** @internal */
export interface HalfOpen {
  readonly _tag: "HalfOpen"
  readonly progress: Progress
  readonly probes: Probes
}

/** @internal */
export interface Probes {
  /** Set from the first probe while probes are in flight: time without a call must not count as time of the probes. */
  deadline: Instant
  free: number
  succeeded: number
  failed: number
}

/** @internal */
export interface Isolated {
  readonly _tag: "Isolated"
  readonly holding: {
    count: number
    /**
     * The state that follows when the last holder releases the isolation: the state that was set manually before, or
     * closed if it is `undefined`.
     */
    returnTo: Open | Disabled | MetricsOnly | undefined
  }
}

/** @internal */
export interface Disabled {
  readonly _tag: "Disabled"
}

/** @internal */
export interface Settings {
  readonly trip: Trip.Trip
  readonly permits: number
  readonly successes: number
  readonly timeout: Duration.Duration
  /** The duration in nanoseconds from which a successful probe counts as failed; `undefined` for no limit. */
  readonly slowAfter: bigint | undefined
  /** The initial progress of the schedule of open durations. */
  readonly progress: Progress
}

/** @internal */
export type Event =
  | { readonly _tag: "Arrived" }
  | { readonly _tag: "Tripped"; readonly from: State; readonly until: Instant; readonly progress: Progress }
  | { readonly _tag: "OpenRequested"; readonly until: Instant }
  | { readonly _tag: "Noted"; readonly from: State }
  | { readonly _tag: "Recovered"; readonly from: State }
  | { readonly _tag: "Reset" }
  | { readonly _tag: "Isolated" }
  | { readonly _tag: "Released"; readonly from: State }
  | { readonly _tag: "ForcedOpen" }
  | { readonly _tag: "Disabled" }
  | { readonly _tag: "MetricsOnly" }
  | { readonly _tag: "Enabled" }

/** @internal */
export const closed = (settings: Settings): Closed => ({ _tag: "Closed", window: settings.trip.window() })

/** @internal */
export const metricsOnly = (settings: Settings): MetricsOnly => ({
  _tag: "MetricsOnly",
  window: settings.trip.window()
})

/**
 * Returns the state after an event, or the same object if the event changes nothing.
 *
 * @internal
 */
export const step = (settings: Settings, state: State, event: Event, now: bigint): State => {
  switch (event._tag) {
    case "Arrived":
      return state._tag === "Open" && isPast(state.until, now) ? halfOpen(settings, state.progress) : state
    case "Tripped":
      return state === event.from ? { _tag: "Open", until: event.until, progress: event.progress } : state
    case "OpenRequested":
      return openRequested(settings, state, event.until, now)
    case "Noted":
      return state === event.from ? metricsOnly(settings) : state
    case "Recovered":
      return state === event.from ? closed(settings) : state
    case "Reset":
      return closed(settings)
    case "Isolated":
      return state._tag === "Isolated"
        ? state
        : { _tag: "Isolated", holding: { count: 0, returnTo: setManually(state) } }
    case "Released":
      return state !== event.from ? state : released(settings, state)
    case "ForcedOpen":
      return forcedOpen(settings, state)
    case "Disabled":
      return state._tag === "Disabled" ? state : { _tag: "Disabled" }
    case "MetricsOnly":
      return state._tag === "MetricsOnly" ? state : metricsOnly(settings)
    case "Enabled":
      return enabled(settings, state)
  }
}

const halfOpen = (settings: Settings, progress: Progress): HalfOpen => ({
  _tag: "HalfOpen",
  progress,
  probes: { deadline: undefined, free: settings.permits, succeeded: 0, failed: 0 }
})

/**
 * Returns the state that an isolation must not undo: a circuit that can only be closed manually stays open, and a
 * disabled circuit stays disabled.
 */
const setManually = (state: State): Open | Disabled | MetricsOnly | undefined =>
  state._tag === "Disabled" || state._tag === "MetricsOnly" || (state._tag === "Open" && state.until === undefined)
    ? state
    : undefined

const released = (settings: Settings, state: State): State => {
  const returnTo = state._tag === "Isolated" ? state.holding.returnTo : undefined
  if (returnTo === undefined) return closed(settings)
  return returnTo._tag === "MetricsOnly" ? metricsOnly(settings) : { ...returnTo }
}

const forcedOpen = (settings: Settings, state: State): Open => {
  if (state._tag === "Open" && state.until === undefined) return state
  const progress = state._tag === "Open" || state._tag === "HalfOpen" ? state.progress : settings.progress
  return { _tag: "Open", until: undefined, progress }
}

const isPermissive = (state: State): boolean => state._tag === "Disabled" || state._tag === "MetricsOnly"

const enabled = (settings: Settings, state: State): State => {
  if (isPermissive(state)) return closed(settings)
  if (state._tag === "Isolated" && state.holding.returnTo !== undefined && isPermissive(state.holding.returnTo)) {
    state.holding.returnTo = undefined
  }
  return state
}

const openRequested = (settings: Settings, state: State, until: Instant, now: bigint): State => {
  if (isPast(until, now)) return state
  switch (state._tag) {
    case "Closed":
      return { _tag: "Open", until, progress: settings.progress }
    case "HalfOpen":
      return { _tag: "Open", until, progress: state.progress }
    case "Open":
      return isLater(until, state.until) ? { _tag: "Open", until, progress: state.progress } : state
    case "Isolated":
    case "Disabled":
    case "MetricsOnly":
      return state
  }
}

/** @internal */
export interface Refusal {
  readonly _tag: "Refusal"
  readonly state: "Open" | "HalfOpen" | "Isolated"
  readonly retryAfter: Duration.Duration
}

/**
 * Returns why a call arriving now is refused, or `undefined` if it is admitted.
 *
 * @internal
 */
export const refusal = (state: State, now: bigint): Refusal | undefined => {
  switch (state._tag) {
    case "Closed":
    case "Disabled":
    case "MetricsOnly":
      return undefined
    case "Open":
      return isPast(state.until, now) ? undefined : makeRefusal("Open", state.until, now)
    case "HalfOpen":
      return refusalHalfOpen(state, now)
    case "Isolated":
      return makeRefusal("Isolated", undefined, now)
  }
}

/**
 * Admits an arriving call, taking a probe permit if it becomes a probe, or returns why it is refused.
 *
 * @internal
 */
export const admit = (
  settings: Settings,
  state: State,
  now: bigint
): readonly [entry: Closed | MetricsOnly | Disabled | HalfOpen | Refusal, next: State] => {
  const next = step(settings, state, { _tag: "Arrived" }, now)
  switch (next._tag) {
    case "Closed":
    case "Disabled":
    case "MetricsOnly":
      return [next, next]
    case "HalfOpen": {
      const refusal = refusalHalfOpen(next, now)
      if (refusal !== undefined) return [refusal, next]
      next.probes.deadline ??= after(now, settings.timeout)
      next.probes.free--
      return [next, next]
    }
    case "Open":
      return [makeRefusal("Open", next.until, now), next]
    case "Isolated":
      return [makeRefusal("Isolated", undefined, now), next]
  }
}

const refusalHalfOpen = ({ probes }: HalfOpen, now: bigint): Refusal | undefined =>
  probes.free > 0 && !isPast(probes.deadline, now) ? undefined : makeRefusal("HalfOpen", probes.deadline, now)

/**
 * Returns an unused probe permit.
 *
 * @internal
 */
export const returnPermit = (settings: Settings, probes: Probes): void => {
  probes.free++
  clearIdleDeadline(settings, probes)
}

/**
 * Returns the number of probes in flight.
 *
 * @internal
 */
export const probing = (settings: Settings, { failed, free, succeeded }: Probes): number =>
  settings.permits - free - succeeded - failed

/** Clears the deadline when no probe is in flight: the time of the probes runs only while there are any. */
const clearIdleDeadline = (settings: Settings, probes: Probes): void => {
  if (probing(settings, probes) === 0) probes.deadline = undefined
}

/** @internal */
export const makeRefusal = (state: Refusal["state"], until: Instant, now: bigint): Refusal => ({
  _tag: "Refusal",
  state,
  retryAfter: remaining(until, now)
})

/**
 * Returns `true` if the probes of this state have used up their time.
 *
 * @internal
 */
export const isExpired = (state: State, now: bigint): state is HalfOpen =>
  state._tag === "HalfOpen" && isPast(state.probes.deadline, now)

/**
 * Counts one finished probe and returns what the probes have shown together. `permits` is the number of results that
 * count: a success or failure consumes its permit, so a decision is always reached.
 *
 * @internal
 */
export const recordProbe = (
  settings: Settings,
  probes: Probes,
  verdict: "success" | "failure",
  took: bigint
): "Undecided" | "Recovered" | "Failed" => {
  const isSlow = settings.slowAfter !== undefined && took >= settings.slowAfter
  if (verdict === "success" && !isSlow) {
    probes.succeeded++
    clearIdleDeadline(settings, probes)
    return probes.succeeded >= settings.successes ? "Recovered" : "Undecided"
  }
  probes.failed++
  clearIdleDeadline(settings, probes)
  return probes.failed > settings.permits - settings.successes ? "Failed" : "Undecided"
}

/**
 * Converts an instant to milliseconds for the windows of trip rules. It is exact for whole milliseconds of present
 * dates.
 *
 * @internal
 */
export const toMillis = (instant: bigint): number => Number(instant / 1000n) / 1000

/** @internal */
export const after = (now: bigint, duration: Duration.Duration): Instant =>
  Option.match(Duration.toNanos(duration), { onNone: () => undefined, onSome: (nanos) => now + nanos })

/** @internal */
export const remaining = (until: Instant, now: bigint): Duration.Duration =>
  until === undefined ? Duration.infinity : Duration.millis(until > now ? Number(until - now) / 1e6 : 0)

const isPast = (instant: Instant, now: bigint): boolean => instant !== undefined && now >= instant

const isLater = (a: Instant, b: Instant): boolean => b !== undefined && (a === undefined || a > b)
