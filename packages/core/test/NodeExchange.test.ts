import { FetchHttpClient, type HttpClient, Socket } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import { gzipSync } from "node:zlib"
import { type WebSocket, WebSocketServer } from "ws"
import { ExchangeClient } from "../src/adapter.js"
import { Credentials, ExchangeError, ExchangeState } from "../src/index.js"
import { NodeExchange } from "../src/node.js"
import * as Acme from "./support/acme.js"
import { key, secret } from "./support/secrets.js"
import * as Server from "./support/server.js"

const answer = (response: ServerResponse) => response.setHeader("content-type", "application/json").end("{\"value\":1}")

const clientOf = (origin: string, options: ExchangeClient.Options = {}) =>
  ExchangeClient.make(Acme.protocol, {
    environment: { name: "loopback", baseUrl: origin },
    credentials: Credentials.fixed({ key, secret }),
    retry: { attempts: 1 },
    attemptTimeout: "25 seconds",
    ...options
  }).pipe(Effect.provide(ExchangeState.layer))

const refusing = (request: IncomingMessage, response: ServerResponse) => {
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
    case "gzip":
      return response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("{\"value\":7}"))
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
      it.scopedLive(`does not follow ${status}, and the key goes nowhere else`, () =>
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

    it.scopedLive("nobody listening: not sent", () =>
      Effect.gen(function*() {
        const origin = yield* Effect.scoped(Effect.map(Server.make(() => {}), ({ origin }) => origin))
        const client = yield* clientOf(origin)
        const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
        assert.instanceOf(error, ExchangeError.TransportFailed)
        assert.deepStrictEqual([error.outcome, error.code], ["NotSent", "ECONNREFUSED"])
      }).pipe(Effect.provide(layer)))

    for (const note of ["reset", "reset at once", "short", "no HTTP"]) {
      it.scopedLive(`a connection that breaks (${note}): nobody knows`, () =>
        Effect.gen(function*() {
          const server = yield* Server.make(refusing)
          const client = yield* clientOf(server.origin)
          const error = yield* Effect.flip(client.request(Acme.named, { name: "x", note }))
          assert.instanceOf(error, ExchangeError.TransportFailed)
          assert.strictEqual(error.outcome, "Unknown")
        }).pipe(Effect.provide(layer)))
    }

    for (const note of ["declared", "chunked", "bomb"]) {
      it.scopedLive(`10 MB (${note}) are not read`, () =>
        Effect.gen(function*() {
          const server = yield* Server.make(refusing)
          const client = yield* clientOf(server.origin, { maxResponseBytes: 1_000_000 })
          const error = yield* Effect.flip(client.request(Acme.named, { name: "x", note }))
          assert.instanceOf(error, ExchangeError.MalformedResponse)
          // undici does not decompress: what it reads of the bomb is small and no JSON.
          if (note !== "bomb" || name === "fetch") assert.include(error.message, "larger than 1000000 bytes")
          yield* client.request(Acme.named, { name: "x" })
        }).pipe(Effect.provide(layer)))
    }

    it.scopedLive("an interrupted call closes its connection", () =>
      Effect.gen(function*() {
        const arrived = yield* Deferred.make<void>()
        const closed = yield* Deferred.make<void>()
        const server = yield* Server.make((request) => {
          Deferred.unsafeDone(arrived, Exit.void)
          request.socket.on("close", () => Deferred.unsafeDone(closed, Exit.void))
        })
        const client = yield* clientOf(server.origin)
        const fiber = yield* Effect.fork(client.request(Acme.value, {}))
        yield* Deferred.await(arrived)
        yield* Fiber.interrupt(fiber)
        yield* Deferred.await(closed).pipe(Effect.timeout("2 seconds"), Effect.orDie)
      }).pipe(Effect.provide(layer)))
  })
}

