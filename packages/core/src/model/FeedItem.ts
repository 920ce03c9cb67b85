/**
 * The items of a live stream: data, and changes in the status of its feed.
 *
 * A silent stream may be quiet or broken. Here you can tell which: `Stale` and `Reconnecting` appear between the data,
 * and `Resynced` means that the data that follows is complete again. Use {@link data} if you want only the data.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as OptionRange from "./internal/optionRange.js"

/**
 * Data, or a change in the status of the feed:
 *
 * - `Connected`: the exchange has acknowledged the subscription for the first time.
 * - `Reconnecting`: the connection was lost at `since` and is being re-established. Earlier data may no longer hold.
 * - `Stale`: the connection is up, but earlier data may no longer hold since `since`: an expected message did not
 *   arrive, or an order book has a gap. The subscription is being renewed.
 * - `Resynced`: the feed is complete again after `Reconnecting` or `Stale`.
 * - `Dropped`: this consumer was too slow and missed `count` items at this point.
 *
 * Instants are in epoch milliseconds by the local clock; `because` is a short sentence.
 *
 * @since 0.1.0
 * @category models
 */
export type FeedItem<A> = Data.TaggedEnum<{
  Data: { readonly value: A }
  Connected: {}
  Reconnecting: { readonly since: number; readonly because: string }
  Stale: { readonly since: number; readonly because: string }
  Resynced: {}
  Dropped: { readonly count: number }
}>

interface Definition extends Data.TaggedEnum.WithGenerics<1> {
  readonly taggedEnum: FeedItem<this["A"]>
}

/**
 * The constructors of feed items, with `$is` and `$match`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const FeedItem = Data.taggedEnum<Definition>()

/**
 * A change in the status of a feed.
 *
 * @since 0.1.0
 * @category models
 */
export type Status = Exclude<FeedItem<never>, { readonly _tag: "Data" }>

/**
 * The policy for a consumer that does not keep up. A slow consumer never delays the other consumers of the same feed.
 *
 * - `Latest`: the consumer gets the latest value and misses the ones before it, which suits prices and order books.
 * - `Sliding`: if more than `capacity` values are waiting, the oldest are dropped, and `Dropped` reports how many.
 * - `Fail`: if more than `capacity` values are waiting, the stream fails with {@link SlowConsumer}, which suits data of
 *   which no value may be missed.
 *
 * @since 0.1.0
 * @category models
 */
export type Buffer =
  | { readonly _tag: "Latest" }
  | { readonly _tag: "Sliding"; readonly capacity: number }
  | { readonly _tag: "Fail"; readonly capacity: number }

/**
 * Keeps only the latest value for a slow consumer.
 *
 * @since 0.1.0
 * @category buffers
 */
export const latest: Buffer = { _tag: "Latest" }

/**
 * Keeps the latest `capacity` values for a slow consumer. Throws a `RangeError` unless `capacity` is a whole number of at
 * least 1.
 *
 * @since 0.1.0
 * @category buffers
 */
export const sliding = (capacity: number): Buffer => {
  OptionRange.require("FeedItem.sliding", { capacity: [capacity, OptionRange.count] })
  return { _tag: "Sliding", capacity }
}

/**
 * Fails a consumer that is more than `capacity` values behind. Throws a `RangeError` unless `capacity` is a whole number
 * of at least 1.
 *
 * @since 0.1.0
 * @category buffers
 */
export const failing = (capacity: number): Buffer => {
  OptionRange.require("FeedItem.failing", { capacity: [capacity, OptionRange.count] })
  return { _tag: "Fail", capacity }
}

/**
 * The error of a consumer that was more than `capacity` values behind and had chosen to fail rather than to miss
 * values. The feed and its other consumers are not affected. Subscribe again, and read the history in between.
 *
 * @since 0.1.0
 * @category errors
 */
export class SlowConsumer
  extends Schema.TaggedError<SlowConsumer>("@effect-exchange/core/model/FeedItem/SlowConsumer")("SlowConsumer", {
    exchange: Schema.String,
    operation: Schema.String,
    capacity: Schema.Number
  })
{
  override get message(): string {
    return `${this.exchange} ${this.operation}: the consumer is more than ${this.capacity} values behind`
  }
}

/**
 * Keeps the data and drops status changes.
 *
 * **Gotchas**
 *
 * A program that acts on the latest value then cannot tell a quiet market from a broken feed.
 *
 * @example
 * import { FeedItem, MarketData } from "@effect-exchange/core"
 * import { Effect, Stream } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const market = yield* MarketData.MarketData
 *   yield* market.streamTrades("BTC/USDT").pipe(
 *     FeedItem.data,
 *     Stream.runForEach((trade) => Effect.log(trade))
 *   )
 * })
 *
 * @since 0.1.0
 * @category combinators
 */
export const data = <A, E, R>(self: Stream.Stream<FeedItem<A>, E, R>): Stream.Stream<A, E, R> =>
  Stream.filterMap(self, (item) => item._tag === "Data" ? Option.some(item.value) : Option.none())

/**
 * Turns each item into the state of the feed so far: its latest value, and whether that value still holds. Use it to
 * show a value together with whether it can be trusted.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withStatus = <A, E, R>(self: Stream.Stream<FeedItem<A>, E, R>): Stream.Stream<Seen<A>, E, R> =>
  Stream.scan<Seen<A>, FeedItem<A>>(initially, see)(self)

/**
 * The state of a feed: its latest value, whether that value still holds, what is wrong if it does not, and how often
 * the connection was lost.
 *
 * @since 0.1.0
 * @category models
 */
export interface Seen<out A> {
  readonly value: Option.Option<A>
  readonly isLive: boolean
  readonly trouble: "reconnecting" | "stale" | undefined
  readonly because: string | undefined
  readonly reconnects: number
}

const initially = {
  value: Option.none(),
  isLive: false,
  trouble: undefined,
  because: undefined,
  reconnects: 0
} satisfies Seen<never>

const well = { isLive: true, trouble: undefined, because: undefined }

const see = <A>(seen: Seen<A>, item: FeedItem<A>): Seen<A> => {
  switch (item._tag) {
    case "Data":
      return { ...seen, ...well, value: Option.some(item.value) }
    case "Connected":
    case "Resynced":
      return { ...seen, ...well }
    case "Reconnecting":
      return {
        ...seen,
        isLive: false,
        trouble: "reconnecting",
        because: item.because,
        reconnects: seen.reconnects + 1
      }
    case "Stale":
      return { ...seen, isLive: false, trouble: "stale", because: item.because }
    case "Dropped":
      return seen
  }
}
