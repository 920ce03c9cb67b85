import * as Channel from "effect/Channel"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import type { ExchangeClient } from "../../engine/ExchangeClient.js"
import { narrow } from "../../engine/internal/refusal.js"
import type { Markets } from "../../engine/Markets.js"
import type { Feed } from "../../feed/internal/feed.js"
import type { Reading, Subscription } from "../../feed/internal/subscription.js"
import * as OrderBookSync from "../../feed/OrderBookSync.js"
import type { BookView } from "../../model/BookView.js"
import * as Candle from "../../model/Candle.js"
import { type AccountError, type MarketDataError, Unsupported } from "../../model/ExchangeError.js"
import * as FeedItem from "../../model/FeedItem.js"
import * as Listing from "../../model/Listing.js"
import type { Market } from "../../model/Market.js"
import type { Ticker } from "../../model/Ticker.js"
import type { Trade } from "../../model/Trade.js"
import type { MarketData } from "../../ports/MarketData.js"
import type { PublicFacts } from "../Declaration.js"
import type { Feeds } from "../Feeds.js"
import type * as Row from "../Row.js"
import { firstTime } from "./firstTime.js"
import * as marketRows from "./marketRows.js"
import * as sizing from "./sizing.js"

/**
 * The streams of public data.
 *
 * @internal
 */
export type Streams = Pick<
  MarketData.Service,
  "streamTicker" | "streamTrades" | "streamOrderBook" | "streamCandles"
>

/**
 * Creates streams that fail with `Unsupported`, for an exchange without feeds.
 *
 * @internal
 */
export const none = (exchange: string): Streams => ({
  streamTicker: unavailable(exchange, "streamTicker", "poll `ticker` instead"),
  streamTrades: unavailable(exchange, "streamTrades", "poll `trades` instead"),
  streamOrderBook: unavailable(exchange, "streamOrderBook", "poll `orderBook` instead"),
  streamCandles: unavailable(exchange, "streamCandles", "poll `candles` instead")
})

/**
 * Creates a stream that fails with `Unsupported`.
 *
 * @internal
 */
export const unavailable = (exchange: string, operation: string, alternative: string) => () =>
  Stream.fail(
    new Unsupported({ exchange, operation, detail: `this feed is not available for ${exchange}`, alternative })
  )

type Failure = MarketDataError | FeedItem.SlowConsumer

/**
 * Creates the streams of public data from the declaration of an exchange.
 *
 * @internal
 */
