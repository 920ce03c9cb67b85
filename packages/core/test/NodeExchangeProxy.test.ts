import { Socket } from "@effect/platform"
import { assert, beforeAll, describe, it, vi } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { WebSocketServer } from "ws"
import { ExchangeClient } from "../src/adapter.js"
import { direct } from "../src/engine/internal/nodeProxy.js"
import { reasonOf } from "../src/feed/internal/connection.js"
import { ExchangeError, ExchangeState } from "../src/index.js"
import { NodeExchange } from "../src/node.js"
import * as Acme from "./support/acme.js"
import * as Capture from "./support/capture.js"
import * as Proxy from "./support/proxy.js"
import * as Server from "./support/server.js"

// The exchange in these tests has a self-signed certificate, as its host name does not exist.
beforeAll(() => {
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0")
  return () => void vi.unstubAllEnvs()
})

const call = (baseUrl = "https://exchange.test", attempts = 1) =>
  ExchangeClient.make(Acme.protocol, {
    environment: { name: "proxied", baseUrl },
    retry: { attempts, base: "1 millis" },
    attemptTimeout: "25 seconds"
  }).pipe(
    Effect.provide(ExchangeState.layer),
    Effect.flatMap(({ request }) => request({ ...Acme.value, cost: () => ({}) }, {}))
  )

const failedCall = (options: NodeExchange.Options, baseUrl?: string) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(call(baseUrl))
    assert.instanceOf(error, ExchangeError.TransportFailed)
    assert.strictEqual(error.outcome, "NotSent")
    return error
  }).pipe(Effect.provide(NodeExchange.layerHttp(options)))

const at = (address: string, user = "") => Redacted.make(`http://${user}${address}`)

const named = (variables: Record<string, string>) =>
  Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))

const environment = (variables: Record<string, string>) =>
  Layer.provide(NodeExchange.layerHttp({ proxy: "environment" }), named(variables))

/** An address on which no server listens any more. */
const unreachable = Effect.map(Effect.scoped(Server.make(() => {})), ({ origin }) => origin.replace("http://", ""))

