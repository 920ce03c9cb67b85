/**
 * The subscriptions of the connections that do not use the table of channels yet.
 *
 * @internal
 */
import type { Candle } from "../engine/Market.js"
import type * as Streaming from "../Streaming.js"
import type { World } from "../World.js"
import * as Json from "./json.js"
import * as Changes from "./watch.js"

/** @internal */
export type { ChangedLevel, ChangeOf, Level, Subject } from "./watch.js"

/** @internal */
export type Change =
  | Exclude<Changes.Change, { readonly _tag: "Book" }>
  | Changes.ChangeOf<"Book"> & { readonly crossed: ReadonlyArray<Changes.ChangedLevel> | undefined }

/** @internal */
export interface Watch {
  readonly key: string
  readonly subject: Changes.Subject
  readonly sent: Changes.Sent | undefined
}

/** @internal */
export type Topics = ReadonlyMap<string, Watch>

/** @internal */
export const none: Topics = new Map()

/** @internal */
export const add = (topics: Topics, key: string, subject: Changes.Subject): Topics =>
  new Map(topics).set(key, { key, subject, sent: undefined })

/** @internal */
export const remove = (topics: Topics, keys: Iterable<string>): Topics => {
  const left = new Map(topics)
  for (const key of keys) left.delete(key)
  return left
}

const crossing = (change: Changes.Change): Change =>
  change._tag === "Book"
    ? { ...change, crossed: change.whole.bids.length === 0 ? undefined : Changes.crossed(change).asks }
    : change

/** @internal */
export const poll = <A>(
  topics: Topics,
  world: World,
  toFrames: (watch: Watch, change: Change) => ReadonlyArray<A>
): readonly [ReadonlyArray<A>, Topics] => {
  const frames: Array<A> = []
  const next = new Map<string, Watch>()
  for (const [key, watch] of topics) {
    const [change, sent] = Changes.poll(watch.subject, watch.sent, world)
    const after = { ...watch, sent }
    next.set(key, after)
    if (change !== undefined) frames.push(...toFrames(after, crossing(change)))
  }
  return [frames, next]
}

/** @internal */
export const endOf = ({ subject }: Watch, { openTime }: Candle): number =>
  subject._tag === "Candles" ? subject.bars.after(openTime) : openTime

/** @internal */
export const data = (
  json: Json.Json,
  corrupted: { readonly [H in "checksum" | "crossed"]?: Json.Json | undefined } = {}
): Streaming.Frame => ({
  kind: "data",
  text: Json.encode(json),
  corrupted: {
    ...corrupted.checksum === undefined ? {} : { checksum: Json.encode(corrupted.checksum) },
    ...corrupted.crossed === undefined ? {} : { crossed: Json.encode(corrupted.crossed) }
  }
})