export const make = (
  facts: PublicFacts<string>,
  client: ExchangeClient<"marketData">,
  markets: Markets,
  feed: Effect.Effect<Feed, MarketDataError>
): Streams => {
  const { feeds = nothing, protocol: { exchange } } = facts
  const channels = lazily(feed, (feed) => ({
    ticker: feed.channel<Ticker, MarketDataError>(),
    trades: feed.channel<Trade, MarketDataError>(),
    candles: feed.channel<Candle.Candle, MarketDataError>(),
    book: feed.channel<BookView, MarketDataError>()
  }))
  const narrowed = (error: AccountError) => narrow("marketData", error)
  const missing = none(exchange)
  const subscription = <A>(
    operation: string,
    topic: Subscription<A, MarketDataError>["topic"],
    maxSilence: Duration.DurationInput | undefined,
    reading: () => Reading<A>
  ): Subscription<A, MarketDataError> => ({
    operation,
    topic,
    reading,
    maxSilence: maxSilence === undefined ? undefined : Duration.toMillis(maxSilence),
    fail: narrowed
  })
  const streamed = <A>(
    operation: string,
    symbol: string,
    open: (market: Market) => Effect.Effect<Stream.Stream<FeedItem.FeedItem<A>, Failure>, MarketDataError>
  ): Stream.Stream<FeedItem.FeedItem<A>, Failure> => unwrap(Effect.flatMap(markets.find(operation, symbol), open))

  return {
    streamTicker: (symbol, { buffer = FeedItem.latest } = {}) => {
      const { ticker } = feeds
      if (ticker === undefined) return missing.streamTicker(symbol)
      return streamed("streamTicker", symbol, (market) =>
        Effect.map(channels, ({ ticker: subscribe }) =>
          subscribe(
            subscription("streamTicker", ticker.topic(market), ticker.maxSilence ?? "5 minutes", () =>
              rows(true, () => ticker.reader(market), (row, now) =>
                marketRows.ticker(
                  row,
                  exchange,
                  market,
                  now,
                  sizing.volumes(facts, "tickers", sizing.of(facts, market))
                ))),
            buffer
          )))
    },
    streamTrades: (symbol, { buffer = FeedItem.sliding(1000) } = {}) => {
      const { trades } = feeds
      if (trades === undefined) return missing.streamTrades(symbol)
      return streamed("streamTrades", symbol, (market) =>
        Effect.gen(function*() {
          const { amount } = yield* sizing.required(facts, "streamTrades", market)
          const { trades: subscribe } = yield* channels
          return subscribe(
            subscription("streamTrades", trades.topic(market), trades.maxSilence, () => {
              const isNew = firstTime()
              return rows(false, () =>
                trades.reader(market), (row) =>
                isNew(row.id) ? marketRows.trade(row, exchange, market, amount) : undefined)
            }),
            buffer
          )
        }))
    },
    streamCandles: (symbol, interval, { buffer = FeedItem.sliding(1000) } = {}) => {
      const { candles } = feeds
      if (candles === undefined) return missing.streamCandles(symbol, interval)
      const word = candles.words[interval]
      if (word === undefined) {
        return Stream.fail(
          new Unsupported({
            exchange,
            operation: "streamCandles",
            detail: `${facts.name} has no ${interval} candle feed`,
            alternative: `use one of ${Struct.keys(candles.words).join(", ")}, or build the candles from trades`
          })
        )
      }
      return streamed("streamCandles", symbol, (market) =>
        Effect.gen(function*() {
          const sizes = yield* sizing.required(facts, "streamCandles", market)
          const volumes = sizing.volumes(facts, "candles", sizes)
          const { clockSkewMillis } = yield* client.health
          const { candles: subscribe } = yield* channels
          return subscribe(
            subscription("streamCandles", candles.topic(market, word), candles.maxSilence, () =>
              candleRows(facts.protocol.exchange, market, interval, volumes, clockSkewMillis, () =>
                candles.reader(market, word))),
            buffer
          )
        }))
    },
    streamOrderBook: (symbol, { buffer = FeedItem.latest, depth = 20 } = {}) => {
      const { book } = feeds
      if (book === undefined) return missing.streamOrderBook(symbol)
      return streamed("streamOrderBook", symbol, (market) =>
        Effect.gen(function*() {
          yield* sizing.required(facts, "streamOrderBook", market)
          const levels = enough(book.depths, depth)
          const { book: subscribe } = yield* channels
          const { snapshot } = book
          let current = market
          const open = () => {
            const read = book.reader(current)
            return OrderBookSync.make({
              exchange,
              symbol: market.symbol,
              unit: facts.unit?.(current),
              rules: book.rules(current, levels),
              read: (frame) => frame instanceof Snapshot ? [frame.update] : read(frame)
            })
          }
          return subscribe({
            ...subscription("streamOrderBook", book.topic(market, levels), book.maxSilence ?? "1 minute", () => {
              let sync = open()
              return {
                repeats: sync.repeats,
                isLazy: sync.isLazy,
                read: (frame, now) => sync.read(frame, now),
                begin: () => {
                  sync = open()
                }
              }
            }),
            fetch: snapshot && Effect.map(snapshot(client)(market), (update) => new Snapshot(update)),
            // A checksum depends on the steps of price and amount, which an exchange may change at any time.
            recheck: book.rules(market, levels).checksum && Effect.ignore(
              Effect.map(markets.recent("streamOrderBook", symbol), (recent) => {
                current = recent
              })
            )
          }, buffer)
        }))
    }
  }
}

