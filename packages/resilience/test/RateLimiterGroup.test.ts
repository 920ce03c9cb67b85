import { Deadline, RateLimiter } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { Cause, Duration, Effect, Exit, Fiber, Random, TestClock } from "effect"
import { settle } from "./support/interruption.js"
import { yieldOften } from "./support/yieldOften.js"

const make = (options?: Partial<RateLimiter.QueueOptions<"cancel" | "place" | "query">>) =>
  RateLimiter.group({
    name: "exchange",
    scopes: { ip: { limit: 10, window: "1 second" }, orders: { limit: 2, window: "1 second" } },
    lanes: ["cancel", "place", "query"],
    ...options
  })

/** Forks the effect and lets it run until it waits. */
const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

describe("A group of several scopes", () => {
  it.effect("spends in all scopes or in none: a call that waits for one scope spends nothing in the others", () =>
    Effect.gen(function*() {
      const group = yield* make()
      yield* group.reserve({ orders: 2 })
      const both = yield* start(group.reserve({ ip: 4, orders: 1 }))
      assertNone(yield* Fiber.poll(both))
      assert.strictEqual(yield* group.scopes.ip.available, 10)
      yield* TestClock.adjust(999)
      assertNone(yield* Fiber.poll(both))
      assert.strictEqual(yield* group.scopes.ip.available, 10)
      yield* TestClock.adjust(1)
      const reservation = yield* Fiber.join(both)
      assert.deepStrictEqual(reservation.costs, { ip: 4, orders: 1 })
      assert.strictEqual(reservation.cost, 5)
      assert.strictEqual(yield* group.scopes.ip.available, 6)
      assert.strictEqual(yield* group.scopes.orders.available, 1)
      yield* group.refund(reservation)
      assert.strictEqual(yield* group.scopes.ip.available, 10)
      assert.strictEqual(yield* group.scopes.orders.available, 2)
    }))

  it.effect("a call does not wait for a call with other scopes", () =>
    Effect.gen(function*() {
      const group = yield* make()
      yield* group.reserve({ orders: 2 })
      const order = yield* start(group.reserve({ orders: 1 }))
      yield* group.reserve({ ip: 10 })
      assertNone(yield* Fiber.poll(order))
      assert.strictEqual(yield* group.scopes.orders.queued, 1)
      assert.strictEqual(yield* group.scopes.ip.queued, 0)
      assert.strictEqual(yield* group.queued, 1)
    }))

  it.effect("a call waits for an earlier call with a shared scope, even if that one waits for another scope", () =>
    Effect.gen(function*() {
      const group = yield* make()
      yield* group.reserve({ ip: 1, orders: 2 })
      const both = yield* start(group.reserve({ ip: 9, orders: 1 }))
      const cheap = yield* start(group.reserve({ ip: 1 }))
      assertNone(yield* Fiber.poll(cheap))
      yield* TestClock.adjust(1000)
      yield* Fiber.join(both)
      yield* Fiber.join(cheap)
      assert.strictEqual(yield* group.scopes.ip.available, 0)
    }))

  it.effect("an interrupted wait leaves the queue of each scope", () =>
    Effect.gen(function*() {
      const group = yield* make()
      yield* group.reserve({ orders: 2 })
      const both = yield* start(group.reserve({ ip: 1, orders: 1 }))
      const behind = yield* start(group.reserve({ ip: 1 }))
      yield* Fiber.interrupt(both)
      yield* Fiber.join(behind)
      assert.strictEqual(yield* group.queued, 0)
    }))

  it.effect("an interrupted wait admits the next call in one scope, even if it was not the first in another", () =>
    Effect.gen(function*() {
      const group = yield* make()
      yield* group.reserve({ orders: 2 })
      yield* start(group.reserve({ orders: 1 }))
      const both = yield* start(group.reserve({ ip: 1, orders: 1 }))
      const behind = yield* start(group.reserve({ ip: 1 }))
      assertNone(yield* Fiber.poll(behind))
      yield* Fiber.interrupt(both)
      yield* settle
      yield* Fiber.join(behind)
      assert.strictEqual(yield* group.scopes.ip.available, 9)
    }))

  it.effect("a refusal names the scope or the group, and the default costs are 1 in each scope", () =>
    Effect.gen(function*() {
      const group = yield* make({ maxQueue: 0 })
      const tooExpensive = yield* Effect.flip(group.reserve({ ip: 1, orders: 3 }))
      assert.instanceOf(tooExpensive, RateLimiter.RateLimiterFull)
      assert.deepStrictEqual([tooExpensive.name, tooExpensive.reason], ["exchange.orders", "CostExceedsLimit"])
      assert.strictEqual(yield* group.scopes.ip.available, 10)
      yield* group.withCosts()(Effect.void)
      yield* group.reserve()
      assert.strictEqual(yield* group.scopes.ip.available, 8)
      assert.strictEqual(yield* group.scopes.orders.available, 0)
      const full = yield* Effect.flip(group.reserve())
      assert.instanceOf(full, RateLimiter.RateLimiterFull)
      assert.deepStrictEqual([full.name, full.reason], ["exchange", "QueueFull"])
      assert.strictEqual(Duration.toMillis(full.retryAfter), 1000)
    }))

  it.effect("a cost in an unknown scope is a defect, even under the full name of an existing scope", () =>
    Effect.gen(function*() {
      const group = yield* RateLimiter.group<string>({
        name: "exchange",
        scopes: { ip: { limit: 10, window: "1 second" } }
      })
      for (const costs of [{ key: 1 }, { "exchange.ip": 1 }]) {
        const cause = yield* Effect.flip(Effect.sandbox(group.reserve(costs)))
        assert.isTrue(Cause.isDie(cause))
        assert.match(Cause.pretty(cause), /the cost must be at least 0 and the limiter must have the scope/)
      }
    }))

  it.effect("a pause or a report applies to one scope only", () =>
    Effect.gen(function*() {
      const group = yield* make()
      yield* group.scopes.orders.pauseUntil(500)
      yield* group.scopes.ip.sync(7)
      yield* group.reserve({ ip: 3 })
      const order = yield* start(group.reserve({ orders: 1 }))
      yield* TestClock.adjust(499)
      assertNone(yield* Fiber.poll(order))
      yield* TestClock.adjust(1)
      yield* Fiber.join(order)
    }))
})

