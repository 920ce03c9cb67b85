import { Trip } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Either, Fiber, TestClock } from "effect"
import { asTrading } from "../src/engine/internal/lane.js"
import { ExchangeError } from "../src/index.js"
import * as Acme from "./support/acme.js"
import { assertRunning, start } from "./support/time.js"
import * as Wire from "./support/wire.js"

const noRetry = { attempts: 1 }

describe("ExchangeClient: time", () => {
  it.scoped("an attempt ends exactly at its timeout, and its request is aborted", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.hang, { attemptTimeout: "3 seconds", retry: noRetry })
      const fiber = yield* start(Effect.flip(client.request(Acme.order, { amount: 1 })))
      yield* TestClock.adjust(2_999)
      yield* assertRunning(fiber)
      assert.strictEqual(sent[0]?.signal.aborted, false)
      yield* TestClock.adjust(1)
      const error = yield* Fiber.join(fiber)
      assert.instanceOf(error, ExchangeError.RequestTimedOut)
      assert.strictEqual(error.outcome, "Unknown")
      assert.strictEqual(sent[0]?.signal.aborted, true)
    }))

  it.scoped("the timeout of an attempt covers its body", () =>
    Effect.gen(function*() {
      const endless = () =>
        new Response(
          new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) })
        )
      const { client } = yield* Wire.setup(endless, { attemptTimeout: "3 seconds", retry: noRetry })
      const fiber = yield* start(Effect.flip(client.request(Acme.value, {})))
      yield* TestClock.adjust(2_999)
      yield* assertRunning(fiber)
      yield* TestClock.adjust(1)
      assert.instanceOf(yield* Fiber.join(fiber), ExchangeError.RequestTimedOut)
    }))

  it.scoped("each attempt has its own timeout", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup((_, index) => index === 0 ? Wire.hang : Wire.ok(), {
        attemptTimeout: "3 seconds"
      })
      const fiber = yield* start(client.request(Acme.value, {}))
      yield* TestClock.adjust(2_999)
      assert.strictEqual(sent.length, 1)
      yield* TestClock.adjust(102)
      yield* Fiber.join(fiber)
      assert.strictEqual(sent.length, 2)
    }))

  it.scoped("the deadline ends an attempt in flight with RequestTimedOut", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.hang, { attemptTimeout: "1 minute", deadline: "5 seconds" })
      const fiber = yield* start(Effect.flip(client.request(Acme.order, { amount: 1 })))
      yield* TestClock.adjust(4_999)
      yield* assertRunning(fiber)
      assert.strictEqual(sent[0]?.signal.aborted, false)
      yield* TestClock.adjust(1)
      const error = yield* Fiber.join(fiber)
      assert.instanceOf(error, ExchangeError.RequestTimedOut)
      assert.strictEqual(error.outcome, "Unknown")
      assert.deepStrictEqual(sent.map(({ signal }) => signal.aborted), [true])
    }))

  it.scoped("a wait for the rate limiter beyond the deadline is refused immediately", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.ok(), { deadline: "9 seconds" })
      yield* Effect.repeatN(client.request(Acme.value, {}), 9)
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(error, ExchangeError.DeadlineExceeded)
      assert.strictEqual(sent.length, 10)
      // A second later the same wait would end in time.
      yield* TestClock.adjust("1001 millis")
      const fiber = yield* start(client.request(Acme.value, {}))
      yield* assertRunning(fiber)
      yield* TestClock.adjust("9 seconds")
      yield* Fiber.join(fiber)
    }))

  it.scoped("a retry beyond the deadline is not waited for: the last error is returned immediately", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.refuse("RateLimited"), { deadline: "2 seconds" })
      assert.instanceOf(yield* Effect.flip(client.request(Acme.value, {})), ExchangeError.RateLimited)
      assert.strictEqual(sent.length, 1)
    }))

  it.scoped("each attempt is signed anew: timestamp and signature differ", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup((_, index) => index === 0 ? Wire.refuse("RateLimited") : Wire.ok())
      yield* TestClock.setTime(1_700_000_000_000)
      const fiber = yield* start(client.request(Acme.balance, {}))
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(fiber)
      const stamps = sent.map(({ query }) => Number(query.get("timestamp")))
      assert.deepStrictEqual(stamps, sent.map(({ at }) => Math.floor(at)))
      assert.strictEqual(stamps[0], 1_700_000_000_000)
      assert.isAtLeast(stamps[1] ?? 0, 1_700_000_002_000)
      assert.notStrictEqual(sent[0]?.query.get("signature"), sent[1]?.query.get("signature"))
    }))

  it.scoped("a call is signed when it is sent, not when it is queued", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.ok())
      yield* Effect.repeatN(client.request(Acme.value, {}), 9)
      const fiber = yield* start(client.request(Acme.balance, {}))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      assert.strictEqual(sent[10]?.query.get("timestamp"), "10000")
    }))

  it.scoped("timestamps are corrected by the Date header", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.ok({ date: "Tue, 14 Nov 2023 22:18:20 GMT" }))
      yield* TestClock.setTime(1_700_000_000_000)
      yield* client.request(Acme.value, {})
      yield* client.request(Acme.balance, {})
      // The header means a second that is 300 s to 301 s ahead; its middle is used.
      assert.strictEqual(sent[1]?.query.get("timestamp"), "1700000300500")
      assert.strictEqual((yield* client.health).clockSkewMillis, 300_500)
    }))

  const at = 1_700_000_000_000
  const minutes = (count: number): string => new Date(at + count * 60_000).toUTCString()

  for (
    const [title, headers] of Object.entries({
      "of a cached answer": { date: minutes(-1), age: "60", "x-cache": "Hit from cloudfront" },
      "in the year 9999": { date: "Fri, 31 Dec 9999 23:59:59 GMT" },
      "a day ago": { date: minutes(-1500) },
      "that is a number": { date: "-5" },
      "without a time": { date: "Tue, 14 Nov 2023" },
      "that is not a date": { date: "soon" },
      "in whole seconds": { date: minutes(0) }
    })
  ) {
    it.scoped(`a Date ${title} does not change the clock skew, and the protocol sees it only if it is credible`, () =>
      Effect.gen(function*() {
        const seen: Array<string | undefined> = []
        const { client, sent } = yield* Wire.setup(() => Wire.ok({ ...headers }), {
          protocol: {
            learn: ({ headers: { date } }) => {
              seen.push(date)
              return {}
            }
          }
        })
        yield* TestClock.setTime(at + 300)
        yield* client.request(Acme.value, {})
        yield* client.request(Acme.balance, {})
        assert.strictEqual(sent[1]?.query.get("timestamp"), String(at + 300))
        assert.strictEqual((yield* client.health).clockSkewMillis, 0)
        assert.deepStrictEqual([...new Set(seen)], [title === "in whole seconds" ? headers.date : undefined])
      }))
  }

  for (const [title, headers, offset] of [["an answer", {}, -7123], ["a cached answer", { age: "60" }, 0]] as const) {
    it.scoped(`the server time in ${title} is ${offset === 0 ? "ignored" : "used to the millisecond"}`, () =>
      Effect.gen(function*() {
        const { client } = yield* Wire.setup(() => Wire.ok({ ...headers }), {
          protocol: { learn: () => ({ serverTime: at - 7123 }) }
        })
        yield* TestClock.setTime(at)
        yield* client.request(Acme.value, {})
        // It was read within the millisecond that it names.
        assert.approximately((yield* client.health).clockSkewMillis, offset, 1)
      }))
  }

  it.scoped("a server time in whole seconds does not change a skew within that second", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(
        ({ at, path }) =>
          path === "/time" ? Wire.json({ now: Math.floor(at / 1000) * 1000 }) : Wire.refuse("ClockSkew"),
        { protocol: { serverTimeStep: 1000 } }
      )
      yield* TestClock.setTime(at + 900)
      yield* Effect.flip(client.request(Acme.balance, {}))
      assert.strictEqual((yield* client.health).clockSkewMillis, 0)
    }))

  it.scoped("the clock of an exchange without an endpoint for it is that of the Date header", () =>
    Effect.gen(function*() {
      const ping = { ...Acme.serverTime, path: "/ping", decode: () => Either.right(undefined) }
      const { client, sent } = yield* Wire.setup(
        ({ path, query }) =>
          path === "/ping"
            ? Wire.json([1], 200, { date: minutes(5) })
            : Math.abs(Number(query.get("timestamp")) - at - 300_000) < 1000
            ? Wire.ok()
            : Wire.refuse("ClockSkew"),
        { protocol: { serverTime: ping } }
      )
      yield* TestClock.setTime(at)
      assert.deepStrictEqual(yield* client.request(Acme.balance, {}), { value: 1 })
      assert.deepStrictEqual(sent.map(({ path }) => path), ["/balance", "/ping", "/balance"])
    }))

  it.scoped("a Retry-After that is a date is compared with the exchange's clock", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(
        () => new Response("", { status: 429, headers: { date: minutes(5), "retry-after": minutes(5.5) } }),
        { retry: noRetry }
      )
      yield* TestClock.setTime(at)
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(error, ExchangeError.RateLimited)
      // Thirty seconds, minus half a second: the Date header means the middle of its second.
      assert.strictEqual(Duration.toMillis(error.retryAfter), 29_500)
    }))

  it.scoped("a refused key counts as ClockSkew only if the clock was off by more than the tolerance", () =>
    Effect.gen(function*() {
      const protocol = { tolerance: "30 seconds" as const }
      const refused = (ahead: number) => ({ path, query }: Wire.Sent) =>
        path === "/time"
          ? Wire.json({ now: at + ahead })
          : Math.abs(Number(query.get("timestamp")) - at - ahead) < 1000
          ? Wire.ok()
          : Wire.refuse("AuthenticationFailed", 401, { date: minutes(ahead / 60_000) })
      const off = yield* Wire.setup(refused(300_000), { protocol })
      yield* TestClock.setTime(at)
      assert.deepStrictEqual(yield* off.client.request(Acme.balance, {}), { value: 1 })
      assert.deepStrictEqual(off.sent.map(({ path }) => path), ["/balance", "/time", "/balance"])
      for (const [ahead, tolerance] of [[20_000, "30 seconds"], [300_000, undefined]] as const) {
        const near = yield* Wire.setup(refused(ahead), { protocol: { tolerance } })
        const error = yield* Effect.flip(near.client.request(Acme.balance, {}))
        assert.instanceOf(error, ExchangeError.AuthenticationFailed)
        assert.strictEqual(near.sent.length, 1)
      }
    }))

  it.scoped("after ClockSkew the clocks are compared once and the call is retried once", () =>
    Effect.gen(function*() {
      const ahead = 5 * 60_000
      const { client, sent } = yield* Wire.setup(({ at, path, query }) => {
        if (path === "/time") return Wire.json({ now: at + ahead })
        return Math.abs(Number(query.get("timestamp")) - at - ahead) > 1_000 ? Wire.refuse("ClockSkew") : Wire.ok()
      })
      yield* client.request(Acme.balance, {})
      assert.deepStrictEqual(sent.map(({ path }) => path), ["/balance", "/time", "/balance"])
      yield* client.request(Acme.order, { amount: 1 })
      assert.strictEqual(sent.length, 4)
    }))

  it.scoped("a second ClockSkew is not retried", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(({ at, path }) =>
        path === "/time" ? Wire.json({ now: at }) : Wire.refuse("ClockSkew")
      )
      const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
      assert.instanceOf(error, ExchangeError.ClockSkew)
      assert.deepStrictEqual(sent.map(({ path }) => path), ["/order", "/time", "/order"])
    }))

  it.scoped("if the clocks cannot be compared, ClockSkew is returned and the call is not retried", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(({ path }) =>
        path === "/time" ? Wire.refuse("PermissionDenied") : Wire.refuse("ClockSkew")
      )
      assert.instanceOf(yield* Effect.flip(client.request(Acme.balance, {})), ExchangeError.ClockSkew)
      assert.deepStrictEqual(sent.map(({ path }) => path), ["/balance", "/time"])
    }))

  it.scoped("a comparison of clocks that had to queue is as exact as one that did not", () =>
    Effect.gen(function*() {
      const skew = -3_000
      const { client, sent } = yield* Wire.setup(({ at, path, query }) => {
        if (path === "/time") return Wire.json({ now: at + skew })
        if (path !== "/balance") return Wire.ok()
        return Math.abs(Number(query.get("timestamp")) - at - skew) > 1_000 ? Wire.refuse("ClockSkew") : Wire.ok()
      })
      yield* Effect.repeatN(client.request(Acme.value, {}), 8)
      yield* Effect.repeatN(client.request(Acme.named, { name: "a" }), 8)
      yield* TestClock.adjust("4 seconds")
      // The last token goes to the balance, so the comparison waits for six seconds.
      const fiber = yield* start(client.request(Acme.balance, {}))
      yield* TestClock.adjust(5_999)
      yield* assertRunning(fiber)
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(sent.slice(18).map(({ path }) => path), ["/balance", "/time", "/balance"])
      assert.approximately((yield* client.health).clockSkewMillis, skew, 1)
    }))

  it.scoped("a ban opens the circuit breaker of every capability, and of the reads for trading, until exactly its end", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup((_, index) => index === 0 ? Wire.refuse("Banned", 418) : Wire.ok())
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(error, ExchangeError.Banned)
      assert.strictEqual(error.until, 60_000)
      const refused = Effect.all([
        Effect.flip(client.request(Acme.value, {})),
        Effect.flip(client.request(Acme.balance, {})),
        Effect.flip(asTrading(client.request(Acme.balance, {}))),
        Effect.flip(client.request(Acme.order, { amount: 1 }))
      ])
      assert.deepStrictEqual((yield* refused).map(({ _tag }) => _tag), Array(4).fill("CircuitOpen"))
      assert.strictEqual((yield* client.health).bannedUntil, 60_000)
      yield* TestClock.adjust(59_999)
      assert.deepStrictEqual((yield* refused).map(({ _tag }) => _tag), Array(4).fill("CircuitOpen"))
      assert.strictEqual(sent.length, 1)
      yield* TestClock.adjust(1)
      yield* client.request(Acme.value, {})
      yield* client.request(Acme.balance, {})
      yield* asTrading(client.request(Acme.balance, {}))
      yield* client.request(Acme.order, { amount: 1 })
      assert.strictEqual(sent.length, 5)
    }))

  it.scoped("the usage that the exchange reports updates the rate limiter", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.ok({ "x-used-ip": "95" }))
      yield* client.request(Acme.named, { name: "a" })
      const usage = (yield* client.health).limits.find(({ scope }) => scope === "ip")?.used
      assert.strictEqual(usage, 0.95)
      const fiber = yield* start(client.request(Acme.value, {}))
      yield* TestClock.adjust(9_999)
      yield* assertRunning(fiber)
      assert.strictEqual(sent.length, 1)
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
    }))

  it.scoped("usage is read from errors too", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.refuse("InvalidRequest", 400, { "x-used-ip": "50" }))
      yield* Effect.flip(client.request(Acme.named, { name: "a" }))
      assert.strictEqual((yield* client.health).limits.find(({ scope }) => scope === "ip")?.used, 0.5)
    }))

  it.scoped("timeouts open the circuit breaker, rejected requests do not", () =>
    Effect.gen(function*() {
      const breaker = { trip: Trip.consecutive(2) }
      const slow = yield* Wire.setup(() => Wire.hang, { breaker, retry: noRetry, attemptTimeout: "1 second" })
      const twice = yield* start(Effect.repeatN(Effect.flip(slow.client.request(Acme.value, {})), 1))
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(twice)
      assert.instanceOf(yield* Effect.flip(slow.client.request(Acme.value, {})), ExchangeError.CircuitOpen)
      const refusing = yield* Wire.setup(() => Wire.refuse("InvalidRequest"), { breaker })
      yield* Effect.repeatN(Effect.flip(refusing.client.request(Acme.value, {})), 5)
      assert.strictEqual(refusing.sent.length, 6)
    }))

  it.scoped("the error of an open circuit breaker says how long it stays open", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.refuse("Banned"))
      yield* Effect.flip(client.request(Acme.value, {}))
      yield* TestClock.adjust("20 seconds")
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(error, ExchangeError.CircuitOpen)
      assert.strictEqual(Duration.toMillis(error.retryAfter), 40_000)
      assert.include(error.message, "try again in 40s")
    }))
})
