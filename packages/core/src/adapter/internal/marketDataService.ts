import * as Deadline from "@effect-exchange/resilience/Deadline"
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Chunk from "effect/Chunk"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Stream from "effect/Stream"
import * as ExchangeClient from "../../engine/ExchangeClient.js"
import * as Frame from "../../engine/internal/frame.js"
import { queuePastDeadline } from "../../engine/internal/queueing.js"
import type { Markets } from "../../engine/Markets.js"
import type { Protocol } from "../../engine/Protocol.js"
import * as Candle from "../../model/Candle.js"
import * as Decimal from "../../model/Decimal.js"
import { InvalidRequest, MalformedResponse, type MarketDataError, Unsupported } from "../../model/ExchangeError.js"
import type { Market } from "../../model/Market.js"
import * as OrderBook from "../../model/OrderBook.js"
import type { Price } from "../../model/Price.js"
import type { Ticker } from "../../model/Ticker.js"
import type * as Adapter from "../../ports/Adapter.js"
import type * as MarketData from "../../ports/MarketData.js"
import * as belonging from "./belonging.js"
import { latest } from "./latest.js"
import * as marketRows from "./marketRows.js"
import type { Streams } from "./streams.js"
import { understood } from "./understood.js"

/** @internal */
export const make = (
  protocol: Protocol,
  features: Adapter.Features,
  client: ExchangeClient.ExchangeClient<"marketData">,
  adapter: Adapter.MarketData,
  markets: Markets,
  streams: Streams,
  deadline: Duration.DurationInput
): MarketData.MarketData.Service & { readonly request: ExchangeClient.ExchangeClient<"marketData">["request"] } => {
  const { exchange } = protocol
  const nameOf = (name: string) => `${exchange}.MarketData.${name}`
  const attributes = Frame.spanAttributes(client)
  const method = (name: string) => Frame.method(nameOf(name), attributes)
  /**
   * Bounds all requests of a call by one deadline. A stream of candles has none: it ends when it is read to its end.
   */
  const bound = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> => Deadline.within(self, deadline)
  const about = <A>(
    operation: string,
    asked: "ticker" | "orderBook" | "trades",
    symbol: string,
    go: (market: Market) => Effect.Effect<A, MarketDataError>
  ): Effect.Effect<A, MarketDataError> =>
    adapter.inOneRequest?.includes(asked) === true
      ? markets.use(operation, symbol, go, bound)
      : bound(markets.use(operation, symbol, go))
  const tickerOf = (operation: string, market: Market) =>
    belonging.one(exchange, operation, market, adapter.ticker(market))
  /** The current time by the exchange's clock, as far as the skew is known. Candles close by that clock. */
  const theirs = ExchangeClient.exchangeTime(client)
  const candles = (symbol: string, interval: Candle.Interval, range: Candle.Range) =>
    Stream.unwrap(Effect.gen(function*() {
      const market = yield* markets.find("candles", symbol)
      if (!features.candles.includes(interval)) {
        return yield* new Unsupported({
          exchange,
          operation: "candles",
          detail: `${features.name} has no ${interval} candles`,
          alternative: `use one of ${features.candles.join(", ")}`
        })
      }
      const window = yield* windowOf(exchange, range, yield* theirs)
      return pages(exchange, adapter.candles, market, interval, theirs, { ...window, onProgress: range.onProgress })
    })).pipe(Stream.withSpan(nameOf("candles"), { attributes }))

  return {
    exchange,
    request: client.request,
    serverTime: Effect.flatMap(
      client.request(protocol.serverTime, {}),
      (time) => time === undefined ? theirs : Effect.succeed(time)
    ),
    status: bound(adapter.status),
    markets: bound(markets.all),
    market: (symbol) => bound(markets.find("market", symbol)),
    ticker: method("ticker")((symbol: string) =>
      about("ticker", "ticker", symbol, (market) => tickerOf("ticker", market))
    ),
    tickers: method("tickers")((symbols: ReadonlyArray<string>) =>
      bound(Effect.gen(function*() {
        const wanted = yield* Effect.forEach(symbols, (symbol) => markets.find("tickers", symbol))
        if (wanted.length === 0) return []
        return inOrder(
          wanted,
          yield* understood(exchange, "tickers", adapter.tickers(wanted)),
          (_, ticker) => Option.some(ticker)
        )
      }))
    ),
    price: method("price")((symbol: string) =>
      about("price", "ticker", symbol, (market) =>
        Effect.flatMap(
          tickerOf("price", market),
          (ticker) => Effect.mapError(priceOf(market, ticker), () => noPrice(ticker))
        ))
    ),
    prices: method("prices")((symbols: ReadonlyArray<string>) =>
      bound(Effect.gen(function*() {
        const wanted = yield* Effect.forEach(symbols, (symbol) => markets.find("prices", symbol))
        if (wanted.length === 0) return []
        return inOrder(wanted, yield* understood(exchange, "prices", adapter.tickers(wanted)), priceOf)
      }))
    ),
    orderBook: method("orderBook")((symbol: string, options?: { readonly depth?: number | undefined }) =>
      about("orderBook", "orderBook", symbol, (market) =>
        Effect.gen(function*() {
          const depth = yield* count(exchange, "orderBook", "depth", options?.depth ?? 20)
          const book = yield* belonging.one(exchange, "orderBook", market, adapter.orderBook(market, depth))
          const detail = OrderBook.fault(book)
          return detail === undefined
            ? book
            : yield* new MalformedResponse({ exchange, operation: "orderBook", detail })
        }))
    ),
    trades: method("trades")((symbol: string, options?: { readonly limit?: number | undefined }) =>
      about("trades", "trades", symbol, (market) =>
        Effect.gen(function*() {
          const limit = yield* count(exchange, "trades", "limit", options?.limit ?? 100)
          const read = understood(exchange, "trades", adapter.trades(market, limit))
          const trades = yield* belonging.all(exchange, "trades", market, read)
          return latest(trades, ({ at }) => at, { limit, since: undefined })
        }))
    ),
    candles,
    ...streams
  }
}

