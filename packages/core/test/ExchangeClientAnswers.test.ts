import { Trip } from "@effect-exchange/resilience"
import { HttpClientError } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted, Schema, TestClock } from "effect"
import { type Endpoint, Signature } from "../src/adapter.js"
import { Decimal, ExchangeError, Telemetry } from "../src/index.js"
import * as Acme from "./support/acme.js"
import * as Hostile from "./support/hostile.js"
import { secret } from "./support/secrets.js"
import { start } from "./support/time.js"
import * as Wire from "./support/wire.js"

const once = { retry: { attempts: 1 } }

/** The error of a call with this answer. Asserts that its message is short and has no control characters. */
const errorOf = (answer: () => Response, endpoint: Endpoint.Endpoint<Endpoint.Capability, {}, object> = Acme.value) =>
  Effect.gen(function*() {
    const { client } = yield* Wire.setup(answer, once)
    const error = yield* Effect.flip(client.request(endpoint, {}))
    assert.isBelow(error.message.length, 600)
    assert.notMatch(error.message, /[\p{Cc}\p{Cf}]/u)
    return error
  })

/** Sends one chunk and then breaks. */
const truncated = () =>
  new Response(
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("{\"value\"")),
      pull: (controller) => controller.error(Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" }))
    }, { highWaterMark: 2 })
  )

/** A body of `bytes` in chunks of 64 KiB that counts how many bytes were pulled. */
const bodyOf = (bytes: number) => {
  const chunk = new Uint8Array(65_536).fill(32)
  const pulled = { bytes: 0, cancelled: false }
  const body = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (pulled.bytes >= bytes) return controller.close()
        pulled.bytes += chunk.byteLength
        controller.enqueue(chunk)
      },
      cancel: () => {
        pulled.cancelled = true
      }
    })
  return { body, pulled }
}