describe("The lanes of a group", () => {
  it.effect("calls are admitted by lane, then by arrival, and calls without a lane go last", () =>
    Effect.gen(function*() {
      const group = yield* make()
      const full = yield* group.reserve({ ip: 10 })
      const order: Array<string> = []
      const enter = (name: string, lane?: "cancel" | "place" | "query") =>
        start(group.withCosts({ ip: 1 }, { lane })(Effect.sync(() => order.push(name))))
      yield* enter("nothing said")
      yield* enter("query", "query")
      yield* enter("place", "place")
      yield* enter("cancel 1", "cancel")
      yield* enter("cancel 2", "cancel")
      yield* group.refund(full)
      yield* settle
      assert.deepStrictEqual(order, ["cancel 1", "cancel 2", "place", "nothing said", "query"])
    }))

  it.effect("a full lane does not refuse calls of other lanes", () =>
    Effect.gen(function*() {
      const group = yield* make({ maxQueue: 1 })
      const full = yield* group.reserve({ ip: 10 })
      yield* start(group.reserve({ ip: 1 }, { lane: "query" }))
      const error = yield* Effect.flip(group.reserve({ ip: 1 }, { lane: "query" }))
      assert.instanceOf(error, RateLimiter.RateLimiterFull)
      const cancel = yield* start(group.reserve({ ip: 1 }, { lane: "cancel" }))
      yield* group.refund(full)
      yield* Fiber.join(cancel)
    }))

  it.effect("a call waits while lanes before it use up the limit, for maxWait at most", () =>
    Effect.gen(function*() {
      const group = yield* make()
      yield* group.reserve({ orders: 2 })
      const query = yield* start(Effect.flip(group.reserve({ orders: 1 }, { lane: "query", maxWait: "2500 millis" })))
      for (let second = 0; second < 2; second++) {
        const cancel = yield* start(group.reserve({ orders: 2 }, { lane: "cancel" }))
        yield* TestClock.adjust(1000)
        yield* Fiber.join(cancel)
        assertNone(yield* Fiber.poll(query))
      }
      yield* TestClock.adjust(499)
      assertNone(yield* Fiber.poll(query))
      yield* TestClock.adjust(1)
      const error = yield* Fiber.join(query)
      assert.instanceOf(error, RateLimiter.RateLimiterFull)
      assert.strictEqual(error.reason, "WaitTooLong")
      assert.strictEqual(Duration.toMillis(error.retryAfter), 500)
      assert.include(error.message, "cannot admit the call within maxWait; try again in 500ms")
    }))

  it.effect("the forecast includes calls that go before, and not those that go after", () =>
    Effect.gen(function*() {
      const group = yield* make()
      yield* group.reserve({ orders: 2 })
      yield* start(group.reserve({ orders: 2 }, { lane: "place" }))
      const cancel = yield* start(Deadline.within(group.reserve({ orders: 1 }, { lane: "cancel" }), "1001 millis"))
      const query = group.reserve({ orders: 1 }, { lane: "query" })
      assert.instanceOf(yield* Effect.flip(Deadline.within(query, "3 seconds")), Deadline.DeadlineExceeded)
      yield* TestClock.adjust(1000)
      yield* Fiber.join(cancel)
    }))
})

