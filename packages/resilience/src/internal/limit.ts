/**
 * A limit on the time of an effect that holds wherever the effect runs.
 *
 * `Effect.timeout` runs the effect as interruptible as its caller is: in finalizers, in `acquire` and wherever else
 * interruption is masked, it waits for ever for what never ends by itself.
 *
 * @internal
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as FiberId from "effect/FiberId"
import type { LazyArg } from "effect/Function"

/** @internal */
export interface Options<out E> {
  readonly duration: Duration.Duration
  readonly onTimeout: LazyArg<E>
  /** Does not wait until what was interrupted has stopped. */
  readonly disconnect?: boolean | undefined
  /** Told of what is not waited for. */
  readonly onLeftBehind?: ((work: Fiber.RuntimeFiber<unknown, unknown>) => void) | undefined
}

/**
 * Runs the effect in a fiber of its own, where it can be interrupted whatever the caller is, and interrupts it when its
 * time is over. The caller's own interruption is passed on where the caller can be interrupted.
 *
 * @internal
 */
export const limit = <A, E, R, E2>(self: Effect.Effect<A, E, R>, options: Options<E2>): Effect.Effect<A, E | E2, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.fiberIdWith((caller) =>
      // Daemons: both are always interrupted or awaited here, and to be watched over by the caller's fiber costs more.
      Effect.flatMap(Effect.forkDaemon(Effect.interruptible(self)), (work) => {
        const race = racing(work, caller, options)
        return Effect.flatMap(Effect.forkDaemon(Effect.interruptible(race.timer)), (timer) =>
          Effect.matchCauseEffect(restore(race.ended), {
            onFailure: (cause) => {
              timer.unsafeInterruptAsFork(caller)
              return Effect.zipRight(race.stop, Effect.failCause(cause))
            },
            onSuccess: (exit): Effect.Effect<A, E | E2> => {
              if (exit === undefined) return Effect.failSync(options.onTimeout)
              timer.unsafeInterruptAsFork(caller)
              return exit._tag === "Success" ? Effect.zipRight(Fiber.inheritAll(work), exit) : exit
            }
          }))
      })
    )
  )

interface Racing<A, E> {
  readonly timer: Effect.Effect<void>
  /** How the effect has ended; `undefined` if its time was over before. */
  readonly ended: Effect.Effect<Exit.Exit<A, E> | undefined>
  readonly stop: Effect.Effect<void>
}

const racing = <A, E>(
  work: Fiber.RuntimeFiber<A, E>,
  caller: FiberId.FiberId,
  { disconnect, duration, onLeftBehind }: Options<unknown>
): Racing<A, E> => {
  let isLate = false
  let answer: ((exit: Effect.Effect<Exit.Exit<A, E> | undefined>) => void) | undefined
  const leave = (): void => {
    work.unsafeInterruptAsFork(caller)
    if (work.unsafePoll() === null) onLeftBehind?.(work)
  }
  return {
    timer: Effect.map(Effect.sleep(duration), () => {
      isLate = true
      if (disconnect !== true) return work.unsafeInterruptAsFork(caller)
      leave()
      answer?.(Effect.succeed(undefined))
    }),
    ended: Effect.async((resume) => {
      answer = resume
      work.addObserver((exit) => resume(Effect.succeed(isLate ? undefined : exit)))
    }),
    stop: Effect.suspend(() => {
      if (disconnect !== true) return Effect.asVoid(Fiber.interruptAs(work, caller))
      leave()
      return Effect.void
    })
  }
}
