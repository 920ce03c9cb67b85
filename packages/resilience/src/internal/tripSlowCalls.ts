/** The window of a rule for slow calls, which detects them while they are in flight. */
import * as List from "./linkedList.js"
import * as Tally from "./tally.js"
import type { Reason, Window } from "./tripModel.js"

/** @internal */
export const slowCalls = ({ millis, minimumCalls, tally, threshold }: {
  readonly tally: Tally.Tally
  /** The duration in milliseconds from which a call is slow. */
  readonly millis: number
  readonly threshold: number
  readonly minimumCalls: number
}): Window => {
  // Start times of the calls in flight that are not slow yet, the oldest first. Each call leaves the list only once, so
  // finding those that have become slow costs almost nothing.
  const young = List.make<number>()
  let overdue = 0
  let latest = Number.NEGATIVE_INFINITY

  const advance = (now: number): void => {
    if (now > latest) latest = now
    tally.advance(latest)
    for (let call = young.head; call !== undefined && latest - call.value >= millis; call = young.head) {
      List.remove(call)
      overdue++
    }
  }
  const judge = (): Reason | undefined => {
    const calls = tally.calls + overdue
    const slow = tally.slow + overdue
    return calls >= minimumCalls && slow / calls >= threshold
      ? { _tag: "SlowCallRate", calls, slow, rate: slow / calls }
      : undefined
  }
  return {
    record: (verdict, now = latest) => {
      advance(now)
      tally.record(verdict === "failure", false)
      return judge()
    },
    ...Tally.counts(tally),
    following: {
      evaluate: (now) => {
        advance(now)
        return judge()
      },
      begin: (now) => {
        advance(now)
        const call = List.node(latest)
        List.append(young, call)
        return (verdict, now) => {
          advance(now)
          const slow = call.list === undefined
          if (slow) overdue--
          else List.remove(call)
          if (verdict === "ignore") return undefined
          tally.record(verdict === "failure", slow)
          return judge()
        }
      },
      slow: (now) => {
        advance(now)
        return {
          calls: tally.calls + overdue,
          slow: tally.slow + overdue,
          inFlight: young.size + overdue
        }
      }
    }
  }
}
