/**
 * The instant by which the current operation must have ended, visible to everything the operation runs.
 *
 * A wait that cannot end in time is refused immediately: `Retry` does not start such a sleep, and `RateLimiter` does
 * not queue such a call. A wait in a queue ends at the deadline. Set the deadline with `Timeout.deadline`.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import type * as FiberStatus from "effect/FiberStatus"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as RuntimeFlags from "effect/RuntimeFlags"
import * as Schema from "effect/Schema"
import type * as Idempotent from "./Idempotent.js"
import { requireDuration } from "./internal/duration.js"
import { keepBrand } from "./internal/idempotent.js"
import { monotonic } from "./internal/time.js"
import { RejectionTypeId } from "./Rejection.js"

/**
 * The monotonic instant, in nanoseconds of the current `Clock`, by which the current operation must have ended.
 *
 * Defaults to none. A reference does not appear in the requirements of an effect.
 *
 * @since 0.1.0
 * @category references
 */
export class Deadline extends Context.Reference<Deadline>()("@effect-exchange/resilience/Deadline", {
  defaultValue: (): Option.Option<bigint> => Option.none()
}) {}

/**
 * The time left until the current deadline: none if there is no deadline, zero if it has passed.
 *
 * @since 0.1.0
 * @category accessors
 */
export const remaining: Effect.Effect<Option.Option<Duration.Duration>> = Effect.flatMap(
  Deadline,
  Option.match({
    onNone: () => Effect.succeedNone,
    onSome: (deadline) => Effect.clockWith((clock) => Effect.succeedSome(left(deadline, clock)))
  })
)

/**
 * Returns the time left until a given deadline on a given clock; see {@link remaining}.
 *
 * @since 0.1.0
 * @category accessors
 */
export const remainingAt = (deadline: Option.Option<bigint>, clock: Clock.Clock): Option.Option<Duration.Duration> =>
  Option.map(deadline, (deadline) => left(deadline, clock))

const left = (deadline: bigint, clock: Clock.Clock): Duration.Duration => {
  const nanos = deadline - monotonic(clock)
  return Duration.nanos(nanos > 0n ? nanos : 0n)
}

/**
 * Sets the deadline of the effect to now + `duration`, without interrupting the effect. An earlier existing deadline is
 * kept. An infinite duration sets nothing.
 *
 * Use it for work that respects the deadline by itself, where an interruption would leave the outcome unknown;
 * `Timeout.deadline` also interrupts. Keeps the brand of an `Idempotent` effect. A negative duration, or `NaN`, throws
 * a `RangeError`.
 *
 * @example
 * import { Deadline } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const left = yield* Deadline.remaining
 *   yield* Effect.log(left) // a little less than five seconds
 * }).pipe(Deadline.within("5 seconds"))
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category combinators
 */
export const within: {
  (
    duration: Duration.DurationInput
  ): <A, E, R, I = never>(self: Idempotent.Input<A, E, R, I>) => Idempotent.Output<A, E, R, I>
  <A, E, R, I = never>(
    self: Idempotent.Input<A, E, R, I>,
    duration: Duration.DurationInput
  ): Idempotent.Output<A, E, R, I>
} = dual(
  2,
  <A, E, R, I>(
    self: Idempotent.Input<A, E, R, I>,
    duration: Duration.DurationInput
  ): Idempotent.Output<A, E, R, I> => {
    const time = requireDuration("Deadline.within: duration", duration)
    return withDeadline(self, (current, clock) => sooner(current, clock, time))
  }
)

/**
 * Sets the deadline of the effect to an instant; see {@link within} for a duration.
 *
 * The instant is in nanoseconds of the monotonic `Clock`, as in {@link Deadline}. An earlier existing deadline is kept,
 * and `None` sets nothing. Keeps the brand of an `Idempotent` effect.
 *
 * @since 0.1.0
 * @category combinators
 */
export const until: {
  (
    deadline: Option.Option<bigint>
  ): <A, E, R, I = never>(self: Idempotent.Input<A, E, R, I>) => Idempotent.Output<A, E, R, I>
  <A, E, R, I = never>(
    self: Idempotent.Input<A, E, R, I>,
    deadline: Option.Option<bigint>
  ): Idempotent.Output<A, E, R, I>
} = dual(
  2,
  <A, E, R, I>(
    self: Idempotent.Input<A, E, R, I>,
    deadline: Option.Option<bigint>
  ): Idempotent.Output<A, E, R, I> => withDeadline(self, (current) => earlier(current, deadline))
)

