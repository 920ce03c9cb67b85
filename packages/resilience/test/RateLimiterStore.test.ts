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

/** A store as another process would keep it: each question takes time, its answer still more, and it cannot look ahead. */
const remote = (store: RateLimiterStore.RateLimiterStore): RateLimiterStore.Open => () => {
  const far = <A>(effect: Effect.Effect<A>) => turns(1).pipe(Effect.zipRight(effect), Effect.zipLeft(turns(1)))
  return Effect.succeed({
    reserve: (costs, claim) => Effect.zipLeft(far(store.reserve(costs, claim)), turns(5)),
    commit: (ticket) => far(store.commit(ticket)),
    refund: (ticket) => far(store.refund(ticket)),
    setLimit: (limit) => far(store.setLimit(limit)),
    sync: (scope, used, window) => far(store.sync(scope, used, window)),
    ban: (scope, until) => far(store.ban(scope, until)),
    resume: (scope) => far(store.resume(scope)),
    usage: (scope) => far(store.usage(scope))
  })
}

const make = (open: RateLimiterStore.Open, options?: Partial<RateLimiter.Options>) =>
  RateLimiter.make({ name: "test", limit: 10, window: "1 second", store: open, ...options })

const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

describe("a store that is shared and takes its time", () => {
  it.effect("two limiters on it never spend more than the limit together, and both go on", () =>
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

  it.effect("what it cannot foresee is not refused at once, but when its time is over", () =>
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

  it.effect("a refund admits who waits, and the order is kept", () =>
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

  it.effect("what is given back while it is asked is not overlooked, whenever that is", () =>
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
        const coming = yield* Effect.fork(other.reserve(10))
        yield* turns(later)
        yield* other.refund(reservation)
        yield* settle
        assert.isTrue(Option.isSome(yield* Fiber.poll(coming)), `a refund ${later} turns after the call came`)
      }
    }))

  it.effect("who leaves while it is asked for them leaves nothing spent, whenever that is", () =>
    Effect.gen(function*() {
      const seen = new Set<boolean>()
      for (let later = 1; later < 16; later++) {
        const limiter = yield* make(remote(yield* RateLimiterStore.memory(limits)))
        const reservation = yield* limiter.reserve(10)
        let began = false
        const leaving = yield* start(
          limiter.withReservation(7)(() => {
            began = true
            return Effect.never
          })
        )
        const next = yield* start(limiter.reserve(10))
        yield* Effect.fork(limiter.refund(reservation))
        yield* turns(later)
        yield* Fiber.interrupt(leaving)
        yield* settle
        assert.strictEqual(Option.isSome(yield* Fiber.poll(next)), !began, `left ${later} turns after the refund`)
        assert.strictEqual(yield* limiter.available, began ? 3 : 0)
        seen.add(began)
      }
      assert.strictEqual(seen.size, 2, "before it was asked for and after")
    }))

  it.effect(
    "an interrupt at every yield point leaks no token and forgets nobody",
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

  it.effect("a defect of it fails the call it was asked for, and the others go on", () =>
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
      const unlucky = yield* start(Effect.exit(limiter.reserve(4)))
      const next = yield* start(limiter.reserve(5))
      isBroken = true
      yield* TestClock.adjust(1000)
      const exit = yield* Fiber.join(unlucky)
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      yield* Fiber.join(next)
      const direct = yield* Effect.exit(limiter.reserve(4))
      assert.isTrue(Exit.isFailure(direct) && Cause.isDie(direct.cause))
      yield* limiter.reserve(5)
      assert.strictEqual(yield* limiter.queued, 0)
    }))

  it.effect("a defect while it takes back what nobody waits for any more does not stop the others", () =>
    Effect.gen(function*() {
      const store = yield* RateLimiterStore.memory(limits)
      const gate = yield* Deferred.make<void>()
      let asked = 0
      const limiter = yield* make(() =>
        Effect.succeed({
          ...store,
          reserve: (costs, claim) =>
            Effect.zipLeft(store.reserve(costs, claim), ++asked === 3 ? Deferred.await(gate) : Effect.void),
          refund: (ticket) => ticket.costs[0]?.cost === 4 ? Effect.die("broken") : store.refund(ticket)
        })
      )
      yield* limiter.reserve(10)
      const leaving = yield* start(limiter.reserve(4))
      const next = yield* start(limiter.reserve(6))
      const last = yield* start(limiter.reserve(6))
      yield* TestClock.adjust(1000)
      assert.strictEqual(asked, 3)
      yield* Fiber.interrupt(leaving)
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      yield* TestClock.adjust(1000)
      yield* Fiber.join(next)
      yield* TestClock.adjust(1000)
      yield* Fiber.join(last)
    }))

  it.effect("a defect while it counts or takes back what was let through changes no answer, which has been given", () =>
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

  it.effect("one that names an instant that is over is asked again, but not without end", () =>
    Effect.gen(function*() {
      const store = yield* RateLimiterStore.memory(limits)
      let asked = 0
      const limiter = yield* make(() =>
        Effect.succeed({
          ...store,
          reserve: (costs, claim) =>
            Effect.map(store.reserve(costs, claim), (answer) => {
              asked++
              return answer._tag === "Denied" ? { _tag: "Denied", at: 0n } : answer
            })
        })
      )
      yield* limiter.reserve(10)
      const waiting = yield* start(limiter.reserve(1))
      yield* TestClock.adjust(20)
      assert.isAtMost(asked, 25)
      yield* Fiber.interrupt(waiting)
    }))

  it.effect("tickets of another store are left alone", () =>
    Effect.gen(function*() {
      const [mine, other] = [yield* RateLimiterStore.memory(limits), yield* RateLimiterStore.memory(limits)]
      const answer = yield* other.reserve([{ scope: "test", cost: 4 }], spends)
      if (answer._tag !== "Granted") return assert.fail("an empty store grants what fits")
      yield* mine.refund(answer.ticket)
      yield* mine.commit(answer.ticket)
      assert.strictEqual((yield* mine.usage("test")).used, 0)
      assert.strictEqual((yield* other.usage("test")).used, 4)
      yield* other.refund(answer.ticket)
      assert.strictEqual((yield* other.usage("test")).used, 0)
    }))
})
