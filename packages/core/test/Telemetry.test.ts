import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import {
  Context,
  Duration,
  Effect,
  Fiber,
  type Layer,
  Metric,
  MetricState,
  Option,
  Stream,
  TestClock,
  Tracer
} from "effect"
import { Layer as Layers } from "effect"
import { ExchangeClient, Transport } from "../src/adapter.js"
import * as Frame from "../src/engine/internal/frame.js"
import { Account, ExchangeState, MarketData, OrderJournal, Telemetry, Trading } from "../src/index.js"
import * as Acme from "./support/acme.js"
import * as Store from "./support/exchange.js"
import { start } from "./support/time.js"
import * as Wire from "./support/wire.js"

/** The metrics of the process belong to all tests: each has an exchange of its own. */
const setup = (exchange: string, script: Wire.Script, options: ExchangeClient.Options = {}) =>
  Wire.setup(script, { ...options, protocol: { exchange } })

interface Measured {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const measured = (exchange: string): Effect.Effect<ReadonlyArray<Measured>> =>
  Effect.map(Metric.snapshot, (pairs) =>
    pairs.flatMap(({ metricKey, metricState }) => {
      const labels = Object.fromEntries(metricKey.tags.map(({ key, value }) => [key, value]))
      if (labels["exchange"] !== exchange) return []
      const value = MetricState.isCounterState(metricState)
        ? Number(metricState.count)
        : MetricState.isGaugeState(metricState)
        ? Number(metricState.value)
        : MetricState.isHistogramState(metricState)
        ? metricState.count
        : Number.NaN
      return [{ name: metricKey.name, labels, value }]
    }))

const value = (all: ReadonlyArray<Measured>, name: string, labels: Readonly<Record<string, string>>) =>
  all.find((one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text))
    ?.value

const spans = (): { readonly ended: Array<Tracer.Span>; readonly layer: Layer.Layer<never> } => {
  const ended: Array<Tracer.Span> = []
  const layer = Layers.setTracer(Tracer.make({
    context: (run) => run(),
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        spanId: "1",
        traceId: "1",
        parent,
        context,
        links,
        kind,
        sampled: true,
        attributes,
        status: { _tag: "Started", startTime },
        attribute: (key, value) => {
          attributes.set(key, value)
        },
        event: () => {},
        addLinks: () => {},
        end: () => {
          ended.push(span)
        }
      }
      return span
    }
  }))
  return { ended, layer }
}

