import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Either, Fiber, Schema, TestClock } from "effect"
import { inspect } from "node:util"
import { Endpoint, type Protocol } from "../src/adapter.js"
import { ExchangeError } from "../src/index.js"
import * as Acme from "./support/acme.js"
import { settle, start } from "./support/time.js"
import * as Wire from "./support/wire.js"

/** Sends the arguments of `sign` in headers. */
const nonced: Partial<Protocol.Protocol> = {
  sign: (request, _, { host, nonce, now }) =>
    Either.right({
      ...request,
      headers: { ...request.headers, "x-nonce": String(nonce), "x-now": String(now), "x-host": host },
      signature: "signed"
    })
}

const noncesOf = (sent: ReadonlyArray<Wire.Sent>) => sent.map(({ headers }) => BigInt(headers["x-nonce"] ?? 0))

const rises = (nonces: ReadonlyArray<bigint>) =>
  nonces.every((nonce, index) => index === 0 || nonce > (nonces[index - 1] ?? 0n))

describe("ExchangeClient as a value", () => {
  it.scoped("can be piped, and shows its exchange and environment but no key", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.ok())
      yield* client.pipe(({ request }) => request(Acme.balance, {}))
      const shown = { _id: "ExchangeClient", exchange: "acme", environment: "live" }
      assert.strictEqual(JSON.stringify(client), JSON.stringify(shown))
      assert.strictEqual(inspect(client, { depth: 20, showHidden: true }), inspect(shown))
      assert.deepStrictEqual(JSON.parse(String(client)), shown)
    }))
})

describe("ExchangeClient: signed requests", () => {
  it.scoped("parameters in any script are percent-encoded before signing and sent as signed", () =>
    Effect.gen(function*() {
      const positions = Endpoint.make({
        capability: "account",
        name: "positions",
        path: "/positions/{id}",
        input: Schema.Struct({ id: Schema.String, symbol: Schema.String }),
        response: Schema.Unknown,
        cost: { ip: 1 }
      })
      const signed: Array<string> = []
      const { client, sent } = yield* Wire.setup(() => Wire.ok(), {
        protocol: {
          sign: (request) => {
            signed.push(`${request.path}?${request.query}`)
            return Either.right({ ...request, signature: "signed" })
          }
        }
      })
      yield* client.request(positions, { id: "币安人生USDT", symbol: "AAPLx.$" })
      assert.deepStrictEqual(signed, ["/positions/%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT?symbol=AAPLx.%24"])
      assert.isTrue(sent[0]?.url.endsWith(signed[0] ?? "?"), sent[0]?.url)
    }))
})

describe("ExchangeClient: nonces", () => {
  it.scoped("are microseconds that increase, even within a millisecond and when the clock goes back", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(5000)
      const { client, sent } = yield* Wire.setup(() => Wire.ok(), { protocol: nonced })
      for (let i = 0; i < 3; i++) yield* client.request(Acme.balance, {})
      yield* TestClock.setTime(1000)
      yield* client.request(Acme.balance, {})
      yield* TestClock.setTime(6000)
      yield* client.request(Acme.balance, {})
      assert.deepStrictEqual(noncesOf(sent), [5_000_000n, 5_000_001n, 5_000_002n, 5_000_003n, 6_000_000n])
    }))

  it.scoped("are new for every attempt, as is the time", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(5000)
      const { client, sent } = yield* Wire.setup(
        (_, index) => index < 2 ? Wire.refuse("ExchangeUnavailable") : Wire.ok(),
        { protocol: nonced }
      )
      const fiber = yield* start(client.request(Acme.balance, {}))
      yield* TestClock.adjust("20 seconds")
      yield* Fiber.join(fiber)
      assert.strictEqual(sent.length, 3)
      assert.isTrue(rises(noncesOf(sent)))
      assert.deepStrictEqual(sent.map(({ headers }) => headers["x-now"]), sent.map(({ at }) => String(at)))
    }))

  it.scoped("that are ordered are sent one at a time, each created after the previous answer", () =>
    Effect.gen(function*() {
      const answered = yield* Deferred.make<void>()
      const { client, sent } = yield* Wire.setup(
        (_, index) => index === 0 ? Effect.as(Deferred.await(answered), Wire.ok()) : Wire.ok(),
        { protocol: { ...nonced, nonces: "ordered" } }
      )
      const first = yield* start(client.request(Acme.balance, {}))
      const second = yield* start(client.request(Acme.balance, {}))
      // Unsigned requests do not wait.
      yield* client.request(Acme.value, {})
      assert.deepStrictEqual(sent.map(({ path }) => path), ["/balance", "/value"])
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(sent.length, 2)
      yield* Deferred.succeed(answered, undefined)
      yield* settle
      yield* Fiber.join(first)
      yield* Fiber.join(second)
      assert.deepStrictEqual(sent.map(({ at, path }) => [path, at]), [["/balance", 0], ["/value", 0], [
        "/balance",
        3000
      ]])
      assert.strictEqual(sent[2]?.headers["x-nonce"], "3000000")
    }))

  it.scoped("that are not ordered do not wait for each other", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.hang, { protocol: nonced })
      yield* start(client.request(Acme.balance, {}))
      yield* start(client.request(Acme.balance, {}))
      assert.strictEqual(sent.length, 2)
    }))

  it.scoped("an interrupted or failed call with an ordered nonce lets the next one proceed", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(
        (_, index) => index === 0 ? Wire.hang : index === 1 ? Wire.refuse("PermissionDenied") : Wire.ok(),
        { protocol: { ...nonced, nonces: "ordered" } }
      )
      const first = yield* start(client.request(Acme.balance, {}))
      const second = yield* start(Effect.flip(client.request(Acme.balance, {})))
      const third = yield* start(client.request(Acme.balance, {}))
      assert.strictEqual(sent.length, 1)
      yield* Fiber.interrupt(first)
      yield* settle
      assert.instanceOf(yield* Fiber.join(second), ExchangeError.PermissionDenied)
      yield* Fiber.join(third)
      assert.isTrue(rises(noncesOf(sent)))
    }))
})

