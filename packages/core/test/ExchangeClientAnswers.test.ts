import { HttpClientError } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Decimal, type Endpoint, ExchangeError } from "../src/index.js"
import * as Acme from "./support/acme.js"
import * as Hostile from "./support/hostile.js"
import * as Wire from "./support/wire.js"

const once = { retry: { attempts: 1 } }

/** The error of a call whose answer is this, after checking that it reads as one sentence of bounded length. */
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

/** So many bytes in chunks of 64 KiB, and how many were pulled. */
const big = (bytes: number) => {
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

    it.scoped(`${name} is a MalformedResponse for private data, and none of it is shown`, () =>
      Effect.gen(function*() {
        const { client } = yield* Wire.setup(() => new Response(body), once)
        const error = yield* Effect.flip(client.request(Acme.balance, {}))
        assert.instanceOf(error, ExchangeError.MalformedResponse)
        assert.isBelow(error.message.length, 600)
      }))
  }

  it.scoped("a gateway that gave up waiting leaves the outcome of a write unknown", () =>
    Effect.gen(function*() {
      for (const status of [408, 499]) {
        const { client, sent } = yield* Wire.setup(() => new Response("", { status }))
        const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
        assert.instanceOf(error, ExchangeError.ExchangeUnavailable)
        assert.strictEqual(ExchangeError.outcome(error), "Unknown")
        assert.strictEqual(sent.length, 1)
      }
    }))

  it.scoped("of a duplicate key the last one counts, as JSON has it", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => new Response("{\"value\":\"x\",\"value\":2}"))
      assert.deepStrictEqual(yield* client.request(Acme.value, {}), { value: 2 })
    }))

  it.scoped("JSON under another content type is read: exchanges do that", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() =>
        new Response("{\"value\":2}", { headers: { "content-type": "text/html; charset=utf-8" } })
      )
      assert.deepStrictEqual(yield* client.request(Acme.value, {}), { value: 2 })
    }))

  it.scoped("a body with its length declared is read whole", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => new Response("{\"value\":2}", { headers: { "content-length": "11" } }))
      assert.deepStrictEqual(yield* client.request(Acme.value, {}), { value: 2 })
    }))

  it.scoped("characters split between chunks are put together", () =>
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

  it.scoped("HTML with status 502 is an outage, and the page is not repeated", () =>
    Effect.gen(function*() {
      const error = yield* errorOf(() => new Response("<html><h1>502 Bad Gateway</h1></html>", { status: 502 }))
      assert.instanceOf(error, ExchangeError.ExchangeUnavailable)
      assert.strictEqual(error.status, 502)
      assert.include(error.message, "an HTML page")
      assert.notInclude(error.message, "<h1>")
    }))

  for (
    const [status, tag] of [
      [400, "InvalidRequest"],
      [401, "MalformedResponse"],
      [403, "PermissionDenied"],
      [404, "InvalidRequest"],
      [429, "RateLimited"],
      [451, "PermissionDenied"],
      [500, "ExchangeUnavailable"],
      [503, "ExchangeUnavailable"],
      [520, "ExchangeUnavailable"]
    ] as const
  ) {
    it.scoped(`status ${status} of public data without a word of the protocol's is ${tag}`, () =>
      Effect.map(errorOf(() => new Response("no", { status })), (error) => {
        assert.strictEqual(error._tag, tag)
        if (status !== 429) assert.strictEqual(error.status, status)
      }))
  }

  it.scoped("status 401 of private data is AuthenticationFailed", () =>
    Effect.map(errorOf(() => new Response("", { status: 401 }), Acme.balance), (error) => {
      assert.instanceOf(error, ExchangeError.AuthenticationFailed)
      assert.include(error.message, "an empty body")
    }))

  it.scoped("an order's error in answer to a price makes no sense", () =>
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

  it.scoped("a body that breaks off is a failed transport of unknown outcome", () =>
    Effect.map(errorOf(truncated), (error) => {
      assert.instanceOf(error, ExchangeError.TransportFailed)
      assert.strictEqual(error.outcome, "Unknown")
      assert.strictEqual(error.code, "UND_ERR_SOCKET")
    }))

  it.scoped("a body larger than the limit by its own account is not read", () =>
    Effect.gen(function*() {
      const { body, pulled } = big(10_000_000)
      const { client, sent } = yield* Wire.setup(
        () => new Response(body(), { headers: { "content-length": "10000000" } }),
        once
      )
      const error = yield* Effect.flip(client.request(Acme.value, {}))
      // The connection would wait for its reader otherwise.
      assert.isTrue(sent[0]?.signal.aborted)
      assert.instanceOf(error, ExchangeError.MalformedResponse)
      assert.include(error.message, "maxResponseBytes")
      assert.isBelow(pulled.bytes, 1_000_000)
    }))

  for (const headers of [{}, { "content-encoding": "gzip", "content-length": "1000" }]) {
    it.scoped(`a body that grows beyond the limit is given up there (${JSON.stringify(headers)})`, () =>
      Effect.gen(function*() {
        const { body, pulled } = big(100_000_000)
        const error = yield* errorOf(() => new Response(body(), { headers }))
        assert.instanceOf(error, ExchangeError.MalformedResponse)
        assert.include(error.message, "maxResponseBytes")
        assert.isBelow(pulled.bytes, 9_000_000)
        assert.isTrue(pulled.cancelled)
      }))
  }

  it.scoped("maxResponseBytes is the last byte that is read", () =>
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
    it.scoped(`an absurd decimal is a MalformedResponse: ${text.slice(0, 12)}`, () =>
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

  it.scoped("a key that the exchange chose cannot forge or flood an error", () =>
    Effect.gen(function*() {
      const hostile = { ["x\r\nforged: line\u202e" + "y".repeat(100_000)]: "not a number" }
      const error = yield* errorOf(() => Wire.json(hostile), Acme.holdings)
      assert.instanceOf(error, ExchangeError.MalformedResponse)
    }))

  it.scoped("a transport error keeps its code and nothing of the URL", () =>
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

describe("ExchangeClient: what is asked", () => {
  for (const symbol of Hostile.symbols) {
    it.scoped(`cannot leave its place in the path: ${JSON.stringify(symbol.slice(0, 40))}`, () =>
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
    it.scoped(`a path parameter that would change the path is refused or kept: ${JSON.stringify(name)}`, () =>
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

  it.scoped("what is refused is told in a sentence of bounded length", () =>
    Effect.gen(function*() {
      const { client } = yield* Wire.setup(() => Wire.ok(), once)
      const error = yield* Effect.flip(client.request(Acme.quote, { symbol: "x".repeat(100_000) + "\u202e" }))
      assert.instanceOf(error, ExchangeError.InvalidRequest)
      assert.isBelow(error.message.length, 600)
      assert.notMatch(error.message, /[\p{Cc}\p{Cf}]/u)
    }))

  it.scoped("a body is sent as JSON, and the same bytes are signed", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.ok(), once)
      yield* client.request(Acme.order, { amount: 1.5 })
      assert.strictEqual(sent[0]?.body, "{\"amount\":1.5}")
      assert.strictEqual(sent[0]?.method, "POST")
      assert.strictEqual(sent[0]?.request.body.contentType, "application/json")
    }))

  it.scoped("only signed endpoints carry the key", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* Wire.setup(() => Wire.ok(), once)
      yield* client.request(Acme.value, {})
      yield* client.request(Acme.balance, {})
      assert.deepStrictEqual(sent.map(({ headers }) => "x-acme-key" in headers), [false, true])
      assert.deepStrictEqual(sent.map(({ query }) => query.has("signature")), [false, true])
    }))
})
