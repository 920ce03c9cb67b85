/** Combines several rules into one. */
import type { Following, Reason, Trip, Window } from "./tripModel.js"

/**
 * Combines the decisions of the rules about the same call, in the order of the rules, into one reason.
 *
 * @internal
 */
export type Combine = (own: ReadonlyArray<Reason | undefined>) => Reason | undefined

/** @internal */
export const composed = (trips: ReadonlyArray<Trip>, combine: Combine): Window => {
  const windows = trips.map((trip) => trip.window())
  const fullest = (now: number | undefined) => windows.reduce((a, b) => b.calls(now) > a.calls(now) ? b : a)
  return {
    timed: windows.some(({ timed }) => timed),
    record: (verdict, now) => {
      // Every call passes here and hardly any of them opens a circuit, so an array is created only for those that do.
      let reasons: Array<Reason | undefined> | undefined
      for (let i = 0; i < windows.length; i++) {
        const own = windows[i]?.record(verdict, now)
        if (own === undefined) continue
        reasons ??= Array.from(windows, () => undefined)
        reasons[i] = own
      }
      return reasons === undefined ? undefined : combine(reasons)
    },
    calls: (now) => fullest(now).calls(now),
    failures: (now) => fullest(now).failures(now),
    following: followAll(windows, combine)
  }
}

const followAll = (windows: ReadonlyArray<Window>, combine: Combine): Following | undefined => {
  const [first, ...others] = windows.flatMap(({ following }) => following === undefined ? [] : [following])
  if (first === undefined) return undefined
  return {
    evaluate: (now) => combine(windows.map(({ following }) => following?.evaluate(now))),
    begin: (now) => {
      const ends = windows.map((window) => beginOf(window, now))
      return (verdict, now) => combine(ends.map((end) => end(verdict, now)))
    },
    slow: (now) => others.map(({ slow }) => slow(now)).reduce((a, b) => b.calls > a.calls ? b : a, first.slow(now))
  }
}

const beginOf = (window: Window, now: number): ReturnType<Following["begin"]> =>
  window.following === undefined
    ? (verdict, now) => verdict === "ignore" ? undefined : window.record(verdict, now)
    : window.following.begin(now)