describe("maxWait", () => {
  it.effect("refuses immediately a call that would wait longer, and admits one that waits exactly as long", () =>
    Effect.gen(function*() {
      const limiter = yield* RateLimiter.make({ name: "test", limit: 1, window: "1 second", maxWait: "1 second" })
      yield* limiter.reserve()
      const inTime = yield* start(limiter.reserve())
      const error = yield* Effect.flip(limiter.reserve())
      assert.instanceOf(error, RateLimiter.RateLimiterFull)
      assert.strictEqual(error.reason, "WaitTooLong")
      assert.strictEqual(Duration.toMillis(error.retryAfter), 2000)
      const twoSeconds = yield* start(limiter.reserve(1, { maxWait: "2 seconds" }))
      const unlimited = yield* start(limiter.reserve(1, { maxWait: Duration.infinity }))
      yield* TestClock.adjust(1000)
      yield* Fiber.join(inTime)
      assertNone(yield* Fiber.poll(twoSeconds))
      yield* TestClock.adjust(1000)
      yield* Fiber.join(twoSeconds)
      assertNone(yield* Fiber.poll(unlimited))
      yield* TestClock.adjust(1000)
      yield* Fiber.join(unlimited)
    }))

  it.effect("ends the wait of a call that is delayed, and the next call is admitted", () =>
    Effect.gen(function*() {
      const limiter = yield* RateLimiter.make({ name: "test", limit: 10, window: "1 second" })
      yield* limiter.reserve(5)
      const delayed = yield* start(Effect.flip(limiter.reserve(10, { maxWait: "1 second" })))
      const next = yield* start(limiter.reserve(5))
      yield* TestClock.adjust(500)
      yield* limiter.sync(6)
      yield* TestClock.adjust(499)
      assertNone(yield* Fiber.poll(delayed))
      assertNone(yield* Fiber.poll(next))
      yield* TestClock.adjust(1)
      const error = yield* Fiber.join(delayed)
      assert.instanceOf(error, RateLimiter.RateLimiterFull)
      assert.strictEqual(error.reason, "WaitTooLong")
      yield* Fiber.join(next)
    }))
})

it.effect("a call whose turn comes at the instant of its deadline is refused, and the next call is admitted", () =>
  Effect.gen(function*() {
    const limiter = yield* RateLimiter.make({ name: "test", limit: 10, window: "1 second" })
    yield* limiter.reserve(10)
    const withDeadline = yield* start(Effect.flip(Deadline.within(limiter.reserve(10), "1500 millis")))
    const next = yield* start(limiter.reserve(10))
    yield* limiter.pauseUntil(1500)
    yield* TestClock.adjust(1499)
    assertNone(yield* Fiber.poll(withDeadline))
    yield* TestClock.adjust(1)
    assert.instanceOf(yield* Fiber.join(withDeadline), Deadline.DeadlineExceeded)
    yield* Fiber.join(next)
  }))

