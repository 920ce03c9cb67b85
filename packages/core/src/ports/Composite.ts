/**
 * One `MarketData` service built from several sources: the next source if one fails, or the median of their prices.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Decimal from "../model/Decimal.js"
import * as OptionRange from "../model/internal/optionRange.js"
import * as Failover from "./internal/failover.js"
import * as lastPrice from "./internal/lastPrice.js"
import * as Median from "./internal/median.js"
import * as Source from "./internal/source.js"
import * as MarketData from "./MarketData.js"

type Service = MarketData.MarketData.Service

/**
 * The Layers of the sources, in order of preference.
 *
 * @since 0.1.0
 * @category models
 */
export type Sources<E, R> = readonly [
  Layer.Layer<MarketData.MarketData, E, R>,
  ...ReadonlyArray<Layer.Layer<MarketData.MarketData, E, R>>
]

/**
 * The options of a composite. Building one dies with a `RangeError` for options out of range.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailoverOptions {
  /**
   * The maximum age of a price, a ticker or an order book, and how far it may lie in the future, before its source
   * counts as failed. Defaults to no limit.
   */
  readonly maximumAge?: Duration.DurationInput | undefined
  /** How long a source may take before it counts as failed and the next one is called. Defaults to 5 seconds. */
  readonly patience?: Duration.DurationInput | undefined
  /**
   * How long a source may take before the next one is called as well. The first response wins, and the other calls are
   * interrupted. Defaults to none: the next source is called only after one has failed.
   *
   * **Gotchas**
   *
   * A source that is overtaken does not count as failed. A source that is always slow therefore stays the first to be
   * called, however slow it is, and costs each call this delay and one more request.
   */
  readonly hedgeAfter?: Duration.DurationInput | undefined
  /**
   * How long a price may be reused. If no source can serve `price` or `prices`, or too few sources agree, the last
   * price of that symbol is returned, provided that it was requested at most this long ago. Its `observedAt` shows how
   * old it is. The 10,000 symbols served most recently are remembered. Defaults to none.
   */
  readonly lastKnown?: Duration.DurationInput | undefined
}

/**
 * Creates a `MarketData` that calls the first source, and the next one if that source cannot serve the call. A source
 * cannot serve a call if it is down, closed, rate limited or too slow, refuses the call, returns a malformed or
 * outdated response, or does not list the symbol. An error in the call itself (an `InvalidRequest` of this library,
 * before anything is sent) is returned immediately. If no source can serve the call, the error names every source with
 * its reason.
 *
 * A source whose own circuit breaker is open refuses without a request, so a dead source costs nothing. To make sources
 * that are always slow or always outdated just as cheap, the composite has circuit breakers of its own:
 *
 * - One for each source and operation. It counts the errors that indicate an unhealthy source
 *   (`ExchangeError.countsAsFailure`), including a response that does not arrive within `patience`. After 5 failures in
 *   a row, or when half of the last calls failed, the source is skipped for one second, doubled each time up to a
 *   minute, and then probed with a single call.
 * - One for each source, operation and symbol, which counts outdated responses. It is kept per symbol because a quiet
 *   market says nothing about the others. After 5 outdated responses in a row, the source is skipped for that symbol,
 *   for 10 seconds at most.
 *
 * The error says for how long a source is skipped. Streams, including `candles`, have no such circuit breaker and no age
 * limit, and `candles` is not bounded by `patience`. A feed (`streamTicker` and so on) that is not connected within
 * `patience` counts as failed, except that of the last source, which keeps trying.
 *
 * When a later source serves an operation than before, a warning is logged once, and the return to an earlier source as
 * information. Each call that moved on to another source is counted (`Telemetry.failovers`). When a last known price is served, a warning is logged once per symbol
 * until a new price is available, and each one is counted (`Telemetry.lastKnownPrices`).
 *
 * If the program also uses a source itself, by the same Layer value, both share one instance with its markets and rate
 * limits.
 *
 * `prices` and `tickers` come from the first source that can serve them. The symbols that this source does not list,
 * has nothing of, or has only outdated data of are requested one by one from all sources. The call fails if no source
 * lists a symbol.
 *
 * Each result names the source that served it as its exchange. A stream changes its source only before its first item,
 * and a feed only before it is first connected, because items of two sources do not form one series.
 *
 * @example
 * import { Composite, MarketData } from "@effect-exchange/core"
 * import { Mock } from "@effect-exchange/testing"
 * import { Effect } from "effect"
 *
 * const kraken = Mock.layer({}, { exchange: "kraken" })
 * const coinbase = Mock.layer({ "BTC/USD": { last: "64000.5" } }, { exchange: "coinbase" })
 *
 * const program = Effect.gen(function*() {
 *   const { price } = yield* MarketData.MarketData
 *   console.log(yield* price("BTC/USD"))
 * }).pipe(Effect.provide(Composite.failover([kraken, coinbase], { maximumAge: "1 minute" })))
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category layers
 */
