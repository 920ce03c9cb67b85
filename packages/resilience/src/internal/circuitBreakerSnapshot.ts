/**
 * Takes and restores snapshots of a circuit's state: times as remaining durations, and nothing that is specific to this
 * process.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as machine from "./circuitBreaker.js"
import { maxSteps, type Snapshot, type TripCause } from "./circuitBreakerModel.js"
import { monotonic } from "./time.js"

/** @internal */
export const take = (state: machine.State, now: bigint): Snapshot => {
  switch (state._tag) {
    case "Closed":
    case "Disabled":
    case "MetricsOnly":
      return { _tag: state._tag }
    case "Open":
      return open(machine.remaining(state.until, now), state.progress)
    case "HalfOpen":
      return open(Duration.zero, state.progress)
    case "Isolated":
      return state.holding.returnTo === undefined ? { _tag: "Closed" } : take(state.holding.returnTo, now)
  }
}

const open = (remaining: Duration.Duration, { steps }: machine.Progress): Snapshot => ({
  _tag: "Open",
  remaining,
  steps: Math.min(steps, maxSteps)
})

/** @internal */
export const restore = (
  settings: machine.Settings,
  openFor: Schedule.Schedule<unknown, TripCause>,
  snapshot: Snapshot
): Effect.Effect<machine.State> => {
  switch (snapshot._tag) {
    case "Closed":
      return Effect.sync(() => machine.closed(settings))
    case "Disabled":
      return Effect.succeed({ _tag: "Disabled" })
    case "MetricsOnly":
      return Effect.sync(() => machine.metricsOnly(settings))
    case "Open":
      return Effect.clockWith((clock) => {
        const replay = (progress: machine.Progress): Effect.Effect<machine.Progress> =>
          progress.steps >= snapshot.steps
            ? Effect.succeed(progress)
            : Effect.flatMap(
              openFor.step(clock.unsafeCurrentTimeMillis(), { _tag: "Restored" }, progress.state),
              ([state, , decision]) => {
                const next = { steps: progress.steps + 1, state }
                return ScheduleDecision.isDone(decision) ? Effect.succeed(next) : replay(next)
              }
            )
        return Effect.map(replay(settings.progress), (progress) => ({
          _tag: "Open",
          until: machine.after(monotonic(clock), snapshot.remaining),
          progress
        }))
      })
  }
}
