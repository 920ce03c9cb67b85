import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { connect } from "node:net"
import { collector, runService } from "./collector.js"

const wait = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

/** The milliseconds until the service closes a connection that sends headers slowly and never ends its request. */
const slowRequest = (base: string, every: number) =>
  new Promise<number>((resolve) => {
    const { hostname, port } = new URL(base)
    const began = performance.now()
    const socket = connect({ host: hostname, port: Number(port) }, () =>
      socket.write("GET /livez HTTP/1.1\r\nhost: x\r\n"))
    const timer = setInterval(() => {
      if (socket.writable) {
        socket.write("x-a: b\r\n")
      }
    }, every)
    // Reads the response, because otherwise the end of the connection would not be noticed.
    socket.resume()
    socket.on("error", () =>
      socket.destroy())
    socket.on("close", () => {
      clearInterval(timer)
      resolve(performance.now() - began)
    })
  })

describe("slow clients", () => {
  it.live("that never finish a request are disconnected and do not delay other requests", () =>
    Effect.gen(function*() {
      const { code } = yield* runService({}, async (base) => {
        let connected = 100
        const slow = Array.from({ length: connected }, () => slowRequest(base, 300).finally(() => connected--))
        for (let asked = 0; asked < 10; asked++) {
          assert.strictEqual((await fetch(`${base}/v1/prices/BTC/USDT`)).status, 200)
        }
        assert.strictEqual(connected, 100)
        const durations = await Promise.all(slow)
        // Not before the timeout, and not long after it.
        assert.isAbove(Math.min(...durations), 4000)
        assert.isBelow(Math.max(...durations), 20_000)
        assert.strictEqual((await fetch(`${base}/livez`)).status, 200)
      })
      assert.strictEqual(code, 0)
    }), 60_000)

  it.live("do not keep a service that is interrupted from ending", () =>
    Effect.gen(function*() {
      const interrupted = yield* Deferred.make<void>()
      const serving = yield* Effect.fork(runService({}, async (base) => {
        const slow = slowRequest(base, 100)
        await fetch(`${base}/livez`)
        Deferred.unsafeDone(interrupted, Effect.void)
        await slow
      }, "--drain 100ms"))
      yield* Deferred.await(interrupted)
      yield* Fiber.interrupt(serving)
    }), 60_000)

  it.live(
    "that do not read a stream count towards the limit of streams until they disconnect",
    () =>
      Effect.gen(function*() {
        const { code } = yield* runService({}, async (base) => {
          const { hostname, port } = new URL(base)
          const stalled = Array.from({ length: 8 }, () => {
            const socket = connect({ host: hostname, port: Number(port) }, () => {
              socket.write("GET /v1/stream HTTP/1.1\r\nhost: x\r\n\r\n")
              socket.pause()
            })
            socket.on("error", () => socket.destroy())
            return socket
          })
          await wait(2000)
          // A ninth stream of one client is rejected, but prices are still served.
          assert.strictEqual((await fetch(`${base}/v1/stream`)).status, 503)
          assert.strictEqual((await fetch(`${base}/v1/prices/BTC/USDT`)).status, 200)
          for (const socket of stalled) socket.destroy()
          await wait(500)
          const controller = new AbortController()
          const again = await fetch(`${base}/v1/stream`, { signal: controller.signal })
          assert.strictEqual(again.status, 200)
          controller.abort()
        })
        assert.strictEqual(code, 0)
      }),
    60_000
  )
})

describe("clients that request an upgrade", () => {
  it.live(
    "get the response to an ordinary request, and cannot delay the shutdown by keeping their connection",
    () =>
      Effect.gen(function*() {
        const received: Array<string> = []
        const { code, stopping } = yield* runService({}, async (base) => {
          const { hostname, port } = new URL(base)
          const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true }, () => {
            socket.write("GET /livez HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
          })
          socket.on("error", () => socket.destroy())
          socket.on("data", (data) => received.push(String(data)))
          while (!received.join("").includes("\"pass\"")) await wait(20)
        })
        assert.match(received.join(""), /^HTTP\/1\.1 200 OK\r\n/)
        assert.strictEqual(code, 0)
        assert.isBelow(stopping, 15_000)
      }),
    60_000
  )
})

describe("the secrets of a service", () => {
  it.live("appear in no response, page, document, log, metric or span", () =>
    Effect.gen(function*() {
      const token = "canary-token-of-the-service"
      const header = "canary-key-of-the-collector"
      const { exports, requests, url } = yield* collector()
      const received: Array<string> = []
      const { code, err } = yield* runService({
        EXCHANGE_SERVER_TOKENS: `${token},another-token-of-it`,
        EXCHANGE_LOG_LEVEL: "Trace",
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_HEADERS: `x-collector-key=${header}`,
        OTEL_BSP_SCHEDULE_DELAY: "50",
        OTEL_BLRP_SCHEDULE_DELAY: "50",
        OTEL_METRIC_EXPORT_INTERVAL: "50"
      }, async (base) => {
        const paths = [
          "/",
          "/docs",
          "/openapi.json",
          "/livez",
          "/readyz",
          "/startupz",
          "/metrics",
          "/v1/exchanges",
          "/v1/prices/BTC/USDT",
          "/v1/prices/BTC/USDT?source=median",
          "/v1/prices/NO/SUCH",
          "/v1/tickers?symbols=BTC/USDT,NO/SUCH",
          "/v1/books/okx/BTC/USDT?depth=0",
          "/v1/candles/okx/BTC/USDT?from=x",
          `/v1/nowhere/${encodeURIComponent("x".repeat(50))}`
        ]
        const authorizations = [`Bearer ${token}`, `Bearer ${token}x`, `Basic ${token}`, token]
        for (const path of paths) {
          for (const authorization of authorizations) {
            for (const method of ["GET", "POST"]) {
              const response = await fetch(`${base}${path}`, { method, headers: { authorization } })
              received.push(JSON.stringify([...response.headers]), await response.text())
            }
          }
        }
        await wait(500)
      })
      assert.strictEqual(code, 0)
      assert.isAbove(requests.length, 3)
      const all = [...received, err, JSON.stringify(exports())].join("\n")
      // Checks that metrics and spans were received at all.
      assert.include(all, "exchange_requests_total")
      assert.include(all, "GET /v1/prices/{base}/{quote}")
      for (const secret of [token, header, "another-token-of-it"]) assert.notInclude(all, secret)
    }).pipe(Effect.scoped), 60_000)
})
