import { RateLimiter } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { Clock, Deferred, Duration, Effect, FastCheck, Fiber, TestClock } from "effect"
import { interruptEverywhere, settle } from "./support/interruption.js"
import { manualClock } from "./support/manualClock.js"
import { runs } from "./support/sample.js"

const tenPerSecond = () => RateLimiter.make({ name: "test", limit: 10, window: "1 second" })

/** Forks the effect and lets it run until it waits. */
const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

interface Sent {
  readonly at: number
  readonly cost: number
}

/** Fails if more was sent in any span of time, in milliseconds, than the limit allows. */
const assertWithin = (sent: ReadonlyArray<Sent>, allowed: (millis: number) => number) => {
  for (const [index, { at: from }] of sent.entries()) {
    let sum = 0
    for (const { at, cost } of sent.slice(index)) {
      sum += cost
      assert.isAtMost(sum, allowed(at - from) + 1e-9, `sent from ${from} to ${at}`)
    }
  }
}

/** The maximum sent in a span: the limit for each whole window in it, and for the one that has begun. */
const allowedByWindow = (limit: number, window: number) => (millis: number) => limit * (1 + Math.floor(millis / window))

describe("A held cost", () => {
  it.effect("counts until it is committed, and then from that instant", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      const gate = yield* Deferred.make<void>()
      const slow = yield* start(
        limiter.withReservation(10)((reservation) => Effect.zipRight(Deferred.await(gate), limiter.commit(reservation)))
      )
      const next = yield* start(limiter.reserve(10))
      yield* TestClock.adjust("1 minute")
      assertNone(yield* Fiber.poll(next))
      assert.strictEqual(yield* limiter.available, 0)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(slow)
      yield* TestClock.adjust(999)
      assertNone(yield* Fiber.poll(next))
      yield* TestClock.adjust(1)
      yield* Fiber.join(next)
    }))

  it.effect("does not leak from a bucket until it is committed", () =>
    Effect.gen(function*() {
      const limiter = yield* RateLimiter.make({ name: "test", burst: 10, perSecond: 10 })
      yield* limiter.withReservation(10)((reservation) =>
        Effect.gen(function*() {
          yield* TestClock.adjust("1 minute")
          assert.strictEqual(yield* limiter.available, 0)
          yield* limiter.commit(reservation)
          yield* TestClock.adjust(500)
          assert.strictEqual(yield* limiter.available, 5)
        })
      )
      assert.strictEqual(yield* limiter.available, 5)
    }))

  it.effect("is spent when the effect ends without a commit, however it ends", () =>
    Effect.gen(function*() {
      for (const ending of [Effect.void, Effect.fail("failed"), Effect.die("died"), Effect.interrupt]) {
        const limiter = yield* tenPerSecond()
        yield* Effect.exit(limiter.withReservation(10)(() => Effect.zipRight(TestClock.adjust(900), ending)))
        yield* TestClock.adjust(999)
        assert.strictEqual(yield* limiter.available, 0)
        yield* TestClock.adjust(1)
        assert.strictEqual(yield* limiter.available, 10)
      }
    }))

  it.effect("is committed once: a second commit does not move its instant", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      const reservation = yield* limiter.reserve(10)
      yield* TestClock.adjust(900)
      yield* limiter.commit(reservation)
      yield* TestClock.adjust(100)
      assert.strictEqual(yield* limiter.available, 10)
    }))

  it.effect("is released by a refund, and a later commit or refund has no effect", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      const reservation = yield* limiter.withReservation(10)((reservation) =>
        Effect.as(limiter.refund(reservation), reservation)
      )
      yield* limiter.commit(reservation)
      yield* limiter.refund(reservation)
      assert.strictEqual(yield* limiter.available, 10)
    }))

  it.effect("is forecast as sent now, and a waiting call is admitted when it actually expires", () =>
    Effect.gen(function*() {
      const limiter = yield* RateLimiter.make({ name: "test", limit: 10, window: "1 second", maxWait: "1500 millis" })
      const gate = yield* Deferred.make<void>()
      const holder = yield* start(limiter.withReservation(10)(() => Deferred.await(gate)))
      yield* TestClock.adjust("10 seconds")
      const waiting = yield* start(limiter.reserve(10))
      yield* TestClock.adjust(400)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(holder)
      yield* TestClock.adjust(999)
      assertNone(yield* Fiber.poll(waiting))
      yield* TestClock.adjust(1)
      yield* Fiber.join(waiting)
    }))
})

