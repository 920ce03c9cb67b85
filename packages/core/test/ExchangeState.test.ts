import { RateLimiterStore, Trip } from "@effect-exchange/resilience"
import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Either, Fiber, Layer, Logger, Redacted, Ref, type Scope, TestClock } from "effect"
import { type Endpoint, ExchangeClient, type Protocol } from "../src/adapter.js"
import { Credentials, ExchangeError, ExchangeState } from "../src/index.js"
import * as Acme from "./support/acme.js"
import { assertRunning, settableClock, settle, start } from "./support/time.js"
import * as Wire from "./support/wire.js"

const shared: Partial<Protocol.Protocol> = {
  limits: [
    { scope: "ip", limit: 100, window: "10 seconds", reserved: 10 },
    { scope: "key", limit: 2, window: "10 seconds", per: "key" }
  ]
}

interface ClientOptions extends ExchangeClient.Options {
  readonly key?: string
  readonly serves?: ReadonlyArray<Endpoint.Capability>
  readonly protocol?: Partial<Protocol.Protocol>
}

/** A client that uses the provided HttpClient and ExchangeState, which other clients may share. */
const clientOf = ({ key = "one", protocol, ...options }: ClientOptions = {}) =>
  ExchangeClient.make({ ...Acme.protocol, ...shared, ...protocol }, {
    retry: { attempts: 1 },
    credentials: Credentials.fixed({ key: Redacted.make(key), secret: Redacted.make("secret") }),
    ...options
  }).pipe(Effect.orDie)

/** Runs with the state of one application and an HttpClient that answers by the script. */
const inOneApplication = <A, E>(
  script: Wire.Script,
  use: (
    sent: ReadonlyArray<Wire.Sent>
  ) => Effect.Effect<A, E, HttpClient.HttpClient | ExchangeState.ExchangeState | Scope.Scope>
): Effect.Effect<A, E> => {
  return Effect.suspend(() => {
    const wire = Wire.make(script)
    return Effect.scoped(use(wire.sent)).pipe(
      Effect.provideService(HttpClient.HttpClient, wire.client),
      Effect.provide(ExchangeState.layer)
    )
  })
}

const hour = 3_600_000

const times = (count: number) => Array.from({ length: count }, (_, index) => index)