describe("NodeExchange", () => {
  it.scopedLive("keeps connections alive: many calls, one connection or two", () =>
    Effect.gen(function*() {
      const server = yield* Server.make((_, response) => answer(response))
      const client = yield* clientOf(server.origin)
      for (let call = 0; call < 10; call++) yield* client.request({ ...Acme.value, cost: () => ({}) }, {})
      assert.strictEqual(server.requests.length, 10)
      // A second one is opened when a call comes before the first is known to be free.
      assert.isAtMost(server.sockets.size, 2)
    }).pipe(Effect.provide(NodeExchange.layerHttp())))

  it.scopedLive("opens as many connections as it may, and no more", () =>
    Effect.gen(function*() {
      const waiting: Array<ServerResponse> = []
      let arrived = 0
      const server = yield* Server.make((_, response) => {
        arrived++
        waiting.push(response)
        // A connection carries one request at a time: three of them answered together came over three.
        if (waiting.length === 3 || arrived === 20) waiting.splice(0).forEach(answer)
      })
      const client = yield* clientOf(server.origin)
      const free = { ...Acme.value, cost: () => ({}) }
      yield* Effect.all(Array.from({ length: 20 }, () => client.request(free, {})), { concurrency: "unbounded" })
      assert.deepStrictEqual([server.requests.length, server.sockets.size], [20, 3])
    }).pipe(Effect.provide(NodeExchange.layerHttp({ connections: 3 }))))

  it.scopedLive("its own limit holds for whoever uses the client", () =>
    Effect.gen(function*() {
      const server = yield* Server.make(refusing)
      const client = yield* clientOf(server.origin)
      const error = yield* Effect.flip(client.request(Acme.named, { name: "x", note: "chunked" }))
      assert.instanceOf(error, ExchangeError.MalformedResponse)
    }).pipe(Effect.provide(NodeExchange.layerHttp({ maxBytes: 1000 }))))

  it.scopedLive("gzip that nobody asked for is no JSON", () =>
    Effect.gen(function*() {
      const server = yield* Server.make(refusing)
      const client = yield* clientOf(server.origin)
      const error = yield* Effect.flip(client.request(Acme.named, { name: "x", note: "gzip" }))
      assert.instanceOf(error, ExchangeError.MalformedResponse)
      assert.strictEqual(server.requests[0]?.headers["accept-encoding"], undefined)
    }).pipe(Effect.provide(NodeExchange.layerHttp())))

  it.live("closing the scope closes the idle connections", () =>
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

const webSocketServer = (onConnection: (socket: WebSocket) => void) =>
  Effect.gen(function*() {
    const server = yield* Server.make((_, response) => response.writeHead(302, { location: "ws://127.0.0.1:1/" }).end())
    const sockets = new WebSocketServer({ server: server.http, path: "/stream" })
    sockets.on("connection", onConnection)
    return `${server.origin.replace("http", "ws")}`
  })

/** What a socket says about itself, until it is closed. */
const conversation = (url: string, say: ReadonlyArray<string>, options?: NodeExchange.Options) =>
  Effect.gen(function*() {
    const construct = yield* Socket.WebSocketConstructor
    return yield* Effect.async<ReadonlyArray<string>>((resume) => {
      const heard: Array<string> = []
      const socket = construct(url)
      socket.addEventListener("open", () => {
        for (const text of say) socket.send(text)
      })
      socket.addEventListener("message", ({ data }) => {
        heard.push(String(data))
        if (heard.length === say.length) socket.close(1000)
      })
      socket.addEventListener("error", () => heard.push("error"))
      socket.addEventListener("close", ({ code }) => {
        heard.push(`closed ${code}`)
        resume(Effect.succeed(heard))
      })
    })
  }).pipe(Effect.provide(NodeExchange.layerWebSocket(options)))

describe("NodeExchange: WebSockets", () => {
  it.scopedLive("hear what is said back", () =>
    Effect.gen(function*() {
      const url = yield* webSocketServer((socket) => socket.on("message", (data) => socket.send(String(data))))
      assert.deepStrictEqual(yield* conversation(`${url}/stream`, ["a", "b"]), ["a", "b", "closed 1000"])
    }))

  it.scopedLive("refuse a message beyond the limit", () =>
    Effect.gen(function*() {
      const url = yield* webSocketServer((socket) => socket.send("x".repeat(2000)))
      assert.deepStrictEqual(yield* conversation(`${url}/stream`, ["a"], { maxBytes: 1000 }), ["error", "closed 1006"])
      assert.deepStrictEqual(yield* conversation(`${url}/stream`, ["a"], { maxBytes: 2000 }), [
        "x".repeat(2000),
        "closed 1000"
      ])
    }))

  it.scopedLive("follow no redirect", () =>
    Effect.gen(function*() {
      const url = yield* webSocketServer(() => {})
      assert.deepStrictEqual(yield* conversation(`${url}/other`, ["a"]), ["error", "closed 1006"])
    }))

  it.scopedLive("give up a handshake that takes too long", () =>
    Effect.gen(function*() {
      const server = yield* Server.make(() => {})
      server.http.on("upgrade", () => {})
      const heard = yield* conversation(server.origin.replace("http", "ws"), ["a"], { connectTimeout: "50 millis" })
      assert.deepStrictEqual(heard, ["error", "closed 1006"])
    }))
})
