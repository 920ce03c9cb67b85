/**
 * Public data of an exchange, which needs no credentials.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { BookView } from "../model/BookView.js"
import type * as Candle from "../model/Candle.js"
import type { MarketDataError } from "../model/ExchangeError.js"
import type { ExchangeStatus } from "../model/ExchangeStatus.js"
import type { Buffer, FeedItem, SlowConsumer } from "../model/FeedItem.js"
import type { Market } from "../model/Market.js"
import type { OrderBook } from "../model/OrderBook.js"
import type { Price } from "../model/Price.js"
import type { Ticker } from "../model/Ticker.js"
import type { Trade } from "../model/Trade.js"

/**
 * The capability to read public data. A program that uses several exchanges should require their own tags instead: if
 * two merged Layers both provide this tag, the last one wins.
 *
 * @example
 * import { MarketData } from "@effect-exchange/core"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const market = yield* MarketData.MarketData
 *   return yield* market.price("BTC/USDT")
 * })
 *
 * @since 0.1.0
 * @category tags
 */
export class MarketData
  extends Context.Tag("@effect-exchange/core/ports/MarketData")<MarketData, MarketData.Service>()
{}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace MarketData {
  /**
   * Symbols are passed as text and validated. Methods fail with `InvalidRequest` if a symbol is malformed, and with
   * `SymbolNotFound` if the exchange lists no such market.
   */
  interface Service {
    /** The name of the exchange. */
    readonly exchange: string
    /**
     * Every market that the exchange lists. The list is cached for `marketsMaxAge` (one hour by default). It is
     * reloaded when a market is requested that is not in it, at most every five seconds.
     */
    readonly markets: Effect.Effect<ReadonlyArray<Market>, MarketDataError>
    readonly market: (symbol: string) => Effect.Effect<Market, MarketDataError>
    /**
     * Returns the price of the last trade, or the midpoint of the order book in a market without trades. Fails with
     * `MalformedResponse` if there is neither.
     */
    readonly price: (symbol: string) => Effect.Effect<Price, MarketDataError>
    /**
     * Returns the prices of several symbols in the order given, with as few requests as the exchange allows. A repeated
     * symbol is repeated in the result. A market without a price is left out, so that it does not hide the others; each
     * price names its symbol. The call fails if a symbol is not listed.
     */
    readonly prices: (symbols: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Price>, MarketDataError>
    readonly ticker: (symbol: string) => Effect.Effect<Ticker, MarketDataError>
    /**
     * Returns the tickers of several symbols in the order given, with as few requests as the exchange allows. A market
     * without a ticker is left out, such as one before its first trade. The call fails if a symbol is not listed.
     */
    readonly tickers: (symbols: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Ticker>, MarketDataError>
    /**
     * Returns the order book, best levels first. Each side has at least `depth` levels (default 20) if there are that
     * many, and at most the number that the exchange returns. Fails with `MalformedResponse` if the book is invalid:
     * see `OrderBook.fault`.
     */
    readonly orderBook: (
      symbol: string,
      options?: { readonly depth?: number | undefined }
    ) => Effect.Effect<OrderBook, MarketDataError>
    /** Returns the latest trades, oldest first, at most `limit` of them (default 100). */
    readonly trades: (
      symbol: string,
      options?: { readonly limit?: number | undefined }
    ) => Effect.Effect<ReadonlyArray<Trade>, MarketDataError>
    /**
     * Streams the candles of a range, oldest first, identified by their open time. Intervals without trades are left
     * out if the exchange leaves them out. Pages are requested as the stream is consumed. Fails with `Unsupported` if
     * the exchange does not have the interval, or no longer keeps candles that old.
     */
    readonly candles: (
      symbol: string,
      interval: Candle.Interval,
      range: Candle.Range
    ) => Stream.Stream<Candle.Candle, MarketDataError>
    /** The status that the exchange reports for itself. */
    readonly status: Effect.Effect<ExchangeStatus, MarketDataError>
    /** The exchange's clock, in epoch milliseconds. */
    readonly serverTime: Effect.Effect<number, MarketDataError>
    /** Streams the ticker, now and whenever it changes. By default, a slow consumer gets the latest. */
    readonly streamTicker: (symbol: string, options?: StreamOptions) => Live<Ticker>
    /** Streams new trades, each trade once. By default, the latest 1000 trades are buffered for a slow consumer. */
    readonly streamTrades: (symbol: string, options?: StreamOptions) => Live<Trade>
    /**
     * Streams the complete order book, now and after each change. Each side has at least `depth` levels (default 20) if
     * there are that many and the exchange streams that many. By default, a slow consumer gets the latest.
     *
     * An order book that has a gap, is crossed or does not match the exchange's checksum is never emitted: the feed is
     * `Stale` until the book is synchronised again.
     */
    readonly streamOrderBook: (
      symbol: string,
      options?: StreamOptions & { readonly depth?: number | undefined }
    ) => Live<BookView>
    /**
     * Streams the current candle whenever it changes. A candle whose `isOpen` is `false` is final. By default, the
     * latest 1000 candles are buffered for a slow consumer. Fails with `Unsupported` if the exchange does not stream
     * the interval.
     *
     * **Gotchas**
     *
     * Exchanges that do not report the end of a candle emit it as closed when the next one begins. A candle during
     * which the connection was lost may then never be emitted as closed: request it by `candles`.
     */
    readonly streamCandles: (symbol: string, interval: Candle.Interval, options?: StreamOptions) => Live<Candle.Candle>
  }

  /**
   * A live stream of data and changes in the status of its feed (see `FeedItem`). It continues through lost
   * connections. It ends only when the consumer leaves or the stream fails: because the exchange refuses the
   * subscription, or with `SlowConsumer` if that was chosen. All consumers of the same data share one subscription.
   */
  type Live<A> = Stream.Stream<FeedItem<A>, MarketDataError | SlowConsumer>

  interface StreamOptions {
    /** The policy for a consumer that is too slow. */
    readonly buffer?: Buffer | undefined
  }
}
