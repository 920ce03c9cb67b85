import { ExchangeError } from "@effect-exchange/core"
import { Exchanges } from "@effect-exchange/exchanges"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { Mock } from "@effect-exchange/testing"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Option, Redacted } from "effect"
import { request } from "node:http"
import { connect } from "node:net"
import { Client, Lifecycle, Problem } from "../src/index.js"
import { address, openStream, sendRequest, service, serving } from "./support/service.js"

const get = (id: Simulator.ExchangeId) => Effect.flatMap(Simulator.Simulators, ({ get }) => get(id))

/** Makes these exchanges fail every request and close their feeds. */
const down = (ids: ReadonlyArray<Simulator.ExchangeId>) =>
  Effect.forEach(
    ids,
    (id) =>
      Effect.flatMap(get(id), ({ disturb, setFaults }) =>
        Effect.all([setFaults(Faults.outage), disturb({ _tag: "Refuse" }), disturb({ _tag: "Close", code: 1006 })]))
  )

/** Repeats the effect until its value satisfies the condition. */
const eventually = <A, E, R>(self: Effect.Effect<A, E, R>, isSo: (value: A) => boolean): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    self,
    (value) => isSo(value) ? Effect.succeed(value) : Effect.zipRight(Effect.sleep("20 millis"), eventually(self, isSo))
  )

const threeExchanges = ["kraken", "okx", "binance"] as const

/** Requests an upgrade of a connection, and resets it when the response begins. */
const resetUpgrade = (base: string) =>
  Effect.async<void>((resume) => {
    const { hostname, port } = new URL(base)
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.write("GET /v1/stream HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
    })
    socket.on("data", () => socket.resetAndDestroy())
    socket.on("close", () => resume(Effect.void))
  })

describe("a client that requests an upgrade", () => {
  it.live("does not end the process by resetting its connection", () =>
    Effect.gen(function*() {
      const uncaught: Array<unknown> = []
      const record = (error: unknown) => uncaught.push(error)
      process.on("uncaughtExceptionMonitor", record)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.off("uncaughtExceptionMonitor", record)))
      const base = yield* address
      yield* Effect.forEach(Array.from({ length: 5 }), () => resetUpgrade(base))
      assert.strictEqual((yield* sendRequest("/livez")).status, 200)
      assert.deepStrictEqual(uncaught, [])
    }).pipe(Effect.provide(service(["okx"])), Effect.scoped))
})

