import { Chaos } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, throws } from "@effect/vitest/utils"
import { Cause, Clock, Duration, Effect, Exit, FastCheck, Fiber, Random, Ref, Scheduler, TestClock } from "effect"
import { countingClock } from "./support/countingClock.js"
import { interruptEverywhere, settle } from "./support/interruption.js"
import { metricValue } from "./support/metrics.js"

const always = { rate: 1 }

/** The results of 1,000 sequential calls. */
const results = <A, E>(chaos: Chaos.Chaos<void, A, E>) =>
  Effect.forEach(
    Array.from({ length: 1000 }, (_, call) => call),
    (call) => Effect.merge(chaos.inject(Effect.succeed(call)))
  )

const mixed = (options: { readonly seed?: string; readonly enabled?: boolean } = {}) =>
  Chaos.make({
    name: "test",
    strategies: [
      Chaos.fault({ rate: 0.1, error: () => "fault" as const }),
      Chaos.result({ rate: 0.2, value: () => "result" as const })
    ],
    ...options
  })

describe("The strategies of Chaos", () => {
  it.effect("latency: delays the effect by min to max, on Effect's clock", () =>
    Effect.gen(function*() {
      const fixed = yield* Chaos.make({ name: "test", strategies: [Chaos.latency({ ...always, min: "1 second" })] })
      let ran = false
      const fiber = yield* Effect.fork(fixed.inject(Effect.sync(() => ran = true)))
      yield* TestClock.adjust("999 millis")
      assert.isFalse(ran)
      yield* TestClock.adjust("1 millis")
      assert.isTrue(yield* Fiber.join(fiber))
      const spread = yield* Chaos.make({
        name: "test",
        seed: "spread",
        strategies: [Chaos.latency({ ...always, min: "1 second", max: "3 seconds" })]
      })
      const begin = yield* Clock.currentTimeMillis
      const fibers = yield* Effect.forEach(
        Array.from({ length: 50 }),
        () => Effect.fork(spread.inject(Effect.map(Clock.currentTimeMillis, (now) => now - begin)))
      )
      yield* TestClock.adjust("3 seconds")
      const delays = yield* Fiber.joinAll(fibers)
      assert.isAtLeast(Math.min(...delays), 1000)
      assert.isBelow(Math.min(...delays), 1200)
      assert.isAtMost(Math.max(...delays), 3000)
      assert.isAbove(Math.max(...delays), 2800)
      assert.isTrue(delays.every(Number.isInteger))
    }))

  it.effect("fault, result, defect: replace the effect, which does not run", () =>
    Effect.gen(function*() {
      let ran = 0
      const call = Effect.sync(() => ++ran)
      const fault = yield* Chaos.make({ name: "f", strategies: [Chaos.fault({ ...always, error: () => "reset" })] })
      const result = yield* Chaos.make({ name: "o", strategies: [Chaos.result({ ...always, value: () => -1 })] })
      const defect = yield* Chaos.make({ name: "d", strategies: [Chaos.defect({ ...always, defect: () => "bug" })] })
      const failure: string = yield* Effect.flip(fault.inject(call))
      assert.strictEqual(failure, "reset")
      assert.strictEqual(yield* result.inject(call), -1)
      assert.deepStrictEqual(yield* Effect.exit(defect.inject(call)), Exit.die("bug"))
      assert.strictEqual(ran, 0)
    }))

  it.effect("hang: never ends, and can be interrupted", () =>
    Effect.gen(function*() {
      const chaos = yield* Chaos.make({ name: "test", strategies: [Chaos.hang(always)] })
      const fiber = yield* Effect.fork(chaos.inject(Effect.void))
      yield* TestClock.adjust("1 day")
      assertNone(yield* Fiber.poll(fiber))
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
    }))

  it.effect("after: injects the fault after the effect has succeeded, and leaves its failures unchanged", () =>
    Effect.gen(function*() {
      const chaos = yield* Chaos.make({
        name: "test",
        strategies: [Chaos.fault({ ...always, after: true, error: () => "reset" as const })]
      })
      let placed = 0
      assert.strictEqual(yield* Effect.flip(chaos.inject(Effect.sync(() => placed++))), "reset")
      assert.strictEqual(placed, 1)
      assert.strictEqual(yield* Effect.flip(chaos.inject(Effect.fail("own"))), "own")
      assert.strictEqual((yield* chaos.injected).fault, 1)
    }))

  it.effect("are applied in order, and none after the one that ends the call", () =>
    Effect.gen(function*() {
      const chaos = yield* Chaos.make({
        name: "metered-chaos",
        strategies: [
          Chaos.latency({ ...always, min: "1 second" }),
          Chaos.fault({ ...always, error: () => "reset" }),
          Chaos.hang(always)
        ]
      })
      const fiber = yield* Effect.fork(Effect.flip(chaos.inject(Effect.void)))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "reset")
      assert.deepStrictEqual(yield* chaos.injected, { latency: 1, fault: 1, result: 0, defect: 0, hang: 0 })
      assert.strictEqual(yield* metricValue("chaos_injected_calls", { name: "metered-chaos", kind: "fault" }), 1)
      assert.isUndefined(yield* metricValue("chaos_injected_calls", { name: "metered-chaos", kind: "hang" }))
    }))

  it.effect("`when` selects calls by their subject", () =>
    Effect.gen(function*() {
      interface Request {
        readonly path: string
      }
      const chaos = yield* Chaos.make({
        name: "test",
        strategies: [
          Chaos.fault({ ...always, when: ({ path }: Request) => path === "/order", error: ({ path }) => `no ${path}` }),
          Chaos.latency({ rate: 0, min: "1 second" })
        ]
      })
      assert.strictEqual(yield* Effect.flip(chaos.inject(Effect.void, { path: "/order" })), "no /order")
      yield* chaos.inject(Effect.void, { path: "/price" })
      // @ts-expect-error The subject is missing.
      const withoutSubject = chaos.inject(Effect.void)
      assert.isTrue(Cause.isDie(yield* Effect.flip(Effect.sandbox(withoutSubject))))
    }))

  it.effect("a rate that is not between 0 and 1 is a defect", () =>
    Effect.gen(function*() {
      for (const rate of [-0.1, 1.1, NaN]) {
        const cause = yield* Effect.flip(
          Effect.sandbox(Chaos.make({ name: "test", strategies: [Chaos.hang({ rate })] }))
        )
        assert.isTrue(Cause.isDie(cause))
        assert.include(
          Cause.pretty(cause),
          `RangeError: Chaos "test": rate of hang must be between 0 and 1, got ${rate}`
        )
      }
    }))

  it("invalid bounds of a latency throw a RangeError", () => {
    throws(
      () => Chaos.latency({ ...always, min: "2 seconds", max: "1 second" }),
      new RangeError("Chaos.latency: max must be finite and no shorter than min, got 1000 ms")
    )
    throws(
      () => Chaos.latency({ ...always, min: Duration.infinity }),
      new RangeError("Chaos.latency: min must be finite, got Infinity ms")
    )
  })
})

