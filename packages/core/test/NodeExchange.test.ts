import { FetchHttpClient, HttpClient, Socket } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Either, Exit, Fiber, Layer, Scope } from "effect"
import { randomBytes } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib"
import { type WebSocket, WebSocketServer } from "ws"
import { ExchangeClient } from "../src/adapter.js"
import { Credentials, ExchangeError, ExchangeState } from "../src/index.js"
import { NodeExchange } from "../src/node.js"
import * as Acme from "./support/acme.js"
import { key, secret } from "./support/secrets.js"
import * as Server from "./support/server.js"

const answer = (response: ServerResponse) => response.setHeader("content-type", "application/json").end("{\"value\":1}")

const writeHeadWithCoding = (response: ServerResponse, coding: string | undefined) =>
  response.writeHead(200, coding === undefined ? {} : { "content-encoding": coding })

const clientOf = (origin: string, options: ExchangeClient.Options = {}) =>
  ExchangeClient.make(Acme.protocol, {
    environment: { name: "loopback", baseUrl: origin },
    credentials: Credentials.fixed({ key, secret }),
    retry: { attempts: 1 },
    attemptTimeout: "25 seconds",
    ...options
  }).pipe(Effect.provide(ExchangeState.layer))

const misbehaving = (request: IncomingMessage, response: ServerResponse) => {
  switch (new URL(request.url ?? "", "http://x").searchParams.get("note")) {
    case "reset":
      response.writeHead(200, { "content-length": "1000" }).write("{\"value\":")
      return request.socket.setTimeout(10, () => request.socket.resetAndDestroy())
    case "reset at once":
      return request.socket.resetAndDestroy()
    case "short":
      response.writeHead(200, { "content-length": "1000" }).write("{\"value\":1}")
      return request.socket.setTimeout(10, () => request.socket.end())
    case "declared":
      return response.writeHead(200, { "content-length": "10000000" }).end(Buffer.alloc(10_000_000, 32))
    case "chunked":
      return response.writeHead(200).end(Buffer.alloc(10_000_000, 32))
    case "bomb":
      return response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(30_000_000, 32)))
    case "no HTTP":
      return request.socket.end("SSH-2.0-OpenSSH_9.6\r\n")
    default:
      return answer(response)
  }
}

const clients: ReadonlyArray<readonly [string, Layer.Layer<HttpClient.HttpClient>]> = [
  ["undici", NodeExchange.layerHttp()],
  ["fetch", FetchHttpClient.layer]
]

