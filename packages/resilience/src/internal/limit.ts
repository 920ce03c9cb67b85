/**
 * A time limit for an effect that holds wherever the effect runs.
 *
 * `Effect.timeout` runs the effect with the interruptibility of its caller: in finalizers, in `acquire` and in any
 * other uninterruptible region, it waits forever for an effect that never ends by itself.
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
  /** Whether to return without waiting until the interrupted effect has stopped. */
  readonly disconnect?: boolean | undefined
  /** Receives the fiber that is left behind. */
  readonly onLeftBehind?: ((work: Fiber.RuntimeFiber<unknown, unknown>) => void) | undefined
}

/**
 * Runs the effect in its own interruptible fiber, whatever the interruptibility of the caller, and interrupts it when
 * its time is over. An interruption of the caller is passed on where the caller is interruptible.
 *
 * @internal
 */
export const limit = <A, E, R, E2>(self: Effect.Effect<A, E, R>, options: Options<E2>): Effect.Effect<A, E | E2, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.fiberIdWith((caller) =>
      // Daemons: both are always interrupted or awaited here, and supervision by the caller's fiber would cost more.
      Effect.flatMap(Effect.forkDaemon(Effect.interruptible(self)), (work) => {
        const race = makeRace(work, caller, options)
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

interface Race<A, E> {
  readonly timer: Effect.Effect<void>
  /** The exit of the effect; `undefined` if its time was over first. */
  readonly ended: Effect.Effect<Exit.Exit<A, E> | undefined>
  readonly stop: Effect.Effect<void>
}

const makeRace = <A, E>(
  work: Fiber.RuntimeFiber<A, E>,
  caller: FiberId.FiberId,
  { disconnect, duration, onLeftBehind }: Options<unknown>
): Race<A, E> => {
  let isLate = false
  let resumeCaller: ((exit: Effect.Effect<Exit.Exit<A, E> | undefined>) => void) | undefined
  const leave = (): void => {
    work.unsafeInterruptAsFork(caller)
    if (work.unsafePoll() === null) onLeftBehind?.(work)
  }
  return {
    timer: Effect.map(Effect.sleep(duration), () => {
      isLate = true
      if (disconnect !== true) return work.unsafeInterruptAsFork(caller)
      leave()
      resumeCaller?.(Effect.succeed(undefined))
    }),
    ended: Effect.async((resume) => {
      resumeCaller = resume
      work.addObserver((exit) => resume(Effect.succeed(isLate ? undefined : exit)))
    }),
    stop: Effect.suspend(() => {
      if (disconnect !== true) return Effect.asVoid(Fiber.interruptAs(work, caller))
      leave()
      return Effect.void
    })
  }
}