describe("ExchangeClient: answers", () => {
  for (const [name, body] of Object.entries(Hostile.bodies)) {
    it.scoped(`${name} is a MalformedResponse for public data`, () =>
      Effect.map(
        errorOf(() => new Response(body)),
        (error) => assert.instanceOf(error, ExchangeError.MalformedResponse)
      ))

    it.scoped(`${name} is a MalformedResponse for private data, with a short message`, () =>
      Effect.gen(function*() {
        const { client } = yield* Wire.setup(() => new Response(body), once)
        const error = yield* Effect.flip(client.request(Acme.balance, {}))
        assert.instanceOf(error, ExchangeError.MalformedResponse)
        assert.isBelow(error.message.length, 600)
      }))
  }

  it.scoped("a status of a gateway that timed out leaves the outcome of a write unknown", () =>
    Effect.gen(function*() {
      for (const status of [408, 499]) {
        const { client, sent } = yield* Wire.setup(() => new Response("", { status }))
        const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
        assert.instanceOf(error, ExchangeError.ExchangeUnavailable)
        assert.strictEqual(error.outcome, "Unknown")
        assert.strictEqual(sent.length, 1)
      }
    }))

  it.scoped("the last of duplicate JSON keys counts", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => new Response("{\"value\":\"x\",\"value\":2}"))
      assert.deepStrictEqual(yield* client.request(Acme.value, {}), { value: 2 })
    }))

  it.scoped("JSON with another content type is decoded", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() =>
        new Response("{\"value\":2}", { headers: { "content-type": "text/html; charset=utf-8" } })
      )
      assert.deepStrictEqual(yield* client.request(Acme.value, {}), { value: 2 })
    }))

  it.scoped("a body with a content-length is read", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => new Response("{\"value\":2}", { headers: { "content-length": "11" } }))
      assert.deepStrictEqual(yield* client.request(Acme.value, {}), { value: 2 })
    }))

  it.scoped("characters split between chunks are decoded", () =>
    Effect.gen(function*() {
      const bytes = new TextEncoder().encode("{\"error\":\"InvalidRequest\",\"message\":\"größer €😀\"}")
      const answer = () =>
        new Response(
          new ReadableStream({
            start: (controller) => {
              for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
              controller.close()
            }
          }),
          { status: 400 }
        )
      const { client } = yield* Wire.setup(answer, once)
      assert.include((yield* Effect.flip(client.request(Acme.value, {}))).detail, "größer €😀")
    }))

  it.scoped("HTML with status 502 is ExchangeUnavailable, and the page is not shown", () =>
    Effect.gen(function*() {
      const error = yield* errorOf(() => new Response("<html><h1>502 Bad Gateway</h1></html>", { status: 502 }))
      assert.instanceOf(error, ExchangeError.ExchangeUnavailable)
      assert.strictEqual(error.status, 502)
      assert.include(error.message, "an HTML page")
      assert.notInclude(error.message, "<h1>")
    }))

  for (
    const [status, tag] of [
      [400, "ExchangeUnavailable"],
      [401, "ExchangeUnavailable"],
      [403, "ExchangeUnavailable"],
      [404, "ExchangeUnavailable"],
      [405, "ExchangeUnavailable"],
      [410, "ExchangeUnavailable"],
      [421, "ExchangeUnavailable"],
      [429, "RateLimited"],
      [451, "PermissionDenied"],
      [500, "ExchangeUnavailable"],
      [503, "ExchangeUnavailable"],
      [520, "ExchangeUnavailable"]
    ] as const
  ) {
    it.scoped(`status ${status} of public data that the protocol does not classify is ${tag}`, () =>
      Effect.map(errorOf(() => new Response("no", { status })), (error) => {
        assert.strictEqual(error._tag, tag)
        if (status !== 429) assert.strictEqual(error.status, status)
      }))
  }

  for (const status of [400, 401, 403, 404, 405, 408, 410, 418, 421, 429, 499, 500, 502, 503]) {
    for (
      const body of ["", "no", "<html>Attention Required! | Cloudflare</html>", "{\"message\":\"no Route matched\"}"]
    ) {
      it.scoped(`a write answered with ${status} and an unclassified body has outcome Unknown and is sent once: ${body}`, () =>
        Effect.gen(function*() {
          const { client, sent } = yield* Wire.setup(() => new Response(body, { status }))
          const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
          const tag = status === 401 ? "AuthenticationFailed" : status === 429 ? "RateLimited" : "ExchangeUnavailable"
          assert.deepStrictEqual([error._tag, error.outcome, error.status], [tag, "Unknown", status])
          assert.strictEqual(sent.length, 1)
        }))
    }
  }

  for (
    const [status, body] of [
      [451, ""],
      [
        403,
        "<html><h1>403 ERROR</h1>The Amazon CloudFront distribution is configured to block access from your country.</html>"
      ],
      [403, "The owner of this website (acme) has banned the country or region your IP address is in (GB)"],
      [403, "Service unavailable from a restricted location according to 'b. Eligibility'"],
      [503, "<p>Our services are not\n available in your <b>region</b>.</p>"],
      [200, "<html>Your country is not supported</html>"],
      [403, "{\"message\":\"not available in your jurisdiction\"}"]
    ] as const
  ) {
    it.scoped(`an answer that blocks the country is PermissionDenied (${status}): ${body.slice(0, 60)}`, () =>
      Effect.gen(function*() {
        const { client, sent } = yield* Wire.setup(() => new Response(body, { status }))
        for (const call of [client.request(Acme.value, {}), client.request(Acme.order, { amount: 1 })]) {
          const error = yield* Effect.flip(call)
          assert.instanceOf(error, ExchangeError.PermissionDenied)
          assert.include(error.message, "country or region")
          assert.strictEqual(error.outcome, "Unknown")
        }
        assert.strictEqual(sent.length, 2)
      }))
  }

  it.scoped("an HTML page that the protocol classifies still leaves the outcome unknown", () =>
    Effect.gen(function*() {
      for (const tag of ["RateLimited", "Banned", "AuthenticationFailed", "ClockSkew", "PermissionDenied"] as const) {
        const { client } = yield* Wire.setup(() => new Response("<html></html>", { status: 403 }), {
          ...once,
          protocol: { classify: ({ about }) => Acme.errorOf(tag, { ...about, detail: "a page" }, 0) }
        })
        const exit = yield* Effect.flip(client.request(Acme.cancel, { id: "1" }))
        assert.strictEqual(exit.outcome, "Unknown", tag)
      }
    }))

  it.scoped("an order that the exchange itself rate-limited is sent again", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup((_, index) =>
        index === 0 ? Wire.refuse("RateLimited", 429) : Wire.ok()
      )
      const fiber = yield* start(client.request(Acme.order, { amount: 1 }))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(fiber)
      assert.strictEqual(sent.length, 2)
    }))

  it.scoped("changed credentials do not repeat an order after an unclassified 401, but after a classified one", () =>
    Effect.gen(function*() {
      const fresh = { key: Redacted.make("another key"), secret: Redacted.make("another secret") }
      const provider = { ...Wire.credentials, reload: Effect.succeed(fresh) }
      const unclassified = yield* Wire.setup(() => new Response("", { status: 401 }), {
        ...once,
        credentials: provider
      })
      assert.instanceOf(
        yield* Effect.flip(unclassified.client.request(Acme.order, { amount: 1 })),
        ExchangeError.AuthenticationFailed
      )
      assert.strictEqual(unclassified.sent.length, 1)
      const classified = yield* Wire.setup(() => Wire.refuse("AuthenticationFailed", 401), {
        ...once,
        credentials: provider
      })
      yield* Effect.flip(classified.client.request(Acme.order, { amount: 1 }))
      assert.strictEqual(classified.sent.length, 2)
    }))

  it.scoped("an answer of another shape does not open the circuit breaker, but one that is not JSON or too large does", () =>
    Effect.gen(function*() {
      const breaker = { trip: Trip.consecutive(3) }
      const shape = yield* Wire.setup(
        ({ path }) => path === "/holdings" ? Wire.json({ BTC: "?" }) : Wire.ok(),
        { breaker }
      )
      for (let poll = 0; poll < 5; poll++) {
        const error = yield* Effect.flip(shape.client.request(Acme.holdings, {}))
        assert.instanceOf(error, ExchangeError.MalformedResponse)
        assert.strictEqual(error.reason, "Shape")
      }
      assert.deepStrictEqual(yield* shape.client.request(Acme.balance, {}), { value: 1 })
      for (
        const [body, reason, maxResponseBytes] of [["{\"va", "NotJson", 100], ["{\"value\":1}", "TooLarge", 5]] as const
      ) {
        const broken = yield* Wire.setup(() => new Response(body), { breaker, maxResponseBytes })
        for (let poll = 0; poll < 3; poll++) {
          const error = yield* Effect.flip(broken.client.request(Acme.balance, {}))
          assert.instanceOf(error, ExchangeError.MalformedResponse)
          assert.strictEqual(error.reason, reason)
        }
        assert.instanceOf(yield* Effect.flip(broken.client.request(Acme.balance, {})), ExchangeError.CircuitOpen)
      }
    }))

  for (const status of [200, 400, 500]) {
    it.scoped(`a classifier that throws for status ${status} leaves the outcome unknown`, () =>
      Effect.gen(function*() {
        const { client, sent } = yield* Wire.setup(() => Wire.json({ value: 1 }, status), {
          protocol: {
            classify: () => {
              throw new TypeError("bug")
            }
          }
        })
        const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
        assert.strictEqual(error._tag, status === 200 ? "MalformedResponse" : "ExchangeUnavailable")
        assert.strictEqual(error.outcome, "Unknown")
        assert.notInclude(error.message, "bug")
        assert.strictEqual(sent.length, 1)
      }))
  }

  it.scoped("a decoder that throws is a MalformedResponse, and a `learn` that throws changes nothing", () =>
    Effect.gen(function*() {
      const throwing = () => {
        throw new TypeError("bug")
      }
      const { client } = yield* Wire.setup(() => Wire.ok(), { protocol: { learn: throwing } })
      assert.deepStrictEqual(yield* client.request(Acme.value, {}), { value: 1 })
      // Nor does invalid usage that throws only when it is read.
      const usage = {
        scope: "ip",
        get used(): number {
          return throwing()
        }
      }
      const { client: other } = yield* Wire.setup(() => Wire.ok(), { protocol: { learn: () => ({ usage: [usage] }) } })
      assert.deepStrictEqual(yield* other.request(Acme.value, {}), { value: 1 })
      const error = yield* Effect.flip(client.request({ ...Acme.order, decode: throwing }, { amount: 1 }))
      assert.instanceOf(error, ExchangeError.MalformedResponse)
      assert.strictEqual(error.outcome, "Unknown")
    }))

  it.scoped("an observer that fails does not change the result of a call", () =>
    Effect.gen(function*() {
      for (
        const observe of [
          () => Effect.die("bug"),
          () => Effect.interrupt,
          () => {
            throw new TypeError("bug")
          }
        ]
      ) {
        const { client } = yield* Wire.setup(() => Wire.ok())
        const value = yield* Effect.provideService(
          client.request(Acme.order, { amount: 1 }),
          Telemetry.AttemptObserver,
          observe
        )
        assert.deepStrictEqual(value, { value: 1 })
      }
    }))

  it.scoped("status 401 of private data is AuthenticationFailed", () =>
    Effect.map(errorOf(() => new Response("", { status: 401 }), Acme.balance), (error) => {
      assert.instanceOf(error, ExchangeError.AuthenticationFailed)
      assert.include(error.message, "an empty body")
    }))

  it.scoped("an error of orders in answer to market data is a MalformedResponse", () =>
    Effect.map(errorOf(() => Wire.refuse("InsufficientFunds")), (error) => {
      assert.instanceOf(error, ExchangeError.MalformedResponse)
      assert.include(error.message, "InsufficientFunds")
    }))

  for (const status of [301, 302, 303, 307, 308]) {
    it.scoped(`a redirect with status ${status} is not followed`, () =>
      Effect.gen(function*() {
        const { client, sent } = yield* Wire.setup(
          () => new Response("", { status, headers: { location: "https://evil.example/?k=1" } }),
          once
        )
        const error = yield* Effect.flip(client.request(Acme.balance, {}))
        assert.instanceOf(error, ExchangeError.ExchangeUnavailable)
        assert.include(error.message, "redirect")
        assert.notInclude(error.message, "evil")
        assert.strictEqual(sent.length, 1)
      }))
  }

  it.scoped("a body that breaks off is TransportFailed with outcome Unknown", () =>
    Effect.map(errorOf(truncated), (error) => {
      assert.instanceOf(error, ExchangeError.TransportFailed)
      assert.strictEqual(error.outcome, "Unknown")
      assert.strictEqual(error.code, "UND_ERR_SOCKET")
    }))

  it.scoped("a body whose content-length exceeds the limit is not read", () =>
    Effect.gen(function*() {
      const { body, pulled } = bodyOf(50_000_000)
      const { client, sent } = yield* Wire.setup(
        () => new Response(body(), { headers: { "content-length": "50000000" } }),
        once
      )
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      // Otherwise the connection would wait for a reader.
      assert.isTrue(sent[0]?.signal.aborted)
      assert.instanceOf(error, ExchangeError.MalformedResponse)
      assert.include(error.message, "maxResponseBytes")
      assert.isBelow(pulled.bytes, 1_000_000)
    }))

  for (const headers of [{}, { "content-encoding": "gzip", "content-length": "1000" }]) {
    it.scoped(`a body that grows beyond the limit is cancelled (${JSON.stringify(headers)})`, () =>
      Effect.gen(function*() {
        const { body, pulled } = bodyOf(100_000_000)
        const error = yield* errorOf(() => new Response(body(), { headers }))
        assert.instanceOf(error, ExchangeError.MalformedResponse)
        assert.include(error.message, "maxResponseBytes")
        assert.isBelow(pulled.bytes, 42_500_000)
        assert.isTrue(pulled.cancelled)
      }))
  }

  it.scoped("a body of exactly maxResponseBytes is read", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => new Response("{\"value\":2}"), { ...once, maxResponseBytes: 11 })
      assert.deepStrictEqual(yield* client.request(Acme.value, {}), { value: 2 })
      const less = yield* Wire.setup(() => new Response("{\"value\":2}"), { ...once, maxResponseBytes: 10 })
      assert.instanceOf(yield* Effect.flip(less.client.request(Acme.value, {})), ExchangeError.MalformedResponse)
    }))

  for (
    const text of [
      "1e999",
      "NaN",
      "",
      "0x10",
      "Infinity",
      "1_000",
      "1,5",
      " 1",
      "١",
      "9".repeat(100_000),
      "-",
      ".5",
      "1."
    ]
  ) {
    it.scoped(`an invalid decimal is a MalformedResponse: ${text.slice(0, 12)}`, () =>
      Effect.gen(function*() {
        const money = {
          ...Acme.value,
          decode: Schema.decodeUnknownEither(Schema.Struct({ value: Decimal.FromString }))
        }
        const error = yield* errorOf(() => Wire.json({ value: text }), money)
        assert.instanceOf(error, ExchangeError.MalformedResponse)
        assert.include(error.message, "value")
      }))
  }

  it.scoped("a key that the exchange chose cannot forge log lines or flood the message", () =>
    Effect.gen(function*() {
      const hostile = { ["x\r\nforged: line\u202e" + "y".repeat(100_000)]: "not a number" }
      const error = yield* errorOf(() => Wire.json(hostile), Acme.holdings)
      assert.instanceOf(error, ExchangeError.MalformedResponse)
    }))

  it.scoped("a transport error does not show the URL", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(
        (sent) => new HttpClientError.RequestError({ request: sent.request, reason: "InvalidUrl", cause: sent.url }),
        once
      )
      const error = yield* Effect.flip(client.request(Acme.balance, {}))
      assert.instanceOf(error, ExchangeError.TransportFailed)
      assert.strictEqual(error.outcome, "NotSent")
      assert.notInclude(error.message, "timestamp")
    }))
})

