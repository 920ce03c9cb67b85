/**
 * The route `/v1/stream`: prices and the state of the exchanges, as Server-Sent Events.
 *
 * - `price`: `{exchange, symbol, amount, currency, observedAt, isStale}`, when the stream starts and on each change.
 * - `feed`: `{exchange, symbol, status, at, reason?}`, on each change in the status of a feed.
 * - `health`: a `Health.Report` with `at`, every two seconds.
 * - `stats`: `{at, exchanges: {[id]: {requests, errors}}}`, the totals since the start, every two seconds.
 *
 * A client that reads too slowly misses older events, and gets the latest of each kind and market. The stream ends when
 * the service shuts down.
 *
 * @since 0.1.0
 */
import { Decimal, Health, type MarketData, type Ticker } from "@effect-exchange/core"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as MetricState from "effect/MetricState"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type * as Admission from "./Admission.js"
import * as Api from "./Api.js"
import * as Conflation from "./internal/conflation.js"
import { Lifecycle } from "./Lifecycle.js"
import * as Problem from "./Problem.js"
import { Sources } from "./Sources.js"

/** Creates an event. `about` tells apart the events of one name that do not replace each other. */
const event = (name: string, data: unknown, about = ""): Conflation.Event => ({
  key: `${name} ${about}`,
  text: `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
})

/** The start of every stream. It sets how long a browser waits before it reconnects, in milliseconds. */
const preamble = "retry: 2000\n\n"

const Parameters = Schema.Struct({ symbols: Schema.optional(Api.Symbols) })

/** The interval of `health` and `stats`. */
const interval = Schedule.spaced("2 seconds")

const every = (self: Effect.Effect<Conflation.Event>): Stream.Stream<Conflation.Event> =>
  Stream.repeatEffectWithSchedule(self, interval)

/**
 * Returns the events of one feed: its prices, and the changes in its status. If the feed fails, the stream emits
 * `Failed` and ends, and the streams of other feeds continue.
 *
 * @internal
 */
export const feedEvents = (
  exchange: Api.ExchangeId,
  symbol: string,
  market: MarketData.MarketData.Service
): Stream.Stream<Conflation.Event> => {
  const about = `${exchange} ${symbol}`
  let last: Ticker.Ticker | undefined
  const price = (ticker: Ticker.Ticker | undefined, isStale: boolean): ReadonlyArray<Conflation.Event> =>
    ticker?.last === undefined ? [] : [event("price", {
      exchange,
      symbol,
      amount: Decimal.format(ticker.last),
      currency: symbol.replace(/^.*\/|:.*$/g, ""),
      observedAt: ticker.at,
      isStale
    }, about)]
  const feed = (status: string, at: number, reason?: string) =>
    event("feed", { exchange, symbol, status, at, reason }, about)
  return market.streamTicker(symbol).pipe(
    Stream.mapEffect((item) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        if (item._tag === "Data") {
          last = item.value
          return price(item.value, false)
        }
        if (item._tag === "Dropped") return []
        if (item._tag === "Connected" || item._tag === "Resynced") return [feed(item._tag, now)]
        return [feed(item._tag, item.since, item.because), ...price(last, true)]
      })
    ),
    Stream.catchAll((error) =>
      Stream.fromEffect(Effect.map(
        Clock.currentTimeMillis,
        (now) => [feed("Failed", now, error.message), ...price(last, true)]
      ))
    ),
    Stream.flattenIterables
  )
}

/** Counts the completed operations and the failed ones since the start, by exchange. */
const stats = Effect.gen(function*() {
  const at = yield* Clock.currentTimeMillis
  const exchanges: Record<string, { requests: number; errors: number }> = {}
  for (const { metricKey, metricState } of yield* Metric.snapshot) {
    if (metricKey.name !== "exchange_requests_total" || !MetricState.isCounterState(metricState)) continue
    const label = (name: string) => metricKey.tags.find(({ key }) => key === name)?.value
    const counted = exchanges[label("exchange") ?? ""] ??= { requests: 0, errors: 0 }
    counted.requests += Number(metricState.count)
    if (label("error") !== "none") counted.errors += Number(metricState.count)
  }
  return event("stats", { at, exchanges })
})

/**
 * Adds the route to the service. `symbols` are streamed if a request names none.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  admission: Pick<Admission.Admission, "stream">,
  symbols: ReadonlyArray<string>
): Layer.Layer<never, never, Sources | Lifecycle | Health.Health> =>
  HttpApiBuilder.Router.use((router) =>
    Effect.gen(function*() {
      const { exchanges, market } = yield* Sources
      const { draining } = yield* Lifecycle
      const { report } = yield* Health.Health

      const health = Effect.gen(function*() {
        const at = yield* Clock.currentTimeMillis
        return event("health", { ...yield* report, at })
      })

      const stream = Effect.gen(function*() {
        const request = yield* HttpServerRequest.HttpServerRequest
        const parameters = yield* HttpServerRequest.schemaSearchParams(Parameters).pipe(
          Effect.mapError(() =>
            Problem.make(400, "invalid-request", "symbols: expected symbols such as BTC/USDT, separated by commas")
          )
        )
        const markets = yield* Effect.forEach(
          exchanges,
          (id) => Effect.map(market(id), (found) => [id, found] as const)
        )
        const feeds = markets.flatMap(([id, found]) =>
          (parameters.symbols ?? symbols).map((symbol) => feedEvents(id, symbol, found))
        )
        const body = Stream.mergeAll([...feeds, every(health), every(stats)], {
          concurrency: "unbounded",
          bufferSize: 1
        }).pipe(
          Stream.interruptWhen(draining),
          Conflation.latest
        )
        return HttpServerResponse.stream(
          Stream.encodeText(
            Stream.unwrapScoped(Effect.as(admission.stream(request), Stream.concat(Stream.make(preamble), body)))
          ),
          { contentType: "text/event-stream", headers: { "cache-control": "no-store", "x-accel-buffering": "no" } }
        )
      })

      yield* router.get("/v1/stream", stream)
    })
  )
