/**
 * One `MarketData` made of several: the next source when one fails, or the middle of what they say.
 *
 * @since 0.1.0
 */
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"
import * as Decimal from "./Decimal.js"
import {
  ExchangeUnavailable,
  type MarketDataError,
  RequestTimedOut,
  SymbolNotFound,
  Unsupported
} from "./ExchangeError.js"
import * as MarketData from "./MarketData.js"
import type { Price, Reject } from "./Price.js"
import * as Telemetry from "./Telemetry.js"

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
  /** How long a source may take before the next is asked. Defaults to 5 seconds. */
  readonly patience?: Duration.DurationInput | undefined
}

/**
 * Each call goes to the first source, and on to the next when that one cannot serve it: it is down, gone, closed, limited,
 * too slow, refuses, answers nonsense or something too old, or does not list the symbol. What is wrong with the call
 * itself (`InvalidRequest` of our own, before anything is sent) is said at once. When none can, the error names every
 * source with its reason. A source whose circuit is open refuses without being asked, so a dead one costs nothing.
 *
 * That another source serves an operation than before is logged once, as a warning, and every call that moved on is
 * counted (`Telemetry.failovers`).
 *
 * A source that the program uses as well, by the same Layer value, is one instance, with its markets and its limits.
 *
 * What each result names as its exchange is the source that gave it. A stream of candles changes its source only before
 * its first candle: two sources in one series would not fit.
 *
 * @example
 * import { Composite, MarketData } from "@effect-exchange/core"
 * import type { Layer } from "effect"
 *
 * declare const kraken: Layer.Layer<MarketData.MarketData>
 * declare const coinbase: Layer.Layer<MarketData.MarketData>
 *
 * const either = Composite.failover([kraken, coinbase], { maximumAge: "1 minute" })
 *
 * @since 0.1.0
 * @category layers
 */
export const failover = <E, R>(
  sources: Sources<E, R>,
  options: FailoverOptions = {}
): Layer.Layer<MarketData.MarketData, E, R> =>
  Layer.scoped(MarketData.MarketData, Effect.map(build(sources), (services) => failing(services, options)))

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
 * those that are in time, fresh
 * (`maximumAge`, a minute unless set otherwise) and near the others (`maximumDeviation`). The price says which sources
 * it is made of and which were rejected, each with the reason; `ExchangeUnavailable` when fewer than `minimumSources`
 * remain. All but `price` is served as by {@link failover}.
 *
 * With two sources that disagree both are as far from their median, so neither can outvote the other: ask three.
 *
 * @since 0.1.0
 * @category layers
 */
export const median = <E, R>(options: MedianOptions<E, R>): Layer.Layer<MarketData.MarketData, E, R> =>
  Layer.scoped(
    MarketData.MarketData,
    Effect.map(build(options.sources), (services): Service => ({
      ...failing(services, options),
      exchange: "median",
      price: Effect.fn("median.MarketData.price")((symbol: string) => medianPrice(services, symbol, options))
    }))
  )

// By the memo map of whoever builds the composite: a Layer that it has built already is not built again.
const build = <E, R>(sources: Sources<E, R>) =>
  Effect.gen(function*() {
    const memoMap = yield* Layer.CurrentMemoMap
    const scope = yield* Effect.scope
    return yield* Effect.forEach(
      sources,
      (source) =>
        Effect.map(Layer.buildWithMemoMap(source, memoMap, scope), (context) =>
          Context.get(context, MarketData.MarketData))
    )
  })

/** What became of one source that could not serve a call. */
interface Failure {
  readonly source: string
  readonly error: MarketDataError
}

