import {
  type BookView,
  Candle,
  Decimal,
  ExchangeError,
  FeedItem,
  LocalOrderBook,
  type Market,
  type MarketData,
  type Price,
  type Ticker,
  type Trade
} from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import type { CallLog } from "./callLog.js"
import type { Listed } from "./listing.js"
import { count, latest, type MockExchange } from "./mockExchange.js"

/** @internal */
export const make = (
  mock: MockExchange,
  calls: CallLog<ExchangeError.MarketDataError>
): MarketData.MarketData.Service => {
  const { all, exchange, find, listings } = mock
  const listedAs = (market: Market.Market) => Effect.map(Ref.get(listings), (listings) => listings.get(market.symbol))
  const quote = (market: Market.Market): Effect.Effect<Ticker.Ticker> =>
    Effect.zipWith(listedAs(market), Clock.currentTimeMillis, (listed, at) => ({
      ...listed?.quote,
      exchange,
      symbol: market.symbol,
      at
    }))
  const ask = (operation: string, symbol: string) =>
    Effect.tap(find(operation, symbol), (market) => calls.record(operation, [market.symbol]))

  /** Streams the current data, and the new data after each change by a test. */
  const live = <A>(
    operation: string,
    symbol: string,
    read: (market: Market.Market) => Effect.Effect<Chunk.Chunk<A>, ExchangeError.MarketDataError>
  ): Stream.Stream<FeedItem.FeedItem<A>, ExchangeError.MarketDataError> =>
    Stream.unwrap(Effect.map(ask(operation, symbol), (market) =>
      Stream.concat(
        Stream.make(FeedItem.FeedItem.Connected()),
        listings.changes.pipe(
          Stream.mapEffect(() => read(market)),
          Stream.flattenChunks,
          Stream.map((value) => FeedItem.FeedItem.Data({ value }))
        )
      )))

  return {
    exchange,
    serverTime: Effect.zipRight(calls.record("serverTime"), Clock.currentTimeMillis),
    status: Effect.zipRight(
      calls.record("status"),
      Effect.zipWith(Ref.get(mock.status), Clock.currentTimeMillis, (status, at) => ({ ...status, exchange, at }))
    ),
    markets: Effect.zipRight(calls.record("markets"), all),
    market: (symbol) => ask("market", symbol),
    ticker: (symbol) => Effect.flatMap(ask("ticker", symbol), quote),
    tickers: (symbols) =>
      Effect.gen(function*() {
        const wanted = yield* Effect.forEach(symbols, (symbol) => find("tickers", symbol))
        if (wanted.length === 0) return []
        yield* calls.record("tickers", wanted.map(({ symbol }) => symbol))
        return yield* Effect.forEach(wanted, quote)
      }),
    price: (symbol) =>
      Effect.flatMap(
        ask("price", symbol),
        (market) =>
          Effect.flatMap(quote(market), (ticker) => Effect.mapError(priceOf(market, ticker), () => noPrice(ticker)))
      ),
    prices: (symbols) =>
      Effect.gen(function*() {
        const wanted = yield* Effect.forEach(symbols, (symbol) => find("prices", symbol))
        if (wanted.length === 0) return []
        yield* calls.record("prices", wanted.map(({ symbol }) => symbol))
        const found = yield* Effect.forEach(wanted, (market) =>
          Effect.map(quote(market), (ticker) => priceOf(market, ticker)))
        return Arr.getSomes(found)
      }),
    orderBook: (symbol, options) =>
      Effect.gen(function*() {
        yield* count(exchange, "orderBook", "depth", options?.depth ?? 20)
        const { ask: asked, at, bid } = yield* Effect.flatMap(ask("orderBook", symbol), quote)
        return {
          exchange,
          symbol: (yield* find("orderBook", symbol)).symbol,
          bids: bid === undefined ? [] : [{ price: bid, amount: Decimal.one }],
          asks: asked === undefined ? [] : [{ price: asked, amount: Decimal.one }],
          at
        }
      }),
    trades: (symbol, options) =>
      Effect.gen(function*() {
        const limit = yield* count(exchange, "trades", "limit", options?.limit ?? 100)
        const market = yield* ask("trades", symbol)
        const listed = yield* listedAs(market)
        const at = yield* Clock.currentTimeMillis
        return latest(
          tradesOf(listed, at).map((trade): Trade.Trade => ({ ...trade, exchange, symbol: market.symbol })),
          ({ at }) => at,
          limit
        )
      }),
    candles: (symbol, interval, range) =>
      Stream.unwrap(Effect.gen(function*() {
        const market = yield* find("candles", symbol)
        yield* supported(exchange, mock.features, "candles", interval)
        const window = Candle.window(range, yield* Clock.currentTimeMillis)
        if (Option.isNone(window)) {
          return yield* new ExchangeError.InvalidRequest({
            exchange,
            operation: "candles",
            detail: "the candle range is invalid: from and to must be instants, and from must not be after to"
          })
        }
        const read = Effect.zipRight(calls.record("candles", [market.symbol]), listedAs(market))
        return pages(exchange, market, interval, { ...window.value, onProgress: range.onProgress }, read)
      })),
    streamTicker: (symbol) => live("streamTicker", symbol, (market) => Effect.map(quote(market), Chunk.of)),
    streamTrades: (symbol) =>
      Stream.suspend(() => {
        let before: Listed | undefined
        const sent = new Set<string>()
        const isNew = ({ at, id, price }: Pick<Trade.Trade, "at" | "id" | "price">): boolean => {
          const key = [id, at, Decimal.format(price)].join(" ")
          const isKnown = sent.has(key)
          sent.add(key)
          return !isKnown
        }
        return live("streamTrades", symbol, (market) =>
          Effect.zipWith(listedAs(market), Clock.currentTimeMillis, (listed, at) => {
            // Otherwise another market has changed.
            const isChanged = listed !== before
            before = listed
            const trades = isChanged ? tradesOf(listed, at) : []
            return Chunk.fromIterable(
              (listed?.trades === undefined ? trades : trades.filter(isNew)).map((trade): Trade.Trade => ({
                ...trade,
                exchange,
                symbol: market.symbol
              }))
            )
          }))
      }),
    streamOrderBook: (symbol) => live("streamOrderBook", symbol, (market) => Effect.map(quote(market), bookOf)),
    streamCandles: (symbol, interval) =>
      Stream.unwrap(Effect.gen(function*() {
        yield* supported(exchange, mock.features, "streamCandles", interval)
        let latest: Candle.Candle | undefined
        return live("streamCandles", symbol, (market) =>
          Effect.gen(function*() {
            const now = yield* Clock.currentTimeMillis
            const [from, to] = [Candle.openTime(interval, now), Candle.closeTime(interval, now)]
            const [bar] = barsOf(yield* listedAs(market), interval, from, to)
            const closed = latest !== undefined && latest.openTime < from ? [{ ...latest, isOpen: false }] : []
            latest = bar === undefined ? undefined : { ...bar, exchange, symbol: market.symbol, interval, isOpen: true }
            return Chunk.fromIterable(latest === undefined ? closed : [...closed, latest])
          }))
      }))
  }
}

