/**
 * The subscriptions of one connection.
 *
 * @internal
 */
import * as Either from "effect/Either"
import type * as Streaming from "../Streaming.js"
import type { World } from "../World.js"
import type { Channel, Channels, Fault } from "./channels.js"
import { encode, type Json } from "./json.js"
import * as Watch from "./watch.js"

/** @internal A subscription, and the state that was last sent to it. */
interface Topic<M> {
  readonly channel: Channel<M>
  readonly sent: Watch.Sent | undefined
}

/** @internal The subscriptions by key, in the order in which they were requested. */
export type Topics<M = Json> = ReadonlyMap<string, Topic<M>>

/** @internal */
export const none: Topics<never> = new Map()

/** @internal Adds a subscription. One with the same key continues unchanged. */
export const add = <M>(topics: Topics<M>, key: string, channel: Channel<M>): Topics<M> =>
  topics.has(key) ? topics : new Map(topics).set(key, { channel, sent: undefined })

/** @internal */
export const remove = <M>(topics: Topics<M>, keys: Iterable<string>): Topics<M> => {
  const left = new Map(topics)
  for (const key of keys) left.delete(key)
  return left
}

/** @internal Subscribes to the names that are channels. Returns these names and the next topics. */
export const subscribe = <M>(
  topics: Topics<M>,
  channels: Channels<M, unknown>,
  names: ReadonlyArray<string>,
  world: World
): readonly [known: ReadonlyArray<string>, Topics<M>] =>
  names.reduce<readonly [ReadonlyArray<string>, Topics<M>]>(
    ([known, all], name) =>
      Either.match(channels(name, world), {
        onLeft: () => [known, all],
        onRight: (channel) => [[...known, name], add(all, name, channel)]
      }),
    [[], topics]
  )

/** @internal Sends the messages of all changes since the last call, as `poll` does. */
export const turn = <M, S>(
  state: S & { readonly topics: Topics<M> },
  world: World,
  framed: (key: string, message: M) => Json
): Streaming.Turn<S> => {
  const [frames, topics] = poll(state.topics, world, framed)
  return { frames, next: { ...state, topics } }
}

/**
 * Returns the frames of all changes since the last call and the next topics. `framed` turns a message of a topic into
 * the document to send; the index counts the messages of this call.
 *
 * @internal
 */
export const poll = <M>(
  topics: Topics<M>,
  world: World,
  framed: (key: string, message: M, index: number) => Json
): readonly [ReadonlyArray<Streaming.Frame>, Topics<M>] => {
  const frames: Array<Streaming.Frame> = []
  const next = new Map<string, Topic<M>>()
  for (const [key, { channel, sent }] of topics) {
    const [change, after] = Watch.poll(channel.subject, sent, world)
    if (change === undefined) {
      next.set(key, { channel, sent: after })
      continue
    }
    const start = frames.length
    const textsOf = (fault?: Fault): readonly [ReadonlyArray<string>, Channel<M>] => {
      const [messages, later] = channel.messagesOf(change, world, fault)
      return [messages.map((message, index) => encode(framed(key, message, start + index))), later]
    }
    const [texts, later] = textsOf()
    next.set(key, { channel: later, sent: after })
    texts.forEach((text, index) => {
      const faulty = (fault: Fault) => {
        const other = textsOf(fault)[0][index]
        return other === text ? undefined : other
      }
      frames.push({
        kind: "data",
        text,
        corrupted: change._tag !== "Book" ? undefined : {
          get checksum() {
            return faulty("checksum")
          },
          get crossed() {
            return faulty("crossed")
          }
        }
      })
    })
  }
  return [frames, next]
}