const failing = (services: ReadonlyArray<Service>, options: FailoverOptions): Service => {
  const patience = Duration.decode(options.patience ?? "5 seconds")
  const maximumAge = options.maximumAge === undefined ? undefined : Duration.toMillis(options.maximumAge)
  // Which source served each operation the last time.
  const serving = new Map<string, number>()

  const served = (operation: string, index: number, failures: ReadonlyArray<Failure>): Effect.Effect<void> =>
    Effect.suspend(() => {
      // What it does not list it serves no worse than before.
      if (index > 0 && failures.every(({ error }) => isNotListed(error))) return Effect.void
      const before = serving.get(operation) ?? 0
      serving.set(operation, index)
      if (index === before) return Effect.void
      const about = { operation, from: services[before]?.exchange, to: services[index]?.exchange }
      return index > before
        ? Effect.logWarning("A source cannot serve; another does", { ...about, because: reasons(failures) })
        : Effect.logInfo("A source serves again", about)
    })

  const movedOn = (operation: string, { error, source }: Failure): Effect.Effect<void> =>
    Metric.increment(Telemetry.failovers).pipe(
      Effect.tagMetrics({ exchange: source, operation, error: error._tag }),
      Effect.zipRight(Effect.logDebug("A source failed", error.message))
    )

  const first = <A>(
    operation: string,
    ask: (service: Service) => Effect.Effect<A, MarketDataError>
  ): Effect.Effect<A, MarketDataError> => {
    const from = (index: number, failures: ReadonlyArray<Failure>): Effect.Effect<A, MarketDataError> => {
      const service = services[index]
      if (service === undefined) return Effect.fail(noneServed(operation, failures))
      return Effect.matchEffect(within(service, operation, patience, ask(service)), {
        onSuccess: (value) => Effect.as(served(operation, index, failures), value),
        onFailure: (error) => {
          if (isOwnFault(error)) return Effect.fail(error)
          const failure = { source: service.exchange, error }
          return Effect.zipRight(movedOn(operation, failure), from(index + 1, [...failures, failure]))
        }
      })
    }
    return from(0, [])
  }

  const firstSeries = <A>(
    operation: string,
    ask: (service: Service) => Stream.Stream<A, MarketDataError>
  ): Stream.Stream<A, MarketDataError> => {
    const from = (index: number, failures: ReadonlyArray<Failure>): Stream.Stream<A, MarketDataError> =>
      Stream.suspend(() => {
        const service = services[index]
        if (service === undefined) return Stream.fail(noneServed(operation, failures))
        let begun = false
        return ask(service).pipe(
          Stream.tap(() => {
            if (begun) return Effect.void
            begun = true
            return served(operation, index, failures)
          }),
          Stream.catchAll((error) => {
            if (begun || isOwnFault(error)) return Stream.fail(error)
            const failure = { source: service.exchange, error }
            return Stream.concat(
              Stream.execute(movedOn(operation, failure)),
              from(index + 1, [...failures, failure])
            )
          })
        )
      })
    return from(0, [])
  }

  const fresh = <A>(operation: string, at: (value: A) => number) => (service: Service, value: A) =>
    maximumAge === undefined ?
      Effect.succeed(value) :
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Math.abs(now - at(value)) <= maximumAge
          ? Effect.succeed(value)
          : stale(service, operation, now - at(value)))
  const price = fresh("price", (price: Price) => price.observedAt)
  const ticker = fresh("ticker", (ticker: { readonly at: number }) => ticker.at)

  return {
    exchange: "failover",
    markets: first("markets", ({ markets }) => markets),
    market: (symbol) => first("market", (service) => service.market(symbol)),
    price: (symbol) =>
      first("price", (service) => Effect.flatMap(service.price(symbol), (value) => price(service, value))),
    ticker: (symbol) =>
      first("ticker", (service) => Effect.tap(service.ticker(symbol), (value) => ticker(service, value))),
    tickers: (symbols) =>
      first(
        "tickers",
        (service) => Effect.tap(service.tickers(symbols), Effect.forEach((value) => ticker(service, value)))
      ),
    orderBook: (symbol, options) =>
      first(
        "orderBook",
        (service) => Effect.tap(service.orderBook(symbol, options), (value) => ticker(service, value))
      ),
    trades: (symbol, options) => first("trades", (service) => service.trades(symbol, options)),
    candles: (symbol, interval, range) => firstSeries("candles", (service) => service.candles(symbol, interval, range)),
    status: first("status", ({ status }) => status),
    serverTime: first("serverTime", ({ serverTime }) => serverTime)
  }
}

/** What another source would refuse as well: we ourselves do, before anything is sent. A source's odd 400 is its own. */
const isOwnFault = (error: MarketDataError): boolean =>
  error._tag === "InvalidRequest" && error.status === undefined && error.code === undefined

const isNotListed = ({ _tag }: MarketDataError): boolean => _tag === "SymbolNotFound" || _tag === "Unsupported"

const reasons = (failures: ReadonlyArray<Failure>): string =>
  failures.map(({ error, source }) => `${source}: ${error._tag}, ${error.detail}`).join("; ")

/** What all of them say, where they agree; otherwise there is none to serve the call now. */
const noneServed = (operation: string, failures: ReadonlyArray<Failure>): MarketDataError => {
  const about = {
    exchange: "failover",
    operation,
    detail: failures.length === 0 ? "there are no sources" : `no source can serve it: ${reasons(failures)}`
  }
  if (failures.length > 0 && failures.every(({ error }) => error._tag === "SymbolNotFound")) {
    const symbol = failures.flatMap(({ error }) => error._tag === "SymbolNotFound" ? error.symbol ?? [] : [])[0]
    return new SymbolNotFound({ ...about, symbol })
  }
  return failures.length > 0 && failures.every(({ error }) => isNotListed(error))
    ? new Unsupported({ ...about, alternative: "ask for something that one of the sources has" })
    : new ExchangeUnavailable({ ...about, outcome: "NotSent" })
}

