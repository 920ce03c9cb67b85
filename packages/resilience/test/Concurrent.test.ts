import { Concurrent } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, FastCheck, Fiber, FiberRef, TestClock } from "effect"
import { interruptEverywhere, settle } from "./support/interruption.js"
import { yieldOften } from "./support/yieldOften.js"

const unbounded = { concurrency: "unbounded" } as const

/** Counts how many run, and how many have begun. */
const watched = () => {
  const counts = { running: 0, most: 0, begun: 0 }
  const watch = <A, E>(self: Effect.Effect<A, E>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        counts.begun++
        counts.most = Math.max(counts.most, ++counts.running)
      }),
      () => self,
      () => Effect.sync(() => counts.running--)
    )
  return { counts, watch }
}

describe("Concurrent.forEach", () => {
  it.effect("keeps the order of the items, whatever order they end in, and runs no more at once than it may", () =>
    Effect.gen(function*() {
      const { counts, watch } = watched()
      const fiber = yield* Effect.fork(Concurrent.forEach(
        [30, 10, 20, 5, 1],
        (millis, index) => watch(Effect.as(Effect.sleep(millis), `${index}: ${millis}`)),
        { concurrency: 2 }
      ))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["0: 30", "1: 10", "2: 20", "3: 5", "4: 1"])
      assert.deepStrictEqual(counts, { running: 0, most: 2, begun: 5 })
      assert.deepStrictEqual(yield* Concurrent.forEach(new Set<number>(), () => Effect.fail("none"), unbounded), [])
    }))

  it.effect("the first failure interrupts the rest, begins no more, and is what it fails with", () =>
    Effect.gen(function*() {
      const { counts, watch } = watched()
      const fiber = yield* Effect.fork(Effect.exit(Concurrent.forEach(
        [1, 2, 3, 4, 5],
        (n) => watch(n === 2 ? Effect.delay(Effect.fail("two"), 10) : Effect.never),
        { concurrency: 3 }
      )))
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.fail("two"))
      assert.deepStrictEqual(counts, { running: 0, most: 3, begun: 3 })
    }))

  it.effect("what fails besides, and cannot be interrupted, is part of the cause; defects fail it, too", () =>
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

  it.effect("interrupting it interrupts all and waits until they have stopped", () =>
    Effect.gen(function*() {
      const { counts, watch } = watched()
      const stubborn = watch(Effect.onInterrupt(Effect.never, () => Effect.sleep("1 second")))
      const fiber = yield* Effect.fork(Concurrent.forEach([1, 2, 3], () => stubborn, unbounded))
      yield* settle
      assert.strictEqual(counts.running, 3)
      const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust("999 millis")
      assert.strictEqual((yield* Fiber.poll(interrupting))._tag, "None")
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(interrupting)
      assert.strictEqual(counts.running, 0)
    }))

  it.effect("where interruption is masked it is passed on to nobody", () =>
    Effect.gen(function*() {
      const { counts, watch } = watched()
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

  it.effect("fiber-local values that they set are inherited", () =>
    Effect.gen(function*() {
      const ref = FiberRef.unsafeMake(0)
      yield* Concurrent.forEach([1], (n) => FiberRef.set(ref, n), unbounded)
      assert.strictEqual(yield* FiberRef.get(ref), 1)
    }))

  it.effect("`all` keeps the types of a tuple", () =>
    Effect.gen(function*() {
      const [text, number]: [string, number] = yield* Concurrent.all(
        [Effect.succeed("a"), Effect.succeed(1)],
        unbounded
      )
      assert.deepStrictEqual([text, number], ["a", 1])
    }))

  it("a concurrency that is none throws", () => {
    for (const concurrency of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => Concurrent.forEach([], () => Effect.void, { concurrency }), RangeError)
    }
  })

  for (const concurrency of [1, 2, "unbounded"] as const) {
    it.effect(`an interrupt at every yield point ends it, with ${concurrency} at once`, () =>
      interruptEverywhere(Effect.gen(function*() {
        const { counts, watch } = watched()
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
    "does what `Effect.forEach` does one by one, where nothing fails",
    [FastCheck.array(FastCheck.nat(20), { maxLength: 10 }), FastCheck.integer({ min: 1, max: 5 })],
    ([delays, concurrency]) =>
      Effect.gen(function*() {
        const f = (millis: number, index: number) => Effect.as(Effect.sleep(millis), index * 100 + millis)
        const both = yield* Effect.fork(Effect.zip(
          Concurrent.forEach(delays, f, { concurrency }),
          Effect.forEach(delays, f)
        ))
        yield* TestClock.adjust("1 minute")
        const [ours, theirs] = yield* Fiber.join(both)
        assert.deepStrictEqual(ours, theirs)
      }),
    { fastCheck: { numRuns: 30 } }
  )
})

describe("Concurrent.forEach that waits on failure", () => {
  it.effect("lets what runs end by itself, begins no more, and fails with what failed first", () =>
    Effect.gen(function*() {
      const { counts, watch } = watched()
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
      assert.deepStrictEqual(counts, { running: 0, most: 3, begun: 3 })
    }))

  it.effect("is interrupted with all that runs all the same", () =>
    Effect.gen(function*() {
      const { counts, watch } = watched()
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
  it.effect("gives what ends first, a success or a failure, and interrupts the other", () =>
    Effect.gen(function*() {
      const { counts, watch } = watched()
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
      assert.deepStrictEqual(counts, { running: 0, most: 4, begun: 8 })
    }))

  it.effect("ends in a finalizer, though its loser never would", () =>
    Effect.gen(function*() {
      const ended = yield* Deferred.make<string>()
      const race = Concurrent.raceFirst(Effect.succeed("won"), Effect.never)
      yield* Effect.ensuring(Effect.void, Effect.flatMap(race, (won) => Deferred.succeed(ended, won)))
      assert.strictEqual(yield* Deferred.await(ended), "won")
    }))

  it.scoped("hands on what the winner set", () =>
    Effect.gen(function*() {
      const ref = yield* FiberRef.make("before")
      yield* Concurrent.raceFirst(FiberRef.set(ref, "won"), Effect.never)
      assert.strictEqual(yield* FiberRef.get(ref), "won")
    }))

  it.effect("leaves nothing behind and never hangs, wherever it is interrupted", () =>
    Effect.gen(function*() {
      const { counts, watch } = watched()
      yield* interruptEverywhere(Effect.sync(() => ({
        victim: Concurrent.raceFirst(watch(Effect.yieldNow()), watch(Effect.never)),
        meanwhile: Effect.void,
        verify: Effect.sync(() => assert.strictEqual(counts.running, 0))
      })))
    }))
})
