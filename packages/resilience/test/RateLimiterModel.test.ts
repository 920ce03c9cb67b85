import { Deadline, RateLimiter, RateLimiterStore } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, FastCheck, Fiber, Option } from "effect"
import * as Bucket from "../src/internal/rateLimiterBucket.js"
import * as Budget from "../src/internal/rateLimiterBudget.js"
import * as rateLimiterForecast from "../src/internal/rateLimiterForecast.js"
import { settle } from "./support/interruption.js"
import { manualClock } from "./support/manualClock.js"
import { type Limit, Reference } from "./support/rateLimiterReference.js"

const scopes = ["a", "b", "c"] as const
type Scope = typeof scopes[number]

const limits: Readonly<Record<Scope, Limit>> = {
  a: { limit: 10, window: 20, reserved: 2 },
  b: { limit: 6, window: 7, reserved: 0 },
  c: { limit: 8, perTick: 0.5, reserved: 3 }
}
const maxPause = 15
const lanes = ["first", "second", "third"] as const
const scope = FastCheck.constantFrom(...scopes)

const toLimit = ({ limit, perTick, reserved, window }: Limit): RateLimiter.Limit =>
  perTick === undefined
    ? RateLimiter.window(limit, window ?? 0, { reserved })
    : RateLimiter.bucket({ burst: limit, perSecond: perTick * 1000, reserved })

const optional = (arbitrary: FastCheck.Arbitrary<number>) => FastCheck.option(arbitrary, { nil: undefined, freq: 1 })

const upTo = (max: number) => FastCheck.integer({ min: 0, max })

const reserve = FastCheck.record({
  _tag: FastCheck.constant("Reserve" as const),
  costs: FastCheck.oneof(
    FastCheck.record({ a: upTo(10) }),
    FastCheck.record({ b: upTo(6) }),
    FastCheck.record({ c: upTo(8) }),
    FastCheck.record({ a: upTo(10), b: upTo(6) }),
    FastCheck.record({ a: upTo(8), c: upTo(5) })
  ),
  lane: FastCheck.integer({ min: 0, max: 2 }),
  holds: FastCheck.boolean(),
  within: optional(FastCheck.integer({ min: 1, max: 60 })),
  maxWait: optional(FastCheck.integer({ min: 0, max: 60 }))
})

const one = <Tag extends string>(tag: Tag) =>
  FastCheck.record({ _tag: FastCheck.constant(tag), which: FastCheck.nat() })

