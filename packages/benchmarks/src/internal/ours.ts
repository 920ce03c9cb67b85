import { Binance } from "@effect-exchange/binance"
import { ExchangeState, MarketData } from "@effect-exchange/core"
import { NodeExchange } from "@effect-exchange/core/node"
import * as OtelResource from "@effect/opentelemetry/Resource"
import * as OtelTracer from "@effect/opentelemetry/Tracer"
import type { HttpClient } from "@effect/platform"
import { BasicTracerProvider, SimpleSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base"
import { type Duration, Effect, Layer } from "effect"

type Ours = MarketData.MarketData | ExchangeState.ExchangeState

interface Options {
  readonly http?: Layer.Layer<HttpClient.HttpClient> | undefined
  readonly attemptTimeout?: Duration.DurationInput | undefined
}

/** Provides our client of the exchange on the loopback, without effective rate limits. */
export const client = (
  baseUrl: string,
  { attemptTimeout, http = NodeExchange.layerWith({ connections: 256 }) }: Options = {}
): Layer.Layer<Ours, unknown> =>
  Layer.merge(
    Binance.layerMarketData({
      environment: { name: "bench", baseUrl },
      attemptTimeout,
      maxConcurrent: 512,
      maxQueued: 10_000,
      marketsMaxAge: "1 day"
    }),
    ExchangeState.layer
  ).pipe(
    Layer.tap((context) => Effect.provide(unlimited, context)),
    Layer.provide(http)
  )

const unlimited = Effect.flatMap(
  ExchangeState.ExchangeState,
  (state) => state.setLimit("binance", "ip", { window: "1 minute", limit: 1e12 })
)

/** Adds an OpenTelemetry tracer, whose exporter counts the spans. */
export const traced = <A, E>(layer: Layer.Layer<A, E>) => {
  let count = 0
  const exporter: SpanExporter = {
    export: (spans, done) => {
      count += spans.length
      done({ code: 0 })
    },
    shutdown: () => Promise.resolve()
  }
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const tracer = OtelTracer.layer.pipe(
    Layer.provide(Layer.succeed(OtelTracer.OtelTracerProvider, provider)),
    Layer.provide(OtelResource.layer({ serviceName: "bench" }))
  )
  return { layer: Layer.provideMerge(layer, tracer), spans: () => count }
}

/** Requests `count` tickers in one fiber, with the given concurrency. */
export const tickers = (count: number, concurrency: number): Effect.Effect<void, unknown, MarketData.MarketData> =>
  Effect.flatMap(
    MarketData.MarketData,
    (market) =>
      Effect.forEach(Array.from({ length: count }), () => market.ticker("BTC/USDT"), { concurrency, discard: true })
  )
