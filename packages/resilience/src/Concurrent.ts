/**
 * Several effects at once, which end together.
 *
 * `Effect.forEach` and `Effect.all` with concurrency do the same, but in effect 3.22 they can hang for good when they are
 * interrupted just where their fiber yields. Use these instead wherever somebody may be interrupted, which is everywhere
 * under a timeout.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { identity } from "effect/Function"
import { requireThat } from "./internal/requireWhole.js"

/**
 * How many effects run at once.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** A whole number of at least 1, or `"unbounded"`. */
  readonly concurrency: number | "unbounded"
  /**
   * What becomes of those that run when one fails. Defaults to interrupting them; `"wait"` lets them end by themselves, for what
   * one that was refused says nothing of: a half-open circuit breaker lets one request through and refuses those beside it, and
   * would never close if that one were interrupted for their sake.
   */
  readonly onFailure?: "interrupt" | "wait" | undefined
}

/**
 * Runs an effect for each item, so many at once, and gives what they succeed with in the order of the items.
 *
 * The first failure interrupts those that run, unless `onFailure` says otherwise, begins no other, and is what it fails with;
 * failures and defects of those that could not be interrupted are part of the cause. In every case it ends only when all that was begun has ended, also
 * when it is interrupted. Each runs in a fiber of its own, as interruptible as its caller. Throws a `RangeError` for options
 * out of range.
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
  const most = requireConcurrency(options)
  return Effect.uninterruptibleMask((restore) =>
    Effect.fiberIdWith((caller) => {
      const left = Array.from(items).entries()
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
        // Daemons, as all are awaited here. The observer is there before anything else can happen to the fiber.
        Effect.map(Effect.forkDaemon(restore(Effect.suspend(() => f(item, index)))), (fiber) => {
          fibers[index] = fiber
          running.add(fiber)
          // Another one has failed while this one was being forked.
          if (failure !== undefined && options.onFailure !== "wait") fiber.unsafeInterruptAsFork(caller)
          fiber.addObserver((exit) => {
            running.delete(fiber)
            if (exit._tag === "Success") results[index] = exit.value
            else fail(exit.cause)
            wake?.()
          })
        })

      /** Ends when something has, or at once if that has happened already. */
      const someEnded = (before: number): Effect.Effect<void> =>
        Effect.async((resume) => {
          wake = () => {
            wake = undefined
            resume(Effect.void)
          }
          if (running.size < before) wake()
        })

      const stop: Effect.Effect<void> = Effect.suspend(() =>
        running.size === 0 ? Effect.void : Effect.zipRight(someEnded(running.size), stop)
      )

      /** An interruption, and what failed while it was waited for. */
      const withWhatFailed = (cause: Cause.Cause<E>): Cause.Cause<E> =>
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
        if (running.size < most) {
          const next = left.next()
          if (next.done !== true) return Effect.zipRight(begin(next.value[1], next.value[0]), run)
          if (running.size === 0) return Effect.void
        }
        return Effect.zipRight(restore(someEnded(running.size)), run)
      })

      return Effect.matchCauseEffect(run, {
        onFailure: (cause) =>
          Effect.suspend(() => {
            running.forEach((fiber) => fiber.unsafeInterruptAsFork(caller))
            return Effect.zipRight(stop, Effect.suspend(() => Effect.failCause(withWhatFailed(cause))))
          }),
        onSuccess: () => Effect.as(Effect.forEach(fibers, Fiber.inheritAll, { discard: true }), results)
      })
    })
  )
}

/**
 * Runs two effects at once, and gives what the first of them ends with, be it a success or a failure.
 *
 * The other one is interrupted, and it ends only when that one has ended, also when it is interrupted itself. Both run in fibers
 * of their own that can be interrupted wherever the caller is, as in a finalizer.
 *
 * **Gotchas**
 *
 * `Effect.race`, `raceFirst` and what is made of them hang for good in effect 3.22 when they are interrupted just where their fiber
 * yields, and wait in a finalizer for a loser that never ends.
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
 * Runs the effects of a tuple or of an array, as {@link forEach} does.
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
