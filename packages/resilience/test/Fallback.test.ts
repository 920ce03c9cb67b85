import { Fallback, Policy } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, assertSome } from "@effect/vitest/utils"
import { Cause, Data, Duration, Effect, Exit, FastCheck, Fiber, Option, Predicate, TestClock } from "effect"
import { interruptEverywhere, settle } from "./support/interruption.js"
import { full } from "./support/refusals.js"

class Unreachable extends Data.TaggedError("Unreachable")<{ readonly host: string }> {}
class Invalid extends Data.TaggedError("Invalid")<{ readonly field: string }> {}

const failing = (error: Unreachable | Invalid): Effect.Effect<number, Unreachable | Invalid> => Effect.fail(error)

const unreachable = failing(new Unreachable({ host: "a" }))
const invalid = failing(new Invalid({ field: "f" }))

describe("Fallback.orElse", () => {
  it.effect("runs another effect only if the first one fails", () =>
    Effect.gen(function*() {
      const otherwise = Fallback.orElse({ use: (error: Unreachable | Invalid) => Effect.succeed(error._tag) })
      const recovered: Effect.Effect<string | number> = unreachable.pipe(otherwise)
      assert.strictEqual(yield* recovered, "Unreachable")
      assert.strictEqual(yield* otherwise(Effect.succeed(1)), 1)
      assert.strictEqual(yield* Fallback.orElse(invalid, { use: (error) => Effect.succeed(error._tag) }), "Invalid")
      assert.strictEqual(yield* Effect.flip(Fallback.orElse(invalid, { use: () => Effect.fail("worse") })), "worse")
    }))

  it.effect("a refinement removes its errors from the type, and other errors pass through", () =>
    Effect.gen(function*() {
      const when = Predicate.isTagged("Unreachable")
      const recover = (self: typeof unreachable): Effect.Effect<number | string, Invalid> =>
        self.pipe(Fallback.orElse({
          when: (error): error is Unreachable => when(error),
          use: ({ host }) => Effect.succeed(`not ${host}`)
        }))
      assert.strictEqual(yield* recover(unreachable), "not a")
      assert.instanceOf(yield* Effect.flip(recover(invalid)), Invalid)
      const first: Effect.Effect<number | string, Invalid> = Fallback.orElse(unreachable, {
        when: (error) => error._tag === "Unreachable",
        use: ({ host }) => Effect.succeed(`not ${host}`)
      })
      assert.strictEqual(yield* first, "not a")
    }))

  it.effect("a predicate keeps the errors in the type", () =>
    Effect.gen(function*() {
      const recover = (self: typeof unreachable): Effect.Effect<number, Unreachable | Invalid> =>
        self.pipe(Fallback.orElse({
          when: (error) => error._tag === "Unreachable" && error.host === "a",
          use: () => Effect.succeed(0)
        }))
      assert.strictEqual(yield* recover(unreachable), 0)
      assert.instanceOf(yield* Effect.flip(recover(failing(new Unreachable({ host: "b" })))), Unreachable)
      // @ts-expect-error Errors may pass through.
      const never: Effect.Effect<number> = recover(unreachable)
      assert.strictEqual(yield* never, 0)
    }))

  it.effect("handles local rejections, never defects or interruption", () =>
    Effect.gen(function*() {
      const refused = Effect.fail(full("reads"))
      assert.strictEqual(yield* Fallback.orElse(refused, { use: () => Effect.succeed("instead") }), "instead")
      let used = 0
      const use = () => Effect.sync(() => ++used)
      const died = yield* Effect.exit(Fallback.orElse(Effect.die("bug"), { use }))
      assert.deepStrictEqual(died, Exit.die("bug"))
      const fiber = yield* Effect.fork(Fallback.orElse(Effect.never, { use }))
      yield* settle
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      assert.strictEqual(used, 0)
    }))
})

