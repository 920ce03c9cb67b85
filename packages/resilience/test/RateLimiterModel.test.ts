import { Deadline, RateLimiter } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FastCheck, Fiber, Option, TestClock } from "effect"
import * as machine from "../src/internal/rateLimiter.js"
import { countingClock } from "./support/countingClock.js"
import { settle } from "./support/interruption.js"
import { Reference } from "./support/rateLimiterReference.js"

const limit = 10
const window = 20

const commands = (maxLength: number) =>
  FastCheck.array(
    FastCheck.oneof(
      {
        weight: 6,
        arbitrary: FastCheck.record({
          _tag: FastCheck.constant("Reserve" as const),
          cost: FastCheck.integer({ min: 0, max: limit }),
          within: FastCheck.option(FastCheck.integer({ min: 1, max: 60 }), { nil: undefined })
        })
      },
      {
        weight: 3,
        arbitrary: FastCheck.record({
          _tag: FastCheck.constant("Withdraw" as const),
          which: FastCheck.nat()
        })
      },
      {
        weight: 1,
        arbitrary: FastCheck.record({
          _tag: FastCheck.constant("Sync" as const),
          used: FastCheck.integer({ min: 0, max: limit + 5 })
        })
      },
      {
        weight: 1,
        arbitrary: FastCheck.record({
          _tag: FastCheck.constant("Pause" as const),
          ticks: FastCheck.integer({ min: -5, max: 30 })
        })
      },
      {
        weight: 4,
        arbitrary: FastCheck.record({
          _tag: FastCheck.constant("Pass" as const),
          ticks: FastCheck.integer({ min: 1, max: 25 })
        })
      }
    ),
    { maxLength }
  )

/** Fails if the costs of any rolling window add up to more than the limit. */
const assertWithinLimit = (sent: ReadonlyArray<{ readonly at: number; readonly cost: number }>) => {
  for (const { at } of sent) {
    const inWindow = sent.filter((other) => other.at > at - window && other.at <= at)
    assert.isAtMost(inWindow.reduce((sum, { cost }) => sum + cost, 0), limit, `in the window that ends at ${at}`)
  }
}

describe("the arithmetic of RateLimiter", () => {
  it.prop("agrees with a plain reference model at every instant", [commands(80)], ([commands]) => {
    const reference = new Reference(limit, window)
    const state = machine.make<number>(limit, BigInt(window))
    const nodes = new Map<number, ReturnType<typeof machine.enqueue<number>>>()
    const admitted: Array<{ readonly id: number; readonly at: number }> = []
    let now = 0
    const admit = () => machine.admit(state, BigInt(now)).forEach((id) => admitted.push({ id, at: now }))

    for (const [id, command] of commands.entries()) {
      switch (command._tag) {
        case "Reserve": {
          assert.strictEqual(
            Number(machine.wouldBeAt(state, command.cost, BigInt(now))),
            reference.foresee(command.cost)
          )
          const taken = machine.take(state, command.cost, BigInt(now))
          if (taken !== undefined) admitted.push({ id, at: now })
          nodes.set(id, taken ?? machine.enqueue(state, command.cost, id, BigInt(now)))
          reference.join({ id, cost: command.cost })
          break
        }
        case "Withdraw": {
          const ids = [...nodes.keys()]
          const chosen = ids[command.which % ids.length]
          const node = chosen === undefined ? undefined : nodes.get(chosen)
          if (chosen !== undefined && node !== undefined) {
            machine.cancel(state, node)
            reference.withdraw(chosen)
          }
          break
        }
        case "Sync": {
          machine.sync(state, command.used, BigInt(now))
          reference.sync(command.used)
          break
        }
        case "Pause": {
          machine.pause(state, BigInt(now + command.ticks))
          reference.pause(now + command.ticks)
          break
        }
        case "Pass": {
          // As the timer does: straight to the turn of the head, nowhere in between.
          const end = now + command.ticks
          for (;;) {
            const at = machine.nextAt(state, BigInt(now))
            if (at === undefined || at > BigInt(end)) break
            assert.isAbove(Number(at), now, "a timer that makes no progress would spin")
            now = Number(at)
            admit()
          }
          now = end
          reference.pass(command.ticks)
          break
        }
      }
      admit()
      machine.advance(state, BigInt(now))
      assert.deepStrictEqual(admitted, reference.admitted)
      assert.strictEqual(state.used, reference.used())
      assert.strictEqual(state.queue.size, reference.queue.length)
    }
  }, { fastCheck: { numRuns: 500 } })

  it.prop(
    "fractions never make it spin or stick, nor exceed the limit by more than they are rounded",
    [FastCheck.array(FastCheck.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 })],
    ([costs]) => {
      const state = machine.make<number>(1, BigInt(window))
      const sent: Array<{ readonly at: number; readonly cost: number }> = []
      costs.forEach((cost) => machine.enqueue(state, cost, cost, BigInt(0)))
      let now = BigInt(0)
      machine.admit(state, now).forEach((cost) => sent.push({ at: Number(now), cost }))
      for (let at = machine.nextAt(state, now); at !== undefined; at = machine.nextAt(state, now)) {
        assert.isTrue(at > now)
        now = at
        machine.admit(state, now).forEach((cost) => sent.push({ at: Number(now), cost }))
      }
      assert.strictEqual(sent.length, costs.length)
      for (const { at } of sent) {
        const inWindow = sent.filter((other) => other.at > at - window && other.at <= at)
        assert.isAtMost(inWindow.reduce((sum, { cost }) => sum + cost, 0), 1 + 1e-9)
      }
    }
  )
})

