/**
 * A request to stop, as a value: each command decides what a signal means for it.
 *
 * @since 0.1.0
 */
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * The signals that stop a command. `SIGPIPE` means that the reader of the output has gone away, as `head` does when it
 * has read enough.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Signal = Schema.Literal("SIGINT", "SIGTERM", "SIGPIPE")

/**
 * The type of {@link Signal}.
 *
 * @since 0.1.0
 * @category models
 */
export type Signal = typeof Signal.Type

/**
 * An effect that waits until the command is asked to stop, and succeeds with the signal.
 *
 * @since 0.1.0
 * @category tags
 */
export class Stop extends Context.Tag("@effect-exchange/cli/Stop")<Stop, Effect.Effect<Signal>>() {}

/**
 * The error of a command that was stopped before its work was done.
 *
 * @since 0.1.0
 * @category errors
 */
export class Stopped extends Schema.TaggedError<Stopped>("@effect-exchange/cli/Stop/Stopped")("Stopped", {
  signal: Signal
}) {
  override get message(): string {
    return `Stopped by ${this.signal} before the work was done; run the command again to start over.`
  }
}

/**
 * Runs an effect that has an end. Fails with {@link Stopped} if the command is asked to stop first.
 *
 * @since 0.1.0
 * @category combinators
 */
export const abort = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | Stopped, R | Stop> =>
  Effect.flatMap(Stop, (stop) => Concurrent.raceFirst(self, Effect.flatMap(stop, (signal) => new Stopped({ signal }))))

/**
 * Runs an effect that goes on until the command is asked to stop, then succeeds.
 *
 * @since 0.1.0
 * @category combinators
 */
export const end = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<void, E, R | Stop> =>
  Effect.flatMap(Stop, (stop) => Concurrent.raceFirst(Effect.asVoid(self), Effect.asVoid(stop)))
