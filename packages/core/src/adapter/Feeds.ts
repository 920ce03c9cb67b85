/**
 * The declaration of an exchange's live feeds: what to subscribe to, and how to read the frames. Core handles
 * connections, subscriptions, synchronization and all their failures.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import type { ExchangeClient } from "../engine/ExchangeClient.js"
import type { Topic } from "../feed/internal/protocol.js"
import type { FeedProtocol } from "../feed/internal/protocol.js"
import type { BookUpdate, Rules } from "../feed/OrderBookSync.js"
import type { Balance } from "../model/Balance.js"
import type { Interval } from "../model/Candle.js"
import type { MarketDataError } from "../model/ExchangeError.js"
import { dropOldest } from "../model/internal/dropOldest.js"
import type { Listing, Rows } from "../model/Listing.js"
import type { Market } from "../model/Market.js"
import type * as Row from "./Row.js"
import * as Wire from "./Wire.js"

export type { FeedProtocol, Message, Numbered, RequestContext, SocketFacts, Topic } from "../feed/internal/protocol.js"
export type { RawLevel } from "../feed/LocalOrderBook.js"
export type { BookUpdate, Rules as BookRules } from "../feed/OrderBookSync.js"

/**
 * The feeds of an exchange. The exchange does not stream those that are left out.
 *
 * @since 0.1.0
 * @category models
 */
export interface Feeds {
  readonly protocol: FeedProtocol
  /** Renewed after five minutes without a frame, unless its `maxSilence` says otherwise. */
  readonly ticker?: Channel<[Market], Row.Ticker> | undefined
  readonly trades?: Channel<[Market], Row.Trade> | undefined
  readonly candles?:
    | Channel<[Market, string], Row.BarSoFar> & {
      /** The exchange's word for each interval that it has. */
      readonly words: { readonly [I in Interval]?: string }
    }
    | undefined
  readonly book?: Book | undefined
  readonly orders?: Channel<[], Row.Order> | undefined
  readonly fills?: Channel<[], Row.Fill | Row.Entry | FillsOf> | undefined
  readonly balances?: Balances | undefined
}

/**
 * The notice that a market may have new fills, which are then read from its history. It is for feeds that report how
 * much of an order is filled but not the individual fills. `fillsOf` is the exchange's name for the market.
 *
 * @since 0.1.0
 * @category models
 */
export interface FillsOf {
  readonly fillsOf: string
}

/**
 * The feed of balances. Each row replaces the balance of its asset. Without a `reader`, every frame of the feed or of
 * `also` triggers a request for the balances: this is for feeds that report a change but not the free balance.
 *
 * @since 0.1.0
 * @category models
 */
export type Balances =
  | Pick<Channel<[], Balance>, "topic" | "reader">
  | Pick<Channel<[], Balance>, "topic"> & { readonly reader?: undefined; readonly also?: (() => Topic) | undefined }

/**
 * A subscription, and how its frames are read. Each subscription gets its own reader, which is replaced after every
 * reconnect and every gap, so it may remember what later frames leave out. The reader returns `undefined` for a frame
 * that it cannot decode.
 *
 * @since 0.1.0
 * @category models
 */
export interface Channel<Args extends ReadonlyArray<unknown>, A> {
  readonly topic: (...args: Args) => Topic
  readonly reader: (...args: Args) => (frame: unknown) => Rows<A> | undefined
  /** How long the feed may stay silent before the subscription is renewed. Defaults to forever. */
  readonly maxSilence?: Duration.DurationInput | undefined
}

/**
 * A feed of order books: the available depths, how its updates follow each other, and how to request the snapshot where
 * the feed does not send it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Book {
  /** The available depths in ascending order, or the only one. */
  readonly depths: ReadonlyArray<number> | number
  readonly topic: (market: Market, depth: number) => Topic
  readonly reader: (market: Market) => (frame: unknown) => ReadonlyArray<BookUpdate> | undefined
  readonly rules: (market: Market, depth: number) => Rules
  readonly snapshot?:
    | ((client: ExchangeClient<"marketData">) => (market: Market) => Effect.Effect<BookUpdate, MarketDataError>)
    | undefined
  /** How long the feed may stay silent before the subscription is renewed. Defaults to one minute. */
  readonly maxSilence?: Duration.DurationInput | undefined
}

/**
 * Creates a reader that decodes frames by a schema of rows.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reading = <A>(schema: Schema.Schema<Listing<A>, unknown>): (frame: unknown) => Listing<A> | undefined =>
  Wire.ifAny(schema)

/**
 * Creates readers for lists of partial rows, which contain only what has changed since the last row with the same `id`.
 * Each row is merged with the earlier ones and decoded as a whole, so the first row of an id must be complete. The
 * latest 1000 ended rows are remembered, because more updates may follow.
 *
 * @since 0.1.0
 * @category constructors
 */
export const merging = <A>(
  { hasEnded, id }: { readonly id: string; readonly hasEnded: (row: unknown) => boolean },
  schema: Schema.Schema<Listing<A>, unknown>
) => {
  const read = reading(schema)
  return (): (frame: unknown) => Listing<A> | undefined => {
    const standing = new Map<unknown, object>()
    const ended = new Map<unknown, object>()
    const merge = (row: unknown): unknown => {
      if (!Predicate.isRecord(row)) return row
      const name = row[id]
      const whole = { ...standing.get(name) ?? ended.get(name), ...row }
      standing.delete(name)
      ended.delete(name)
      if (!hasEnded(whole)) standing.set(name, whole)
      else {
        ended.set(name, whole)
        dropOldest(ended, mostEnded)
      }
      return whole
    }
    return (frame) => Array.isArray(frame) ? read(frame.map(merge)) : undefined
  }
}

const mostEnded = 1000

/**
 * Creates a reader that decodes one row from each frame by a schema.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readingOne = <A>(schema: Schema.Schema<A, unknown>): (frame: unknown) => ReadonlyArray<A> | undefined => {
  const take = Wire.taking(schema)
  return (frame) => {
    const row = take(frame)
    return row === Wire.unread ? undefined : [row]
  }
}

/**
 * Reads a property of a value. Returns `undefined` if the value is not an object.
 *
 * @since 0.1.0
 * @category guards
 */
export const get = (value: unknown, name: string | number): unknown => isObject(value) ? value[name] : undefined

const isObject = (value: unknown): value is { readonly [name: string | number]: unknown } =>
  typeof value === "object" && value !== null

/**
 * Returns the value if it is an array, and an empty array otherwise.
 *
 * @since 0.1.0
 * @category guards
 */
export const list = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

/**
 * Returns the value if it is a string, and `undefined` otherwise.
 *
 * @since 0.1.0
 * @category guards
 */
export const text = (value: unknown): string | undefined => typeof value === "string" ? value : undefined

/**
 * Reads a safe integer from a number or a string. Returns `undefined` for anything else.
 *
 * @since 0.1.0
 * @category guards
 */
export const whole = (value: unknown): number | undefined => {
  const number = typeof value === "string" && value !== "" ? Number(value) : value
  return typeof number === "number" && Number.isSafeInteger(number) ? number : undefined
}
