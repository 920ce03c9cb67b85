/**
 * The budget of one scope: its limit and what has been spent. It uses no clock and no fiber: every function that
 * depends on time takes `now`, in monotonic nanoseconds.
 *
 * @internal
 */
import * as List from "./linkedList.js"
import * as Bucket from "./rateLimiterBucket.js"
import { later, sooner } from "./time.js"

/**
 * A cost that counts: in a window until just before `at` plus the window's length, in a bucket until it has leaked out.
 *
 * @internal
 */
export interface Spending {
  readonly cost: number
  readonly at: bigint
  /** Whether it was spent by this process; otherwise it was spent by others, according to the server. */
  readonly isOurs: boolean
}

/**
 * How spent costs are restored: as a whole after `length`, or gradually.
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
  /** The part of the limit that is reserved for calls of the first lane. */
  readonly reserved: number
  /** The longest time for which a report of the server can block calls, in nanoseconds. */
  readonly maxPause: bigint
  readonly rate:
    | Window
    | { readonly _tag: "Bucket"; readonly perSecond: number }
}

/** @internal */
export interface Budget {
  limit: number
  reserved: number
  maxPause: bigint
  rate: Rate
  /** The costs that count, in the order in which they will expire. */
  readonly spent: List.LinkedList<Spending>
  /** The sum of the costs in `spent`. In a bucket, part of the first cost may have leaked already. */
  used: number
  /** The sum of the held costs. They count until it is known when they were sent, or that they were not. */
  held: number
  holders: number
  pausedUntil: bigint | undefined
  /** The latest window that the server has reported. */
  server: ServerWindow | undefined
  /** Incremented whenever something happened that no forecast foresaw. */
  version: number
}

/** @internal */
export interface ServerWindow {
  readonly epoch: number | undefined
  readonly end: bigint | undefined
  /** When it was first reported. */
  readonly reportedAt: bigint
  /** The costs known to have been spent since the window began, without `others`; zero if its beginning is unknown. */
  own: number
  /** The usage beyond that, according to the server. */
  others: List.Node<Spending> | undefined
}

/** @internal */
export const make = (terms: Terms): Budget => ({
  limit: terms.limit,
  reserved: terms.reserved,
  maxPause: terms.maxPause,
  rate: terms.rate._tag === "Window" ? terms.rate : Bucket.make(terms.rate.perSecond, 0n, 0),
  spent: List.make(),
  used: 0,
  held: 0,
  holders: 0,
  pausedUntil: undefined,
  server: undefined,
  version: 0
})

/**
 * Replaces the terms from now on. Costs already spent still count, by the new terms.
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
 * Removes the costs that no longer count.
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
  for (let first = spent.head; first !== undefined && rate.removed + first.value.cost <= leaked; first = spent.head) {
    rate.removed += first.value.cost
    // Every forecast foresaw this, so the version does not change.
    forget(budget, first)
  }
}

/**
 * Returns the current usage, including held costs. Must be called after {@link advance} at the same instant.
 *
 * @internal
 */
export const used = (budget: Budget, now: bigint): number => budget.used + budget.held - leakedOfFirst(budget, now)

/**
 * Returns the maximum usage after a call has been admitted.
 *
 * @internal
 */
export const room = (budget: Budget, isFirst: boolean): number =>
  isFirst ? budget.limit : budget.limit - budget.reserved

/**
 * Returns `true` if a cost can be spent now. Must be called after {@link advance} at the same instant.
 *
 * @internal
 */
export const fits = (budget: Budget, cost: number, isFirst: boolean, now: bigint): boolean => {
  if (budget.pausedUntil !== undefined && budget.pausedUntil > now) return false
  const most = room(budget, isFirst)
  if (budget.used + budget.held + cost <= most) return true
  const { rate } = budget
  // Computed from the instant at which the cost fits, as in a forecast, so that both round alike.
  return rate._tag === "Bucket" && budget.spent.size > 0 &&
    Bucket.leakedAt(rate.perSecond, rate.since, rate.removed + budget.used + budget.held + cost - most) <= now
}

/**
 * Holds a cost: it counts until it is spent or released, however long that takes.
 *
 * @internal
 */
export const hold = (budget: Budget, cost: number): void => {
  budget.held += cost
  budget.holders++
  budget.version++
}

/**
 * Releases a held cost.
 *
 * @internal
 */
export const release = (budget: Budget, cost: number): void => {
  budget.holders--
  // Without holders the sum is exactly 0, whatever rounding errors the fractions have left behind.
  budget.held = budget.holders === 0 ? 0 : budget.held - cost
  budget.version++
}

