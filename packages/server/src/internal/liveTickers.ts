/**
 * The tickers of an exchange from its feeds, which run only while they are used.
 *
 * @internal
 */
import { FeedItem, type MarketData, type Ticker } from "@effect-exchange/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as RcMap from "effect/RcMap"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** @internal */
export interface LiveTickers {
  /**
   * Returns the ticker if its feed is live, or `undefined` if the exchange must be called. The first call starts the
   * feed.
   */
  readonly current: (symbol: string) => Effect.Effect<Ticker.Ticker | undefined>
}

/** The latest ticker of a feed. */
interface Cell {
  ticker: Ticker.Ticker | undefined
}

/** How long a feed continues without requests, and the maximum number of feeds per exchange. */
const idle = Duration.minutes(1)
const maxFeeds = 200

/** @internal */
export const make = (market: MarketData.MarketData.Service): Effect.Effect<LiveTickers, never, Scope.Scope> =>
  Effect.map(
    RcMap.make({
      lookup: (symbol: string) => Effect.tap(Effect.sync((): Cell => ({ ticker: undefined })), follow(market, symbol)),
      idleTimeToLive: idle,
      capacity: maxFeeds
    }),
    (cells) => ({
      current: (symbol) =>
        Effect.scoped(RcMap.get(cells, symbol)).pipe(
          Effect.map(({ ticker }) => ticker),
          // The maximum number of feeds is reached, so the exchange must be called for this symbol.
          Effect.catchTag("ExceededCapacityException", () => Effect.succeed(undefined))
        )
    })
  )

/** The interval at which a failed feed is retried. */
const retrySchedule = Schedule.spaced("30 seconds")

/**
 * Keeps the cell up to date. A ticker that may no longer hold is removed, so that the exchange is called until the feed
 * is live again.
 */
const follow = (market: MarketData.MarketData.Service, symbol: string) => (cell: Cell) =>
  market.streamTicker(symbol).pipe(
    Stream.runForEach((item) =>
      Effect.sync(() => {
        if (item._tag === "Data") cell.ticker = item.value
        else if (!FeedItem.FeedItem.$is("Dropped")(item)) cell.ticker = undefined
      })
    ),
    // Also when the stream ends or fails.
    Effect.ensuring(Effect.sync(() => cell.ticker = undefined)),
    Effect.retry(retrySchedule),
    Effect.ignore,
    Effect.forkScoped
  )