const nothing: Partial<Feeds> = {}

/** A snapshot that was requested separately from the feed. */
class Snapshot {
  readonly update: OrderBookSync.BookUpdate
  constructor(update: OrderBookSync.BookUpdate) {
    this.update = update
  }
}

/** Works like `Stream.unwrap`, but does not pass every chunk through an executor of its own. */
const unwrap = <A, E>(stream: Effect.Effect<Stream.Stream<A, E>, E>): Stream.Stream<A, E> =>
  Stream.fromChannel(Channel.unwrap(Effect.map(stream, Stream.toChannel)))

/**
 * Creates a value on first use, and reuses it afterwards.
 *
 * @internal
 */
export const lazily = <A, B, E>(self: Effect.Effect<A, E>, make: (a: A) => B): Effect.Effect<B, E> => {
  let made: B | undefined
  return Effect.suspend(() =>
    made === undefined
      ? Effect.map(self, (a) => made ??= make(a))
      : Effect.succeed(made)
  )
}

/**
 * Reads the rows of a feed, and converts each by `convert` (`undefined` leaves it out). `repeats` says whether the
 * latest value is complete in itself.
 *
 * @internal
 */
export const rows = <Row, A>(
  repeats: boolean,
  reader: () => (frame: unknown) => Listing.Rows<Row> | undefined,
  convert: (row: Row, now: number) => A | undefined
): Reading<A> => {
  let read = reader()
  return {
    repeats,
    begin: () => {
      read = reader()
    },
    read: (frame, now) => {
      const found = read(frame)
      if (found === undefined) return { values: [], isWhole: false, unread: true }
      const { rows, unknown } = Listing.from(found)
      const values: Array<A> = []
      for (const row of rows) {
        const value = convert(row, now)
        if (value !== undefined) values.push(value)
      }
      return { values, isWhole: rows.length > 0, unread: unknown.length > 0 }
    }
  }
}

/**
 * Reads candles. Whether a candle may still change is taken from the exchange where it reports that. Elsewhere, a
 * candle has ended by the exchange's clock, or once a later one follows: then it is delivered again, as many exchanges
 * send nothing more about it. `skew` is the exchange's clock minus ours, in milliseconds, as far as it is known.
 *
 * @internal
 */
export const candleRows = (
  exchange: string,
  market: Market,
  interval: Candle.Interval,
  volumes: sizing.Sizing,
  skew: number,
  reader: () => (frame: unknown) => Listing.Rows<Row.BarSoFar> | undefined
): Reading<Candle.Candle> => {
  // Candles older than the current one were already delivered before the connection was lost.
  let latest = 0
  /** Whether the exchange has reported the end of the current candle, so that it is final. */
  let isFinal = false
  /** The current candle, if it will have ended when a later one follows on this connection. */
  let running: Candle.Candle | undefined
  const { begin, read, repeats } = rows(true, reader, (row, now): ReadonlyArray<Candle.Candle> => {
    // A connection that takes the place of another one repeats what has arrived since it was opened.
    if (row.openTime < latest || (row.openTime === latest && isFinal)) return []
    const ended = running !== undefined && running.openTime < row.openTime ? [{ ...running, isOpen: false }] : []
    latest = row.openTime
    isFinal = row.isOpen === false
    const isOpen = row.isOpen ?? (row.sentAt ?? now + skew) < Candle.closeTime(interval, row.openTime)
    const candle = marketRows.candle(marketRows.bar(row, market, volumes), exchange, market, interval, isOpen)
    running = row.isOpen === undefined && isOpen ? candle : undefined
    return [...ended, candle]
  })
  return {
    repeats,
    begin: () => {
      // Its last trades may be among what was missed.
      running = undefined
      begin()
    },
    read: (frame, now) => {
      const found = read(frame, now)
      return { ...found, values: found.values.flat() }
    }
  }
}

const enough = (depths: ReadonlyArray<number> | number, depth: number): number =>
  typeof depths === "number" ? depths : depths.find((each) => each >= depth) ?? Math.max(...depths)