const windowOf = (
  exchange: string,
  range: Candle.Range,
  now: number
): Effect.Effect<Adapter.Window, InvalidRequest> =>
  Option.match(Candle.window(range, now), {
    onNone: () =>
      new InvalidRequest({
        exchange,
        operation: "candles",
        detail:
          `the range from ${String(range.from)} to ${
            String(range.to ?? "now")
          } is invalid: expected two instants such as `
          + "2026-01-31 or epoch milliseconds, the earlier one first"
      }),
    onSome: Effect.succeed
  })

/** @internal */
export const count = (
  exchange: string,
  operation: string,
  name: string,
  value: number
): Effect.Effect<number, InvalidRequest> =>
  Number.isInteger(value) && value > 0 && value <= 100_000
    ? Effect.succeed(value)
    : new InvalidRequest({
      exchange,
      operation,
      detail: `the ${name} ${value} is not a whole number from 1 to 100000`
    })

/**
 * The position in a series. The next window begins at `from`, `found` candles were read, and the latest `empty` windows
 * had none.
 */
interface Place {
  readonly from: number
  readonly found: number
  readonly empty: number
}

const pages = (
  exchange: string,
  { firstFrom, page, read }: Adapter.MarketData["candles"],
  market: Market,
  interval: Candle.Interval,
  theirs: Effect.Effect<number>,
  range: Omit<Candle.Range, "from" | "to"> & Adapter.Window
): Stream.Stream<Candle.Candle, MarketDataError> => {
  const first = Candle.openFrom(interval, range.from)

  /**
   * Returns where to continue after an empty window. Windows are skipped where the exchange reports that they are
   * empty.
   */
  const skip = (next: number, place: Place): Effect.Effect<number, MarketDataError> =>
    // One empty window between candles may just be a quiet market. Two in a row suggest that more will follow.
    firstFrom === undefined || (place.found > 0 && place.empty < 2)
      ? Effect.succeed(next)
      : Effect.map(
        firstFrom(market, interval, next),
        Option.match({
          onNone: () => Number.POSITIVE_INFINITY,
          onSome: (at) => Math.max(next, Candle.openTime(interval, at))
        })
      )

  return Stream.paginateChunkEffect({ from: first, found: 0, empty: 0 }, (place: Place) =>
    Effect.gen(function*() {
      // Read before the request: a candle that closes while the request is in progress may be returned unfinished.
      const now = yield* theirs
      const { from } = place
      // No candle opens after now, so no later window is requested.
      const end = Candle.openFrom(interval, Math.min(range.to, Candle.closeTime(interval, now)))
      // Negated, because the bounds are `NaN` if the range begins after the last representable date, and every
      // comparison with `NaN` is false.
      if (!(from < end)) return [Chunk.empty<Candle.Candle>(), Option.none<Place>()] as const
      const to = Math.min(end, Candle.shift(interval, from, page))
      const bars = yield* read(market, interval, { from, to })
      const candles = inWindow(bars, from, Math.min(to, range.to)).map((bar) =>
        marketRows.candle(bar, exchange, market, interval, Candle.closeTime(interval, bar.openTime) > now)
      )
      const found = place.found + candles.length
      const empty = candles.length === 0 ? place.empty + 1 : 0
      const next = to < end && empty > 0 ? yield* skip(to, { from, found, empty }) : to
      if (range.onProgress !== undefined) {
        yield* range.onProgress({
          readTo: Math.min(next, end, range.to),
          fraction: Math.min(1, (Math.min(next, end) - first) / (end - first)),
          candles: found
        })
      }
      return [
        Chunk.fromIterable(candles),
        next < end ? Option.some({ from: next, found, empty }) : Option.none<Place>()
      ] as const
    }).pipe(queuePastDeadline))
}

