import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, type Fiber, Scheduler, Scope, TestClock } from "effect"
import * as Keeper from "../src/engine/internal/keeper.js"

const startWatch = (keeper: Keeper.Keeper, millis: number, late: () => void) =>
  Effect.clockWith((clock) => {
    const watch = keeper.watch(clock, Duration.millis(millis), late)
    return Effect.as(watch.begin ?? Effect.void, watch)
  })

describe("Keeper", () => {
  it.scoped("calls back each watch exactly when its time has passed, in any order of creation", () =>
    Effect.gen(function*() {
      const keeper = yield* Keeper.make
      const late: Array<number> = []
      for (const millis of [300, 100, 200, 100, 0.4]) yield* startWatch(keeper, millis, () => late.push(millis))
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(late, [0.4])
      yield* TestClock.adjust("98 millis")
      assert.deepStrictEqual(late, [0.4])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(late, [0.4, 100, 100])
      yield* TestClock.adjust("1 seconds")
      assert.deepStrictEqual(late, [0.4, 100, 100, 200, 300])
    }))

  it.scoped("keeps both watches if the later one begins last but was created first", () =>
    Effect.gen(function*() {
      const keeper = yield* Keeper.make
      const late: Array<string> = []
      const clock = yield* Effect.clock
      const second = keeper.watch(clock, Duration.millis(100), () => late.push("second"))
      const first = keeper.watch(clock, Duration.millis(50), () => late.push("first"))
      yield* first.begin ?? Effect.void
      yield* second.begin ?? Effect.void
      yield* TestClock.adjust("50 millis")
      assert.deepStrictEqual(late, ["first"])
      yield* TestClock.adjust("50 millis")
      assert.deepStrictEqual(late, ["first", "second"])
    }))

  it.scoped("does not call back a watch that was left, and serves later ones", () =>
    Effect.gen(function*() {
      const keeper = yield* Keeper.make
      const late: Array<string> = []
      const first = yield* startWatch(keeper, 100, () => late.push("first"))
      first.leave()
      yield* TestClock.adjust("50 millis")
      yield* startWatch(keeper, 100, () => late.push("second"))
      yield* TestClock.adjust("99 millis")
      assert.deepStrictEqual(late, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(late, ["second"])
      yield* startWatch(keeper, 10, () => late.push("third"))
      yield* TestClock.adjust("10 millis")
      assert.deepStrictEqual(late, ["second", "third"])
    }))

  it.scoped("uses one fiber for any number of watches", () =>
    Effect.gen(function*() {
      const keeper = yield* Keeper.make
      const fibers = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
      const counting: Scheduler.Scheduler = {
        shouldYield: (fiber) => {
          fibers.add(fiber)
          return Scheduler.defaultScheduler.shouldYield(fiber)
        },
        scheduleTask: (task, priority, fiber) => Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
      }
      let late = 0
      yield* Effect.withScheduler(
        Effect.forEach(Array.from({ length: 100 }), () => startWatch(keeper, 100, () => late++), { discard: true }),
        counting
      )
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual([late, fibers.size], [100, 2])
    }))

  it.effect("stops with its scope, even if it was started in an uninterruptible region", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const keeper = yield* Scope.extend(Keeper.make, scope)
      let late = 0
      yield* Effect.uninterruptible(startWatch(keeper, 100, () => late++))
      yield* Scope.close(scope, Exit.void)
      // Watches that begin after that are not called back either.
      yield* startWatch(keeper, 10, () => late++)
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(late, 0)
    }))
})