describe("GET /v1/prices", () => {
  it.live("serves the price of the first available exchange, with its source and age", () =>
    Effect.gen(function*() {
      yield* Effect.flatMap(get("kraken"), ({ setPrice }) => setPrice("BTC/USDT", "61000.5"))
      const { headers, json, status } = yield* sendRequest("/v1/prices/BTC/USDT")
      const { ageMillis, observedAt, ...price } = Object(json)
      assert.strictEqual(status, 200)
      assert.isAtLeast(ageMillis, 0)
      assert.isAbove(observedAt, 1e12)
      assert.deepStrictEqual({ ...price, amount: Number(price.amount) }, {
        symbol: "BTC/USDT",
        amount: 61000.5,
        currency: "USDT",
        basis: "last",
        source: "kraken",
        isStale: false
      })
      assert.match(headers.get("cache-control") ?? "", /^public, max-age=\d+$/)

      yield* down(["kraken"])
      const next = yield* eventually(sendRequest("/v1/prices/BTC/USDT"), ({ json }) => Object(json).source === "okx")
      assert.strictEqual(next.status, 200)
    }).pipe(Effect.provide(service(threeExchanges))))

  it.live("serves the median with its sources and their ages, and lists the rejected sources with reasons", () =>
    Effect.gen(function*() {
      yield* Effect.flatMap(get("okx"), ({ setPrice }) => setPrice("BTC/USDT", "90000"))
      const { json } = yield* sendRequest("/v1/prices/BTC/USDT?source=median")
      const { basis, rejected, sources } = Object(json)
      assert.strictEqual(basis, "median")
      assert.deepStrictEqual(sources.map(({ source }: { source: string }) => source), ["kraken", "binance"])
      assert.isTrue(sources.every(({ ageMillis }: { ageMillis: number }) => ageMillis >= 0))
      assert.deepStrictEqual(rejected.map(({ source }: { source: string }) => source), ["okx"])
      assert.match(rejected[0].reason, /90000/)
    }).pipe(Effect.provide(service(threeExchanges))))

  it.live("a hundred concurrent requests for the same price cause at most two calls to the exchange", () =>
    Effect.gen(function*() {
      const responses = yield* Effect.all(
        Array.from({ length: 100 }, () => sendRequest("/v1/prices/BTC/USDT?source=binance")),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(responses.map(({ status }) => status)), new Set([200]))
      const requests = yield* Effect.flatMap(get("binance"), ({ requests }) => requests)
      const tickers = requests.filter(({ target }) => target.includes("ticker"))
      assert.isAtMost(tickers.length, 2)
    }).pipe(Effect.provide(service(["binance"], { clientBurst: 1000 }))))

  it.live("responds with 304 if the ETag matches", () =>
    Effect.gen(function*() {
      const path = "/v1/books/okx/BTC/USDT?depth=1"
      const twice = Effect.gen(function*() {
        const etag = (yield* sendRequest(path)).headers.get("etag") ?? ""
        assert.match(etag, /^W\/".+"$/)
        return yield* sendRequest(path, { headers: { "if-none-match": etag } })
      })
      // The book may have moved in between.
      const again = yield* eventually(twice, ({ status }) => status === 304)
      assert.deepStrictEqual([again.status, again.text], [304, ""])
      const other = yield* sendRequest(path, { headers: { "if-none-match": "W/\"other\"" } })
      assert.strictEqual(other.status, 200)
    }).pipe(Effect.provide(service(["okx"]))))

  it.live("serves a stale price only if maxStale allows it, and marks it", () =>
    Effect.gen(function*() {
      const path = "/v1/prices/BTC/USDT?source=okx"
      assert.strictEqual((yield* sendRequest(path)).status, 200)
      yield* down(["okx"])
      const refused = yield* eventually(sendRequest(path), ({ status }) => status !== 200)
      assert.strictEqual(refused.status, 503)
      assert.match(refused.headers.get("content-type") ?? "", /^application\/problem\+json/)
      assert.match(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/)
      const { json, status } = yield* sendRequest(`${path}&maxStale=3600`)
      assert.deepStrictEqual([status, Object(json).isStale], [200, true])
    }).pipe(Effect.provide(service(["okx"]))))
})

describe("An exchange from outside this library", () => {
  it.live("is served like any other, alone and in composites", () =>
    Effect.gen(function*() {
      const price = (query: string) =>
        Effect.map(sendRequest(`/v1/prices/BTC/USDT${query}`), ({ json }) => Object(json))
      assert.deepInclude(yield* price("?source=gate"), { source: "mock", amount: "100" })
      assert.strictEqual((yield* price("?source=median")).amount, "100.1")
      assert.strictEqual((yield* price("")).source, "kraken")
      assert.strictEqual((yield* sendRequest("/v1/books/gate/BTC/USDT")).status, 200)
      const { json } = yield* sendRequest("/v1/tickers?symbols=BTC/USDT&exchange=gate")
      assert.strictEqual(Object(json).tickers.length, 1)
      const missing = yield* sendRequest("/v1/books/okx/BTC/USDT")
      assert.include(missing.text, "it serves kraken, gate")
      const { exchanges } = Object((yield* sendRequest("/v1/exchanges")).json)
      assert.deepStrictEqual(exchanges.map(({ exchange }: { exchange: string }) => exchange), ["kraken", "gate"])
    }).pipe(Effect.provide(serving({
      kraken: Mock.layer({ "BTC/USDT": { last: "100.2" } }, { exchange: "kraken" }),
      gate: Mock.layer({ "BTC/USDT": { last: "100" } })
    }))))

  it.live("has the health of its own name, if it is served under another", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* sendRequest("/v1/prices/BTC/USDT?source=kraken-eu")).status, 200)
      const { exchanges } = Object((yield* sendRequest("/v1/exchanges")).json)
      assert.deepStrictEqual(exchanges, [{ exchange: "kraken-eu", environment: "simulated", status: "pass" }])
    }).pipe(Effect.provide(
      serving({
        "kraken-eu": Layer.provide(
          Layer.fresh(Exchanges.layerMarketData("kraken", { environment: Simulator.environment("kraken") })),
          Simulator.layer("kraken")
        )
      })
    )))
})

