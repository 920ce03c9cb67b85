/**
 * A circuit breaker: stops calls to a service that keeps failing, and probes for its recovery.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Inspectable from "effect/Inspectable"
import * as Pipeable from "effect/Pipeable"
import type { Snapshot } from "./internal/circuitBreakerModel.js"
import { type CircuitBreaker, CircuitOpen, type Options, TypeId, type Verdict } from "./internal/circuitBreakerModel.js"
import { settingsOf } from "./internal/circuitBreakerSettings.js"
import * as shell from "./internal/circuitBreakerShell.js"
import * as circuitBreakerSnapshot from "./internal/circuitBreakerSnapshot.js"
import { keepBrand } from "./internal/idempotent.js"
import { makeRejection } from "./internal/rejections.js"
import { isRejection } from "./Rejection.js"

export {
  type CircuitBreaker,
  CircuitOpen,
  type Metrics,
  type Options,
  Snapshot,
  type State,
  type Transition,
  type TripCause,
  TypeId,
  type Verdict
} from "./internal/circuitBreakerModel.js"

/**
 * Creates a closed circuit breaker. It needs no scope: a fiber exists only while calls wait for probes or
 * {@link CircuitBreaker.automatic} is in use, and it sleeps.
 *
 * Put timeouts inside the protected effect: a timeout outside reaches the breaker as an interruption and is ignored.
 * Time is read from the caller's `Clock`, and deadlines from its monotonic time, which `TestClock` controls. Dies with
 * a `RangeError` for options out of range.
 *
 * All metrics have the label `name`. The gauge `circuitbreaker_state` is 1 for the current `state` and 0 for the
 * others. The counter `circuitbreaker_not_permitted_calls` counts refused calls. The counter
 * `circuitbreaker_transitions` counts state transitions by `from` and `to`.
 *
 * @example
 * import { CircuitBreaker, Trip } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const breaker = yield* CircuitBreaker.make({ name: "prices", trip: Trip.consecutive(2) })
 *   const call = breaker.protect(Effect.fail("down"))
 *   yield* Effect.flip(call) // down
 *   yield* Effect.flip(call) // down
 *   return yield* Effect.flip(call) // CircuitOpen: nothing was called
 * })
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <E = unknown>(options: Options<E>): Effect.Effect<CircuitBreaker<E>> =>
  restore(options, options.metricsOnly === true ? { _tag: "MetricsOnly" } : { _tag: "Closed" })

/**
 * Creates a circuit breaker that continues from the {@link Snapshot} of another breaker.
 *
 * An open circuit stays open for the remaining time. If it trips again, it opens for as long as the original breaker
 * would have: the schedule is stepped the same number of times, with the cause `Restored`. Restoring publishes no
 * transition.
 *
 * @since 0.1.0
 * @category constructors
 */
export const restore = <E = unknown>(options: Options<E>, from: Snapshot): Effect.Effect<CircuitBreaker<E>> =>
  Effect.suspend(() => {
    const { name } = options
    const { maxQueue, openFor, settings } = settingsOf(options)
    return circuitBreakerSnapshot.restore(settings, openFor, from).pipe(
      Effect.flatMap((initial) =>
        shell.make<E, CircuitOpen>({
          name,
          openFor,
          settings,
          maxQueue,
          classify: options.classify ?? defaultClassify,
          otherwise: defaultClassify,
          refuse: ({ retryAfter, state }) => makeRejection(() => new CircuitOpen({ name, state, retryAfter }, true))
        }, initial)
      ),
      Effect.map((breaker): CircuitBreaker<E> => {
        const { protect } = breaker
        const own: Pick<CircuitBreaker<E>, TypeId | "name" | "toJSON" | "protect"> = {
          [TypeId]: TypeId,
          name,
          toJSON: () => ({ _id: "CircuitBreaker", name }),
          protect: (self) => keepBrand(self, protect(self))
        }
        // Not spread: an object with that many spread members gets its own hidden class, and creating it takes forty
        // times as long.
        return Object.assign(breaker, Inspectable.BaseProto, Pipeable.Prototype, own)
      })
    )
  })

/**
 * The default classification. Failures and defects count as failures, interruption and refusals by other gates
 * ({@link isRejection}) are ignored, and every other exit is a success.
 *
 * A cause with several parts is judged by its defects and failures: it is ignored only if there is no defect and every
 * failure is a refusal.
 *
 * @since 0.1.0
 * @category combinators
 */
export const defaultClassify = (exit: Exit.Exit<unknown, unknown>): Verdict => {
  if (Exit.isSuccess(exit)) return "success"
  if (Cause.isInterruptedOnly(exit.cause)) return "ignore"
  if (Chunk.isNonEmpty(Cause.defects(exit.cause))) return "failure"
  for (const error of Cause.failures(exit.cause)) {
    if (!isRejection(error)) return "failure"
  }
  return "ignore"
}

/**
 * Returns the verdict for a server that requested no calls until an instant, in milliseconds since the epoch.
 *
 * The instant is compared with the wall clock once, when the verdict arrives; after that the monotonic clock counts.
 *
 * @since 0.1.0
 * @category constructors
 */
export const openUntil = (epochMillis: number): Verdict => ({ _tag: "OpenUntil", epochMillis })

/**
 * Returns the verdict for a server that requested no calls for a duration, counted from the arrival of the verdict.
 *
 * @example
 * import { CircuitBreaker } from "@effect-exchange/resilience"
 * import { Cause, type Duration, Effect, Exit } from "effect"
 *
 * interface Banned {
 *   readonly for: Duration.Duration
 * }
 *
 * const program = CircuitBreaker.make<Banned>({
 *   name: "prices",
 *   classify: (exit) =>
 *     Exit.isFailure(exit) && Cause.isFailType(exit.cause)
 *       ? CircuitBreaker.openFor(exit.cause.error.for)
 *       : CircuitBreaker.defaultClassify(exit)
 * })
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category constructors
 */
export const openFor = (duration: Duration.DurationInput): Verdict => ({ _tag: "OpenFor", duration })
