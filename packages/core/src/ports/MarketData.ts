/**
 * Public data of an exchange: needs no credentials.
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
 * The capability to read public data. A program over several exchanges asks for the exchanges' own tags instead: of two
 * merged Layers that both provide this one, the last wins.
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
   * Symbols are taken as text and validated: `InvalidRequest` when malformed, `SymbolNotFound` when the exchange lists
   * no such market.
   */
  interface Service {
    /** The exchange that answers. */
    readonly exchange: string
    /**
     * Every market the exchange lists, kept for `marketsMaxAge` (an hour unless set otherwise), and read again when somebody
     * asks for one that is not among them, at most every five seconds.
     */
    readonly markets: Effect.Effect<ReadonlyArray<Market>, MarketDataError>
    readonly market: (symbol: string) => Effect.Effect<Market, MarketDataError>
    /** The price of the last trade, or the middle of the book where there was none; `MalformedResponse` without both. */
    readonly price: (symbol: string) => Effect.Effect<Price, MarketDataError>
    /**
     * The prices of several symbols, in the order asked for, in as few requests as the exchange allows; a symbol asked for twice
     * is answered twice. A market that has none now is left out, so that it hides no other; one that is not listed fails the
     * call. Each price says of which symbol it is.
     */
    readonly prices: (symbols: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Price>, MarketDataError>
    readonly ticker: (symbol: string) => Effect.Effect<Ticker, MarketDataError>
    /**
     * The tickers of several symbols, in the order asked for, in as few requests as the exchange allows. A market that has
     * none now, as one before its first trade, is left out; one that is not listed fails the call.
     */
    readonly tickers: (symbols: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Ticker>, MarketDataError>
    /**
     * What stands in the book, the best of each side first, at least `depth` levels of each side where there are as many (20 unless given) and at most
     * as many as the exchange hands out. `MalformedResponse` for a book that cannot be: see `OrderBook.fault`.
     */
    readonly orderBook: (
      symbol: string,
      options?: { readonly depth?: number | undefined }
    ) => Effect.Effect<OrderBook, MarketDataError>
    /** The latest trades, oldest first, at most `limit` of them (100 unless given). */
    readonly trades: (
      symbol: string,
      options?: { readonly limit?: number | undefined }
    ) => Effect.Effect<ReadonlyArray<Trade>, MarketDataError>
    /**
     * The candles of a range, oldest first, stamped at their open. Intervals in which nothing was traded are left out
     * where the exchange leaves them out. Read in pages, each when the stream has come to it; `Unsupported` for an
     * interval the exchange has not, or a range older than it keeps.
     */
    readonly candles: (
      symbol: string,
      interval: Candle.Interval,
      range: Candle.Range
    ) => Stream.Stream<Candle.Candle, MarketDataError>
    /** What the exchange says of itself. */
    readonly status: Effect.Effect<ExchangeStatus, MarketDataError>
    /** The exchange's clock, in epoch milliseconds. */
    readonly serverTime: Effect.Effect<number, MarketDataError>
    /** The ticker, now and whenever it changes. By default a slow consumer gets the latest. */
    readonly streamTicker: (symbol: string, options?: StreamOptions) => Live<Ticker>
    /** The trades from now on, each once. By default the latest 1000 wait for a slow consumer. */
    readonly streamTrades: (symbol: string, options?: StreamOptions) => Live<Trade>
    /**
     * The order book, whole, now and after each change, with at least `depth` levels of each side where there are as many (20 unless
     * given) and as the exchange streams so many. By default a slow consumer gets the latest.
     *
     * A book that has a gap, is crossed or has another checksum than the exchange's is not handed out: it is `Stale` until it
     * has been synchronised again.
     */
    readonly streamOrderBook: (
      symbol: string,
      options?: StreamOptions & { readonly depth?: number | undefined }
    ) => Live<BookView>
    /**
     * The candle under way, whenever it changes: finished is the one before the first of a later `openTime`. By default the latest
     * 1000 wait for a slow consumer. `Unsupported` for an interval the exchange does not stream.
     */
    readonly streamCandles: (symbol: string, interval: Candle.Interval, options?: StreamOptions) => Live<Candle.Candle>
  }

  /**
   * A live stream: data, and between it what has become of the feed (see `FeedItem`). It goes on through lost connections, and
   * ends only when it is left or fails: when the exchange refuses the subscription, or with `SlowConsumer` where that was asked for.
   * All who listen to the same share one subscription.
   */
  type Live<A> = Stream.Stream<FeedItem<A>, MarketDataError | SlowConsumer>

  interface StreamOptions {
    /** What to do when the consumer is too slow. */
    readonly buffer?: Buffer | undefined
  }
}