describe("A cause with a failure and a defect", () => {
  // The call fails, and its finalizer dies.
  const call = Effect.acquireUseRelease(Effect.void, () => Effect.fail("down"), () => Effect.die("bug"))

  it.effect("is not handled, so that the defect is not hidden", () =>
    Effect.gen(function*() {
      const memory = yield* Fallback.lastKnown<string>({ maxAge: "1 minute" })
      yield* memory.serve(Effect.succeed("known"))
      const policy = Policy.make({ name: "covered", fallback: { use: () => Effect.succeed("instead") } })
      for (
        const handled of [
          Fallback.orElse(call, { use: () => Effect.succeed("instead") }),
          Fallback.orElseSucceed(call, { use: () => "instead" }),
          memory.serve(call),
          policy.apply(call, { idempotency: "safe" })
        ]
      ) {
        const exit = yield* Effect.exit<unknown, string, never>(handled)
        assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      }
    }))

  it.effect("a cause with a failure and an interruption is handled", () =>
    Effect.gen(function*() {
      const both = Effect.all([Effect.fail("down"), Effect.never], { concurrency: "unbounded" })
      assert.strictEqual(yield* Fallback.orElseSucceed(both, { use: () => "instead" }), "instead")
    }))
})

describe("Fallback.orElseSucceed", () => {
  it.effect("succeeds with a value instead, for the same errors", () =>
    Effect.gen(function*() {
      const any: Effect.Effect<number> = unreachable.pipe(Fallback.orElseSucceed({ use: () => 0 }))
      assert.strictEqual(yield* any, 0)
      const recover = (self: typeof unreachable): Effect.Effect<number | string, Invalid> =>
        Fallback.orElseSucceed(self, {
          when: (error) => error._tag === "Unreachable",
          use: ({ host }) => `not ${host}`
        })
      assert.strictEqual(yield* recover(unreachable), "not a")
      assert.instanceOf(yield* Effect.flip(recover(invalid)), Invalid)
      const chosen = (self: typeof unreachable): Effect.Effect<number, Unreachable | Invalid> =>
        self.pipe(Fallback.orElseSucceed({ when: (error) => error._tag === "Invalid", use: () => -1 }))
      assert.strictEqual(yield* chosen(invalid), -1)
      assert.instanceOf(yield* Effect.flip(chosen(unreachable)), Unreachable)
    }))
})

