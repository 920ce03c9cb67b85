import { Policy, RateLimiter, RateLimiterStore } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { Cause, Deferred, Duration, Effect, Exit, Fiber, Option, TestClock } from "effect"
import { interruptEverywhere, settle } from "./support/interruption.js"

const limits: ReadonlyArray<RateLimiterStore.Limit> = [
  { scope: "test", limit: 10, window: Duration.seconds(1), reserved: 0, maxPause: Duration.hours(1) }
]
const spends: RateLimiterStore.Claim = { isFirst: true, isHeld: false }

const turns = (count: number) => Effect.repeatN(Effect.yieldNow(), count - 1)

/** A store as in another process: requests and responses take time, and it has no forecast. */
const remote = (store: RateLimiterStore.RateLimiterStore): RateLimiterStore.Open => () => {
  const delayed = <A>(effect: Effect.Effect<A>) => turns(1).pipe(Effect.zipRight(effect), Effect.zipLeft(turns(1)))
  return Effect.succeed({
    reserve: (costs, claim) => Effect.zipLeft(delayed(store.reserve(costs, claim)), turns(5)),
    commit: (ticket) => delayed(store.commit(ticket)),
    refund: (ticket) => delayed(store.refund(ticket)),
    setLimit: (limit) => delayed(store.setLimit(limit)),
    sync: (scope, used, window) => delayed(store.sync(scope, used, window)),
    pauseUntil: (scope, until) => delayed(store.pauseUntil(scope, until)),
    resume: (scope) => delayed(store.resume(scope)),
    usage: (scope) => delayed(store.usage(scope))
  })
}

const make = (open: RateLimiterStore.Open, options?: Partial<RateLimiter.Options>) =>
  RateLimiter.make({ name: "test", limit: 10, window: "1 second", store: open, ...options })

const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

