/**
 * A service that calls the next source when one fails, or earlier when one is late.
 *
 * @internal
 */
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Hedge from "@effect-exchange/resilience/Hedge"
import * as Idempotent from "@effect-exchange/resilience/Idempotent"
import type * as RetryBudget from "@effect-exchange/resilience/RetryBudget"
import * as Arr from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { ExchangeUnavailable, type MarketDataError, SymbolNotFound, Unsupported } from "../../model/ExchangeError.js"
import type { FeedItem, SlowConsumer } from "../../model/FeedItem.js"
import type * as MarketData from "../MarketData.js"
import * as Telemetry from "../Telemetry.js"
import { isOwnFault, pricesOf, type Question, type Source, tickersOf } from "./source.js"

type Service = MarketData.MarketData.Service

/** A source that could not serve a call, with its error. */
interface Failure {
  readonly source: string
  readonly error: MarketDataError
}

/** A strategy: calls one source after another, or the next one as well when one is late. */
type Order = <A>(ask: (index: number) => Effect.Effect<A, MarketDataError>) => Effect.Effect<A, MarketDataError>

/** @internal */
export const make = (
  sources: ReadonlyArray<Source>,
  hedgeAfter: Duration.DurationInput | undefined
): Effect.Effect<Service> =>
  Effect.map(
    hedgeAfter === undefined || sources.length < 2
      ? Effect.succeed(inTurn(sources.length))
      : overlapping(sources.length, hedgeAfter),
    (order) => serve(sources, order)
  )

const inTurn = (count: number): Order => (ask) => {
  const from = (index: number): ReturnType<typeof ask> =>
    Effect.catchAll(
      ask(index),
      (error) => isOwnFault(error) || index + 1 >= count ? Effect.fail(error) : from(index + 1)
    )
  return from(0)
}

const overlapping = (count: number, delay: Duration.DurationInput): Effect.Effect<Order> =>
  Effect.map(
    Hedge.make<MarketDataError>({
      name: "failover",
      delay,
      maxHedges: count - 1,
      budget: unlimited,
      reports: false,
      classify: (error) => isOwnFault(error) ? "fail" : "next"
    }),
    (hedge): Order => (ask) =>
      hedge.apply(({ leaving, number }) => Idempotent.mark(Effect.zipRight(leaving, ask(number - 1))))
  )

// A budget limits hedges that call the same service more often. Here each source is called at most once, so none is
// needed.
const unlimited: RetryBudget.RetryBudget = {
  deposit: Effect.void,
  withdraw: Effect.succeed(true),
  succeeded: Effect.void,
  failed: Effect.void,
  balance: Effect.succeed(Infinity)
}

