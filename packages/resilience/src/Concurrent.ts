/**
 * Runs several effects concurrently and waits for all of them to end.
 *
 * `Effect.forEach` and `Effect.all` with concurrency do the same, but in effect 3.22 they can hang forever when they
 * are interrupted just where their fiber yields. Use this module wherever an interruption is possible, which includes
 * everything under a timeout.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { identity } from "effect/Function"
import { requireThat } from "./internal/requireWhole.js"

/**
 * The options of concurrent execution.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The maximum number of effects that run concurrently: a whole number of at least 1, `Infinity` or `"unbounded"`. */
  readonly concurrency: number | "unbounded"
  /**
   * What happens to the running effects when one of them fails. Defaults to interrupting them.
   *
   * `"wait"` lets them end by themselves. Use it where a refused effect says nothing about the others: a half-open
   * circuit breaker admits one request and refuses the concurrent ones, and would never close if the admitted request
   * were interrupted because of a refusal.
   */
  readonly onFailure?: "interrupt" | "wait" | undefined
}

/**
 * Runs an effect for each item with bounded concurrency, and returns the results in the order of the items.
 *
 * The first failure interrupts the running effects (unless `onFailure` is `"wait"`), starts no further effect, and
 * becomes the failure of the whole. Failures and defects of effects that could not be interrupted are added to the
 * cause. It always ends only after everything it started has ended, also when it is interrupted. Each effect runs in
 * its own fiber, which is as interruptible as the caller. Throws a `RangeError` for options out of range.
 *
 * @example
 * import { Concurrent } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Concurrent.forEach(["BTC", "ETH", "SOL"], (asset) => Effect.succeed(`${asset}/USDT`), { concurrency: 2 })
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category combinators
 */
export const forEach = <A, B, E, R>(
  items: Iterable<A>,
  f: (item: A, index: number) => Effect.Effect<B, E, R>,
  options: Options
): Effect.Effect<Array<B>, E, R> => {
  const maxRunning = requireConcurrency(options)
  return Effect.uninterruptibleMask((restore) =>
    Effect.fiberIdWith((caller) => {
      const remainingItems = Array.from(items).entries()
      const results: Array<B> = []
      const fibers: Array<Fiber.RuntimeFiber<B, E>> = []
      const running = new Set<Fiber.RuntimeFiber<B, E>>()
      let failure: Cause.Cause<E> | undefined
      let wake: (() => void) | undefined

      const fail = (cause: Cause.Cause<E>): void => {
        if (failure === undefined) {
          failure = cause
          if (options.onFailure !== "wait") running.forEach((fiber) => fiber.unsafeInterruptAsFork(caller))
        } else if (!Cause.isInterruptedOnly(cause)) {
          failure = Cause.parallel(failure, cause)
        }
      }

      const begin = (item: A, index: number): Effect.Effect<void, never, R> =>
        // Daemons, because all of them are awaited here. The observer is added before anything else can happen to the
        // fiber.
        Effect.map(Effect.forkDaemon(restore(Effect.suspend(() => f(item, index)))), (fiber) => {
          fibers[index] = fiber
          running.add(fiber)
          // Another effect failed while this one was being forked.
          if (failure !== undefined && options.onFailure !== "wait") fiber.unsafeInterruptAsFork(caller)
          fiber.addObserver((exit) => {
            running.delete(fiber)
            if (exit._tag === "Success") results[index] = exit.value
            else fail(exit.cause)
            wake?.()
          })
        })

      /** Ends when an effect has ended, or immediately if one already has. */
      const awaitAny = (before: number): Effect.Effect<void> =>
        Effect.async((resume) => {
          wake = () => {
            wake = undefined
            resume(Effect.void)
          }
          if (running.size < before) wake()
        })

      const stop: Effect.Effect<void> = Effect.suspend(() =>
        running.size === 0 ? Effect.void : Effect.zipRight(awaitAny(running.size), stop)
      )

      /** The cause of an interruption, combined with the failures that occurred while waiting for the fibers. */
      const withFailures = (cause: Cause.Cause<E>): Cause.Cause<E> =>
        failure === undefined || failure === cause || Cause.isInterruptedOnly(failure)
          ? cause
          : Cause.parallel(cause, failure)

      const run: Effect.Effect<void, E, R> = Effect.suspend(() => {
        if (failure !== undefined) {
          return Effect.zipRight(
            options.onFailure === "wait" ? restore(stop) : stop,
            Effect.suspend(() => Effect.failCause(failure ?? Cause.empty))
          )
        }
        if (running.size < maxRunning) {
          const next = remainingItems.next()
          if (next.done !== true) return Effect.zipRight(begin(next.value[1], next.value[0]), run)
          if (running.size === 0) return Effect.void
        }
        return Effect.zipRight(restore(awaitAny(running.size)), run)
      })

      return Effect.matchCauseEffect(run, {
        onFailure: (cause) =>
          Effect.suspend(() => {
            running.forEach((fiber) => fiber.unsafeInterruptAsFork(caller))
            return Effect.zipRight(stop, Effect.suspend(() => Effect.failCause(withFailures(cause))))
          }),
        onSuccess: () => Effect.as(Effect.forEach(fibers, Fiber.inheritAll, { discard: true }), results)
      })
    })
  )
}