const commands = FastCheck.array(
  FastCheck.oneof(
    { weight: 8, arbitrary: reserve },
    { weight: 2, arbitrary: one("Withdraw") },
    { weight: 1, arbitrary: one("End") },
    { weight: 2, arbitrary: one("Commit") },
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
    { weight: 1, arbitrary: FastCheck.record({ _tag: FastCheck.constant("Resume" as const), scope }) },
    {
      weight: 1,
      arbitrary: FastCheck.record({
        _tag: FastCheck.constant("SetLimit" as const),
        scope,
        by: FastCheck.constantFrom(-2, 0, 3),
        perTick: FastCheck.constantFrom(0.25, 0.5, 1)
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

/** Many concurrent calls, each with a deadline close to the time that it will wait. */
const bursts = FastCheck.array(
  FastCheck.oneof(
    {
      weight: 12,
      arbitrary: FastCheck.record({
        _tag: FastCheck.constant("Reserve" as const),
        costs: FastCheck.oneof(
          FastCheck.record({ a: FastCheck.integer({ min: 3, max: 8 }) }),
          FastCheck.record({ c: FastCheck.integer({ min: 1, max: 5 }) }),
          FastCheck.record({ a: FastCheck.integer({ min: 3, max: 8 }), b: FastCheck.integer({ min: 1, max: 6 }) }),
          FastCheck.record({ a: FastCheck.integer({ min: 3, max: 8 }), c: FastCheck.integer({ min: 1, max: 5 }) })
        ),
        lane: FastCheck.integer({ min: 0, max: 1 }),
        holds: FastCheck.constant(false),
        within: FastCheck.integer({ min: 1, max: 120 }),
        maxWait: FastCheck.constant(undefined)
      })
    },
    { weight: 1, arbitrary: one("Withdraw") },
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

/** The reason of an error, as the reference names it. */
const reasonOf = (error: RateLimiter.RateLimiterFull | Deadline.DeadlineExceeded): string =>
  error instanceof RateLimiter.RateLimiterFull ? error.reason : error._tag

interface Sent {
  readonly at: number
  readonly costs: Readonly<Record<string, number>>
}

/** Fails if the costs sent in any span of time exceed a limit. */
const assertWithinLimits = (sent: ReadonlyArray<Sent>) => {
  const inOrder = sent.toSorted((a, b) => a.at - b.at)
  for (const [scope, { limit, perTick, window = Infinity }] of Object.entries(limits)) {
    for (const [index, { at: from }] of inOrder.entries()) {
      let sum = 0
      for (const { at, costs } of inOrder.slice(index)) {
        if (at - from >= window) break
        sum += costs[scope] ?? 0
        assert.isAtMost(sum, limit + (perTick ?? 0) * (at - from), `of ${scope} from ${from} to ${at}`)
      }
    }
  }
}

const byTime = (a: { readonly at: number; readonly id: number }, b: { readonly at: number; readonly id: number }) =>
  a.at - b.at || a.id - b.id

const assertAgreement = (commands: ReadonlyArray<Command>, maxQueue: number, open: RateLimiterStore.Open) =>
  Effect.gen(function*() {
    const time = manualClock()
    const begin = { wall: time.wall(), monotonic: Number(time.clock.unsafeCurrentTimeNanos() / 1_000_000n) }
    const reference = new Reference(limits, maxQueue, maxPause)
    const group = yield* RateLimiter.group({
      name: "test",
      scopes: { a: toLimit(limits.a), b: toLimit(limits.b), c: toLimit(limits.c) },
      lanes,
      maxQueue,
      maxPause,
      store: open
    })
    const admitted: Array<{ readonly id: number; readonly at: number }> = []
    const refusals: Array<{ readonly id: number; readonly at: number; readonly reason: string }> = []
    const sent = new Map<number, Sent>()
    interface Call {
      readonly id: number
      readonly costs: Readonly<Record<string, number>>
      readonly fiber: Fiber.RuntimeFiber<unknown, RateLimiter.RateLimiterFull | Deadline.DeadlineExceeded>
      readonly holds: boolean
      reservation: RateLimiter.Reservation | undefined
      isOver: boolean
    }
    const calls: Array<Call> = []
    const send = ({ costs, id }: Call) => {
      if (!sent.has(id)) sent.set(id, { at: reference.now, costs })
    }

    for (const [id, command] of commands.entries()) {
      switch (command._tag) {
        case "Reserve": {
          const { costs, holds, lane, maxWait, within } = command
          const refused = reference.join({
            id,
            lane,
            costs: { ...costs },
            holds,
            deadline: within === undefined ? undefined : reference.now + within,
            waitUntil: maxWait === undefined ? undefined : reference.now + maxWait
          })
          const wait = { lane: lanes[lane], maxWait }
          const taken = (reservation: RateLimiter.Reservation) =>
            Effect.sync(() => {
              admitted.push({ id, at: reference.now })
              call.reservation = reservation
              if (!holds) send(call)
            })
          const running = holds
            ? group.withReservation(costs, wait)((reservation) => Effect.zipRight(taken(reservation), Effect.never))
            : Effect.tap(group.reserve(costs, wait), taken)
          const fiber = yield* running.pipe(
            Effect.provideService(
              Deadline.Deadline,
              within === undefined
                ? Option.none()
                : Option.some(BigInt(begin.monotonic + reference.now + within) * 1_000_000n)
            ),
            refused === undefined
              ? Effect.tapError((error) =>
                Effect.sync(() => refusals.push({ id, at: reference.now, reason: reasonOf(error) }))
              )
              : (self) => self,
            Effect.withClock(time.clock),
            Effect.fork
          )
          const call: Call = { id, costs: { ...costs }, fiber, holds, reservation: undefined, isOver: false }
          yield* settle
          if (refused === undefined) {
            calls.push(call)
          } else {
            assert.strictEqual(reasonOf(yield* Effect.flip(Fiber.join(fiber))), refused)
          }
          break
        }
        case "Withdraw": {
          const call = calls[command.which % calls.length]
          if (call !== undefined) {
            call.isOver = true
            if (call.reservation !== undefined) {
              yield* Effect.withClock(group.refund(call.reservation), time.clock)
              yield* Effect.withClock(group.refund(call.reservation), time.clock)
              sent.delete(call.id)
            }
            yield* Fiber.interrupt(call.fiber)
            reference.withdraw(call.id)
          }
          break
        }
        case "End": {
          const call = calls[command.which % calls.length]
          if (call !== undefined) {
            yield* Fiber.interrupt(call.fiber)
            if (call.reservation !== undefined && !call.isOver) send(call)
            call.isOver = true
            reference.end(call.id)
          }
          break
        }
        case "Commit": {
          const call = calls[command.which % calls.length]
          if (call?.reservation !== undefined) {
            yield* Effect.withClock(group.commit(call.reservation), time.clock)
            if (!call.isOver) send(call)
            reference.commit(call.id)
          }
          break
        }
        case "Resume": {
          yield* Effect.withClock(group.scopes[command.scope].resume, time.clock)
          reference.resume(command.scope)
          break
        }
        case "SetLimit": {
          const { by, perTick, scope } = command
          const before = limits[scope]
          const limit = {
            ...before,
            limit: before.limit + by,
            perTick: before.perTick === undefined ? undefined : perTick
          }
          yield* Effect.withClock(group.scopes[scope].setLimit(toLimit(limit)), time.clock)
          reference.setLimit(scope, limit)
          break
        }
        case "Sync": {
          const { end, epoch, scope, used } = command
          const meter = group.scopes[scope]
          const window = { windowEnd: end === undefined ? undefined : begin.wall + reference.now + end, epoch }
          // Both variants must do the same. If `unsafeSync` returns `undefined`, it has changed nothing.
          const ratio = used % 2 === 0 ? meter.unsafeSync(time.clock, used, window) : undefined
          if (ratio === undefined) yield* Effect.withClock(meter.sync(used, window), time.clock)
          else assert.strictEqual(ratio, yield* Effect.withClock(meter.usage, time.clock))
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
      for (const scope of scopes) {
        const meter = group.scopes[scope]
        const used = yield* Effect.withClock(meter.usage, time.clock)
        assert.closeTo(used * (reference.limits[scope]?.limit ?? 0), reference.used(scope), 1e-9)
        assert.strictEqual(yield* meter.queued, reference.queued(scope))
      }
      assert.strictEqual(yield* group.queued, reference.queue.length)
      assert.isAtMost(time.sleeping(), 1, "at most one timer for all waiting calls")
    }
    // Calls that are admitted in the same instant to unrelated scopes have no order.
    assert.deepStrictEqual(admitted.toSorted(byTime), reference.admitted.toSorted(byTime))
    assert.deepStrictEqual(refusals.toSorted(byTime), reference.refusals.toSorted(byTime))
    if (!commands.some(({ _tag }) => _tag === "SetLimit")) assertWithinLimits([...sent.values()])
    yield* Effect.forEach(calls, ({ fiber }) => Fiber.interrupt(fiber), { discard: true })
    yield* settle
    assert.strictEqual(yield* group.queued, 0)
    assert.strictEqual(time.sleeping(), 0, "no timer outlives the queue")
  })

describe("RateLimiter.group", () => {
  it.effect.prop(
    "agrees with a reference model in all of its operations, for windows, buckets and lanes",
    [commands, FastCheck.integer({ min: 0, max: 5 })],
    ([commands, maxQueue]) => assertAgreement(commands, maxQueue, RateLimiterStore.memory),
    { fastCheck: { numRuns: 150 }, timeout: 60_000 }
  )

  it.effect.prop(
    "the forecast for a long queue is exact while calls join and leave",
    [bursts],
    ([bursts]) => assertAgreement(bursts, 50, RateLimiterStore.memory),
    { fastCheck: { numRuns: 25 }, timeout: 60_000 }
  )
})

const rates = FastCheck.constantFrom<Budget.Terms["rate"]>(
  { _tag: "Window", length: 20n },
  { _tag: "Bucket", perSecond: 3e7 }
)

const budgetOf = (limit: number, rate: Budget.Terms["rate"]) =>
  Budget.make({ limit, reserved: 0, maxPause: 1_000_000n, rate })

describe("The arithmetic of RateLimiter", () => {
  it.prop(
    "with fractional costs, each wait makes progress, and the limit is only exceeded by rounding errors",
    [FastCheck.array(FastCheck.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 }), rates],
    ([costs, rate]) => {
      const budget = budgetOf(1, rate)
      const sent: Array<{ readonly at: number; readonly cost: number }> = []
      let now = 0n
      for (const cost of costs) {
        Budget.advance(budget, now)
        while (!Budget.fits(budget, cost, true, now)) {
          const at = rateLimiterForecast.peek(rateLimiterForecast.make(), [{ cost, budget, isFirst: true }], now)
          assert.isTrue(at > now, "a timer that makes no progress would spin")
          now = at
          Budget.advance(budget, now)
        }
        Budget.spend(budget, cost, now)
        sent.push({ at: Number(now), cost })
      }
      for (const [index, { at: from }] of sent.entries()) {
        let sum = 0
        for (const { at, cost } of sent.slice(index)) {
          if (rate._tag === "Window" && at - from >= 20) break
          sum += cost
          assert.isAtMost(sum, 1 + 1e-9 + (rate._tag === "Window" ? 0 : (at - from) * 0.03))
        }
      }
    }
  )

  it.prop(
    "a forecast equals the actual instant, for any arrivals",
    [
      FastCheck.array(
        FastCheck.record({
          cost: FastCheck.integer({ min: 0, max: 10 }),
          after: FastCheck.integer({ min: 0, max: 9 })
        }),
        { maxLength: 60 }
      ),
      rates
    ],
    ([arrivals, rate]) => {
      const forecastBudget = budgetOf(10, rate)
      const actualBudget = budgetOf(10, rate)
      const forecast = rateLimiterForecast.make()
      let now = 0n
      let turn = 0n
      for (const { after, cost: tenths } of arrivals) {
        const cost = tenths * 0.1
        now += BigInt(after)
        const wanted = [{ cost, budget: forecastBudget, isFirst: true }]
        const peeked = rateLimiterForecast.peek(forecast, wanted, now)
        const added = rateLimiterForecast.add(forecast, wanted, now)
        assert.strictEqual(peeked, added)
        turn = turn > now ? turn : now
        for (
          Budget.advance(actualBudget, turn);
          !Budget.fits(actualBudget, cost, true, turn);
          Budget.advance(actualBudget, turn)
        ) turn++
        Budget.spend(actualBudget, cost, turn)
        assert.strictEqual(added, turn)
      }
      assert.isTrue(rateLimiterForecast.isCurrent(forecast, now))
    }
  )

  it("a bucket that is not empty for days admits exactly what has leaked", () => {
    const seconds = 10 * 24 * 3600
    const budget = budgetOf(120, { _tag: "Bucket", perSecond: 1 / 7 })
    Budget.spend(budget, 120, 0n)
    let early = 0
    let late = 0
    for (let second = 7; second <= seconds; second += 7) {
      const now = BigInt(second) * 1_000_000_000n
      Budget.advance(budget, now - 1000n)
      if (Budget.fits(budget, 1, true, now - 1000n)) early++
      Budget.advance(budget, now)
      if (!Budget.fits(budget, 1, true, now)) late++
      Budget.spend(budget, 1, now)
    }
    assert.deepStrictEqual({ early, late }, { early: 0, late: 0 })
  })

  it("an amount that takes practically forever to leak does not throw", () => {
    assert.isTrue(Bucket.leakedAt(1e-300, 0n, 1) > Duration.unsafeToNanos(Duration.days(365_000)))
  })
})