export const failover = <E, R>(
  sources: Sources<E, R>,
  options: FailoverOptions = {}
): Layer.Layer<MarketData.MarketData, E, R> =>
  Layer.scoped(
    MarketData.MarketData,
    Effect.gen(function*() {
      const service = yield* Failover.make(yield* build("failover", sources, options), options.hedgeAfter)
      return { ...service, ...remembering("failover", service, options) }
    })
  )

/**
 * The options of {@link median}.
 *
 * @since 0.1.0
 * @category models
 */
export interface MedianOptions<E, R> extends FailoverOptions {
  readonly sources: Sources<E, R>
  /** The minimum number of prices that a median needs; at most the number of `sources`. Defaults to 2. */
  readonly minimumSources?: number | undefined
  /**
   * The maximum deviation of a price from the median of all prices, as a ratio; a price beyond it is rejected. Defaults
   * to `"0.02"`, 2 %.
   */
  readonly maximumDeviation?: string | undefined
}

/**
 * Creates a `MarketData` whose `price` is the median of all sources. It calls every source concurrently, and waits
 * until all have responded or `patience` is over. It uses the prices that are in time, fresh (`maximumAge`, one minute
 * by default) and close to the others (`maximumDeviation`). The price lists the sources it is computed from, and the
 * rejected ones with the reason. The call fails with `ExchangeUnavailable` if fewer than `minimumSources` remain.
 *
 * A source that keeps failing is skipped as in {@link failover}, but a source with outdated prices is not. All
 * operations other than `price` and `prices` work as in `failover`.
 *
 * `prices` calls every source once for all symbols that the source lists, and compares the responses symbol by symbol.
 * A symbol on which too few sources agree is left out. The call fails if no symbol remains.
 *
 * If two sources disagree, both are equally far from their median and neither can outvote the other. Use at least three
 * sources.
 *
 * @since 0.1.0
 * @category layers
 */
export const median = <E, R>(options: MedianOptions<E, R>): Layer.Layer<MarketData.MarketData, E, R> =>
  Layer.scoped(
    MarketData.MarketData,
    Effect.gen(function*() {
      const { minimumSources = 2 } = options
      OptionRange.require("Composite.median", {
        maximumDeviation: [options.maximumDeviation, OptionRange.decimal],
        minimumSources: [minimumSources, atMost(options.sources.length)]
      })
      const sources = yield* build("median", options.sources, options)
      const service = yield* Failover.make(sources, options.hedgeAfter)
      const limits = {
        minimumSources,
        maximumAge: Duration.toMillis(options.maximumAge ?? "1 minute"),
        maximumDeviation: Decimal.make(options.maximumDeviation ?? "0.02")
      }
      const { price, prices } = remembering("median", {
        price: (symbol) => Median.price(sources, symbol, limits),
        prices: (symbols) => Median.prices(sources, symbols, limits)
      }, options)
      return {
        ...service,
        exchange: "median",
        price: Effect.fn("median.MarketData.price")(price),
        prices: Effect.fn("median.MarketData.prices")(prices)
      }
    })
  )

// With more, no call could ever succeed.
const atMost = (sources: number): OptionRange.Range => ({
  ...OptionRange.countTo(sources),
  wanted: `a whole number from 1 to ${sources}, the number of sources`
})

// Uses the current memo map, so that a Layer that the program has already built is not built again.
const build = <E, R>(name: string, sources: Sources<E, R>, options: FailoverOptions) =>
  Effect.gen(function*() {
    const { hedgeAfter, lastKnown, maximumAge, patience } = options
    OptionRange.require(`Composite.${name}`, {
      maximumAge: [maximumAge, OptionRange.duration],
      patience: [patience, OptionRange.positiveDuration],
      hedgeAfter: [hedgeAfter, OptionRange.duration],
      lastKnown: [lastKnown, OptionRange.duration]
    })
    const memoMap = yield* Layer.CurrentMemoMap
    const scope = yield* Effect.scope
    const settings = {
      name,
      patience: Duration.decode(patience ?? "5 seconds"),
      maximumAge: maximumAge === undefined ? undefined : Duration.toMillis(maximumAge)
    }
    return yield* Effect.forEach(sources, (source) =>
      Layer.buildWithMemoMap(source, memoMap, scope).pipe(
        Effect.flatMap((context) => Source.make(Context.get(context, MarketData.MarketData), settings))
      ))
  })

const remembering = (
  exchange: string,
  { price, prices }: Pick<Service, "price" | "prices">,
  { lastKnown }: FailoverOptions
): Pick<Service, "price" | "prices"> => {
  if (lastKnown === undefined) return { price, prices }
  const serve = lastPrice.make({ exchange, maxAge: lastKnown, capacity: 10_000 })
  return {
    price: (symbol) => serve(symbol, price(symbol)),
    prices: (symbols) => lastPrice.serveAll(serve, exchange, symbols, prices(symbols))
  }
}
