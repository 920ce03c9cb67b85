import {
  Backoff,
  Bulkhead,
  CircuitBreaker,
  Hedge,
  Policy,
  RateLimiter,
  RetryBudget,
  Trip
} from "@effect-exchange/resilience"
import { assert } from "@effect/vitest"
import { Effect, Exit, FastCheck, Fiber, identity, Schedule, TestClock } from "effect"
import { settle } from "./interruption.js"

/**
 * Longer than any wait at another gate, so that a reserved cost still counts when its call leaves.
 */
const window = 10_000

const setup = FastCheck.record({
  limiter: FastCheck.option(FastCheck.integer({ min: 2, max: 8 })),
  bulkhead: FastCheck.option(
    FastCheck.record({
      permits: FastCheck.integer({ min: 2, max: 3 }),
      reserved: FastCheck.integer({ min: 0, max: 1 })
    })
  ),
  turn: FastCheck.boolean(),
  breaker: FastCheck.option(FastCheck.constantFrom("fail" as const, "wait" as const)),
  retry: FastCheck.option(FastCheck.integer({ min: 2, max: 4 })),
  hedge: FastCheck.option(FastCheck.integer({ min: 1, max: 2 })),
  attemptTimeout: FastCheck.option(FastCheck.boolean()),
  deadline: FastCheck.option(FastCheck.constantFrom(40, 150, 20_000)),
  span: FastCheck.boolean()
})
export type Setup = typeof setup extends FastCheck.Arbitrary<infer S> ? S : never

const millis = FastCheck.constantFrom(0, 0, 1, 20, 50, 120)

/** The course of one attempt. */
const attempt = FastCheck.record({
  before: millis,
  /** Whether it is uninterruptible before it leaves. */
  masked: FastCheck.boolean(),
  leaves: FastCheck.boolean(),
  after: millis,
  /** The duration of its uninterruptible end. */
  stubborn: FastCheck.constantFrom(0, 0, 0, 70),
  end: FastCheck.constantFrom("succeed", "fail", "fail", "notSent", "notDone", "die", "interrupt", "hang")
})

const call = FastCheck.record({
  at: FastCheck.constantFrom(0, 0, 10, 60, 300),
  lane: FastCheck.constantFrom("trading" as const, "reads" as const),
  key: FastCheck.constantFrom("nonce", "none"),
  idempotency: FastCheck.constantFrom("safe" as const, "once" as const),
  isPlain: FastCheck.boolean(),
  attempts: FastCheck.array(attempt, { minLength: 1, maxLength: 4 }),
  interruptAfter: FastCheck.option(FastCheck.constantFrom(0, 1, 30, 100), { freq: 3 }),
  place: FastCheck.constantFrom("plain", "plain", "finalizer", "acquire")
})
export type Call = typeof call extends FastCheck.Arbitrary<infer C> ? C : never

export const scenario: FastCheck.Arbitrary<readonly [Setup, ReadonlyArray<Call>]> = FastCheck.tuple(
  setup,
  FastCheck.array(call, { minLength: 1, maxLength: 10, size: "max" })
)

const lanes = ["trading", "reads"] as const

const gatesOf = ({ attemptTimeout, breaker, bulkhead, deadline, hedge, limiter, retry, span, turn }: Setup) =>
  Effect.gen(function*() {
    const budget = yield* RetryBudget.make({ reservePerSecond: 1000 })
    const gates = {
      limiter: limiter === null ? undefined : yield* RateLimiter.make({ name: "model", limit: limiter, window, lanes }),
      bulkhead: bulkhead === null ? undefined : yield* Bulkhead.make({ name: "model", lanes, ...bulkhead }),
      turn: turn ? yield* Bulkhead.make({ name: "model.turn", lanes, permits: 1 }) : undefined,
      breaker: breaker === null ? undefined : yield* CircuitBreaker.make({
        name: "model",
        trip: Trip.consecutive(2),
        openFor: Schedule.spaced(50),
        halfOpen: { excess: breaker, timeout: 200 }
      })
    }
    const policy = Policy.make({
      name: "model",
      ...gates,
      turn: (key: string) => key === "nonce" ? gates.turn : undefined,
      hedge: hedge === null
        ? undefined
        : yield* Hedge.make({ name: "model", delay: 20, maxHedges: hedge, budget, reports: false }),
      attemptTimeout: attemptTimeout === null
        ? undefined
        : { duration: 60, onTimeout: () => "late", disconnect: attemptTimeout },
      deadline: deadline === null ? undefined : { duration: deadline, onTimeout: () => "over" },
      retry: retry === null
        ? undefined
        : { attempts: retry, budget, backoff: Backoff.none({ base: 10, max: 10 }) },
      notSent: (error: string) => error === "notSent",
      notDone: (error: string) => error === "notDone",
      span
    })
    return { ...gates, policy }
  })

/** Counts the running calls, and asserts that the gates allow them. */
class Wire {
  readonly setup: Setup
  readonly sends: Array<number> = []
  running = { all: 0, reads: 0, turn: 0 }
  constructor(setup: Setup) {
    this.setup = setup
  }

