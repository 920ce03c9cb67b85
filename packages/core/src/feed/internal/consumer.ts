import * as Channel from "effect/Channel"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type Buffer, FeedItem } from "../../model/FeedItem.js"
import * as Signal from "./signal.js"

/**
 * A consumer of a feed, with the items that wait for it: never more than its buffer allows, whatever the feed emits
 * meanwhile.
 *
 * @internal
 */
export interface Consumer<in A, in E> {
  readonly offer: (item: FeedItem<A>) => void
  /**
   * Offers a value that is computed when the consumer takes it, or when another item is offered. Only for consumers
   * that keep just the latest value.
   */
  readonly renew?: ((made: () => FeedItem<A> | undefined) => void) | undefined
  /** Fails the consumer after it has taken the items that already wait for it. */
  readonly fail: (error: E) => void
}

/** @internal */
export const make = <A, E>(
  buffer: Buffer,
  tooSlow: (capacity: number) => E
): { readonly consumer: Consumer<A, E>; readonly stream: Stream.Stream<FeedItem<A>, E> } => {
  const capacity = buffer._tag === "Latest" ? 1 : Math.max(1, Math.floor(buffer.capacity))
  let waiting: Array<FeedItem<A>> = []
  let values = 0
  let dropped = 0
  let failure = Option.none<E>()
  let toMake: (() => FeedItem<A> | undefined) | undefined
  const signal = Signal.make(() => waiting.length > 0 || toMake !== undefined || Option.isSome(failure))

  const make = () => {
    const item = toMake?.()
    toMake = undefined
    if (item !== undefined) put(item)
  }

  const fail = (error: E) => {
    make()
    if (Option.isNone(failure)) failure = Option.some(error)
    signal.notify()
  }

  const dropOldest = (isOldest: (item: FeedItem<A>) => boolean) => {
    const at = waiting.findIndex(isOldest)
    if (at !== -1) waiting.splice(at, 1)
  }

  const put = (item: FeedItem<A>) => {
    if (Option.isSome(failure)) return
    waiting.push(item)
    if (item._tag === "Data") {
      values++
      if (values > capacity) {
        if (buffer._tag === "Fail") return fail(tooSlow(capacity))
        dropOldest(({ _tag }) => _tag === "Data")
        values--
        if (buffer._tag === "Sliding") dropped++
      }
    } else if (waiting.length - values > mostStatuses) {
      dropOldest(({ _tag }) => _tag !== "Data")
    }
  }

  const take: Effect.Effect<Chunk.Chunk<FeedItem<A>>, E> = Effect.flatMap(signal.awaitReady, () => {
    make()
    if (waiting.length === 0 && Option.isSome(failure)) return Effect.fail(failure.value)
    const items = waiting
    if (dropped > 0) items.unshift(FeedItem.Dropped({ count: dropped }))
    waiting = []
    values = 0
    dropped = 0
    return Effect.succeed(Chunk.unsafeFromArray(items))
  })

  const given: Channel.Channel<Chunk.Chunk<FeedItem<A>>, unknown, E> = Channel.flatMap(
    Channel.fromEffect(take),
    (items) => Channel.flatMap(Channel.write(items), () => given)
  )

  return {
    consumer: {
      fail,
      offer: (item) => {
        make()
        put(item)
        signal.notify()
      },
      renew: buffer._tag === "Latest" ?
        (made) => {
          toMake = made
          signal.notify()
        } :
        undefined
    },
    stream: Stream.fromChannel(given)
  }
}

/**
 * The maximum number of status items that wait for a consumer: if the feed goes up and down while the consumer is busy,
 * only the latest are kept.
 */
const mostStatuses = 32
