import { Hedge, Idempotent, Policy, RetryBudget } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Scheduler, TestClock } from "effect"
import { interruptEverywhere, settle } from "./support/interruption.js"
import { safe } from "./support/policies.js"

const make = (delay: number) =>
  Effect.flatMap(RetryBudget.make(), (budget) => Hedge.make({ name: "discard", delay, budget }))

/** Counts the opened connections, and records those passed to `onDiscard`. */
const connections = () => {
  const log = { opened: 0, discarded: new Array<number>() }
  return {
    log,
    /** Opens a connection after waiting, as the last step. */
    open: (waiting: Effect.Effect<unknown>) =>
      Idempotent.mark(Effect.zipRight(waiting, Effect.sync(() => ++log.opened))),
    onDiscard: (number: number) => Effect.sync(() => void log.discarded.push(number))
  }
}

/** A call whose two attempts succeed in the same instant. */
const tie = (
  apply: (self: Idempotent.Idempotent<number>) => Effect.Effect<number, unknown>,
  open: (waiting: Effect.Effect<unknown>) => Idempotent.Idempotent<number>
) =>
  Effect.gen(function*() {
    const gate = yield* Deferred.make<void>()
    const fiber = yield* Effect.fork(apply(open(Deferred.await(gate))))
    yield* TestClock.adjust(10)
    yield* Deferred.succeed(gate, undefined)
    return yield* Fiber.join(fiber)
  })

describe("A success that is not returned", () => {
  it.effect("is discarded when another attempt has won", () =>
    Effect.gen(function*() {
      const hedge = yield* make(10)
      const { log, onDiscard, open } = connections()
      const result = yield* tie((self) => hedge.apply(self, { onDiscard }), open)
      yield* settle
      assert.deepStrictEqual([result, ...log.discarded], [1, 2])
    }))

  it.effect("nothing is discarded for a call with at most one success", () =>
    Effect.gen(function*() {
      const hedge = yield* make(10)
      const { log, onDiscard, open } = connections()
      assert.strictEqual(yield* hedge.apply(open(Effect.void), { onDiscard }), 1)
      yield* Effect.exit(
        hedge.apply(Idempotent.mark(Effect.zipRight(Effect.fail("down"), open(Effect.void))), { onDiscard })
      )
      assert.deepStrictEqual(log, { opened: 1, discarded: [] })
    }))

  it.effect("is discarded under a policy too, with the type of the result", () =>
    Effect.gen(function*() {
      const policy = Policy.make({ name: "discard", hedge: yield* make(10) })
      const { log, onDiscard, open } = connections()
      const result = yield* tie((self) => policy.apply(self, { ...safe, onDiscard }), open)
      yield* settle
      assert.deepStrictEqual([result, ...log.discarded], [1, 2])
      // @ts-expect-error The hook receives the result of the call.
      const mistyped = policy.apply(open(Effect.void), { ...safe, onDiscard: (text: string) => Effect.log(text) })
      assert.isTrue(Effect.isEffect(mistyped))
    }))

  it.effect("is never the one that is returned, wherever the first attempt yields to the other", () =>
    Effect.gen(function*() {
      for (let step = 1; step <= 30; step++) {
        const hedge = yield* make(10)
        const { log, onDiscard, open } = connections()
        const attempts: Array<unknown> = []
        let steps = 0
        const scheduler: Scheduler.Scheduler = {
          shouldYield: (fiber) => log.opened > 0 && fiber === attempts[0] && ++steps === step ? 0 : false,
          scheduleTask: (task, priority, fiber) => Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
        }
        const result = yield* tie(
          (self) => Effect.withScheduler(hedge.apply(self, { onDiscard }), scheduler),
          (waiting) =>
            open(Effect.withFiberRuntime((fiber) => {
              attempts.push(fiber)
              return waiting
            }))
        )
        yield* settle
        assert.deepStrictEqual([result, ...log.discarded].toSorted(), [1, 2])
      }
    }))

  it.effect("a hook that dies changes no result", () =>
    Effect.gen(function*() {
      const hedge = yield* make(10)
      const { open } = connections()
      assert.strictEqual(yield* tie((self) => hedge.apply(self, { onDiscard: () => Effect.die("bug") }), open), 1)
    }))

  it.effect("an interrupt at every yield point loses no success", () =>
    interruptEverywhere(Effect.gen(function*() {
      const hedge = yield* make(0)
      const { log, onDiscard, open } = connections()
      let received = 0
      return {
        victim: Effect.uninterruptibleMask((restore) =>
          Effect.tap(restore(hedge.apply(open(Effect.yieldNow()), { onDiscard })), () => Effect.sync(() => received++))
        ),
        meanwhile: settle,
        verify: Effect.gen(function*() {
          yield* settle
          // A value that the caller loses by its own interruption after the hedge has returned is not counted.
          assert.isAtMost(log.opened - log.discarded.length - received, 1)
        })
      }
    })))
})
