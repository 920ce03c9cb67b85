import { HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { assertInclude, assertInstanceOf } from "@effect/vitest/utils"
import { Cause, Chunk, Effect, Exit, Fiber, Predicate, Stream, TestClock } from "effect"
import { ScriptedHttp } from "../src/index.js"

const ask = (url = "https://example.com/time") => Effect.flatMap(HttpClient.HttpClient, (client) => client.get(url))

const askText = (url?: string) => Effect.flatMap(ask(url), (response) => response.text)

const code = (error: { readonly cause?: unknown }): unknown =>
  Predicate.hasProperty(error.cause, "code") ? error.cause.code : undefined

const handle = ScriptedHttp.ScriptedHttp

describe("scripted responses", () => {
  it.effect("are returned in the order of the script", () =>
    Effect.gen(function*() {
      const script = yield* handle
      assert.strictEqual(yield* script.remaining, 2)
      const one = yield* ask()
      assert.strictEqual(one.status, 200)
      assert.strictEqual(one.headers["content-type"], "application/json")
      assert.strictEqual(one.headers["content-length"], "14")
      assert.deepStrictEqual(yield* one.json, { price: "é" })
      const two = yield* ask()
      assert.strictEqual(two.status, 429)
      assert.strictEqual(two.headers["retry-after"], "3")
      assert.strictEqual(two.headers["content-type"], "text/html")
      assert.strictEqual(yield* two.text, "<html>")
      assert.strictEqual(yield* script.remaining, 0)
    }).pipe(Effect.provide(ScriptedHttp.layer([
      ScriptedHttp.json({ price: "é" }),
      ScriptedHttp.text("<html>", { status: 429, headers: { "retry-after": "3", "content-type": "text/html" } })
    ]))))

  it.effect("may depend on the request and its index", () =>
    Effect.gen(function*() {
      const script = yield* handle
      assert.strictEqual(yield* askText("https://example.com/a?b=c"), "https://example.com/a?b=c 0")
      assert.strictEqual(yield* askText("https://example.com/d"), "https://example.com/d 1")
      yield* script.enqueue(ScriptedHttp.text("first"))
      assert.strictEqual(yield* askText("https://example.com/d"), "first")
      assert.strictEqual(yield* askText("https://example.com/d"), "https://example.com/d 3")
    }).pipe(Effect.provide(ScriptedHttp.layer(({ url }, index) => ScriptedHttp.text(`${url} ${index}`)))))

  it.effect("die with ScriptExhausted when none is left, naming the request without its query", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(ask("https://example.com/order?signature=abcdef"))
      assert(Exit.isFailure(exit))
      const defect = Chunk.unsafeHead(Cause.defects(exit.cause))
      assertInstanceOf(defect, ScriptedHttp.ScriptExhausted)
      assertInclude(defect.message, "no step left for GET https://example.com/order;")
      assert.notInclude(Cause.pretty(exit.cause), "abcdef")
    }).pipe(Effect.provide(ScriptedHttp.layer([]))))

  it.effect("fail with the error codes of Node", () =>
    Effect.gen(function*() {
      for (const expected of ["ECONNREFUSED", "ECONNRESET", "ENOTFOUND"]) {
        const error = yield* Effect.flip(ask())
        assert(error._tag === "RequestError")
        assert.strictEqual(error.reason, "Transport")
        assert.strictEqual(code(error), expected)
      }
    }).pipe(Effect.provide(
      ScriptedHttp.layer([ScriptedHttp.refused, ScriptedHttp.reset, ScriptedHttp.failure("ENOTFOUND")])
    )))

  it.effect("when truncated, give the headers and half of the body, then fail", () =>
    Effect.gen(function*() {
      const response = yield* ask()
      assert.strictEqual(response.status, 200)
      assert.strictEqual(response.headers["content-length"], "10")
      const received: Array<string> = []
      const error = yield* response.stream.pipe(
        Stream.decodeText(),
        Stream.runForEach((text) => Effect.sync(() => received.push(text))),
        Effect.flip
      )
      assert.deepStrictEqual(received, ["01234"])
      assert.strictEqual(error._tag, "ResponseError")
      assert.strictEqual(code(error), "UND_ERR_SOCKET")
      assert.strictEqual((yield* Effect.flip(response.text))._tag, "ResponseError")
      assert.strictEqual((yield* Effect.flip(response.json))._tag, "ResponseError")
    }).pipe(Effect.provide(ScriptedHttp.layer([ScriptedHttp.truncated("0123456789")]))))

  it.effect("fail to decode as JSON when they are not JSON", () =>
    Effect.gen(function*() {
      const response = yield* ask()
      const error = yield* Effect.flip(response.json)
      assert.strictEqual(error.reason, "Decode")
    }).pipe(Effect.provide(ScriptedHttp.layer([ScriptedHttp.text("<html>")]))))
})

