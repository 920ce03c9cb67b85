/**
 * The circuit breaker as effects: reads the clock, steps the schedule, commits what the machine says, tells the world.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Mailbox from "effect/Mailbox"
import * as Predicate from "effect/Predicate"
import * as Ref from "effect/Ref"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import * as Stream from "effect/Stream"
import type { CircuitBreaker, Metrics, Outcome, State, Transition, TripCause } from "../CircuitBreaker.js"
import * as machine from "./circuitBreaker.js"
import * as telemetry from "./circuitBreakerMetrics.js"
import { monotonic } from "./time.js"

/** @internal */
export interface Config<in E, out Refused> {
  readonly name: string
  readonly openFor: Schedule.Schedule<unknown, TripCause>
  readonly settings: machine.Settings
  readonly classify: (exit: Exit.Exit<unknown, E>) => Outcome
  readonly refuse: (refusal: machine.Refusal) => Refused
}

/** @internal */
export interface Shell<in E, out Refused>
  extends Pick<CircuitBreaker<E>, "state" | "metrics" | "changes" | "isolate" | "openUntil" | "reset">
{
  readonly protect: <A, E1 extends E, R>(self: Effect.Effect<A, E1, R>) => Effect.Effect<A, E1 | Refused, R>
  readonly check: Effect.Effect<void, Refused>
}

/** @internal */
export const make = <E, Refused>(config: Config<E, Refused>): Effect.Effect<Shell<E, Refused>> =>
  Effect.suspend(() => {
    const initial = machine.closed(config.settings)
    return Effect.map(Ref.make<machine.State>(initial), (ref) => unsafeMake(config, ref, initial))
  })

