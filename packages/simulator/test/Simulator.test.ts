import {
  HttpBody,
  HttpClient,
  type HttpClientError,
  HttpClientRequest,
  type HttpClientResponse,
  Socket
} from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { assertInstanceOf } from "@effect/vitest/utils"
import { Cause, Effect, Exit, Fiber, Option, Random, Redacted, Stream, TestClock } from "effect"
import { inspect } from "node:util"
import { Dialects, Faults, Simulator } from "../src/index.js"
import { ask, binance, bitmex, field, noon, rows } from "./utils.js"

const withOptions = (faults: Faults.Options = {}): Simulator.Options => ({ faults: Faults.make(faults) })

const get = (id: Simulator.ExchangeId, path: string) => HttpClient.get(Simulator.environment(id).baseUrl + path)

const ping = get("binance", "/api/v3/ping")

const requestError = (error: HttpClientError.HttpClientError) => {
  assert.strictEqual(error._tag, "RequestError")
  assert.strictEqual(error.reason, "Transport")
  assertInstanceOf(error.cause, Simulator.SimulatedFault)
  return error.cause.code
}

const withSimulator = <A, E>(
  options: Simulator.Options,
  effect: Effect.Effect<A, E, HttpClient.HttpClient | Simulator.Simulators>
) => Effect.provide(effect, Simulator.layer(["binance", "bitmex"], options))

const textOf = (response: HttpClientResponse.HttpClientResponse) => response.text

const outcomes = (options: Simulator.Options) =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.make("binance", options)
    return yield* Effect.forEach(
      Array.from({ length: 100 }),
      () =>
        ask(simulator, "/api/v3/ping").pipe(
          Effect.map(({ status }) => String(status)),
          Effect.catchAll(({ code }) => Effect.succeed(code))
        )
    )
  })
