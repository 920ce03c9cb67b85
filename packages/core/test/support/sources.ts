/** Sources for the tests of composites. */
import { Effect, Layer, Stream, TestClock } from "effect"
import {
  type Candle,
  Decimal,
  ExchangeError,
  ExchangeSymbol,
  type FeedItem,
  type Market,
  MarketData,
  type Price,
  type Ticker,
  type Trade
} from "../../src/index.js"

export const symbol = ExchangeSymbol.make("BTC/USDT")
export const now = 1_000_000

export const at = TestClock.setTime(now)

export const about = (exchange: string) => ({ exchange, operation: "price", detail: "no" })
export const unavailable = (exchange: string) =>
  new ExchangeError.ExchangeUnavailable({ ...about(exchange), outcome: "Unknown" })

type Quote = Effect.Effect<Price.Price, ExchangeError.MarketDataError>

export interface SourceResponses {
  readonly price?: Quote | ((symbol: string) => Quote)
  readonly prices?: (
    symbols: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<Price.Price>, ExchangeError.MarketDataError>
  readonly markets?: ReadonlyArray<Market.Market>
  readonly ticker?: (symbol: string) => Effect.Effect<Ticker.Ticker, ExchangeError.MarketDataError>
  readonly tickers?: (
    symbols: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<Ticker.Ticker>, ExchangeError.MarketDataError>
  readonly candles?: Stream.Stream<Candle.Candle, ExchangeError.MarketDataError>
  readonly trades?: Stream.Stream<FeedItem.FeedItem<Trade.Trade>, ExchangeError.MarketDataError | FeedItem.SlowConsumer>
  readonly serverTime?: Effect.Effect<number, ExchangeError.MarketDataError>
}

/** A source that answers only these requests and dies for any other, and counts its requests for prices. */
export const source = (exchange: string, responses: SourceResponses) => {
  let asked = 0
  const no = () => Effect.die(`${exchange} was asked for something else`)
  const service: MarketData.MarketData.Service = {
    exchange,
    markets: responses.markets === undefined ? Effect.die("not asked") : Effect.succeed(responses.markets),
    market: no,
    price: (symbol) =>
      Effect.suspend(() => {
        asked++
        const { price = Effect.fail(unavailable(exchange)) } = responses
        return Effect.isEffect(price) ? price : price(symbol)
      }),
    prices: (symbols) =>
      Effect.suspend(() => {
        asked++
        return responses.prices?.(symbols) ?? Effect.fail(unavailable(exchange))
      }),
    ticker: responses.ticker ?? (() => Effect.fail(unavailable(exchange))),
    tickers: responses.tickers ?? no,
    orderBook: no,
    trades: no,
    candles: () => responses.candles ?? Stream.fail(unavailable(exchange)),
    status: Effect.die("not asked"),
    serverTime: responses.serverTime ?? Effect.die("not asked"),
    streamTicker: () => Stream.die("not asked"),
    streamTrades: () => responses.trades ?? Stream.fail(unavailable(exchange)),
    streamOrderBook: () => Stream.die("not asked"),
    streamCandles: () => Stream.die("not asked")
  }
  return { layer: Layer.succeed(MarketData.MarketData, service), asked: () => asked }
}

export const quoted = (exchange: string, amount: string, rest: Partial<Price.Price> = {}) =>
  Effect.succeed<Price.Price>({
    symbol,
    amount: Decimal.make(amount),
    currency: "USDT",
    basis: "last",
    source: exchange,
    observedAt: now,
    ...rest
  })

export const price = <E>(layer: Layer.Layer<MarketData.MarketData, E>) => Effect.provide(read("BTC/USDT"), layer)

/** The price of a symbol from the MarketData of the context. */
export const read = (symbol: string) => Effect.flatMap(MarketData.MarketData, (market) => market.price(symbol))