for (const [name, layer] of clients) {
  describe(`NodeExchange: ${name} over a socket`, () => {
    it.scopedLive("sends what was signed, and no trace headers", () =>
      Effect.gen(function*() {
        const server = yield* Server.make((_, response) => answer(response))
        const client = yield* clientOf(server.origin)
        assert.deepStrictEqual(yield* client.request(Acme.balance, {}), { value: 1 })
        yield* client.request(Acme.order, { amount: 2 })
        const [get, post] = server.requests
        assert.match(get?.url ?? "", /^\/balance\?timestamp=\d{13}&signature=[0-9a-f]{64}$/)
        assert.strictEqual(get?.headers["accept"], "application/json")
        assert.strictEqual(get?.headers["content-type"], undefined)
        assert.strictEqual(post?.headers["content-type"], "application/json")
        for (const { headers } of server.requests) {
          for (const name of ["traceparent", "tracestate", "b3", "x-b3-traceid"]) assert.notProperty(headers, name)
        }
      }).pipe(Effect.withSpan("caller"), Effect.provide(layer)))

    for (const status of [301, 302, 307, 308]) {
      it.scopedLive(`does not follow a ${status} redirect, so the key is sent to no other host`, () =>
        Effect.gen(function*() {
          const elsewhere = yield* Server.make((_, response) => answer(response))
          const server = yield* Server.make((_, response) =>
            response.writeHead(status, { location: `${elsewhere.origin}/balance` }).end()
          )
          const client = yield* clientOf(server.origin)
          for (const call of [client.request(Acme.balance, {}), client.request(Acme.order, { amount: 1 })]) {
            const error = yield* Effect.flip(call)
            assert.instanceOf(error, ExchangeError.ExchangeUnavailable)
            assert.include(error.message, "redirect")
          }
          assert.deepStrictEqual([server.requests.length, elsewhere.requests.length], [2, 0])
        }).pipe(Effect.provide(layer)))
    }

    it.scopedLive("a refused connection fails with TransportFailed and the outcome NotSent", () =>
      Effect.gen(function*() {
        const origin = yield* Effect.scoped(Effect.map(Server.make(() => {}), ({ origin }) => origin))
        const client = yield* clientOf(origin)
        const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
        assert.instanceOf(error, ExchangeError.TransportFailed)
        assert.deepStrictEqual([error.outcome, error.code], ["NotSent", "ECONNREFUSED"])
      }).pipe(Effect.provide(layer)))

    for (const note of ["reset", "reset at once", "short", "no HTTP"]) {
      it.scopedLive(`a connection that breaks (${note}) fails with TransportFailed and the outcome Unknown`, () =>
        Effect.gen(function*() {
          const server = yield* Server.make(misbehaving)
          const client = yield* clientOf(server.origin)
          const error = yield* Effect.flip(client.request(Acme.named, { name: "x", note }))
          assert.instanceOf(error, ExchangeError.TransportFailed)
          assert.strictEqual(error.outcome, "Unknown")
        }).pipe(Effect.provide(layer)))
    }

    for (const note of ["declared", "chunked", "bomb"]) {
      it.scopedLive(`refuses a body larger than maxResponseBytes (${note}), and stays usable`, () =>
        Effect.gen(function*() {
          const server = yield* Server.make(misbehaving)
          const client = yield* clientOf(server.origin, { maxResponseBytes: 1_000_000 })
          const error = yield* Effect.flip(client.request(Acme.named, { name: "x", note }))
          assert.instanceOf(error, ExchangeError.MalformedResponse)
          assert.include(error.message, "larger than 1000000 bytes")
          assert.include(error.message, "(see maxResponseBytes)")
          yield* client.request(Acme.named, { name: "x" })
        }).pipe(Effect.provide(layer)))
    }

    it.scopedLive("attemptTimeout ends an uninterruptible attempt and closes its connection", () =>
      Effect.gen(function*() {
        const closed = yield* Deferred.make<void>()
        const server = yield* Server.make((request) => {
          request.socket.on("close", () => Deferred.unsafeDone(closed, Exit.void))
        })
        const client = yield* clientOf(server.origin, { attemptTimeout: "1 second" })
        const [took, error] = yield* Effect.timed(
          Effect.flip(Effect.uninterruptible(client.request(Acme.order, { amount: 1 })))
        )
        assert.isBelow(Duration.toSeconds(took), 10)
        assert.instanceOf(error, ExchangeError.RequestTimedOut)
        assert.strictEqual(error.outcome, "Unknown")
        yield* Deferred.await(closed).pipe(Effect.timeout("2 seconds"), Effect.orDie)
      }).pipe(Effect.provide(layer)))

    it.scopedLive("an HttpClient wrapped around it sees every request", () =>
      Effect.gen(function*() {
        const server = yield* Server.make((_, response) => answer(response))
        const seen: Array<string> = []
        const watched = HttpClient.mapRequest(yield* HttpClient.HttpClient, (request) => {
          seen.push(new URL(request.url).pathname)
          return request
        })
        const client = yield* clientOf(server.origin).pipe(Effect.provideService(HttpClient.HttpClient, watched))
        yield* client.request(Acme.value, {})
        yield* client.request(Acme.order, { amount: 2 })
        assert.deepStrictEqual([seen, server.requests.length], [["/value", "/order"], 2])
      }).pipe(Effect.provide(layer)))

    it.scopedLive("an interrupted call ends and closes its connection before its timeout", () =>
      Effect.gen(function*() {
        const arrived = yield* Deferred.make<void>()
        const closed = yield* Deferred.make<void>()
        const server = yield* Server.make((request) => {
          Deferred.unsafeDone(arrived, Exit.void)
          request.socket.on("close", () => Deferred.unsafeDone(closed, Exit.void))
        })
        const client = yield* clientOf(server.origin, { attemptTimeout: "20 seconds" })
        const fiber = yield* Effect.fork(client.request(Acme.value, {}))
        yield* Deferred.await(arrived)
        // Before attemptTimeout, which would close the connection as well.
        const [took] = yield* Effect.timed(Fiber.interrupt(fiber))
        assert.isBelow(Duration.toSeconds(took), 10)
        yield* Deferred.await(closed).pipe(Effect.timeout("2 seconds"), Effect.orDie)
      }).pipe(Effect.provide(layer)))
  })
}