describe("Simulator", () => {
  for (const beat of [0, -1, Number.NaN, "-1 seconds"] as const) {
    it.effect(`dies with a RangeError that names a beat of ${beat}`, () =>
      Effect.gen(function*() {
        const cause = yield* Effect.flip(Effect.sandbox(Simulator.make("binance", { beat })))
        assert.include(Cause.pretty(cause), "RangeError: beat must be ")
      }))
  }

  describe("in memory", () => {
    it.effect("routes requests by host and gives access to the simulators", () =>
      withSimulator(
        {},
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* Effect.flatMap(ping, (response) => response.json), {})
          const root = yield* Effect.flatMap(get("bitmex", "/api/v1"), (response) => response.json)
          assert.strictEqual(field(root, "name"), "BitMEX API")
          const simulators = yield* Simulator.Simulators
          assert.deepStrictEqual(simulators.ids, ["binance", "bitmex"])
          const binance = yield* simulators.get("binance")
          assert.deepStrictEqual((yield* binance.requests).map(({ target }) => target), ["/api/v3/ping"])
        })
      ))

    it.effect("fails for another host, scheme or exchange", () =>
      Effect.gen(function*() {
        for (const url of ["http://bitmex.localhost/api/v1", "https://binance.localhost/", "http://127.0.0.1:1/"]) {
          assert.strictEqual(requestError(yield* Effect.flip(HttpClient.get(url))), "ENOTFOUND")
        }
        const simulators = yield* Simulator.Simulators
        const error = yield* Effect.flip(simulators.get("bitmex"))
        assert.include(error.message, "bitmex is not simulated here")
      }).pipe(Effect.provide(Simulator.layer("binance"))))

    it.effect("passes on target, body and headers unchanged", () =>
      withSimulator(
        {},
        Effect.gen(function*() {
          const { baseUrl } = Simulator.environment("bitmex")
          const client = yield* HttpClient.HttpClient
          const body = "{\"price\":219.0}"
          const target = "/api/v1/nothing?filter=%7B%22symbol%22%3A+%22XBTM15%22%7D"
          const { headers } = bitmex(target, 60, Simulator.credentials("bitmex"), "POST", body)
          const bodies = [
            HttpBody.text(body),
            HttpBody.uint8Array(new TextEncoder().encode(body)),
            HttpBody.raw(body),
            HttpBody.stream(Stream.make(body.slice(0, 3), body.slice(3)).pipe(Stream.encodeText))
          ]
          for (const sent of bodies) {
            const request = HttpClientRequest.post(baseUrl + target).pipe(
              HttpClientRequest.setHeaders(headers),
              HttpClientRequest.setBody(sent)
            )
            // 401 would mean that the signature is invalid.
            assert.strictEqual((yield* client.execute(request)).status, 404, sent._tag)
          }
          const form = HttpClientRequest.post(baseUrl + target).pipe(HttpClientRequest.bodyFormDataRecord({ a: "b" }))
          const error = yield* Effect.flip(client.execute(form))
          assert.strictEqual(error.reason, "Encode")
        })
      ))

    it.effect("gives responses whose body can be read several times, with content-length and inspection", () =>
      withSimulator(
        {},
        Effect.gen(function*() {
          const response = yield* get("binance", "/api/v3/time")
          const text = yield* response.text
          assert.deepStrictEqual(yield* response.json, { serverTime: 0 })
          assert.strictEqual(response.headers["content-length"], String(text.length))
          assert.strictEqual((yield* response.arrayBuffer).byteLength, text.length)
          assert.strictEqual((yield* response.urlParamsBody).length, 1)
          assert.include(inspect(response), "200")
        })
      ))

    it.effect("has no latency by default and does not advance the clock", () =>
      withSimulator(
        {},
        Effect.gen(function*() {
          assert.strictEqual((yield* ping).status, 200)
          assert.strictEqual(yield* TestClock.currentTimeMillis, 0)
        })
      ))

    it.effect("applies half of the latency before and half after the exchange handles a request", () =>
      withSimulator(
        withOptions({ latency: "100 millis" }),
        Effect.gen(function*() {
          const time = get("binance", "/api/v3/time")
          const fiber = yield* Effect.fork(Effect.flatMap(time, (response) => response.json))
          yield* TestClock.adjust("99 millis")
          assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
          yield* TestClock.adjust("1 millis")
          assert.deepStrictEqual(yield* Fiber.join(fiber), { serverTime: 50 })
        })
      ))

    it.effect("stops when the client is interrupted before the request arrives or while it reads the body", () =>
      withSimulator(
        withOptions({ latency: "100 millis", slowBody: 1 }),
        Effect.gen(function*() {
          const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get("binance"))
          const waiting = yield* Effect.fork(ping)
          yield* TestClock.adjust("49 millis")
          assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(waiting)))
          yield* TestClock.adjust("1 seconds")
          assert.deepStrictEqual(yield* simulator.requests, [])
          const reading = yield* Effect.fork(Effect.flatMap(get("binance", "/api/v3/time"), textOf))
          yield* TestClock.adjust("2 seconds")
          assert.strictEqual((yield* simulator.requests).length, 1)
          assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(reading)))
        })
      ))
  })

  describe("faults", () => {
    it.effect("refused does not reach the exchange, and reset does", () =>
      withSimulator(
        withOptions({ refused: 1 }),
        Effect.gen(function*() {
          const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get("binance"))
          assert.strictEqual(requestError(yield* Effect.flip(ping)), "ECONNREFUSED")
          assert.deepStrictEqual(yield* simulator.usage, [])
          yield* simulator.setFaults(Faults.make({ reset: 1 }))
          assert.strictEqual(requestError(yield* Effect.flip(ping)), "ECONNRESET")
          assert.strictEqual((yield* simulator.usage)[0]?.used, 1)
          assert.deepStrictEqual((yield* simulator.requests).map(({ fault, status }) => [fault, status]), [
            ["refused", undefined],
            ["reset", undefined]
          ])
        })
      ))

    it.effect("drop never responds", () =>
      withSimulator(
        withOptions({ drop: 1 }),
        Effect.gen(function*() {
          const fiber = yield* Effect.fork(Effect.timeoutOption(ping, "1 hours"))
          yield* TestClock.adjust("3599999 millis")
          assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
          yield* TestClock.adjust("1 millis")
          assert.isTrue(Option.isNone(yield* Fiber.join(fiber)))
        })
      ))

    const failures: ReadonlyArray<readonly [Faults.Options, Simulator.ExchangeId, status: number, text: string]> = [
      [{ http500: 1 }, "binance", 500, "{\"code\":-1000,"],
      [{ http503: 1 }, "binance", 503, "{\"code\":-1008,\"msg\":\"Server is currently overloaded"],
      [{ http429: 1 }, "binance", 429, "{\"code\":-1003,"],
      [{ http500: 1 }, "bitmex", 500, "{\"error\":{\"message\":\"Internal Server Error\""],
      [{ http503: 1 }, "bitmex", 503, "{\"error\":{\"message\":\"The system is currently overloaded."],
      [{ http429: 1 }, "bitmex", 429, "{\"error\":{\"message\":\"Rate limit exceeded, retry in 1 seconds.\""],
      [{ redirect: 1 }, "bitmex", 302, "<html>"]
    ]
    it.effect.each(failures)(
      "%o on %s responds with %s in the format of the exchange",
      ([faults, id, status, start]) =>
        withSimulator(
          withOptions(faults),
          Effect.gen(function*() {
            const response = yield* get(id, "/api/v1")
            const text = yield* response.text
            assert.strictEqual(response.status, status)
            assert.isTrue(text.startsWith(start), text)
            assert.strictEqual(response.headers["retry-after"], status === 429 ? "1" : undefined)
            assert.strictEqual(
              response.headers["location"],
              status === 302 ? "https://maintenance.invalid/" : undefined
            )
            // The request still counts towards the rate limit.
            assert.property(response.headers, id === "binance" ? "x-mbx-used-weight-1m" : "x-ratelimit-remaining")
            assert.property(response.headers, "date")
          })
        )
    )

    it.effect("malformed responds with 200 and HTML, half a document, another document or nothing", () =>
      withSimulator(
        withOptions({ malformed: 1 }),
        Effect.gen(function*() {
          const seen = new Set<string>()
          for (let count = 0; count < 60; count++) {
            const response = yield* ping
            assert.strictEqual(response.status, 200)
            seen.add((yield* response.text).slice(0, 6))
          }
          assert.deepStrictEqual([...seen].toSorted(), ["", "<html>", "{\"symb", "{\"unex"])
        })
      ))

    it.effect("truncated sends less than its content-length", () =>
      withSimulator(
        withOptions({ truncated: 1 }),
        Effect.gen(function*() {
          const response = yield* get("binance", "/api/v3/time")
          assert.strictEqual(response.headers["content-length"], "16")
          let received = 0
          const error = yield* response.stream.pipe(
            Stream.runForEach((bytes) => Effect.sync(() => void (received += bytes.length))),
            Effect.flip
          )
          assert.strictEqual(received, 8)
          assert.strictEqual(error.reason, "Decode")
          assertInstanceOf(error.cause, Simulator.SimulatedFault)
          assert.strictEqual((yield* Effect.flip(response.text)).reason, "Decode")
        })
      ))

    it.effect("slowBody sends the body with seven pauses", () =>
      withSimulator(
        withOptions({ slowBody: 1, pause: "100 millis" }),
        Effect.gen(function*() {
          const fiber = yield* Effect.fork(Effect.flatMap(get("binance", "/api/v3/time"), (response) => response.json))
          yield* TestClock.adjust("699 millis")
          assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
          yield* TestClock.adjust("1 millis")
          assert.deepStrictEqual(yield* Fiber.join(fiber), { serverTime: 0 })
        })
      ))

    it.effect("oversized sends 10 MB, and reading can stop early", () =>
      withSimulator(
        withOptions({ oversized: 1 }),
        Effect.gen(function*() {
          const response = yield* ping
          assert.strictEqual(response.headers["content-length"], String(10 * 1024 * 1024 + 4))
          const pieces = yield* response.stream.pipe(Stream.take(2), Stream.runCollect)
          assert.deepStrictEqual([...pieces].map(({ length }) => length), [65_536, 65_536])
          assert.strictEqual((yield* (yield* ping).arrayBuffer).byteLength, 10 * 1024 * 1024 + 4)
        })
      ))

    it.effect("clockSkew shifts the exchange's time, Date header and signature check, but not its prices", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(noon)
        const simulator = yield* Simulator.make("binance", withOptions({ clockSkew: { ahead: "5 minutes" } }))
        const demo = Simulator.credentials("binance")
        const account = (timestamp: number) =>
          ask(simulator, ...binance("/api/v3/account", `timestamp=${timestamp}`, demo))
        const time = yield* ask(simulator, "/api/v3/time")
        assert.deepStrictEqual(time.json, { serverTime: noon + 300_000 })
        assert.strictEqual(time.headers["date"], "Mon, 25 Nov 2024 12:05:00 GMT")
        assert.strictEqual(field((yield* account(noon)).json, "code"), -1021)
        assert.strictEqual((yield* account(noon + 300_000)).status, 200)
        const price = yield* ask(simulator, "/api/v3/ticker/price?symbol=BTCUSDT")
        yield* simulator.setFaults(Faults.make({ clockSkew: { behind: "5 minutes" } }))
        assert.deepStrictEqual((yield* ask(simulator, "/api/v3/time")).json, { serverTime: noon - 300_000 })
        const ahead = yield* account(noon)
        assert.include(String(field(ahead.json, "msg")), "ahead of the server's time")
        assert.strictEqual((yield* ask(simulator, "/api/v3/ticker/price?symbol=BTCUSDT")).text, price.text)
      }))

    it.effect("reports whole milliseconds when the clock is between two", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(noon + 0.6)
        const simulator = yield* Simulator.make("binance")
        assert.strictEqual(field((yield* ask(simulator, "/api/v3/time")).json, "serverTime"), noon)
      }))

    it.effect("phases count from the start of the simulator", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(noon)
        const phases = [{ from: "10 seconds", to: "20 seconds", faults: Faults.make({ http503: 1 }) }] as const
        const simulator = yield* Simulator.make("binance", withOptions({ phases }))
        const status = Effect.map(ask(simulator, "/api/v3/ping"), ({ status }) => status)
        yield* TestClock.adjust("9999 millis")
        assert.strictEqual(yield* status, 200)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual(yield* status, 503)
        yield* TestClock.adjust("9999 millis")
        assert.strictEqual(yield* status, 503)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual(yield* status, 200)
      }))

    const shaky = Faults.make({ refused: 0.1, reset: 0.1, http500: 0.2 })

    it.effect("repeats faults exactly for the same seed, whatever Random the application provides", () =>
      Effect.gen(function*() {
        const one = yield* Effect.withRandom(outcomes({ faults: shaky }), Random.make("one"))
        const two = yield* Effect.withRandom(outcomes({ faults: shaky }), Random.make("two"))
        assert.deepStrictEqual(one, two)
        assert.deepStrictEqual([...new Set(one)].toSorted(), ["200", "500", "ECONNREFUSED", "ECONNRESET"])
        assert.notDeepEqual(one, yield* outcomes({ faults: Faults.withSeed(shaky, "other") }))
        assert.notDeepEqual(one, yield* outcomes({ faults: shaky, seed: "other" }))
      }))
  })

  describe("inspection", () => {
    it.effect("records requests without keys, secrets or signatures", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(noon)
        const demo = Simulator.credentials("binance")
        const simulator = yield* Simulator.make("binance")
        const [target, options] = binance("/api/v3/account", `timestamp=${noon}`, demo)
        yield* ask(simulator, target, options)
        yield* ask(simulator, `/api/v3/ping?a=${Redacted.value(demo.secret)}&apiKey=x&b=${Redacted.value(demo.key)}`)
        assert.deepStrictEqual(yield* simulator.requests, [
          {
            at: noon,
            method: "GET",
            target: `/api/v3/account?timestamp=${noon}&signature=<redacted>`,
            status: 200,
            fault: undefined
          },
          {
            at: noon,
            method: "GET",
            target: "/api/v3/ping?a=<redacted>&apiKey=<redacted>&b=<redacted>",
            status: 400,
            fault: undefined
          }
        ])
        for (const shown of [inspect(simulator, { depth: 9 }), inspect(demo), JSON.stringify(demo)]) {
          assert.notInclude(shown, Redacted.value(demo.secret))
        }
      }))

    it.effect("emits the error of a refused socket after listeners can be added", () =>
      Effect.gen(function*() {
        const { get } = yield* Simulator.Simulators
        yield* Effect.flatMap(get("binance"), ({ disturb }) => disturb({ _tag: "Refuse" }))
        const dial = yield* Socket.WebSocketConstructor
        const socket = dial(`${Simulator.environment("binance").baseUrl.replace("http", "ws")}/stream`)
        const received: Array<string> = []
        for (const type of ["open", "error", "close"]) socket.addEventListener(type, () => received.push(type))
        yield* TestClock.adjust(0)
        assert.deepStrictEqual(received, ["error", "close"])
      }).pipe(Effect.provide(Simulator.layer("binance"))))

    it.effect("records the last thousand requests", () =>
      Effect.gen(function*() {
        const simulator = yield* Simulator.make("binance")
        for (let count = 0; count <= 1000; count++) yield* ask(simulator, `/nothing/${count}`)
        const requests = yield* simulator.requests
        assert.strictEqual(requests.length, 1000)
        assert.strictEqual(requests[0]?.target, "/nothing/1")
      }))

    const rejected: ReadonlyArray<readonly [market: string, last: string, reason: Simulator.PriceRejected["reason"]]> =
      [
        ["NOPE", "1", "UnknownMarket"],
        ["BTC/USDT", "0", "NotPositive"],
        ["BTC/USDT", "-1", "NotPositive"],
        ["BTC/USDT", "", "NotPositive"],
        ["BTC/USDT", "1e3", "NotPositive"],
        ["BTC/USDT", "1e10000000", "NotPositive"],
        ["BTC/USDT", "1.001", "OffTick"]
      ]
    it.effect.each(rejected)("does not set %s to %s: %s", ([market, last, reason]) =>
      Effect.gen(function*() {
        const simulator = yield* Simulator.make("binance")
        const error = yield* Effect.flip(simulator.setPrice(market, last))
        assert.strictEqual(error.reason, reason)
        assert.include(error.message, `The price ${last} of ${market} on binance was not set`)
      }))

    it.effect("sets the price of one market while others keep moving", () =>
      Effect.gen(function*() {
        const simulator = yield* Simulator.make("bitmex")
        const lasts = Effect.map(ask(simulator, "/api/v1/instrument/active"), ({ json }) =>
          new Map(rows(json).map((row) => [row["symbol"], row["lastPrice"]])))
        const before = yield* lasts
        yield* simulator.setPrice("BTC/USDT", "50000.5")
        const after = yield* lasts
        assert.strictEqual(after.get("XBT_USDT"), 50000.5)
        assert.strictEqual(after.get("XBTUSDT"), before.get("XBTUSDT"))
        yield* TestClock.adjust("1 minutes")
        const later = yield* lasts
        assert.strictEqual(later.get("XBT_USDT"), 50000.5)
        assert.notStrictEqual(later.get("XBTUSDT"), before.get("XBTUSDT"))
      }))
  })

  it("gives different demo credentials per exchange and permission, in the exchange's format", () => {
    const all = Simulator.exchangeIds.flatMap((id) =>
      (["read", "trade", "withdraw"] as const).flatMap((permission) => {
        const { key, secret } = Simulator.credentials(id, permission)
        return [Redacted.value(key), Redacted.value(secret)]
      })
    )
    assert.strictEqual(new Set(all).size, 6 * Simulator.exchangeIds.length)
    assert.match(Redacted.value(Simulator.credentials("binance").key), /^[A-Za-z0-9]{64}$/)
    assert.match(Redacted.value(Simulator.credentials("binance").secret), /^[A-Za-z0-9]{64}$/)
    assert.match(Redacted.value(Simulator.credentials("bitmex").key), /^[A-Za-z0-9]{24}$/)
    assert.match(Redacted.value(Simulator.credentials("bitmex").secret), /^[A-Za-z0-9]{48}$/)
    const { credentials, key } = Dialects.dialects.binance.demoKey("trade")
    const given = Redacted.value(Simulator.credentials("binance", "trade").key)
    assert.deepStrictEqual([Redacted.value(key.id), Redacted.value(credentials.key)], [given, given])
    assert.deepStrictEqual(key.permissions, ["read", "trade"])
  })

  it("registers each dialect under its own id, with unique market ids and symbols", () => {
    for (const id of Simulator.exchangeIds) {
      const { id: own, listings } = Dialects.dialects[id]
      assert.strictEqual(own, id)
      assert.strictEqual(new Set(listings.map((listing) => listing.id)).size, listings.length)
      assert.strictEqual(new Set(listings.map((listing) => listing.symbol)).size, listings.length)
      for (const symbol of ["BTC/USDT", "ETH/BTC"]) {
        assert.include(listings.map((listing) => listing.symbol), symbol)
      }
    }
  })
})