const withDeadline = <A, E, R, I>(
  self: Idempotent.Input<A, E, R, I>,
  of: (current: Option.Option<bigint>, clock: Clock.Clock) => Option.Option<bigint>
): Idempotent.Output<A, E, R, I> =>
  keepBrand(
    self,
    Effect.withFiberRuntime<A, E, R>((fiber, status) => {
      const current = Context.get(fiber.currentContext, Deadline)
      const deadline = of(current, Context.get(fiber.currentDefaultServices, Clock.Clock))
      return deadline === current ? self : locally(status, self, deadline)
    })
  )

// Does what `Effect.provideService` does in half as many steps, because it wraps every call.
const locally = <A, E, R>(
  { runtimeFlags }: FiberStatus.Running,
  self: Effect.Effect<A, E, R>,
  deadline: Option.Option<bigint>
): Effect.Effect<A, E, R> => {
  const isInterruptible = RuntimeFlags.interruption(runtimeFlags)
  const inside = Effect.flatMap(
    FiberRef.modify(FiberRef.currentContext, (context) => [context, Context.add(context, Deadline, deadline)]),
    (context) =>
      Effect.matchCauseEffect(isInterruptible ? Effect.interruptible(self) : self, {
        onFailure: (cause) => Effect.zipRight(FiberRef.set(FiberRef.currentContext, context), Effect.failCause(cause)),
        onSuccess: (value) => FiberRef.modify(FiberRef.currentContext, () => [value, context])
      })
  )
  return isInterruptible ? Effect.uninterruptible(inside) : inside
}

/**
 * Runs the effect without a deadline, even where one is set: for work that outlives the operation that started it.
 * Keeps the brand of an `Idempotent` effect.
 *
 * **Gotchas**
 *
 * A fiber that is forked under a deadline keeps that deadline forever. A daemon that outlives the operation is then
 * refused by every gate with `DeadlineExceeded`. Fork it as `Effect.forkDaemon(Deadline.none(work))`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const none = <A, E, R, I = never>(self: Idempotent.Input<A, E, R, I>): Idempotent.Output<A, E, R, I> =>
  keepBrand(self, Effect.provideService(self, Deadline, Option.none()))

/**
 * Returns the sooner of a deadline and now + `duration`, in nanoseconds of the monotonic clock: the deadline that
 * {@link within} sets. An infinite duration leaves the deadline unchanged.
 *
 * @since 0.1.0
 * @category accessors
 */
export const sooner = (
  current: Option.Option<bigint>,
  clock: Clock.Clock,
  duration: Duration.Duration
): Option.Option<bigint> =>
  earlier(current, Option.map(Duration.toNanos(duration), (nanos) => monotonic(clock) + nanos))

/**
 * Returns the sooner of two deadlines, or the first if they are equal.
 *
 * @internal
 */
export const earlier = (one: Option.Option<bigint>, other: Option.Option<bigint>): Option.Option<bigint> =>
  Option.isNone(other) || (Option.isSome(one) && one.value <= other.value) ? one : other

/**
 * Not enough time was left to begin, so nothing was sent.
 *
 * `name` is the gate or operation that refused. `after` is the time that was left until the deadline, which was too
 * short. Circuit breakers and `Retry` treat this error as a local rejection.
 *
 * @since 0.1.0
 * @category errors
 */
export class DeadlineExceeded
  extends Schema.TaggedError<DeadlineExceeded>("@effect-exchange/resilience/Deadline/DeadlineExceeded")(
    "DeadlineExceeded",
    { name: Schema.String, after: Schema.Duration }
  )
{
  /**
   * @since 0.1.0
   */
  readonly [RejectionTypeId]: RejectionTypeId = RejectionTypeId
  /**
   * @since 0.1.0
   */
  override get message(): string {
    return `"${this.name}" could not start within the ${Duration.format(this.after)} left before the deadline; ` +
      "extend the deadline or make fewer concurrent calls"
  }
}
