import { Trip } from "@effect-exchange/resilience"
import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Schema, Scope, TestClock } from "effect"
import { ExchangeClient } from "../src/adapter.js"
import { ExchangeState, Health } from "../src/index.js"
import * as Acme from "./support/acme.js"
import { start } from "./support/time.js"
import * as Wire from "./support/wire.js"

const source = (exchange: string, status: Health.Status): Effect.Effect<Health.ExchangeHealth> =>
  Effect.succeed({ exchange, environment: "live", status, breakers: [], limits: [], clockSkewMillis: 0 })

const states = (client: Wire.Setup["client"]) =>
  Effect.map(client.health, ({ breakers, reason, status }) => ({
    status,
    reason,
    breakers: breakers.map(({ state }) => state)
  }))

const once = { retry: { attempts: 1 }, breaker: { trip: Trip.consecutive(1) } }

describe("Health", () => {
  for (
    const [statuses, overall] of [
      [[], "pass"],
      [["pass"], "pass"],
      [["pass", "pass"], "pass"],
      [["pass", "warn"], "warn"],
      [["warn"], "warn"],
      [["pass", "fail"], "warn"],
      [["warn", "fail"], "warn"],
      [["fail"], "fail"],
      [["fail", "fail"], "fail"]
    ] as const
  ) {
    it.scoped(`exchanges with [${statuses.join(", ")}] make the report ${overall}`, () =>
      Effect.gen(function*() {
        const health = yield* Health.make
        for (const [index, status] of statuses.entries()) yield* health.register(source(`x${index}`, status))
        const report = yield* health.report
        assert.strictEqual(report.status, overall)
        assert.deepStrictEqual(report.exchanges.map(({ status }) => status), statuses.slice())
      }))
  }

  it.effect("an exchange is reported until its scope closes", () =>
    Effect.gen(function*() {
      const health = yield* Health.make
      const scope = yield* Scope.make()
      yield* health.register(source("a", "fail")).pipe(Scope.extend(scope))
      assert.strictEqual((yield* health.report).exchanges.length, 1)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* health.report, { status: "pass", exchanges: [] })
    }))

  it.effect("clients register themselves and are removed with their scope", () =>
    Effect.gen(function*() {
      const health = yield* Health.Health
      const client = ExchangeClient.make(Acme.protocol).pipe(
        Effect.provideService(HttpClient.HttpClient, Wire.make(() => Wire.ok()).client),
        Effect.provide(ExchangeState.layer)
      )
      yield* Effect.scoped(Effect.gen(function*() {
        yield* client
        yield* client
        const { exchanges, status } = yield* health.report
        assert.strictEqual(status, "pass")
        assert.deepStrictEqual(exchanges.map(({ exchange, environment }) => [exchange, environment]), [
          ["acme", "live"],
          ["acme", "live"]
        ])
      }))
      assert.strictEqual((yield* health.report).exchanges.length, 0)
    }).pipe(Effect.provide(Health.layer)))

  it.scoped("a report can be encoded as JSON and decoded", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.refuse("Banned"), once)
      yield* Effect.flip(client.request(Acme.value, {}))
      const report = { status: "fail" as const, exchanges: [yield* client.health] }
      const text = JSON.stringify(yield* Schema.encode(Health.Report)(report))
      const back = yield* Schema.decodeUnknown(Schema.parseJson(Health.Report))(text)
      assert.strictEqual(JSON.stringify(yield* Schema.encode(Health.Report)(back)), text)
      assert.deepStrictEqual(back.exchanges[0]?.breakers.map(({ state }) => state), ["Open", "Open", "Open", "Open"])
    }))
})