describe("A usage reported by the server", () => {
  const tenPerMinute = RateLimiter.make({ name: "test", limit: 10, window: "1 minute" })

  it.effect("for a window expires at the end of that window", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(50_000)
      const limiter = yield* tenPerMinute
      yield* limiter.reserve(2)
      yield* limiter.sync(9, { windowEnd: 60_000 })
      assert.strictEqual(yield* limiter.usage, 0.9)
      yield* TestClock.adjust(9999)
      assert.strictEqual(yield* limiter.usage, 0.9)
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* limiter.usage, 0.2)
    }))

  it.effect("for a window that has ended is ignored", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(59_990)
      const limiter = yield* tenPerMinute
      yield* TestClock.adjust(20)
      yield* limiter.sync(9, { windowEnd: 60_000 })
      assert.strictEqual(yield* limiter.usage, 0)
      yield* limiter.sync(4, { epoch: 2 })
      yield* limiter.sync(9, { epoch: 1 })
      assert.strictEqual(yield* limiter.usage, 0.4)
    }))

  it.effect("for a new window replaces that of the previous one", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      yield* limiter.sync(9, { epoch: 1 })
      const waiting = yield* start(limiter.reserve(5))
      yield* limiter.sync(8, { epoch: 1 })
      assert.strictEqual(yield* limiter.usage, 0.9)
      yield* limiter.sync(1, { epoch: 2 })
      yield* Fiber.join(waiting)
      assert.strictEqual(yield* limiter.usage, 0.6)
    }))

  it.effect("is compared with our own costs in that window, not with earlier ones", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(59_000)
      const limiter = yield* tenPerMinute
      yield* limiter.reserve(6)
      yield* TestClock.adjust(2000)
      yield* limiter.reserve(1)
      // Of the 3 that the server has counted since 60,000, 1 is ours. Our 6 before it still count here, until 119,000.
      yield* limiter.sync(3, { windowEnd: 120_000 })
      assert.strictEqual(yield* limiter.usage, 0.9)
      yield* TestClock.adjust(58_000)
      assert.strictEqual(yield* limiter.usage, 0.3)
    }))
})

it.effect("a refunded cost does not account for a reported usage", () =>
  Effect.gen(function*() {
    const limiter = yield* RateLimiter.make({ name: "test", limit: 10, window: "1 minute" })
    const reservation = yield* limiter.reserve(5)
    yield* limiter.sync(5, { windowEnd: 60_000 })
    assert.strictEqual(yield* limiter.usage, 0.5)
    yield* limiter.refund(reservation)
    yield* limiter.sync(5, { windowEnd: 60_000 })
    assert.strictEqual(yield* limiter.usage, 0.5)
  }))

it.effect("100 concurrent calls, some of them interrupted, never exceed a limit and all end", () =>
  Effect.gen(function*() {
    const group = yield* make()
    const sent: Array<{ readonly at: number; readonly ip: number; readonly orders: number }> = []
    const call = Effect.gen(function*() {
      const ip = yield* Random.nextIntBetween(0, 5)
      const orders = yield* Random.nextIntBetween(0, 2)
      const lane = yield* Random.choice(["cancel", "place", "query"] as const)
      yield* group.withCosts(orders === 0 ? { ip } : { ip, orders }, { lane })(Effect.clockWith((clock) => {
        sent.push({ at: clock.unsafeCurrentTimeMillis(), ip, orders })
        return Effect.void
      }))
    })
    const fibers = yield* Effect.forEach(
      Array.from({ length: 100 }),
      () => Effect.fork(Effect.withScheduler(call, yieldOften()))
    )
    yield* settle
    for (const [index, fiber] of fibers.entries()) {
      if (index % 5 === 0) yield* Effect.fork(Fiber.interrupt(fiber))
    }
    yield* TestClock.adjust("1 minute")
    const exits = yield* Effect.forEach(fibers, Fiber.await)
    assert.isTrue(exits.every((exit) => Exit.isSuccess(exit) || Exit.isInterrupted(exit)))
    assert.strictEqual(exits.filter(Exit.isSuccess).length, sent.length)
    assert.isAtLeast(sent.length, 80)
    for (const { at } of sent) {
      const window = sent.filter((other) => other.at > at - 1000 && other.at <= at)
      assert.isAtMost(window.reduce((sum, { ip }) => sum + ip, 0), 10)
      assert.isAtMost(window.reduce((sum, { orders }) => sum + orders, 0), 2)
    }
    assert.strictEqual(yield* group.queued, 0)
    assert.strictEqual(yield* group.scopes.ip.usage, 0)
  }).pipe(Effect.withRandom(Random.make("limits"))))
