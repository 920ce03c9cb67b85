import type { Exchange } from "@effect-exchange/core/adapter"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Random, TestClock } from "effect"
import { Binance } from "../src/index.js"
import { fixture, html, now, requestLog } from "./utils.js"

const environment = Simulator.environment("binance")

const client = (options?: Exchange.AccountOptions) =>
  Binance.layerAccount({ environment, credentials: Simulator.credentials("binance"), ...options })

// Every jitter is the middle of its range: the first retry comes after 50 ms, the second 100 ms later, and a
// Retry-After is exceeded by 50 ms.
const simulated =
  (faults?: Faults.Options, options?: Exchange.AccountOptions) =>
  <A, E, R extends Layer.Layer.Success<ReturnType<typeof client>>>(
    effect: Effect.Effect<A, E, R | Simulator.Simulators>
  ) =>
    Effect.zipRight(
      TestClock.setTime(now),
      effect.pipe(
        Effect.provide(Layer.provideMerge(
          client(options),
          Simulator.layer("binance", { faults: Faults.make({ seed: "lifecycle", ...faults }) })
        )),
        Effect.withRandom(Random.fixed([0.5]))
      )
    )

const simulator = Effect.flatMap(Simulator.Simulators, ({ get }) => get("binance"))

const setFaults = (faults: Faults.Options) =>
  Effect.flatMap(simulator, ({ setFaults }) => setFaults(Faults.make({ seed: "lifecycle", ...faults })))

const count = Effect.map(requestLog, (requests) => requests.length)

const serverTime = Effect.flatMap(Binance.MarketData, (market) => market.serverTime)
const balances = Effect.flatMap(Binance.Account, (account) => account.balances)

/** Runs an effect to its end, and advances the clock while it waits. */
const elapsing = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(effect, Effect.forever(TestClock.adjust("1 second")))

describe("clock skew", () => {
  for (const clockSkew of [{ ahead: "5 minutes" }, { behind: "5 minutes" }] as const) {
    it.effect(`is corrected after one refusal: ${JSON.stringify(clockSkew)}`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* balances).length, 3)
        const once = ["/api/v3/account 400", "/api/v3/time 200", "/api/v3/account 200"]
        assert.deepStrictEqual(yield* requestLog, once)
        yield* balances
        assert.deepStrictEqual(yield* requestLog, [...once, "/api/v3/account 200"])
      }).pipe(simulated({ clockSkew })))

    it.effect(`is known from public data before anything is signed: ${JSON.stringify(clockSkew)}`, () =>
      Effect.gen(function*() {
        yield* serverTime
        yield* balances
        assert.deepStrictEqual(yield* requestLog, ["/api/v3/time 200", "/api/v3/account 200"])
      }).pipe(simulated({ clockSkew })))
  }

  it.effect("is corrected again after it changes", () =>
    Effect.gen(function*() {
      yield* balances
      yield* setFaults({ clockSkew: { behind: "10 minutes" } })
      yield* balances
      yield* setFaults({})
      yield* balances
      const refused = (yield* requestLog).filter((request) => request.endsWith("400"))
      assert.strictEqual(refused.length, 3)
    }).pipe(simulated({ clockSkew: { ahead: "5 minutes" } })))

  it.effect("fails with ClockSkew if comparing the clocks does not correct it", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const error = yield* Effect.flip(Effect.flatMap(Binance.Account, (account) => account.balances)).pipe(
        Effect.provide(client())
      )
      assert.strictEqual(error._tag, "ClockSkew")
      const requests = yield* Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests)
      assert.strictEqual(requests.length, 3)
    }).pipe(Effect.provide(ScriptedHttp.layer(({ url }) =>
      url.includes("/api/v3/time")
        ? ScriptedHttp.json({ serverTime: now })
        : ScriptedHttp.json({ code: -1021, msg: "Timestamp for this request is outside of the recvWindow." }, {
          status: 400
        })
    ))))
})