describe("NodeExchange", () => {
  it.scopedLive("keeps connections alive: ten calls use at most two connections", () =>
    Effect.gen(function*() {
      const server = yield* Server.make((_, response) => answer(response))
      const client = yield* clientOf(server.origin)
      for (let call = 0; call < 10; call++) yield* client.request({ ...Acme.value, cost: () => ({}) }, {})
      assert.strictEqual(server.requests.length, 10)
      // A second one is opened when a call comes before the first is known to be free.
      assert.isAtMost(server.sockets.size, 2)
    }).pipe(Effect.provide(NodeExchange.layerHttp())))

  it.scopedLive("opens as many connections as its limit allows, and no more", () =>
    Effect.gen(function*() {
      const waiting: Array<ServerResponse> = []
      let arrived = 0
      const server = yield* Server.make((_, response) => {
        arrived++
        waiting.push(response)
        // A connection carries one request at a time, so three requests answered together came over three of them.
        if (waiting.length === 3 || arrived === 20) waiting.splice(0).forEach(answer)
      })
      const client = yield* clientOf(server.origin)
      const free = { ...Acme.value, cost: () => ({}) }
      yield* Effect.all(Array.from({ length: 20 }, () => client.request(free, {})), { concurrency: "unbounded" })
      assert.deepStrictEqual([server.requests.length, server.sockets.size], [20, 3])
    }).pipe(Effect.provide(NodeExchange.layerHttp({ connections: 3 }))))

  it.scopedLive("reads a body of exactly maxBytes, compressed or not, and refuses a larger one", () =>
    Effect.gen(function*() {
      const plain = Buffer.from("{\"value\":1}".padEnd(1001))
      for (const [length, read] of [[1000, true], [1001, false]] as const) {
        const body = plain.subarray(0, length)
        for (const answer of [{ body }, { body: gzipSync(body), coding: "gzip" }]) {
          const server = yield* Server.make((_, response) =>
            writeHeadWithCoding(response, answer.coding).end(answer.body)
          )
          const result = yield* Effect.either(
            Effect.flatMap(clientOf(server.origin), ({ request }) => request(Acme.value, {}))
          )
          assert.strictEqual(Either.isRight(result), read, `${length} ${answer.coding}`)
        }
      }
    }).pipe(Effect.provide(NodeExchange.layerHttp({ maxBytes: 1000 }))))

  it.live("closes idle connections when its scope closes", () =>
    Effect.scoped(Effect.gen(function*() {
      const server = yield* Server.make((_, response) => answer(response))
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(NodeExchange.layerHttp(), scope)
      const client = yield* clientOf(server.origin).pipe(Effect.provide(context))
      yield* client.request(Acme.value, {})
      const [socket] = server.sockets
      assert.isFalse(socket?.destroyed)
      yield* Scope.close(scope, Exit.void)
      yield* Effect.async<void>((resume) => {
        if (socket === undefined || socket.destroyed) resume(Effect.void)
        else socket.on("close", () => resume(Effect.void))
      }).pipe(Effect.timeout("2 seconds"), Effect.orDie)
    })))
})

const bodies = { short: "{\"value\":7}", long: `{"value":7,"rest":"${randomBytes(20_000).toString("hex")}"}` }

const codings: Readonly<Record<string, readonly [header: string, compress: (body: string | Buffer) => Buffer]>> = {
  gzip: ["gzip", gzipSync],
  "gzip as x-gzip": ["X-GZip", gzipSync],
  deflate: ["deflate", deflateSync],
  "raw deflate": ["deflate", deflateRawSync],
  Brotli: ["br", (body) => brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })]
}

