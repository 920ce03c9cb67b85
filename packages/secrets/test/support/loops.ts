import { Deferred, Effect, Fiber, FiberId, Option } from "effect"

/** Waits for one turn of the event loop, so that real I/O can proceed. The test clock does not move. */
export const turn: Effect.Effect<void> = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

/**
 * Runs `size` concurrent loops of a step. `round` lets each loop run the step once. It completes when all have, and
 * fails if one fails.
 */
export const start = <A, E>(size: number, step: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    let gate = Deferred.unsafeMake<void>(FiberId.none)
    const progress = { done: size }
    const loop = Effect.suspend(() => Deferred.await(gate)).pipe(
      Effect.zipRight(step),
      Effect.zipRight(Effect.sync(() => progress.done++)),
      Effect.forever
    )
    const loops = yield* Effect.forkScoped(
      Effect.all(Array.from({ length: size }, () => loop), { concurrency: "unbounded" })
    )
    yield* turn
    const round: Effect.Effect<void, E> = Effect.gen(function*() {
      const open = gate
      gate = Deferred.unsafeMake<void>(FiberId.none)
      progress.done = 0
      yield* Deferred.succeed(open, undefined)
      while (progress.done < size) {
        const exit = yield* Fiber.poll(loops)
        if (Option.isSome(exit)) return yield* Effect.asVoid(Fiber.join(loops))
        yield* turn
      }
    })
    return { round }
  })
