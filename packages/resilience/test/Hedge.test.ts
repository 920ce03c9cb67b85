import { type Bulkhead, Deadline, type Hedge, RetryBudget } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { Cause, Duration, Effect, Exit, Fiber, FiberRef, TestClock } from "effect"
import { countingClock } from "./support/countingClock.js"
import { after, failAfter, generous, make, service } from "./support/hedges.js"
import { interruptEverywhere, settle } from "./support/interruption.js"
import { full } from "./support/refusals.js"

describe("Hedge", () => {
  it.effect("starts no hedge if the first attempt succeeds before the delay", () =>
    Effect.gen(function*() {
      const hedge = yield* make()
      const { call, log } = service(after(49, "first"))
      const fiber = yield* Effect.fork(hedge.apply(call))
      yield* TestClock.adjust("49 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "first")
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(log, { started: 1, running: 0, interrupted: 0 })
      assert.deepStrictEqual(yield* hedge.metrics, { calls: 1, hedges: 0, won: 0, denied: 0 })
    }))

  it.effect("starts a hedge at the exact end of the delay, and returns the first success", () =>
    Effect.gen(function*() {
      const hedge = yield* make()
      const { call, log } = service(after(1000, "first"), after(10, "second"))
      const fiber = yield* Effect.fork(hedge.apply(call))
      yield* TestClock.adjust("49 millis")
      assert.strictEqual(log.started, 1)
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(log, { started: 2, running: 2, interrupted: 0 })
      yield* TestClock.adjust("9 millis")
      assertNone(yield* Fiber.poll(fiber))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "second")
      yield* settle
      assert.deepStrictEqual(log, { started: 2, running: 0, interrupted: 1 })
      assert.deepStrictEqual(yield* hedge.metrics, { calls: 1, hedges: 1, won: 1, denied: 0 })
    }))

  it.effect("the first attempt can still win after a hedge has started", () =>
    Effect.gen(function*() {
      const hedge = yield* make()
      const { call, log } = service(after(60, "first"), Effect.never)
      const fiber = yield* Effect.fork(hedge.apply(call))
      yield* TestClock.adjust("60 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "first")
      yield* settle
      assert.deepStrictEqual(log, { started: 2, running: 0, interrupted: 1 })
      assert.deepStrictEqual(yield* hedge.metrics, { calls: 1, hedges: 1, won: 0, denied: 0 })
    }))

  it.effect("a winner does not wait for a loser that is slow to stop (effect 3: race)", () =>
    Effect.gen(function*() {
      const slowToStop = Effect.onInterrupt(Effect.never, () => Effect.sleep("150 millis"))
      const raced = yield* Effect.fork(Effect.race(slowToStop, after(10, "winner")))
      const hedge = yield* make({ delay: 0 })
      const { call, log } = service<string, never>(slowToStop, after(10, "winner"))
      const hedged = yield* Effect.fork(hedge.apply(call))
      yield* TestClock.adjust("10 millis")
      assertNone(yield* Fiber.poll(raced))
      // The fiber has ended too: it does not wait for the loser as its child either.
      assert.deepStrictEqual(yield* Fiber.await(hedged), Exit.succeed("winner"))
      assert.strictEqual(log.running, 1)
      yield* TestClock.adjust("150 millis")
      assert.strictEqual(yield* Fiber.join(raced), "winner")
      assert.strictEqual(log.running, 0)
    }))

  it.effect("starts up to maxHedges hedges, each one delay after the previous one", () =>
    Effect.gen(function*() {
      const hedge = yield* make({ maxHedges: 3 })
      const { call, log } = service<never, never>()
      const fiber = yield* Effect.fork(hedge.apply(call))
      const started: Array<number> = []
      for (let delays = 0; delays < 6; delays++) {
        yield* settle
        started.push(log.started)
        yield* TestClock.adjust("50 millis")
      }
      assert.deepStrictEqual(started, [1, 2, 3, 4, 4, 4])
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("a failure starts the next attempt immediately, and the delay counts from that attempt", () =>
    Effect.gen(function*() {
      const hedge = yield* make({ maxHedges: 2 })
      const { call, log } = service(failAfter(20, "down"), Effect.never, after(1, "third"))
      const fiber = yield* Effect.fork(hedge.apply(call))
      yield* TestClock.adjust("20 millis")
      assert.strictEqual(log.started, 2)
      yield* TestClock.adjust("49 millis")
      assert.strictEqual(log.started, 2)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(log.started, 3)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "third")
      yield* settle
      assert.strictEqual(log.running, 0)
    }))

  it.effect("a delay that ends while an attempt is being admitted after a failure starts no other", () =>
    Effect.gen(function*() {
      const budget = yield* generous
      const slow = { ...budget, withdraw: Effect.zipRight(Effect.sleep("10 millis"), budget.withdraw) }
      const hedge = yield* make({ maxHedges: 5, budget: slow })
      const { call, log } = service(failAfter(45, "down"), Effect.never)
      const fiber = yield* Effect.fork(hedge.apply(call))
      yield* TestClock.adjust("55 millis")
      assert.strictEqual(log.started, 2)
      yield* TestClock.adjust("49 millis")
      assert.strictEqual(log.started, 2)
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("no timer runs when no further attempt may start", () =>
    Effect.gen(function*() {
      const { counted, timers } = yield* countingClock
      const hedge = yield* make()
      const fiber = yield* Effect.fork(counted(hedge.apply(service<never, never>().call)))
      yield* TestClock.adjust("49 millis")
      assert.strictEqual(timers.sleeping, 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(timers.sleeping, 0)
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("fails with the last failure if all attempts fail", () =>
    Effect.gen(function*() {
      const hedge = yield* make({ maxHedges: 2 })
      const { call, log } = service(Effect.fail("first"), failAfter(70, "second"), Effect.fail("third"))
      const fiber = yield* Effect.fork(Effect.flip(hedge.apply(call)))
      yield* TestClock.adjust("69 millis")
      assert.strictEqual(log.started, 3)
      assertNone(yield* Fiber.poll(fiber))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "second")
    }))

  it.effect("a local rejection starts no attempt, and never replaces a failure of the service", () =>
    Effect.gen(function*() {
      const refused = full("reads")
      const hedge = yield* make({ maxHedges: 5 })
      const succeedingCall = service<string, Bulkhead.BulkheadFull>(after(60, "first"), Effect.fail(refused))
      const failingService = service<never, "down" | Bulkhead.BulkheadFull>(failAfter(60, "down"), Effect.fail(refused))
      const rejectedCall = service(Effect.fail(refused))
      const success = yield* Effect.fork(hedge.apply(succeedingCall.call))
      const failure = yield* Effect.fork(Effect.flip(hedge.apply(failingService.call)))
      assert.strictEqual(yield* Effect.flip(hedge.apply(rejectedCall.call)), refused)
      yield* TestClock.adjust("60 millis")
      assert.strictEqual(yield* Fiber.join(success), "first")
      assert.strictEqual(yield* Fiber.join(failure), "down")
      assert.deepStrictEqual([succeedingCall.log.started, failingService.log.started, rejectedCall.log.started], [
        2,
        2,
        1
      ])
    }))

  it.effect("`classify`: \"wait\" leaves the result to attempts in flight, \"fail\" ends the call immediately", () =>
    Effect.gen(function*() {
      const consequences = { slowDown: "wait", invalid: "fail", down: "next" } as const
      const hedge = yield* make<keyof typeof consequences>({ maxHedges: 5, classify: (error) => consequences[error] })
      const waitingCall = service<string, keyof typeof consequences>(after(500, "first"), Effect.fail("slowDown"))
      const failingCall = service<never, keyof typeof consequences>(Effect.never, Effect.fail("invalid"))
      const success = yield* Effect.fork(hedge.apply(waitingCall.call))
      const failure = yield* Effect.fork(Effect.flip(hedge.apply(failingCall.call)))
      yield* TestClock.adjust("50 millis")
      assert.strictEqual(yield* Fiber.join(failure), "invalid")
      yield* settle
      assert.deepStrictEqual(failingCall.log, { started: 2, running: 0, interrupted: 1 })
      yield* TestClock.adjust("449 millis")
      assert.deepStrictEqual(waitingCall.log, { started: 2, running: 1, interrupted: 0 })
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(success), "first")
    }))

  it.effect("a defect or an interruption of an attempt ends the call", () =>
    Effect.gen(function*() {
      const hedge = yield* make()
      const mixed = Effect.failCause(Cause.parallel(Cause.fail("down"), Cause.die("bug")))
      for (const bug of [Effect.die("bug"), mixed, Effect.interrupt]) {
        const { call, log } = service<never, string>(Effect.never, bug)
        const fiber = yield* Effect.fork(Effect.exit(hedge.apply(call)))
        yield* TestClock.adjust("50 millis")
        const exit = yield* Fiber.join(fiber)
        assert(Exit.isFailure(exit))
        assert.strictEqual(Cause.isDie(exit.cause), bug !== Effect.interrupt)
        assert.strictEqual(Cause.isInterrupted(exit.cause), bug === Effect.interrupt)
        yield* settle
        assert.strictEqual(log.running, 0)
      }
    }))

  it.effect("a classifier that throws changes no result, and starts no further attempt", () =>
    Effect.gen(function*() {
      const hedge = yield* make({
        classify: () => {
          throw new Error("classify")
        }
      })
      const { call, log } = service(after(60, "first"), Effect.fail("down"))
      const fiber = yield* Effect.fork(hedge.apply(call))
      yield* TestClock.adjust("60 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "first")
      assert.deepStrictEqual(log, { started: 2, running: 0, interrupted: 0 })
    }))

  it.effect("interrupting the caller interrupts every attempt and waits until they have stopped", () =>
    Effect.gen(function*() {
      const hedge = yield* make({ maxHedges: 2 })
      const slow = Effect.onInterrupt(Effect.never, () => Effect.sleep("10 millis"))
      const { call, log } = service(slow, slow, slow)
      const fiber = yield* Effect.fork(hedge.apply(call))
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(log.running, 3)
      const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust("9 millis")
      assertNone(yield* Fiber.poll(interrupting))
      yield* TestClock.adjust("1 millis")
      assert.isTrue(Exit.isInterrupted(yield* Fiber.join(interrupting)))
      assert.deepStrictEqual(log, { started: 3, running: 0, interrupted: 3 })
    }))

  it.effect("starts no hedge after the deadline has passed", () =>
    Effect.gen(function*() {
      const hedge = yield* make()
      const { call, log } = service(after(100, "first"))
      const fiber = yield* Effect.fork(Deadline.within(hedge.apply(call), "50 millis"))
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "first")
      assert.strictEqual(log.started, 1)
      assert.strictEqual((yield* hedge.metrics).denied, 1)
    }))

  it.effect("the caller inherits the fiber-local values of the winner, and not those of a loser", () =>
    Effect.gen(function*() {
      const ref = FiberRef.unsafeMake("initial")
      const hedge = yield* make()
      const { call } = service(
        Effect.zipRight(FiberRef.set(ref, "loser"), Effect.never),
        Effect.zipRight(FiberRef.set(ref, "winner"), Effect.void)
      )
      const fiber = yield* Effect.fork(Effect.zipRight(hedge.apply(call), FiberRef.get(ref)))
      yield* TestClock.adjust("50 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "winner")
    }))

  it.effect("dies with a RangeError for invalid options", () =>
    Effect.gen(function*() {
      const invalidCases: ReadonlyArray<readonly [Partial<Hedge.Options<unknown>>, string]> = [
        [{ maxHedges: 0 }, `maxHedges must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}, got 0`],
        [{ maxHedges: 1.5 }, `maxHedges must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}, got 1.5`],
        [{ delay: { percentile: 1, initial: 50 } }, "delay.percentile must be greater than 0 and less than 1, got 1"],
        [
          { delay: { percentile: NaN, initial: 50 } },
          "delay.percentile must be greater than 0 and less than 1, got NaN"
        ],
        [
          { delay: { percentile: 0.5, initial: 50, window: Duration.infinity } },
          "delay.window must be finite and longer than 0, got Infinity"
        ],
        [
          { delay: { percentile: 0.5, initial: 50, window: 0 } },
          "delay.window must be finite and longer than 0, got 0"
        ],
        [
          { delay: { percentile: 0.5, initial: 50, minSamples: 0 } },
          `delay.minSamples must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}, got 0`
        ]
      ]
      for (const [options, message] of invalidCases) {
        const cause = yield* Effect.flip(Effect.sandbox(make(options)))
        assert.isTrue(Cause.isDie(cause))
        assert.include(Cause.pretty(cause), `RangeError: Hedge "test": ${message}`)
      }
    }))
})

describe("An interrupt at every yield point leaves no attempt and no timer", () => {
  const hedged = (meanwhile: Effect.Effect<void>, ...attempts: ReadonlyArray<Effect.Effect<void, string>>) =>
    Effect.gen(function*() {
      const { counted, timers } = yield* countingClock
      const budget = yield* RetryBudget.make({ ratio: 0 })
      const hedge = yield* make({ budget, maxHedges: 3 })
      const { call, log } = service(...attempts)
      return {
        victim: counted(hedge.apply(call)),
        meanwhile,
        verify: Effect.gen(function*() {
          assert.strictEqual(log.running, 0)
          assert.strictEqual(timers.sleeping, 0)
          const { hedges } = yield* hedge.metrics
          assert.strictEqual(100 - (yield* budget.balance), hedges)
          assert.isAtMost(log.started, 1 + hedges)
        })
      }
    })

  const failing = Effect.zipRight(Effect.yieldNow(), Effect.fail("down"))

  it.effect(
    "when failures start the next attempts",
    () => interruptEverywhere(hedged(Effect.void, failing, failing, Effect.yieldNow())),
    30_000
  )

  it.effect(
    "when the delay starts a hedge and a loser has to be interrupted",
    () => interruptEverywhere(hedged(TestClock.adjust("50 millis"), Effect.never, Effect.yieldNow())),
    30_000
  )
})
