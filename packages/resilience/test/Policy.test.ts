import {
  Bulkhead,
  CircuitBreaker,
  Hedge,
  Idempotent,
  KeyedCircuitBreaker,
  Policy,
  RateLimiter,
  RetryBudget,
  Trip
} from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { assertNone, throws } from "@effect/vitest/utils"
import { Data, Effect, Exit, Fiber, Schedule, Scope, TestClock } from "effect"
import { counted, down, fragile, late, over, retry, safe, tenPerMinute } from "./support/policies.js"
import { recordingTracer } from "./support/spans.js"

class Down extends Data.TaggedError("Down")<{}> {}

describe("The limiter of a policy", () => {
  it.effect("can be a group of limits with lanes", () =>
    Effect.gen(function*() {
      const limiter = yield* RateLimiter.group({
        name: "lanes",
        scopes: { ip: { limit: 10, window: "1 minute" }, orders: { limit: 2, window: "1 minute" } },
        lanes: ["cancel", "query"]
      })
      const policy = Policy.make({ name: "lanes", limiter })
      // @ts-expect-error The scope does not exist.
      const misspelt = policy.apply(Effect.void, { ...safe, cost: { account: 1 } })
      // @ts-expect-error The lane does not exist.
      const unknownLane = policy.apply(Effect.void, { ...safe, lane: "place" })
      assert.isTrue(Effect.isEffect(misspelt) && Effect.isEffect(unknownLane))
      yield* policy.apply(Effect.void, { ...safe, cost: { ip: 9, orders: 2 } })
      assert.strictEqual(yield* limiter.scopes.ip.available, 1)
      assert.strictEqual(yield* limiter.scopes.orders.available, 0)
      const order: Array<string> = []
      const call = (lane: "cancel" | "query") =>
        Effect.fork(policy.apply(Effect.sync(() => order.push(lane)), { ...safe, cost: { ip: 10 }, lane }))
      yield* call("query")
      yield* call("cancel")
      const refused = yield* Effect.flip(policy.apply(Effect.void, { ...safe, cost: { ip: 2 }, maxWait: "1 second" }))
      assert.strictEqual(refused._tag, "RateLimiterFull")
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(order, ["cancel", "query"])
    }))

  it.effect("counts a cost from when the call is sent, not from before it waited for a permit", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      const bulkhead = yield* Bulkhead.make({ name: "commit", permits: 1 })
      const policy = Policy.make({ name: "commit", limiter, bulkhead })
      yield* Effect.fork(bulkhead.withPermit(Effect.sleep("30 seconds")))
      yield* Effect.yieldNow()
      const fiber = yield* Effect.fork(policy.apply(Effect.void, { ...safe, cost: 10 }))
      yield* TestClock.adjust("30 seconds")
      yield* Fiber.join(fiber)
      yield* TestClock.adjust("59999 millis")
      assert.strictEqual(yield* limiter.available, 0)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* limiter.available, 10)
    }))

  it.effect("counts a cost from when the call is sent, not from before it waited for the probes of a circuit", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      const breaker = yield* CircuitBreaker.make({
        name: "commit",
        trip: Trip.consecutive(1),
        openFor: Schedule.spaced("1 second"),
        halfOpen: { excess: "wait", timeout: "1 minute" }
      })
      yield* Effect.exit(breaker.protect(down))
      yield* TestClock.adjust("1 second")
      yield* Effect.fork(breaker.protect(Effect.sleep("30 seconds")))
      yield* Effect.yieldNow()
      const policy = Policy.make({ name: "commit", limiter, breaker })
      const fiber = yield* Effect.fork(policy.apply(Effect.void, { ...safe, cost: 10 }))
      yield* TestClock.adjust("29999 millis")
      assertNone(yield* Fiber.poll(fiber))
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(fiber)
      yield* TestClock.adjust("59999 millis")
      assert.strictEqual(yield* limiter.available, 0)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* limiter.available, 10)
    }))
})

