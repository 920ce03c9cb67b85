/**
 * One run for all who ask for the same thing at the same time: a hundred callers that miss a cache together must not
 * become a hundred calls.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as MutableHashMap from "effect/MutableHashMap"
import * as Option from "effect/Option"
import * as Deadline from "./Deadline.js"
import type * as Idempotent from "./Idempotent.js"
import { keepBrand } from "./internal/idempotent.js"
import { labels } from "./internal/labels.js"
import { singleFlightCoalescedCalls } from "./Telemetry.js"

/**
 * Runs in flight, by key. Nothing is remembered of a run that has ended: not its success and not its failure.
 *
 * @since 0.1.0
 * @category models
 */
export interface SingleFlight<in out A, in out E = never, in K = string> {
  /** What the metrics call it. */
  readonly name: string
  /**
   * Runs the effect, unless one is in flight under an equal key (by `Equal`): then waits for how that one ends. It ends
   * in the same way for all who wait, be it a success, a failure, a defect or its own interruption.
   *
   * Interrupting a caller, the first one too, only takes that caller away; when the last one leaves, the run is
   * interrupted and that caller waits until it has stopped. From that moment on the next caller begins a run of its own.
   *
   * The run has the context and the fiber-local values of the caller who began it, except the `Deadline`, since it is
   * not only that caller's; it can always be interrupted. It is a fiber of its own: some tens of microseconds a run.
   *
   * A run that itself asks under its own key waits for itself, for ever.
   */
  readonly run: <R, I = never>(
    key: K,
    self: Idempotent.Input<A, E, R, I>
  ) => Idempotent.Output<A, E, R, I>
  /** How many runs are in flight. */
  readonly inFlight: Effect.Effect<number>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** What the metrics call it. */
  readonly name: string
}

/**
 * Makes one for effects of one type: `SingleFlight.make<Price, PriceError>({ name: "prices" })`. Keys are strings
 * unless the third type says otherwise.
 *
 * @example
 * import { Idempotent, SingleFlight } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const flights = yield* SingleFlight.make<string, never>({ name: "prices" })
 *   const price = flights.run("BTC/USDT", Idempotent.mark(Effect.as(Effect.sleep("1 millis"), "64000.5")))
 *   // One call, three answers.
 *   return yield* Effect.all([price, price, price], { concurrency: "unbounded" })
 * })
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <A, E = never, K = string>(options: Options): Effect.Effect<SingleFlight<A, E, K>> =>
  Effect.sync(() => {
    const flights = MutableHashMap.empty<K, Flight<A, E>>()
    const named = labels({ name: options.name })

    const land = (key: K, flight: Flight<A, E>): void => {
      if (flight.landed) return
      flight.landed = true
      MutableHashMap.remove(flights, key)
    }

    const leave = (key: K, flight: Flight<A, E>): Effect.Effect<void> =>
      Effect.suspend(() => {
        flight.waiting -= 1
        if (flight.waiting > 0 || flight.landed || flight.fiber === undefined) return Effect.void
        land(key, flight)
        return Fiber.interrupt(flight.fiber)
      })

    // Masked from joining to leaving, so that nobody is counted who no longer waits.
    const run = <R>(key: K, self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.uninterruptibleMask((restore) =>
        Effect.suspend(() => {
          const wait = (flight: Flight<A, E>): Effect.Effect<A, E> =>
            Effect.onInterrupt(restore(Deferred.await(flight.result)), () => leave(key, flight))

          const known = MutableHashMap.get(flights, key)
          if (Option.isSome(known)) {
            known.value.waiting += 1
            singleFlightCoalescedCalls.unsafeUpdate(1, named)
            return wait(known.value)
          }
          const flight: Flight<A, E> = {
            result: Deferred.unsafeMake(FiberId.none),
            waiting: 1,
            landed: false,
            fiber: undefined
          }
          MutableHashMap.set(flights, key, flight)
          return Effect.flatMap(
            Effect.forkDaemon(Effect.interruptible(Deadline.none(self))),
            (fiber) => {
              flight.fiber = fiber
              fiber.addObserver((exit) => {
                // Before anybody is told, so that who asks again on hearing of it is not given the same again.
                land(key, flight)
                Deferred.unsafeDone(flight.result, exit)
              })
              return wait(flight)
            }
          )
        })
      )

    return {
      name: options.name,
      run: (key, self) => keepBrand(self, run(key, self)),
      inFlight: Effect.sync(() => MutableHashMap.size(flights))
    }
  })

interface Flight<in out A, in out E> {
  readonly result: Deferred.Deferred<A, E>
  waiting: number
  /** Whether it is over, so that the key is free for another one. */
  landed: boolean
  fiber: Fiber.RuntimeFiber<A, E> | undefined
}
