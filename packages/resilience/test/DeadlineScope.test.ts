import { Deadline } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option } from "effect"

describe("Deadline.within", () => {
  for (const how of ["fails", "succeeds", "is interrupted"] as const) {
    it.effect(`a finalizer after a call that ${how} does not see its deadline`, () =>
      Effect.gen(function*() {
        const started = yield* Deferred.make<void>()
        const body = how === "fails" ? Effect.fail("down") : how === "succeeds" ? Effect.void : Effect.never
        const seen: Array<Option.Option<bigint>> = []
        const call = Deadline.within(
          Effect.zipRight(
            Effect.flatMap(Deadline.Deadline, (at) => Effect.sync(() => seen.push(at))),
            Effect.zipRight(
              Deferred.succeed(started, undefined),
              body
            )
          ),
          "1 second"
        )
        const finalizer = Effect.flatMap(Deadline.Deadline, (at) => Effect.sync(() => seen.push(at)))
        const fiber = yield* Effect.fork(Effect.ensuring(call, finalizer))
        yield* Deferred.await(started)
        yield* how === "is interrupted" ? Fiber.interrupt(fiber) : Fiber.await(fiber)
        assert.deepStrictEqual(seen.map(Option.isSome), [true, false])
      }))
  }
})