const bookOf = ({ ask, bid, exchange, symbol }: Ticker.Ticker): Chunk.Chunk<BookView.BookView> => {
  const book = LocalOrderBook.make({ exchange, symbol })
  const side = (price: BigDecimal.BigDecimal | undefined) => price === undefined ? [] : [[Decimal.format(price), "1"]]
  LocalOrderBook.replace(book, side(bid), side(ask))
  return Chunk.of(LocalOrderBook.view(book))
}

const two = Decimal.make("2")
const tradesOf = (
  listed: Listed | undefined,
  at: number
): ReadonlyArray<Omit<Trade.Trade, "exchange" | "symbol">> => {
  if (listed?.trades !== undefined) return listed.trades
  const last = listed?.quote.last
  return last === undefined ? [] : [{ id: "1", side: "buy", price: last, amount: Decimal.one, at }]
}

const supported = (
  exchange: string,
  features: Adapter.Features,
  operation: string,
  interval: Candle.Interval
): Effect.Effect<void, ExchangeError.Unsupported> =>
  features.candles.includes(interval) ? Effect.void : new ExchangeError.Unsupported({
    exchange,
    operation,
    detail: `the mock is configured without ${interval} candles`,
    alternative: `use one of ${features.candles.join(", ")}`
  })

/** The number of candles per page. */
const page = 1000

