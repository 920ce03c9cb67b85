/**
 * The channels of a socket as a table, like the routes of a REST API: a template such as `ticker.{market}.{pace}`, the
 * readers of its parameters, what its subscriptions watch, and the messages that they receive.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import type * as Bars from "../engine/internal/bars.js"
import type { Listing } from "../engine/Market.js"
import type { World } from "../World.js"
import { answering, type Reader, type Readers, reading } from "./fields.js"
import type { Input } from "./inputs.js"
import type { Json } from "./json.js"
import * as Watch from "./watch.js"

/** @internal A fault in a message of an order book: a wrong checksum, or asks that include the best bid. */
export type Fault = "checksum" | "crossed"

/** @internal The channel of one subscription: what it watches, and what it sends. */
export interface Channel<M = Json> {
  readonly subject: Watch.Subject
  /** Returns the messages for a change, with a fault if one is given, and the channel for the changes after it. */
  readonly messagesOf: (
    change: Watch.Change,
    world: World,
    fault?: Fault
  ) => readonly [messages: ReadonlyArray<M>, next: Channel<M>]
}

/**
 * Finds the channel of a name or refuses, without a reason if there is no such channel. The input has the parameters of
 * a subscription that are not in the name.
 *
 * @internal
 */
export type Channels<M, R> = (name: string, world: World, input?: Input) => Either.Either<Channel<M>, R | undefined>

/** @internal Reads the parameters of a channel. */
export type Read<M, R> = (input: Input, world: World) => Either.Either<Channel<M>, R>

type Tag = Watch.Subject["_tag"]

type Encode<A, T extends Tag, M> = (read: A, change: Watch.ChangeOf<T>, world: World, fault?: Fault) => ReadonlyArray<M>

interface Listed {
  readonly listing: Listing
}

const isOf = <T extends Tag>(tag: T, change: Watch.Change): change is Watch.ChangeOf<T> => change._tag === tag

/** @internal A channel of a subject. Channels are defined by the readers of their parameters. */
export const channel = <A, R, T extends Tag, M>(
  tag: T,
  readers: Readers<A, R>,
  subjectOf: (read: A) => Watch.Subject,
  encode: Encode<A, T, M>
): Read<M, R> =>
(input, world) =>
  Either.map(answering<R>().all(readers)(input, world), (read) => {
    const self: Channel<M> = {
      subject: subjectOf(read),
      messagesOf: (change, world, fault) => [isOf(tag, change) ? encode(read, change, world, fault) : [], self]
    }
    return self
  })

/** @internal A channel of the ticker of `listing`. */
export const ticker = <A extends Listed, R, M>(
  readers: Readers<A, R>,
  encode: Encode<A, "Ticker", M>
): Read<M, R> => channel("Ticker", readers, ({ listing }) => ({ _tag: "Ticker", listing }), encode)

/** @internal A channel of the trades of `listing`. A subscription begins with the `recent` ones. */
export const trades = <A extends Listed, R, M>(
  readers: Readers<A, R>,
  encode: Encode<A, "Trades", M>,
  recent: (read: A) => number = () => 0
): Read<M, R> =>
  channel("Trades", readers, (read) => ({ _tag: "Trades", listing: read.listing, recent: recent(read) }), encode)

/** @internal A channel of the order book of `listing`, `depth` levels on each side. A fault may cross the book. */
export const book = <A extends Listed, R, M>(
  readers: Readers<A, R>,
  depth: (read: A) => number,
  encode: Encode<A, "Book", M>
): Read<M, R> =>
  channel(
    "Book",
    readers,
    (read) => ({ _tag: "Book", listing: read.listing, depth: depth(read) }),
    (read, change, world, fault) => encode(read, fault === "crossed" ? Watch.crossed(change) : change, world, fault)
  )

/** @internal A channel of the candles of `listing`. */
export const candles = <A extends Listed & { readonly bars: Bars.Bars }, R, M>(
  readers: Readers<A, R>,
  encode: Encode<A, "Candles", M>
): Read<M, R> => channel("Candles", readers, ({ bars, listing }) => ({ _tag: "Candles", listing, bars }), encode)

/** @internal A channel of what happens to the orders of the account. */
export const executions = <A, R, M>(readers: Readers<A, R>, encode: Encode<A, "Executions", M>): Read<M, R> =>
  channel("Executions", readers, () => ({ _tag: "Executions" }), encode)

/** @internal A channel of the balances of the account. */
export const balances = <A, R, M>(readers: Readers<A, R>, encode: Encode<A, "Balances", M>): Read<M, R> =>
  channel("Balances", readers, () => ({ _tag: "Balances" }), encode)

/** @internal A channel of the holdings of the account. */
export const holdings = <A, R, M>(readers: Readers<A, R>, encode: Encode<A, "Holdings", M>): Read<M, R> =>
  channel("Holdings", readers, () => ({ _tag: "Holdings" }), encode)

/**
 * A channel whose messages depend on those that a subscription has sent before, such as rows without the columns that
 * are unchanged. `step` turns each message into those to send, and returns what to remember for the next one.
 *
 * @internal
 */
export const remembering = <S, M, N, R>(
  initial: S,
  read: Read<M, R>,
  step: (sent: S, message: M) => readonly [sent: S, messages: ReadonlyArray<N>]
): Read<N, R> => {
  const having = (sent: S, { messagesOf, subject }: Channel<M>): Channel<N> => ({
    subject,
    messagesOf: (...asked) => {
      const [messages, next] = messagesOf(...asked)
      const [last, all] = Arr.mapAccum(messages, sent, step)
      return [all.flat(), having(last, next)]
    }
  })
  return (input, world) => Either.map(read(input, world), (channel) => having(initial, channel))
}

// Refuses without a reason, for the exchanges that refuse all unknown channels alike.
const none = Either.left(undefined)
const { byMember, byName } = reading(() => none)

/** @internal Reads the part of a channel's name that stands for `name` in the template. */
export const named = <A>(name: string, find: (text: string) => A | undefined): Reader<A, undefined> =>
  byName(name, find, none)

/** @internal Reads the part of a channel's name that stands for `name` in the template, as the name of a member. */
export const member = <A>(name: string, members: Readonly<Record<string, A>>): Reader<A, undefined> =>
  byMember(name, members, none)

/** @internal Creates the channels of a socket. A `{name}` in a template matches text without `.`, `:`, `/` and `@`. */
export const table = <M, R>(
  channels: Readonly<Record<string, Read<M, R>>>
): Channels<M, R> => {
  const patterns = Object.entries(channels).map(([template, read]) => {
    const pattern = template.replaceAll(".", "\\.").replaceAll(/\{(\w+)\}/g, "(?<$1>[^.:/@]+)")
    return { pattern: new RegExp(`^${pattern}$`), read }
  })
  return (name, world, input = {}) => {
    for (const { pattern, read } of patterns) {
      const found = pattern.exec(name)
      if (found !== null) return read({ ...input, ...found.groups }, world)
    }
    return none
  }
}