describe("NodeExchange: compressed responses", () => {
  it.scopedLive("requests gzip in accept-encoding", () =>
    Effect.gen(function*() {
      const server = yield* Server.make((_, response) => answer(response))
      yield* Effect.flatMap(clientOf(server.origin), ({ request }) => request(Acme.order, { amount: 1 }))
      assert.strictEqual(server.requests[0]?.headers["accept-encoding"], "gzip")
    }).pipe(Effect.provide(NodeExchange.layerHttp())))

  for (const [name, [coding, compress]] of Object.entries(codings)) {
    for (const [size, body] of Object.entries(bodies)) {
      it.scopedLive(`decompresses ${name} (${size} body)`, () =>
        Effect.gen(function*() {
          const compressed = compress(body)
          // In two chunks, neither of which can be decompressed by itself.
          const server = yield* Server.make((_, response) => {
            writeHeadWithCoding(response, coding).write(compressed.subarray(0, 5))
            response.end(compressed.subarray(5))
          })
          const client = yield* clientOf(server.origin)
          assert.deepStrictEqual(yield* client.request(Acme.value, {}), { value: 7 })
        }).pipe(Effect.provide(NodeExchange.layerHttp())))
    }

    it.scopedLive(`stops decompressing ${name} at maxBytes, and releases the connection`, () =>
      Effect.gen(function*() {
        const zeros = Buffer.alloc(600_000)
        // A small compressed body is decompressed synchronously, a larger one off the event loop.
        for (const bomb of [compress(zeros), compress(Buffer.concat([randomBytes(20_000), zeros]))]) {
          const server = yield* Server.make((_, response) => writeHeadWithCoding(response, coding).end(bomb))
          const client = yield* clientOf(server.origin)
          const error = yield* Effect.flip(client.request(Acme.value, {}))
          assert.instanceOf(error, ExchangeError.MalformedResponse)
          assert.include(
            error.message,
            "larger than 500000 bytes after decompression (see maxBytes of NodeExchange); raise"
          )
          // The only connection was released, so a second request can be sent.
          assert.instanceOf(yield* Effect.flip(client.request(Acme.value, {})), ExchangeError.MalformedResponse)
        }
      }).pipe(Effect.provide(NodeExchange.layerHttp({ connections: 1, maxBytes: 500_000 }))))

    it.scopedLive(`stops decompressing ${name} at maxResponseBytes`, () =>
      Effect.gen(function*() {
        const server = yield* Server.make((_, response) =>
          writeHeadWithCoding(response, coding).end(compress(Buffer.alloc(600_000)))
        )
        const client = yield* clientOf(server.origin, { maxResponseBytes: 500_000 })
        const { message } = yield* Effect.flip(client.request(Acme.value, {}))
        assert.include(message, "larger than 500000 bytes after decompression (see maxResponseBytes); raise")
      }).pipe(Effect.provide(NodeExchange.layerHttp())))

    it.scopedLive(`refuses ${name} that is too large before decompression`, () =>
      Effect.gen(function*() {
        const server = yield* Server.make((_, response) =>
          writeHeadWithCoding(response, coding).end(compress(randomBytes(20_000)))
        )
        const client = yield* clientOf(server.origin, { maxResponseBytes: 9_000 })
        const called = yield* Effect.flip(client.request(Acme.value, {}))
        assert.include(called.message, "larger than 9000 bytes before decompression (see maxResponseBytes)")
        const other = yield* clientOf(server.origin)
        const own = yield* Effect.flip(other.request(Acme.value, {}))
        assert.include(own.message, "larger than 10000 bytes before decompression (see maxBytes of NodeExchange)")
      }).pipe(Effect.provide(NodeExchange.layerHttp({ maxBytes: 10_000 }))))

    for (
      const [what, damage] of Object.entries({
        truncated: (compressed: Buffer) => compressed.subarray(0, -8),
        "not compressed": () => Buffer.from("{\"value\":7}")
      })
    ) {
      for (const [size, body] of Object.entries(bodies)) {
        it.scopedLive(`reports ${name} (${size} body) that is ${what}, with the outcome Unknown for a write`, () =>
          Effect.gen(function*() {
            const compressed = damage(compress(body))
            const server = yield* Server.make((_, response) => writeHeadWithCoding(response, coding).end(compressed))
            const client = yield* clientOf(server.origin)
            const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
            assert.instanceOf(error, ExchangeError.MalformedResponse)
            assert.deepStrictEqual([error.reason, error.outcome], ["NotJson", "Unknown"])
            assert.include(error.message, `it is not valid ${coding.toLowerCase()}`)
          }).pipe(Effect.provide(NodeExchange.layerHttp())))
      }
    }
  }

  it.scopedLive("keeps the status and headers of a compressed error, and reports a compressed response without a body as empty", () =>
    Effect.gen(function*() {
      const refused = yield* Server.make((_, response) =>
        response.writeHead(429, { "content-encoding": "gzip", "retry-after": "7" }).end(gzipSync("{}"))
      )
      const error = yield* Effect.flatMap(
        clientOf(refused.origin),
        ({ request }) => Effect.flip(request(Acme.value, {}))
      )
      assert.instanceOf(error, ExchangeError.RateLimited)
      assert.strictEqual(Duration.toSeconds(error.retryAfter), 7)
      const empty = yield* Server.make((_, response) => response.writeHead(204, { "content-encoding": "gzip" }).end())
      const nothing = yield* Effect.flatMap(
        clientOf(empty.origin),
        ({ request }) => Effect.flip(request(Acme.value, {}))
      )
      assert.include(nothing.message, "an empty body")
    }).pipe(Effect.provide(NodeExchange.layerHttp())))

  it.scopedLive("reads a body with an unknown content-encoding as it is", () =>
    Effect.gen(function*() {
      const server = yield* Server.make((_, response) => writeHeadWithCoding(response, "utf-8").end("{\"value\":7}"))
      const client = yield* clientOf(server.origin)
      assert.deepStrictEqual(yield* client.request(Acme.value, {}), { value: 7 })
    }).pipe(Effect.provide(NodeExchange.layerHttp())))
})