describe("Fallback.lastKnown", () => {
  const millis = <A>(served: Fallback.Served<A>) => ({ ...served, age: Duration.toMillis(served.age) })

  it.effect("serves the last success with its age, up to exactly maxAge", () =>
    Effect.gen(function*() {
      const memory = yield* Fallback.lastKnown<number>({ maxAge: "1 minute" })
      assertNone(yield* memory.known)
      assert.deepStrictEqual(millis(yield* memory.serve(Effect.succeed(1))), { value: 1, age: 0, stale: false })
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(millis(yield* memory.serve(Effect.fail("down"))), { value: 1, age: 60_000, stale: true })
      assertSome(Option.map(yield* memory.known, millis), { value: 1, age: 60_000, stale: true })
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Effect.flip(memory.serve(Effect.fail("down"))), "down")
      assertNone(yield* memory.known)
      assert.strictEqual((yield* memory.serve(Effect.succeed(2))).value, 2)
      assert.strictEqual((yield* memory.serve(Effect.fail("down"))).value, 2)
    }))

  it.effect("the age counts from the start of the call", () =>
    Effect.gen(function*() {
      const memory = yield* Fallback.lastKnown<number>({ maxAge: "1 minute" })
      const fiber = yield* Effect.fork(memory.serve(Effect.as(Effect.sleep("40 seconds"), 1)))
      yield* TestClock.adjust("40 seconds")
      assert.deepStrictEqual(millis(yield* Fiber.join(fiber)), { value: 1, age: 40_000, stale: false })
      const failure = yield* Effect.fork(memory.serve(Effect.zipRight(Effect.sleep("20 seconds"), Effect.fail("down"))))
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual(Duration.toSeconds((yield* Fiber.join(failure)).age), 60)
    }))

  it.effect("a slow success never replaces a newer one", () =>
    Effect.gen(function*() {
      const memory = yield* Fallback.lastKnown<string>({ maxAge: "1 hour" })
      const slow = yield* Effect.fork(memory.serve(Effect.as(Effect.sleep("10 seconds"), "old")))
      yield* TestClock.adjust("5 seconds")
      yield* memory.serve(Effect.succeed("new"))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(slow)).value, "old")
      const served = yield* memory.serve(Effect.fail("down"))
      assert.deepStrictEqual(millis(served), { value: "new", age: 5000, stale: true })
    }))

  it.effect("serves a value only for errors selected by `when`, never for defects or interruption", () =>
    Effect.gen(function*() {
      const memory = yield* Fallback.lastKnown<number, "down" | "invalid">({
        maxAge: Duration.infinity,
        when: (error) => error === "down"
      })
      yield* memory.serve(Effect.succeed(1))
      yield* TestClock.adjust("1000 days")
      assert.isTrue((yield* memory.serve(Effect.fail<"down" | "invalid">("down"))).stale)
      assert.strictEqual(yield* Effect.flip(memory.serve(Effect.fail<"down" | "invalid">("invalid"))), "invalid")
      assert.deepStrictEqual(yield* Effect.exit(memory.serve(Effect.die("bug"))), Exit.die("bug"))
      const fiber = yield* Effect.fork(memory.serve(Effect.never))
      yield* settle
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
    }))

  const commands = FastCheck.array(
    FastCheck.record({
      wait: FastCheck.integer({ min: 0, max: 40 }),
      takes: FastCheck.integer({ min: 0, max: 40 }),
      succeeds: FastCheck.boolean()
    }),
    { maxLength: 12 }
  )

  it.effect.prop(
    "serves the newest known success, and none older than maxAge, for any overlapping calls",
    [commands],
    ([commands]) =>
      Effect.gen(function*() {
        const maxAge = 50
        const memory = yield* Fallback.lastKnown<number>({ maxAge })
        const successes: Array<{ readonly startedAt: number; readonly endedAt: number; readonly id: number }> = []
        const fibers: Array<Fiber.Fiber<void>> = []
        let now = 0
        for (const [id, { succeeds, takes, wait }] of commands.entries()) {
          yield* TestClock.adjust(wait)
          now += wait
          const startedAt = now
          const call = Effect.zipRight(
            takes === 0 ? Effect.void : Effect.sleep(takes),
            succeeds ? Effect.succeed(id) : Effect.fail("down")
          )
          if (succeeds) successes.push({ startedAt, endedAt: startedAt + takes, id })
          fibers.push(
            yield* Effect.fork(Effect.map(Effect.either(memory.serve(call)), (result) => {
              const endedAt = startedAt + takes
              if (succeeds) {
                assert.deepStrictEqual(
                  result._tag === "Right" ? millis(result.right) : undefined,
                  { value: id, age: takes, stale: false }
                )
                return
              }
              // A call that ended in the same millisecond may or may not be known.
              const known = successes.filter((success) => success.endedAt < endedAt)
              const newest = Math.max(-Infinity, ...known.map(({ startedAt }) => startedAt))
              if (result._tag === "Left") {
                assert.isAbove(endedAt - newest, maxAge)
              } else {
                const { age, stale, value } = millis(result.right)
                assert.isTrue(stale)
                assert.isAtMost(age, maxAge)
                assert.isAtLeast(endedAt - age, newest)
                assert.strictEqual(successes.find(({ id }) => id === value)?.startedAt, endedAt - age)
              }
            }))
          )
          yield* settle
        }
        yield* TestClock.adjust(100)
        yield* Fiber.joinAll(fibers)
      }),
    { fastCheck: { numRuns: 30 }, timeout: 60_000 }
  )

  it.effect(
    "an interrupt at every yield point either remembers the success or does not",
    () =>
      interruptEverywhere(Effect.gen(function*() {
        const memory = yield* Fallback.lastKnown<number>({ maxAge: "1 minute" })
        yield* memory.serve(Effect.succeed(1))
        return {
          victim: memory.serve(Effect.as(Effect.yieldNow(), 2)),
          meanwhile: Effect.void,
          verify: Effect.gen(function*() {
            const { age, stale, value } = millis(yield* memory.serve(Effect.fail("down")))
            assert.include([1, 2], value)
            assert.deepStrictEqual([age, stale], [0, true])
          })
        }
      })),
    30_000
  )
})