describe("Telemetry", () => {
  it.scoped("a success counts one request and one attempt without error", () =>
    Effect.gen(function*() {
      const { client } = yield* setup("telemetry-success", () => Wire.ok({ "x-used-ip": "50" }))
      yield* client.request(Acme.value, {})
      const all = yield* measured("telemetry-success")
      const labels = { environment: "live", operation: "value", error: "none" }
      assert.strictEqual(value(all, "exchange_requests_total", labels), 1)
      assert.strictEqual(value(all, "exchange_attempts_total", labels), 1)
      assert.strictEqual(value(all, "exchange_request_duration_seconds", { operation: "value" }), 1)
      assert.strictEqual(value(all, "exchange_attempt_duration_seconds", { operation: "value" }), 1)
      assert.strictEqual(value(all, "exchange_queue_wait_seconds", { operation: "value" }), 1)
      assert.strictEqual(value(all, "exchange_limiter_usage_ratio", { scope: "ip" }), 0.5)
      assert.strictEqual(value(all, "exchange_retries_total", {}), undefined)
    }))

  it.scoped("a retry counts both attempts, and its reason", () =>
    Effect.gen(function*() {
      const { client } = yield* setup(
        "telemetry-retry",
        (_, index) => index === 0 ? Wire.refuse("ExchangeUnavailable") : Wire.ok()
      )
      const fiber = yield* start(client.request(Acme.value, {}))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      const all = yield* measured("telemetry-retry")
      assert.strictEqual(value(all, "exchange_requests_total", { error: "none" }), 1)
      assert.strictEqual(value(all, "exchange_attempts_total", { error: "none" }), 1)
      assert.strictEqual(value(all, "exchange_attempts_total", { error: "ExchangeUnavailable" }), 1)
      assert.strictEqual(value(all, "exchange_retries_total", { error: "ExchangeUnavailable" }), 1)
    }))

  it.scoped("failures, interruptions, defects and requests refused before sending are labelled differently", () =>
    Effect.gen(function*() {
      const { client } = yield* setup(
        "telemetry-failure",
        (_, index) => index === 0 ? Wire.refuse("InvalidRequest") : index === 1 ? Wire.hang : Effect.die("bug")
      )
      yield* Effect.flip(client.request(Acme.value, {}))
      yield* Fiber.interrupt(yield* start(client.request(Acme.value, {})))
      yield* Effect.exit(client.request(Acme.value, {}))
      yield* Effect.flip(client.request(Acme.quote, { symbol: "/" }))
      const all = yield* measured("telemetry-failure")
      for (const error of ["InvalidRequest", "Interrupted", "Defect"]) {
        assert.strictEqual(value(all, "exchange_requests_total", { operation: "value", error }), 1)
        assert.strictEqual(value(all, "exchange_attempts_total", { operation: "value", error }), 1)
      }
      assert.strictEqual(value(all, "exchange_requests_total", { operation: "quote", error: "InvalidRequest" }), 1)
      assert.strictEqual(value(all, "exchange_attempts_total", { operation: "quote" }), undefined)
    }))

  it.scoped("a ban and the clock skew are gauges in seconds", () =>
    Effect.gen(function*() {
      const { client } = yield* setup("telemetry-ban", () =>
        Wire.refuse("Banned", 418, { date: "Thu, 01 Jan 1970 00:05:00 GMT" }))
      yield* Effect.flip(client.request(Acme.value, {}))
      const all = yield* measured("telemetry-ban")
      assert.strictEqual(value(all, "exchange_banned_until_seconds", {}), 60)
      assert.strictEqual(value(all, "exchange_clock_skew_seconds", {}), 300.5)
    }))

  it.scoped("labels are few, and never a symbol, an id or a URL", () =>
    Effect.gen(function*() {
      const { client } = yield* setup("telemetry-labels", () => Wire.ok({ "x-used-ip": "1" }))
      for (let call = 0; call < 50; call++) {
        yield* client.request(Acme.named, { name: `symbol-${call}`, note: `note-${call}` })
        if (call < 9) yield* client.request(Acme.cancel, { id: `id-${call}` })
      }
      const all = yield* measured("telemetry-labels")
      assert.isBelow(all.length, 20)
      const names = new Set(all.flatMap(({ labels }) => Object.keys(labels)))
      assert.deepStrictEqual([...names].toSorted(), ["environment", "error", "exchange", "operation", "scope"])
      for (const { labels } of all) {
        for (const text of Object.values(labels)) assert.notMatch(text, /symbol-|id-|note-|https?:|\//)
      }
    }))

  it.scoped("the observer sees every attempt after it ended, in order", () =>
    Effect.gen(function*() {
      const seen: Array<Telemetry.Attempt> = []
      const { client } = yield* setup("telemetry-observer", (_, index) =>
        index === 0 ? Effect.as(Effect.sleep("40 millis"), Wire.refuse("ExchangeUnavailable")) : Wire.ok())
      const call = client.request(Acme.value, {}).pipe(
        Effect.provideService(Telemetry.AttemptObserver, (attempt) =>
          Effect.sync(() => seen.push(attempt)))
      )
      const fiber = yield* start(call)
      assert.strictEqual(seen.length, 0)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        seen.map(({ attempt, duration, error, exchange, operation }) => [
          exchange,
          operation,
          attempt,
          Duration.toMillis(duration),
          error
        ]),
        [
          ["telemetry-observer", "value", 1, 40, "ExchangeUnavailable"],
          ["telemetry-observer", "value", 2, 0, undefined]
        ]
      )
      yield* client.request(Acme.value, {})
      assert.strictEqual(seen.length, 2)
    }))

  it.scoped("records one span per operation and one per attempt, and none of the platform's HttpClient", () =>
    Effect.gen(function*() {
      const { ended, layer } = spans()
      const { client, sent } = yield* setup("telemetry-spans", () => Wire.ok())
      yield* client.request(Acme.named, { name: "secret-symbol", note: "secret-note" }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(ended.map(({ name }) => name), ["attempt", "telemetry-spans.named"])
      const [attempt, operation] = ended
      assert.deepStrictEqual(Object.fromEntries(attempt?.attributes ?? []), {
        "exchange.attempt": 1,
        "http.request.method": "GET",
        "server.address": "acme.example",
        "url.template": "/named/{name}/value",
        "http.response.status_code": 200
      })
      assert.strictEqual(attempt?.kind, "client")
      assert.strictEqual(Option.getOrUndefined(attempt?.parent ?? Option.none()), operation)
      assert.deepStrictEqual(Object.fromEntries(operation?.attributes ?? []), {
        "exchange.name": "telemetry-spans",
        "exchange.environment": "live"
      })
      assert.deepStrictEqual(
        Object.keys(sent[0]?.headers ?? {}).filter((name) => /trace|b3/i.test(name)),
        []
      )
    }))

  it.scoped("the attempts of a transport that logs nothing have spans, with the response's status and the error", () =>
    Effect.gen(function*() {
      const { ended, layer } = spans()
      const statuses = [503, 200]
      const transport: Transport.Transport = {
        isQuiet: true,
        send: () => Effect.sync(() => ({ status: statuses.shift() ?? 200, headers: {}, text: "{\"value\":1}" }))
      }
      const client = yield* ExchangeClient.make({ ...Acme.protocol, exchange: "telemetry-quiet" }, {
        environment: { name: "live", baseUrl: "https://acme.example" }
      }).pipe(
        Effect.provide(ExchangeState.layer),
        Effect.provideService(
          HttpClient.HttpClient,
          Transport.attach(HttpClient.make(() => Effect.die("not used")), transport)
        )
      )
      const call = yield* Effect.fork(Effect.provide(client.request(Acme.value, {}), layer))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(call)
      assert.deepStrictEqual(ended.map(({ name }) => name), ["attempt", "attempt", "telemetry-quiet.value"])
      assert.deepStrictEqual(
        ended.slice(0, 2).map(({ attributes }) => [
          attributes.get("exchange.attempt"),
          attributes.get("http.response.status_code"),
          attributes.get("error.type")
        ]),
        [[1, 503, "ExchangeUnavailable"], [2, 200, undefined]]
      )
      for (const attempt of ended.slice(0, 2)) assert.strictEqual(Option.getOrUndefined(attempt.parent), ended[2])
    }))

  it.scoped("spans have the caller's annotations, links and parent, and there are none where tracing is off", () =>
    Effect.gen(function*() {
      const { ended, layer } = spans()
      const { client } = yield* setup("telemetry-caller", () => Wire.ok())
      const parent = Tracer.externalSpan({ spanId: "2", traceId: "2" })
      const hidden = Tracer.externalSpan({
        spanId: "3",
        traceId: "3",
        context: Context.make(Tracer.DisablePropagation, true)
      })
      const call = client.request(Acme.value, {})
      yield* call.pipe(
        Effect.annotateSpans("desk", "a"),
        Effect.linkSpans(hidden),
        Effect.withParentSpan(parent),
        Effect.zipRight(Effect.withParentSpan(call, hidden)),
        Effect.zipRight(Effect.withTracerEnabled(call, false)),
        Effect.provide(layer)
      )
      const [attempt, operation, , unparented] = ended
      assert.strictEqual(ended.length, 4)
      assert.strictEqual(attempt?.attributes.get("desk"), "a")
      assert.strictEqual(operation?.attributes.get("desk"), "a")
      assert.deepStrictEqual(operation?.links.map(({ span }) => span), [hidden])
      assert.strictEqual(Option.getOrUndefined(operation?.parent ?? Option.none()), parent)
      assert.isTrue(Option.isNone(unparented?.parent ?? Option.some(parent)))
      assert.strictEqual(unparented?.attributes.get("desk"), undefined)
    }))

  it.scoped("a method has one span around all of its requests", () =>
    Effect.gen(function*() {
      const { ended, layer } = spans()
      const { client } = yield* setup("telemetry-method", () => Wire.ok())
      const attributes = Frame.spanAttributes({ exchange: "telemetry-method", environment: "live" })
      const twice = Frame.method("telemetry-method.MarketData.twice", attributes)(() =>
        Effect.zipRight(client.request(Acme.value, {}), client.request(Acme.value, {}))
      )
      yield* Effect.provide(twice(), layer)
      assert.deepStrictEqual(ended.map(({ name }) => name), ["attempt", "attempt", "telemetry-method.MarketData.twice"])
      const method = ended[2]
      for (const attempt of ended.slice(0, 2)) {
        assert.strictEqual(Option.getOrUndefined(attempt.parent), method)
      }
      assert.strictEqual(method?.attributes.get("exchange.name"), "telemetry-method")
    }))

  it.scoped("the span of a method that fails before any request names the exchange and the environment", () =>
    Effect.gen(function*() {
      const { ended, layer } = spans()
      const { layer: traded } = Store.makeExchange(new Store.Store())
      const built = traded({ environment: Store.environment, credentials: Store.credentials }).pipe(
        Layers.provide([Store.http, OrderJournal.layerNone])
      )
      yield* Effect.gen(function*() {
        const market = yield* MarketData.MarketData
        const account = yield* Account.Account
        const trading = yield* Trading.Trading
        yield* Effect.flip(market.ticker("not a symbol"))
        yield* Effect.flip(market.orderBook("BTC/USDT", { depth: 0 }))
        yield* Effect.flip(Stream.runDrain(market.candles("not a symbol", "1m", { from: 0 })))
        yield* Effect.flip(account.fills("BTC/USDT", { limit: 0 }))
        yield* Effect.flip(trading.cancelAll("not a symbol"))
        yield* Effect.flip(
          trading.place({ symbol: "BTC/USDT", side: "buy", type: "limit", amount: "nothing", price: "1" })
        )
        yield* trading.reconcile
      }).pipe(Effect.provide(built), Effect.provide(layer))
      const methods = ended.filter(({ name }) => /\.(?:MarketData|Account|Trading)\./.test(name))
      assert.deepStrictEqual(
        methods.map(({ attributes, name }) => [
          name,
          attributes.get("exchange.name"),
          attributes.get("exchange.environment")
        ]),
        [
          ["acme.MarketData.ticker", "acme", "here"],
          ["acme.MarketData.orderBook", "acme", "here"],
          ["acme.MarketData.candles", "acme", "here"],
          ["acme.Account.fills", "acme", "here"],
          ["acme.Trading.cancelAll", "acme", "here"],
          ["acme.Trading.place", "acme", "here"],
          ["acme.Trading.reconcile", "acme", "here"]
        ]
      )
    }))
})