it.effect("a cost that is held longer than forecast is forecast again", () =>
  Effect.gen(function*() {
    const limiter = yield* RateLimiter.make({ name: "test", limit: 10, window: "1 second", maxWait: "1 minute" })
    yield* start(limiter.withReservation(10)(() => Effect.never))
    yield* start(limiter.reserve(5))
    yield* TestClock.adjust("10 seconds")
    // If it had been sent at 0 s, there would be room now. It may be sent now, so there is none for another second.
    const error = yield* Effect.flip(limiter.reserve(5, { maxWait: "500 millis" })).pipe(Effect.timeout(0))
    assert.instanceOf(error, RateLimiter.RateLimiterFull)
    assert.strictEqual(Duration.toMillis(error.retryAfter), 1000)
  }))

const waits = FastCheck.array(
  FastCheck.record({
    cost: FastCheck.integer({ min: 1, max: 10 }),
    after: FastCheck.integer({ min: 0, max: 300 }),
    /** Between the limiter and the wire. */
    held: FastCheck.integer({ min: 0, max: 2500 }),
    ends: FastCheck.constantFrom("sent", "sent", "sent", "never sent", "silent")
  }),
  { minLength: 1, maxLength: 15 }
)

const limits = FastCheck.constantFrom(
  { limit: RateLimiter.window(10, "1 second"), allowed: allowedByWindow(10, 1000) },
  {
    limit: RateLimiter.bucket({ burst: 10, perSecond: 5 }),
    allowed: (millis: number) => 10 + 5 * millis / 1000
  }
)

it.effect.prop(
  "sent costs respect the limit, regardless of delays between the limiter and the wire",
  [waits, limits],
  ([waits, { allowed, limit }]) =>
    Effect.gen(function*() {
      const limiter = yield* RateLimiter.make({ name: "test", ...limit })
      const sent: Array<Sent> = []
      const call = ({ cost, ends, held }: typeof waits[number]) =>
        limiter.withReservation(cost)((reservation) =>
          Effect.gen(function*() {
            yield* Effect.sleep(held)
            if (ends === "never sent") return yield* limiter.refund(reservation)
            if (ends === "sent") yield* limiter.commit(reservation)
            sent.push({ at: yield* Clock.currentTimeMillis, cost })
          })
        )
      const fibers: Array<Fiber.RuntimeFiber<void, unknown>> = []
      for (const wait of waits) {
        fibers.push(yield* start(call(wait)))
        yield* TestClock.adjust(wait.after)
      }
      yield* TestClock.adjust("5 minutes")
      yield* Fiber.joinAll(fibers)
      assert.strictEqual(sent.length, waits.filter(({ ends }) => ends !== "never sent").length)
      assertWithin(sent, allowed)
      assert.strictEqual(yield* limiter.available, 10)
    }),
  { fastCheck: { numRuns: runs(25) }, timeout: 60_000 }
)

