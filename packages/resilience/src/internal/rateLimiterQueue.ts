/**
 * The order in which calls that draw on several scopes are admitted: by lane, and within a lane in order of arrival.
 *
 * Each scope has its own queue, and a call waits in the queue of every scope it draws on. It is admitted when it is at
 * the head of all of them. The order is the same in all scopes, so that no two calls wait for each other, and calls
 * that share no scope do not affect each other.
 *
 * @internal
 */
import * as List from "./linkedList.js"
import type { Cost } from "./rateLimiterStoreModel.js"

/** @internal */
export interface Queue<A> {
  /** The lanes of each scope, highest priority first. */
  readonly scopes: ReadonlyMap<string, Lanes<A>>
  /** All calls, whatever their scopes. */
  readonly order: Lanes<A>
}

/** @internal */
export type Lanes<A> = ReadonlyArray<List.LinkedList<Entry<A>>>

/** @internal */
export interface Entry<A> {
  readonly costs: ReadonlyArray<Cost>
  readonly lane: number
  readonly value: A
  /** The entry's place in {@link Queue.order}, then one place for each cost. */
  readonly places: Array<List.Node<Entry<A>>>
}

/** @internal */
export const make = <A>(scopes: ReadonlyArray<string>, lanes: number): Queue<A> => ({
  scopes: new Map(scopes.map((scope) => [scope, empty(lanes)])),
  order: empty(lanes)
})

/** @internal */
export const add = <A>(queue: Queue<A>, costs: ReadonlyArray<Cost>, lane: number, value: A): Entry<A> => {
  const entry: Entry<A> = { costs, lane, value, places: [] }
  const join = (lanes: Lanes<A> | undefined): void => {
    const list = lanes?.[lane]
    if (list !== undefined) {
      const place = List.node(entry)
      List.append(list, place)
      entry.places.push(place)
    }
  }
  join(queue.order)
  for (const { scope } of costs) {
    join(queue.scopes.get(scope))
  }
  return entry
}

/**
 * Removes an entry. Returns `false` if it was already removed.
 *
 * @internal
 */
export const remove = <A>(entry: Entry<A>): boolean => {
  if (!isIn(entry)) {
    return false
  }
  entry.places.forEach(List.remove)
  return true
}

const isIn = <A>(entry: Entry<A>): boolean => entry.places[0]?.list !== undefined

/**
 * Returns `true` if the entry is at the head of all of its scopes.
 *
 * @internal
 */
export const isHead = <A>(queue: Queue<A>, entry: Entry<A>): boolean =>
  entry.costs.every(({ scope }) => head(queue.scopes.get(scope)) === entry)

/**
 * Returns `true` if the entry is at the head of at least one of its scopes, so that others may be admitted once it has
 * left.
 *
 * @internal
 */
export const holdsUp = <A>(queue: Queue<A>, entry: Entry<A>): boolean =>
  entry.costs.some(({ scope }) => head(queue.scopes.get(scope)) === entry)

/**
 * Returns the entries that are at the head of all of their scopes, each at least once.
 *
 * @internal
 */
export const heads = <A>(queue: Queue<A>): ReadonlyArray<Entry<A>> => {
  const heads: Array<Entry<A>> = []
  for (const lanes of queue.scopes.values()) {
    const entry = head(lanes)
    if (entry !== undefined && isHead(queue, entry)) {
      heads.push(entry)
    }
  }
  return heads
}

/**
 * Returns the number of entries in the queue of a scope, or in all queues, whatever the lane.
 *
 * @internal
 */
export const size = <A>(queue: Queue<A>, scope?: string): number =>
  count(scope === undefined ? queue.order : queue.scopes.get(scope))

/**
 * Returns the length of the longest lane that a call would have to join.
 *
 * @internal
 */
export const longest = <A>(queue: Queue<A>, costs: ReadonlyArray<Cost>, lane: number): number =>
  costs.reduce((most, { scope }) => Math.max(most, queue.scopes.get(scope)?.[lane]?.size ?? 0), 0)

/**
 * Returns `true` if no waiting call goes before a call that arrives now.
 *
 * @internal
 */
export const wouldBeHead = <A>(queue: Queue<A>, costs: ReadonlyArray<Cost>, lane: number): boolean => {
  for (const { scope } of costs) {
    const first = head(queue.scopes.get(scope))
    if (first !== undefined && first.lane <= lane) {
      return false
    }
  }
  return true
}

const empty = <A>(lanes: number): Lanes<A> => Array.from({ length: lanes }, () => List.make())

const head = <A>(lanes: Lanes<A> | undefined): Entry<A> | undefined => lanes?.find((lane) => lane.size > 0)?.head?.value

const count = <A>(lanes: Lanes<A> | undefined): number => (lanes ?? []).reduce((sum, { size }) => sum + size, 0)
