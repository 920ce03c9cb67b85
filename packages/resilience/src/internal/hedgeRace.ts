/**
 * One hedged call as effects: starts attempts when the state machine decides so, waits for their results, and leaves
 * none behind.
 */
import type * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as FiberId from "effect/FiberId"
import * as Alarm from "./alarm.js"
import { orElseOnDefect } from "./defects.js"
import * as hedge from "./hedge.js"
import type { Attempt } from "./hedgeModel.js"
import { monotonic } from "./time.js"
import * as Waiting from "./waiting.js"

/** @internal */
export interface Options<in out A, in out E, out R> {
  readonly attempt: (attempt: Attempt) => Effect.Effect<A, E, R>
  /** Whether the request of an attempt leaves when the attempt starts; otherwise the attempt reports it. */
  readonly leavesOnStart: boolean
  readonly maxHedges: number
  /** The delay in nanoseconds. */
  readonly delay: bigint
  readonly clock: Clock.Clock
  readonly caller: FiberId.FiberId
  /** The `restore` function of the mask under which the call runs. */
  readonly restore: Waiting.Restore
  readonly judge: (cause: Cause.Cause<E>, hasLeft: boolean) => Effect.Effect<hedge.Failed<E>>
  /** Returns whether another attempt may start. */
  readonly admit: Effect.Effect<boolean>
  readonly onFailed: (failed: hedge.Failed<E>) => Effect.Effect<void>
  readonly onAnswered: (by: "first" | "hedge") => Effect.Effect<void>
  /** Receives the time the first attempt took since its request left, or had taken when the attempt was abandoned. */
  readonly onObserved: (latency: bigint, now: bigint) => void
  readonly onDiscard: ((value: A) => Effect.Effect<void>) | undefined
}

interface Running<A, E> {
  readonly number: number
  /** When its request left, if it has. */
  leftAt: bigint | undefined
  fiber: Fiber.RuntimeFiber<A, E> | undefined
}

type Signal<A, E> =
  | { readonly _tag: "Ended"; readonly attempt: Running<A, E>; readonly exit: Exit.Exit<A, E> }
  | { readonly _tag: "Due"; readonly started: number }

