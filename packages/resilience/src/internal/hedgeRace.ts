/**
 * One hedged call as effects: begins attempts when the machine says so, waits for what becomes of them, and leaves none
 * behind.
 */
import type * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as FiberId from "effect/FiberId"
import * as Alarm from "./alarm.js"
import * as machine from "./hedge.js"
import { monotonic } from "./time.js"
import * as Waiting from "./waiting.js"

/** @internal */
export interface Options<in out A, in out E, out R> {
  readonly attempt: Effect.Effect<A, E, R>
  readonly maxHedges: number
  /** In nanoseconds. */
  readonly delay: bigint
  readonly clock: Clock.Clock
  readonly caller: FiberId.FiberId
  /** Of the mask that the call runs under. */
  readonly restore: Waiting.Restore
  readonly judge: (cause: Cause.Cause<E>) => machine.Failed<E>
  /** Whether another attempt may begin. */
  readonly admit: Effect.Effect<boolean>
  readonly onFailed: (failed: machine.Failed<E>) => Effect.Effect<void>
  readonly onAnswered: (by: "first" | "hedge") => Effect.Effect<void>
  /** Told how long the first attempt took, or had taken when it was given up. */
  readonly onObserved: (latency: bigint, now: bigint) => void
}

type Attempt<A, E> = Fiber.RuntimeFiber<A, E>

type Signal<A, E> =
  | { readonly _tag: "Ended"; readonly attempt: Attempt<A, E>; readonly exit: Exit.Exit<A, E> }
  | { readonly _tag: "Due"; readonly started: number }

/** @internal */
export const run = <A, E, R>(options: Options<A, E, R>): Effect.Effect<A, E, R> => {
  const begin = monotonic(options.clock)
  const inbox = makeInbox<Signal<A, E>>()
  const alarm = Alarm.make(Effect.sync(() => inbox.put({ _tag: "Due", started })))
  const running = new Set<Attempt<A, E>>()
  let state: machine.State<E> = machine.make(options.maxHedges)
  let first: Attempt<A, E> | undefined
  let started = 0
  let settled = false

  // A daemon: as a child of the caller's fiber a slow loser would hold that up at its end.
  const start = Effect.flatMap(Effect.forkDaemon(options.restore(options.attempt)), (attempt) => {
    first ??= attempt
    started++
    running.add(attempt)
    attempt.addObserver((exit) => {
      running.delete(attempt)
      inbox.put({ _tag: "Ended", attempt, exit })
    })
    return alarm.set(state.left === 0 ? undefined : monotonic(options.clock) + options.delay)
  })

  const follow = (event: machine.Event<E>): Effect.Effect<void, E, R> => {
    const [next, decision] = machine.step(state, event)
    state = next
    switch (decision._tag) {
      case "Wait":
        return Effect.void
      case "Hedge":
        return Effect.flatMap(
          options.admit,
          (admitted) => admitted ? Effect.zipRight(follow({ _tag: "Started" }), start) : follow({ _tag: "Denied" })
        )
      case "Fail":
        settled = true
        return Effect.failCause(decision.cause)
    }
  }

  const observe = (outcome: "succeeded" | "given up"): void => {
    const now = monotonic(options.clock)
    if (machine.isObserved(outcome, now - begin, options.delay)) options.onObserved(now - begin, now)
  }

  const answer = (attempt: Attempt<A, E>, value: A): Effect.Effect<A> => {
    settled = true
    if (attempt === first) observe("succeeded")
    return options.onAnswered(attempt === first ? "first" : "hedge").pipe(
      Effect.zipRight(Fiber.inheritAll(attempt)),
      Effect.as(value)
    )
  }

  const next: Effect.Effect<A, E, R> = Effect.flatMap(inbox.take(options.restore), (signal) => {
    if (signal._tag === "Due") {
      // What was due may have begun since, because of a failure.
      return signal.started === started ? Effect.zipRight(follow({ _tag: "Due" }), next) : next
    }
    if (Exit.isSuccess(signal.exit)) return answer(signal.attempt, signal.exit.value)
    const failed = options.judge(signal.exit.cause)
    return options.onFailed(failed).pipe(Effect.zipRight(follow(failed)), Effect.zipRight(next))
  })

  return Effect.onExit(Effect.zipRight(start, next), () => {
    if (first !== undefined && running.has(first)) observe("given up")
    return Effect.zipRight(
      alarm.set(undefined),
      settled
        ? Effect.sync(() => running.forEach((attempt) => attempt.unsafeInterruptAsFork(options.caller)))
        : Fiber.interruptAll(running)
    )
  })
}

interface Inbox<in out A> {
  readonly put: (value: A) => void
  readonly take: (restore: Waiting.Restore) => Effect.Effect<A>
}

/** A queue with one reader. An effect's `Queue` would cost as much as a fiber for each call. */
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