describe("Health of one exchange", () => {
  it.scoped("has the last success and the last failure", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup((_, index) => index === 0 ? Wire.ok() : Wire.refuse("ExchangeUnavailable"), {
        retry: { attempts: 1 }
      })
      assert.strictEqual((yield* client.health).lastSuccessAt, undefined)
      yield* TestClock.adjust(1_000)
      yield* client.request(Acme.value, {})
      yield* TestClock.adjust(1_000)
      yield* Effect.flip(client.request(Acme.value, {}))
      const health = yield* client.health
      assert.strictEqual(health.status, "pass")
      assert.strictEqual(health.lastSuccessAt, 1_000)
      assert.deepStrictEqual(health.lastFailure, { at: 2_000, operation: "value", error: "ExchangeUnavailable" })
    }))

  it.scoped("does not count a rejected request as a failure", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.refuse("InvalidRequest"), once)
      yield* Effect.flip(client.request(Acme.value, {}))
      assert.strictEqual((yield* client.health).lastFailure, undefined)
    }))

  it.scoped("fails while the circuit breaker for market data is open and warns while it is half-open", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(
        (_, index) => index === 0 ? Wire.refuse("ExchangeUnavailable") : index === 1 ? Wire.hang : Wire.ok(),
        once
      )
      yield* Effect.flip(client.request(Acme.value, {}))
      const open = yield* client.health
      assert.strictEqual(open.status, "fail")
      assert.include(open.reason ?? "", "market data")
      assert.isAbove(open.breakers[0]?.retryAfterMillis ?? 0, 0)
      yield* TestClock.adjust("1 second")
      yield* start(client.request(Acme.value, {}))
      assert.deepStrictEqual(yield* states(client), {
        status: "warn",
        reason: "the circuit for marketData is half-open",
        breakers: ["HalfOpen", "Closed", "Closed", "Closed"]
      })
    }))

  it.scoped("warns while another circuit breaker is open", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.refuse("ExchangeUnavailable"), once)
      yield* Effect.flip(client.request(Acme.balance, {}))
      assert.deepStrictEqual(yield* states(client), {
        status: "warn",
        reason: "the circuit for account is open",
        breakers: ["Closed", "Open", "Closed", "Closed"]
      })
    }))

  it.scoped("does not warn of a limit that is almost used up", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.ok())
      yield* Effect.repeatN(client.request(Acme.value, {}), 8)
      yield* client.request(Acme.named, { name: "a" })
      const { limits, status } = yield* client.health
      assert.strictEqual(status, "pass")
      assert.isAbove(Math.max(...limits.map(({ used }) => used)), 0.9)
    }))

  it.scoped("warns of a ban and of a pause while they last, with the reason", () =>
    Effect.gen(function*() {
      for (
        const [error, reason] of [
          ["Banned", "the exchange has banned this client for another"],
          ["RateLimited", "the exchange requested a pause of"]
        ] as const
      ) {
        const { client } = yield* Wire.setup(
          (_, index) => index === 0 ? Wire.refuse(error, 429, { "retry-after": "60" }) : Wire.ok(),
          once
        )
        yield* Effect.flip(client.request(Acme.value, {}))
        const { reason: reported, status } = yield* client.health
        assert.strictEqual(status, "warn", error)
        assert.include(reported ?? "", reason)
        yield* TestClock.adjust("10 minutes")
        assert.notInclude((yield* client.health).reason ?? "", reason)
      }
    }))

  it.scoped("warns if the clock is off by more than a second", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.ok({ date: "Thu, 01 Jan 1970 00:05:00 GMT" }))
      yield* client.request(Acme.value, {})
      const health = yield* client.health
      assert.strictEqual(health.status, "warn")
      assert.include(health.reason ?? "", "clock differs by 300500 ms")
    }))

  it.scoped("fails if the exchange has shut down", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.ok(), { environment: "testnet" })
      const health = yield* client.health
      assert.deepStrictEqual([health.status, health.reason, health.environment], [
        "fail",
        "closed since 2026-01-01",
        "testnet"
      ])
    }))

  it.scoped("ignores invalid usage", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup((_, index) =>
        Wire.ok({ "x-used-ip": ["NaN", "-5", "abc", "Infinity"][index] ?? "0" })
      )
      for (let call = 0; call < 3; call++) yield* client.request(Acme.named, { name: "a" })
      assert.strictEqual((yield* client.health).limits[0]?.used, 0.03)
    }))
})
