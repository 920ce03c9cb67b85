import { Hedge, Idempotent, RetryBudget } from "@effect-exchange/resilience"
import { Effect, Exit } from "effect"

export const generous = RetryBudget.make({ ratio: 0, reservePerSecond: 1000 })

export const make = <E = unknown>(options?: Partial<Hedge.Options<E>>) =>
  Effect.flatMap(generous, (budget) => Hedge.make<E>({ name: "test", delay: "50 millis", budget, ...options }))

/** A call whose n-th attempt (from 0) runs the n-th effect, and the counts of its attempts. */
export const service = <A, E>(...effects: ReadonlyArray<Effect.Effect<A, E>>) => {
  const log = { started: 0, running: 0, interrupted: 0 }
  const call = Idempotent.mark(Effect.suspend(() => {
    const effect = effects[log.started++] ?? Effect.never
    log.running++
    return Effect.onExit(effect, (exit) =>
      Effect.sync(() => {
        log.running--
        if (Exit.isInterrupted(exit)) log.interrupted++
      }))
  }))
  return { call, log }
}

export const after = <A>(millis: number, value: A) => Effect.as(Effect.sleep(millis), value)

export const failAfter = <E>(millis: number, error: E) => Effect.zipRight(Effect.sleep(millis), Effect.fail(error))
