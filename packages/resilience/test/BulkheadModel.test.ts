import { Bulkhead, Deadline } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, FastCheck, Fiber, Option } from "effect"
import { settle } from "./support/interruption.js"
import { manualClock } from "./support/manualClock.js"

const commands = FastCheck.array(
  FastCheck.oneof(
    {
      weight: 5,
      arbitrary: FastCheck.record({
        _tag: FastCheck.constant("Enter" as const),
        within: FastCheck.option(FastCheck.integer({ min: 1, max: 15 }), { nil: undefined })
      })
    },
    { weight: 2, arbitrary: FastCheck.record({ _tag: FastCheck.constant("Leave" as const), which: FastCheck.nat() }) },
    {
      weight: 2,
      arbitrary: FastCheck.record({ _tag: FastCheck.constant("Interrupt" as const), which: FastCheck.nat() })
    },
    {
      weight: 1,
      arbitrary: FastCheck.record({
        _tag: FastCheck.constant("Resize" as const),
        permits: FastCheck.integer({ min: 1, max: 5 })
      })
    },
    {
      weight: 2,
      arbitrary: FastCheck.record({
        _tag: FastCheck.constant("Pass" as const),
        ticks: FastCheck.integer({ min: 1, max: 8 })
      })
    }
  ),
  { maxLength: 50 }
)

describe("Bulkhead", () => {
  it.effect.prop(
    "permits, queue, resize, deadlines and maxWait agree with a reference model",
    [
      commands,
      FastCheck.integer({ min: 1, max: 3 }),
      FastCheck.integer({ min: 0, max: 4 }),
      FastCheck.option(FastCheck.integer({ min: 0, max: 12 }), { nil: undefined })
    ],
    ([commands, initial, maxQueue, maxWait]) =>
      Effect.gen(function*() {
        const time = manualClock()
        const begin = Number(time.clock.unsafeCurrentTimeNanos() / 1_000_000n)
        const bulkhead = yield* Bulkhead.make({ name: "test", permits: initial, maxQueue, maxWait })
        const running = new Set<number>()
        const refused = new Map<number, string>()
        const calls = new Map<number, {
          readonly gate: Deferred.Deferred<void>
          readonly fiber: Fiber.RuntimeFiber<void>
        }>()
        let now = 0
        let permits = initial
        let admitted: ReadonlyArray<number> = []
        let queue: ReadonlyArray<{ readonly id: number; readonly until: number; readonly reason: string }> = []
        const expected = new Map<number, string>()
        const refill = () => {
          const next = queue.slice(0, Math.max(0, permits - admitted.length))
          admitted = [...admitted, ...next.map(({ id }) => id)]
          queue = queue.slice(next.length)
        }

        for (const [id, command] of commands.entries()) {
          switch (command._tag) {
            case "Enter": {
              const deadline = command.within === undefined ? Infinity : now + command.within
              const waitLimit = maxWait === undefined ? Infinity : now + maxWait
              if (admitted.length >= permits && queue.length >= maxQueue) {
                expected.set(id, "QueueFull")
              } else {
                const reason = deadline <= waitLimit ? "DeadlineExceeded" : "WaitTooLong"
                queue = [...queue, { id, until: Math.min(deadline, waitLimit), reason }]
                refill()
              }
              const gate = yield* Deferred.make<void>()
              const fiber = yield* bulkhead.withPermit(
                Effect.acquireUseRelease(
                  Effect.sync(() => running.add(id)),
                  () => Deferred.await(gate),
                  () => Effect.sync(() => running.delete(id))
                )
              ).pipe(
                Effect.catchAll((error) =>
                  Effect.sync(() => {
                    refused.set(id, error._tag === "BulkheadFull" ? error.reason : error._tag)
                  })
                ),
                Effect.provideService(
                  Deadline.Deadline,
                  command.within === undefined
                    ? Option.none()
                    : Option.some(BigInt(begin + now + command.within) * 1_000_000n)
                ),
                Effect.withClock(time.clock),
                Effect.fork
              )
              calls.set(id, { gate, fiber })
              // A call that may not wait at all is refused in the same instant.
              yield* settle
              for (const { id, reason } of queue.filter(({ until }) => until <= now)) expected.set(id, reason)
              queue = queue.filter(({ until }) => until > now)
              break
            }
            case "Leave":
            case "Interrupt": {
              const waiting = command._tag === "Leave" ? [] : queue.map(({ id }) => id)
              const candidates = [...admitted, ...waiting]
              const chosen = candidates[command.which % candidates.length]
              const call = chosen === undefined ? undefined : calls.get(chosen)
              if (call !== undefined) {
                yield* command._tag === "Leave" ? Deferred.succeed(call.gate, undefined) : Fiber.interrupt(call.fiber)
                admitted = admitted.filter((id) => id !== chosen)
                queue = queue.filter(({ id }) => id !== chosen)
                refill()
              }
              break
            }
            case "Resize": {
              permits = command.permits
              yield* Effect.withClock(bulkhead.resize(permits), time.clock)
              refill()
              break
            }
            case "Pass": {
              for (let tick = 0; tick < command.ticks; tick++) {
                now++
                const sleeping = time.sleeping()
                time.advance(1)
                if (time.sleeping() !== sleeping) yield* settle
                for (const { id, reason } of queue.filter(({ until }) => until <= now)) expected.set(id, reason)
                queue = queue.filter(({ until }) => until > now)
              }
              break
            }
          }
          yield* settle
          assert.deepStrictEqual([...running].toSorted(), [...admitted].toSorted())
          assert.deepStrictEqual([...refused].toSorted(), [...expected].toSorted())
          assert.strictEqual(yield* bulkhead.permits, permits)
          assert.strictEqual(yield* bulkhead.queued, queue.length)
          assert.strictEqual(yield* bulkhead.available, Math.max(0, permits - admitted.length))
          assert.isAtMost(time.sleeping(), 1, "at most one timer for all waiting calls")
        }
        yield* Effect.forEach(calls.values(), ({ fiber }) => Fiber.interrupt(fiber), { discard: true })
        yield* settle
        assert.strictEqual(yield* bulkhead.available, permits)
        assert.strictEqual(time.sleeping(), 0, "no timer outlives the queue")
      }),
    { fastCheck: { numRuns: 150 }, timeout: 60_000 }
  )
})
