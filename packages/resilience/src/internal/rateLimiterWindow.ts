/**
 * The arithmetic of one weighted sliding window. Knows no clock and no fiber: every function that depends on time takes
 * `now`, in monotonic nanoseconds.
 *
 * @internal
 */
import * as List from "./linkedList.js"
import { later } from "./time.js"

/**
 * A cost that counts until just before `at` + the length of the window.
 *
 * @internal
 */
export interface Spending {
  cost: number
  at: bigint
}

/** @internal */
export interface Window {
  readonly scope: string
  readonly limit: number
  readonly length: bigint
  /** What was spent in the last `length`, oldest first. */
  readonly spent: List.LinkedList<Spending>
  /** The sum of the costs in `spent`. */
  used: number
  pausedUntil: bigint | undefined
  /** The latest window of the server's that it has told about. */
  server: ServerWindow | undefined
  /** Rises whenever something happened that no forecast foresaw. */
  version: number
}

interface ServerWindow {
  readonly epoch: number | undefined
  readonly end: bigint | undefined
  /** What is known to have been spent since it began, but for `others`; zero if it is not known when that was. */
  own: number
  /** What the server said has been spent beyond that. */
  others: List.Node<Spending> | undefined
}

/**
 * Which window of its own a server speaks of: when it ends, or a number that rises from one to the next, or neither.
 *
 * @internal
 */
export interface Report {
  readonly end: bigint | undefined
  readonly epoch: number | undefined
}

/** @internal */
export const make = (scope: string, limit: number, length: bigint): Window => ({
  scope,
  limit,
  length,
  spent: List.make(),
  used: 0,
  pausedUntil: undefined,
  server: undefined,
  version: 0
})

/**
 * Forgets what has left the window.
 *
 * @internal
 */
export const advance = (window: Window, now: bigint): void => {
  let oldest = window.spent.head
  while (oldest !== undefined && oldest.value.at + window.length <= now) {
    take(window, oldest)
    oldest = window.spent.head
  }
}

/**
 * Whether a cost can be spent now; to be asked after {@link advance} at the same instant.
 *
 * @internal
 */
export const fits = (window: Window, cost: number, now: bigint): boolean =>
  (window.pausedUntil === undefined || window.pausedUntil <= now) && window.used + cost <= window.limit

/** @internal */
export const spend = (window: Window, cost: number, now: bigint): List.Node<Spending> => {
  const node = List.node<Spending>({ cost, at: now })
  put(window, node, window.spent.tail)
  countOwn(window, node, 1)
  return node
}

/**
 * Takes back what was spent, if it still counts.
 *
 * @internal
 */
export const refund = (window: Window, node: List.Node<Spending>): void => {
  if (node.list === window.spent) {
    countOwn(window, node, -1)
    take(window, node)
  }
}

/**
 * Counts what was spent from now on, whether or not it still counted.
 *
 * @internal
 */
export const restamp = (window: Window, node: List.Node<Spending>, now: bigint): void => {
  refund(window, node)
  node.value.at = now
  put(window, node, window.spent.tail)
  countOwn(window, node, 1)
}

/**
 * Lets nothing be spent before `until`; an earlier pause is extended, never shortened.
 *
 * @internal
 */
export const pause = (window: Window, until: bigint): void => {
  window.pausedUntil = window.pausedUntil === undefined ? until : later(window.pausedUntil, until)
  window.version++
}

/**
 * Takes in what the server has counted: what is not explained by what was spent from here was spent by others.
 *
 * @internal
 */
export const sync = (window: Window, used: number, report: Report, now: bigint): void => {
  advance(window, now)
  if (!Number.isFinite(used)) {
    return
  }
  if (report.end === undefined && report.epoch === undefined) {
    if (used > window.used) {
      spend(window, used - window.used, now)
    }
    return
  }
  const server = serverWindow(window, report, now)
  if (server === undefined) {
    return
  }
  const known = server.others === undefined || server.others.list === undefined ? 0 : server.others.value.cost
  const explained = server.end === undefined ? window.used - known : server.own
  if (used - explained > known) {
    leave(window, server.others)
    server.others = spentByOthers(window, used - explained, server.end, now)
  }
}

/** The server's window that a report belongs to; `undefined` if that has ended. */
const serverWindow = (window: Window, report: Report, now: bigint): ServerWindow | undefined => {
  const known = window.server
  const age = known === undefined ? 1 : compare(report, known)
  if ((report.end !== undefined && report.end <= now) || age < 0) {
    return undefined
  }
  if (known !== undefined && age === 0) {
    return known
  }
  leave(window, known?.others)
  const server: ServerWindow = { ...report, own: 0, others: undefined }
  window.server = server
  let latest = window.spent.tail
  while (latest !== undefined && isIn(window, server, latest.value.at)) {
    server.own += latest.value.cost
    latest = latest.previous
  }
  return server
}

const compare = (report: Report, known: Report): number => {
  if (report.epoch !== undefined && known.epoch !== undefined) {
    return report.epoch - known.epoch
  }
  if (report.end !== undefined && known.end !== undefined) {
    return report.end > known.end ? 1 : report.end < known.end ? -1 : 0
  }
  return 1
}

const isIn = (window: Window, server: ServerWindow, at: bigint): boolean =>
  server.end !== undefined && at + window.length >= server.end

const countOwn = (window: Window, node: List.Node<Spending>, sign: 1 | -1): void => {
  if (window.server !== undefined && isIn(window, window.server, node.value.at)) {
    window.server.own += sign * node.value.cost
  }
}

/** As if it had been spent so long ago that it leaves with the server's window, wherever that puts it in the order. */
const spentByOthers = (
  window: Window,
  cost: number,
  end: bigint | undefined,
  now: bigint
): List.Node<Spending> => {
  const at = end === undefined || end - window.length > now ? now : end - window.length
  const node = List.node<Spending>({ cost, at })
  let previous = window.spent.tail
  while (previous !== undefined && previous.value.at > at) {
    previous = previous.previous
  }
  put(window, node, previous)
  return node
}

const leave = (window: Window, node: List.Node<Spending> | undefined): void => {
  if (node !== undefined && node.list === window.spent) {
    take(window, node)
  }
}

const put = (window: Window, node: List.Node<Spending>, previous: List.Node<Spending> | undefined): void => {
  List.insertAfter(window.spent, previous, node)
  window.used += node.value.cost
  window.version++
}

const take = (window: Window, node: List.Node<Spending>): void => {
  List.remove(node)
  // An empty window is exactly empty, whatever adding and subtracting fractions has left behind.
  window.used = window.spent.size === 0 ? 0 : window.used - node.value.cost
  window.version++
}
