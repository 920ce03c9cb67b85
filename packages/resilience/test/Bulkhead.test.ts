import { Bulkhead, Deadline, Rejection } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, FastCheck, Fiber, Scheduler, TestClock } from "effect"
import { interruptEverywhere, settle } from "./support/interruption.js"
import { metricValue } from "./support/metrics.js"

/** Forks the effect and lets it go as far as it can. */
const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

describe("Bulkhead", () => {
  it.effect("runs at most as many at once as there are permits, the others in the order they came", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 2 })
      const started: Array<number> = []
      const gates = yield* Effect.forEach([0, 1, 2, 3], () => Deferred.make<void>())
      const fibers = yield* Effect.forEach(
        gates,
        (gate, caller) =>
          start(bulkhead.withPermit(Effect.zipRight(Effect.sync(() => started.push(caller)), Deferred.await(gate))))
      )
      assert.deepStrictEqual(started, [0, 1])
      assert.strictEqual(yield* bulkhead.queued, 2)
      assert.strictEqual(yield* bulkhead.available, 0)
      for (const [caller, gate] of gates.entries()) {
        yield* Deferred.succeed(gate, undefined)
        yield* settle
        assert.deepStrictEqual(started, [0, 1, 2, 3].slice(0, caller + 3))
      }
      yield* Fiber.joinAll(fibers)
      assert.strictEqual(yield* bulkhead.available, 2)
    }))

  it.effect("hands the permit over: a newcomer cannot overtake the one that is being woken", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1 })
      const order: Array<string> = []
      const enter = (who: string) => bulkhead.withPermit(Effect.sync(() => order.push(who)))
      const gate = yield* Deferred.make<void>()
      const holder = yield* start(bulkhead.withPermit(Deferred.await(gate)))
      const waiting = yield* start(enter("waiting"))
      // The newcomer arrives in the same breath in which the holder leaves.
      yield* start(Effect.zipRight(Fiber.await(holder), enter("newcomer")))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(waiting)
      yield* settle
      assert.deepStrictEqual(order, ["waiting", "newcomer"])
    }))

  it.effect("the queue is bounded: the next caller is refused without being run", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "metered-bulkhead", permits: 1, maxQueue: 1 })
      const holder = yield* start(bulkhead.withPermit(Effect.never))
      const waiting = yield* start(bulkhead.withPermit(Effect.succeed("served")))
      let ran = false
      const error = yield* Effect.flip(bulkhead.withPermit(Effect.sync(() => ran = true)))
      assert.instanceOf(error, Bulkhead.BulkheadFull)
      assert.strictEqual(error.name, "metered-bulkhead")
      assert.isTrue(Rejection.isRejection(error))
      assert.include(error.message, "\"metered-bulkhead\" is at its limit")
      assert.notInclude(error.stack ?? "", "    at ")
      assert.isFalse(ran)
      assert.strictEqual(yield* bulkhead.queued, 1)
      assert.strictEqual(yield* metricValue("bulkhead_refused_calls", { name: "metered-bulkhead" }), 1)
      assert.strictEqual(yield* metricValue("bulkhead_waiting_calls", { name: "metered-bulkhead" }), 1)
      yield* Fiber.interrupt(holder)
      assert.strictEqual(yield* Fiber.join(waiting), "served")
    }))

  it.effect("returns the permit however the effect ends", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1, maxQueue: 0 })
      yield* bulkhead.withPermit(Effect.void)
      assert.strictEqual(yield* Effect.flip(bulkhead.withPermit(Effect.fail("failed"))), "failed")
      assert.deepStrictEqual(yield* Effect.exit(bulkhead.withPermit(Effect.die("bug"))), Exit.die("bug"))
      yield* Effect.flatMap(start(bulkhead.withPermit(Effect.never)), Fiber.interrupt)
      assert.strictEqual(yield* bulkhead.available, 1)
    }))

  it.effect("a bulkhead without permits is a mistake, said so", () =>
    Effect.gen(function*() {
      for (const permits of [0, 1.5, NaN]) {
        const cause = yield* Effect.flip(Effect.sandbox(Bulkhead.make({ name: "test", permits })))
        assert.isTrue(Cause.isDie(cause))
        assert.include(Cause.pretty(cause), "at least one permit")
      }
    }))

  type Command = { readonly _tag: "Enter" | "Leave" | "Interrupt"; readonly which: number }

  const commands: FastCheck.Arbitrary<Array<Command>> = FastCheck.array(
    FastCheck.record({
      _tag: FastCheck.constantFrom("Enter", "Enter", "Enter", "Leave", "Interrupt"),
      which: FastCheck.nat()
    }),
    { maxLength: 40 }
  )

  it.effect.prop(
    "agrees with a plain reference model",
    [commands, FastCheck.integer({ min: 1, max: 3 }), FastCheck.integer({ min: 0, max: 4 })],
    ([commands, permits, maxQueue]) =>
      Effect.gen(function*() {
        const bulkhead = yield* Bulkhead.make({ name: "test", permits, maxQueue })
        const running = new Set<number>()
        const calls = new Map<number, {
          readonly gate: Deferred.Deferred<void>
          readonly fiber: Fiber.RuntimeFiber<void, Bulkhead.BulkheadFull | Deadline.DeadlineExceeded>
        }>()
        let inside: ReadonlyArray<number> = []
        let queue: ReadonlyArray<number> = []
        const refill = () => {
          const next = queue.slice(0, permits - inside.length)
          inside = [...inside, ...next]
          queue = queue.slice(next.length)
        }

        for (const [id, { _tag, which }] of commands.entries()) {
          if (_tag === "Enter") {
            const gate = yield* Deferred.make<void>()
            const fiber = yield* start(
              bulkhead.withPermit(
                Effect.acquireUseRelease(
                  Effect.sync(() => running.add(id)),
                  () => Deferred.await(gate),
                  () => Effect.sync(() => running.delete(id))
                )
              )
            )
            if (inside.length === permits && queue.length >= maxQueue) {
              assert.instanceOf(yield* Effect.flip(Fiber.join(fiber)), Bulkhead.BulkheadFull)
            } else {
              calls.set(id, { gate, fiber })
              queue = [...queue, id]
              refill()
            }
          } else {
            const candidates = _tag === "Leave" ? inside : [...inside, ...queue]
            const chosen = candidates[which % candidates.length]
            const call = chosen === undefined ? undefined : calls.get(chosen)
            if (call !== undefined) {
              yield* _tag === "Leave" ? Deferred.succeed(call.gate, undefined) : Fiber.interrupt(call.fiber)
              inside = inside.filter((id) => id !== chosen)
              queue = queue.filter((id) => id !== chosen)
              refill()
            }
          }
          yield* settle
          assert.deepStrictEqual([...running].toSorted(), [...inside].toSorted())
          assert.strictEqual(yield* bulkhead.queued, queue.length)
          assert.strictEqual(yield* bulkhead.available, permits - inside.length)
        }
        yield* Effect.forEach(calls.values(), ({ fiber }) => Fiber.interrupt(fiber), { discard: true })
        assert.strictEqual(yield* bulkhead.available, permits)
      }),
    { fastCheck: { numRuns: 40 }, timeout: 60_000 }
  )

  it.effect("2,000 queued fibers are served in order, in work linear in their number", () =>
    Effect.gen(function*() {
      const serve = (callers: number) =>
        Effect.gen(function*() {
          const bulkhead = yield* Bulkhead.make({ name: "test", permits: 8, maxQueue: callers })
          let operations = 0
          const scheduler: Scheduler.Scheduler = {
            shouldYield: (fiber) => {
              operations++
              return Scheduler.defaultScheduler.shouldYield(fiber)
            },
            scheduleTask: (task, priority, fiber) => Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
          }
          const served: Array<number> = []
          yield* Effect.forEach(
            Array.from({ length: callers }, (_, caller) => caller),
            (caller) => bulkhead.withPermit(Effect.zipRight(Effect.sync(() => served.push(caller)), Effect.yieldNow())),
            { concurrency: "unbounded", discard: true }
          ).pipe(Effect.withScheduler(scheduler))
          assert.deepStrictEqual(served, Array.from({ length: callers }, (_, caller) => caller))
          return operations
        })
      const few = yield* serve(500)
      assert.isAtMost(yield* serve(2000), few * 4.4)
    }), 30_000)

  it.effect("a wait is cut at the exact instant of the deadline, and the turn goes to the next", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1 })
      const gate = yield* Deferred.make<void>()
      const holder = yield* start(bulkhead.withPermit(Deferred.await(gate)))
      const hurried = yield* start(Deadline.within(Effect.exit(bulkhead.withPermit(Effect.void)), "1 second"))
      const patient = yield* start(bulkhead.withPermit(Effect.succeed("served")))
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(yield* bulkhead.queued, 2)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* bulkhead.queued, 1)
      const exit = yield* Fiber.join(hurried)
      assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof Deadline.DeadlineExceeded)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(holder)
      assert.strictEqual(yield* Fiber.join(patient), "served")
      assert.strictEqual(yield* bulkhead.available, 1)
    }))
})

