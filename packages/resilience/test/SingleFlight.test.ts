import { Deadline, SingleFlight, Timeout } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { Cause, Context, Data, Deferred, Effect, Exit, FastCheck, Fiber, type Option, TestClock } from "effect"
import { interruptEverywhere, settle } from "./support/interruption.js"
import { metricValue } from "./support/metrics.js"

/** Forks the effect and lets it run until it waits. */
const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

/** An effect that waits for its gate, and the counts of its runs. */
const gated = Effect.map(Deferred.make<number, string>(), (gate) => {
  const log = { started: 0, running: 0 }
  const effect = Effect.acquireUseRelease(
    Effect.sync(() => {
      log.started++
      log.running++
    }),
    () => Deferred.await(gate),
    () => Effect.sync(() => log.running--)
  )
  return { effect, gate, log }
})

const make = <K = string>(name = "test") => SingleFlight.make<number, string, K>({ name })

describe("SingleFlight", () => {
  it.effect("concurrent callers share a run, and a later caller starts a new one", () =>
    Effect.gen(function*() {
      const flights = yield* make("metered-flights")
      const { effect, gate, log } = yield* gated
      const fibers = yield* Effect.forEach([1, 2, 3], () => start(flights.run("k", effect)))
      assert.strictEqual(log.started, 1)
      assert.strictEqual(yield* flights.inFlight, 1)
      fibers.forEach((fiber) => assert.isNull(fiber.unsafePoll()))
      yield* Deferred.succeed(gate, 7)
      assert.deepStrictEqual(yield* Fiber.joinAll(fibers), [7, 7, 7])
      assert.strictEqual(yield* flights.inFlight, 0)
      assert.strictEqual(yield* flights.run("k", effect), 7)
      assert.strictEqual(log.started, 2)
      assert.strictEqual(yield* metricValue("singleflight_coalesced_calls", { name: "metered-flights" }), 2)
    }))

  it.effect("failures and defects are shared, and not kept", () =>
    Effect.gen(function*() {
      const flights = yield* make()
      const failed = yield* gated
      const fibers = yield* Effect.forEach([1, 2], () => start(flights.run("k", failed.effect)))
      yield* Deferred.fail(failed.gate, "down")
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(exits, [Exit.fail("down"), Exit.fail("down")])
      assert.strictEqual(yield* flights.run("k", Effect.succeed(1)), 1)
      const died = yield* gated
      const more = yield* Effect.forEach([1, 2], () => start(flights.run("k", died.effect)))
      yield* Deferred.die(died.gate, "bug")
      assert.deepStrictEqual(yield* Effect.forEach(more, Fiber.await), [Exit.die("bug"), Exit.die("bug")])
      assert.strictEqual(yield* flights.inFlight, 0)
      const interrupted = yield* Effect.exit(flights.run("k", Effect.interrupt))
      assert.isTrue(Exit.isFailure(interrupted) && Cause.isInterruptedOnly(interrupted.cause))
      assert.strictEqual(yield* flights.inFlight, 0)
    }))

  it.effect("a caller that calls again when the run has ended starts a new run", () =>
    Effect.gen(function*() {
      const flights = yield* make()
      const { effect, gate, log } = yield* gated
      const again = flights.run("k", effect)
      const fibers = yield* Effect.forEach([1, 2], () => start(Effect.orElse(again, () => again)))
      yield* Deferred.fail(gate, "down")
      yield* Effect.forEach(fibers, Fiber.await)
      assert.strictEqual(log.started, 2)
    }))

  it.effect("keys are compared by Equal", () =>
    Effect.gen(function*() {
      const flights = yield* make<{ readonly id: number }>()
      const { effect, gate, log } = yield* gated
      yield* start(flights.run(Data.struct({ id: 1 }), effect))
      yield* start(flights.run(Data.struct({ id: 1 }), effect))
      assert.strictEqual(log.started, 1)
      yield* start(flights.run(Data.struct({ id: 2 }), effect))
      yield* start(flights.run({ id: 1 }, effect))
      assert.strictEqual(log.started, 3)
      assert.strictEqual(yield* flights.inFlight, 3)
      yield* Deferred.succeed(gate, 1)
      yield* settle
      assert.strictEqual(yield* flights.inFlight, 0)
    }))

  it.effect("an interruption of one caller, even the first, does not affect the others (opossum #780)", () =>
    Effect.gen(function*() {
      const flights = yield* make()
      const { effect, gate, log } = yield* gated
      const first = yield* start(flights.run("k", effect))
      const second = yield* start(flights.run("k", effect))
      const third = yield* start(flights.run("k", effect))
      yield* Fiber.interrupt(first)
      yield* Fiber.interrupt(third)
      assert.deepStrictEqual(log, { started: 1, running: 1 })
      yield* Deferred.succeed(gate, 7)
      assert.strictEqual(yield* Fiber.join(second), 7)
    }))

  it.effect("the end of the fiber that started a run does not end the run", () =>
    Effect.gen(function*() {
      const flights = yield* make()
      const { effect, gate } = yield* gated
      const parent = yield* start(Effect.zipRight(Effect.fork(flights.run("k", effect)), Effect.never))
      const waiting = yield* start(flights.run("k", effect))
      yield* Fiber.interrupt(parent)
      yield* Deferred.succeed(gate, 7)
      assert.strictEqual(yield* Fiber.join(waiting), 7)
    }))

  it.effect("when the last caller is interrupted, the run is too, and the caller waits until it has stopped", () =>
    Effect.gen(function*() {
      const flights = yield* make()
      let stopped = 0
      const slow = Effect.onInterrupt(
        Effect.never,
        () => Effect.zipRight(Effect.sleep(10), Effect.sync(() => stopped++))
      )
      const first = yield* start(flights.run("k", slow))
      const last = yield* start(flights.run("k", slow))
      yield* Fiber.interrupt(first)
      assert.strictEqual(yield* flights.inFlight, 1)
      const leaving = yield* start(Fiber.interrupt(last))
      // From now on the key is free, although the old run has not stopped yet.
      assert.strictEqual(yield* flights.inFlight, 0)
      assert.strictEqual(yield* flights.run("k", Effect.succeed(1)), 1)
      yield* TestClock.adjust(9)
      assertNone(yield* Fiber.poll(leaving))
      assert.strictEqual(stopped, 0)
      yield* TestClock.adjust(1)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.join(leaving)))
      assert.strictEqual(stopped, 1)
    }))

  it.effect("an abandoned run that is still stopping does not affect the next run of the key", () =>
    Effect.gen(function*() {
      const flights = yield* make()
      const slow = Effect.onInterrupt(Effect.never, () => Effect.sleep(10))
      const leaving = yield* Effect.flatMap(start(flights.run("k", slow)), (fiber) => start(Fiber.interrupt(fiber)))
      const { effect, gate, log } = yield* gated
      const following = yield* start(flights.run("k", effect))
      yield* TestClock.adjust(10)
      yield* Fiber.join(leaving)
      assert.strictEqual(yield* flights.inFlight, 1)
      const joining = yield* start(flights.run("k", effect))
      assert.strictEqual(log.started, 1)
      yield* Deferred.succeed(gate, 7)
      assert.deepStrictEqual(yield* Fiber.joinAll([following, joining]), [7, 7])
    }))

  it.effect("the timeout and deadline of a caller apply to that caller only", () =>
    Effect.gen(function*() {
      const flights = yield* SingleFlight.make<Option.Option<unknown>, never>({ name: "test" })
      const load = Effect.zipRight(Effect.sleep("1 second"), Deadline.remaining)
      const withTimeout = yield* flights.run("k", load).pipe(
        Timeout.deadline({ duration: "10 millis", onTimeout: () => "too late" as const }),
        Effect.flip,
        Effect.fork
      )
      yield* settle
      const withoutTimeout = yield* Effect.fork(flights.run("k", load))
      yield* TestClock.adjust("10 millis")
      assert.strictEqual(yield* Fiber.join(withTimeout), "too late")
      yield* TestClock.adjust("990 millis")
      assertNone(yield* Fiber.join(withoutTimeout))
    }))

  it.effect("a run that was started in an uninterruptible region can be interrupted", () =>
    Effect.gen(function*() {
      const flights = yield* make()
      const { effect, log } = yield* gated
      const masked = yield* start(
        Effect.uninterruptible(Effect.timeoutOption(Effect.interruptible(flights.run("k", effect)), 10))
      )
      const hidden = yield* start(Effect.uninterruptibleMask((restore) => restore(flights.run("k", effect))))
      yield* TestClock.adjust(10)
      yield* Fiber.join(masked)
      assert.strictEqual(log.running, 1)
      yield* Fiber.interrupt(hidden)
      assert.strictEqual(log.running, 0)
    }))

  it.effect("the run has the context of the caller that started it", () =>
    Effect.gen(function*() {
      class Account extends Context.Tag("test/Account")<Account, number>() {}
      const flights = yield* make()
      const run = Effect.gen(function*() {
        const account = yield* Account
        yield* Effect.yieldNow()
        return account
      })
      const results = yield* Effect.all(
        [1, 2].map((account) => Effect.provideService(flights.run("k", run), Account, account)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(results, [1, 1])
    }))

  it.effect("100 concurrent callers with 10 keys make 10 runs", () =>
    Effect.gen(function*() {
      const flights = yield* make<number>()
      const runs: Array<number> = []
      const results = yield* Effect.forEach(
        Array.from({ length: 100 }, (_, caller) => caller),
        (caller) =>
          flights.run(
            caller % 10,
            Effect.zipRight(
              Effect.sync(() => runs.push(caller % 10)),
              Effect.as(Effect.repeatN(Effect.yieldNow(), 5), caller % 10)
            )
          ),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(results, Array.from({ length: 100 }, (_, caller) => caller % 10))
      assert.deepStrictEqual(runs.toSorted((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      assert.strictEqual(yield* flights.inFlight, 0)
    }))

  const commands = FastCheck.array(
    FastCheck.record({
      _tag: FastCheck.constantFrom("Ask", "Ask", "Ask", "Leave", "Succeed", "Fail"),
      key: FastCheck.integer({ min: 0, max: 2 }),
      which: FastCheck.nat()
    }),
    { maxLength: 40 }
  )

  it.effect.prop(
    "agrees with a reference model",
    [commands],
    ([commands]) =>
      Effect.gen(function*() {
        const flights = yield* make<number>()
        const running = new Set<number>()
        interface Run {
          readonly id: number
          readonly gate: Deferred.Deferred<number, string>
          waiting: Array<number>
        }
        const model = new Map<number, Run>()
        const callers = new Map<number, Fiber.RuntimeFiber<number, string>>()

        for (const [id, { _tag, key, which }] of commands.entries()) {
          const known = model.get(key)
          if (_tag === "Ask") {
            const gate = yield* Deferred.make<number, string>()
            const effect = Effect.acquireUseRelease(
              Effect.sync(() => running.add(id)),
              () => Deferred.await(gate),
              () => Effect.sync(() => running.delete(id))
            )
            callers.set(id, yield* start(flights.run(key, effect)))
            if (known === undefined) model.set(key, { id, gate, waiting: [id] })
            else known.waiting.push(id)
          } else if (known !== undefined && _tag === "Leave") {
            const leaving = known.waiting[which % known.waiting.length]
            known.waiting = known.waiting.filter((caller) => caller !== leaving)
            if (known.waiting.length === 0) model.delete(key)
            const fiber = leaving === undefined ? undefined : callers.get(leaving)
            if (fiber !== undefined) assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
          } else if (known !== undefined) {
            const exit: Exit.Exit<number, string> = _tag === "Succeed" ? Exit.succeed(id) : Exit.fail("down")
            yield* Deferred.done(known.gate, exit)
            model.delete(key)
            for (const caller of known.waiting) {
              const fiber = callers.get(caller)
              if (fiber !== undefined) assert.deepStrictEqual(yield* Fiber.await(fiber), exit)
            }
          }
          yield* settle
          assert.deepStrictEqual([...running].toSorted(), [...model.values()].map(({ id }) => id).toSorted())
          assert.strictEqual(yield* flights.inFlight, model.size)
          for (const { waiting } of model.values()) {
            waiting.forEach((caller) => assert.isNull(callers.get(caller)?.unsafePoll()))
          }
        }
        yield* Effect.forEach(callers.values(), Fiber.interrupt, { discard: true })
        assert.strictEqual(running.size, 0)
        assert.strictEqual(yield* flights.inFlight, 0)
      }),
    { fastCheck: { numRuns: 40 }, timeout: 60_000 }
  )
})

describe("An interrupt at every yield point leaves no entry and no run", () => {
  it.effect("of a single caller", () =>
    interruptEverywhere(Effect.gen(function*() {
      const flights = yield* make()
      const { effect, gate, log } = yield* gated
      yield* Deferred.succeed(gate, 7)
      return {
        victim: flights.run("k", Effect.zipRight(Effect.yieldNow(), effect)),
        meanwhile: Effect.void,
        verify: Effect.gen(function*() {
          assert.strictEqual(log.running, 0)
          assert.strictEqual(yield* flights.inFlight, 0)
          assert.strictEqual(yield* flights.run("k", Effect.succeed(1)), 1)
        })
      }
    })), 30_000)

  for (const role of ["started", "joined"]) {
    it.effect(
      `of a caller that ${role} a run that another caller waits for`,
      () =>
        interruptEverywhere(Effect.gen(function*() {
          const flights = yield* make()
          const { effect, gate, log } = yield* gated
          const call = flights.run("k", effect)
          const before = role === "joined" ? yield* start(call) : undefined
          let after: Fiber.Fiber<number, string> | undefined
          return {
            victim: call,
            meanwhile: Effect.gen(function*() {
              if (role === "started") after = yield* start(call)
              yield* Deferred.succeed(gate, 7)
            }),
            verify: Effect.gen(function*() {
              const other = before ?? after
              assert.isDefined(other)
              if (other !== undefined) assert.strictEqual(yield* Fiber.join(other), 7)
              assert.strictEqual(log.running, 0)
              assert.strictEqual(yield* flights.inFlight, 0)
            })
          }
        })),
      30_000
    )
  }
})
