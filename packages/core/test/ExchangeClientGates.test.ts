import { Deadline, Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Duration, Effect, Exit, Fiber, TestClock } from "effect"
import { ExchangeError } from "../src/index.js"
import * as Acme from "./support/acme.js"
import { assertRunning, start } from "./support/time.js"
import * as Wire from "./support/wire.js"

const oneTrip = { trip: Trip.consecutive(1) }
const noRetry = { attempts: 1 }

const used = (client: Wire.Setup["client"], scope = "ip"): Effect.Effect<number | undefined> =>
  Effect.map(client.health, ({ limits }) => limits.find((limit) => limit.scope === scope)?.used)

describe("ExchangeClient: order of the gates", () => {
  it.scoped("invalid input sends nothing and consumes no tokens", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.ok())
      const error = yield* Effect.flip(client.request(Acme.quote, { symbol: "../BTC" }))
      assert.instanceOf(error, ExchangeError.InvalidRequest)
      assert.strictEqual(sent.length, 0)
      assert.strictEqual(yield* used(client), 0)
      yield* client.request(Acme.quote, { symbol: "BTC" })
      assert.strictEqual(sent.length, 1)
      assert.strictEqual(yield* used(client), 0.1)
    }))

  it.scoped("an open circuit breaker refuses immediately and consumes no tokens, even if the limiter is full", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(
        (_, index) => index === 9 ? Wire.refuse("ExchangeUnavailable") : Wire.ok(),
        {
          breaker: oneTrip,
          retry: noRetry
        }
      )
      yield* Effect.repeatN(client.request(Acme.value, {}), 8)
      yield* Effect.flip(client.request(Acme.value, {}))
      assert.strictEqual(yield* used(client), 1)
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(error, ExchangeError.CircuitOpen)
      assert.isAbove(Duration.toMillis(error.retryAfter), 0)
      assert.strictEqual(sent.length, 10)
      assert.strictEqual(yield* used(client), 1)
    }))

  it.scoped("the circuit breaker refuses a call that was queued when it opened, and its tokens are refunded", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<Response>()
      const { client, sent } = yield* Wire.setup(() => Deferred.await(gate), {
        breaker: oneTrip,
        retry: noRetry,
        maxConcurrent: 1
      })
      yield* start(client.request(Acme.value, {}))
      const queued = yield* start(Effect.flip(client.request(Acme.value, {})))
      assert.strictEqual(yield* used(client), 0.2)
      yield* Deferred.succeed(gate, Wire.refuse("ExchangeUnavailable"))
      assert.instanceOf(yield* Fiber.join(queued), ExchangeError.CircuitOpen)
      assert.strictEqual(sent.length, 1)
      assert.strictEqual(yield* used(client), 0.1)
    }))

  it.scoped("a full bulkhead refuses a call, and its tokens are refunded", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.hang, { maxConcurrent: 1, maxQueued: 1 })
      yield* start(client.request(Acme.value, {}))
      yield* start(client.request(Acme.value, {}))
      assert.strictEqual(yield* used(client), 0.2)
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(error, ExchangeError.BulkheadFull)
      assert.strictEqual(sent.length, 1)
      assert.strictEqual(yield* used(client), 0.2)
    }))

  it.scoped("a full queue of the rate limiter refuses a call", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.ok(), { maxQueued: 1 })
      yield* Effect.repeatN(client.request(Acme.value, {}), 9)
      const queued = yield* start(client.request(Acme.value, {}))
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(error, ExchangeError.RateLimiterFull)
      assert.strictEqual(sent.length, 10)
      yield* assertRunning(queued)
    }))

  it.scoped("a call interrupted while it waits for a permit refunds its tokens in every scope", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.hang, { maxConcurrent: 1 })
      yield* start(client.request(Acme.balance, {}))
      const queued = yield* start(client.request(Acme.balance, {}))
      assert.strictEqual(yield* used(client), 0.02)
      assert.strictEqual(yield* used(client, "key"), 0.2)
      yield* Fiber.interrupt(queued)
      assert.strictEqual(yield* used(client), 0.01)
      assert.strictEqual(yield* used(client, "key"), 0.1)
    }))

  it.scoped("a call waits for the rate limiter before the bulkhead, so it holds no permit meanwhile", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.ok(), { maxConcurrent: 1 })
      yield* Effect.repeatN(client.request(Acme.value, {}), 8)
      yield* Effect.repeatN(client.request(Acme.named, { name: "a" }), 8)
      // Too few tokens are left: the expensive call waits, and a call without cost overtakes it.
      const waiting = yield* start(client.request(Acme.value, {}))
      yield* assertRunning(waiting)
      const free = { ...Acme.named, cost: () => ({}) }
      yield* client.request(free, { name: "b" })
      assert.strictEqual(sent.length, 19)
      yield* TestClock.adjust(9_999)
      yield* assertRunning(waiting)
      yield* TestClock.adjust(1)
      yield* Fiber.join(waiting)
    }))

  it.scoped("200 concurrent reads stay within maxConcurrent minus the permit reserved for trading, and all complete", () =>
    Effect.gen(function*() {
      let inFlight = 0
      let most = 0
      const { client, sent } = yield* Wire.setup(() =>
        Effect.acquireUseRelease(
          Effect.sync(() => {
            most = Math.max(most, ++inFlight)
          }),
          () => Effect.as(Effect.sleep("10 millis"), 0),
          () => Effect.sync(() => inFlight--)
        ).pipe(Effect.map(() => Wire.ok())), { maxConcurrent: 8, protocol: { limits: [] } })
      const free = { ...Acme.value, cost: () => ({}) }
      const all = yield* start(
        Effect.all(Array.from({ length: 200 }, () => client.request(free, {})), { concurrency: "unbounded" })
      )
      assert.strictEqual(sent.length, 7)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(all)).length, 200)
      assert.deepStrictEqual([most, inFlight, sent.length], [7, 0, 200])
    }))

  it.scoped("circuit breakers are per capability: failing market data does not stop a cancel", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(
        ({ path }) => path === "/value" ? Wire.refuse("ExchangeUnavailable") : Wire.ok(),
        { breaker: oneTrip, retry: noRetry }
      )
      yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(yield* Effect.flip(client.request(Acme.value, {})), ExchangeError.CircuitOpen)
      yield* client.request(Acme.cancel, { id: "1" })
      yield* client.request(Acme.balance, {})
      assert.deepStrictEqual(sent.map(({ path }) => path), ["/value", "/order/1", "/balance"])
      const { breakers } = yield* client.health
      assert.deepStrictEqual(breakers.map(({ state }) => state), ["Open", "Closed", "Closed", "Closed"])
    }))

  it.scoped("a breaker is half-open after exactly retryAfter, and a successful probe closes it", () =>
    Effect.gen(function*() {
      let healthy = false
      const { client, sent } = yield* Wire.setup(() => healthy ? Wire.ok() : Wire.refuse("ExchangeUnavailable"), {
        breaker: oneTrip,
        retry: noRetry
      })
      yield* Effect.flip(client.request(Acme.value, {}))
      const refusal = yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(refusal, ExchangeError.CircuitOpen)
      healthy = true
      const halfOpenAfter = Math.ceil(Duration.toMillis(refusal.retryAfter))
      yield* TestClock.adjust(halfOpenAfter - 1)
      assert.instanceOf(yield* Effect.flip(client.request(Acme.value, {})), ExchangeError.CircuitOpen)
      assert.strictEqual(sent.length, 1)
      yield* TestClock.adjust(1)
      yield* client.request(Acme.value, {})
      assert.strictEqual(sent.length, 2)
      assert.deepStrictEqual((yield* client.health).breakers.map(({ state }) => state), [
        "Closed",
        "Closed",
        "Closed",
        "Closed"
      ])
    }))

  it.scoped("a half-open breaker refuses a second call while the probe is in flight", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(
        (_, index) => index === 0 ? Wire.refuse("ExchangeUnavailable") : Wire.hang,
        { breaker: oneTrip, retry: noRetry }
      )
      yield* Effect.flip(client.request(Acme.value, {}))
      yield* TestClock.adjust("1 second")
      yield* start(client.request(Acme.value, {}))
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(error, ExchangeError.CircuitOpen)
      assert.strictEqual(error.state, "HalfOpen")
      assert.strictEqual(sent.length, 2)
    }))

  it.scoped("interrupting a call in flight aborts its request, counts as no failure and releases its permit", () =>
    Effect.gen(function*() {
      let released = 0
      const { client, sent } = yield* Wire.setup(
        (_, index) => index === 0 ? Effect.onInterrupt(Wire.hang, () => Effect.sync(() => released++)) : Wire.ok(),
        { breaker: oneTrip, maxConcurrent: 1 }
      )
      const fiber = yield* start(client.request(Acme.value, {}))
      assert.strictEqual(sent[0]?.signal.aborted, false)
      const exit = yield* Fiber.interrupt(fiber)
      assert.isTrue(Exit.isInterrupted(exit))
      assert.strictEqual(sent[0]?.signal.aborted, true)
      assert.strictEqual(released, 1)
      const health = yield* client.health
      assert.deepStrictEqual(health.breakers.map(({ state }) => state), ["Closed", "Closed", "Closed", "Closed"])
      assert.strictEqual(health.lastFailure, undefined)
      // It was sent, so its tokens are consumed; the only permit is free again.
      assert.strictEqual(yield* used(client), 0.1)
      yield* client.request(Acme.value, {})
    }))

  it.scoped("interrupting a call while it reads the body cancels the body", () =>
    Effect.gen(function*() {
      let cancelled = false
      const endless = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
        cancel: () => {
          cancelled = true
        }
      })
      const { client, sent } = yield* Wire.setup(() => new Response(endless))
      const fiber = yield* start(client.request(Acme.value, {}))
      assert.strictEqual(sent[0]?.signal.aborted, false)
      yield* Fiber.interrupt(fiber)
      assert.isTrue(cancelled)
      assert.strictEqual(sent[0]?.signal.aborted, true)
    }))

  it.scoped("a defect stays a defect and releases the permit", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup((_, index) => index === 0 ? Effect.die("bug") : Wire.ok(), {
        breaker: { trip: Trip.consecutive(2) },
        maxConcurrent: 1
      })
      const exit = yield* Effect.exit(client.request(Acme.value, {}))
      assert.deepStrictEqual(Exit.isFailure(exit) ? Array.from(Cause.defects(exit.cause)) : [], ["bug"])
      yield* client.request(Acme.value, {})
    }))

  it.scoped("a signer that throws fails with AuthenticationFailed without its message, sends nothing and releases the permit", () =>
    Effect.gen(function*() {
      let signed = 0
      const { client, sent } = yield* Wire.setup(() => Wire.ok(), {
        maxConcurrent: 1,
        protocol: {
          sign: (request, credentials, now) => {
            if (signed++ === 0) throw new TypeError("bug of S3cr3t")
            return Acme.protocol.sign(request, credentials, now)
          }
        }
      })
      const error = yield* Effect.flip(client.request(Acme.balance, {}))
      assert.instanceOf(error, ExchangeError.AuthenticationFailed)
      assert.strictEqual(error.outcome, "NotSent")
      assert.notInclude(error.message, "bug")
      assert.strictEqual(sent.length, 0)
      yield* client.request(Acme.balance, {})
      assert.strictEqual(sent.length, 1)
    }))

  it.scoped("an exchange that has shut down is sent no request", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.ok(), { environment: "testnet" })
      for (const effect of [client.request(Acme.value, {}), client.request(Acme.quote, { symbol: "../" })]) {
        const error = yield* Effect.flip(effect)
        assert.instanceOf(error, ExchangeError.ExchangeClosed)
        assert.strictEqual(error.since, "2026-01-01")
        assert.strictEqual(error.outcome, "NotSent")
      }
      assert.instanceOf(yield* Effect.flip(client.request(Acme.order, { amount: 1 })), ExchangeError.ExchangeClosed)
      assert.strictEqual(sent.length, 0)
      assert.strictEqual((yield* client.health).status, "fail")
    }))

  it.scoped("a connection that was never established refunds the tokens", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup((sent) => Wire.broken(sent, "ECONNREFUSED"), { retry: noRetry })
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(error, ExchangeError.TransportFailed)
      assert.strictEqual(error.outcome, "NotSent")
      assert.strictEqual(yield* used(client), 0)
    }))

  it.scoped("a call still queued at its deadline fails with DeadlineExceeded and outcome NotSent, and is not sent", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.hang, {
        maxConcurrent: 1,
        attemptTimeout: "1 minute",
        deadline: "10 seconds",
        breaker: oneTrip,
        retry: noRetry
      })
      const holder = yield* start(client.request(Acme.value, {}))
      const queued = yield* start(Effect.flip(Deadline.within(client.request(Acme.order, { amount: 1 }), "5 seconds")))
      yield* TestClock.adjust(4_999)
      yield* assertRunning(queued)
      yield* TestClock.adjust(1)
      const error = yield* Fiber.join(queued)
      assert.instanceOf(error, ExchangeError.DeadlineExceeded)
      assert.strictEqual(error.outcome, "NotSent")
      assert.strictEqual(yield* used(client), 0.1)
      yield* assertRunning(holder)
      assert.strictEqual(sent.filter(({ path }) => path === "/order").length, 0)
    }))

  it.scoped("a call that gets its permit exactly at the deadline is not sent", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<Response>()
      const { client, sent } = yield* Wire.setup(() => Deferred.await(gate), { maxConcurrent: 1, retry: noRetry })
      yield* start(client.request(Acme.value, {}))
      yield* Effect.sleep("5 seconds").pipe(Effect.zipRight(Deferred.succeed(gate, Wire.ok())), Effect.fork)
      const queued = yield* start(Effect.flip(Deadline.within(client.request(Acme.order, { amount: 1 }), "5 seconds")))
      yield* TestClock.adjust("5 seconds")
      assert.instanceOf(yield* Fiber.join(queued), ExchangeError.DeadlineExceeded)
      assert.deepStrictEqual(sent.map(({ path }) => path), ["/value"])
    }))

  it.scoped("a call whose deadline has passed before it begins is not sent and consumes no tokens", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.ok(), { retry: noRetry })
      const error = yield* Effect.flip(Deadline.within(client.request(Acme.order, { amount: 1 }), 0))
      assert.instanceOf(error, ExchangeError.DeadlineExceeded)
      assert.strictEqual(sent.length, 0)
      assert.strictEqual(yield* used(client), 0)
    }))
})