/** @internal */
export const run = <A, E, R>(options: Options<A, E, R>): Effect.Effect<A, E, R> => {
  const { clock, onDiscard } = options
  const inbox = makeInbox<Signal<A, E>>()
  const alarm = Alarm.make(Effect.sync(() => inbox.put({ _tag: "Due", started })))
  const running = new Set<Running<A, E>>()
  let state: hedge.State<E> = hedge.make(options.maxHedges)
  let first: Running<A, E> | undefined
  /** The first success, as soon as there is one. */
  let success: { readonly value: A; readonly of: Running<A, E> } | undefined
  let started = 0
  let isSettled = false
  let isOver = false

  const leave = (attempt: Running<A, E>): Effect.Effect<void> => {
    if (attempt.leftAt !== undefined) return Effect.void
    attempt.leftAt = monotonic(clock)
    // An attempt that waits for admission is not late, and an attempt that has been overtaken does not determine when
    // the next one is due.
    return isOver || state.attemptsLeft === 0 || attempt.number !== started
      ? Effect.void
      : alarm.set(attempt.leftAt + options.delay)
  }

  const discard = (value: A): Effect.Effect<void> =>
    onDiscard === undefined
      ? Effect.void
      : orElseOnDefect("`onDiscard` of a hedge", Effect.suspend(() => onDiscard(value)), undefined)

  // Runs in the fiber of the attempt, so that nobody waits for a loser and no success is lost between two fibers.
  const claim = (attempt: Running<A, E>, self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    onDiscard === undefined ? self : Effect.uninterruptibleMask((restore) =>
      Effect.tap(restore(self), (value) => {
        if (isOver || success !== undefined) return discard(value)
        success = { value, of: attempt }
        return Effect.void
      })
    )

  const start = Effect.suspend(() => {
    const attempt: Running<A, E> = { number: ++started, leftAt: undefined, fiber: undefined }
    const leaving = Effect.uninterruptible(Effect.suspend(() => leave(attempt)))
    const self = Effect.suspend(() => options.attempt({ number: attempt.number, leaving }))
    // A daemon: as a child of the caller's fiber, a slow loser would delay the end of that fiber. Interruptible
    // wherever the call is made: a loser must not continue because the caller cannot be interrupted.
    return Effect.flatMap(Effect.forkDaemon(Effect.interruptible(claim(attempt, self))), (fiber) => {
      attempt.fiber = fiber
      first ??= attempt
      running.add(attempt)
      fiber.addObserver((exit) => {
        running.delete(attempt)
        inbox.put({ _tag: "Ended", attempt, exit })
      })
      return Effect.zipRight(alarm.set(undefined), options.leavesOnStart ? leave(attempt) : Effect.void)
    })
  })

  const applyEvent = (event: hedge.Event<E>): Effect.Effect<void, E, R> => {
    const [next, decision] = hedge.step(state, event)
    state = next
    switch (decision._tag) {
      case "Wait":
        return Effect.void
      case "Hedge":
        return Effect.flatMap(
          options.admit,
          (admitted) =>
            admitted ? Effect.zipRight(applyEvent({ _tag: "Started" }), start) : applyEvent({ _tag: "Denied" })
        )
      case "Fail":
        isSettled = true
        return Effect.failCause(decision.cause)
    }
  }

  const observe = ({ leftAt }: Running<A, E>, ending: "succeeded" | "given up"): void => {
    if (leftAt === undefined) return
    const now = monotonic(clock)
    if (hedge.isObserved(ending, now - leftAt, options.delay)) options.onObserved(now - leftAt, now)
  }

  const succeed = (attempt: Running<A, E>, value: A): Effect.Effect<A> => {
    isSettled = true
    success = undefined
    if (attempt === first) observe(attempt, "succeeded")
    return options.onAnswered(attempt === first ? "first" : "hedge").pipe(
      Effect.zipRight(attempt.fiber === undefined ? Effect.void : Fiber.inheritAll(attempt.fiber)),
      Effect.as(value)
    )
  }

  const next: Effect.Effect<A, E, R> = Effect.flatMap(inbox.take(options.restore), (signal) => {
    if (signal._tag === "Due") {
      // The attempt that was due may have started already, because of a failure.
      return signal.started === started ? Effect.zipRight(applyEvent({ _tag: "Due" }), next) : next
    }
    const { attempt, exit } = signal
    if (Exit.isSuccess(exit)) {
      // This success was already discarded, although its fiber ended before that of the first success.
      return success === undefined || success.of === attempt ? succeed(attempt, exit.value) : next
    }
    return options.judge(exit.cause, options.leavesOnStart || attempt.leftAt !== undefined).pipe(
      Effect.flatMap((failed) => Effect.zipRight(options.onFailed(failed), applyEvent(failed))),
      Effect.zipRight(next)
    )
  })

  return Effect.onExit(Effect.zipRight(start, next), () => {
    isOver = true
    if (first !== undefined && running.has(first)) observe(first, "given up")
    const fibers = Array.from(running, ({ fiber }) => fiber).filter((fiber) => fiber !== undefined)
    const ended = isSettled
      ? Effect.sync(() => fibers.forEach((fiber) => fiber.unsafeInterruptAsFork(options.caller)))
      : Fiber.interruptAll(fibers)
    return alarm.set(undefined).pipe(
      Effect.zipRight(ended),
      // A success was claimed, but the call ended in another way before it was returned.
      Effect.zipRight(Effect.suspend(() => success === undefined ? Effect.void : discard(success.value)))
    )
  })
}

interface Inbox<in out A> {
  readonly put: (value: A) => void
  readonly take: (restore: Waiting.Restore) => Effect.Effect<A>
}

/** A queue with one reader. Effect's `Queue` would cost as much as a fiber for each call. */
const makeInbox = <A>(): Inbox<A> => {
  const values: Array<A> = []
  let waiter: Waiting.Waiter | undefined
  const take = (restore: Waiting.Restore): Effect.Effect<A> =>
    Effect.suspend(() => {
      const value = values.shift()
      if (value !== undefined) return Effect.succeed(value)
      const mine = waiter = Waiting.make()
      return Effect.zipRight(restore(Deferred.await(mine)), take(restore))
    })
  return {
    put: (value) => {
      values.push(value)
      if (waiter !== undefined) Waiting.wake(waiter)
    },
    take
  }
}
