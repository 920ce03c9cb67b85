import { HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import * as Http from "node:http"
import * as Net from "node:net"
import { Faults, Simulator, SimulatorServer } from "../src/index.js"
import { bitmex, field } from "./utils.js"

interface Raw {
  readonly status: number | undefined
  readonly headers: Http.IncomingHttpHeaders
  readonly body: string
  /** The error code when the connection or the body broke. */
  readonly broken: string | undefined
}

/** Sends one request with node:http, to see the response without a client library. */
const raw = (
  url: string,
  options: Http.RequestOptions = {},
  body?: string
): Effect.Effect<Raw> =>
  Effect.async((resume, signal) => {
    const sent = Http.request(url, { agent: false, ...options }, (response) => {
      let text = ""
      const answer = (broken: string | undefined): Raw => ({
        status: response.statusCode,
        headers: response.headers,
        body: text,
        broken
      })
      response.setEncoding("utf8")
      response.on("data", (chunk: string) => void (text += chunk))
      response.on("end", () => resume(Effect.succeed(answer(undefined))))
      response.on("error", (error: NodeJS.ErrnoException) => resume(Effect.succeed(answer(error.code))))
    })
    sent.on("error", (error: NodeJS.ErrnoException) =>
      resume(Effect.succeed({ status: undefined, headers: {}, body: "", broken: error.code })))
    signal.addEventListener("abort", () =>
      sent.destroy())
    sent.end(body)
  })

const serve = (options?: SimulatorServer.Options) =>
  Effect.map(SimulatorServer.make(["binance", "bitmex"], options), ({ exchanges }) => {
    const [binance, bitmex] = exchanges
    assert(binance !== undefined && bitmex !== undefined)
    return { binance, bitmex }
  })

const withFaults = (faults: Faults.Options) => serve({ faults: Faults.make(faults) })

describe("SimulatorServer", () => {
  it.scopedLive("serves each exchange on its own port of 127.0.0.1", () =>
    Effect.gen(function*() {
      const { binance, bitmex } = yield* serve()
      assert.match(binance.baseUrl, /^http:\/\/127\.0\.0\.1:\d+$/)
      assert.notStrictEqual(binance.baseUrl, bitmex.baseUrl)
      const ping = yield* raw(`${binance.baseUrl}/api/v3/ping`)
      assert.strictEqual(ping.body, "{}")
      assert.strictEqual(ping.headers["x-mbx-used-weight-1m"], "1")
      assert.strictEqual(ping.headers["content-length"], "2")
      const root = yield* raw(`${bitmex.baseUrl}/api/v1`)
      assert.include(root.body, "BitMEX API")
      assert.strictEqual((yield* binance.simulator.usage)[0]?.scope, "ip:127.0.0.1")
    }))

  it.scopedLive("verifies signatures over the exact bytes received", () =>
    Effect.gen(function*() {
      const { bitmex: exchange } = yield* serve()
      const target = "/api/v1/user/margin?filter=%7B%22a%22%3A+1%7D"
      const { headers } = bitmex(target, 99_999_999_999, Simulator.credentials("bitmex"))
      const good = yield* raw(exchange.baseUrl + target, { headers })
      assert.strictEqual(good.status, 200)
      const encoded = yield* raw(exchange.baseUrl + target.replace("+", "%20"), { headers })
      assert.include(encoded.body, "Signature not valid.")
      const body = "{\"price\":219.0}"
      const signed = bitmex("/api/v1/nothing", 99_999_999_999, Simulator.credentials("bitmex"), "POST", body)
      const posted = yield* raw(`${exchange.baseUrl}/api/v1/nothing`, { method: "POST", ...signed }, body)
      assert.strictEqual(posted.status, 404)
      assert.strictEqual((yield* raw(`${exchange.baseUrl}/api/v1/nothing`, { method: "POST", ...signed })).status, 401)
    }))

  it.scoped("follows Effect's clock, in the Date header too", () =>
    Effect.gen(function*() {
      const { binance } = yield* serve()
      const time = yield* raw(`${binance.baseUrl}/api/v3/time`)
      assert.strictEqual(time.body, "{\"serverTime\":0}")
      assert.strictEqual(time.headers["date"], "Thu, 01 Jan 1970 00:00:00 GMT")
    }))

  const broken: ReadonlyArray<readonly [Faults.Options, served: number]> = [
    [{ refused: 1 }, 0],
    [{ reset: 1 }, 1]
  ]
  it.scopedLive.each(broken)(
    "%o breaks the connection before a response",
    ([faults, served]) =>
      Effect.gen(function*() {
        const { binance } = yield* withFaults(faults)
        const answer = yield* raw(`${binance.baseUrl}/api/v3/ping`)
        assert.strictEqual(answer.status, undefined)
        assert.strictEqual(answer.broken, "ECONNRESET")
        assert.strictEqual((yield* binance.simulator.usage).length > 0 ? 1 : 0, served)
      })
  )

  it.scopedLive("truncated breaks the connection in the middle of the body", () =>
    Effect.gen(function*() {
      const { binance } = yield* withFaults({ truncated: 1 })
      const answer = yield* raw(`${binance.baseUrl}/api/v3/time`)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.broken, "ECONNRESET")
      assert.strictEqual(answer.headers["content-length"], "28")
      assert.isBelow(answer.body.length, 28)
    }))

  it.scopedLive("slowBody, oversized, malformed, redirect and http503 reach the client", () =>
    Effect.gen(function*() {
      const { binance, bitmex } = yield* withFaults({ slowBody: 1, pause: "1 millis" })
      assert.match((yield* raw(`${binance.baseUrl}/api/v3/time`)).body, /^\{"serverTime":\d+\}$/)
      yield* bitmex.simulator.setFaults(Faults.make({ oversized: 1 }))
      assert.strictEqual((yield* raw(`${bitmex.baseUrl}/api/v1`)).body.length, 10 * 1024 * 1024 + 4)
      yield* bitmex.simulator.setFaults(Faults.make({ malformed: 1 }))
      const malformed = yield* raw(`${bitmex.baseUrl}/api/v1`)
      assert.deepStrictEqual([malformed.status, malformed.broken], [200, undefined])
      assert.notInclude(malformed.body, "BitMEX API")
      yield* bitmex.simulator.setFaults(Faults.make({ redirect: 1 }))
      const redirect = yield* raw(`${bitmex.baseUrl}/api/v1`)
      assert.deepStrictEqual([redirect.status, redirect.headers.location], [302, "https://maintenance.invalid/"])
      yield* bitmex.simulator.setFaults(Faults.make({ http503: 1 }))
      assert.strictEqual((yield* raw(`${bitmex.baseUrl}/api/v1`)).status, 503)
    }))

  it.scopedLive("survives a client that disconnects during a response", () =>
    Effect.gen(function*() {
      const { binance } = yield* withFaults({ slowBody: 1, pause: "1 hours" })
      const served = Effect.map(binance.simulator.requests, (requests) => requests.length)
      const fiber = yield* Effect.fork(raw(`${binance.baseUrl}/api/v3/time`))
      yield* Effect.repeat(Effect.yieldNow(), { until: () => Effect.map(served, (count) => count === 1) })
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      yield* binance.simulator.setFaults(Faults.none)
      assert.strictEqual((yield* raw(`${binance.baseUrl}/api/v3/ping`)).body, "{}")
    }))

  it.live("closes busy connections and its port with its scope", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { binance } = yield* Scope.extend(withFaults({ drop: 1 }), scope)
      const agent = new Http.Agent({ keepAlive: true })
      yield* binance.simulator.setFaults(Faults.none)
      assert.strictEqual((yield* raw(`${binance.baseUrl}/api/v3/ping`, { agent })).status, 200)
      yield* binance.simulator.setFaults(Faults.make({ drop: 1 }))
      const hanging = yield* Effect.fork(raw(`${binance.baseUrl}/api/v3/ping`))
      const served = Effect.map(binance.simulator.requests, (requests) => requests.length)
      yield* Effect.repeat(Effect.yieldNow(), { until: () => Effect.map(served, (count) => count === 2) })
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Fiber.join(hanging)).broken, "ECONNRESET")
      assert.strictEqual((yield* raw(`${binance.baseUrl}/api/v3/ping`)).broken, "ECONNREFUSED")
      agent.destroy()
    }))

  it.scopedLive("names the port that is already in use", () =>
    Effect.gen(function*() {
      const { binance } = yield* serve()
      const port = Number(new URL(binance.baseUrl).port)
      const error = yield* Effect.flip(SimulatorServer.make("binance", { ports: { binance: port } }))
      assert.strictEqual(error.port, port)
      assert.include(error.message, `binance could not listen on port ${port}`)
      assert.strictEqual(field(error.cause, "code"), "EADDRINUSE")
    }))

  it.live("provides environments and simulators as a layer, used by an undici client", () =>
    Effect.gen(function*() {
      const server = yield* SimulatorServer.SimulatorServer
      const { baseUrl, name } = yield* server.environment("binance")
      assert.strictEqual(name, "simulated")
      const client = yield* HttpClient.HttpClient
      const response = yield* client.execute(HttpClientRequest.get(`${baseUrl}/api/v3/ping`))
      assert.deepStrictEqual(yield* response.json, {})
      const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get("binance"))
      assert.strictEqual((yield* simulator.requests).length, 1)
      yield* simulator.setFaults(Faults.make({ reset: 1 }))
      const error = yield* Effect.flip(client.get(`${baseUrl}/api/v3/ping`))
      assert.strictEqual(error._tag, "RequestError")
      assert.include((yield* Effect.flip(server.environment("bitmex"))).message, "bitmex is not simulated here")
    }).pipe(Effect.provide([SimulatorServer.layer("binance"), NodeHttpClient.layerUndici])))

  it.scopedLive("responds to an invalid request with 400 and keeps serving", () =>
    Effect.gen(function*() {
      const { binance } = yield* serve()
      const { hostname, port } = new URL(binance.baseUrl)
      const answer = yield* Effect.async<string>((resume) => {
        let text = ""
        const socket = Net.connect(Number(port), hostname, () => socket.end("nonsense\r\n\r\n"))
        socket.on("data", (chunk) => void (text += chunk.toString()))
        socket.on("close", () => resume(Effect.succeed(text)))
      })
      assert.include(answer, "400 Bad Request")
      assert.strictEqual((yield* raw(`${binance.baseUrl}/api/v3/ping`)).status, 200)
    }))
})
