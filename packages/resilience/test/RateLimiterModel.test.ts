import { Deadline, RateLimiter, RateLimiterStore } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FastCheck, Fiber, Option } from "effect"
import * as Forecast from "../src/internal/rateLimiterForecast.js"
import * as Window from "../src/internal/rateLimiterWindow.js"
import { handClock } from "./support/handClock.js"
import { settle } from "./support/interruption.js"
import { Reference } from "./support/rateLimiterReference.js"

const limits = { a: { limit: 10, window: 20 }, b: { limit: 6, window: 7 } }
const lanes = ["first", "second", "third"] as const
const scope = FastCheck.constantFrom("a" as const, "b" as const)

const optional = (arbitrary: FastCheck.Arbitrary<number>) => FastCheck.option(arbitrary, { nil: undefined, freq: 1 })

const reserve = FastCheck.record({
  _tag: FastCheck.constant("Reserve" as const),
  costs: FastCheck.oneof(
    FastCheck.record({ a: FastCheck.integer({ min: 0, max: 10 }) }),
    FastCheck.record({ b: FastCheck.integer({ min: 0, max: 6 }) }),
    FastCheck.record({ a: FastCheck.integer({ min: 0, max: 10 }), b: FastCheck.integer({ min: 0, max: 6 }) })
  ),
  lane: FastCheck.integer({ min: 0, max: 2 }),
  within: optional(FastCheck.integer({ min: 1, max: 60 })),
  maxWait: optional(FastCheck.integer({ min: 0, max: 60 }))
})

const commands = FastCheck.array(
  FastCheck.oneof(
    { weight: 8, arbitrary: reserve },
    {
      weight: 2,
      arbitrary: FastCheck.record({ _tag: FastCheck.constant("Withdraw" as const), which: FastCheck.nat() })
    },
    {
      weight: 1,
      arbitrary: FastCheck.record({ _tag: FastCheck.constant("Commit" as const), which: FastCheck.nat() })
    },
    {
      weight: 2,
      arbitrary: FastCheck.record({
        _tag: FastCheck.constant("Sync" as const),
        scope,
        used: FastCheck.integer({ min: 0, max: 15 }),
        end: optional(FastCheck.integer({ min: -5, max: 25 })),
        epoch: optional(FastCheck.integer({ min: 0, max: 3 }))
      })
    },
    {
      weight: 1,
      arbitrary: FastCheck.record({
        _tag: FastCheck.constant("Pause" as const),
        scope,
        ticks: FastCheck.integer({ min: -5, max: 30 })
      })
    },
    {
      weight: 5,
      arbitrary: FastCheck.record({
        _tag: FastCheck.constant("Pass" as const),
        ticks: FastCheck.integer({ min: 1, max: 25 })
      })
    }
  ),
  { maxLength: 45 }
)

/** Many callers at once, of whom each has little more or little less time than it will take. */
const bursts = FastCheck.array(
  FastCheck.oneof(
    {
      weight: 12,
      arbitrary: FastCheck.record({
        _tag: FastCheck.constant("Reserve" as const),
        costs: FastCheck.oneof(
          FastCheck.record({ a: FastCheck.integer({ min: 3, max: 10 }) }),
          FastCheck.record({ a: FastCheck.integer({ min: 3, max: 10 }), b: FastCheck.integer({ min: 1, max: 6 }) })
        ),
        lane: FastCheck.integer({ min: 0, max: 1 }),
        within: FastCheck.integer({ min: 1, max: 120 }),
        maxWait: FastCheck.constant(undefined)
      })
    },
    {
      weight: 1,
      arbitrary: FastCheck.record({ _tag: FastCheck.constant("Withdraw" as const), which: FastCheck.nat() })
    },
    {
      weight: 1,
      arbitrary: FastCheck.record({
        _tag: FastCheck.constant("Pause" as const),
        scope,
        ticks: FastCheck.integer({ min: 1, max: 40 })
      })
    },
    {
      weight: 1,
      arbitrary: FastCheck.record({
        _tag: FastCheck.constant("Pass" as const),
        ticks: FastCheck.integer({ min: 1, max: 40 })
      })
    }
  ),
  { minLength: 15, maxLength: 32 }
)

type Command = typeof commands extends FastCheck.Arbitrary<ReadonlyArray<infer A>> ? A : never

/** What went wrong, in the words of the reference. */
const reasonOf = (error: RateLimiter.RateLimiterFull | Deadline.DeadlineExceeded): string =>
  error instanceof RateLimiter.RateLimiterFull ? error.reason : error._tag

