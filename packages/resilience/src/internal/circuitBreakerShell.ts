/**
 * The circuit breaker as effects: reads the clock, steps the schedule, commits the decisions of the state machine and
 * reports them.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import type * as Schedule from "effect/Schedule"
import type * as Trip from "../Trip.js"
import * as machine from "./circuitBreaker.js"
import * as Cell from "./circuitBreakerCell.js"
import * as circuitBreakerMetrics from "./circuitBreakerMetrics.js"
import type { CircuitBreaker, TripCause, Verdict } from "./circuitBreakerModel.js"
import * as circuitBreakerQueue from "./circuitBreakerQueue.js"
import * as circuitBreakerSnapshot from "./circuitBreakerSnapshot.js"
import * as view from "./circuitBreakerView.js"
import { logDefect } from "./defects.js"
import { attach, type BreakerFastPath, type FastPath, type FollowUp } from "./fastPath.js"
import { monotonic } from "./time.js"
import * as Waiting from "./waiting.js"

/** @internal */
export interface Config<in E, out Refused> {
  readonly name: string
  readonly openFor: Schedule.Schedule<unknown, TripCause>
  readonly settings: machine.Settings
  /** The maximum number of calls that may wait while the circuit is half-open. */
  readonly maxQueue: number
  readonly classify: (exit: Exit.Exit<unknown, E>) => Verdict
  /** Judges the call if `classify` dies. */
  readonly otherwise: (exit: Exit.Exit<unknown, E>) => Verdict
  readonly refuse: (refusal: machine.Refusal) => Refused
}

/** @internal */
export interface Shell<in E, out Refused> extends
  Pick<
    CircuitBreaker<E>,
    | "state"
    | "metrics"
    | "changes"
    | "snapshot"
    | "automatic"
    | "isolate"
    | "openUntil"
    | "forceOpen"
    | "disable"
    | "metricsOnly"
    | "enable"
    | "reset"
  >
{
  readonly protect: <A, E1 extends E, R>(self: Effect.Effect<A, E1, R>) => Effect.Effect<A, E1 | Refused, R>
  readonly check: Effect.Effect<void, Refused>
  readonly [FastPath]?: BreakerFastPath<E>
}

/** A state that admits and counts every call. */
type Counting = machine.Closed | machine.MetricsOnly

/** The handlers for the end of calls that began in one such state. */
interface EndHandlers<in E> {
  readonly started: Counting
  readonly onFailure: <E1 extends E>(cause: Cause.Cause<E1>) => Effect.Effect<never, E1>
  readonly onSuccess: <A>(value: A) => Effect.Effect<A>
  readonly ended: (exit: Exit.Exit<unknown, E>, clock: Clock.Clock) => FollowUp
}

/** @internal */
export const make = <E, Refused>(
  config: Config<E, Refused>,
  initial: machine.State
): Effect.Effect<Shell<E, Refused>> =>
  Effect.suspend(() => {
    const meters = circuitBreakerMetrics.make(config.name, initial._tag)
    const queue = circuitBreakerQueue.make(config.maxQueue)
    return Effect.map(
      Cell.make({ ...config, meters, queue }, initial),
      (cell) => unsafeMake(config, meters, queue, cell)
    )
  })

