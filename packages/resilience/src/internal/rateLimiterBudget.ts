/**
 * What may be spent in one scope, and what has been. Knows no clock and no fiber: every function that depends on time
 * takes `now`, in monotonic nanoseconds.
 *
 * @internal
 */
import * as List from "./linkedList.js"
import * as Bucket from "./rateLimiterBucket.js"
import { later, sooner } from "./time.js"

/**
 * A cost that counts: in a window until just before `at` + its length, in a bucket until it has leaked out.
 *
 * @internal
 */
export interface Spending {
  readonly cost: number
  readonly at: bigint
  /** Whether it was spent from here, rather than by others as the server says. */
  readonly isOurs: boolean
}

/**
 * How what was spent comes back: all of it `length` later, or bit by bit.
 *
 * @internal
 */
export type Rate = Window | Bucket.Bucket

/** @internal */
export interface Window {
  readonly _tag: "Window"
  readonly length: bigint
}

/** @internal */
export interface Terms {
  readonly limit: number
  /** How much of it is kept for calls of the first lane. */
  readonly reserved: number
  /** The longest that a word of the server's stops anything, in nanoseconds. */
  readonly maxPause: bigint
  readonly rate:
    | Window
    | { readonly _tag: "Bucket"; readonly perSecond: number }
}

/** @internal */
export interface Budget {
  readonly scope: string
  limit: number
  reserved: number
  maxPause: bigint
  rate: Rate
  /** What counts, in the order in which it will leave. */
  readonly spent: List.LinkedList<Spending>
  /** The sum of the costs in `spent`; of a bucket some of the first may have leaked already. */
  used: number
  /** The sum of what is held: it counts until it is known when it was sent, or that it was not. */
  held: number
  holders: number
  pausedUntil: bigint | undefined
  /** The latest window of the server's that it has told about. */
  server: ServerWindow | undefined
  /** Rises whenever something happened that no forecast foresaw. */
  version: number
}

/** @internal */
export interface ServerWindow {
  readonly epoch: number | undefined
  readonly end: bigint | undefined
  /** When it was first told about. */
  readonly told: bigint
  /** What is known to have been spent since it began, but for `others`; zero if it is not known when that was. */
  own: number
  /** What the server said has been spent beyond that. */
  others: List.Node<Spending> | undefined
}

/** @internal */
export const make = (scope: string, terms: Terms): Budget => ({
  scope,
  limit: terms.limit,
  reserved: terms.reserved,
  maxPause: terms.maxPause,
  rate: terms.rate._tag === "Window" ? terms.rate : Bucket.make(terms.rate.perSecond, BigInt(0), 0),
  spent: List.make(),
  used: 0,
  held: 0,
  holders: 0,
  pausedUntil: undefined,
  server: undefined,
  version: 0
})

/**
 * Keeps to other terms from now on; what was spent still counts, by the new terms.
 *
 * @internal
 */
export const change = (budget: Budget, terms: Terms, now: bigint): void => {
  advance(budget, now)
  const { rate } = budget
  const isSameWindow = rate._tag === "Window" && terms.rate._tag === "Window" && rate.length === terms.rate.length
  if (!isSameWindow) {
    budget.server = undefined
    budget.rate = terms.rate._tag === "Window"
      ? terms.rate
      : Bucket.make(terms.rate.perSecond, now, -leakedOfFirst(budget, now))
  }
  budget.limit = terms.limit
  budget.reserved = terms.reserved
  budget.maxPause = terms.maxPause
  budget.version++
}

/**
 * Forgets what counts no longer.
 *
 * @internal
 */
export const advance = (budget: Budget, now: bigint): void => {
  const { rate, spent } = budget
  if (spent.head === undefined) return
  if (rate._tag === "Window") {
    for (let first = spent.head; first !== undefined && first.value.at + rate.length <= now; first = spent.head) {
      take(budget, first)
    }
    return
  }
  const leaked = Bucket.leaked(rate.perSecond, rate.since, now)
  for (let first = spent.head; first !== undefined && rate.gone + first.value.cost <= leaked; first = spent.head) {
    rate.gone += first.value.cost
    // Every forecast foresaw that: the version stays.
    forget(budget, first)
  }
}

/**
 * What counts, what is held included; to be asked after {@link advance} at the same instant.
 *
 * @internal
 */
export const used = (budget: Budget, now: bigint): number => budget.used + budget.held - leakedOfFirst(budget, now)

/**
 * The most that may count in all once a call has been admitted.
 *
 * @internal
 */
export const room = (budget: Budget, isFirst: boolean): number =>
  isFirst ? budget.limit : budget.limit - budget.reserved

/**
 * Whether a cost can be spent now; to be asked after {@link advance} at the same instant.
 *
 * @internal
 */
export const fits = (budget: Budget, cost: number, isFirst: boolean, now: bigint): boolean => {
  if (budget.pausedUntil !== undefined && budget.pausedUntil > now) return false
  const most = room(budget, isFirst)
  if (budget.used + budget.held + cost <= most) return true
  const { rate } = budget
  // Asked by the instant at which it fits, as a forecast is: both are to be rounded alike.
  return rate._tag === "Bucket" && budget.spent.size > 0 &&
    Bucket.leakedAt(rate.perSecond, rate.since, rate.gone + budget.used + budget.held + cost - most) <= now
}

/**
 * Lets a cost count until it is spent or released, however long that takes.
 *
 * @internal
 */