/** Fails if the costs of any rolling window add up to more than its limit. */
const assertWithinLimits = (
  sent: ReadonlyArray<{ readonly at: number; readonly costs: Readonly<Record<string, number>> }>
) => {
  for (const [scope, { limit, window }] of Object.entries(limits)) {
    for (const { at } of sent) {
      const sum = sent.reduce(
        (sum, other) => other.at > at - window && other.at <= at ? sum + (other.costs[scope] ?? 0) : sum,
        0
      )
      assert.isAtMost(sum, limit, `of ${scope} in the window that ends at ${at}`)
    }
  }
}

const byTime = (a: { readonly at: number; readonly id: number }, b: { readonly at: number; readonly id: number }) =>
  a.at - b.at || a.id - b.id

const agrees = (commands: ReadonlyArray<Command>, maxQueue: number, open: RateLimiterStore.Open) =>
  Effect.gen(function*() {
    const time = handClock()
    const begin = { wall: time.wall(), monotonic: Number(time.clock.unsafeCurrentTimeNanos() / 1_000_000n) }
    const reference = new Reference(limits, maxQueue)
    const group = yield* RateLimiter.group({ name: "test", scopes: limits, lanes, maxQueue, store: open })
    const admitted: Array<{ readonly id: number; readonly at: number }> = []
    const turnedAway: Array<{ readonly id: number; readonly at: number; readonly why: string }> = []
    const sent = new Map<number, { readonly at: number; readonly costs: Readonly<Record<string, number>> }>()
    type Call = Fiber.RuntimeFiber<
      RateLimiter.GroupReservation<"a" | "b">,
      RateLimiter.RateLimiterFull | Deadline.DeadlineExceeded
    >
    const calls: Array<{ readonly id: number; readonly fiber: Call }> = []

    for (const [id, command] of commands.entries()) {
      switch (command._tag) {
        case "Reserve": {
          const { costs, lane, maxWait, within } = command
          const refused = reference.join({
            id,
            lane,
            costs: { ...costs },
            deadline: within === undefined ? undefined : reference.now + within,
            patience: maxWait === undefined ? undefined : reference.now + maxWait
          })
          const fiber = yield* group.reserve(costs, { lane: lanes[lane], maxWait }).pipe(
            Effect.tap(() =>
              Effect.sync(() => {
                admitted.push({ id, at: reference.now })
                sent.set(id, { at: reference.now, costs: { ...costs } })
              })
            ),
            Effect.provideService(
              Deadline.Deadline,
              within === undefined
                ? Option.none()
                : Option.some(BigInt(begin.monotonic + reference.now + within) * 1_000_000n)
            ),
            refused === undefined
              ? Effect.tapError((error) =>
                Effect.sync(() => turnedAway.push({ id, at: reference.now, why: reasonOf(error) }))
              )
              : (self) => self,
            Effect.withClock(time.clock),
            Effect.fork
          )
          yield* settle
          if (refused === undefined) {
            calls.push({ id, fiber })
          } else {
            assert.strictEqual(reasonOf(yield* Effect.flip(Fiber.join(fiber))), refused)
          }
          break
        }
        case "Withdraw": {
          const call = calls[command.which % calls.length]
          if (call !== undefined) {
            const exit = yield* Fiber.interrupt(call.fiber)
            if (Exit.isSuccess(exit)) {
              yield* Effect.withClock(group.refund(exit.value), time.clock)
              yield* Effect.withClock(group.refund(exit.value), time.clock)
              sent.delete(call.id)
            }
            reference.withdraw(call.id)
          }
          break
        }
        case "Commit": {
          const call = calls[command.which % calls.length]
          const exit = call === undefined ? Option.none() : yield* Fiber.poll(call.fiber)
          if (call !== undefined && Option.isSome(exit) && Exit.isSuccess(exit.value)) {
            yield* Effect.withClock(group.commit(exit.value.value), time.clock)
            reference.commit(call.id)
          }
          break
        }
        case "Sync": {
          const { end, epoch, scope, used } = command
          yield* group.scopes[scope].sync(used, {
            windowEnd: end === undefined ? undefined : begin.wall + reference.now + end,
            epoch
          }).pipe(Effect.withClock(time.clock))
          reference.sync(scope, used, { windowEnd: end === undefined ? undefined : reference.now + end, epoch })
          break
        }
        case "Pause": {
          const { scope, ticks } = command
          yield* Effect.withClock(group.scopes[scope].pauseUntil(begin.wall + reference.now + ticks), time.clock)
          reference.pause(scope, reference.now + ticks)
          break
        }
        case "Pass": {
          for (let tick = 0; tick < command.ticks; tick++) {
            reference.pass(1)
            const sleeping = time.sleeping()
            time.advance(1)
            if (time.sleeping() !== sleeping) yield* settle
          }
          break
        }
      }
      yield* settle
      for (const scope of ["a", "b"] as const) {
        const meter = group.scopes[scope]
        const used = yield* Effect.withClock(meter.usage, time.clock)
        assert.closeTo(used * limits[scope].limit, reference.used(scope), 1e-9)
        assert.strictEqual(yield* meter.queued, reference.queued(scope))
      }
      assert.strictEqual(yield* group.queued, reference.queue.length)
      assert.isAtMost(time.sleeping(), 1, "one timer for all who wait")
    }
    // Who is admitted in one instant to scopes that have nothing to do with each other is in no order.
    assert.deepStrictEqual(admitted.toSorted(byTime), reference.admitted.toSorted(byTime))
    assert.deepStrictEqual(turnedAway.toSorted(byTime), reference.turnedAway.toSorted(byTime))
    if (!commands.some(({ _tag }) => _tag === "Commit")) assertWithinLimits([...sent.values()])
    yield* Effect.forEach(calls, ({ fiber }) => Fiber.interrupt(fiber), { discard: true })
    yield* settle
    assert.strictEqual(yield* group.queued, 0)
    assert.strictEqual(time.sleeping(), 0, "no timer outlives the queue")
  })

