import type { Exchange } from "@effect-exchange/core/adapter"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Random, TestClock } from "effect"
import { BitMex } from "../src/index.js"
import { now, requestLog } from "./utils.js"

const environment = Simulator.environment("bitmex")

const client = (options?: Exchange.AccountOptions) =>
  BitMex.layerAccount({ environment, credentials: Simulator.credentials("bitmex"), ...options })

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
          Simulator.layer("bitmex", { faults: Faults.make({ seed: "lifecycle", ...faults }) })
        )),
        Effect.withRandom(Random.fixed([0.5]))
      )
    )

const simulator = Effect.flatMap(Simulator.Simulators, ({ get }) => get("bitmex"))

const setFaults = (faults: Faults.Options) =>
  Effect.flatMap(simulator, ({ setFaults }) => setFaults(Faults.make({ seed: "lifecycle", ...faults })))

const count = Effect.map(requestLog, (requests) => requests.length)

const serverTime = Effect.flatMap(BitMex.MarketData, (market) => market.serverTime)
const balances = Effect.flatMap(BitMex.Account, (account) => account.balances)

/** Runs an effect to its end, and advances the clock while it waits. */
const elapsing = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(effect, Effect.forever(TestClock.adjust("1 second")))

describe("clock skew", () => {
  it.effect("is corrected after one refusal if the exchange's clock is ahead", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* balances).length, 3)
      const once = ["/api/v1/user/margin 400", "/api/v1 200", "/api/v1/user/margin 200"]
      assert.deepStrictEqual(yield* requestLog, once)
      yield* balances
      assert.deepStrictEqual(yield* requestLog, [...once, "/api/v1/user/margin 200"])
    }).pipe(simulated({ clockSkew: { ahead: "5 minutes" } })))

  it.effect("is not corrected if the exchange's clock is behind, as the request only expires later", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* balances).length, 3)
      assert.deepStrictEqual(yield* requestLog, ["/api/v1/user/margin 200"])
    }).pipe(simulated({ clockSkew: { behind: "5 minutes" } })))

  for (const clockSkew of [{ ahead: "5 minutes" }, { behind: "5 minutes" }] as const) {
    it.effect(`is known from public data before anything is signed: ${JSON.stringify(clockSkew)}`, () =>
      Effect.gen(function*() {
        yield* serverTime
        yield* balances
        assert.deepStrictEqual(yield* requestLog, ["/api/v1 200", "/api/v1/user/margin 200"])
      }).pipe(simulated({ clockSkew })))
  }

  it.effect("fails with ClockSkew if comparing the clocks does not correct it", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const error = yield* Effect.flip(Effect.flatMap(BitMex.Account, (account) => account.balances)).pipe(
        Effect.provide(client())
      )
      assert.strictEqual(error._tag, "ClockSkew")
      const requests = yield* Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests)
      assert.strictEqual(requests.length, 3)
    }).pipe(Effect.provide(ScriptedHttp.layer(({ url }) =>
      url.includes("/user/margin")
        ? ScriptedHttp.json({ error: { message: "This request has expired", name: "HTTPError" } }, { status: 401 })
        : ScriptedHttp.json({ name: "BitMEX API", version: "2.0.0", timestamp: now })
    ))))
})

describe("rate limits", () => {
  it.effect("make every caller wait as long as the exchange asks", () =>
    Effect.gen(function*() {
      const first = yield* Effect.fork(serverTime)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* requestLog, ["/api/v1 429 http429"])
      yield* setFaults({})
      const second = yield* Effect.fork(serverTime)
      // The limit of an account is by key, not by address.
      assert.strictEqual((yield* balances).length, 3)
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(yield* count, 2)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(second), now + 1000)
      assert.strictEqual(yield* count, 3)
      yield* TestClock.adjust("49 millis")
      assert.strictEqual(yield* count, 3)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(first), now + 1050)
    }).pipe(simulated({ http429: 1 })))

  it.effect("fail with RateLimited after three attempts", () =>
    Effect.gen(function*() {
      const error = yield* elapsing(Effect.flip(serverTime))
      assert.strictEqual(error._tag, "RateLimited")
      assert.strictEqual(error.code, "RateLimitError")
      assert.strictEqual(yield* count, 3)
    }).pipe(simulated({ http429: 1 })))

  it.effect("send one request every two seconds after a burst of thirty", () =>
    Effect.gen(function*() {
      yield* Effect.replicateEffect(serverTime, 30, { discard: true })
      assert.strictEqual(yield* count, 30)
      const fiber = yield* Effect.fork(serverTime)
      yield* TestClock.adjust("1999 millis")
      assert.strictEqual(yield* count, 30)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(fiber), now + 2000)
      assert.isTrue((yield* requestLog).every((request) => request === "/api/v1 200"))
    }).pipe(simulated({}, { deadline: "2 minutes" })))

  it.effect("hold back a request that exceeds what the exchange reports as remaining", () =>
    Effect.gen(function*() {
      yield* sendFromElsewhere("/api/v1", 29)
      yield* serverTime
      const before = yield* count
      const fiber = yield* Effect.fork(serverTime)
      yield* TestClock.adjust("1999 millis")
      assert.strictEqual(yield* count, before)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(fiber)
      assert.strictEqual(yield* count, before + 1)
    }).pipe(simulated()))
})

/** Sends `times` requests from another process with the same address. */
const sendFromElsewhere = (target: string, times: number) =>
  Effect.flatMap(simulator, ({ handle }) =>
    Effect.replicateEffect(
      handle({ method: "GET", target, headers: {}, body: new Uint8Array(0), remoteAddress: "127.0.0.1" }),
      times,
      { discard: true }
    ))

describe("ban", () => {
  it.effect("after an error storm stops every request until the millisecond it ends, an hour later", () =>
    Effect.gen(function*() {
      yield* sendFromElsewhere("/api/v1/nothing", 50)
      const error = yield* Effect.flip(serverTime)
      assert(error._tag === "Banned")
      assert.strictEqual(error.status, 403)
      assert.strictEqual(error.until, now + 3_600_000)
      const before = yield* count
      yield* TestClock.adjust("3599999 millis")
      for (const refused of [yield* Effect.flip(serverTime), yield* Effect.flip(balances)]) {
        assert(refused._tag === "CircuitOpen")
        assert.strictEqual(Duration.toMillis(refused.retryAfter), 1)
      }
      assert.strictEqual(yield* count, before)
      yield* TestClock.adjust("1 millis")
      yield* serverTime
      yield* balances
      assert.deepStrictEqual((yield* requestLog).slice(before), ["/api/v1 200", "/api/v1/user/margin 200"])
    }).pipe(simulated()))
})