export const hold = (budget: Budget, cost: number): void => {
  budget.held += cost
  budget.holders++
  budget.version++
}

/**
 * Takes back a hold.
 *
 * @internal
 */
export const release = (budget: Budget, cost: number): void => {
  budget.holders--
  // Nothing held is exactly nothing, whatever adding and subtracting fractions has left behind.
  budget.held = budget.holders === 0 ? 0 : budget.held - cost
  budget.version++
}

/** @internal */
export const spend = (budget: Budget, cost: number, now: bigint): List.Node<Spending> => {
  const node = List.node<Spending>({ cost, at: now, isOurs: true })
  settle(budget, now)
  put(budget, node, budget.spent.tail)
  countOwn(budget, node.value, 1)
  return node
}

/**
 * Takes back what was spent, as far as it still counts.
 *
 * @internal
 */
export const refund = (budget: Budget, node: List.Node<Spending>, now: bigint): void => {
  advance(budget, now)
  if (node.list === budget.spent) countOwn(budget, node.value, -1)
  remove(budget, node, now)
}

/**
 * Counts what others have spent: in the server's window it was told for, if it was for one, and leaves with that; in
 * any case no later than a whole window or the longest pause from now.
 *
 * @internal
 */
export const spendOfOthers = (
  budget: Budget,
  cost: number,
  server: ServerWindow | undefined,
  now: bigint
): List.Node<Spending> => {
  const at = ofOthersAt(budget, server?.end, now)
  const node = List.node<Spending>({ cost, at, isOurs: false })
  settle(budget, now)
  let previous = budget.spent.tail
  while (previous !== undefined && previous.value.at > at) previous = previous.previous
  put(budget, node, previous)
  // Told for no window, it explains what the server says of one, as what was spent from here does.
  if (server === undefined) countOwn(budget, node.value, 1)
  return node
}

/** In a window as if it had been spent so long ago that it leaves in time, wherever that puts it in the order. */
const ofOthersAt = ({ maxPause, rate }: Budget, end: bigint | undefined, now: bigint): bigint => {
  if (rate._tag === "Bucket") return now
  const leaves = sooner(now + rate.length, now + maxPause)
  return (end === undefined ? leaves : sooner(end, leaves)) - rate.length
}

/** A bucket that has become empty begins to leak when something is spent. */
const settle = (budget: Budget, now: bigint): void => {
  const { rate, spent } = budget
  if (rate._tag === "Window") return
  advance(budget, now)
  if (spent.size === 0) {
    rate.since = now
    rate.gone = 0
  }
}

const put = (budget: Budget, node: List.Node<Spending>, previous: List.Node<Spending> | undefined): void => {
  List.insertAfter(budget.spent, previous, node)
  budget.used += node.value.cost
  budget.version++
}

/**
 * Counts something no longer, if it still does.
 *
 * @internal
 */
export const remove = (budget: Budget, node: List.Node<Spending>, now: bigint): void => {
  advance(budget, now)
  if (node.list !== budget.spent) return
  const { rate } = budget
  if (rate._tag === "Bucket" && budget.spent.head === node) {
    // What has leaked of it is gone; of the next one nothing has leaked yet.
    rate.gone += leakedOfFirst(budget, now)
  }
  take(budget, node)
}

/**
 * Lets nothing be spent before `until`, nor for longer than the longest pause; an earlier pause is extended, never
 * shortened.
 *
 * @internal
 */
export const pause = (budget: Budget, until: bigint, now: bigint): void => {
  const end = sooner(until, now + budget.maxPause)
  budget.pausedUntil = budget.pausedUntil === undefined ? end : later(budget.pausedUntil, end)
  budget.version++
}

/**
 * Takes back a pause, and all that the server said others had spent.
 *
 * @internal
 */
export const resume = (budget: Budget, now: bigint): void => {
  let node = budget.spent.head
  while (node !== undefined) {
    const next = node.next
    if (!node.value.isOurs) remove(budget, node, now)
    node = next
  }
  budget.pausedUntil = undefined
  budget.server = undefined
  budget.version++
}

/**
 * Whether what was spent at an instant was spent in the server's window.
 *
 * @internal
 */
export const isIn = (length: bigint, { end }: Pick<ServerWindow, "end">, at: bigint): boolean =>
  end !== undefined && at + length >= end

/** Keeps up what is known to have been spent in the server's window: adds a cost to it, or takes one out. */
const countOwn = ({ rate, server }: Budget, { at, cost }: Spending, sign: 1 | -1): void => {
  if (server !== undefined && rate._tag === "Window" && isIn(rate.length, server, at)) server.own += sign * cost
}

/** How much of the first has leaked already. */
const leakedOfFirst = ({ rate, spent }: Budget, now: bigint): number =>
  rate._tag === "Window" || spent.head === undefined
    ? 0
    : Math.min(Math.max(0, Bucket.leaked(rate.perSecond, rate.since, now) - rate.gone), spent.head.value.cost)

const take = (budget: Budget, node: List.Node<Spending>): void => {
  forget(budget, node)
  budget.version++
}

const forget = (budget: Budget, node: List.Node<Spending>): void => {
  List.remove(node)
  // What is empty is exactly empty, whatever adding and subtracting fractions has left behind.
  budget.used = budget.spent.size === 0 ? 0 : budget.used - node.value.cost
}
