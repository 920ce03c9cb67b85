/**
 * Time limits for one attempt, and for a whole operation with everything inside it.
 *
 * Both keep the brand of an `Idempotent` effect.
 *
 * Both limits hold everywhere, even in finalizers, in `acquire` and in other uninterruptible regions, because the
 * effect runs in its own interruptible fiber. Whether an interruption of the caller is passed on to that fiber depends
 * on the caller's region.
 *
 * The fibers of the effect and the timer cost some 30 microseconds per call, where a closed circuit breaker costs half
 * a microsecond. Use one limit for each attempt and one for the operation, and none in between. Where the transport has
 * its own timeout, prefer that.
 *
 * Both interrupt the effect and then **wait until it has stopped**: an effect that is uninterruptible, or whose
 * finalizers are slow, holds its caller beyond the limit. With `disconnect` the effect is left behind instead: the
 * caller gets the result on time, and the effect finishes on its own, unobserved. That is right where a timely result
 * matters more than knowing that the work has stopped. It is wrong where the work holds something that others wait for:
 * that is released with the result, though the work may still be using it. (The permits of a `Policy` are kept until
 * the work has ended.)
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { LazyArg } from "effect/Function"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import { Deadline, sooner } from "./Deadline.js"
import type * as Idempotent from "./Idempotent.js"
import * as durations from "./internal/duration.js"
import { keepBrand } from "./internal/idempotent.js"
import { limit } from "./internal/limit.js"
import { monotonic } from "./internal/time.js"

/**
 * The duration of a time limit and its error.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out E> {
  /** The time allowed, counted from the start of the effect. A negative duration, or `NaN`, throws a `RangeError`. */
  readonly duration: Duration.DurationInput
  /** Creates the error of an effect that did not end in time. */
  readonly onTimeout: LazyArg<E>
  /** Whether to return without waiting until the interrupted effect has stopped; see above. Defaults to `false`. */
  readonly disconnect?: boolean | undefined
}

/**
 * Interrupts the effect if it has not ended after `duration`, and fails with `onTimeout()`.
 *
 * Put it around each attempt, inside the circuit breaker. A timeout inside counts as a failure there. A timeout outside
 * reaches the breaker as an interruption, which says nothing about health and is ignored.
 *
 * @example
 * import { Timeout } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.succeed("64000.5").pipe(
 *   Timeout.attempt({ duration: "2 seconds", onTimeout: () => "too slow" as const })
 * )
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category combinators
 */
export const attempt: {
  <E2>(
    options: Options<E2>
  ): <A, E, R, I = never>(self: Idempotent.Input<A, E, R, I>) => Idempotent.Output<A, E | E2, R, I>
  <A, E, R, E2, I = never>(
    self: Idempotent.Input<A, E, R, I>,
    options: Options<E2>
  ): Idempotent.Output<A, E | E2, R, I>
} = dual(
  2,
  <A, E, R, E2, I>(self: Idempotent.Input<A, E, R, I>, options: Options<E2>): Idempotent.Output<A, E | E2, R, I> =>
    keepBrand(self, limited(self, options, durations.requireDuration("Timeout.attempt: duration", options.duration)))
)

/**
 * Limits the time of a whole operation like {@link attempt}, and sets the `Deadline` of everything inside.
 *
 * An earlier existing deadline is kept. If the deadline has already passed, the effect is not started. An infinite
 * duration sets nothing.
 *
 * @example
 * import { Timeout } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * // Covers the whole operation with its retries and queues; everything inside can see the time left.
 * const program = Effect.succeed("64000.5").pipe(
 *   Timeout.deadline({ duration: "30 seconds", onTimeout: () => "too late" as const })
 * )
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category combinators
 */
export const deadline: {
  <E2>(
    options: Options<E2>
  ): <A, E, R, I = never>(self: Idempotent.Input<A, E, R, I>) => Idempotent.Output<A, E | E2, R, I>
  <A, E, R, E2, I = never>(
    self: Idempotent.Input<A, E, R, I>,
    options: Options<E2>
  ): Idempotent.Output<A, E | E2, R, I>
} = dual(
  2,
  <A, E, R, E2, I>(self: Idempotent.Input<A, E, R, I>, options: Options<E2>): Idempotent.Output<A, E | E2, R, I> => {
    const duration = durations.requireDuration("Timeout.deadline: duration", options.duration)
    return keepBrand(
      self,
      Effect.flatMap(Deadline, (current) =>
        Effect.clockWith((clock): Effect.Effect<A, E | E2, R> => {
          const now = monotonic(clock)
          const end = sooner(current, clock, duration)
          if (Option.isNone(end)) {
            return self
          }
          return end.value <= now
            ? Effect.failSync(options.onTimeout)
            : limited(Effect.provideService(self, Deadline, end), options, Duration.nanos(end.value - now))
        }))
    )
  }
)

/**
 * Decodes the duration of a limit. Returns none for a text that is no duration, `NaN` and a negative duration: Effect
 * reads the last two as zero, and a limit of zero refuses everything.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decodeDuration: (given: Duration.DurationInput | string) => Option.Option<Duration.Duration> =
  durations.decodeDuration

/**
 * Limits an effect like {@link attempt}, and calls `onLeftBehind` with the fiber that `disconnect` leaves behind.
 *
 * @internal
 */
export const leaving = <A, E, R, E2>(
  self: Effect.Effect<A, E, R>,
  options: Options<E2>,
  onLeftBehind: (work: Fiber.RuntimeFiber<unknown, unknown>) => void
): Effect.Effect<A, E | E2, R> => limited(self, options, Duration.decode(options.duration), onLeftBehind)

const limited = <A, E, R, E2>(
  self: Effect.Effect<A, E, R>,
  { disconnect, onTimeout }: Options<E2>,
  duration: Duration.Duration,
  onLeftBehind?: (work: Fiber.RuntimeFiber<unknown, unknown>) => void
): Effect.Effect<A, E | E2, R> =>
  Duration.isFinite(duration) ? limit(self, { disconnect, duration, onLeftBehind, onTimeout }) : self