describe("RateLimiter.group", () => {
  it.effect.prop(
    "several scopes, lanes, maxWait, deadlines, refunds, reports and pauses agree with a plain reference model",
    [commands, FastCheck.integer({ min: 0, max: 5 })],
    ([commands, maxQueue]) => agrees(commands, maxQueue, RateLimiterStore.memory),
    { fastCheck: { numRuns: 150 }, timeout: 60_000 }
  )

  it.effect.prop(
    "what is foreseen for a long queue is exact, whoever joins it and leaves it",
    [bursts],
    ([bursts]) => agrees(bursts, 50, RateLimiterStore.memory),
    { fastCheck: { numRuns: 25 }, timeout: 60_000 }
  )
})

describe("the arithmetic of RateLimiter", () => {
  it.prop(
    "fractions never make it spin or stick, nor exceed the limit by more than they are rounded",
    [FastCheck.array(FastCheck.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 })],
    ([costs]) => {
      const window = Window.make("test", 1, 20n)
      const sent: Array<{ readonly at: number; readonly cost: number }> = []
      let now = 0n
      for (const cost of costs) {
        Window.advance(window, now)
        while (!Window.fits(window, cost, now)) {
          const at = Forecast.peek(Forecast.make(), [{ cost, window }], now)
          assert.isTrue(at > now, "a timer that makes no progress would spin")
          now = at
          Window.advance(window, now)
        }
        Window.spend(window, cost, now)
        sent.push({ at: Number(now), cost })
      }
      for (const { at } of sent) {
        const inWindow = sent.filter((other) => other.at > at - 20 && other.at <= at)
        assert.isAtMost(inWindow.reduce((sum, { cost }) => sum + cost, 0), 1 + 1e-9)
      }
    }
  )

  it.prop(
    "a forecast is what happens, whenever it is asked and whoever comes meanwhile",
    [
      FastCheck.array(
        FastCheck.record({
          cost: FastCheck.integer({ min: 0, max: 10 }),
          after: FastCheck.integer({ min: 0, max: 9 })
        }),
        { maxLength: 60 }
      )
    ],
    ([arrivals]) => {
      const foretold = Window.make("test", 10, 20n)
      const lived = Window.make("test", 10, 20n)
      const forecast = Forecast.make()
      let now = 0n
      let turn = 0n
      for (const { after, cost: tenths } of arrivals) {
        const cost = tenths * 0.1
        now += BigInt(after)
        const peeked = Forecast.peek(forecast, [{ cost, window: foretold }], now)
        const added = Forecast.add(forecast, [{ cost, window: foretold }], now)
        assert.strictEqual(peeked, added)
        turn = turn > now ? turn : now
        for (Window.advance(lived, turn); !Window.fits(lived, cost, turn); Window.advance(lived, turn)) turn++
        Window.spend(lived, cost, turn)
        assert.strictEqual(added, turn)
      }
      assert.isTrue(Forecast.isCurrent(forecast))
    }
  )
})
