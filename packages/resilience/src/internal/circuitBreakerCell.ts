/** Holds the state of a circuit breaker. Every change is committed, published and followed up here. */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import * as Ref from "effect/Ref"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Alarm from "./alarm.js"
import * as machine from "./circuitBreaker.js"
import type * as circuitBreakerMetrics from "./circuitBreakerMetrics.js"
import type { Transition, TripCause, Verdict } from "./circuitBreakerModel.js"
import type * as circuitBreakerQueue from "./circuitBreakerQueue.js"
import { logDefect } from "./defects.js"
import { monotonic } from "./time.js"

/** @internal */
export interface Config {
  readonly name: string
  readonly openFor: Schedule.Schedule<unknown, TripCause>
  readonly settings: machine.Settings
  readonly meters: circuitBreakerMetrics.Meters
  /** Emptied by every state transition. */
  readonly queue: circuitBreakerQueue.Queue
}

/** @internal */
export interface Cell {
  /** The last written state. */
  readonly current: () => machine.State
  /** How often the circuit went from another state to open. */
  readonly trips: () => number
  /**
   * Runs with the current state. A half-open state whose time is over is ended first, as of the instant when its time
   * was over, so that it makes no difference that no timer ran. Calls that hang open a closed circuit.
   */
  readonly observe: <A, E, R>(
    f: (state: machine.State, now: bigint) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
  readonly commit: <A>(
    reason: Transition["reason"],
    change: (state: machine.State, now: bigint) => readonly [result: A, next: machine.State]
  ) => Effect.Effect<A>
  readonly send: (reason: Transition["reason"], event: machine.Event) => Effect.Effect<void>
  readonly trip: (
    from: machine.Closed | machine.MetricsOnly | machine.HalfOpen,
    cause: TripCause
  ) => Effect.Effect<void>
  readonly request: (verdict: Exclude<Verdict, string>) => Effect.Effect<void>
  readonly changes: Stream.Stream<Transition>
  readonly automatic: Effect.Effect<void, never, Scope.Scope>
  /** Must be run after a caller has joined or left the queue: sets the alarm if one is needed. */
  readonly updateAlarm: Effect.Effect<void>
}

/** @internal */
export const make = (config: Config, initial: machine.State): Effect.Effect<Cell> =>
  Effect.map(Ref.make<machine.State>(initial), (ref) => unsafeMake(config, ref, initial))

const unsafeMake = (
  { meters, name, openFor, queue, settings }: Config,
  ref: Ref.Ref<machine.State>,
  initial: machine.State
): Cell => {
  const subscribers = new Set<Mailbox.Mailbox<Transition>>()
  // Filled where the state is written and emptied in one go afterwards, which keeps the order whichever fiber empties
  // it.
  const outbox: Array<Transition> = []
  let trips = 0
  // The number of holders of `automatic`.
  let watchers = 0

  // A copy of the value in the Ref, written in the same instant: reading the Ref would cost a closed call more than
  // everything else.
  let current = initial

  const publish = Effect.sync(() => {
    for (const transition of outbox.splice(0)) {
      if (transition.to === "Open" && transition.from !== "Open") trips++
      meters.transition(transition.from, transition.to)
      for (const subscriber of subscribers) subscriber.unsafeOffer(transition)
    }
  })

  const updateAlarm = Effect.suspend(() => alarm.set(dueAt(current, watchers > 0, queue.size() > 0)))

  const commit = <A>(
    reason: Transition["reason"],
    change: (state: machine.State, now: bigint) => readonly [result: A, next: machine.State]
  ): Effect.Effect<A> =>
    Effect.clockWith((clock) =>
      Ref.modify(ref, (state) => {
        const [result, next] = change(state, monotonic(clock))
        if (next !== state) {
          current = next
          outbox.push({ name, from: state._tag, to: next._tag, at: clock.unsafeCurrentTimeMillis(), reason })
          queue.dismiss()
        }
        return [result, next]
      }).pipe(Effect.zipLeft(publish), Effect.zipLeft(updateAlarm))
    )

  const send = (reason: Transition["reason"], event: machine.Event): Effect.Effect<void> =>
    commit(reason, (state, now) => [undefined, machine.step(settings, state, event, now)])

  // Stepping the schedule is an effect and may yield. Nothing is committed before, so if several fibers step it
  // concurrently, the first to finish trips the circuit and the results of the others are discarded.
  const trip: Cell["trip"] = (from, cause) =>
    from._tag === "MetricsOnly" ?
      send(cause, { _tag: "Noted", from }) :
      Effect.uninterruptible(Effect.clockWith((clock) => {
        const expired = from._tag === "HalfOpen" && cause._tag === "HalfOpenTimedOut" ? from.probes.deadline : undefined
        const at = expired ?? monotonic(clock)
        const { state, steps } = from._tag === "HalfOpen" ? from.progress : settings.progress
        const millis = clock.unsafeCurrentTimeMillis()
        const opened = (until: machine.Instant, state: unknown): Effect.Effect<void> =>
          send(cause, { _tag: "Tripped", from, until, progress: { steps: steps + 1, state } })
        return Effect.matchCauseEffect(Effect.suspend(() => openFor.step(millis, cause, state)), {
          onSuccess: ([state, , decision]) =>
            opened(
              ScheduleDecision.isDone(decision)
                ? undefined
                : machine.after(at, Duration.millis(Math.max(0, ScheduleIntervals.start(decision.intervals) - millis))),
              state
            ),
          // The call that trips the circuit has failed with its own error, and the circuit must open nevertheless.
          onFailure: (died) =>
            Effect.zipRight(
              logDefect(`\`openFor\` of circuit breaker "${name}"`, died),
              opened(machine.after(at, openForAfterDefect), state)
            )
        })
      }))

  const request = (verdict: Exclude<Verdict, string>): Effect.Effect<void> =>
    Effect.uninterruptible(Effect.clockWith((clock) => {
      const until = machine.after(monotonic(clock), requested(verdict, clock))
      return send({ _tag: "OpenRequested" }, { _tag: "OpenRequested", until })
    }))

  const observe = <A, E1, R>(
    f: (state: machine.State, now: bigint) => Effect.Effect<A, E1, R>
  ): Effect.Effect<A, E1, R> =>
    Effect.clockWith((clock) => {
      const now = monotonic(clock)
      if (machine.isExpired(current, now)) {
        return Effect.flatMap(trip(current, { _tag: "HalfOpenTimedOut" }), () => f(current, now))
      }
      if (current._tag !== "Closed" && current._tag !== "MetricsOnly") return f(current, now)
      const reason = current.window.following?.evaluate(machine.toMillis(now))
      return reason === undefined
        ? f(current, now)
        : Effect.flatMap(trip(current, reason), () => f(current, now))
    })

  const onAlarm = Effect.suspend(() =>
    observe((state) => state._tag === "Open" ? send({ _tag: "OpenElapsed" }, { _tag: "Arrived" }) : Effect.void)
  )

  const alarm = Alarm.make(Effect.zipRight(onAlarm, updateAlarm))

  const subscribe = () =>
    Effect.acquireRelease(
      Effect.tap(
        Mailbox.make<Transition>({ capacity: 64, strategy: "sliding" }),
        (mailbox) => Effect.sync(() => subscribers.add(mailbox))
      ),
      (mailbox) => Effect.sync(() => subscribers.delete(mailbox))
    )

  const watch = (change: 1 | -1): Effect.Effect<void> =>
    Effect.suspend(() => {
      watchers += change
      return updateAlarm
    })

  return {
    current: () => current,
    trips: () => trips,
    observe,
    commit,
    send,
    trip,
    request,
    changes: Stream.suspend(() => Stream.unwrapScoped(Effect.map(subscribe(), Mailbox.toStream))),
    automatic: Effect.suspend(() => Effect.acquireRelease(watch(1), () => watch(-1))),
    updateAlarm
  }
}

/** The open duration if the schedule dies: the maximum of the default schedule. */
const openForAfterDefect = Duration.seconds(60)

/** The instant at which the alarm must act, if `automatic` is in use or calls wait for the probes. */
const dueAt = (state: machine.State, watched: boolean, awaited: boolean): machine.Instant => {
  switch (state._tag) {
    case "Open":
      return watched ? state.until : undefined
    case "HalfOpen":
      return watched || awaited ? state.probes.deadline : undefined
    default:
      return undefined
  }
}

const requested = (verdict: Exclude<Verdict, string>, clock: Clock.Clock): Duration.Duration =>
  verdict._tag === "OpenFor"
    ? Duration.decode(verdict.duration)
    : Duration.millis(verdict.epochMillis - clock.unsafeCurrentTimeMillis())