describe("The tokens of a policy", () => {
  const spent = <A, E>(options: {
    readonly call: Effect.Effect<A, E>
    readonly permits?: number
    readonly notSent?: (error: E) => boolean
  }) =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      const bulkhead = yield* Bulkhead.make({ name: "refund", permits: 1, maxQueue: 0 })
      const policy = Policy.make({ name: "refund", bulkhead, limiter, notSent: options.notSent })
      if (options.permits === 0) {
        yield* Effect.zipRight(Effect.fork(bulkhead.withPermit(Effect.never)), Effect.yieldNow())
      }
      yield* Effect.exit(policy.apply(options.call, { ...safe, cost: 4 }))
      return 10 - (yield* limiter.available)
    })

  it.effect("are refunded if a later gate refuses the call", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* spent({ call: Effect.void, permits: 0 }), 0)
    }))

  it.effect("are refunded for an error that notSent accepts", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* spent({ call: Effect.fail("refused"), notSent: (error) => error === "refused" }), 0)
    }))

  it.effect("are spent if the call was sent, however it ended", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* spent({ call: Effect.void }), 4)
      assert.strictEqual(yield* spent({ call: Effect.fail("reset"), notSent: (error) => error === "refused" }), 4)
      assert.strictEqual(yield* spent({ call: Effect.die("bug") }), 4)
      assert.strictEqual(yield* spent({ call: Effect.interrupt }), 4)
    }))
})

describe("The idempotency of a call under a policy", () => {
  it.effect("must be declared for an effect without the brand", () =>
    Effect.gen(function*() {
      const policy = Policy.make({ name: "once", retry })
      const read = Effect.succeed(1)
      // @ts-expect-error The effect has no brand, and no idempotency is declared.
      const undeclared = policy.apply(read)
      // @ts-expect-error
      const explained = policy.explain(read, { cost: 1 })
      assert.isTrue(Effect.isEffect(undeclared) && Effect.isEffect(explained))
      assert.strictEqual(yield* policy.apply(Idempotent.mark(read)), 1)
      assert.strictEqual(yield* policy.apply(read, safe), 1)
    }))

  it.effect("\"once\" is neither hedged nor retried, unless notSent accepts the error", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.make()
      const hedge = yield* Hedge.make({ name: "once", delay: 10, budget })
      const policy = Policy.make({ name: "once", hedge, retry, notSent: (error: string) => error === "refused" })
      const runs = (error: string, call: Policy.Declared) =>
        Effect.gen(function*() {
          const { counting, counts } = counted(Effect.zipRight(Effect.sleep(50), Effect.fail(error)))
          const fiber = yield* Effect.fork(Effect.exit(policy.apply(counting, call)))
          yield* TestClock.adjust("1 second")
          yield* Fiber.join(fiber)
          return counts.started
        })
      assert.strictEqual(yield* runs("down", { idempotency: "once" }), 1)
      assert.strictEqual(yield* runs("refused", { idempotency: "once" }), 3)
      assert.strictEqual(yield* runs("down", { idempotency: "idempotent" }), 6)
    }))

  it.effect("allows a retry only if `while` does too", () =>
    Effect.gen(function*() {
      const { counting, counts } = counted(Effect.fail("rejected"))
      const policy = Policy.make({ name: "once", retry: { ...retry, while: (error: string) => error === "down" } })
      yield* Effect.exit(policy.apply(counting, safe))
      assert.strictEqual(counts.started, 1)
    }))
})