const unsafeMake = <E, Refused>(
  { classify, maxQueue, name, otherwise, refuse, settings }: Config<E, Refused>,
  meters: circuitBreakerMetrics.Meters,
  queue: circuitBreakerQueue.Queue,
  cell: Cell.Cell
): Shell<E, Refused> => {
  const { commit, current, observe, request, send, trip, updateAlarm } = cell
  const totals = { rejected: 0, late: 0 }

  let died: Cause.Cause<never> | undefined

  const judge = (exit: Exit.Exit<unknown, E>): Verdict => {
    if (Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)) return "ignore"
    try {
      return classify(exit)
    } catch (defect) {
      died = Cause.die(defect)
      return otherwise(exit)
    }
  }

  /** Must be called synchronously after `judge`: logs the defect of the classifier, if there was one. */
  const withDefectLog = (then: FollowUp): FollowUp => {
    if (died === undefined) return then
    const logged = logDefect(`\`classify\` of circuit breaker "${name}"`, died)
    died = undefined
    return then === undefined ? logged : Effect.zipRight(logged, then)
  }

  /** Must be called in the step in which the call is refused, not earlier, because it counts the refusal. */
  const reject = (refusal: machine.Refusal): Effect.Effect<never, Refused> => {
    totals.rejected++
    meters.notPermitted()
    return Effect.fail(refuse(refusal))
  }

  const conclude = (started: Counting, verdict: Verdict, reason: Trip.Reason | undefined): FollowUp => {
    if (verdict === "ignore") return undefined
    const isLate = current() !== started
    if (isLate) totals.late++
    if (typeof verdict !== "string") return request(verdict)
    return isLate || reason === undefined ? undefined : trip(started, reason)
  }

  const endedAt = (started: Counting, exit: Exit.Exit<unknown, E>, clock: Clock.Clock | undefined): FollowUp => {
    const verdict = judge(exit)
    const reason = verdict === "success" || verdict === "failure"
      ? started.window.record(verdict, clock && millisOf(clock))
      : undefined
    return withDefectLog(conclude(started, verdict, reason))
  }

  const finishClosed = <A, E1 extends E>(started: Counting, exit: Exit.Exit<A, E1>): Effect.Effect<A, E1> =>
    started.window.timed === true
      ? Effect.clockWith((clock) => thenExit(endedAt(started, exit, clock), exit))
      : thenExit(endedAt(started, exit, undefined), exit)

  const makeEndHandlers = (started: Counting): EndHandlers<E> => ({
    started,
    onFailure: (cause) => finishClosed(started, Exit.failCause(cause)),
    onSuccess: (value) => finishClosed(started, Exit.succeed(value)),
    ended: (exit, clock) => endedAt(started, exit, started.window.timed === true ? clock : undefined)
  })

  let latest: EndHandlers<E> | undefined

  const endHandlersFor = (started: Counting): EndHandlers<E> =>
    latest?.started === started ? latest : latest = makeEndHandlers(started)

  // Uses no mask, no fiber, no clock, and no closures except those shared by all calls of one generation. Effect skips
  // these handlers only when the caller itself is interrupted, and an interruption is ignored anyway.
  const runCounted = <A, E1 extends E, R>(
    started: Counting,
    self: Effect.Effect<A, E1, R>
  ): Effect.Effect<A, E1, R> => {
    return Effect.matchCauseEffect<A, E1, R, never, E1, never, A, never, never>(self, endHandlersFor(started))
  }

  const finishTracked = <A, E1 extends E>(
    started: Counting,
    end: ReturnType<Trip.Following["begin"]>,
    exit: Exit.Exit<A, E1>
  ): Effect.Effect<A, E1> =>
    Effect.clockWith((clock) => {
      const verdict = judge(exit)
      const reason = end(Predicate.isObject(verdict) ? "ignore" : verdict, millisOf(clock))
      return thenExit(withDefectLog(conclude(started, verdict, reason)), exit)
    })

  // Interruption must be observed here; otherwise the call would count as in flight forever.
  const runTracked = <A, E1 extends E, R>(
    started: Counting,
    following: Trip.Following,
    self: Effect.Effect<A, E1, R>
  ): Effect.Effect<A, E1 | Refused, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.clockWith((clock) => {
        // A transition has happened since the caller was admitted.
        if (current() !== started) return restore(protect(self))
        const now = millisOf(clock)
        const reason = following.evaluate(now)
        if (reason !== undefined) return Effect.zipRight(trip(started, reason), restore(runGated(self)))
        const end = following.begin(now)
        return Effect.matchCauseEffect(restore(self), {
          onFailure: (cause) => finishTracked(started, end, Exit.failCause(cause)),
          onSuccess: (value) => finishTracked(started, end, Exit.succeed(value))
        })
      })
    )

  const enter = <A, E1 extends E, R>(
    started: Counting,
    self: Effect.Effect<A, E1, R>
  ): Effect.Effect<A, E1 | Refused, R> => {
    const { following } = started.window
    return following === undefined ? runCounted(started, self) : runTracked(started, following, self)
  }

  // Observes the state first: probes whose time is over must not be excused because the last of them was interrupted
  // just then.
  const returnPermit = (started: machine.HalfOpen): Effect.Effect<void> =>
    observe((state) => {
      if (state === started && queue.handOver()) return updateAlarm
      machine.returnPermit(settings, started.probes)
      return updateAlarm
    })

  const finishProbe = (started: machine.HalfOpen, startedAt: bigint, verdict: Verdict): Effect.Effect<void> => {
    if (verdict === "ignore") return returnPermit(started)
    return observe((state, now): Effect.Effect<void> => {
      if (state !== started) totals.late++
      if (Predicate.isObject(verdict)) return Effect.zipRight(request(verdict), returnPermit(started))
      if (state !== started) return Effect.void
      const outcome = machine.recordProbe(settings, started.probes, verdict, now - startedAt)
      if (outcome === "Recovered") return send({ _tag: "ProbesSucceeded" }, { _tag: "Recovered", from: started })
      return outcome === "Failed"
        ? trip(started, { _tag: "ProbesFailed", failures: started.probes.failed })
        : updateAlarm
    })
  }

  const probe = <A, E1 extends E, R>(
    started: machine.HalfOpen,
    restore: Waiting.Restore,
    self: Effect.Effect<A, E1, R>
  ): Effect.Effect<A, E1, R> =>
    Effect.clockWith((clock) => {
      const startedAt = monotonic(clock)
      return Effect.flatMap(Effect.exit(restore(self)), (exit) => {
        const verdict = judge(exit)
        return thenExit(withDefectLog(finishProbe(started, startedAt, verdict)), exit)
      })
    })

  // Refuses and queues in the same instant; otherwise a permit returned in between would find no waiting caller.
  const arrive = (mayWait: boolean) =>
    commit({ _tag: "OpenElapsed" }, (state, now) => {
      const [entry, next] = machine.admit(settings, state, now)
      const isExcess = mayWait && entry._tag === "Refusal" && next._tag === "HalfOpen"
      const place = isExcess ? queue.join() : undefined
      return [
        place === undefined || next._tag !== "HalfOpen" ? entry : { _tag: "Wait" as const, place, started: next },
        next
      ]
    })

  // A woken caller either holds a permit of the state in which it waited, or finds that this state has ended and the
  // probes have been decided.
  const runQueued = <A, E1 extends E, R>(
    place: circuitBreakerQueue.Place,
    started: machine.HalfOpen,
    restore: Waiting.Restore,
    self: Effect.Effect<A, E1, R>
  ): Effect.Effect<A, E1 | Refused, R> =>
    Effect.matchEffect(
      Waiting.wait(place.value, {
        name,
        restore,
        withdraw: Effect.suspend(() => queue.leave(place) ? updateAlarm : returnPermit(started))
      }),
      {
        // The caller's own deadline passed first.
        onFailure: () => observe((_, now) => reject(machine.makeRefusal("HalfOpen", started.probes.deadline, now))),
        onSuccess: () =>
          observe((state) => state === started ? probe(started, restore, self) : restore(runGated(self, false)))
      }
    )

  const runMasked = <A, E1 extends E, R>(
    self: Effect.Effect<A, E1, R>,
    mayWait: boolean
  ): Effect.Effect<A, E1 | Refused, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(arrive(mayWait), (entry): Effect.Effect<A, E1 | Refused, R> => {
        switch (entry._tag) {
          case "Closed":
          case "MetricsOnly":
            return restore(enter(entry, self))
          case "Disabled":
            return restore(self)
          case "HalfOpen":
            return probe(entry, restore, self)
          case "Wait":
            return runQueued(entry.place, entry.started, restore, self)
          case "Refusal":
            return reject(entry)
        }
      })
    )

  const refusal = (state: machine.State, now: bigint, mayWait: boolean): machine.Refusal | undefined => {
    const refusal = machine.refusal(state, now)
    return mayWait && refusal?.state === "HalfOpen" && queue.size() < maxQueue ? undefined : refusal
  }

  // Refuses without a mask. Only a call that is likely to be admitted pays for one.
  const runGated = <A, E1 extends E, R>(
    self: Effect.Effect<A, E1, R>,
    mayWait = true
  ): Effect.Effect<A, E1 | Refused, R> =>
    observe((state, now) => {
      const refused = refusal(state, now, mayWait)
      return refused === undefined ? runMasked(self, mayWait) : reject(refused)
    })

  const protect = <A, E1 extends E, R>(self: Effect.Effect<A, E1, R>): Effect.Effect<A, E1 | Refused, R> =>
    Effect.suspend(() => {
      const state = current()
      switch (state._tag) {
        case "Closed":
        case "MetricsOnly":
          return enter(state, self)
        case "Disabled":
          return self
        default:
          return runGated(self)
      }
    })

  // Built when it runs, like all rarely used effects here: together they would be half of a breaker's memory.
  const sendManually = (tag: "ForcedOpen" | "Disabled" | "MetricsOnly" | "Enabled" | "Reset"): Effect.Effect<void> =>
    Effect.suspend(() => Effect.uninterruptible(send({ _tag: tag }, { _tag: tag })))

  return attach<Shell<E, Refused>>({
    protect,
    check: observe((state, now) => {
      const refused = refusal(state, now, true)
      return refused === undefined ? Effect.void : reject(refused)
    }),
    state: Effect.suspend(() => observe((state, now) => Effect.succeed(view.state(state, now)))),
    metrics: Effect.suspend(() =>
      observe((state, now) =>
        Effect.sync(() => ({
          ...view.counted(settings, state, now),
          waiting: queue.size(),
          ...totals,
          trips: cell.trips()
        }))
      )
    ),
    changes: cell.changes,
    snapshot: Effect.suspend(() => observe((state, now) => Effect.succeed(circuitBreakerSnapshot.take(state, now)))),
    automatic: cell.automatic,
    isolate: Effect.suspend(() =>
      Effect.asVoid(Effect.acquireRelease(
        commit({ _tag: "Isolated" }, (state, now) => {
          const next = machine.step(settings, state, { _tag: "Isolated" }, now)
          if (next._tag === "Isolated") next.holding.count++
          return [next, next]
        }),
        (held) =>
          held._tag === "Isolated" && --held.holding.count === 0
            ? send({ _tag: "Released" }, { _tag: "Released", from: held })
            : Effect.void
      ))
    ),
    openUntil: (epochMillis) => request({ _tag: "OpenUntil", epochMillis }),
    forceOpen: sendManually("ForcedOpen"),
    disable: sendManually("Disabled"),
    metricsOnly: sendManually("MetricsOnly"),
    enable: sendManually("Enabled"),
    reset: sendManually("Reset")
  }, {
    enter: () => {
      const state = current()
      const isCounting = state._tag === "Closed" || state._tag === "MetricsOnly"
      return isCounting && state.window.following === undefined ? endHandlersFor(state).ended : undefined
    }
  })
}

const thenExit = <A, E>(then: FollowUp, exit: Exit.Exit<A, E>): Effect.Effect<A, E> =>
  then === undefined ? exit : Effect.zipRight(then, exit)

const millisOf = (clock: Clock.Clock): number => machine.toMillis(monotonic(clock))
