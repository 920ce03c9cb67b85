/**
 * Fallbacks for failed calls: another effect, a value, or the last known result.
 *
 * Put a fallback around everything else, so that it also covers calls that a gate refused or that timed out. Defects
 * and interruption are never covered.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constTrue, dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as Predicate from "effect/Predicate"
import type * as Idempotent from "./Idempotent.js"
import { catchFailure } from "./internal/causes.js"
import { requireDuration } from "./internal/duration.js"
import { keepBrand } from "./internal/idempotent.js"
import { monotonic } from "./internal/time.js"

/**
 * A fallback for every error.
 *
 * @since 0.1.0
 * @category models
 */
export interface Any<in E, out B> {
  readonly when?: undefined
  readonly use: (error: E) => B
}

/**
 * A fallback for the errors that a refinement selects. They are removed from the error type of the result.
 *
 * @since 0.1.0
 * @category models
 */
export interface Refined<in out E, in out EB extends E, out B> {
  readonly when: Predicate.Refinement<E, EB>
  readonly use: (error: EB) => B
}

/**
 * A fallback for the errors that a predicate selects. They stay in the error type of the result, because other errors
 * of the same type pass through.
 *
 * @since 0.1.0
 * @category models
 */
export interface Chosen<in E, out B> {
  readonly when: Predicate.Predicate<E>
  readonly use: (error: E) => B
}

/**
 * Runs another effect when the first one fails.
 *
 * @example
 * import { Fallback } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const price = Effect.fail("down" as const)
 *
 * const program = price.pipe(Fallback.orElse({ when: (error) => error === "down", use: () => Effect.succeed("64000.5") }))
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category combinators
 */
export const orElse: {
  <E, A2, E2, R2>(
    options: Any<E, Effect.Effect<A2, E2, R2>>
  ): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A | A2, E2, R | R2>
  <E, EB extends E, A2, E2, R2>(
    options: Refined<NoInfer<E>, EB, Effect.Effect<A2, E2, R2>>
  ): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A | A2, Exclude<E, EB> | E2, R | R2>
  <E, A2, E2, R2>(
    options: Chosen<NoInfer<E>, Effect.Effect<A2, E2, R2>>
  ): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A | A2, E | E2, R | R2>
  <A, E, R, A2, E2, R2>(
    self: Effect.Effect<A, E, R>,
    options: Any<E, Effect.Effect<A2, E2, R2>>
  ): Effect.Effect<A | A2, E2, R | R2>
  <A, E, R, EB extends E, A2, E2, R2>(
    self: Effect.Effect<A, E, R>,
    options: Refined<E, EB, Effect.Effect<A2, E2, R2>>
  ): Effect.Effect<A | A2, Exclude<E, EB> | E2, R | R2>
  <A, E, R, A2, E2, R2>(
    self: Effect.Effect<A, E, R>,
    options: Chosen<E, Effect.Effect<A2, E2, R2>>
  ): Effect.Effect<A | A2, E | E2, R | R2>
} = dual(
  2,
  <A, E, R, A2, E2, R2>(
    self: Effect.Effect<A, E, R>,
    { use, when = constTrue }: Any<E, Effect.Effect<A2, E2, R2>> | Chosen<E, Effect.Effect<A2, E2, R2>>
  ): Effect.Effect<A | A2, E | E2, R | R2> => catchFailure(self, when, use)
)

/**
 * Succeeds with a given value when the effect fails. Keeps the brand of an `Idempotent` effect.
 *
 * @since 0.1.0
 * @category combinators
 */