describe("The randomness of Chaos", () => {
  it.effect("injects faults at their rate: never at 0, always at 1", () =>
    Effect.gen(function*() {
      const all = yield* results(yield* mixed({ seed: "rates" }))
      const count = (kind: string) => all.filter((result) => result === kind).length
      // Four standard deviations.
      assert.approximately(count("fault"), 100, 38)
      assert.approximately(count("result"), 180, 49)
      const never = yield* Chaos.make({ name: "test", strategies: [Chaos.hang({ rate: 0 })] })
      assert.deepStrictEqual(yield* results(never), Array.from({ length: 1000 }, (_, call) => call))
      const alwaysFails = yield* Chaos.make({
        name: "test",
        strategies: [Chaos.fault({ ...always, error: () => "reset" })]
      })
      assert.deepStrictEqual(new Set(yield* results(alwaysFails)), new Set(["reset"]))
    }))

  it.effect("the same seed gives the same sequence, and another seed another one", () =>
    Effect.gen(function*() {
      const first = yield* results(yield* mixed({ seed: "a" }))
      assert.deepStrictEqual(yield* results(yield* mixed({ seed: "a" })), first)
      assert.notDeepEqual(yield* results(yield* mixed({ seed: "b" })), first)
    }))

  it.effect("the default seed comes from Random", () =>
    Effect.gen(function*() {
      const from = (seed: string) => Effect.flatMap(Effect.withRandom(mixed(), Random.make(seed)), results)
      const first = yield* from("a")
      assert.deepStrictEqual(yield* from("a"), first)
      assert.notDeepEqual(yield* from("b"), first)
    }))

  it.effect("does not change the program's own Random", () =>
    Effect.gen(function*() {
      const draws = (chaos: Chaos.Chaos<void, unknown, unknown>) =>
        Effect.forEach(Array.from({ length: 20 }), () =>
          Effect.zipRight(Effect.exit(chaos.inject(Effect.void)), Random.next))
          .pipe(Effect.withRandom(Random.make("program")))
      const without = yield* draws(yield* Chaos.make({ name: "test", seed: 1, strategies: [] }))
      assert.deepStrictEqual(yield* draws(yield* mixed({ seed: "a" })), without)
    }))

  it.effect("the n-th call gets the same fault regardless of how calls interleave", () =>
    Effect.gen(function*() {
      const concurrently = (yields: (call: number) => number, maxOps: number) =>
        Effect.gen(function*() {
          const chaos = yield* mixed({ seed: "a" })
          const scheduler: Scheduler.Scheduler = {
            shouldYield: (fiber) => fiber.currentOpCount > maxOps ? 0 : false,
            scheduleTask: (task, priority, fiber) => Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
          }
          return yield* Effect.forEach(
            Array.from({ length: 200 }, (_, call) => call),
            (call) => Effect.merge(chaos.inject(Effect.as(Effect.repeatN(Effect.yieldNow(), yields(call)), call))),
            { concurrency: "unbounded" }
          ).pipe(Effect.withScheduler(scheduler))
        })
      const sequential = (yield* results(yield* mixed({ seed: "a" }))).slice(0, 200)
      assert.deepStrictEqual(yield* concurrently((call) => call % 7, 2048), sequential)
      assert.deepStrictEqual(yield* concurrently((call) => 5 - call % 5, 15), sequential)
    }))

  it.effect.prop(
    "neither `enabled` nor `when` changes the faults of later calls",
    [FastCheck.array(FastCheck.record({ enabled: FastCheck.boolean(), chosen: FastCheck.boolean() }), {
      maxLength: 100
    })],
    ([calls]) =>
      Effect.gen(function*() {
        const make = Chaos.make({
          name: "test",
          seed: "a",
          strategies: [
            Chaos.fault({ rate: 0.5, when: (chosen: boolean) => chosen, error: () => "fault" as const }),
            Chaos.result({ rate: 0.5, value: () => "result" as const })
          ]
        })
        const reference = yield* make
        const chaos = yield* make
        const counts = { fault: 0, result: 0 }
        for (const { chosen, enabled } of calls) {
          yield* Ref.set(chaos.enabled, enabled)
          const result = yield* Effect.merge(chaos.inject(Effect.succeed("own" as const), chosen))
          const expected = yield* Effect.merge(reference.inject(Effect.succeed("own" as const), chosen))
          assert.strictEqual(result, enabled ? expected : "own")
          if (result !== "own") counts[result]++
        }
        assert.deepInclude(yield* chaos.injected, counts)
      }),
    { fastCheck: { numRuns: 40 } }
  )
})