const within = <A>(
  { exchange }: Service,
  operation: string,
  patience: Duration.Duration,
  self: Effect.Effect<A, MarketDataError>
): Effect.Effect<A, MarketDataError> =>
  Effect.timeoutFail(self, {
    duration: patience,
    onTimeout: () =>
      new RequestTimedOut({ exchange, operation, detail: `no answer within ${Duration.format(patience)}` })
  })

const stale = (service: Service, operation: string, age: number): ExchangeUnavailable =>
  new ExchangeUnavailable({
    exchange: service.exchange,
    operation,
    outcome: "Rejected",
    detail: `what it answers ${describeAge(age)}`
  })

// What is from the future tells as little about now as what is old.
const describeAge = (age: number): string =>
  `is ${Duration.format(Duration.millis(Math.abs(age)))} ${age < 0 ? "ahead" : "old"}`

const noneLeft = (operation: string, detail: string): ExchangeUnavailable =>
  new ExchangeUnavailable({ exchange: "composite", operation, outcome: "NotSent", detail })

const medianPrice = <E, R>(
  services: ReadonlyArray<Service>,
  symbol: string,
  options: MedianOptions<E, R>
): Effect.Effect<Price, MarketDataError> =>
  Effect.gen(function*() {
    const patience = Duration.decode(options.patience ?? "5 seconds")
    const answers = yield* Concurrent.forEach(
      services,
      (service) => Effect.either(within(service, "price", patience, service.price(symbol))),
      { concurrency: "unbounded" }
    )
    // What is wrong with the call itself is as wrong everywhere.
    const own = answers.flatMap((answer) => Either.isLeft(answer) && isOwnFault(answer.left) ? [answer.left] : [])[0]
    if (own !== undefined) return yield* own
    const now = yield* Clock.currentTimeMillis
    const { kept, rejected } = judge(services, answers, now, {
      maximumAge: Duration.toMillis(options.maximumAge ?? "1 minute"),
      maximumDeviation: Decimal.make(options.maximumDeviation ?? "0.02")
    })
    const [newest] = kept
    if (newest === undefined || kept.length < (options.minimumSources ?? 2)) {
      const reasons = rejected.map(({ reason, source }) => `${source} ${reason}`).join("; ")
      return yield* noneLeft(
        "price",
        `${kept.length} of ${services.length} sources agree on ${symbol}, ${
          options.minimumSources ?? 2
        } must: ${reasons}`
      )
    }
    return {
      symbol: newest.symbol,
      amount: middle(kept.map(({ amount }) => amount)),
      currency: newest.currency,
      basis: "median",
      source: "median",
      // As old as the oldest it is made of.
      observedAt: Math.min(...kept.map(({ observedAt }) => observedAt)),
      sources: kept.map(({ amount, observedAt, source }) => ({ source, amount, observedAt })),
      rejected
    }
  })

/** Which prices count, by age, by currency and by how far they are from the others. */
const judge = (
  services: ReadonlyArray<Service>,
  answers: ReadonlyArray<Either.Either<Price, MarketDataError>>,
  now: number,
  limits: { readonly maximumAge: number; readonly maximumDeviation: BigDecimal.BigDecimal }
): { readonly kept: ReadonlyArray<Price>; readonly rejected: ReadonlyArray<Reject> } => {
  const rejected: Array<Reject> = []
  const candidates = answers.flatMap((answer, index) => {
    const source = services[index]?.exchange ?? ""
    if (Either.isLeft(answer)) {
      rejected.push({ source, reason: `failed: ${answer.left._tag}` })
      return []
    }
    const age = now - answer.right.observedAt
    if (Math.abs(age) <= limits.maximumAge) return [answer.right]
    rejected.push({ source, reason: describeAge(age) })
    return []
  })
  const center = candidates.length === 0 ? zero : middle(candidates.map(({ amount }) => amount))
  const kept = candidates.filter(({ amount, currency, source }) => {
    const off = BigDecimal.abs(BigDecimal.subtract(amount, center))
    const near = BigDecimal.lessThanOrEqualTo(off, BigDecimal.multiply(center, limits.maximumDeviation))
    if (near && currency === candidates[0]?.currency) return true
    rejected.push({ source, reason: near ? `is in ${currency}` : `deviates: it says ${Decimal.format(amount)}` })
    return false
  })
  return { kept, rejected }
}

const zero = BigDecimal.fromBigInt(0n)
const two = BigDecimal.fromBigInt(2n)

const middle = (amounts: ReadonlyArray<BigDecimal.BigDecimal>): BigDecimal.BigDecimal => {
  const sorted = Arr.sort(amounts, BigDecimal.Order)
  const half = Math.floor(sorted.length / 2)
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1] ?? zero, sorted[half] ?? zero]
  return BigDecimal.unsafeDivide(BigDecimal.sum(low, high), two)
}