describe("A request that cannot be served", () => {
  it.live("gets a problem with the status, type and detail of its error", () =>
    Effect.gen(function*() {
      const expected = [
        ["/v1/prices/NO/PE", 404, "symbol-not-found"],
        ["/v1/prices/a%20b/USDT", 400, "invalid-request"],
        ["/v1/prices/BTC/USDT?source=nobody", 404, "exchange-not-served"],
        ["/v1/prices/BTC/USDT?source=no/body", 400, "invalid-request"],
        ["/v1/books/toString/BTC/USDT", 404, "exchange-not-served"],
        ["/v1/prices/BTC/USDT?source=bitmex", 404, "exchange-not-served"],
        ["/v1/prices/BTC/USDT?maxStale=-1", 400, "invalid-request"],
        ["/v1/tickers", 400, "invalid-request"],
        [`/v1/tickers?symbols=${Array(60).fill("BTC/USDT").join()}`, 400, "invalid-request"],
        ["/v1/books/kraken/BTC/USDT?depth=many", 400, "invalid-request"],
        ["/v1/candles/kraken/BTC/USDT", 400, "invalid-request"],
        ["/v1/candles/kraken/BTC/USDT?from=0", 501, "unsupported"],
        ["/v1/stream?symbols=%00", 400, "invalid-request"],
        ["/nowhere", 404, "no-such-path"]
      ] as const
      for (const [path, status, name] of expected) {
        const response = yield* sendRequest(path)
        assert.strictEqual(response.status, status, path)
        assert.isTrue(Problem.isProblem(response.json), path)
        const problem = Object(response.json)
        assert.strictEqual(problem.type, `urn:effect-exchange:problem:${name}`, path)
        assert.isAbove(problem.detail.length, 10, path)
      }
      const posted = yield* sendRequest("/v1/tickers?symbols=BTC/USDT", { method: "POST", body: "x" })
      assert.strictEqual(posted.status, 413)
    }).pipe(Effect.provide(service(["kraken"]))))

  it.effect("gets no retry-after header if the circuit stays open until it is closed by hand", () =>
    Effect.sync(() => {
      const error = new ExchangeError.CircuitOpen({
        exchange: "kraken",
        operation: "ticker",
        state: "Isolated",
        retryAfter: Duration.infinity,
        detail: "held open"
      })
      const problem = Problem.fromError(error, 0)
      assert.isTrue(Problem.isProblem(JSON.parse(JSON.stringify(problem))))
      assert.isUndefined(Problem.respond(problem).headers["retry-after"])
    }))

  it.live("is decoded to a typed problem by the derived client", () =>
    Effect.gen(function*() {
      const client = yield* Client.make(yield* address)
      const price = yield* client.prices.price({
        path: { base: "BTC", quote: "USDT" },
        urlParams: { source: "kraken" }
      })
      assert.strictEqual(price.source, "kraken")
      const path = { exchange: "kraken", base: "NO", quote: "PE" } as const
      const problem = yield* Effect.flip(client.market.book({ path, urlParams: { depth: 1 } }))
      assert.strictEqual("status" in problem ? problem.status : undefined, 404)
    }).pipe(Effect.provide(NodeHttpClient.layerUndici), Effect.provide(service(["kraken"]))))

  it.live("gets a 401 problem if the derived client has no token", () =>
    Effect.gen(function*() {
      const base = yield* address
      const authorized = yield* Client.make(base, { token: Redacted.make("first") })
      const { exchanges } = yield* authorized.market.exchanges()
      assert.deepStrictEqual(exchanges.map(({ exchange }) => exchange), ["okx"])
      const other = yield* Client.make(base)
      const problem = yield* Effect.flip(other.market.exchanges())
      assert.strictEqual("status" in problem ? problem.status : undefined, 401)
    }).pipe(
      Effect.provide(NodeHttpClient.layerUndici),
      Effect.provide(service(["okx"], { tokens: [Redacted.make("first")] }))
    ))
})

