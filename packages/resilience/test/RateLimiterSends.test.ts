import { RateLimiter } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { Clock, Deferred, Duration, Effect, FastCheck, Fiber, TestClock } from "effect"
import { handClock } from "./support/handClock.js"
import { interruptEverywhere, settle } from "./support/interruption.js"

const tenPerSecond = () => RateLimiter.make({ name: "test", limit: 10, window: "1 second" })

/** Forks the effect and lets it go as far as it can. */
const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.zipLeft(Effect.fork(effect), settle)

interface Sent {
  readonly at: number
  readonly cost: number
}

/** Fails if more was sent in some span, in milliseconds, than a limit allows in it. */
const assertWithin = (sent: ReadonlyArray<Sent>, allowed: (millis: number) => number) => {
  for (const [index, { at: from }] of sent.entries()) {
    let sum = 0
    for (const { at, cost } of sent.slice(index)) {
      sum += cost
      assert.isAtMost(sum, allowed(at - from) + 1e-9, `sent from ${from} to ${at}`)
    }
  }
}

/** What may be sent in a span: the whole limit in each window that fits into it, and in the one that is begun. */
const ofWindow = (limit: number, window: number) => (millis: number) => limit * (1 + Math.floor(millis / window))

describe("what is held", () => {
  it.effect("counts without end until it is committed, and then from that instant", () =>
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

  it.effect("counts in a bucket without coming back until it is committed", () =>
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

  it.effect("is spent when what was to send it ends without a word, however it ends", () =>
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

  it.effect("is committed once: a second commit does not count it later", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      const reservation = yield* limiter.reserve(10)
      yield* TestClock.adjust(900)
      yield* limiter.commit(reservation)
      yield* TestClock.adjust(100)
      assert.strictEqual(yield* limiter.available, 10)
    }))

  it.effect("a refund gives it back at once, and nothing after it does anything", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerSecond()
      const reservation = yield* limiter.withReservation(10)((reservation) =>
        Effect.as(limiter.refund(reservation), reservation)
      )
      yield* limiter.commit(reservation)
      yield* limiter.refund(reservation)
      assert.strictEqual(yield* limiter.available, 10)
    }))

  it.effect("is foreseen as if it were sent now, and who waits on is admitted when it comes back in truth", () =>
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

it.effect("what is held longer than foreseen is foreseen anew", () =>
  Effect.gen(function*() {
    const limiter = yield* RateLimiter.make({ name: "test", limit: 10, window: "1 second", maxWait: "1 minute" })
    yield* start(limiter.withReservation(10)(() => Effect.never))
    yield* start(limiter.reserve(5))
    yield* TestClock.adjust("10 seconds")
    // Had it been sent at 0 s, there would be room by now: it may be sent now, so there is none for a second.
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
  { limit: RateLimiter.window(10, "1 second"), allowed: ofWindow(10, 1000) },
  {
    limit: RateLimiter.bucket({ burst: 10, perSecond: 5 }),
    allowed: (millis: number) => 10 + 5 * millis / 1000
  }
)

it.effect.prop(
  "whatever waits between the limiter and the wire, what is sent keeps to the limit",
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
  { fastCheck: { numRuns: 25 }, timeout: 60_000 }
)

describe("on a clock that goes on while calls start one after the other", () => {
  /** Has 60 calls wait for a pause to end; the first of them to start takes `busy` milliseconds before the next can. */
  const release = (options: {
    /** Long enough for all of them to be queued. */
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

  it.effect("no call is stamped before it starts", () =>
    Effect.gen(function*() {
      const time = handClock()
      const started = yield* release({
        pause: 20,
        window: 60,
        busy: () => time.advance(55),
        pass: settle.pipe(Effect.zipRight(Effect.sync(() => time.advance(1))), Effect.repeatN(300))
      }).pipe(Effect.withClock(time.clock))
      assert.strictEqual(started.length, 60)
      assert.strictEqual(within(started, 60), 20)
    }))

  it.live("nor on that of the machine", () =>
    Effect.gen(function*() {
      const nanos = (yield* Clock.clockWith(Effect.succeed)).unsafeCurrentTimeNanos
      const started = yield* release({
        pause: 300,
        window: 400,
        busy: (at) => {
          while (Number(nanos()) / 1e6 < at + 380) { /* keeps the thread to itself */ }
        },
        pass: Effect.void
      })
      assert.strictEqual(started.length, 60)
      // Half of the window is left out: between the stamp and the start the machine may do something else.
      assert.isAtMost(within(started, 200), 20)
    }), 20_000)
})

describe("an interrupt at every yield point gives back what is held, or counts it", () => {
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
      let begun = 0
      return {
        victim: limiter.withReservation(7)((reservation) => {
          begun = 7
          return use(reservation)
        }),
        meanwhile: before === undefined ? Effect.void : limiter.refund(before),
        verify: Effect.gen(function*() {
          assert.strictEqual(yield* limiter.queued, 0)
          const available = yield* limiter.available
          assert.include(options.mayRefund === true ? [10, 10 - begun] : [10 - begun], available)
          // Nothing is held for good: all of it comes back.
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* limiter.available, 10)
        })
      }
    }))

  const window = RateLimiter.window(10, "1 second")
  const bucket = RateLimiter.bucket({ burst: 10, perSecond: 10 })

  for (const [kind, limit] of [["a window", window], ["a bucket", bucket]] as const) {
    for (const isQueued of [false, true]) {
      const when = `${kind}, ${isQueued ? "queued" : "admitted at once"}`

      it.effect(
        `${when}, then ended without a word`,
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

  it.effect("started at once after having waited", () =>
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
