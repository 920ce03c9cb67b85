/**
 * Deduplicates concurrent requests for the same thing: a hundred callers that miss a cache together must not become a
 * hundred calls.
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
 * Shares runs in flight by key. Nothing is remembered of a run that has ended, neither its success nor its failure.
 *
 * @since 0.1.0
 * @category models
 */
export interface SingleFlight<in out A, in out E = never, in K = string> {
  /** The name used in metrics. */
  readonly name: string
  /**
   * Runs the effect, unless a run with an equal key (by `Equal`) is in flight: then waits for the exit of that run. All
   * waiting callers get the same exit, be it a success, a failure, a defect or the run's own interruption.
   *
   * Interrupting a caller, even the first one, only removes that caller. When the last caller leaves, the run is
   * interrupted, and that caller waits until the run has stopped. From that moment on the next caller starts a new run.
   *
   * The run has the context and the fiber-local values of the caller that started it, except the `Deadline`, because it
   * also serves other callers. It can always be interrupted. It has its own fiber, which costs some tens of
   * microseconds per run.
   *
   * **Gotchas**
   *
   * A run that calls `run` with its own key waits for itself forever.
   */
  readonly run: <R, I = never>(
    key: K,
    self: Idempotent.Input<A, E, R, I>
  ) => Idempotent.Output<A, E, R, I>
  /** The number of runs in flight. */
  readonly inFlight: Effect.Effect<number>
}

/**
 * The options of a {@link SingleFlight}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The name used in metrics. */
  readonly name: string
}

/**
 * Creates a single flight for effects of one type: `SingleFlight.make<Price, PriceError>({ name: "prices" })`. Keys are
 * strings unless the third type parameter says otherwise.
 *
 * @example
 * import { Idempotent, SingleFlight } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const flights = yield* SingleFlight.make<string, never>({ name: "prices" })
 *   const price = flights.run("BTC/USDT", Idempotent.mark(Effect.as(Effect.sleep("1 millis"), "64000.5")))
 *   // One run answers all three calls.
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

    const settle = (key: K, flight: Flight<A, E>): void => {
      if (flight.isSettled) return
      flight.isSettled = true
      MutableHashMap.remove(flights, key)
    }

    const leave = (key: K, flight: Flight<A, E>): Effect.Effect<void> =>
      Effect.suspend(() => {
        flight.waiting -= 1
        if (flight.waiting > 0 || flight.isSettled || flight.fiber === undefined) return Effect.void
        settle(key, flight)
        return Fiber.interrupt(flight.fiber)
      })

    // Uninterruptible from joining to leaving, so that only waiting callers are counted.
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
            isSettled: false,
            fiber: undefined
          }
          MutableHashMap.set(flights, key, flight)
          return Effect.flatMap(
            Effect.forkDaemon(Effect.interruptible(Deadline.none(self))),
            (fiber) => {
              flight.fiber = fiber
              fiber.addObserver((exit) => {
                // Before the callers are notified, so that a caller that runs again immediately does not get the same
                // result.
                settle(key, flight)
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
  /** Whether the run is over, so that the key is free for another run. */
  isSettled: boolean
  fiber: Fiber.RuntimeFiber<A, E> | undefined
}
