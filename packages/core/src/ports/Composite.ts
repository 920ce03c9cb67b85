/**
 * One `MarketData` made of several: the next source when one fails, or the middle of what they say.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Decimal from "../model/Decimal.js"
import * as Failover from "./internal/failover.js"
import * as lastPrice from "./internal/lastPrice.js"
import * as Median from "./internal/median.js"
import * as Source from "./internal/source.js"
import * as MarketData from "./MarketData.js"

type Service = MarketData.MarketData.Service

/**
 * The Layers to choose from, the preferred one first.
 *
 * @since 0.1.0
 * @category models
 */
export type Sources<E, R> = readonly [
  Layer.Layer<MarketData.MarketData, E, R>,
  ...ReadonlyArray<Layer.Layer<MarketData.MarketData, E, R>>
]

/**
 * @since 0.1.0
 * @category models
 */
export interface FailoverOptions {
  /** How old, or ahead, a price or a ticker may be before its source counts as failed. Defaults to no limit. */
  readonly maximumAge?: Duration.DurationInput | undefined
  /** How long a source may take before it counts as failed, and the next is asked. Defaults to 5 seconds. */
  readonly patience?: Duration.DurationInput | undefined
  /**
   * How long a source may take before the next is asked as well; the first answer counts, and the others are interrupted.
   * Defaults to none: the next is asked when one has failed.
   *
   * **Gotchas**
   *
   * Who is overtaken has not failed. A source that is always late stays the first to be asked, however late it would have
   * been, and costs each call this time and one request more.
   */
  readonly hedgeAfter?: Duration.DurationInput | undefined
  /**
   * For how long a price may be given again. While no source can serve `price` or `prices`, or too few agree, the price of that symbol
   * that was given last is the answer, if it was asked for no longer ago than this; its `observedAt` says how old it is.
   * The 10,000 symbols that were given last are remembered. Defaults to none.
   */
  readonly lastKnown?: Duration.DurationInput | undefined
}

/**
 * Each call goes to the first source, and on to the next when that one cannot serve it: it is down, gone, closed, limited,
 * too slow, refuses, answers nonsense or something too old, or does not list the symbol. What is wrong with the call
 * itself (`InvalidRequest` of our own, before anything is sent) is said at once. When none can, the error names every
 * source with its reason. A source whose circuit is open refuses without being asked, so a dead one costs nothing.
 *
 * Nor does one that is always late, or always stale, for long: the composite has a circuit of its own for each source and
 * operation, which counts what says that the source is not well (`ExchangeError.countsAsFailure`), an answer that does
 * not come within `patience` included. After 5 failures in a row, or when half of the last calls failed, the source is
 * passed over for a second, doubled each time up to a minute, and then probed by a single call. Answers that are too old
 * count by symbol, since a quiet market says nothing of the others: after 5 in a row the source is passed over for that
 * symbol, for 10 seconds at most. The error says for how long a source is not asked. `candles` have no such circuit: a
 * series is neither bounded by `patience` nor dated.
 *
 * That another source serves an operation than before is logged once, as a warning, and every call that moved on is
 * counted (`Telemetry.failovers`). That a price is the last known one is logged once, until there is a new one of that
 * symbol, and counted (`Telemetry.lastKnownPrices`).
 *
 * A source that the program uses as well, by the same Layer value, is one instance, with its markets and its limits.
 *
 * `prices` come from the first source that can serve them, and what that one does not list, does not have or has too old, each
 * by itself from whichever can; one that none lists fails the call.
 *
 * What each result names as its exchange is the source that gave it. A stream of candles changes its source only before
 * its first candle: two sources in one series would not fit.
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
 * @since 0.1.0
 * @category models
 */
export interface MedianOptions<E, R> extends FailoverOptions {
  readonly sources: Sources<E, R>
  /** How many prices must remain for there to be one. Defaults to 2. */
  readonly minimumSources?: number | undefined
  /** How far a price may be from the median of all before it is rejected, as a ratio. Defaults to `"0.02"`, 2 %. */
  readonly maximumDeviation?: string | undefined
}

/**
 * `price` asks every source at once, waits until all have answered or `patience` is over, and answers with the median of
 * those that are in time, fresh (`maximumAge`, a minute unless set otherwise) and near the others (`maximumDeviation`).
 * The price says which sources it is made of and which were rejected, each with the reason; `ExchangeUnavailable` when
 * fewer than `minimumSources` remain. A source that kept failing is passed over as by {@link failover}, but not one whose
 * prices are too old. All but `price` and `prices` is served as there.
 *
 * `prices` asks every source once for all that it lists, and compares the answers symbol by symbol. One on which too few agree
 * is left out, and the call fails when none remains.
 *
 * With two sources that disagree both are as far from their median, so neither can outvote the other: ask three.
 *
 * @since 0.1.0
 * @category layers
 */
export const median = <E, R>(options: MedianOptions<E, R>): Layer.Layer<MarketData.MarketData, E, R> =>
  Layer.scoped(
    MarketData.MarketData,
    Effect.gen(function*() {
      const sources = yield* build("median", options.sources, options)
      const service = yield* Failover.make(sources, options.hedgeAfter)
      const limits = {
        minimumSources: options.minimumSources ?? 2,
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

// By the memo map of whoever builds the composite: a Layer that it has built already is not built again.
const build = <E, R>(name: string, sources: Sources<E, R>, { maximumAge, patience }: FailoverOptions) =>
  Effect.gen(function*() {
    const memoMap = yield* Layer.CurrentMemoMap
    const scope = yield* Effect.scope
    const options = {
      name,
      patience: Duration.decode(patience ?? "5 seconds"),
      maximumAge: maximumAge === undefined ? undefined : Duration.toMillis(maximumAge)
    }
    return yield* Effect.forEach(sources, (source) =>
      Layer.buildWithMemoMap(source, memoMap, scope).pipe(
        Effect.flatMap((context) => Source.make(Context.get(context, MarketData.MarketData), options))
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