describe("RateLimiter", () => {
  it.effect.prop(
    "never admits more than its limit in any rolling window, and nobody later than the reference model does",
    [commands(30)],
    ([commands]) =>
      Effect.gen(function*() {
        const { counted, timers } = yield* countingClock
        const reference = new Reference(limit, window)
        const limiter = yield* RateLimiter.make({ name: "test", limit, window })
        const sent = new Map<number, { readonly at: number; readonly cost: number }>()
        const order: Array<{ readonly id: number; readonly at: number }> = []
        const calls: Array<{
          readonly id: number
          readonly fiber: Fiber.RuntimeFiber<RateLimiter.Reservation, unknown>
        }> = []

        for (const [id, command] of commands.entries()) {
          switch (command._tag) {
            case "Reserve": {
              const { cost, within } = command
              const foreseen = reference.foresee(cost)
              const reserve = limiter.reserve(cost).pipe(
                Effect.tap(() =>
                  Effect.clockWith((clock) => {
                    const at = clock.unsafeCurrentTimeMillis()
                    sent.set(id, { at, cost })
                    order.push({ id, at })
                    return Effect.void
                  })
                )
              )
              const refused = within !== undefined && foreseen !== reference.now && foreseen >= reference.now + within
              // Only a deadline that refuses at once: one that comes while a call waits is a matter of its own timer.
              const deadline = refused ? Option.some(BigInt((reference.now + within) * 1_000_000)) : Option.none()
              const fiber = yield* Effect.fork(counted(Effect.provideService(reserve, Deadline.Deadline, deadline)))
              yield* TestClock.adjust(0)
              if (refused) {
                const error = yield* Effect.flip(Fiber.join(fiber))
                assert.instanceOf(error, Deadline.DeadlineExceeded)
              } else {
                calls.push({ id, fiber })
                reference.join({ id, cost })
              }
              break
            }
            case "Withdraw": {
              const call = calls[command.which % calls.length]
              if (call !== undefined) {
                const exit = yield* Fiber.interrupt(call.fiber)
                if (Exit.isSuccess(exit)) {
                  yield* limiter.refund(exit.value)
                  yield* limiter.refund(exit.value)
                }
                sent.delete(call.id)
                reference.withdraw(call.id)
              }
              break
            }
            case "Sync": {
              yield* limiter.sync(command.used)
              reference.sync(command.used)
              break
            }
            case "Pause": {
              yield* limiter.pauseUntil(reference.now + command.ticks)
              reference.pause(reference.now + command.ticks)
              break
            }
            case "Pass": {
              yield* TestClock.adjust(command.ticks)
              reference.pass(command.ticks)
              break
            }
          }
          yield* TestClock.adjust(0)
          assert.strictEqual(yield* limiter.queued, reference.queue.length)
          assert.closeTo(yield* limiter.usage, reference.used() / limit, 1e-9)
          assert.strictEqual(yield* limiter.available, Math.max(0, limit - reference.used()))
          assert.isAtMost(timers.sleeping, 1, "one timer, for the head of the queue only")
          assertWithinLimit([...sent.values()])
        }
        assert.deepStrictEqual(order, reference.admitted)
        yield* Effect.forEach(calls, ({ fiber }) => Fiber.interrupt(fiber), { discard: true })
        yield* settle
        assert.strictEqual(timers.sleeping, 0, "no timer outlives the queue")
      }),
    { fastCheck: { numRuns: 25 }, timeout: 60_000 }
  )
})
