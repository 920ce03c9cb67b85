/**
 * The exchanges that the service uses. It serves from their feeds while these are live. Otherwise it calls the
 * exchange, once for all requests within a second.
 *
 * @since 0.1.0
 */
import {
  type Candle,
  Composite,
  type ExchangeError,
  Health,
  MarketData,
  type Price,
  type Ticker
} from "@effect-exchange/core"
import * as Fallback from "@effect-exchange/resilience/Fallback"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Api from "./Api.js"
import * as LiveTickers from "./internal/liveTickers.js"
import * as Shared from "./internal/shared.js"
import * as Problem from "./Problem.js"

/**
 * The exchanges that the service uses.
 *
 * @since 0.1.0
 * @category tags
 */
export class Sources extends Context.Tag("@effect-exchange/server/Sources")<Sources, Sources.Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace Sources {
  interface Service {
    /** The exchanges in order of preference. */
    readonly exchanges: ReadonlyArray<Api.ExchangeId>
    /**
     * Returns the market data of one exchange, or fails with a problem (404) if the service does not use it. Its prices
     * and tickers come from feeds while these are live.
     */
    readonly market: (exchange: Api.ExchangeId) => Effect.Effect<MarketData.MarketData.Service, Problem.Problem>
    /**
     * Returns a price. If none is available and `maxStale` is given, returns the last price if it is at most that old,
     * marked as stale. An invalid request, an unknown symbol or an unsupported operation fails in any case.
     */
    readonly price: (
      source: Api.Source,
      symbol: string,
      maxStale?: Duration.Duration
    ) => Effect.Effect<Priced, ExchangeError.MarketDataError | Problem.Problem>
    /**
     * Returns the candles that open in a range, at most `limit` of them, and the start of the next range if more
     * follow.
     */
    readonly candles: (
      exchange: Api.ExchangeId,
      symbol: string,
      interval: Candle.Interval,
      range: { readonly from: number; readonly to?: number | undefined; readonly limit: number }
    ) => Effect.Effect<
      { readonly candles: ReadonlyArray<Candle.Candle>; readonly next?: number },
      ExchangeError.MarketDataError | Problem.Problem
    >
  }
}

/**
 * A price, and whether it is an earlier one because the current call failed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Priced {
  readonly price: Price.Price
  readonly isStale: boolean
}

/**
 * The Layers of the exchanges to use, by the id under which the service serves them. An exchange from outside this
 * library is served like any other.
 *
 * @since 0.1.0
 * @category models
 */
export type Layers<E, R> = {
  readonly [Id in Api.ExchangeId]?: Layer.Layer<MarketData.MarketData, E, R> | undefined
}

const isId = Schema.is(Api.ExchangeId)

/** The sources of a price that are no exchange. */
const reserved: ReadonlySet<string> = new Set(["failover", "median"])

/** How long a response of an exchange is shared with further requests for the same data. */
const callSharing = Duration.seconds(1)

/** How long a price is shared. Reading the feeds and comparing them costs more than sending the response. */
const priceSharing = Duration.millis(100)

/** The maximum number of prices that are remembered in case a call fails, and their maximum age. */
const maxRemembered = 10_000
const maxStaleAge = Duration.days(1)

/**
 * Creates the sources from the Layers of the exchanges, without any request. Dies if there is no exchange, or if an id
 * is none that the API accepts or the name of a source. It requires
 * `Health` because only clients that are built where it is provided report to it: without these reports the service
 * would always count as ready.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*<E, R>(
  layers: Layers<E, R>
): Effect.fn.Return<Sources.Service, E, R | Health.Health | Scope.Scope> {
  yield* Health.Health
  const markets = new Map<Api.ExchangeId, MarketData.MarketData.Service>()
  for (const [id, layer] of Object.entries(layers)) {
    if (layer === undefined) continue
    if (!isId(id) || reserved.has(id)) {
      return yield* Effect.dieMessage(`Sources.make: ${JSON.stringify(id)} cannot be the id of an exchange`)
    }
    const context = yield* Layer.build(layer)
    markets.set(id, yield* shareCalls(Context.get(context, MarketData.MarketData)))
  }
  const exchanges = [...markets.keys()]
  const [first, ...others] = Array.from(markets.values(), (market) => Layer.succeed(MarketData.MarketData, market))
  if (first === undefined) return yield* Effect.dieMessage("Sources.make: give at least one exchange")
  const composed = (layer: Layer.Layer<MarketData.MarketData>) =>
    Effect.map(Layer.build(layer), (context) => Context.get(context, MarketData.MarketData))
  const composites: ReadonlyMap<Api.Source, MarketData.MarketData.Service> = new Map([
    ["failover", yield* composed(Composite.failover([first, ...others], { maximumAge: "5 minutes" }))],
    [
      "median",
      yield* composed(Composite.median({ sources: [first, ...others], minimumSources: Math.min(2, markets.size) }))
    ]
  ])

  const market = (exchange: Api.ExchangeId): Effect.Effect<MarketData.MarketData.Service, Problem.Problem> => {
    const found = markets.get(exchange)
    return found === undefined
      ? Effect.fail(
        Problem.make(
          404,
          "exchange-not-served",
          `This service does not serve ${exchange}; it serves ${exchanges.join(", ")}.`
        )
      )
      : Effect.succeed(found)
  }

  const remember = yield* makeMemory
  const sharedPrice = yield* Shared.make<PriceResult>("server.price", priceSharing)
  const sharedCandles = yield* Shared.make<ReadonlyArray<Candle.Candle>>("server.candles", callSharing)
  return {
    exchanges,
    market,
    price: (source, symbol, maxStale) => {
      const composite = composites.get(source)
      return Effect.flatMap(composite === undefined ? market(source) : Effect.succeed(composite), ({ price }) => {
        const key = `${source} ${symbol}`
        return Effect.flatMap(
          sharedPrice(key, remember(key, price(symbol))),
          (result) => acceptStale(result, maxStale)
        )
      })
    },
    candles: (exchange, symbol, interval, { from, limit, to }) =>
      Effect.gen(function*() {
        const { candles } = yield* market(exchange)
        // One candle more than `limit`, whose open time is the start of the next page.
        const found = yield* sharedCandles(
          [exchange, symbol, interval, from, to, limit].join(" "),
          Effect.map(
            Stream.runCollect(Stream.take(candles(symbol, interval, { from, to }), limit + 1)),
            Chunk.toReadonlyArray
          )
        )
        const next = found[limit]
        return { candles: found.slice(0, limit), ...next === undefined ? {} : { next: next.openTime } }
      })
  }
})

/**
 * Creates a Layer of the sources.
 *
 * @example
 * import { Sources } from "@effect-exchange/server"
 * import { Mock } from "@effect-exchange/testing"
 *
 * const sources = Sources.layer({ kraken: Mock.layer({ "BTC/USD": { last: "64000.5" } }, { exchange: "kraken" }) })
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <E, R>(layers: Layers<E, R>): Layer.Layer<Sources, E, R | Health.Health> =>
  Layer.scoped(Sources, make(layers))

/**
 * Wraps an exchange: its feeds serve tickers and prices while they are live, and requests for the same data share one
 * call.
 */
