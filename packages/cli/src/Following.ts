/**
 * Follows the prices of markets: by streams, or by polling where an exchange has no stream.
 *
 * @since 0.1.0
 */
import { type ExchangeError, type ExchangeSymbol, FeedItem, type Market, type MarketData } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import * as Advice from "./Advice.js"
import type { Connection } from "./Connections.js"
import * as Quotes from "./Quotes.js"
import * as View from "./View.js"

/**
 * The followed markets of one exchange. `views` returns their current state, `first` waits until each has prices or has
 * failed, and `run` updates them for as long as it runs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Following {
  readonly views: Effect.Effect<ReadonlyArray<View.View>>
  readonly first: Effect.Effect<void>
  readonly run: Effect.Effect<never>
}

/**
 * Follows markets of one exchange.
 *
 * Markets without a stream are polled together, at most once per `interval`. Polling slows down as the rate limit of
 * the exchange is used up.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  connection: Connection,
  symbols: ReadonlyArray<ExchangeSymbol.ExchangeSymbol>,
  interval: Duration.Duration
): Effect.fn.Return<Following> {
  const { exchange } = connection
  const followed = yield* Effect.forEach(symbols, (symbol) =>
    Effect.all({
      symbol: Effect.succeed(symbol),
      view: Ref.make(View.initial(exchange, symbol)),
      ready: Deferred.make<void>()
    }))
  const unstreamed = new Set<typeof followed[number]>()
  const some = yield* Effect.makeLatch()

  const change = ({ ready, view }: typeof followed[number], f: (view: View.View) => View.View) =>
    Effect.flatMap(Ref.updateAndGet(view, f), ({ receivedAt, status }) =>
      // A new stream reports its status before its first price.
      receivedAt === undefined && status !== "failed" ? Effect.void : Deferred.succeed(ready, undefined))

  const stream = (one: typeof followed[number]): Effect.Effect<void, ExchangeError.MarketDataError> =>
    Effect.gen(function*() {
      const market = yield* connection.market.market(one.symbol)
      const { reconnects } = yield* Ref.get(one.view)
      yield* Stream.runForEach(
        feeds(connection, market),
        (feeds) => change(one, View.streamed(market, feeds, reconnects))
      )
    })

  // Retries after an error: a market that is refused now may be available later, for example after an outage.
  const keep = (one: typeof followed[number]): Effect.Effect<never> =>
    stream(one).pipe(
      Effect.catchAll((error) => {
        if (error._tag !== "Unsupported") {
          return Effect.flatMap(
            Advice.from(error, connection.market),
            (advice) => change(one, View.failed({ ...Quotes.describe(error), advice }))
          )
        }
        unstreamed.add(one)
        return Effect.zipRight(some.open, Effect.never)
      }),
      Effect.zipRight(Effect.sleep(again)),
      Effect.forever
    )

  const poll = Effect.gen(function*() {
    yield* some.await
    const polled = [...unstreamed]
    const { health, rows } = yield* Quotes.snapshot(connection, polled.map(({ symbol }) => symbol))
    const now = yield* Clock.currentTimeMillis
    yield* Effect.forEach(rows, (row, index) => {
      const one = polled[index]
      return one === undefined ? Effect.void : change(one, View.polled(row, now))
    }, { discard: true })
    yield* Effect.sleep(pace(interval, Quotes.limitUsed(health)))
  })

  return {
    views: Effect.forEach(followed, ({ view }) => Ref.get(view)),
    first: Effect.forEach(followed, ({ ready }) => Deferred.await(ready), { discard: true }),
    run: Concurrent.raceFirst(
      Effect.forever(poll),
      Effect.zipRight(Concurrent.forEach(followed, keep, { concurrency: "unbounded" }), Effect.never)
    )
  }
})

/** The delay before a failed stream is opened again. */
const again = "10 seconds"

/** The ticker stream, with the order book stream as well where the ticker has neither bid nor ask. */
const feeds = (
  { market: { streamOrderBook, streamTicker } }: Connection,
  { symbol }: Market.Market
): Stream.Stream<View.Feeds, ExchangeError.MarketDataError> =>
  Stream.unwrap(Effect.map(Deferred.make<void>(), (sideless) => {
    const ticker = seen(
      Stream.tap(
        streamTicker(symbol, { buffer: FeedItem.latest }),
        (item) =>
          item._tag === "Data" && item.value.bid === undefined && item.value.ask === undefined
            ? Deferred.succeed(sideless, undefined)
            : Effect.void
      )
    )
    const book = Stream.unwrap(Effect.as(
      Deferred.await(sideless),
      seen(streamOrderBook(symbol, { buffer: FeedItem.latest, depth: 1 }))
    )).pipe(Stream.catchTag("Unsupported", () => Stream.never))
    return Stream.zipLatestWith(
      ticker,
      Stream.concat(Stream.make(undefined), book),
      (ticker, book): View.Feeds => ({ ticker, book })
    )
  }))

const seen = <A>(
  self: MarketData.MarketData.Live<A>
): Stream.Stream<FeedItem.Seen<View.Received<A>>, ExchangeError.MarketDataError> =>
  self.pipe(
    Stream.mapEffect((item) =>
      Effect.map(Clock.currentTimeMillis, (at): FeedItem.FeedItem<View.Received<A>> =>
        item._tag === "Data" ? FeedItem.FeedItem.Data({ value: { value: item.value, at } }) : item)
    ),
    FeedItem.withStatus,
    // A buffer that keeps only the latest item never fails with `SlowConsumer`.
    Stream.catchAll((error) =>
      error._tag === "SlowConsumer" ? Stream.die(error) : Stream.fail(error)
    )
  )

/**
 * Returns the delay before the next poll.
 *
 * It is `interval` while less than half of the rate limit is used. Beyond that it grows as the remaining limit shrinks,
 * up to 30 seconds. A client that used up the limit at full speed would have to wait for the rest of the window.
 *
 * @since 0.1.0
 * @category getters
 */
export const pace = (interval: Duration.Duration, limitUsed: number): Duration.Duration => {
  const left = Math.max(0, 1 - limitUsed)
  if (left >= 0.5) return interval
  const stretched = Duration.toMillis(interval) * 0.5 / Math.max(left, 0.001)
  return Duration.max(interval, Duration.millis(Math.min(30_000, Math.round(stretched))))
}