/** @internal */
export const spend = (budget: Budget, cost: number, now: bigint): List.Node<Spending> => {
  const node = List.node<Spending>({ cost, at: now, isOurs: true })
  restartIfEmpty(budget, now)
  insert(budget, node, budget.spent.tail)
  countOwn(budget, node.value, 1)
  return node
}

/**
 * Refunds a spent cost, if it still counts.
 *
 * @internal
 */
export const refund = (budget: Budget, node: List.Node<Spending>, now: bigint): void => {
  advance(budget, now)
  if (node.list === budget.spent) countOwn(budget, node.value, -1)
  remove(budget, node, now)
}

/**
 * Counts a cost spent by others. It expires with the server's window for which it was reported, if any, but no later
 * than a whole window or the longest pause from now.
 *
 * @internal
 */
export const spendByOthers = (
  budget: Budget,
  cost: number,
  server: ServerWindow | undefined,
  now: bigint
): List.Node<Spending> => {
  const at = othersSpentAt(budget, server?.end, now)
  const node = List.node<Spending>({ cost, at, isOurs: false })
  restartIfEmpty(budget, now)
  let previous = budget.spent.tail
  while (previous !== undefined && previous.value.at > at) previous = previous.previous
  insert(budget, node, previous)
  // Without a window, it accounts for part of the usage that the server reports for one, as our own costs do.
  if (server === undefined) countOwn(budget, node.value, 1)
  return node
}

/**
 * In a window, returns the instant at which the cost must have been spent to expire in time, wherever that puts it in
 * the order.
 */
const othersSpentAt = ({ maxPause, rate }: Budget, end: bigint | undefined, now: bigint): bigint => {
  if (rate._tag === "Bucket") return now
  const leaves = sooner(now + rate.length, now + maxPause)
  return (end === undefined ? leaves : sooner(end, leaves)) - rate.length
}

/** Restarts an empty bucket: it begins to leak when a cost is spent. */
const restartIfEmpty = (budget: Budget, now: bigint): void => {
  const { rate, spent } = budget
  if (rate._tag === "Window") return
  advance(budget, now)
  if (spent.size === 0) {
    rate.since = now
    rate.removed = 0
  }
}

const insert = (budget: Budget, node: List.Node<Spending>, previous: List.Node<Spending> | undefined): void => {
  List.insertAfter(budget.spent, previous, node)
  budget.used += node.value.cost
  budget.version++
}

/**
 * Removes a cost, if it still counts.
 *
 * @internal
 */
export const remove = (budget: Budget, node: List.Node<Spending>, now: bigint): void => {
  advance(budget, now)
  if (node.list !== budget.spent) return
  const { rate } = budget
  if (rate._tag === "Bucket" && budget.spent.head === node) {
    // The leaked part of this cost is gone; nothing of the next cost has leaked yet.
    rate.removed += leakedOfFirst(budget, now)
  }
  take(budget, node)
}

/**
 * Blocks spending until `until`, but no longer than the longest pause. It extends an earlier pause and never shortens
 * it.
 *
 * @internal
 */
export const pause = (budget: Budget, until: bigint, now: bigint): void => {
  const end = sooner(until, now + budget.maxPause)
  budget.pausedUntil = budget.pausedUntil === undefined ? end : later(budget.pausedUntil, end)
  budget.version++
}

/**
 * Lifts a pause, and removes all usage that the server attributed to others.
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
 * Returns `true` if a cost spent at an instant was spent in the server's window.
 *
 * @internal
 */
export const isInServerWindow = (length: bigint, { end }: Pick<ServerWindow, "end">, at: bigint): boolean =>
  end !== undefined && at + length >= end

/** Updates the costs known to have been spent in the server's window, by adding or subtracting a cost. */
const countOwn = ({ rate, server }: Budget, { at, cost }: Spending, sign: 1 | -1): void => {
  if (server !== undefined && rate._tag === "Window" && isInServerWindow(rate.length, server, at)) {
    server.own += sign * cost
  }
}

/** Returns how much of the first cost has leaked already. */
const leakedOfFirst = ({ rate, spent }: Budget, now: bigint): number =>
  rate._tag === "Window" || spent.head === undefined
    ? 0
    : Math.min(Math.max(0, Bucket.leaked(rate.perSecond, rate.since, now) - rate.removed), spent.head.value.cost)

const take = (budget: Budget, node: List.Node<Spending>): void => {
  forget(budget, node)
  budget.version++
}

const forget = (budget: Budget, node: List.Node<Spending>): void => {
  List.remove(node)
  // An empty list sums to exactly 0, whatever rounding errors the fractions have left behind.
  budget.used = budget.spent.size === 0 ? 0 : budget.used - node.value.cost
}