describe("rate limits", () => {
  it.effect("make every caller wait as long as the exchange asks", () =>
    Effect.gen(function*() {
      const first = yield* Effect.fork(serverTime)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* requestLog, ["/api/v3/time 429 http429"])
      yield* setFaults({})
      const second = yield* Effect.fork(serverTime)
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(yield* count, 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(second), now + 1000)
      assert.strictEqual(yield* count, 2)
      yield* TestClock.adjust("49 millis")
      assert.strictEqual(yield* count, 2)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(first), now + 1050)
    }).pipe(simulated({ http429: 1 })))

  it.effect("fail with RateLimited after three attempts", () =>
    Effect.gen(function*() {
      const error = yield* elapsing(Effect.flip(serverTime))
      assert.strictEqual(error._tag, "RateLimited")
      assert.strictEqual(error.code, "-1003")
      assert.strictEqual(yield* count, 3)
    }).pipe(simulated({ http429: 1 })))

  it.effect("make a call wait until the exchange's minute ends when others have used up the weight of the address", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("40 seconds")
      yield* sendFromElsewhere(300)
      const before = yield* count
      const fiber = yield* Effect.fork(serverTime)
      yield* TestClock.adjust("19999 millis")
      assert.deepStrictEqual((yield* requestLog).slice(before), ["/api/v3/time 429"])
      yield* TestClock.adjust("52 millis")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual((yield* requestLog).slice(before), ["/api/v3/time 429", "/api/v3/time 200"])
    }).pipe(simulated()))

  it.effect("hold back a request that exceeds the weight reported by the exchange", () =>
    Effect.gen(function*() {
      // 5,980 of 6,000.
      yield* sendFromElsewhere(299)
      yield* serverTime
      const market = yield* Binance.MarketData
      const before = yield* count
      const fiber = yield* Effect.fork(market.markets)
      yield* TestClock.adjust("29 seconds")
      // The listing costs 20 and there is room for 19: it is not even sent.
      assert.strictEqual(yield* count, before)
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.strictEqual(error._tag, "DeadlineExceeded")
    }).pipe(simulated()))
})

/** Sends `times` requests for listings, of weight 20 each, from another process with the same address. */
const sendFromElsewhere = (times: number) =>
  Effect.flatMap(simulator, ({ handle }) =>
    Effect.replicateEffect(
      handle({
        method: "GET",
        target: "/api/v3/exchangeInfo",
        headers: {},
        body: new Uint8Array(0),
        remoteAddress: "127.0.0.1"
      }),
      times,
      { discard: true }
    ))

describe("ban", () => {
  it.effect("stops every request until the millisecond it ends", () =>
    Effect.gen(function*() {
      yield* sendFromElsewhere(311)
      const error = yield* Effect.flip(serverTime)
      assert(error._tag === "Banned")
      assert.strictEqual(error.code, "-1003")
      assert.strictEqual(error.until, now + 120_000)
      const before = yield* count
      yield* TestClock.adjust("119999 millis")
      for (const refused of [yield* Effect.flip(serverTime), yield* Effect.flip(balances)]) {
        assert(refused._tag === "CircuitOpen")
        assert.strictEqual(Duration.toMillis(refused.retryAfter), 1)
      }
      assert.strictEqual(yield* count, before)
      yield* TestClock.adjust("1 millis")
      yield* serverTime
      yield* balances
      assert.deepStrictEqual((yield* requestLog).slice(before), ["/api/v3/time 200", "/api/v3/account 200"])
    }).pipe(simulated()))
})

describe("firewall", () => {
  it.effect("stops every request for five minutes after a 403", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const scripted = yield* ScriptedHttp.ScriptedHttp
      const market = yield* Binance.MarketData
      const error = yield* Effect.flip(market.serverTime)
      assert.strictEqual(error._tag, "RateLimited")
      // Longer than the deadline, so it is not waited for.
      assert.strictEqual((yield* scripted.requests).length, 1)
      const queued = yield* Effect.flip(market.serverTime)
      assert.strictEqual(queued._tag, "DeadlineExceeded")
      assert.strictEqual((yield* scripted.requests).length, 1)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* market.serverTime, 1_763_942_400_123)
      assert.strictEqual((yield* scripted.requests).length, 2)
    }).pipe(
      Effect.provide(Layer.provideMerge(
        Binance.layerMarketData({ environment: { name: "scripted", baseUrl: "http://scripted.localhost" } }),
        ScriptedHttp.layer([ScriptedHttp.text(html, { status: 403 }), ScriptedHttp.text(fixture("time"))])
      ))
    ))
})