export const orElseSucceed: {
  <E, A2>(
    options: Any<E, A2>
  ): <A, R, I = never>(self: Idempotent.Input<A, E, R, I>) => Idempotent.Output<A | A2, never, R, I>
  <E, EB extends E, A2>(
    options: Refined<NoInfer<E>, EB, A2>
  ): <A, R, I = never>(self: Idempotent.Input<A, E, R, I>) => Idempotent.Output<A | A2, Exclude<E, EB>, R, I>
  <E, A2>(
    options: Chosen<NoInfer<E>, A2>
  ): <A, R, I = never>(self: Idempotent.Input<A, E, R, I>) => Idempotent.Output<A | A2, E, R, I>
  <A, E, R, A2, I = never>(
    self: Idempotent.Input<A, E, R, I>,
    options: Any<E, A2>
  ): Idempotent.Output<A | A2, never, R, I>
  <A, E, R, EB extends E, A2, I = never>(
    self: Idempotent.Input<A, E, R, I>,
    options: Refined<E, EB, A2>
  ): Idempotent.Output<A | A2, Exclude<E, EB>, R, I>
  <A, E, R, A2, I = never>(
    self: Idempotent.Input<A, E, R, I>,
    options: Chosen<E, A2>
  ): Idempotent.Output<A | A2, E, R, I>
} = dual(
  2,
  <A, E, R, A2, I>(
    self: Idempotent.Input<A, E, R, I>,
    { use, when = constTrue }: Any<E, A2> | Chosen<E, A2>
  ): Idempotent.Output<A | A2, E, R, I> =>
    keepBrand(self, catchFailure(self, when, (error) => Effect.sync(() => use(error))))
)

/**
 * A memory of the last success, which is served when a call fails, as long as it is not too old.
 *
 * @since 0.1.0
 * @category models
 */
export interface LastKnown<in out A, in E = unknown> {
  /**
   * Runs the effect and remembers its success. If the effect fails, serves the remembered value instead, or fails with
   * the error of the effect if there is no value or only one that is too old.
   *
   * If successes overlap, the one whose call began last is remembered: a slow response never replaces a newer one.
   * Keeps the brand of an `Idempotent` effect.
   */
  readonly serve: <E1 extends E, R, I = never>(
    self: Idempotent.Input<A, E1, R, I>
  ) => Idempotent.Output<Served<A>, E1, R, I>
  /** The value that would be served if a call failed now. */
  readonly known: Effect.Effect<Option.Option<Served<A>>>
}

/**
 * A value and its maximum age.
 *
 * @since 0.1.0
 * @category models
 */
export interface Served<out A> {
  readonly value: A
  /** The time since the call that returned the value began, on the monotonic clock. The value is at most that old. */
  readonly age: Duration.Duration
  /** Whether the value comes from an earlier call because the current call failed. */
  readonly stale: boolean
}

/**
 * Creates a memory for one value, initially empty. Values with different keys need one memory each.
 *
 * @example
 * import { Fallback } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const last = yield* Fallback.lastKnown<string, string>({ maxAge: "1 minute" })
 *   yield* last.serve(Effect.succeed("64000.5"))
 *   const { stale, value } = yield* last.serve(Effect.fail("down"))
 *   return [value, stale] // ["64000.5", true]
 * })
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category constructors
 */
export const lastKnown = <A, E = unknown>(options: {
  /** The maximum age of a served value. */
  readonly maxAge: Duration.DurationInput
  /** The errors for which the remembered value is served. Defaults to all errors. */
  readonly when?: Predicate.Predicate<E> | undefined
}): Effect.Effect<LastKnown<A, E>> =>
  Effect.sync(() => {
    const maxAge = requireDuration("Fallback.lastKnown: maxAge", options.maxAge)
    const when = options.when ?? constTrue
    let last: { readonly value: A; readonly startedAt: bigint } | undefined

    const recall = (now: bigint): Option.Option<Served<A>> => {
      if (last === undefined) return Option.none()
      const age = Duration.nanos(now - last.startedAt)
      if (Duration.lessThanOrEqualTo(age, maxAge)) return Option.some({ value: last.value, age, stale: true })
      // Frees the value: it is too old to be served ever again.
      last = undefined
      return Option.none()
    }

    return {
      serve: (self) =>
        keepBrand(
          self,
          Effect.clockWith((clock) => {
            const startedAt = monotonic(clock)
            const served = Effect.map(self, (value): Served<A> => {
              if (last === undefined || last.startedAt <= startedAt) last = { value, startedAt }
              return { value, age: Duration.nanos(monotonic(clock) - startedAt), stale: false }
            })
            return catchFailure(served, when, (error) =>
              Option.match(recall(monotonic(clock)), { onNone: () => Effect.fail(error), onSome: Effect.succeed }))
          })
        ),
      known: Effect.clockWith((clock) =>
        Effect.sync(() =>
          recall(monotonic(clock))
        )
      )
    }
  })
