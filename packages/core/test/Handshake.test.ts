import { FetchHttpClient, type HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, type Scope } from "effect"
import * as Http from "node:http"
import * as Net from "node:net"
import * as Tls from "node:tls"
import { ExchangeClient } from "../src/adapter.js"
import { Credentials, ExchangeError, ExchangeState } from "../src/index.js"
import { NodeExchange } from "../src/node.js"
import * as Acme from "./support/acme.js"
import { selfSigned } from "./support/certificate.js"
import { key, secret } from "./support/secrets.js"

/** Listens on a loopback port until the scope closes. */
const listening = (server: Net.Server): Effect.Effect<number, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<number>((resume) => {
      const sockets = new Set<Net.Socket>()
      server.on("connection", (socket) => sockets.add(socket.on("error", () => {})))
      server.on("close", () => sockets.clear())
      server.on("shutdown", () => sockets.forEach((socket) => socket.destroy()))
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed(address !== null && typeof address === "object" ? address.port : 0))
      })
    }),
    () =>
      Effect.async<void>((resume) => {
        server.emit("shutdown")
        server.close(() => resume(Effect.void))
      })
  )

const errorOfOrder = (baseUrl: string) =>
  Effect.gen(function*() {
    const client = yield* ExchangeClient.make(Acme.protocol, {
      environment: { name: "loopback", baseUrl },
      credentials: Credentials.fixed({ key, secret }),
      attemptTimeout: "25 seconds",
      retry: { attempts: 1 }
    }).pipe(Effect.provide(ExchangeState.layer))
    const error = yield* Effect.flip(client.request(Acme.order, { amount: 1 }))
    assert.instanceOf(error, ExchangeError.TransportFailed)
    return error
  })

const clients: ReadonlyArray<readonly [string, Layer.Layer<HttpClient.HttpClient>]> = [
  ["undici", NodeExchange.layerHttp({ connectTimeout: "25 seconds" })],
  ["fetch", FetchHttpClient.layer]
]

for (const [name, layer] of clients) {
  describe(`a TLS connection that ${name} cannot establish`, () => {
    const servers: ReadonlyArray<readonly [string, () => Net.Server]> = [
      ["a plain HTTP server", () => Http.createServer((_, response) => response.end("{}"))],
      ["a server that closes each connection immediately", () => Net.createServer((socket) => socket.destroy())],
      ["a server that resets each connection", () => Net.createServer((socket) => socket.resetAndDestroy())],
      [
        "a TLS 1.1 server",
        () => Tls.createServer({ ...selfSigned(), minVersion: "TLSv1.1", maxVersion: "TLSv1.1" })
      ],
      ["a server with a self-signed certificate", () => Tls.createServer(selfSigned(), (socket) => socket.end())],
      ["a server without a certificate", () => Tls.createServer()]
    ]
    for (const [what, server] of servers) {
      it.scopedLive(`has outcome NotSent: ${what}`, () =>
        Effect.gen(function*() {
          const port = yield* listening(server())
          const error = yield* errorOfOrder(`https://127.0.0.1:${port}`)
          assert.strictEqual(error.outcome, "NotSent")
          assert.isString(error.code)
          assert.include(error.message, `code ${error.code}`)
        }).pipe(Effect.provide(layer)))
    }

    it.scopedLive("has outcome Unknown if the TCP connection was established and closed without TLS", () =>
      Effect.gen(function*() {
        const port = yield* listening(Net.createServer((socket) => socket.destroy()))
        assert.strictEqual((yield* errorOfOrder(`http://127.0.0.1:${port}`)).outcome, "Unknown")
      }).pipe(Effect.provide(layer)))

    it.scopedLive("has outcome NotSent if the host name is unknown", () =>
      Effect.gen(function*() {
        const error = yield* errorOfOrder("https://no-such-host.invalid")
        assert.strictEqual(error.outcome, "NotSent")
      }).pipe(Effect.provide(layer)))
  })
}