describe("ExchangeClient: parameters", () => {
  for (const symbol of Hostile.symbols) {
    it.scoped(`a parameter cannot leave its place in the path: ${JSON.stringify(symbol.slice(0, 40))}`, () =>
      Effect.gen(function*() {
        const { client, sent } = yield* Wire.setup(() => Wire.ok(), once)
        const exit = yield* Effect.either(client.request(Acme.named, { name: symbol, note: symbol }))
        if (exit._tag === "Left") {
          assert.instanceOf(exit.left, ExchangeError.InvalidRequest)
          assert.strictEqual(sent.length, 0)
        } else {
          assert.match(sent[0]?.path ?? "", /^\/named\/[^/]+\/value$/)
          assert.strictEqual(new URL(sent[0]?.url ?? "").hostname, "acme.example")
          assert.deepStrictEqual([...sent[0]?.query.keys() ?? []], ["note"])
          assert.strictEqual(sent[0]?.query.get("note"), symbol.replace(/\p{Surrogate}/gu, "\uFFFD"))
        }
      }))
  }

  for (const name of ["", ".", "..", "%2e%2e"]) {
    it.scoped(`a path parameter that would change the path is refused or encoded: ${JSON.stringify(name)}`, () =>
      Effect.gen(function*() {
        const { client, sent } = yield* Wire.setup(() => Wire.ok(), once)
        if (name === "%2e%2e") {
          yield* client.request(Acme.named, { name })
          assert.strictEqual(sent[0]?.path, "/named/%252e%252e/value")
        } else {
          const error = yield* Effect.flip(client.request(Acme.named, { name }))
          assert.instanceOf(error, ExchangeError.InvalidRequest)
          assert.strictEqual(sent.length, 0)
        }
      }))
  }

  it.scoped("a refused parameter is reported in a short message", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.ok(), once)
      const error = yield* Effect.flip(client.request(Acme.quote, { symbol: "x".repeat(100_000) + "\u202e" }))
      assert.instanceOf(error, ExchangeError.InvalidRequest)
      assert.isBelow(error.message.length, 600)
      assert.notMatch(error.message, /[\p{Cc}\p{Cf}]/u)
    }))

  it.scoped("a body is sent as JSON", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.ok(), once)
      yield* client.request(Acme.order, { amount: 1.5 })
      assert.strictEqual(sent[0]?.body, "{\"amount\":1.5}")
      assert.strictEqual(sent[0]?.method, "POST")
      assert.strictEqual(sent[0]?.request.body.contentType, "application/json")
      // The signature is that of exactly what was sent.
      const signature = Signature.hmacSha256Hex(secret, "POST/order?timestamp=0{\"amount\":1.5}")
      assert.deepStrictEqual([...sent[0]?.query ?? []], [["timestamp", "0"], ["signature", signature]])
    }))

  it.scoped("only signed endpoints send the key and a signature", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.ok(), once)
      yield* client.request(Acme.value, {})
      yield* client.request(Acme.balance, {})
      assert.deepStrictEqual(sent.map(({ headers }) => "x-acme-key" in headers), [false, true])
      assert.deepStrictEqual(sent.map(({ query }) => query.has("signature")), [false, true])
    }))
})
