import {
  type BookView,
  Decimal,
  type ExchangeError,
  FeedItem,
  type MarketData,
  type Trade
} from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type { Level, Truth } from "../../SimulationWorld.js"
import type { Step } from "./program.js"

/**
 * A listener and the items it has received, oldest first. `Ended` is the failure of the stream.
 *
 * @internal
 */
export interface Listener {
  readonly step: Step & { readonly _tag: "Subscribe" }
  readonly symbol: string
  readonly received: ReadonlyArray<Received>
  readonly fiber: Fiber.RuntimeFiber<unknown>
}

/** @internal */
export type Received =
  | { readonly _tag: "Book"; readonly text: string }
  | { readonly _tag: "Trade"; readonly id: string; readonly price: string; readonly at: number }
  | { readonly _tag: "Ticker"; readonly last: string | undefined }
  | FeedItem.Status
  | { readonly _tag: "Ended"; readonly cause: Cause.Cause<ExchangeError.MarketDataError | FeedItem.SlowConsumer> }

/** The number of levels per side to compare: as many as the checksum of every exchange covers. */
const levels = 10

/** Formats a decimal without trailing zeros. */
const plain = (value: BigDecimal.BigDecimal): string => Decimal.format(BigDecimal.normalize(value))

/** @internal */
export const bookText = ({ asks, bids }: Pick<Truth, "asks" | "bids">): string => {
  const side = (all: ReadonlyArray<Level>) =>
    all.slice(0, levels).map(({ amount, price }) => `${amount}@${price}`).join(" ")
  return `${side(bids)} | ${side(asks)}`
}

const fromView = (view: BookView.BookView): Received => {
  const { asks, bids } = view.depth(levels)
  const side = (all: typeof asks) => all.map(({ amount, price }) => ({ amount: plain(amount), price: plain(price) }))
  return { _tag: "Book", text: bookText({ asks: side(asks), bids: side(bids) }) }
}

const fromTrade = ({ at, id, price }: Trade.Trade): Received => ({ _tag: "Trade", id, price: plain(price), at })

/** @internal Starts a listener, which listens until it is interrupted. */
export const open = (
  step: Step & { readonly _tag: "Subscribe" },
  symbol: string,
  market: MarketData.MarketData.Service
): Effect.Effect<Listener> =>
  Effect.suspend(() => {
    const received: Array<Received> = []
    const { pause } = step
    // A listener that reads immediately uses the default buffer of the stream.
    const options = pause === 0 ? {} : { buffer: buffers[step.buffer] }
    const listen = <A>(stream: MarketData.MarketData.Live<A>, read: (value: A) => Received) =>
      Stream.runForEach(stream, (item) =>
        Effect.zipRight(
          Effect.sync(() => received.push(item._tag === "Data" ? read(item.value) : item)),
          pause === 0 ? Effect.void : Effect.sleep(pause)
        ))
    const listening = () => {
      switch (step.kind) {
        case "book":
          return listen(market.streamOrderBook(symbol, options), fromView)
        case "trades":
          return listen(market.streamTrades(symbol, options), fromTrade)
        case "ticker":
          return listen(
            market.streamTicker(symbol, options),
            ({ last }): Received => ({ _tag: "Ticker", last: last && plain(last) })
          )
      }
    }
    return Effect.map(
      Effect.fork(
        Effect.catchAllCause(listening(), (cause) => Effect.sync(() => received.push({ _tag: "Ended", cause })))
      ),
      (fiber) => ({ step, symbol, received, fiber })
    )
  })

const buffers = {
  latest: FeedItem.latest,
  sliding: FeedItem.sliding(3),
  failing: FeedItem.failing(3)
}