const shareCalls = Effect.fnUntraced(function*(
  market: MarketData.MarketData.Service
): Effect.fn.Return<MarketData.MarketData.Service, never, Scope.Scope> {
  const { exchange } = market
  const live = yield* LiveTickers.make(market)
  const tickers = yield* Shared.make<Ticker.Ticker>(`server.${exchange}.ticker`, callSharing)
  const prices = yield* Shared.make<Price.Price>(`server.${exchange}.price`, callSharing)
  const books = yield* Shared.make<Effect.Effect.Success<ReturnType<typeof market.orderBook>>>(
    `server.${exchange}.orderBook`,
    callSharing
  )
  // Checks that the symbol is listed before a feed is started for it.
  const listed = (symbol: string) =>
    Effect.flatMap(
      market.market(symbol),
      (found) => Effect.map(live.current(found.symbol), (ticker) => ({ found, ticker }))
    )
  return {
    ...market,
    ticker: (symbol) =>
      Effect.flatMap(
        listed(symbol),
        ({ ticker }) => ticker === undefined ? tickers(symbol, market.ticker(symbol)) : Effect.succeed(ticker)
      ),
    price: (symbol) =>
      Effect.flatMap(listed(symbol), ({ found, ticker }) =>
        ticker?.last === undefined
          ? prices(symbol, market.price(symbol))
          : Effect.succeed<Price.Price>({
            symbol: found.symbol,
            amount: ticker.last,
            currency: found.quote,
            basis: "last",
            source: exchange,
            observedAt: ticker.at
          })),
    orderBook: (symbol, options) => books(`${symbol} ${options?.depth ?? ""}`, market.orderBook(symbol, options))
  }
})

/** A price, its age since the call that returned it, and the error of the current call if the price is stale. */
interface PriceResult extends Priced {
  readonly age: Duration.Duration
  readonly failure: ExchangeError.MarketDataError | undefined
}

const acceptStale = (
  result: PriceResult,
  maxStale: Duration.Duration = Duration.zero
): Effect.Effect<Priced, ExchangeError.MarketDataError> =>
  result.failure !== undefined && Duration.greaterThan(result.age, maxStale)
    ? Effect.fail(result.failure)
    : Effect.succeed(result)

/** Remembers the last price for each key, for requests that accept a stale price. */
const makeMemory = Effect.sync(() => {
  // In the order of their last success, oldest first.
  const memories = new Map<string, Fallback.LastKnown<Price.Price, ExchangeError.MarketDataError>>()
  const keep = (key: string, memory: Fallback.LastKnown<Price.Price, ExchangeError.MarketDataError>): void => {
    memories.delete(key)
    memories.set(key, memory)
    for (const oldest of memories.keys()) {
      if (memories.size <= maxRemembered) return
      memories.delete(oldest)
    }
  }
  return (
    key: string,
    call: Effect.Effect<Price.Price, ExchangeError.MarketDataError>
  ): Effect.Effect<PriceResult, ExchangeError.MarketDataError> =>
    Effect.gen(function*() {
      const memory = memories.get(key) ??
        (yield* Fallback.lastKnown<Price.Price, ExchangeError.MarketDataError>({
          maxAge: maxStaleAge,
          when: allowsStale
        }))
      let failure: ExchangeError.MarketDataError | undefined
      const { age, stale, value } = yield* memory.serve(
        Effect.tapError(call, (error) => Effect.sync(() => failure = error))
      )
      if (!stale) keep(key, memory)
      return { price: value, isStale: stale, age, failure }
    })
})

/** Returns `true` if an earlier price may be served in place of this error. */
const allowsStale = (error: ExchangeError.MarketDataError): boolean => {
  switch (error._tag) {
    case "InvalidRequest":
    case "SymbolNotFound":
    case "Unsupported":
      return false
    default:
      return true
  }
}