describe("A shared store that responds asynchronously", () => {
  it.effect("two limiters with one store together never exceed the limit, and both make progress", () =>
    Effect.gen(function*() {
      const shared = remote(yield* RateLimiterStore.memory(limits))
      const sent: Array<number> = []
      const callers = yield* Effect.forEach(
        [yield* make(shared), yield* make(shared)],
        (limiter) =>
          Effect.replicateEffect(
            limiter.withCost()(
              Effect.clockWith((clock) => Effect.sync(() => sent.push(clock.unsafeCurrentTimeMillis())))
            ),
            20,
            { concurrency: "unbounded" }
          ).pipe(Effect.fork)
      )
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.joinAll(callers)
      assert.strictEqual(sent.length, 40)
      for (const at of sent) {
        assert.isAtMost(sent.filter((other) => other > at - 1000 && other <= at).length, 10)
      }
    }))

  it.effect("without a forecast, a call is refused only when its maxWait is over", () =>
    Effect.gen(function*() {
      const limiter = yield* make(remote(yield* RateLimiterStore.memory(limits)), { maxWait: "1500 millis" })
      yield* limiter.reserve(10)
      const first = yield* start(limiter.reserve(10))
      const second = yield* start(Effect.flip(limiter.reserve(10)))
      yield* TestClock.adjust(1000)
      yield* Fiber.join(first)
      yield* TestClock.adjust(499)
      assertNone(yield* Fiber.poll(second))
      yield* TestClock.adjust(1)
      const error = yield* Fiber.join(second)
      assert.instanceOf(error, RateLimiter.RateLimiterFull)
      assert.strictEqual(error.reason, "WaitTooLong")
    }))

  it.effect("a refund admits waiting calls in order", () =>
    Effect.gen(function*() {
      const limiter = yield* make(remote(yield* RateLimiterStore.memory(limits)))
      const reservation = yield* limiter.reserve(10)
      const order: Array<number> = []
      const fibers = yield* Effect.forEach(
        [8, 2, 1],
        (cost) => start(limiter.withCost(cost)(Effect.sync(() => order.push(cost))))
      )
      yield* limiter.refund(reservation)
      yield* settle
      assert.deepStrictEqual(order, [8, 2])
      yield* TestClock.adjust(1000)
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(order, [8, 2, 1])
    }))

  it.effect("a refund at any moment of a pending request admits the waiting call", () =>
    Effect.gen(function*() {
      for (let later = 1; later < 16; later++) {
        const open = remote(yield* RateLimiterStore.memory(limits))
        const limiter = yield* make(open)
        const [first, second] = [yield* limiter.reserve(6), yield* limiter.reserve(4)]
        const waiting = yield* start(limiter.reserve(10))
        yield* Effect.fork(limiter.refund(first))
        yield* turns(later)
        yield* limiter.refund(second)
        yield* settle
        assert.isTrue(Option.isSome(yield* Fiber.poll(waiting)), `a second refund ${later} turns after the first`)

        const other = yield* make(remote(yield* RateLimiterStore.memory(limits)))
        const reservation = yield* other.reserve(10)
        const arriving = yield* Effect.fork(other.reserve(10))
        yield* turns(later)
        yield* other.refund(reservation)
        yield* settle
        assert.isTrue(Option.isSome(yield* Fiber.poll(arriving)), `a refund ${later} turns after the call came`)
      }
    }))

  it.effect("an interruption at any moment of a pending request leaves nothing spent", () =>
    Effect.gen(function*() {
      const outcomes = new Set<boolean>()
      for (let later = 1; later < 16; later++) {
        const limiter = yield* make(remote(yield* RateLimiterStore.memory(limits)))
        const reservation = yield* limiter.reserve(10)
        let hasStarted = false
        const interrupted = yield* start(
          limiter.withReservation(7)(() => {
            hasStarted = true
            return Effect.never
          })
        )
        const next = yield* start(limiter.reserve(10))
        yield* Effect.fork(limiter.refund(reservation))
        yield* turns(later)
        yield* Fiber.interrupt(interrupted)
        yield* settle
        assert.strictEqual(Option.isSome(yield* Fiber.poll(next)), !hasStarted, `left ${later} turns after the refund`)
        assert.strictEqual(yield* limiter.available, hasStarted ? 3 : 0)
        outcomes.add(hasStarted)
      }
      assert.strictEqual(outcomes.size, 2, "interrupted before and after it began")
    }))

  it.effect(
    "an interrupt at every yield point leaks no token, and the next call is admitted",
    () =>
      interruptEverywhere(Effect.gen(function*() {
        const limiter = yield* make(remote(yield* RateLimiterStore.memory(limits)))
        const reservation = yield* limiter.reserve(10)
        let sent = 0
        let behind: Fiber.RuntimeFiber<unknown, unknown> | undefined
        return {
          victim: limiter.withReservation(7)(() => {
            sent = 7
            return Effect.void
          }),
          meanwhile: Effect.gen(function*() {
            behind = yield* start(limiter.reserve(3))
            yield* limiter.refund(reservation)
          }),
          verify: Effect.gen(function*() {
            if (behind !== undefined) assert.isTrue(Exit.isSuccess(yield* Fiber.await(behind)))
            assert.strictEqual(yield* limiter.queued, 0)
            assert.strictEqual(yield* limiter.available, 7 - sent)
          })
        }
      })),
    30_000
  )

  it.effect("a defect in reserve fails only the call it was for", () =>
    Effect.gen(function*() {
      const store = yield* RateLimiterStore.memory(limits)
      let isBroken = false
      const limiter = yield* make(() =>
        Effect.succeed({
          ...store,
          reserve: (costs, claim) =>
            isBroken && costs[0]?.cost === 4 ? Effect.die("broken") : store.reserve(costs, claim)
        })
      )
      yield* limiter.reserve(10)
      const failing = yield* start(Effect.exit(limiter.reserve(4)))
      const next = yield* start(limiter.reserve(5))
      isBroken = true
      yield* TestClock.adjust(1000)
      const exit = yield* Fiber.join(failing)
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      yield* Fiber.join(next)
      const direct = yield* Effect.exit(limiter.reserve(4))
      assert.isTrue(Exit.isFailure(direct) && Cause.isDie(direct.cause))
      yield* limiter.reserve(5)
      assert.strictEqual(yield* limiter.queued, 0)
    }))

  it.effect("a defect in the refund of an interrupted call does not stop the others", () =>
    Effect.gen(function*() {
      const store = yield* RateLimiterStore.memory(limits)
      const gate = yield* Deferred.make<void>()
      let requests = 0
      const limiter = yield* make(() =>
        Effect.succeed({
          ...store,
          reserve: (costs, claim) =>
            Effect.zipLeft(store.reserve(costs, claim), ++requests === 3 ? Deferred.await(gate) : Effect.void),
          refund: (ticket) => ticket.costs[0]?.cost === 4 ? Effect.die("broken") : store.refund(ticket)
        })
      )
      yield* limiter.reserve(10)
      const interrupted = yield* start(limiter.reserve(4))
      const next = yield* start(limiter.reserve(6))
      const last = yield* start(limiter.reserve(6))
      yield* TestClock.adjust(1000)
      assert.strictEqual(requests, 3)
      yield* Fiber.interrupt(interrupted)
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      yield* TestClock.adjust(1000)
      yield* Fiber.join(next)
      yield* TestClock.adjust(1000)
      yield* Fiber.join(last)
    }))

  it.effect("a defect in commit or refund changes no result of an admitted call", () =>
    Effect.gen(function*() {
      const store = yield* RateLimiterStore.memory(limits)
      const broken = { ...store, commit: () => Effect.die("broken"), refund: () => Effect.die("broken") }
      const limiter = yield* make(() => Effect.succeed(broken))
      const policy = Policy.make({ name: "test", limiter })
      const once = { idempotency: "once" } as const
      assert.strictEqual(yield* limiter.withReservation()(() => Effect.succeed("placed")), "placed")
      assert.strictEqual(yield* Effect.flip(limiter.withReservation()(() => Effect.fail("lost"))), "lost")
      assert.strictEqual(yield* policy.apply(Effect.succeed("placed"), once), "placed")
      assert.deepStrictEqual(yield* Effect.exit(policy.apply(Effect.fail("lost"), once)), Exit.fail("lost"))
      const unsigned = policy.apply(() => Effect.fail("no credentials"), once)
      assert.deepStrictEqual(yield* Effect.exit(unsigned), Exit.fail("no credentials"))
    }))

  it.effect("a store that denies with an instant in the past is asked again at a limited rate", () =>
    Effect.gen(function*() {
      const store = yield* RateLimiterStore.memory(limits)
      let requests = 0
      const limiter = yield* make(() =>
        Effect.succeed({
          ...store,
          reserve: (costs, claim) =>
            Effect.map(store.reserve(costs, claim), (response) => {
              requests++
              return response._tag === "Denied" ? { _tag: "Denied", at: 0n } : response
            })
        })
      )
      yield* limiter.reserve(10)
      const waiting = yield* start(limiter.reserve(1))
      yield* TestClock.adjust(20)
      assert.isAtMost(requests, 25)
      yield* Fiber.interrupt(waiting)
    }))

  it.effect("ignores tickets of another store", () =>
    Effect.gen(function*() {
      const [own, other] = [yield* RateLimiterStore.memory(limits), yield* RateLimiterStore.memory(limits)]
      const response = yield* other.reserve([{ scope: "test", cost: 4 }], spends)
      if (response._tag !== "Granted") return assert.fail("an empty store must grant a cost that fits")
      yield* own.refund(response.ticket)
      yield* own.commit(response.ticket)
      assert.strictEqual((yield* own.usage("test")).used, 0)
      assert.strictEqual((yield* other.usage("test")).used, 4)
      yield* other.refund(response.ticket)
      assert.strictEqual((yield* other.usage("test")).used, 0)
    }))
})
