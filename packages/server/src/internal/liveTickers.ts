/**
 * The tickers of an exchange as it streams them, for as long as somebody asks.
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
  /** The ticker, where the feed stands; `undefined` where it has to be asked for. The feed is begun by the first to ask. */
  readonly current: (symbol: string) => Effect.Effect<Ticker.Ticker | undefined>
}

/** What a feed has said last. */
interface Cell {
  ticker: Ticker.Ticker | undefined
}

/** For how long a feed goes on when nobody asks, and how many there are of one exchange at the most. */
const idle = Duration.minutes(1)
const most = 200

/** @internal */
export const make = (market: MarketData.MarketData.Service): Effect.Effect<LiveTickers, never, Scope.Scope> =>
  Effect.map(
    RcMap.make({
      lookup: (symbol: string) => Effect.tap(Effect.sync((): Cell => ({ ticker: undefined })), follow(market, symbol)),
      idleTimeToLive: idle,
      capacity: most
    }),
    (cells) => ({
      current: (symbol) =>
        Effect.scoped(RcMap.get(cells, symbol)).pipe(
          Effect.map(({ ticker }) => ticker),
          // More than there may be: this one is asked for.
          Effect.catchTag("ExceededCapacityException", () => Effect.succeed(undefined))
        )
    })
  )

/** How long it takes until a feed that was refused is tried again. */
const later = Schedule.spaced("30 seconds")

/** What may no longer hold is forgotten, and asked for until the feed stands again. */
const follow = (market: MarketData.MarketData.Service, symbol: string) => (cell: Cell) =>
  market.streamTicker(symbol).pipe(
    Stream.runForEach((item) =>
      Effect.sync(() => {
        if (item._tag === "Data") cell.ticker = item.value
        else if (!FeedItem.FeedItem.$is("Dropped")(item)) cell.ticker = undefined
      })
    ),
    // However it ends.
    Effect.ensuring(Effect.sync(() => cell.ticker = undefined)),
    Effect.retry(later),
    Effect.ignore,
    Effect.forkScoped
  )