describe("NodeExchange: requests through a proxy", () => {
  it.scopedLive("reach the exchange through a tunnel, with TLS inside it", () =>
    Effect.gen(function*() {
      const exchange = yield* Proxy.exchange
      const proxy = yield* Proxy.make(exchange.port)
      yield* Effect.gen(function*() {
        assert.deepStrictEqual(yield* call(), { value: 1 })
        yield* Effect.repeatN(call(), 7)
        yield* call("https://[2001:db8::1]:8443")
      }).pipe(Effect.provide(NodeExchange.layerHttp({ proxy: at(proxy.address) })))
      const authorities = proxy.tunnels.map(({ authority }) => authority)
      assert.deepStrictEqual([...new Set(authorities)], ["exchange.test:443", "[2001:db8::1]:8443"])
      // Tunnels are kept: a call that follows immediately may find the only one still busy, and opens a second.
      assert.isAtMost(authorities.length, 3)
      assert.strictEqual(exchange.headers.length, 10)
    }))

  it.scopedLive("check the certificate of an HTTPS proxy for the proxy's own name", () =>
    Effect.gen(function*() {
      const exchange = yield* Proxy.exchange
      const { names, port } = yield* Proxy.makeSecure(exchange.port)
      const http = NodeExchange.layerHttp({ proxy: Redacted.make(`https://localhost:${port}`) })
      assert.deepStrictEqual(yield* Effect.provide(call(), http), { value: 1 })
      assert.deepStrictEqual(names, ["localhost"])
    }))

  it.scopedLive("send the user and password to the proxy and not to the exchange", () =>
    Effect.gen(function*() {
      const exchange = yield* Proxy.exchange
      const proxy = yield* Proxy.make(exchange.port, { credentials: "me@work:p:ss" })
      const options = { proxy: at(proxy.address, "me%40work:p%3Ass@") }
      assert.deepStrictEqual(yield* Effect.provide(call(), NodeExchange.layerHttp(options)), { value: 1 })
      assert.notProperty(exchange.headers[0], "proxy-authorization")
    }))

  it.scopedLive("report a proxy that requires a user or rejects the one it was given", () =>
    Effect.gen(function*() {
      const proxy = yield* Proxy.make(1, { credentials: "me:right" })
      const without = yield* failedCall({ proxy: at(proxy.address) })
      assert.include(without.message, `the proxy ${proxy.address} requires a user and password`)
      assert.strictEqual(without.code, "PROXY_407")
      const wrong = yield* failedCall({ proxy: at(proxy.address, "me:wrong@") })
      assert.include(wrong.message, `the proxy ${proxy.address} rejected the user and password`)
    }))

  it.scopedLive("do not retry a rejected user, which could lock the account, but retry other failures", () =>
    Effect.gen(function*() {
      for (const [status, times] of [[407, 1], [502, 3]] as const) {
        const proxy = yield* Proxy.make(1, { status })
        const options = { proxy: at(proxy.address, "me:wrong@") }
        yield* Effect.flip(Effect.provide(call(undefined, 3), NodeExchange.layerHttp(options)))
        assert.strictEqual(proxy.tunnels.length, times, String(status))
      }
    }))

  for (const status of [204, 302, 403, 502]) {
    it.scopedLive(`report a proxy that responds with ${status}, with the outcome NotSent`, () =>
      Effect.gen(function*() {
        const proxy = yield* Proxy.make(1, { status })
        const { message } = yield* failedCall({ proxy: at(proxy.address) })
        assert.include(
          message,
          `the proxy ${proxy.address} did not connect to exchange.test:443, but responded with status ${status}`
        )
      }))
  }

  it.scopedLive("report a proxy that is unreachable, does not speak HTTP, has an HTTPS URL or exceeds connectTimeout", () =>
    Effect.gen(function*() {
      const address = yield* unreachable
      const error = yield* failedCall({ proxy: at(address) })
      assert.include(error.message, `the proxy ${address} could not be reached`)
      assert.strictEqual(error.code, "ECONNREFUSED")
      const server = yield* Server.make(() => {})
      const host = server.origin.replace("http://", "")
      server.http.once("connect", (_, socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"))
      assert.include(
        (yield* failedCall({ proxy: at(host) })).message,
        `the proxy ${host} could not be reached, or is not an`
      )
      server.http.once("connect", () => {})
      const late = yield* failedCall({ proxy: at(host), connectTimeout: "100 millis" })
      assert.strictEqual(late.code, "ETIMEDOUT")
      const secure = yield* failedCall({ proxy: Redacted.make(`https://${host}`) })
      assert.include(secure.message, "HTTPS")
    }))

  it.scopedLive("fail with the outcome Unknown if the connection breaks after they were sent", () =>
    Effect.gen(function*() {
      const exchange = yield* Proxy.exchange
      exchange.https.removeAllListeners("request")
      exchange.https.on("request", ({ socket }) => socket.destroy())
      const proxy = yield* Proxy.make(exchange.port)
      const error = yield* Effect.provide(Effect.flip(call()), NodeExchange.layerHttp({ proxy: at(proxy.address) }))
      assert.instanceOf(error, ExchangeError.TransportFailed)
      assert.strictEqual(error.outcome, "Unknown")
    }))

  it.scopedLive("never show the proxy's password, whatever fails", () =>
    Effect.gen(function*() {
      const password = "pr0xy-CANARY"
      const captured = Capture.make()
      const user = `me:${password}@`
      const refusing = yield* Proxy.make(1, { credentials: "me:other" })
      const forbidding = yield* Proxy.make(1, { status: 403 })
      for (const address of [refusing.address, forbidding.address, yield* unreachable]) {
        const layer = NodeExchange.layerWith({ proxy: at(address, user) })
        const error = yield* captured.provide(
          Effect.flip(call()).pipe(Effect.provide(layer), Effect.withSpan("caller"))
        )
        const event = yield* captured.provide(
          Effect.flip(Effect.provide(openWebSocket("wss://exchange.test/"), layer))
        )
        captured.note([error, event].flatMap(Capture.renderings).join("\n"))
      }
      const malformed = yield* Effect.flip(
        Effect.provide(call(), environment({ HTTPS_PROXY: `socks5://${user}host:1080` }))
      )
      captured.note(Capture.renderings(malformed).join("\n"))
      captured.note(yield* Capture.metrics)
      const all = captured.output.join("\n")
      assert.include(all, refusing.address)
      for (const secret of [password, Buffer.from(`me:${password}`).toString("base64")]) assert.notInclude(all, secret)
    }))
})

describe("NodeExchange: proxies from the environment", () => {
  it.scopedLive("are read from the ConfigProvider, in lower case first, and empty variables are ignored", () =>
    Effect.gen(function*() {
      const exchange = yield* Proxy.exchange
      const proxy = yield* Proxy.make(exchange.port)
      const unusedAddress = yield* unreachable
      for (
        const variables of [
          { HTTPS_PROXY: `http://${proxy.address}` },
          { HTTPS_PROXY: proxy.address, HTTP_PROXY: unusedAddress },
          { https_proxy: proxy.address, HTTPS_PROXY: unusedAddress },
          { https_proxy: "", HTTPS_PROXY: proxy.address, NO_PROXY: "other.test" }
        ]
      ) {
        assert.deepStrictEqual(yield* Effect.provide(call(), environment(variables)), { value: 1 })
      }
      assert.strictEqual(proxy.tunnels.length, 4)
    }))

  it.scopedLive("are not used for hosts in NO_PROXY or for loopback addresses", () =>
    Effect.gen(function*() {
      const proxy = yield* Proxy.make(1)
      const variables = { HTTPS_PROXY: proxy.address, HTTP_PROXY: proxy.address, NO_PROXY: "invalid" }
      const error = yield* Effect.provide(Effect.flip(call("https://exchange.invalid")), environment(variables))
      assert.notInclude(error.message, "proxy")
      const server = yield* Server.make((_, response) => response.end("{\"value\":1}"))
      const layers = [environment(variables), NodeExchange.layerHttp({ proxy: at(proxy.address) })]
      for (const layer of layers) {
        yield* Effect.provide(call(server.origin), layer)
        yield* Effect.provide(call(server.origin.replace("127.0.0.1", "localhost")), layer)
      }
      assert.deepStrictEqual([proxy.tunnels.length, server.requests.length], [0, 4])
    }))

  for (const text of ["socks5://host:1080", "http://[host", "http://host:99999", "http://%ff:x@host"]) {
    it.effect(`are refused if invalid, by an error that names the variable and not its value: ${text}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Layer.build(environment({ HTTPS_PROXY: text })))
        assert.include(String(error), "HTTPS_PROXY")
        assert.notInclude(String(error), text)
        const given = yield* Effect.flip(Layer.build(NodeExchange.layerHttp({ proxy: Redacted.make(text) })))
        assert.notInclude(String(given), text)
      }).pipe(Effect.scoped))
  }

  const table: ReadonlyArray<readonly [list: string, url: string, isDirect: boolean]> = [
    ["", "https://a.test", false],
    ["*", "https://a.test", true],
    ["a.test", "https://a.test", true],
    ["A.Test.", "https://a.test", true],
    ["a.test", "https://api.a.test", true],
    [".a.test", "https://api.a.test", true],
    ["*.a.test", "https://api.a.test", true],
    ["a.test", "https://ba.test", false],
    ["b.test, a.test", "https://a.test", true],
    ["b.test a.test", "https://a.test", true],
    ["a.test:8443", "https://a.test", false],
    ["a.test:443", "https://a.test", true],
    ["a.test:443", "wss://a.test", true],
    ["10.1.2.3", "https://10.1.2.3", true],
    ["2.3", "https://10.1.2.3", false],
    ["10.0.0.0/8", "https://10.1.2.3", true],
    ["10.0.0.0/8", "https://11.1.2.3", false],
    ["10.0.0.0/99", "https://10.1.2.3", false],
    ["a.test/8", "https://a.test", false],
    ["2001:db8::1", "https://[2001:db8::1]", true],
    ["[2001:db8::1]:443", "https://[2001:db8::1]", true],
    ["2001:db8::/32", "https://[2001:db8::2]", true],
    ["2001:db8::/32", "https://10.1.2.3", false]
  ]
  for (const [list, url, isDirect] of table) {
    it(`NO_PROXY="${list}" ${isDirect ? "covers" : "does not cover"} ${url}`, () => {
      assert.strictEqual(direct(list)(new URL(url)), isDirect)
    })
  }
})

/** Opens a WebSocket, sends `hello` and returns the first message; fails with the error event. */
const openWebSocket = (url: string) =>
  Effect.flatMap(Socket.WebSocketConstructor, (construct) =>
    Effect.async<string, Event>((resume) => {
      const socket = construct(url)
      socket.addEventListener("open", () => socket.send("hello"))
      socket.addEventListener("message", ({ data }) => {
        resume(Effect.succeed(String(data)))
        socket.close()
      })
      socket.addEventListener("error", (event) => resume(Effect.fail(event)))
    }))

describe("NodeExchange: WebSockets through a proxy", () => {
  it.scopedLive("open through a tunnel, with TLS inside it", () =>
    Effect.gen(function*() {
      const exchange = yield* Proxy.exchange
      new WebSocketServer({ server: exchange.https }).on("connection", (socket) => {
        socket.on("message", (data) => socket.send(`${data} you`))
      })
      const proxy = yield* Proxy.make(exchange.port, { credentials: "me:right" })
      const layer = NodeExchange.layerWebSocket({ proxy: at(proxy.address, "me:right@") })
      assert.strictEqual(yield* Effect.provide(openWebSocket("wss://exchange.test/stream"), layer), "hello you")
      assert.deepStrictEqual(proxy.tunnels.map(({ authority }) => authority), ["exchange.test:443"])
      const variables = named({ HTTPS_PROXY: `http://me:right@${proxy.address}` })
      const read = Layer.provide(NodeExchange.layerWebSocket({ proxy: "environment" }), variables)
      assert.strictEqual(yield* Effect.provide(openWebSocket("wss://exchange.test:9000/stream"), read), "hello you")
      assert.strictEqual(proxy.tunnels[1]?.authority, "exchange.test:9000")
    }))

  it.scopedLive("report why the proxy did not connect", () =>
    Effect.gen(function*() {
      const refusing = yield* Proxy.make(1, { credentials: "me:right" })
      const address = yield* unreachable
      for (
        const [where, words] of [[refusing.address, "requires a user"], [address, "could not be reached"]] as const
      ) {
        const layer = NodeExchange.layerWebSocket({ proxy: at(where) })
        const cause = yield* Effect.flip(Effect.provide(openWebSocket("wss://exchange.test/"), layer))
        // A feed reports this reason when it reconnects.
        const because = reasonOf(new Socket.SocketGenericError({ reason: "Open", cause }))
        assert.include(because, `the proxy ${where} ${words}`)
      }
    }))

  it.scopedLive("use no proxy for a loopback address", () =>
    Effect.gen(function*() {
      const proxy = yield* Proxy.make(1)
      const server = yield* Server.make(() => {})
      new WebSocketServer({ server: server.http }).on("connection", (socket) => socket.send("here"))
      const layer = NodeExchange.layerWebSocket({ proxy: at(proxy.address) })
      assert.strictEqual(yield* Effect.provide(openWebSocket(server.origin.replace("http", "ws")), layer), "here")
      assert.isEmpty(proxy.tunnels)
    }))
})

describe("NodeExchange: a local address", () => {
  it.scopedLive("is the source address of requests, WebSockets and connections to the proxy", () =>
    Effect.gen(function*() {
      const localAddress = "127.0.0.2"
      const from: Array<string | undefined> = []
      const server = yield* Server.make((_, response) => response.end("{\"value\":1}"))
      server.http.on("connection", ({ remoteAddress }) => from.push(remoteAddress))
      new WebSocketServer({ server: server.http }).on("connection", (socket) => socket.send("here"))
      yield* Effect.gen(function*() {
        yield* call(server.origin)
        yield* openWebSocket(server.origin.replace("http", "ws"))
      }).pipe(Effect.provide(NodeExchange.layerWith({ localAddress })))
      server.http.on("connect", (_, socket) => socket.end("HTTP/1.1 403 No\r\n\r\n"))
      yield* failedCall({ localAddress, proxy: at(server.origin.replace("http://", "")) })
      assert.deepStrictEqual(from, [localAddress, localAddress, localAddress])
    }))

  it.scopedLive("is refused if it is not an IP address, and reported if this machine does not have it", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Layer.build(NodeExchange.layerHttp({ localAddress: "eth0" })))
      assert.include(String(error), "localAddress")
      const server = yield* Server.make(() => {})
      const { code } = yield* failedCall({ localAddress: "192.0.2.1" }, server.origin)
      assert.strictEqual(code, "EADDRNOTAVAIL")
    }))
})