describe("The probes", () => {
  it.live("liveness never depends on an exchange, and readiness fails only when no exchange is available", () =>
    Effect.gen(function*() {
      yield* eventually(sendRequest("/startupz"), ({ status }) => status === 200)
      const ready = yield* sendRequest("/readyz")
      assert.deepStrictEqual([ready.status, Object(ready.json).status], [200, "pass"])
      assert.match(ready.headers.get("content-type") ?? "", /^application\/health\+json/)

      yield* down(["kraken"])
      const sendBoth = Effect.all([
        sendRequest("/v1/prices/BTC/USDT?source=kraken"),
        sendRequest("/v1/prices/BTC/USDT?source=okx")
      ])
      yield* Effect.repeatN(sendBoth, 15)
      assert.strictEqual((yield* sendRequest("/readyz")).status, 200)

      yield* down(["okx"])
      yield* eventually(Effect.zipRight(sendBoth, sendRequest("/readyz")), ({ status }) => status === 503)
      const failed = yield* sendRequest("/readyz")
      assert.strictEqual(Object(failed.json).status, "fail")
      assert.match(Object(failed.json).output, /no exchange is available: .*kraken.*okx/)
      assert.deepStrictEqual([(yield* sendRequest("/livez")).status, (yield* sendRequest("/startupz")).status], [
        200,
        200
      ])
    }).pipe(Effect.provide(service(["kraken", "okx"]))))

  it.live("readiness includes the checks of exchanges only if the request has a valid token", () =>
    Effect.gen(function*() {
      assert.isUndefined(Object((yield* sendRequest("/readyz")).json).checks)
      const { json } = yield* sendRequest("/readyz", { headers: { authorization: "Bearer second" } })
      assert.containsAllKeys(Object(json).checks, ["okx:service"])
    }).pipe(Effect.provide(service(["okx"], { tokens: [Redacted.make("first"), Redacted.make("second")] }))))
})

describe("Every response", () => {
  it.live("has the security headers, even if the request is refused", () =>
    Effect.gen(function*() {
      for (const path of ["/livez", "/v1/prices/BTC/USDT", "/v1/nowhere", "/v1/tickers?symbols=%25", "/", "/docs"]) {
        const { headers } = yield* sendRequest(path, { headers: { authorization: "Bearer first" } })
        assert.strictEqual(headers.get("x-content-type-options"), "nosniff", path)
        assert.strictEqual(headers.get("referrer-policy"), "no-referrer", path)
      }
      const refused = yield* sendRequest("/v1/exchanges")
      assert.deepStrictEqual([refused.status, refused.headers.get("x-content-type-options")], [401, "nosniff"])
    }).pipe(Effect.provide(service(["okx"], { tokens: [Redacted.make("first")] }))))

  it.live("names the environment of the exchanges in each response, so that simulated prices are recognized", () =>
    Effect.gen(function*() {
      for (
        const path of ["/v1/prices/BTC/USDT", "/v1/tickers?symbols=BTC/USDT", "/v1/prices/NO/SUCH", "/v1/exchanges"]
      ) {
        const { headers } = yield* sendRequest(path)
        assert.strictEqual(headers.get("exchange-environment"), "simulated", path)
      }
      const { json } = yield* sendRequest("/v1/exchanges")
      assert.strictEqual(Object(json).exchanges[0].environment, "simulated")
    }).pipe(Effect.provide(service(["okx"]))))

  it.live("lists the allowed methods on 405, and has no body for HEAD", () =>
    Effect.gen(function*() {
      const { headers, json, status } = yield* sendRequest("/v1/exchanges", { method: "DELETE" })
      assert.deepStrictEqual([status, headers.get("allow")], [405, "GET, HEAD"])
      assert.strictEqual(Object(json).type, "urn:effect-exchange:problem:method-not-allowed")
      assert.strictEqual((yield* sendRequest("/v1/nowhere", { method: "DELETE" })).status, 404)
      const head = yield* sendRequest("/v1/exchanges", { method: "HEAD" })
      assert.deepStrictEqual([head.status, head.text], [200, ""])
    }).pipe(Effect.provide(service(["okx"]))))

  it.live("can be revalidated by its ETag", () =>
    Effect.gen(function*() {
      const from = 1_700_000_000_000
      for (
        const path of ["/v1/exchanges", `/v1/candles/okx/BTC/USDT?interval=1h&from=${from}&to=${from + 7_200_000}`]
      ) {
        const first = yield* sendRequest(path)
        assert.strictEqual(first.status, 200, first.text)
        const again = yield* sendRequest(path, { headers: { "if-none-match": first.headers.get("etag") ?? "" } })
        assert.deepStrictEqual([again.status, again.text], [304, ""], path)
      }
    }).pipe(Effect.provide(service(["okx"]))))
})