describe("ExchangeState", () => {
  it.effect("two clients of one exchange share a rate limit", () =>
    inOneApplication(() => Wire.ok(), (sent) =>
      Effect.gen(function*() {
        const clients = [yield* clientOf(), yield* clientOf()]
        yield* Effect.forEach(times(30), (index) => Effect.fork(clients[index % 2]!.request(Acme.value, {})))
        yield* settle
        // 90 of 100 tokens at 10 per call: the rest is reserved for trading.
        assert.strictEqual(sent.length, 9)
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(sent.length, 18)
      })))

  it.effect("two applications share nothing", () =>
    Effect.gen(function*() {
      const one = inOneApplication(() => Wire.ok(), (sent) =>
        Effect.gen(function*() {
          const client = yield* clientOf()
          yield* Effect.forEach(times(9), () => client.request(Acme.value, {}))
          return sent.length
        }))
      assert.deepStrictEqual([yield* one, yield* one], [9, 9])
    }))

  it.effect("two origins of one exchange share nothing", () =>
    inOneApplication(() => Wire.ok(), (sent) =>
      Effect.gen(function*() {
        const live = yield* clientOf()
        const mine = yield* clientOf({ environment: { name: "mine", baseUrl: "http://localhost:1" } })
        yield* Effect.forEach(times(9), () => live.request(Acme.value, {}))
        yield* Effect.forEach(times(9), () => mine.request(Acme.value, {}))
        assert.strictEqual(sent.length, 18)
      })))

  it.effect("clients with the same key share a limit per key, and a client with another key has its own", () =>
    inOneApplication(() => Wire.ok(), (sent) =>
      Effect.gen(function*() {
        const [first, second, other] = [yield* clientOf(), yield* clientOf(), yield* clientOf({ key: "two" })]
        yield* first.request(Acme.balance, {})
        yield* second.request(Acme.balance, {})
        const third = yield* start(first.request(Acme.balance, {}))
        yield* assertRunning(third)
        yield* other.request(Acme.balance, {})
        yield* other.request(Acme.balance, {})
        assert.strictEqual(sent.length, 4)
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.join(third)
        assert.deepStrictEqual((yield* first.health).limits.map(({ scope }) => scope), ["ip", "key"])
      })))

  it.effect("a ban of one client stops the others, is shown in health, and is lifted by resume", () =>
    inOneApplication(
      (_, index) => index === 0 ? Wire.refuse("Banned", 418) : Wire.ok(),
      (sent) =>
        Effect.gen(function*() {
          const [first, second] = [yield* clientOf(), yield* clientOf()]
          yield* Effect.flip(first.request(Acme.value, {}))
          const refused = yield* Effect.flip(second.request(Acme.balance, {}))
          assert.instanceOf(refused, ExchangeError.CircuitOpen)
          const { bannedUntil, reason, status } = yield* second.health
          assert.strictEqual(status, "warn")
          assert.strictEqual(bannedUntil, 60_000)
          assert.include(reason, "banned this client for another 1m")
          yield* Effect.flatMap(ExchangeState.ExchangeState, ({ resume }) => resume("acme"))
          yield* second.request(Acme.balance, {})
          assert.strictEqual((yield* second.health).status, "pass")
          assert.strictEqual(sent.length, 2)
        })
    ))

  it.effect("a ban applies to clients that are created later and to capabilities that were never used, until resume", () =>
    inOneApplication(
      (_, index) => index === 0 ? Wire.refuse("Banned", 418) : Wire.ok(),
      (sent) =>
        Effect.gen(function*() {
          const reading = yield* clientOf({ serves: ["marketData"] })
          yield* Effect.flip(reading.request(Acme.value, {}))
          // It has no circuit breaker for capabilities it does not serve, until its first call of one.
          assert.instanceOf(yield* Effect.flip(reading.request(Acme.balance, {})), ExchangeError.CircuitOpen)
          const later = yield* clientOf()
          assert.deepStrictEqual((yield* later.health).breakers.map(({ state }) => state), [
            "Open",
            "Open",
            "Open",
            "Open"
          ])
          yield* Effect.flatMap(ExchangeState.ExchangeState, ({ resume }) => resume("acme"))
          const latest = yield* clientOf()
          yield* latest.request(Acme.balance, {})
          assert.strictEqual((yield* latest.health).status, "pass")
          assert.strictEqual(sent.length, 2)
        })
    ))

  for (const [how, by] of [["back", -5 * hour], ["forward", 5 * hour]] as const) {
    it.effect(`a ban lasts as long as the exchange says although the local clock is set ${how}`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(10 * hour)
        const { ahead, clock } = yield* settableClock
        const refusals = (client: ExchangeClient.ExchangeClient<"account" | "marketData">) =>
          Effect.forEach(
            [Acme.value, Acme.balance],
            (endpoint) => Effect.map(Effect.either(client.request(endpoint, {})), Either.isLeft)
          )
        yield* inOneApplication(
          (_, index) => index === 0 ? Wire.refuse("Banned", 418) : Wire.ok(),
          (sent) =>
            Effect.gen(function*() {
              const client = yield* clientOf({ serves: ["marketData"] })
              yield* Effect.flip(client.request(Acme.value, {}))
              ahead.millis = by
              yield* TestClock.adjust("59 seconds")
              const { bannedUntil, reason, status } = yield* client.health
              assert.strictEqual(status, "warn")
              assert.include(reason, "banned this client for another 1s")
              assert.strictEqual(bannedUntil, clock.unsafeCurrentTimeMillis() + 1000)
              // The account is used for the first time.
              assert.deepStrictEqual(yield* refusals(client), [true, true])
              assert.strictEqual(sent.length, 1)
              yield* TestClock.adjust("1 second")
              assert.deepStrictEqual(yield* refusals(client), [false, false])
              assert.strictEqual((yield* client.health).status, "pass")
            })
        ).pipe(Effect.withClock(clock))
      }))
  }

  it.effect("bans and pauses last an hour at most", () => {
    const alwaysFailing = (error: ExchangeError.ExchangeError): Partial<Protocol.Protocol> => ({
      classify: ({ status }) => status === 200 ? undefined : error
    })
    const about = { exchange: "acme", operation: "value", detail: "no" }
    const errors = [
      new ExchangeError.Banned({ ...about, until: Number.MAX_SAFE_INTEGER }),
      new ExchangeError.RateLimited({ ...about, retryAfter: Duration.days(3650) })
    ]
    return Effect.forEach(
      errors,
      (error) =>
        inOneApplication((_, index) => index === 0 ? Wire.json({}, 400) : Wire.ok(), (sent) =>
          Effect.gen(function*() {
            const began = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
            const client = yield* clientOf({ deadline: "3 hours", protocol: alwaysFailing(error) })
            yield* Effect.flip(client.request(Acme.value, {}))
            const report = yield* client.health
            assert.notStrictEqual(report.status, "pass")
            assert.include(report.reason, "1h")
            yield* TestClock.adjust("1 hour")
            yield* client.request(Acme.value, {})
            assert.strictEqual(sent[1]?.at, began + 3_600_000)
          }))
    )
  })

  it.effect("a pause is shown as a warning and ended by resume", () =>
    inOneApplication(
      (_, index) => index === 0 ? Wire.refuse("RateLimited", 429) : Wire.ok(),
      (sent) =>
        Effect.gen(function*() {
          const client = yield* clientOf()
          yield* Effect.flip(client.request(Acme.value, {}))
          const { limits, reason, status } = yield* client.health
          assert.strictEqual(status, "warn")
          assert.include(reason, `a pause of "ip" for another 2s`)
          assert.strictEqual(limits[0]?.pausedUntil, 2000)
          const waiting = yield* start(client.request(Acme.value, {}))
          yield* assertRunning(waiting)
          yield* Effect.flatMap(ExchangeState.ExchangeState, ({ resume }) => resume("acme"))
          yield* Fiber.join(waiting)
          assert.deepStrictEqual(sent.map(({ at }) => at), [0, 0])
        })
    ))

  it.effect("setLimit applies immediately, also to waiting calls", () =>
    inOneApplication(() => Wire.ok(), (sent) =>
      Effect.gen(function*() {
        const client = yield* clientOf()
        yield* Effect.forEach(times(30), () => Effect.fork(client.request(Acme.value, {})))
        yield* settle
        assert.strictEqual(sent.length, 9)
        const state = yield* ExchangeState.ExchangeState
        yield* state.setLimit("acme", "ip", { limit: 200, window: "10 seconds" })
        yield* settle
        assert.strictEqual(sent.length, 20)
      })))

  it.effect("ordered nonces of one key increase across clients", () => {
    const nonces: Array<bigint> = []
    const protocol: Partial<Protocol.Protocol> = {
      nonces: "ordered",
      limits: Acme.protocol.limits,
      sign: (request, credentials, moment) => {
        nonces.push(moment.nonce)
        return Acme.protocol.sign(request, credentials, moment)
      }
    }
    return inOneApplication(
      (_, index) => Effect.as(Effect.sleep(index % 2 === 0 ? "50 millis" : "5 millis"), Wire.ok()),
      () =>
        Effect.gen(function*() {
          const clients = [yield* clientOf({ protocol }), yield* clientOf({ protocol })]
          yield* Effect.forEach(times(8), (index) => Effect.fork(clients[index % 2]!.request(Acme.holdings, {})))
          yield* TestClock.adjust("10 seconds")
          assert.strictEqual(nonces.length, 8)
          assert.isTrue(nonces.every((nonce, index) => index === 0 || nonce > (nonces[index - 1] ?? nonce)))
        })
    )
  })

  it.effect("600 queued reads do not delay a cancel", () =>
    inOneApplication(() => Wire.ok(), (sent) =>
      Effect.gen(function*() {
        const client = yield* clientOf({ deadline: "1 hour" })
        yield* Effect.forEach(times(600), () => Effect.fork(client.request(Acme.value, {})))
        yield* settle
        yield* client.request(Acme.cancel, { id: "1" })
        assert.strictEqual(sent.at(-1)?.path, "/order/1")
        assert.strictEqual(sent.at(-1)?.at, 0)
      })))

  it.effect("reads that never end leave a permit for a cancel", () =>
    inOneApplication(({ path }) => path === "/value" ? Wire.hang : Wire.ok(), () =>
      Effect.gen(function*() {
        const client = yield* clientOf({
          maxConcurrent: 4,
          protocol: { limits: [{ scope: "ip", limit: 1e6, window: "1 second" }] }
        })
        yield* Effect.forEach(times(20), () => Effect.fork(client.request(Acme.value, {})))
        yield* settle
        yield* client.request(Acme.cancel, { id: "1" })
      })))

  it.effect("a call that waits for a permit counts against the rate limit from when it is sent", () =>
    inOneApplication(
      () => Effect.as(Effect.sleep("9 seconds"), Wire.ok()),
      (sent) =>
        Effect.gen(function*() {
          const client = yield* clientOf({ maxConcurrent: 5, deadline: "5 minutes" })
          yield* Effect.forEach(times(40), () => Effect.fork(client.request(Acme.value, {})))
          yield* Effect.repeatN(TestClock.adjust("1 second"), 120)
          assert.strictEqual(sent.length, 40)
          for (const { at } of sent) {
            assert.isAtMost(sent.filter((other) => other.at >= at && other.at < at + 10_000).length, 9)
          }
        })
    ))

  it.effect("a client with other options than the first logs a warning that those of the first apply", () => {
    const messages: Array<unknown> = []
    const logger = Logger.make(({ message }) => void messages.push(message))
    return inOneApplication(() => Wire.ok(), () =>
      Effect.gen(function*() {
        yield* clientOf()
        yield* clientOf()
        assert.strictEqual(messages.length, 0)
        yield* clientOf({ breaker: { trip: Trip.consecutive(1) } })
        assert.strictEqual(messages.length, 1)
      })).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
  })

  it.effect("limits use the provided store", () =>
    Effect.gen(function*() {
      const opened = yield* Ref.make<ReadonlyArray<string>>([])
      const store: RateLimiterStore.Open = (limits) =>
        Effect.zipRight(
          Ref.update(opened, (before) => [...before, ...limits.map(({ scope }) => scope)]),
          RateLimiterStore.memory(limits)
        )
      yield* Effect.scoped(clientOf()).pipe(
        Effect.provideService(HttpClient.HttpClient, Wire.make(() => Wire.ok()).client),
        Effect.provide(Layer.provide(ExchangeState.layer, Layer.succeed(ExchangeState.Store, store)))
      )
      assert.deepStrictEqual(yield* Ref.get(opened), ["acme.ip"])
    }))
})