const webSocketServer = (onConnection: (socket: WebSocket) => void) =>
  Effect.gen(function*() {
    const server = yield* Server.make((_, response) => response.writeHead(302, { location: "ws://127.0.0.1:1/" }).end())
    const sockets = new WebSocketServer({ server: server.http, path: "/stream" })
    sockets.on("connection", onConnection)
    return `${server.origin.replace("http", "ws")}`
  })

/** Sends messages over a WebSocket, and returns what it received and how it was closed. */
const conversation = (url: string, messages: ReadonlyArray<string>, options?: NodeExchange.Options) =>
  Effect.gen(function*() {
    const construct = yield* Socket.WebSocketConstructor
    return yield* Effect.async<ReadonlyArray<string>>((resume) => {
      const events: Array<string> = []
      const socket = construct(url)
      socket.addEventListener("open", () => {
        for (const text of messages) socket.send(text)
      })
      socket.addEventListener("message", ({ data }) => {
        events.push(String(data))
        if (events.length === messages.length) socket.close(1000)
      })
      socket.addEventListener("error", () => events.push("error"))
      socket.addEventListener("close", ({ code }) => {
        events.push(`closed ${code}`)
        resume(Effect.succeed(events))
      })
    })
  }).pipe(Effect.provide(NodeExchange.layerWebSocket(options)))

describe("NodeExchange: WebSockets", () => {
  it.scopedLive("receives the messages that the server sends", () =>
    Effect.gen(function*() {
      const url = yield* webSocketServer((socket) => socket.on("message", (data) => socket.send(String(data))))
      assert.deepStrictEqual(yield* conversation(`${url}/stream`, ["a", "b"]), ["a", "b", "closed 1000"])
    }))

  it.scopedLive("refuses a message larger than maxBytes", () =>
    Effect.gen(function*() {
      const url = yield* webSocketServer((socket) => socket.send("x".repeat(2000)))
      assert.deepStrictEqual(yield* conversation(`${url}/stream`, ["a"], { maxBytes: 1000 }), ["error", "closed 1006"])
      // Of a larger number, ws would take 32 bits.
      for (const maxBytes of [2000, 2 ** 32 + 1000, Number.POSITIVE_INFINITY]) {
        assert.deepStrictEqual(yield* conversation(`${url}/stream`, ["a"], { maxBytes }), [
          "x".repeat(2000),
          "closed 1000"
        ])
      }
    }))

  it.scopedLive("does not follow a redirect", () =>
    Effect.gen(function*() {
      const url = yield* webSocketServer(() => {})
      assert.deepStrictEqual(yield* conversation(`${url}/other`, ["a"]), ["error", "closed 1006"])
    }))

  it.scopedLive("fails if the handshake takes longer than connectTimeout", () =>
    Effect.gen(function*() {
      const server = yield* Server.make(() => {})
      server.http.on("upgrade", () => {})
      const events = yield* conversation(server.origin.replace("http", "ws"), ["a"], { connectTimeout: "50 millis" })
      assert.deepStrictEqual(events, ["error", "closed 1006"])
    }))
})