describe("A call of a queue that starts late counts from its start", () => {
  /** Lets 60 calls wait for the end of a pause. The first one to start runs `busy`, which delays the others. */
  const release = (options: {
    /** Long enough for all calls to be queued. */
    readonly pause: number
    readonly window: number
    readonly busy: (at: number) => void
    readonly pass: Effect.Effect<void>
  }) =>
    Effect.gen(function*() {
      const limiter = yield* RateLimiter.make({ name: "test", limit: 20, window: options.window })
      const started: Array<number> = []
      const call = Effect.clockWith((clock) =>
        Effect.sync(() => {
          const at = Number(clock.unsafeCurrentTimeNanos()) / 1e6
          if (started.push(at) === 1) options.busy(at)
        })
      )
      yield* limiter.pauseUntil((yield* Clock.currentTimeMillis) + options.pause)
      const all = yield* Effect.fork(Effect.replicateEffect(limiter.withCost()(call), 60, { concurrency: "unbounded" }))
      yield* options.pass
      yield* Fiber.join(all)
      return started
    })

  const within = (started: ReadonlyArray<number>, span: number) =>
    Math.max(...started.map((from) => started.filter((at) => at >= from && at < from + span).length))

  it.effect("on a manual clock", () =>
    Effect.gen(function*() {
      const time = manualClock()
      const started = yield* release({
        pause: 20,
        window: 60,
        busy: () => time.advance(55),
        pass: settle.pipe(Effect.zipRight(Effect.sync(() => time.advance(1))), Effect.repeatN(300))
      }).pipe(Effect.withClock(time.clock))
      assert.strictEqual(started.length, 60)
      assert.strictEqual(within(started, 60), 20)
    }))

  it.live("on the clock of the machine", () =>
    Effect.gen(function*() {
      const nanos = (yield* Clock.clockWith(Effect.succeed)).unsafeCurrentTimeNanos
      const started = yield* release({
        pause: 300,
        window: 400,
        busy: (at) => {
          while (Number(nanos()) / 1e6 < at + 380) { /* blocks the thread */ }
        },
        pass: Effect.void
      })
      assert.strictEqual(started.length, 60)
      // Only half of the window is checked, because the machine may be busy between the commit and the start.
      assert.isAtMost(within(started, 200), 20)
    }), 20_000)
})

describe("An interrupt at every yield point refunds a held cost or spends it", () => {
  const sweep = (options: {
    readonly limit: RateLimiter.Limit
    readonly isQueued: boolean
    readonly use: (limiter: RateLimiter.RateLimiter) => (reservation: RateLimiter.Reservation) => Effect.Effect<void>
    readonly mayRefund?: boolean
  }) =>
    interruptEverywhere(Effect.gen(function*() {
      const limiter = yield* RateLimiter.make({ name: "test", ...options.limit })
      const before = options.isQueued ? yield* limiter.reserve(10) : undefined
      const use = options.use(limiter)
      let reserved = 0
      return {
        victim: limiter.withReservation(7)((reservation) => {
          reserved = 7
          return use(reservation)
        }),
        meanwhile: before === undefined ? Effect.void : limiter.refund(before),
        verify: Effect.gen(function*() {
          assert.strictEqual(yield* limiter.queued, 0)
          const available = yield* limiter.available
          assert.include(options.mayRefund === true ? [10, 10 - reserved] : [10 - reserved], available)
          // Nothing stays held: the whole limit is available again.
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* limiter.available, 10)
        })
      }
    }))

  const window = RateLimiter.window(10, "1 second")
  const bucket = RateLimiter.bucket({ burst: 10, perSecond: 10 })

  for (const [kind, limit] of [["a window", window], ["a bucket", bucket]] as const) {
    for (const isQueued of [false, true]) {
      const when = `of ${kind}, ${isQueued ? "queued" : "admitted immediately"}`

      it.effect(
        `${when}, then ended without a commit`,
        () => sweep({ limit, isQueued, use: () => () => Effect.yieldNow() }),
        30_000
      )

      it.effect(
        `${when}, then committed`,
        () =>
          sweep({
            limit,
            isQueued,
            use: ({ commit }) => (reservation) => Effect.zipLeft(commit(reservation), Effect.yieldNow())
          }),
        30_000
      )

      it.effect(
        `${when}, then refunded`,
        () => sweep({ limit, isQueued, mayRefund: true, use: ({ refund }) => refund }),
        30_000
      )
    }
  }

  it.effect("of a queued call with withCost", () =>
    interruptEverywhere(Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      const before = yield* limiter.reserve(10)
      let sent = 0
      return {
        victim: limiter.withCost(7)(Effect.sync(() => sent = 7)),
        meanwhile: limiter.refund(before),
        verify: Effect.gen(function*() {
          assert.isAtMost(yield* limiter.available, 10 - sent)
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* limiter.available, 10)
        })
      }
    })), 30_000)
})
