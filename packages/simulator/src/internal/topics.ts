/**
 * The subscriptions of one connection.
 *
 * @internal
 */
import type { World } from "../World.js"
import * as Watch from "./watch.js"

/** @internal The subscriptions by key, in the order in which they were requested. */
export type Topics = ReadonlyMap<string, Watch.Watch>

/** @internal */
export const none: Topics = new Map()

/** @internal */
export const add = (topics: Topics, key: string, subject: Watch.Subject): Topics =>
  new Map(topics).set(key, Watch.make(key, subject))

/** @internal */
export const remove = (topics: Topics, keys: Iterable<string>): Topics => {
  const left = new Map(topics)
  for (const key of keys) left.delete(key)
  return left
}

/** @internal Returns the pending changes of all subscriptions, converted to frames by `say`, and the next topics. */
export const poll = <A>(
  topics: Topics,
  world: World,
  toFrames: (watch: Watch.Watch, change: Watch.Change) => ReadonlyArray<A>
): readonly [ReadonlyArray<A>, Topics] => {
  const frames: Array<A> = []
  const next = new Map<string, Watch.Watch>()
  for (const [key, watch] of topics) {
    const [change, after] = Watch.poll(watch, world)
    next.set(key, after)
    if (change !== undefined) frames.push(...toFrames(after, change))
  }
  return [frames, next]
}