const pages = (
  exchange: string,
  market: Market.Market,
  interval: Candle.Interval,
  range: Omit<Candle.Range, "from" | "to"> & { readonly from: number; readonly to: number },
  read: Effect.Effect<Listed | undefined, ExchangeError.MarketDataError>
): Stream.Stream<Candle.Candle, ExchangeError.MarketDataError> => {
  const first = Candle.openFrom(interval, range.from)
  const end = Candle.openFrom(interval, range.to)
  let found = 0
  return Stream.paginateChunkEffect(first, (from) =>
    Effect.gen(function*() {
      if (!(from < end)) return [Chunk.empty<Candle.Candle>(), Option.none<number>()] as const
      const to = Math.min(end, Candle.shift(interval, from, page))
      const bars = barsOf(yield* read, interval, from, to)
      const now = yield* Clock.currentTimeMillis
      found += bars.length
      const candles = bars.map((bar): Candle.Candle => ({
        ...bar,
        exchange,
        symbol: market.symbol,
        interval,
        isOpen: Candle.closeTime(interval, bar.openTime) > now
      }))
      if (range.onProgress !== undefined) {
        yield* range.onProgress({
          readTo: Math.min(to, range.to),
          fraction: (to - first) / (end - first),
          candles: found
        })
      }
      return [Chunk.fromIterable(candles), to < end ? Option.some(to) : Option.none()] as const
    }))
}

const barsOf = (
  listed: Listed | undefined,
  interval: Candle.Interval,
  from: number,
  to: number
): ReadonlyArray<Adapter.Bar> => {
  if (listed?.candles !== undefined) {
    const matching = listed.candles.filter((each) =>
      each.interval === interval && each.openTime >= from && each.openTime < to
    )
    return latest(matching, ({ openTime }) => openTime, matching.length)
  }
  const price = listed === undefined ? undefined : lastOrMid(listed.quote)?.amount
  if (price === undefined) return []
  return Candle.openTimes(interval, from, to).map((openTime) => ({
    openTime,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: Decimal.zero
  }))
}

const lastOrMid = (
  { ask, bid, last }: Listed["quote"]
): Pick<Price.Price, "amount" | "basis"> | undefined => {
  if (last !== undefined) return { amount: last, basis: "last" }
  return bid === undefined || ask === undefined
    ? undefined
    : { amount: Decimal.of(BigDecimal.unsafeDivide(BigDecimal.sum(bid, ask), two)), basis: "mid" }
}

const priceOf = (market: Market.Market, ticker: Ticker.Ticker): Option.Option<Price.Price> =>
  Option.map(Option.fromNullable(lastOrMid(ticker)), (found) => ({
    ...found,
    symbol: market.symbol,
    currency: market.quote,
    source: ticker.exchange,
    observedAt: ticker.at
  }))

const noPrice = ({ exchange, symbol }: Ticker.Ticker): ExchangeError.MalformedResponse =>
  new ExchangeError.MalformedResponse({
    exchange,
    operation: "price",
    detail: `${symbol} has no price; configure its last, or its bid and ask, in the mock`
  })