/** Returns the candles that open in the window, each once, oldest first. */
const inWindow = (bars: ReadonlyArray<Adapter.Bar>, from: number, to: number): ReadonlyArray<Adapter.Bar> => {
  const wanted = bars.filter(({ openTime }) => openTime >= from && openTime < to)
  if (wanted.every(({ openTime }, index) => openTime > (wanted[index - 1]?.openTime ?? -1))) return wanted
  const byTime = new Map(bars.map((bar) => [bar.openTime, bar]))
  return Arr.sortWith(
    [...byTime.values()].filter(({ openTime }) => openTime >= from && openTime < to),
    ({ openTime }) => openTime,
    Order.number
  )
}

/**
 * Returns the values in the order of the markets. A market without a value, such as one before its first trade, is left
 * out and does not fail the others.
 */
const inOrder = <A>(
  wanted: ReadonlyArray<Market>,
  found: ReadonlyArray<Ticker>,
  read: (market: Market, ticker: Ticker) => Option.Option<A>
): ReadonlyArray<A> => {
  const bySymbol = new Map(found.map((ticker) => [ticker.symbol, ticker]))
  return Arr.filterMap(
    wanted,
    (market) => Option.flatMap(Option.fromNullable(bySymbol.get(market.symbol)), (ticker) => read(market, ticker))
  )
}

const two = BigDecimal.fromBigInt(2n)

const priceOf = (market: Market, ticker: Ticker): Option.Option<Price> => {
  const price = { symbol: market.symbol, currency: market.quote, source: ticker.exchange, observedAt: ticker.at }
  if (ticker.last !== undefined) return Option.some({ ...price, amount: ticker.last, basis: "last" })
  if (ticker.bid !== undefined && ticker.ask !== undefined) {
    const amount = Decimal.of(BigDecimal.unsafeDivide(BigDecimal.sum(ticker.bid, ticker.ask), two))
    return Option.some({ ...price, amount, basis: "mid" })
  }
  return Option.none()
}

const noPrice = ({ exchange, symbol }: Ticker): MalformedResponse =>
  new MalformedResponse({
    exchange,
    operation: "price",
    detail: `${symbol} has neither a last trade nor both a bid and an ask, so it has no price`
  })
