import { Deferred, Effect, Fiber, FiberId, Option } from "effect"

/** Lets I/O of the machine come in, without time passing. */
export const turn: Effect.Effect<void> = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

/** So many loops of the same, at once. `round` lets each of them come round once and ends when all have: or when one fails. */
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