/**
 * Runs two effects concurrently and returns the exit of the one that ends first, be it a success or a failure.
 *
 * The other effect is interrupted. The race ends only when both effects have ended, also when the race itself is
 * interrupted. Both run in their own fibers, which can be interrupted even where the caller cannot, such as in a
 * finalizer.
 *
 * **Gotchas**
 *
 * In effect 3.22, `Effect.race`, `raceFirst` and the combinators built on them hang forever when they are interrupted
 * just where their fiber yields. In a finalizer they also wait for a loser that never ends.
 *
 * @example
 * import { Concurrent } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Concurrent.raceFirst(
 *   Effect.as(Effect.sleep("1 second"), "the slow one"),
 *   Effect.as(Effect.sleep("1 millis"), "the fast one")
 * )
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category combinators
 */
export const raceFirst = <A, E, R, A2, E2, R2>(
  self: Effect.Effect<A, E, R>,
  that: Effect.Effect<A2, E2, R2>
): Effect.Effect<A | A2, E | E2, R | R2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      Effect.zip(Effect.forkDaemon(Effect.interruptible(self)), Effect.forkDaemon(Effect.interruptible(that))),
      ([one, other]) => {
        const ended = Effect.async<Fiber.RuntimeFiber<A | A2, E | E2>>((resume) => {
          one.addObserver(() => resume(Effect.succeed(one)))
          other.addObserver(() => resume(Effect.succeed(other)))
        })
        return Effect.matchCauseEffect(restore(ended), {
          onFailure: (cause) => Effect.zipRight(Fiber.interruptAll([one, other]), Effect.failCause(cause)),
          onSuccess: (winner) =>
            Effect.zipRight(
              Fiber.interrupt<A | A2, E | E2>(winner === one ? other : one),
              Effect.zipRight(Fiber.inheritAll(winner), Effect.flatten(Fiber.await(winner)))
            )
        })
      }
    )
  )

/**
 * Runs the effects of a tuple or an array like {@link forEach}.
 *
 * @since 0.1.0
 * @category combinators
 */
export function all<const T extends ReadonlyArray<Effect.Effect<unknown, unknown, unknown>>>(
  effects: T,
  options: Options
): Effect.Effect<
  { -readonly [K in keyof T]: Effect.Effect.Success<T[K]> },
  Effect.Effect.Error<T[number]>,
  Effect.Effect.Context<T[number]>
>
export function all<A, E, R>(
  effects: ReadonlyArray<Effect.Effect<A, E, R>>,
  options: Options
): Effect.Effect<ReadonlyArray<A>, E, R> {
  return forEach(effects, identity, options)
}

const requireConcurrency = ({ concurrency }: Options): number => {
  if (concurrency === "unbounded") return Number.POSITIVE_INFINITY
  const holds = concurrency >= 1 && (Number.isInteger(concurrency) || concurrency === Number.POSITIVE_INFINITY)
  requireThat("Concurrent: concurrency", concurrency, holds, "a whole number of at least 1, Infinity or \"unbounded\"")
  return concurrency
}
