/**
 * Being asked to stop, as a value: what a signal means is decided by the command it reaches.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * `SIGPIPE` stands for a reader that went away, as `head` does when it has enough.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Signal = Schema.Literal("SIGINT", "SIGTERM", "SIGPIPE")

/**
 * @since 0.1.0
 * @category models
 */
export type Signal = typeof Signal.Type

/**
 * Waits until the command is asked to stop.
 *
 * @since 0.1.0
 * @category tags
 */
export class Stop extends Context.Tag("@effect-exchange/cli/Stop")<Stop, Effect.Effect<Signal>>() {}

/**
 * The command was stopped before its work was done.
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
 * For work that has an end: stopping it is a failure.
 *
 * @since 0.1.0
 * @category combinators
 */
export const abort = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | Stopped, R | Stop> =>
  Effect.flatMap(Stop, (stop) => Effect.raceFirst(self, Effect.flatMap(stop, (signal) => new Stopped({ signal }))))

/**
 * For work that goes on until it is stopped: stopping it is its proper end.
 *
 * @since 0.1.0
 * @category combinators
 */
export const end = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<void, E, R | Stop> =>
  Effect.flatMap(Stop, (stop) => Effect.raceFirst(Effect.asVoid(self), Effect.asVoid(stop)))