const unsafeMake = <E, Refused>(
  { classify, name, openFor, refuse, settings }: Config<E, Refused>,
  ref: Ref.Ref<machine.State>,
  initial: machine.State
): Shell<E, Refused> => {
  const meters = telemetry.make(name)
  const totals = { rejected: 0, late: 0, trips: 0 }
  const subscribers = new Set<Mailbox.Mailbox<Transition>>()
  // Filled where the state is written and emptied in one go afterwards: whoever empties it, the order is kept.
  const outbox: Array<Transition> = []

  // What the Ref holds, written in the same instant: reading a Ref costs a closed call more than all the rest does.
  let current = initial

  const publish = Effect.sync(() => {
    for (const transition of outbox.splice(0)) {
      if (transition.to === "Open" && transition.from !== "Open") totals.trips++
      meters.transition(transition.from, transition.to)
      for (const subscriber of subscribers) subscriber.unsafeOffer(transition)
    }
  })

  const commit = <A>(
    reason: Transition["reason"],
    change: (state: machine.State, now: bigint) => readonly [answer: A, next: machine.State]
  ): Effect.Effect<A> =>
    Effect.clockWith((clock) =>
      Effect.zipLeft(
        Ref.modify(ref, (state) => {
          const [answer, next] = change(state, monotonic(clock))
          if (next !== state) {
            current = next
            outbox.push({ name, from: state._tag, to: next._tag, at: clock.unsafeCurrentTimeMillis(), reason })
          }
          return [answer, next]
        }),
        publish
      )
    )

  const send = (reason: Transition["reason"], event: machine.Event): Effect.Effect<void> =>
    commit(reason, (state, now) => [undefined, machine.step(settings, state, event, now)])

  // Stepping the schedule is an effect and may yield. Nothing is committed before, so of several that run into it at
  // once the first one to finish trips the circuit, and what the others drew from the schedule is forgotten.
  const trip = (from: machine.Closed | machine.HalfOpen, cause: TripCause): Effect.Effect<void> =>
    Effect.uninterruptible(Effect.clockWith((clock) => {
      const opened = from._tag === "HalfOpen" && cause._tag === "HalfOpenTimedOut" ? from.deadline : undefined
      const at = opened ?? monotonic(clock)
      const progress = from._tag === "HalfOpen" ? from.progress : settings.progress
      const millis = clock.unsafeCurrentTimeMillis()
      return Effect.flatMap(openFor.step(millis, cause, progress), (stepped) => {
        const [progress, , decision] = stepped
        const until = ScheduleDecision.isDone(decision)
          ? undefined
          : machine.after(at, Duration.millis(Math.max(0, ScheduleIntervals.start(decision.intervals) - millis)))
        return send(cause, { _tag: "Tripped", from, until, progress })
      })
    }))

  const request = (outcome: Exclude<Outcome, string>): Effect.Effect<void> =>
    Effect.uninterruptible(Effect.clockWith((clock) => {
      const until = machine.after(monotonic(clock), requested(outcome, clock))
      return send({ _tag: "OpenRequested" }, { _tag: "OpenRequested", until })
    }))

  const judge = (exit: Exit.Exit<unknown, E>): Outcome =>
    Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)
      ? "ignore"
      : classify(exit)

  const reject = (refusal: machine.Refusal): Effect.Effect<never, Refused> =>
    Effect.suspend(() => {
      totals.rejected++
      meters.notPermitted()
      return Effect.fail(refuse(refusal))
    })

  const finishClosed = <A, E1 extends E>(started: machine.Closed, exit: Exit.Exit<A, E1>): Effect.Effect<A, E1> => {
    const outcome = judge(exit)
    if (outcome === "ignore") return exit
    const isLate = current !== started
    if (isLate) totals.late++
    if (Predicate.isObject(outcome)) return Effect.zipRight(request(outcome), exit)
    if (isLate) return exit
    const reason = started.window.record(outcome)
    return reason === undefined ? exit : Effect.zipRight(trip(started, reason), exit)
  }

  // No mask, no fiber and no clock: Effect skips these handlers only when the caller itself is interrupted, and that
  // is ignored anyway.
  const throughClosed = <A, E1 extends E, R>(
    started: machine.Closed,
    self: Effect.Effect<A, E1, R>
  ): Effect.Effect<A, E1, R> =>
    Effect.matchCauseEffect(self, {
      onFailure: (cause) => finishClosed(started, Exit.failCause(cause)),
      onSuccess: (value) => finishClosed(started, Exit.succeed(value))
    })

  const finishProbe = (started: machine.HalfOpen, outcome: Outcome): Effect.Effect<void> => {
    if (outcome === "ignore") return giveBack(started)
    return observe((state): Effect.Effect<void> => {
      if (state !== started) totals.late++
      if (Predicate.isObject(outcome)) return Effect.zipRight(request(outcome), giveBack(started))
      if (state !== started) return Effect.void
      const verdict = machine.probed(settings, started.probes, outcome)
      if (verdict === "Recovered") return send({ _tag: "ProbesSucceeded" }, { _tag: "Recovered", from: started })
      return verdict === "Failed"
        ? trip(started, { _tag: "ProbesFailed", failures: started.probes.failed })
        : Effect.void
    })
  }

  const arrive = commit({ _tag: "OpenElapsed" }, (state, now) => machine.admit(settings, state, now))

  const throughMasked = <A, E1 extends E, R>(
    self: Effect.Effect<A, E1, R>
  ): Effect.Effect<A, E1 | Refused, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(arrive, (entry): Effect.Effect<A, E1 | Refused, R> => {
        switch (entry._tag) {
          case "Closed":
            return restore(throughClosed(entry, self))
          case "HalfOpen":
            return Effect.flatMap(Effect.exit(restore(self)), (exit) =>
              // A classifier that throws must not take the permit with it.
              Effect.sync(() => judge(exit)).pipe(
                Effect.onError(() => giveBack(entry)),
                Effect.flatMap((outcome) => finishProbe(entry, outcome)),
                Effect.zipRight(exit)
              ))
          case "Refusal":
            return reject(entry)
        }
      })
    )

  // The state as of now. A half-open state whose time is over is ended here, as of the instant when it was over, so
  // that nobody can tell that no timer ran.
  const observe = <A, E1, R>(
    f: (state: machine.State, now: bigint) => Effect.Effect<A, E1, R>
  ): Effect.Effect<A, E1, R> =>
    Effect.clockWith((clock) => {
      const now = monotonic(clock)
      return machine.isExpired(current, now)
        ? Effect.flatMap(trip(current, { _tag: "HalfOpenTimedOut" }), () => f(current, now))
        : f(current, now)
    })

  // Refuses without a mask; only a call that seems welcome pays for one.
  const throughGate = <A, E1 extends E, R>(self: Effect.Effect<A, E1, R>): Effect.Effect<A, E1 | Refused, R> =>
    observe((state, now) => {
      const refusal = machine.refusal(state, now)
      return refusal === undefined ? throughMasked(self) : reject(refusal)
    })

  return {
    protect: (self) =>
      Effect.suspend(() => current._tag === "Closed" ? throughClosed(current, self) : throughGate(self)),
    check: observe((state, now) => {
      const refusal = machine.refusal(state, now)
      return refusal === undefined ? Effect.void : reject(refusal)
    }),
    state: observe((state, now) => Effect.succeed(view(state, now))),
    metrics: observe((state) => Effect.succeed({ ...counted(state), ...totals })),
    changes: Stream.unwrapScoped(Effect.map(
      Effect.acquireRelease(
        Effect.tap(
          Mailbox.make<Transition>({ capacity: 64, strategy: "sliding" }),
          (mailbox) => Effect.sync(() => subscribers.add(mailbox))
        ),
        (mailbox) => Effect.sync(() => subscribers.delete(mailbox))
      ),
      Mailbox.toStream
    )),
    isolate: Effect.asVoid(Effect.acquireRelease(
      commit({ _tag: "Isolated" }, (state, now) => {
        const next = machine.step(settings, state, { _tag: "Isolated" }, now)
        if (next._tag === "Isolated") next.holding.count++
        return [next, next]
      }),
      (held) =>
        held._tag === "Isolated" && --held.holding.count === 0
          ? send({ _tag: "Released" }, { _tag: "Released", from: held })
          : Effect.void
    )),
    openUntil: (epochMillis) => request({ _tag: "OpenUntil", epochMillis }),
    reset: Effect.uninterruptible(send({ _tag: "Reset" }, { _tag: "Reset" }))
  }
}

const giveBack = (started: machine.HalfOpen): Effect.Effect<void> =>
  Effect.sync(() => {
    started.probes.free++
  })

const requested = (outcome: Exclude<Outcome, string>, clock: Clock.Clock): Duration.Duration =>
  outcome._tag === "OpenFor"
    ? Duration.decode(outcome.duration)
    : Duration.millis(outcome.epochMillis - clock.unsafeCurrentTimeMillis())

const view = (state: machine.State, now: bigint): State =>
  state._tag === "Open"
    ? { _tag: "Open", retryAfter: machine.remaining(state.until, now) }
    : { _tag: state._tag }

const counted = (state: machine.State): Pick<Metrics, "calls" | "failures" | "failureRate"> => {
  const failures = state._tag === "Closed"
    ? state.window.failures()
    : state._tag === "HalfOpen"
    ? state.probes.failed
    : 0
  const calls = state._tag === "Closed"
    ? state.window.calls()
    : state._tag === "HalfOpen"
    ? state.probes.succeeded + failures
    : 0
  return { calls, failures, failureRate: calls === 0 ? 0 : failures / calls }
}