  begin({ key, lane }: Call, change: 1 | -1): void {
    this.running.all += change
    if (lane === "reads") this.running.reads += change
    if (key === "nonce") this.running.turn += change
    const { bulkhead, turn } = this.setup
    if (bulkhead !== null) {
      assert.isAtMost(this.running.all, bulkhead.permits)
      assert.isAtMost(this.running.reads, bulkhead.permits - bulkhead.reserved)
    }
    if (turn) assert.isAtMost(this.running.turn, 1)
  }

  send(now: number): void {
    this.sends.push(now)
  }

  verify(): void {
    const { limiter } = this.setup
    if (limiter === null) return
    for (const from of this.sends) {
      assert.isAtMost(this.sends.filter((at) => at >= from && at < from + window).length, limiter)
    }
  }
}

/** One call, which may hang until a timeout, and the number of times it may have been carried out. */
const makeWork = (wire: Wire, setup: Setup, call: Call) => {
  let doubtful = 0
  let started = 0
  const canHang = setup.attemptTimeout !== null || setup.deadline !== null
  const one = (leaving: Effect.Effect<void>): Effect.Effect<number, string> => {
    const { after, before, end, leaves, masked, stubborn } =
      call.attempts[Math.min(started++, call.attempts.length - 1)] ??
        assert.fail()
    const sent = Effect.clockWith((clock) =>
      Effect.sync(() => {
        // An attempt that ends with `notSent` was never sent.
        if (end !== "notSent") wire.send(clock.unsafeCurrentTimeMillis())
        if (end !== "notSent" && end !== "notDone") doubtful++
      })
    )
    // Uninterruptible: an attempt that has reported that it leaves has left.
    const leave = leaves || call.isPlain ? Effect.uninterruptible(Effect.zipRight(leaving, sent)) : Effect.void
    const ending: Record<string, Effect.Effect<number, string>> = {
      succeed: Effect.succeed(1),
      die: Effect.die("bug"),
      interrupt: Effect.interrupt,
      hang: canHang ? Effect.never : Effect.fail("hang")
    }
    const slow = (time: number) => time === 0 ? Effect.void : Effect.sleep(time)
    return Effect.acquireUseRelease(
      Effect.sync(() => wire.begin(call, 1)),
      () =>
        (call.isPlain ? leave : (masked ? Effect.uninterruptible : identity)(Effect.zipRight(slow(before), leave)))
          .pipe(
            Effect.zipRight(slow(after)),
            Effect.zipRight(Effect.uninterruptible(slow(stubborn))),
            Effect.zipRight(ending[end] ?? Effect.fail(end))
          ),
      () => Effect.sync(() => wire.begin(call, -1))
    )
  }
  return {
    attempt: ({ leaving }: Policy.Attempt) => one(leaving),
    plain: Effect.suspend(() => one(Effect.void)),
    verify: () => {
      if (call.idempotency === "once") assert.isAtMost(doubtful, 1)
    }
  }
}

const inPlace = (place: Call["place"], self: Effect.Effect<unknown, unknown>): Effect.Effect<unknown, unknown> => {
  if (place === "plain") return self
  return Effect.scoped(
    place === "acquire"
      ? Effect.acquireRelease(self, () => Effect.void)
      : Effect.addFinalizer(() => Effect.ignore(self))
  )
}

/** Runs the calls, and asserts what must hold for any gates and any calls. */
export const run = (setup: Setup, calls: ReadonlyArray<Call>): Effect.Effect<void> =>
  Effect.gen(function*() {
    const { bulkhead, limiter, policy, turn } = yield* gatesOf(setup)
    const wire = new Wire(setup)
    const works = calls.map((call) => makeWork(wire, setup, call))
    const fibers: Array<Fiber.RuntimeFiber<unknown, unknown>> = []
    for (const [index, call] of calls.entries()) {
      const { attempt, plain } = works[index] ?? assert.fail()
      const options = { idempotency: call.idempotency, key: call.key, lane: call.lane }
      const applied = policy.apply(call.isPlain ? plain : attempt, options)
      const fiber = yield* Effect.fork(Effect.delay(inPlace(call.place, applied), call.at))
      fibers.push(fiber)
      if (call.interruptAfter !== null) {
        yield* Effect.fork(Effect.delay(Fiber.interruptFork(fiber), call.at + call.interruptAfter))
      }
    }
    yield* TestClock.adjust("10 minutes")
    yield* settle
    for (const fiber of fibers) {
      const ended = yield* Fiber.poll(fiber)
      assert.strictEqual(ended._tag, "Some", "every call must have ended")
      const exit = yield* Fiber.await(fiber)
      if (Exit.isFailure(exit)) assert.notInclude(String(exit.cause), "AssertionError")
    }
    assert.deepStrictEqual(wire.running, { all: 0, reads: 0, turn: 0 })
    wire.verify()
    works.forEach(({ verify }) => verify())
    for (const [gate, permits] of [[bulkhead, setup.bulkhead?.permits], [turn, 1]] as const) {
      if (gate === undefined) continue
      assert.deepStrictEqual([yield* gate.available, yield* gate.queued], [permits, 0])
    }
    if (limiter !== undefined) {
      assert.strictEqual(yield* limiter.queued, 0)
      assert.strictEqual(yield* limiter.available, setup.limiter)
    }
  })
