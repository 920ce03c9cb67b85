/**
 * What a live stream carries: data, and what has become of the feed behind it.
 *
 * A stream that says nothing may be quiet or broken. Here it says which: `Stale` and `Reconnecting` stand among the data, and
 * `Resynced` says that what follows is whole again. {@link data} is for who wants the data alone.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

/**
 * Data, or what has become of the feed:
 *
 * - `Connected`: the exchange has acknowledged the subscription, for the first time.
 * - `Reconnecting`: the connection is lost since `since` and is being made again. What was said before may no longer hold.
 * - `Stale`: the connection stands, and what was said before may no longer hold since `since`: nothing was heard where something
 *   should have been, or an order book has a gap. It is asked for again.
 * - `Resynced`: the feed is whole again after `Reconnecting` or `Stale`.
 * - `Dropped`: this consumer was too slow, and did not get `count` items that stood here.
 *
 * Instants are epoch milliseconds by our clock; `because` is a short sentence.
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
 * The constructors, with `$is` and `$match`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const FeedItem = Data.taggedEnum<Definition>()

/**
 * What has become of the feed.
 *
 * @since 0.1.0
 * @category models
 */
export type Status = Exclude<FeedItem<never>, { readonly _tag: "Data" }>

/**
 * What to do with a consumer that does not keep up. Other consumers of the same feed are not held up by it in any case.
 *
 * - `Latest`: it gets the latest value and misses those before, as is right for prices and books.
 * - `Sliding`: of more than `capacity` values that wait for it the oldest are dropped, and `Dropped` says how many.
 * - `Fail`: its stream fails with {@link SlowConsumer} when more than `capacity` values wait for it, as is right where none may
 *   be missed.
 *
 * @since 0.1.0
 * @category models
 */
export type Buffer =
  | { readonly _tag: "Latest" }
  | { readonly _tag: "Sliding"; readonly capacity: number }
  | { readonly _tag: "Fail"; readonly capacity: number }

/**
 * Keeps the latest value for a slow consumer.
 *
 * @since 0.1.0
 * @category buffers
 */
export const latest: Buffer = { _tag: "Latest" }

/**
 * Keeps at most `capacity` values for a slow consumer, the latest of them.
 *
 * @since 0.1.0
 * @category buffers
 */
export const sliding = (capacity: number): Buffer => ({ _tag: "Sliding", capacity })

/**
 * Fails a consumer that is more than `capacity` values behind.
 *
 * @since 0.1.0
 * @category buffers
 */
export const failing = (capacity: number): Buffer => ({ _tag: "Fail", capacity })

/**
 * The consumer of a stream was more than `capacity` values behind, and asked for failure rather than for gaps. The feed and its
 * other consumers are not affected; subscribe again, and read the history in between.
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
 * Keeps the data and drops all else.
 *
 * **Gotchas**
 *
 * Whoever decides by the latest value then cannot tell a quiet market from a broken feed.
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
 * Pairs each item with whether what was said last still holds, and with the latest value: for who shows a value as well as whether
 * it can be trusted.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withStatus = <A, E, R>(self: Stream.Stream<FeedItem<A>, E, R>): Stream.Stream<Seen<A>, E, R> =>
  Stream.scan<Seen<A>, FeedItem<A>>(initially, see)(self)

/**
 * What has been seen of a feed: its latest value, whether that still holds, what is wrong where it does not, and how often the
 * connection was lost.
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