const serve = (sources: ReadonlyArray<Source>, order: Order): Service => {
  // The source that last served each operation.
  const serving = new Map<string, number>()

  const served = (operation: string, index: number, failures: ReadonlyArray<Failure>): Effect.Effect<void> =>
    Effect.suspend(() => {
      // If the previous source does not list the symbol, or was merely late, it still serves other calls: this is no
      // change.
      if (index > 0 && failures.every(({ error }) => isNotListed(error))) return Effect.void
      const before = serving.get(operation) ?? 0
      serving.set(operation, index)
      if (index === before) return Effect.void
      const about = { operation, from: sources[before]?.exchange, to: sources[index]?.exchange }
      return index > before
        ? Effect.logWarning("Failed over to another source", { ...about, because: reasons(failures) })
        : Effect.logInfo("Switched back to an earlier source", about)
    })

  const movedOn = (operation: string, { error, source }: Failure): Effect.Effect<void> =>
    Metric.increment(Telemetry.failovers).pipe(
      Effect.tagMetrics({ exchange: source, operation, error: error._tag }),
      Effect.zipRight(Effect.logDebug("A source failed", error.message))
    )

  const first = <A>(question: Question<A>): Effect.Effect<A, MarketDataError> =>
    Effect.suspend(() => {
      const { operation } = question
      const failures: Array<Failure> = []
      const ask = (index: number) => {
        const source = sources[index]
        if (source === undefined) return Effect.fail(noneServed(operation, failures))
        return source.ask(question).pipe(
          Effect.map((value) => ({ index, value })),
          Effect.tapError((error) => {
            if (isOwnFault(error)) return Effect.void
            const failure = { source: source.exchange, error }
            failures.push(failure)
            return movedOn(operation, failure)
          })
        )
      }
      return Effect.matchEffect(order(ask), {
        onSuccess: ({ index, value }) => Effect.as(served(operation, index, failures), value),
        onFailure: (error) => Effect.fail(isOwnFault(error) ? error : noneServed(operation, failures))
      })
    })

  const firstSeries = <A, E extends MarketDataError | SlowConsumer>(
    operation: string,
    ask: (service: Service) => Stream.Stream<A, E>,
    begin: Begin<A, E> = (_, stream) => stream
  ): Stream.Stream<A, E | MarketDataError> => {
    const from = (index: number, failures: ReadonlyArray<Failure>): Stream.Stream<A, E | MarketDataError> =>
      Stream.suspend(() => {
        const source = sources[index]
        if (source === undefined) return Stream.fail(noneServed(operation, failures))
        let begun = false
        const stream = ask(source.service)
        // There is no other source to wait for the last one.
        return (index + 1 < sources.length ? begin(within(source, operation), stream) : stream).pipe(
          Stream.tap(() => {
            if (begun) return Effect.void
            begun = true
            return served(operation, index, failures)
          }),
          Stream.catchAll((error) => {
            const its: MarketDataError | SlowConsumer = error
            if (begun || its._tag === "SlowConsumer" || isOwnFault(its)) return Stream.fail(error)
            const failure = { source: source.exchange, error: its }
            return Stream.concat(
              Stream.execute(movedOn(operation, failure)),
              from(index + 1, [...failures, failure])
            )
          })
        )
      })
    return from(0, [])
  }

  const firstFeed = <A>(operation: string, ask: (service: Service) => Feed<A>): Feed<A> =>
    firstSeries(operation, ask, connected)

  const price: Service["price"] = (symbol) =>
    first({
      operation: "price",
      ask: (service) => service.price(symbol),
      dated: { symbols: symbol, instants: ({ observedAt }) => [observedAt] }
    })

  const ticker: Service["ticker"] = (symbol) =>
    first({
      operation: "ticker",
      ask: (service) => service.ticker(symbol),
      dated: { symbols: symbol, instants: ({ at }) => [at] }
    })

  /** Takes the rows of several symbols from one source, and each missing or stale one from any source that has it. */
  const rows = <A extends { readonly symbol: string }>(
    together: (symbols: ReadonlyArray<string>) => Question<ReadonlyArray<A>>,
    alone: (symbol: string) => Effect.Effect<A, MarketDataError>,
    instant: (row: A) => number
  ) =>
  (symbols: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<A>, MarketDataError> =>
    Effect.gen(function*() {
      if (symbols.length === 0) return []
      const wanted = Arr.dedupe(symbols)
      const answer = yield* Effect.either(first(together(wanted)))
      if (Either.isLeft(answer) && isOwnFault(answer.left)) return yield* answer.left
      const now = yield* Clock.currentTimeMillis
      const found = new Map<string, A>()
      for (const row of Either.getOrElse(answer, () => [])) {
        if (!sources.some(({ isStale }) => isStale(instant(row), now))) found.set(row.symbol, row)
      }
      const missing = wanted.filter((symbol) => !found.has(symbol))
      const others = yield* Concurrent.forEach(missing, (symbol) => Effect.either(alone(symbol)), { concurrency: 8 })
      const [failed, added] = Arr.separate(others)
      for (const row of added) found.set(row.symbol, row)
      const wrong = failed.find((error) => error._tag === "SymbolNotFound" || isOwnFault(error)) ??
        (found.size === 0 ? failed[0] : undefined)
      return wrong === undefined
        ? Arr.filterMap(symbols, (symbol) => Option.fromNullable(found.get(symbol)))
        : yield* wrong
    })

  return {
    exchange: "failover",
    markets: first({ operation: "markets", ask: ({ markets }) => markets }),
    market: (symbol) => first({ operation: "market", ask: (service) => service.market(symbol) }),
    price,
    prices: rows(pricesOf, price, ({ observedAt }) => observedAt),
    ticker,
    tickers: rows(tickersOf, ticker, ({ at }) => at),
    orderBook: (symbol, options) =>
      first({
        operation: "orderBook",
        ask: (service) => service.orderBook(symbol, options),
        dated: { symbols: symbol, instants: ({ at }) => [at] }
      }),
    trades: (symbol, options) => first({ operation: "trades", ask: (service) => service.trades(symbol, options) }),
    candles: (symbol, interval, range) => firstSeries("candles", (service) => service.candles(symbol, interval, range)),
    streamTicker: (symbol, options) => firstFeed("streamTicker", (service) => service.streamTicker(symbol, options)),
    streamTrades: (symbol, options) => firstFeed("streamTrades", (service) => service.streamTrades(symbol, options)),
    streamOrderBook: (symbol, options) =>
      firstFeed("streamOrderBook", (service) => service.streamOrderBook(symbol, options)),
    streamCandles: (symbol, interval, options) =>
      firstFeed("streamCandles", (service) => service.streamCandles(symbol, interval, options)),
    status: first({ operation: "status", ask: ({ status }) => status }),
    serverTime: first({ operation: "serverTime", ask: ({ serverTime }) => serverTime })
  }
}

type Feed<A> = Stream.Stream<FeedItem<A>, MarketDataError | SlowConsumer>

/** Limits the time in which a stream must begin. */
type Begin<A, E> = (
  within: <B, E2>(self: Effect.Effect<B, E2>) => Effect.Effect<B, E2 | MarketDataError>,
  stream: Stream.Stream<A, E>
) => Stream.Stream<A, E | MarketDataError>

const within = (source: Source, operation: string) => <B, E>(self: Effect.Effect<B, E>) =>
  source.within(operation, self)

/**
 * Holds the items of a feed back until it is connected. A feed that cannot connect does not fail: it keeps trying, and
 * says so in its first item.
 */
const connected = <A>(
  within: Parameters<Begin<FeedItem<A>, MarketDataError | SlowConsumer>>[0],
  stream: Feed<A>
): Feed<A> =>
  Stream.unwrapScoped(
    Effect.flatMap(Stream.toPull(stream), (pull) => {
      const held: Array<FeedItem<A>> = []
      const begun: Effect.Effect<Feed<A>, MarketDataError | SlowConsumer> = Effect.matchEffect(pull, {
        onSuccess: (items) => {
          held.push(...items)
          return Chunk.some(items, isUp)
            ? Effect.succeed(Stream.concat(Stream.fromIterable(held), Stream.repeatEffectChunkOption(pull)))
            : begun
        },
        onFailure: Option.match({
          onNone: () => Effect.succeed(Stream.fromIterable(held)),
          onSome: (error) => Effect.fail(error)
        })
      })
      return within(begun)
    })
  )

const isUp = ({ _tag }: FeedItem<unknown>): boolean => _tag !== "Reconnecting" && _tag !== "Stale"

const isNotListed = ({ _tag }: MarketDataError): boolean => _tag === "SymbolNotFound" || _tag === "Unsupported"

const reasons = (failures: ReadonlyArray<Failure>): string =>
  failures.map(({ error, source }) => `${source}: ${error._tag}, ${error.detail}`).join("; ")

/** Returns the common error of all sources, if they agree; otherwise an error that no source can serve the call now. */
const noneServed = (operation: string, failures: ReadonlyArray<Failure>): MarketDataError => {
  const about = {
    exchange: "failover",
    operation,
    detail: failures.length === 0
      ? "no sources are configured"
      : `no source can serve the request: ${reasons(failures)}`
  }
  if (failures.length > 0 && failures.every(({ error }) => error._tag === "SymbolNotFound")) {
    const symbol = failures.flatMap(({ error }) => error._tag === "SymbolNotFound" ? error.symbol ?? [] : [])[0]
    return new SymbolNotFound({ ...about, symbol })
  }
  return failures.length > 0 && failures.every(({ error }) => isNotListed(error))
    ? new Unsupported({ ...about, alternative: "request something that at least one of the sources supports" })
    : new ExchangeUnavailable({ ...about, outcome: "NotSent" })
}