describe("The OpenAPI document", () => {
  it.live("describes the routes, the stream and the problems, and no errors of the platform", () =>
    Effect.gen(function*() {
      const { json, text } = yield* sendRequest("/openapi.json")
      assert.notInclude(text, "HttpApiDecodeError")
      const { paths } = Object(json)
      assert.includeMembers(Object.keys(paths), ["/v1/prices/{base}/{quote}", "/v1/stream"])
      const { responses } = paths["/v1/tickers"].get
      assert.hasAllKeys(responses[400].content, ["application/problem+json"])
      assert.deepStrictEqual(
        responses[400].content["application/problem+json"].schema.properties.status.enum,
        [400]
      )
      assert.notProperty(responses, "405")
    }).pipe(Effect.provide(service(["okx"]))))
})

describe("Admission control", () => {
  const long = "x".repeat(1000)

  it.live("accepts each of the tokens and no other", () =>
    Effect.gen(function*() {
      const as = (authorization?: string) =>
        Effect.map(
          sendRequest("/v1/exchanges", authorization === undefined ? {} : { headers: { authorization } }),
          ({ status }) => status
        )
      assert.deepStrictEqual(
        yield* Effect.all(
          [
            "Bearer first",
            "bearer second",
            `Bearer ${long}`,
            "Bearer firs",
            "Bearer firstt",
            "Basic first",
            "Bearer ",
            undefined
          ].map(as)
        ),
        [200, 200, 200, 401, 401, 401, 401, 401]
      )
      assert.strictEqual((yield* sendRequest("/livez")).status, 200)
    }).pipe(
      Effect.provide(service(["okx"], { tokens: ["first", "second", long].map((token) => Redacted.make(token)) }))
    ))

  it.live("refuses a client above its rate limit, with a retry-after header", () =>
    Effect.gen(function*() {
      const responses = yield* Effect.all(Array.from({ length: 8 }, () => sendRequest("/v1/exchanges")))
      assert.deepStrictEqual(responses.map(({ status }) => status), [200, 200, 200, 200, 200, 429, 429, 429])
      assert.strictEqual(responses[7]?.headers.get("retry-after"), "1")
      assert.strictEqual((yield* sendRequest("/livez")).status, 200)
    }).pipe(Effect.provide(service(["okx"], { clientBurst: 5, clientRate: 0.001 }))))

  it.live("does not count open streams against the limit on requests", () =>
    Effect.gen(function*() {
      const one = yield* openStream("/v1/stream")
      const other = yield* openStream("/v1/stream")
      yield* eventually(Effect.sync(() => [one, other].map(({ events }) => events.length)), (counts) =>
        counts.every((count) => count > 0))
      assert.strictEqual((yield* sendRequest("/v1/exchanges")).status, 200)
      const metrics = (yield* sendRequest("/metrics")).text
      // The two streams and this request.
      assert.match(metrics, /^server_requests_in_flight 3$/m)
      yield* one.close
      yield* other.close
      assert.notMatch(metrics, /server_request_duration_seconds_count\{route="\/v1\/stream"/)
    }).pipe(Effect.scoped, Effect.provide(service(["okx"], { maxInFlight: 1 }))))

  it.live("refuses requests above the limit on requests in progress", () =>
    Effect.gen(function*() {
      yield* Effect.flatMap(
        get("okx"),
        ({ setFaults }) => setFaults({ ...Faults.none, latency: { min: 60_000, max: 60_000 } })
      )
      const book = (depth: number) => sendRequest(`/v1/books/okx/BTC/USDT?depth=${depth}`)
      const admitted = yield* Effect.forEach([1, 2, 3], (depth) => Effect.fork(book(depth)))
      // One that arrives before the others are in progress is abandoned.
      yield* eventually(
        Effect.timeoutTo(book(4), { duration: "500 millis", onTimeout: () => 0, onSuccess: ({ status }) => status }),
        (status) => status === 503
      )
      const responses = yield* Effect.forEach([5, 6, 7, 8, 9, 10], book, { concurrency: "unbounded" })
      assert.deepStrictEqual(new Set(responses.map(({ status }) => status)), new Set([503]))
      for (const fiber of admitted) assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* Fiber.interruptAll(admitted)
    }).pipe(Effect.provide(service(["okx"], { maxInFlight: 3 }, "1 minute"))))
})

describe("Clients that disconnect before the response", () => {
  it.live("release their place, and are counted with status 499", () =>
    Effect.gen(function*() {
      yield* Effect.flatMap(get("okx"), ({ setFaults }) => setFaults({ ...Faults.none, latency: { min: 20, max: 60 } }))
      const base = yield* address
      const disconnecting = (index: number) =>
        Effect.promise(() =>
          fetch(`${base}/v1/books/okx/BTC/USDT?depth=${1 + index}`, { signal: AbortSignal.timeout(index % 20) })
            .catch(() => undefined)
        )
      yield* Effect.all(Array.from({ length: 100 }, (_, index) => disconnecting(index)), { concurrency: 20 })
      const { text } = yield* eventually(sendRequest("/metrics"), ({ text }) => text.includes("status=\"499\""))
      assert.notInclude(text, "status=\"500\"")
      // The full limit is available again.
      const responses = yield* eventually(
        Effect.all(
          Array.from({ length: 5 }, (_, index) => sendRequest(`/v1/books/okx/BTC/USDT?depth=${901 + index}`)),
          {
            concurrency: "unbounded"
          }
        ),
        (responses) => responses.every(({ status }) => status === 200)
      )
      assert.strictEqual(responses.length, 5)
    }).pipe(Effect.provide(service(["okx"], { maxInFlight: 5 }))))
})

describe("GET /v1/stream", () => {
  it.live("streams prices, feeds, health and stats, and ends when the service drains", () =>
    Effect.gen(function*() {
      const stream = yield* openStream("/v1/stream?symbols=BTC/USDT,ETH/USDT")
      const seen = () => new Set(stream.events.map(({ event }) => event))
      yield* eventually(Effect.sync(seen), ({ size }) => size === 4)
      assert.deepStrictEqual([...seen()].toSorted(), ["feed", "health", "price", "stats"])
      const symbols = new Set(stream.events.flatMap(({ data, event }) => event === "price" ? [data["symbol"]] : []))
      assert.isTrue(symbols.has("BTC/USDT") || symbols.has("ETH/USDT"))
      yield* Effect.flatMap(Lifecycle.Lifecycle, ({ drain }) => drain)
      yield* stream.end
      assert.strictEqual((yield* sendRequest("/readyz")).status, 503)
      assert.strictEqual((yield* sendRequest("/livez")).status, 200)
    }).pipe(Effect.provide(service(["okx"]))))

  it.live("marks prices as stale when a feed is lost, and continues after the reconnect", () =>
    Effect.gen(function*() {
      const stream = yield* openStream("/v1/stream?symbols=BTC/USDT")
      const has = (name: string, values: Readonly<Record<string, unknown>>) => () =>
        stream.events.some(({ data, event }) =>
          event === name && Object.entries(values).every(([key, value]) => data[key] === value)
        )
      const until = (condition: () => boolean) => eventually(Effect.sync(condition), (isSo) => isSo)
      yield* until(has("price", { isStale: false }))
      yield* Effect.flatMap(get("okx"), ({ disturb }) => disturb({ _tag: "Close", code: 1006 }))
      yield* until(has("feed", { status: "Reconnecting" }))
      yield* until(has("price", { isStale: true }))
      yield* until(has("feed", { status: "Resynced" }))
    }).pipe(Effect.provide(service(["okx"]))))

  it.live("refuses streams above the limit per client", () =>
    Effect.gen(function*() {
      const one = yield* openStream("/v1/stream")
      yield* eventually(Effect.sync(() => one.events.length), (count) => count > 0)
      assert.strictEqual((yield* sendRequest("/v1/stream")).status, 503)
      yield* one.close
      yield* eventually(Effect.flatMap(openStream("/v1/stream"), ({ status }) => status), (status) => status === 200)
    }).pipe(Effect.scoped, Effect.provide(service(["okx"], { maxClientStreams: 1 }))))

  it.live("refuses streams above the limit however their path is written", () =>
    Effect.gen(function*() {
      const one = yield* openStream("/v1/stream")
      yield* eventually(Effect.sync(() => one.events.length), (count) => count > 0)
      const { hostname, port } = new URL(yield* address)
      const statusOf = (path: string) =>
        Effect.async<number | undefined>((resume) => {
          request({ hostname, port, path, agent: false }, (response) => {
            resume(Effect.succeed(response.statusCode))
            response.destroy()
          }).end()
        })
      const paths = ["/v1/stream", "/v1/%73tream", "/V1/stream;x", "//v1//stream/?symbols=BTC/USDT", "*v1/stream"]
      for (const path of [...paths, "http://x/v1/stream", "http://x?/v1/stream"]) {
        assert.strictEqual(yield* statusOf(path), 503, path)
      }
      yield* one.close
    }).pipe(Effect.scoped, Effect.provide(service(["okx"], { maxClientStreams: 1 }))))
})