describe("Chaos at run time", () => {
  it.effect("can be enabled and disabled without affecting calls in flight", () =>
    Effect.gen(function*() {
      const chaos = yield* Chaos.make({
        name: "test",
        enabled: false,
        strategies: [Chaos.latency({ ...always, min: 10 })]
      })
      yield* chaos.inject(Effect.void)
      yield* Ref.set(chaos.enabled, true)
      const fiber = yield* Effect.fork(chaos.inject(Effect.void))
      yield* settle
      yield* Ref.set(chaos.enabled, false)
      yield* chaos.inject(Effect.void)
      assertNone(yield* Fiber.poll(fiber))
      yield* TestClock.adjust(10)
      yield* Fiber.join(fiber)
      assert.strictEqual((yield* chaos.injected).latency, 1)
    }))

  it.effect(
    "an interrupt at every yield point leaves no timer, and the finalizer of the effect runs",
    () =>
      interruptEverywhere(Effect.gen(function*() {
        const { counted, timers } = yield* countingClock
        const chaos = yield* Chaos.make({
          name: "test",
          strategies: [
            Chaos.latency({ ...always, min: 0 }),
            Chaos.latency({ ...always, after: true, min: 0 })
          ]
        })
        let running = 0
        return {
          victim: counted(chaos.inject(Effect.acquireUseRelease(
            Effect.sync(() => running++),
            () => Effect.yieldNow(),
            () => Effect.sync(() => running--)
          ))),
          meanwhile: TestClock.adjust(1),
          verify: Effect.sync(() => {
            assert.strictEqual(running, 0)
            assert.strictEqual(timers.sleeping, 0)
          })
        }
      })),
    30_000
  )
})