describe("an interrupt at every yield point leaks no permit", () => {
  it.effect("with a permit free", () =>
    interruptEverywhere(Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1 })
      return {
        victim: bulkhead.withPermit(Effect.yieldNow()),
        meanwhile: Effect.void,
        verify: Effect.gen(function*() {
          assert.strictEqual(yield* bulkhead.available, 1)
          assert.strictEqual(yield* bulkhead.queued, 0)
        })
      }
    })), 30_000)

  it.effect(
    "queued, with another behind it who must not be forgotten",
    () =>
      interruptEverywhere(Effect.gen(function*() {
        const bulkhead = yield* Bulkhead.make({ name: "test", permits: 1 })
        const gate = yield* Deferred.make<void>()
        yield* start(bulkhead.withPermit(Deferred.await(gate)))
        let served = false
        return {
          victim: bulkhead.withPermit(Effect.yieldNow()),
          meanwhile: Effect.gen(function*() {
            yield* start(bulkhead.withPermit(Effect.sync(() => {
              served = true
            })))
            yield* Deferred.succeed(gate, undefined)
          }),
          verify: Effect.gen(function*() {
            assert.isTrue(served)
            assert.strictEqual(yield* bulkhead.available, 1)
            assert.strictEqual(yield* bulkhead.queued, 0)
          })
        }
      })),
    30_000
  )
})
