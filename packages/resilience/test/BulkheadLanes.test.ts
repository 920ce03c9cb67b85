import { Bulkhead } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber } from "effect"
import { interruptEverywhere, settle } from "./support/interruption.js"

/** Forks the effect and lets it run until it waits. */
const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

describe("The lanes of a bulkhead", () => {
  const lanes = ["trading", "account", "reads"] as const

  it.effect("calls are admitted by lane, then by arrival, and calls without a lane go last", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "lanes", permits: 1, lanes })
      const order: Array<string> = []
      const gate = yield* Deferred.make<void>()
      yield* start(bulkhead.withPermit(Deferred.await(gate)))
      const call = (lane: typeof lanes[number] | undefined, what: string) =>
        start(bulkhead.withPermit(Effect.sync(() => order.push(what)), { lane }))
      yield* call(undefined, "unknown")
      yield* call("reads", "read")
      yield* call("account", "account")
      yield* call("trading", "cancel")
      yield* call("trading", "another cancel")
      assert.strictEqual(yield* bulkhead.queued, 5)
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.deepStrictEqual(order, ["cancel", "another cancel", "account", "unknown", "read"])
      // @ts-expect-error The lane does not exist.
      const misspelt = bulkhead.withPermit(Effect.void, { lane: "tradings" })
      yield* misspelt
    }))

  it.effect("reserved permits are only for the first lane, which may use all permits", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "reserve", permits: 4, reserved: 2, maxQueue: 600, lanes })
      const reads = yield* Effect.forEach(
        Array.from({ length: 600 }),
        () => start(bulkhead.withPermit(Effect.never, { lane: "reads" }))
      )
      assert.deepStrictEqual([yield* bulkhead.available, yield* bulkhead.queued], [2, 598])
      yield* bulkhead.withPermit(Effect.void, { lane: "trading" })
      const cancels = yield* Effect.forEach([1, 2, 3], () =>
        start(bulkhead.withPermit(Effect.never, { lane: "trading" })))
      assert.deepStrictEqual([yield* bulkhead.available, yield* bulkhead.queued], [0, 599])
      yield* Fiber.interrupt(reads[0] ?? assert.fail())
      assert.deepStrictEqual([yield* bulkhead.available, yield* bulkhead.queued], [0, 598])
      yield* Fiber.interruptAll([...cancels, ...reads])
      assert.deepStrictEqual([yield* bulkhead.available, yield* bulkhead.queued], [4, 0])
    }))

  it.effect("a resize always leaves one permit to the other lanes", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "reserve", permits: 4, reserved: 3, lanes })
      yield* bulkhead.resize(1)
      assert.strictEqual(yield* bulkhead.withPermit(Effect.succeed("read"), { lane: "reads" }), "read")
    }))

  it.effect("each lane has its own queue limit, and a call with maxWait zero does not queue", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "queues", permits: 1, maxQueue: 1, lanes })
      yield* start(bulkhead.withPermit(Effect.never))
      yield* start(bulkhead.withPermit(Effect.void, { lane: "reads" }))
      const full = yield* Effect.flip(bulkhead.withPermit(Effect.void, { lane: "reads" }))
      assert.deepStrictEqual(
        full._tag === "BulkheadFull" ? [full.reason, full.permits, full.queued] : [],
        ["QueueFull", 1, 1]
      )
      const unwilling = yield* Effect.flip(bulkhead.withPermit(Effect.void, { lane: "trading", maxWait: 0 }))
      assert.strictEqual(unwilling._tag === "BulkheadFull" ? unwilling.reason : unwilling, "WaitTooLong")
      yield* start(bulkhead.withPermit(Effect.void, { lane: "trading" }))
      assert.strictEqual(yield* bulkhead.queued, 2)
    }))

  it.effect("an invalid reserve is a defect", () =>
    Effect.gen(function*() {
      for (
        const options of [{ reserved: 1 }, { reserved: 4, lanes }, { reserved: -1, lanes }, { reserved: 0.5, lanes }]
      ) {
        const exit = yield* Effect.exit(Bulkhead.make({ name: "reserve", permits: 4, ...options }))
        assert.instanceOf(Cause.squash(Exit.isFailure(exit) ? exit.cause : Cause.empty), RangeError)
      }
    }))

  it.effect("an interrupt at every yield point leaks no permit", () =>
    interruptEverywhere(Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "sweep", permits: 2, reserved: 1, lanes })
      const gate = yield* Deferred.make<void>()
      const holder = yield* start(bulkhead.withPermit(Deferred.await(gate)))
      return {
        victim: bulkhead.withPermit(Effect.yieldNow(), { lane: "reads" }),
        meanwhile: Deferred.succeed(gate, undefined),
        verify: Effect.gen(function*() {
          yield* Effect.orDie(Fiber.join(holder))
          assert.deepStrictEqual([yield* bulkhead.available, yield* bulkhead.queued], [2, 0])
          yield* Effect.orDie(bulkhead.withPermit(Effect.void, { lane: "reads", maxWait: 0 }))
        })
      }
    })))
})
