/**
 * The channels of a socket as a table, like the routes of a REST API: a template such as `ticker.{market}.{pace}`, the
 * readers of its names, what its subscriptions watch, and the messages that they receive.
 *
 * @internal
 */
import * as Either from "effect/Either"
import type * as Bars from "../engine/internal/bars.js"
import type { Listing } from "../engine/Market.js"
import * as Streaming from "../Streaming.js"
import type { World } from "../World.js"
import { answering, type Reader, type Readers, reading } from "./fields.js"
import type { Input } from "./inputs.js"
import type { Json } from "./json.js"
import * as Topics from "./topics.js"
import type * as Watch from "./watch.js"

/** @internal What the subscriptions of a channel watch, and the messages that a change becomes. */
export interface Channel {
  readonly subject: Watch.Subject
  readonly messagesOf: (change: Watch.Change, world: World) => ReadonlyArray<Json>
}

/** @internal Returns the channel of a name, or `undefined` if there is none. */
export type Channels = (name: string, world: World) => Channel | undefined

type Read = (input: Input, world: World) => Either.Either<Channel, unknown>

type Tag = Watch.Subject["_tag"]

type ChangeOf<T extends Tag> = Extract<Watch.Change, { readonly _tag: T }>

type Encode<A, T extends Tag> = (read: A, change: ChangeOf<T>, world: World) => ReadonlyArray<Json>

interface Listed {
  readonly listing: Listing
}

const isOf = <T extends Tag>(tag: T, change: Watch.Change): change is ChangeOf<T> => change._tag === tag

const channel = <A, T extends Tag>(
  tag: T,
  readers: Readers<A, unknown>,
  subjectOf: (read: A) => Watch.Subject,
  encode: Encode<A, T>
): Read =>
(input, world) =>
  Either.map(answering<unknown>().all(readers)(input, world), (read) => ({
    subject: subjectOf(read),
    messagesOf: (change, world) => isOf(tag, change) ? encode(read, change, world) : []
  }))

/** @internal A channel of the ticker of `listing`. Channels are defined by the readers of the names in their templates. */
export const ticker = <A extends Listed>(readers: Readers<A, unknown>, encode: Encode<A, "Ticker">): Read =>
  channel("Ticker", readers, ({ listing }) => ({ _tag: "Ticker", listing }), encode)

/** @internal A channel of the trades of `listing`. A subscription begins with the `recent` ones. */
export const trades = <A extends Listed>(readers: Readers<A, unknown>, encode: Encode<A, "Trades">, recent = 0): Read =>
  channel("Trades", readers, ({ listing }) => ({ _tag: "Trades", listing, recent }), encode)

/** @internal A channel of the order book of `listing`, `depth` levels on each side. */
export const book = <A extends Listed>(
  readers: Readers<A, unknown>,
  depth: (read: A) => number,
  encode: Encode<A, "Book">
): Read => channel("Book", readers, (read) => ({ _tag: "Book", listing: read.listing, depth: depth(read) }), encode)

/** @internal A channel of the candles of `listing`. */
export const candles = <A extends Listed & { readonly bars: Bars.Bars }>(
  readers: Readers<A, unknown>,
  encode: Encode<A, "Candles">
): Read => channel("Candles", readers, ({ bars, listing }) => ({ _tag: "Candles", listing, bars }), encode)

/** @internal A channel of what happens to the orders of the account. */
export const executions = <A>(readers: Readers<A, unknown>, encode: Encode<A, "Executions">): Read =>
  channel("Executions", readers, () => ({ _tag: "Executions" }), encode)

/** @internal A channel of the holdings of the account. */
export const holdings = <A>(readers: Readers<A, unknown>, encode: Encode<A, "Holdings">): Read =>
  channel("Holdings", readers, () => ({ _tag: "Holdings" }), encode)

// A name whose parts cannot be read is an unknown channel, so no refusal is ever shown.
const none = Either.left("no such channel")
const { byName } = reading(() => none)

/** @internal Reads the part of a channel's name that stands for `name` in the template. */
export const named = <A>(name: string, find: (text: string) => A | undefined): Reader<A, string> =>
  byName(name, find, none)

/** @internal Creates the channels of a socket. A `{name}` in a template matches text without `.`, `:` and `@`. */
export const table = (channels: Readonly<Record<string, Read>>): Channels => {
  const patterns = Object.entries(channels).map(([template, read]) => {
    const pattern = template.replaceAll(".", "\\.").replaceAll(/\{(\w+)\}/g, "(?<$1>[^.:@]+)")
    return { pattern: new RegExp(`^${pattern}$`), read }
  })
  return (name, world) => {
    for (const { pattern, read } of patterns) {
      const found = pattern.exec(name)
      if (found !== null) return Either.getOrUndefined(read({ ...found.groups }, world))
    }
    return undefined
  }
}

/** @internal Subscribes to the names that are channels. Returns these names and the next topics. */
export const subscribe = (
  channels: Channels,
  topics: Topics.Topics,
  names: ReadonlyArray<string>,
  world: World
): readonly [known: ReadonlyArray<string>, Topics.Topics] => {
  const found = names.flatMap((name) => {
    const channel = channels(name, world)
    return channel === undefined ? [] : [{ name, channel }]
  })
  const next = found.filter(({ name }) => !topics.has(name))
    .reduce((all, { channel, name }) => Topics.add(all, name, channel.subject), topics)
  return [found.map(({ name }) => name), next]
}

/**
 * @internal Returns the frames of all changes since the last call, each message wrapped by `framed`, and the next topics.
 * Frames of an order book have a variant with a crossed book.
 */
export const poll = (
  tables: ReadonlyArray<Channels>,
  topics: Topics.Topics,
  world: World,
  framed: (name: string, message: Json) => Json
): readonly [ReadonlyArray<Streaming.Frame>, Topics.Topics] =>
  Topics.poll(topics, world, ({ key }, change) => {
    const messages = (change: Watch.Change) =>
      tables.flatMap((channels) => channels(key, world)?.messagesOf(change, world) ?? [])
        .map((message) => framed(key, message))
    const crossed = change._tag === "Book" && change.crossed !== undefined
      ? messages({ ...change, asks: change.crossed, whole: crossing(change.whole) })
      : []
    return messages(change).map((message, index) => Streaming.data(message, { crossed: crossed[index] }))
  })

const crossing = ({ asks, bids, sequence }: (Watch.Change & { readonly _tag: "Book" })["whole"]) => ({
  asks: [...bids.slice(0, 1), ...asks],
  bids,
  sequence
})
