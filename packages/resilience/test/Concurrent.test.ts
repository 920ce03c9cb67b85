import { Concurrent } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, FastCheck, Fiber, FiberRef, TestClock } from "effect"
import { interruptEverywhere, settle } from "./support/interruption.js"
import { yieldOften } from "./support/yieldOften.js"

const unbounded = { concurrency: "unbounded" } as const

/** Counts the effects that are running and that have started. */
const makeCounter = () => {
  const counts = { running: 0, most: 0, started: 0 }
  const watch = <A, E>(self: Effect.Effect<A, E>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        counts.started++
        counts.most = Math.max(counts.most, ++counts.running)
      }),
      () => self,
      () => Effect.sync(() => counts.running--)
    )
  return { counts, watch }
}

describe("Concurrent.forEach", () => {
  it.effect("returns the results in the order of the items, and respects the concurrency", () =>
    Effect.gen(function*() {
      const { counts, watch } = makeCounter()
      const fiber = yield* Effect.fork(Concurrent.forEach(
        [30, 10, 20, 5, 1],
        (millis, index) => watch(Effect.as(Effect.sleep(millis), `${index}: ${millis}`)),
        { concurrency: 2 }
      ))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["0: 30", "1: 10", "2: 20", "3: 5", "4: 1"])
      assert.deepStrictEqual(counts, { running: 0, most: 2, started: 5 })
      assert.deepStrictEqual(yield* Concurrent.forEach(new Set<number>(), () => Effect.fail("none"), unbounded), [])
    }))

  it.effect("fails with the first failure, interrupts the others and starts no more", () =>
    Effect.gen(function*() {
      const { counts, watch } = makeCounter()
      const fiber = yield* Effect.fork(Effect.exit(Concurrent.forEach(
        [1, 2, 3, 4, 5],
        (n) => watch(n === 2 ? Effect.delay(Effect.fail("two"), 10) : Effect.never),
        { concurrency: 3 }
      )))
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.fail("two"))
      assert.deepStrictEqual(counts, { running: 0, most: 3, started: 3 })
    }))

  it.effect("the cause contains further failures of uninterruptible effects, and defects fail it too", () =>
    Effect.gen(function*() {
      const slow = Effect.uninterruptible(Effect.delay(Effect.die("bug"), 20))
      const fiber = yield* Effect.fork(
        Effect.exit(Concurrent.all([Effect.delay(Effect.fail("one"), 10), slow], unbounded))
      )
      yield* TestClock.adjust(20)
      const exit = yield* Fiber.join(fiber)
      const cause = Exit.isFailure(exit) ? exit.cause : Cause.empty
      assert.deepStrictEqual([...Cause.failures(cause), ...Cause.defects(cause)], ["one", "bug"])
      const thrown = yield* Effect.exit(Concurrent.forEach([1], (): Effect.Effect<void> => {
        throw "thrown"
      }, unbounded))
      assert.deepStrictEqual(thrown, Exit.die("thrown"))
    }))

  it.effect("an interruption interrupts all effects and waits until they have stopped", () =>
    Effect.gen(function*() {
      const { counts, watch } = makeCounter()
      const slowToStop = watch(Effect.onInterrupt(Effect.never, () => Effect.sleep("1 second")))
      const fiber = yield* Effect.fork(Concurrent.forEach([1, 2, 3], () => slowToStop, unbounded))
      yield* settle
      assert.strictEqual(counts.running, 3)
      const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust("999 millis")
      assert.strictEqual((yield* Fiber.poll(interrupting))._tag, "None")
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(interrupting)
      assert.strictEqual(counts.running, 0)
    }))

  it.effect("an interruption in an uninterruptible region is not passed on", () =>
    Effect.gen(function*() {
      const { counts, watch } = makeCounter()
      const fiber = yield* Effect.fork(
        Effect.uninterruptible(Concurrent.forEach([1, 2], () => watch(Effect.sleep(10)), unbounded))
      )
      yield* settle
      const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* settle
      assert.strictEqual(counts.running, 2)
      yield* TestClock.adjust(10)
      yield* Fiber.join(interrupting)
      assert.strictEqual(counts.running, 0)
    }))

  it.effect("inherits the fiber-local values that the effects set", () =>
    Effect.gen(function*() {
      const ref = FiberRef.unsafeMake(0)
      yield* Concurrent.forEach([1], (n) => FiberRef.set(ref, n), unbounded)
      assert.strictEqual(yield* FiberRef.get(ref), 1)
    }))

  it.effect("`all` preserves tuple types", () =>
    Effect.gen(function*() {
      const [text, number]: [string, number] = yield* Concurrent.all(
        [Effect.succeed("a"), Effect.succeed(1)],
        unbounded
      )
      assert.deepStrictEqual([text, number], ["a", 1])
    }))

  it("an invalid concurrency throws a RangeError", () => {
    for (const concurrency of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => Concurrent.forEach([], () => Effect.void, { concurrency }), RangeError)
    }
  })

  for (const concurrency of [1, 2, "unbounded"] as const) {
    it.effect(`an interrupt at every yield point leaves no effect running, with concurrency ${concurrency}`, () =>
      interruptEverywhere(Effect.gen(function*() {
        const { counts, watch } = makeCounter()
        const gate = yield* Deferred.make<void>()
        return {
          victim: Concurrent.forEach(
            [1, 2, 3],
            (n) => watch(n === 2 ? Deferred.await(gate) : Effect.withScheduler(Effect.yieldNow(), yieldOften())),
            { concurrency }
          ),
          meanwhile: Deferred.succeed(gate, undefined),
          verify: Effect.sync(() => assert.strictEqual(counts.running, 0))
        }
      })))
  }

  it.effect.prop(
    "returns the same results as a sequential Effect.forEach if nothing fails",
    [FastCheck.array(FastCheck.nat(20), { maxLength: 10 }), FastCheck.integer({ min: 1, max: 5 })],
    ([delays, concurrency]) =>
      Effect.gen(function*() {
        const f = (millis: number, index: number) => Effect.as(Effect.sleep(millis), index * 100 + millis)
        const both = yield* Effect.fork(Effect.zip(
          Concurrent.forEach(delays, f, { concurrency }),
          Effect.forEach(delays, f)
        ))
        yield* TestClock.adjust("1 minute")
        const [concurrent, sequential] = yield* Fiber.join(both)
        assert.deepStrictEqual(concurrent, sequential)
      }),
    { fastCheck: { numRuns: 30 } }
  )
})