describe("Policy", () => {
  it.effect("has exactly the errors of its gates in its type", () =>
    Effect.gen(function*() {
      const [breaker, limiter] = yield* Effect.all([fragile, tenPerMinute])
      const bare: Policy.Policy = Policy.make({ name: "types" })
      const timed: Policy.Policy<unknown, "late" | "over"> = Policy.make({
        name: "types",
        attemptTimeout: late,
        deadline: over
      })
      const broken: Policy.Policy<unknown, CircuitBreaker.CircuitOpen> = Policy.make({ name: "types", breaker })
      // @ts-expect-error A limiter adds its errors.
      const limited: Policy.Policy = Policy.make({ name: "types", limiter })
      const unacceptable = (breaker: CircuitBreaker.CircuitBreaker<Down>) =>
        // @ts-expect-error The breaker must accept the error of the timeout.
        Policy.make({ name: "types", breaker, attemptTimeout: late })
      // @ts-expect-error The gate does not exist.
      const misspelt = Policy.make({ name: "types", bulkheads: undefined })
      assert.isFunction(unacceptable)
      for (const { name } of [bare, timed, broken, limited, misspelt]) assert.strictEqual(name, "types")
      const never: Effect.Effect<number> = bare.apply(Effect.succeed(1), safe)
      assert.strictEqual(yield* never, 1)
    }))

  it("an invalid number of attempts throws a RangeError in make", () => {
    throws(
      () => Policy.make({ name: "twice", retry: { attempts: 1.5 } }),
      new RangeError(
        `Policy "twice": retry.attempts must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}, got 1.5`
      )
    )
  })

  it.effect("without gates it does not change the exit", () =>
    Effect.gen(function*() {
      const policy = Policy.make({ name: "bare" })
      assert.deepStrictEqual(yield* Effect.exit(policy.apply(Effect.fail("down"), safe)), Exit.fail("down"))
      assert.deepStrictEqual(yield* Effect.exit(policy.apply(Effect.die("bug"), safe)), Exit.die("bug"))
      assert.isTrue(Exit.isInterrupted(yield* Effect.exit(policy.apply(Effect.interrupt, safe))))
    }))

  it.effect("a call has one span, with an event for each failure and retry", () =>
    Effect.gen(function*() {
      const [breaker, limiter] = yield* Effect.all([fragile, tenPerMinute])
      const bulkhead = yield* Bulkhead.make({ name: "span", permits: 1 })
      const policy = Policy.make({
        name: "orders",
        limiter,
        bulkhead,
        attemptTimeout: late,
        deadline: over,
        retry
      })
      const { spans, traced } = recordingTracer()
      let runs = 0
      const call = Effect.suspend(() => ++runs < 3 ? new Down() : Effect.withSpan(Effect.void, "http"))
      const fiber = yield* Effect.fork(traced(policy.apply(call, { ...safe, key: "BTC/USDT" })))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(spans.map(({ name, parent }) => [name, parent]), [["orders", undefined], ["http", "1"]])
      const [span] = spans
      assert.deepStrictEqual(span?.attributes, {
        "policy.idempotency": "safe",
        "policy.key": "BTC/USDT",
        "policy.attempts": 3
      })
      const retrying = { delayMillis: 100, because: "Backoff", error: "Down" }
      assert.deepStrictEqual(span?.events, [
        ["call.failed", { error: "Down", attempt: 1 }],
        ["retry.retrying", { ...retrying, attempt: 1 }],
        ["call.failed", { error: "Down", attempt: 2 }],
        ["retry.retrying", { ...retrying, attempt: 2 }]
      ])
      const quiet = recordingTracer()
      yield* quiet.traced(Policy.make({ name: "quiet", breaker, bulkhead }).apply(Effect.void, safe))
      assert.deepStrictEqual(quiet.spans.map(({ events }) => events), [[]])
    }))

  it.effect("reports a refund on the span, on the fast path and gate by gate", () =>
    Effect.gen(function*() {
      const limiter = yield* tenPerMinute
      // A copy of a limiter has no fast path.
      for (const gate of [limiter, { ...limiter }]) {
        const { spans, traced } = recordingTracer()
        const unsigned = Policy.make({ name: "orders", limiter: gate }).apply(() => new Down(), safe)
        yield* Effect.flip(traced(unsigned))
        assert.deepStrictEqual(spans.map(({ events }) => events), [[
          ["call.failed", { error: "Down", attempt: 1 }],
          ["limiter.refunded", { attempt: 1 }]
        ]])
      }
    }))

  it.effect("chooses gates by key", () =>
    Effect.gen(function*() {
      const keyed = yield* KeyedCircuitBreaker.make((key: string) => ({ name: `by ${key}`, trip: Trip.consecutive(1) }))
      const policy = Policy.make({ name: "keyed", breaker: keyed.get })
      yield* Effect.exit(policy.apply(down, { ...safe, key: "BTC" }))
      const refused = yield* Effect.flip(policy.apply(Effect.void, { ...safe, key: "BTC" }))
      assert.deepStrictEqual([refused._tag, refused.name], ["CircuitOpen", "by BTC"])
      yield* policy.apply(Effect.void, { ...safe, key: "ETH" })
      yield* policy.apply(Effect.void, safe)
      assert.strictEqual(yield* keyed.size, 3)
    }))

  it.effect("resources that the effect acquires in the scope of the caller outlive the attempt", () =>
    Effect.gen(function*() {
      const keyed = yield* KeyedCircuitBreaker.make((key: string) => ({ name: key }))
      const policy = Policy.make({ name: "scoped", breaker: keyed.get })
      let open = false
      const acquire = Effect.acquireRelease(
        Effect.sync(() => (open = true)),
        () => Effect.sync(() => (open = false))
      )
      const scope = yield* Scope.make()
      yield* Scope.extend(policy.apply(acquire, safe), scope)
      assert.isTrue(open)
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(open)
    }))
})