describe("timing", () => {
  it.effect("a delayed response arrives after its delay, not before", () =>
    Effect.gen(function*() {
      const script = yield* handle
      const fiber = yield* Effect.fork(askText())
      yield* TestClock.adjust("2999 millis")
      assert.strictEqual(yield* script.inFlight, 1)
      assert.isTrue((yield* fiber.poll)._tag === "None")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "late")
      assert.strictEqual(yield* script.inFlight, 0)
    }).pipe(Effect.provide(ScriptedHttp.layer([
      ScriptedHttp.delayed(ScriptedHttp.delayed(ScriptedHttp.text("late"), "1 seconds"), "2 seconds")
    ]))))

  it.effect("a failure can be delayed too", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(Effect.flip(ask()))
      yield* TestClock.adjust("999 millis")
      assert.isTrue((yield* fiber.poll)._tag === "None")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(code(yield* Fiber.join(fiber)), "ECONNREFUSED")
    }).pipe(Effect.provide(ScriptedHttp.layer([ScriptedHttp.delayed(ScriptedHttp.refused, "1 second")]))))

  it.effect("a streamed body arrives in pieces, without a content-length", () =>
    Effect.gen(function*() {
      const response = yield* ask()
      assert.isUndefined(response.headers["content-length"])
      const received: Array<string> = []
      const fiber = yield* response.stream.pipe(
        Stream.decodeText(),
        Stream.runForEach((text) => Effect.sync(() => received.push(text))),
        Effect.fork
      )
      yield* TestClock.adjust("999 millis")
      assert.deepStrictEqual(received, ["["])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(received, ["[", "1"])
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(received, ["[", "1", "]"])
    }).pipe(Effect.provide(ScriptedHttp.layer([ScriptedHttp.streamed(["[", "1", "]"], { pause: "1 second" })]))))

  it.effect("a request without a response stays in flight until it is interrupted", () =>
    Effect.gen(function*() {
      const script = yield* handle
      const fiber = yield* Effect.fork(ask())
      yield* TestClock.adjust("1 days")
      assert.strictEqual(yield* script.inFlight, 1)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* script.inFlight, 0)
      assert.strictEqual((yield* script.requests).length, 1)
    }).pipe(Effect.provide(ScriptedHttp.layer([ScriptedHttp.delayed(ScriptedHttp.never, "1 second")]))))
})

describe("requests", () => {
  it.effect("are recorded with method, URL, headers, body and time", () =>
    Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const script = yield* handle
      yield* TestClock.setTime(7)
      const post = HttpClientRequest.post("https://example.com/order", {
        urlParams: { symbol: "BTC/USDT" },
        headers: { "X-API-Key": "k" }
      })
      yield* client.execute(HttpClientRequest.bodyText(post, "text"))
      yield* client.execute(HttpClientRequest.setBody(post, HttpBody.uint8Array(new TextEncoder().encode("bytes"))))
      yield* client.execute(HttpClientRequest.bodyStream(post, Stream.make("str", "eam").pipe(Stream.encodeText)))
      yield* client.execute(HttpClientRequest.setBody(post, HttpBody.raw("raw")))
      yield* client.get("https://example.com/time")
      const requests = yield* script.requests
      assert.deepStrictEqual(requests.map(({ body }) => body), ["text", "bytes", "stream", "raw", ""])
      assert.strictEqual(requests[0]?.method, "POST")
      assert.strictEqual(requests[0]?.url, "https://example.com/order?symbol=BTC%2FUSDT")
      assert.strictEqual(requests[0]?.headers["x-api-key"], "k")
      assert.strictEqual(requests[0]?.at, 7)
      assert.strictEqual(requests[4]?.method, "GET")
    }).pipe(Effect.provide(ScriptedHttp.layer(() => ScriptedHttp.json({})))))

  it.effect("fail to encode when their body cannot be recorded as text", () =>
    Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const post = HttpClientRequest.post("https://example.com/")
      const raw = yield* Effect.flip(client.execute(HttpClientRequest.setBody(post, HttpBody.raw({ a: 1 }))))
      assert.strictEqual(raw.reason, "Encode")
      const form = yield* Effect.flip(client.execute(HttpClientRequest.bodyFormData(post, new FormData())))
      assert.strictEqual(form.reason, "Encode")
    }).pipe(Effect.provide(ScriptedHttp.layer([]))))
})