describe("Concurrent.forEach with onFailure: \"wait\"", () => {
  it.effect("lets running effects end, starts no more, and fails with the first failure", () =>
    Effect.gen(function*() {
      const { counts, watch } = makeCounter()
      const ended: Array<number> = []
      const fiber = yield* Effect.fork(Effect.exit(Concurrent.forEach(
        [1, 2, 3, 4, 5],
        (n) =>
          watch(
            n === 2
              ? Effect.delay(Effect.fail("two"), 10)
              : Effect.delay(Effect.sync(() => ended.push(n)), 20)
          ),
        { concurrency: 3, onFailure: "wait" }
      )))
      yield* TestClock.adjust(20)
      assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.fail("two"))
      assert.sameMembers(ended, [1, 3])
      assert.deepStrictEqual(counts, { running: 0, most: 3, started: 3 })
    }))

  it.effect("interrupts all running effects when it is interrupted", () =>
    Effect.gen(function*() {
      const { counts, watch } = makeCounter()
      const fiber = yield* Effect.fork(
        Concurrent.forEach([1, 2], (n) => watch(n === 1 ? Effect.fail("one") : Effect.never), {
          concurrency: 2,
          onFailure: "wait"
        })
      )
      yield* settle
      assert.strictEqual(counts.running, 1)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(counts.running, 0)
    }))
})

describe("Concurrent.raceFirst", () => {
  it.effect("returns the exit of the first to end, a success or a failure, and interrupts the other", () =>
    Effect.gen(function*() {
      const { counts, watch } = makeCounter()
      const race = <A, E>(self: Effect.Effect<A, E>) =>
        Effect.gen(function*() {
          const sides = [
            Concurrent.raceFirst(watch(Effect.delay(self, 10)), watch(Effect.never)),
            Concurrent.raceFirst(watch(Effect.never), watch(Effect.delay(self, 10)))
          ]
          const fibers = yield* Effect.forEach(sides, (side) => Effect.fork(Effect.exit(side)))
          yield* TestClock.adjust(10)
          return yield* Effect.forEach(fibers, Fiber.join)
        })
      assert.deepStrictEqual(yield* race(Effect.succeed(1)), [Exit.succeed(1), Exit.succeed(1)])
      assert.deepStrictEqual(yield* race(Effect.fail("no")), [Exit.fail("no"), Exit.fail("no")])
      assert.deepStrictEqual(counts, { running: 0, most: 4, started: 8 })
    }))

  it.effect("ends in a finalizer, even if the loser never ends by itself", () =>
    Effect.gen(function*() {
      const ended = yield* Deferred.make<string>()
      const race = Concurrent.raceFirst(Effect.succeed("won"), Effect.never)
      yield* Effect.ensuring(Effect.void, Effect.flatMap(race, (won) => Deferred.succeed(ended, won)))
      assert.strictEqual(yield* Deferred.await(ended), "won")
    }))

  it.scoped("inherits the fiber-local values of the winner", () =>
    Effect.gen(function*() {
      const ref = yield* FiberRef.make("before")
      yield* Concurrent.raceFirst(FiberRef.set(ref, "won"), Effect.never)
      assert.strictEqual(yield* FiberRef.get(ref), "won")
    }))

  it.effect("an interrupt at every yield point leaves no effect running", () =>
    Effect.gen(function*() {
      const { counts, watch } = makeCounter()
      yield* interruptEverywhere(Effect.sync(() => ({
        victim: Concurrent.raceFirst(watch(Effect.yieldNow()), watch(Effect.never)),
        meanwhile: Effect.void,
        verify: Effect.sync(() => assert.strictEqual(counts.running, 0))
      })))
    }))
})
