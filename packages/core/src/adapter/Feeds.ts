/**
 * What an exchange declares of its live feeds: what is subscribed to, and what its frames say in our words. Connections,
 * subscriptions, synchronisation and all that goes wrong with them are core's.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import type { ExchangeClient } from "../engine/ExchangeClient.js"
import type { Topic } from "../feed/internal/protocol.js"
import type { FeedProtocol } from "../feed/internal/protocol.js"
import type { BookUpdate, Rules } from "../feed/OrderBookSync.js"
import type { Balance } from "../model/Balance.js"
import type { Interval } from "../model/Candle.js"
import type { MarketDataError } from "../model/ExchangeError.js"
import type { Listing, Rows } from "../model/Listing.js"
import type { Market } from "../model/Market.js"
import type * as Row from "./Row.js"
import * as Wire from "./Wire.js"

export type { Asking, FeedProtocol, Numbered, Said, SocketFacts, Topic } from "../feed/internal/protocol.js"
export type { RawLevel } from "../feed/LocalOrderBook.js"
export type { BookUpdate, Rules as BookRules } from "../feed/OrderBookSync.js"

/**
 * The feeds of an exchange. What is left out it does not stream.
 *
 * @since 0.1.0
 * @category models
 */
export interface Feeds {
  readonly protocol: FeedProtocol
  /** It is asked for again where it has said nothing for five minutes, unless its `quiet` says otherwise. */
  readonly ticker?: Channel<[Market], Row.Ticker> | undefined
  readonly trades?: Channel<[Market], Row.Trade> | undefined
  readonly candles?:
    | Channel<[Market, string], Row.BarSoFar> & {
      /** What it calls each interval. */
      readonly words: { readonly [I in Interval]?: string }
    }
    | undefined
  readonly book?: Book | undefined
  readonly orders?: Channel<[], Row.Order> | undefined
  readonly fills?: Channel<[], Row.Fill | Row.Entry | FillsOf> | undefined
  readonly balances?: Balances | undefined
}

/**
 * Says that there may be new fills of a market: they are then read of the history. For feeds that tell how much of an order is
 * filled and not of what each fill was.
 *
 * @since 0.1.0
 * @category models
 */
export interface FillsOf {
  readonly fillsOf: string
}

/**
 * Balances, each row all there is of its asset. Without a reader the balances are asked for whenever anything is said, there or
 * of `also`: for feeds that tell that something changed and not what is free.
 *
 * @since 0.1.0
 * @category models
 */
export type Balances =
  | Pick<Channel<[], Balance>, "topic" | "reader">
  | Pick<Channel<[], Balance>, "topic"> & { readonly reader?: undefined; readonly also?: (() => Topic) | undefined }

/**
 * What is subscribed to, and how its frames are read. A reader is made for each subscription, and anew for each connection and
 * after each gap: it may remember what later frames leave out. It answers `undefined` for a frame that is not understood.
 *
 * @since 0.1.0
 * @category models
 */
export interface Channel<Args extends ReadonlyArray<unknown>, A> {
  readonly topic: (...args: Args) => Topic
  readonly reader: (...args: Args) => (frame: unknown) => Rows<A> | undefined
  /** How long it may say nothing before it is asked for again. Defaults to for ever. */
  readonly quiet?: Duration.DurationInput | undefined
}

/**
 * An order book: the depths there are, how its updates follow each other, and, where the snapshot has to be asked for, how.
 *
 * @since 0.1.0
 * @category models
 */
export interface Book {
  /** The depths it has, from few levels to many, or the one it has. */
  readonly depths: ReadonlyArray<number> | number
  readonly topic: (market: Market, depth: number) => Topic
  readonly reader: (market: Market) => (frame: unknown) => ReadonlyArray<BookUpdate> | undefined
  readonly rules: (market: Market, depth: number) => Rules
  readonly snapshot?:
    | ((client: ExchangeClient<"marketData">) => (market: Market) => Effect.Effect<BookUpdate, MarketDataError>)
    | undefined
  /** How long it may say nothing before it is asked for again. Defaults to a minute. */
  readonly quiet?: Duration.DurationInput | undefined
}

/**
 * Reads frames by a schema of rows.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reading = <A>(schema: Schema.Schema<Listing<A>, unknown>): (frame: unknown) => Listing<A> | undefined =>
  Wire.ifAny(schema)

/**
 * Reads lists of rows that say only what has changed since what was said before under their `id`. Each is read as a whole, so
 * that a first one has to say everything. Of rows that have ended the latest thousand are remembered, as more may follow.
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
        if (ended.size > mostEnded) Option.map(Option.fromIterable(ended.keys()), (oldest) => ended.delete(oldest))
      }
      return whole
    }
    return (frame) => Array.isArray(frame) ? read(frame.map(merge)) : undefined
  }
}

const mostEnded = 1000

/**
 * Reads one row of each frame by a schema.
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
 * Reads a property of what may be an object; `undefined` where it is none.
 *
 * @since 0.1.0
 * @category guards
 */
export const get = (value: unknown, name: string | number): unknown => isObject(value) ? value[name] : undefined

const isObject = (value: unknown): value is { readonly [name: string | number]: unknown } =>
  typeof value === "object" && value !== null

/**
 * Reads a list, which is empty where it is none.
 *
 * @since 0.1.0
 * @category guards
 */
export const list = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

/**
 * Reads a text, `undefined` where it is none.
 *
 * @since 0.1.0
 * @category guards
 */
export const text = (value: unknown): string | undefined => typeof value === "string" ? value : undefined

/**
 * Reads a whole number that JavaScript's can hold, also from text; `undefined` where it is none.
 *
 * @since 0.1.0
 * @category guards
 */
export const whole = (value: unknown): number | undefined => {
  const number = typeof value === "string" && value !== "" ? Number(value) : value
  return typeof number === "number" && Number.isSafeInteger(number) ? number : undefined
}