describe("ExchangeClient: hosts", () => {
  const testnet = (host: Protocol.Host) => ({ protocol: { ...nonced, testnet: host }, environment: "testnet" } as const)

  it.scoped("an environment that does not exist is Unsupported with an alternative, and nothing is sent", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(
        () => Wire.ok(),
        testnet({ _tag: "None", alternative: "use the simulator" })
      )
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      assert.instanceOf(error, ExchangeError.Unsupported)
      assert.include(error.message, "acme has no testnet")
      assert.strictEqual(error.alternative, "use the simulator")
      assert.strictEqual(sent.length, 0)
    }))

  it.scoped("an environment that has shut down is ExchangeClosed, and nothing is sent", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(
        () => Wire.ok(),
        testnet({ _tag: "Closed", since: "2026-01-01", detail: "gone" })
      )
      const error = yield* Effect.flip(client.request(Acme.balance, {}))
      assert.instanceOf(error, ExchangeError.ExchangeClosed)
      assert.strictEqual(error.since, "2026-01-01")
      assert.strictEqual(sent.length, 0)
    }))

  it.scoped("headers of an environment are signed and sent with each of its requests, and with no others", () =>
    Effect.gen(function*() {
      const host: Protocol.Host = {
        _tag: "Open",
        baseUrl: "https://test.acme.example:8443",
        headers: { "x-simulated-trading": "1" }
      }
      const signing: Partial<Protocol.Protocol> = {
        sign: (request, credentials, moment) => {
          assert.strictEqual(request.headers["x-simulated-trading"], "1")
          assert.strictEqual(moment.host, "test.acme.example:8443")
          return Acme.protocol.sign(request, credentials, moment)
        }
      }
      const onTestnet = yield* Wire.setup(() => Wire.ok(), {
        environment: "testnet",
        protocol: { ...signing, testnet: host }
      })
      yield* onTestnet.client.request(Acme.value, {})
      yield* onTestnet.client.request(Acme.balance, {})
      yield* onTestnet.client.request(Acme.order, { amount: 1 })
      assert.deepStrictEqual(onTestnet.sent.map(({ headers }) => headers["x-simulated-trading"]), ["1", "1", "1"])
      assert.strictEqual(onTestnet.sent[2]?.headers["content-type"], "application/json")
      const live = yield* Wire.setup(() => Wire.ok(), { protocol: { testnet: host } })
      yield* live.client.request(Acme.value, {})
      assert.isUndefined(live.sent[0]?.headers["x-simulated-trading"])
    }))

  it.scoped("credentials that cannot sign fail with AuthenticationFailed, and nothing is sent", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.ok(), {
        protocol: { sign: () => Either.left("the secret is neither PEM nor base64") }
      })
      const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
      assert.instanceOf(error, ExchangeError.AuthenticationFailed)
      assert.include(error.message, "neither PEM nor base64")
      assert.strictEqual(error.outcome, "NotSent")
      assert.strictEqual(sent.length, 0)
    }))

  it.scoped("a form is sent as it was signed", () =>
    Effect.gen(function*() {
      const signed: Array<string> = []
      const { client, sent } = yield* Wire.setup(() => Wire.ok(), {
        protocol: {
          sign: (request) => {
            const body = `${request.body}&nonce=7`
            signed.push(body)
            return Either.right({ ...request, body, signature: "s" })
          }
        }
      })
      const form: typeof Acme.order = { ...Acme.order, body: "form" satisfies Endpoint.Body }
      yield* client.request(form, { amount: 1.5 })
      assert.deepStrictEqual(sent.map(({ body }) => body), signed)
      assert.strictEqual(sent[0]?.body, "amount=1.5&nonce=7")
      assert.strictEqual(sent[0]?.headers["content-type"], "application/x-www-form-urlencoded")
    }))
})
