/**
 * The arithmetic of a weighted sliding window with a FIFO queue in front of it. Knows no clock and no fiber: every
 * function that depends on time takes `now`, in monotonic nanoseconds.
 *
 * @internal
 */
import * as List from "./linkedList.js"
import { later } from "./time.js"

/**
 * A cost that waits in the queue or has been spent in the window; the same node moves from one to the other.
 *
 * @internal
 */
export interface Entry<W> {
  readonly cost: number
  /** Who waits for it; absent when it was spent at once, or by somebody the server told us about. */
  readonly waiter: W | undefined
  /** When it was spent; while queued and part of the current plan, when it will be. */
  at: bigint
  /** The plan that `at` belongs to, while queued. */
  plan: Plan<W> | undefined
}

/**
 * What the window will look like at `at`, once every queued entry up to `last` has been spent. Extending it by one
 * entry is O(1) amortised, because `oldest` only moves forward.
 *
 * @internal
 */
export interface Plan<W> {
  used: number
  at: bigint
  /** The oldest entry, spent or queued, that still counts at `at`. */
  oldest: List.Node<Entry<W>> | undefined
  /** The youngest queued entry that has its instant. */
  last: List.Node<Entry<W>> | undefined
}

/** @internal */
export interface State<W> {
  readonly limit: number
  readonly window: bigint
  /** What was spent in the last `window`, oldest first. */
  readonly spent: List.LinkedList<Entry<W>>
  readonly queue: List.LinkedList<Entry<W>>
  /** The sum of the costs in `spent`. */
  used: number
  pausedUntil: bigint | undefined
  /** Absent whenever something happened that the plan did not foresee. */
  plan: Plan<W> | undefined
}

/** @internal */
export const make = <W>(limit: number, window: bigint): State<W> => ({
  limit,
  window,
  spent: List.make(),
  queue: List.make(),
  used: 0,
  pausedUntil: undefined,
  plan: undefined
})

/**
 * Forgets what has left the window: a cost spent at `t` counts until just before `t + window`.
 *
 * @internal
 */
export const advance = <W>(state: State<W>, now: bigint): void => {
  let oldest = state.spent.head
  while (oldest !== undefined && oldest.value.at + state.window <= now) {
    // The plan stays true, it must only not hold on to an entry that is in no list any more.
    if (state.plan !== undefined && state.plan.oldest === oldest) {
      dropOldest(state, state.plan, oldest)
    }
    forget(state, oldest)
    oldest = state.spent.head
  }
}

/**
 * Spends a cost now if nobody is queued, nothing is paused and it fits.
 *
 * @internal
 */
export const take = <W>(state: State<W>, cost: number, now: bigint): List.Node<Entry<W>> | undefined => {
  advance(state, now)
  return state.queue.size === 0 && admissible(state, cost, now) ? spend(state, cost, now) : undefined
}

/** @internal */
export const enqueue = <W>(state: State<W>, cost: number, waiter: W, now: bigint): List.Node<Entry<W>> => {
  const node = List.node<Entry<W>>({ cost, waiter, at: now, plan: undefined })
  List.append(state.queue, node)
  return node
}

/**
 * Admits from the head of the queue whatever fits now, in order, and returns who waited for it.
 *
 * @internal
 */
export const admit = <W>(state: State<W>, now: bigint): ReadonlyArray<W> => {
  advance(state, now)
  const admitted: Array<W> = []
  let head = state.queue.head
  while (head !== undefined && admissible(state, head.value.cost, now)) {
    List.remove(head)
    record(state, head, now)
    if (head.value.waiter !== undefined) {
      admitted.push(head.value.waiter)
    }
    head = state.queue.head
  }
  return admitted
}

/**
 * Takes an entry back: out of the queue if it still waits, out of the window if it was spent and still counts
 * there. Does nothing the second time, nor to an entry of another limiter.
 *
 * @internal
 */
export const cancel = <W>(state: State<W>, node: List.Node<Entry<W>>): void => {
  if (node.list === state.spent) {
    forget(state, node)
    state.plan = undefined
  } else if (node.list === state.queue) {
    List.remove(node)
    state.plan = undefined
  }
}

/**
 * Raises what counts in the window to `used`, as if somebody else had spent the difference now.
 *
 * @internal
 */
export const sync = <W>(state: State<W>, used: number, now: bigint): void => {
  advance(state, now)
  if (Number.isFinite(used) && used > state.used) {
    spend(state, used - state.used, now)
  }
}

/**
 * Admits nobody before `until`; an earlier pause is extended, never shortened.
 *
 * @internal
 */
export const pause = <W>(state: State<W>, until: bigint): void => {
  state.pausedUntil = state.pausedUntil === undefined ? until : later(state.pausedUntil, until)
  state.plan = undefined
}

/**
 * When the head of the queue will be spent, if nothing is refunded, withdrawn, paused or synchronised until then;
 * `undefined` if nobody waits. To be asked after {@link admit} at the same instant.
 *
 * @internal
 */
export const nextAt = <W>(state: State<W>, now: bigint): bigint | undefined => {
  const head = state.queue.head
  if (head === undefined) {
    return undefined
  }
  if (head.value.plan === undefined || head.value.plan !== state.plan || head.value.at <= now) {
    // A head that is overdue was planned with fractions that add up differently; a fresh plan counts as `admit` does.
    planNext(state, startPlan(state, now), head, now)
  }
  return head.value.at
}

/**
 * When a cost would be spent that joined the queue now, likewise.
 *
 * @internal
 */
export const wouldBeAt = <W>(state: State<W>, cost: number, now: bigint): bigint => {
  advance(state, now)
  const plan = state.plan ?? startPlan(state, now)
  let next = plan.last === undefined ? state.queue.head : plan.last.next
  while (next !== undefined) {
    planNext(state, plan, next, now)
    next = next.next
  }
  const trial = { ...plan }
  planNext(state, trial, List.node<Entry<W>>({ cost, waiter: undefined, at: now, plan: undefined }), now)
  return trial.at
}

const admissible = <W>(state: State<W>, cost: number, now: bigint): boolean =>
  (state.pausedUntil === undefined || state.pausedUntil <= now) && state.used + cost <= state.limit

const spend = <W>(state: State<W>, cost: number, now: bigint): List.Node<Entry<W>> => {
  const node = List.node<Entry<W>>({ cost, waiter: undefined, at: now, plan: undefined })
  record(state, node, now)
  return node
}

const record = <W>(state: State<W>, node: List.Node<Entry<W>>, now: bigint): void => {
  node.value.at = now
  node.value.plan = undefined
  List.append(state.spent, node)
  state.used += node.value.cost
  state.plan = undefined
}

const forget = <W>(state: State<W>, node: List.Node<Entry<W>>): void => {
  List.remove(node)
  // An empty window is exactly empty, whatever adding and subtracting fractions has left behind.
  state.used = state.spent.size === 0 ? 0 : state.used - node.value.cost
}

const startPlan = <W>(state: State<W>, now: bigint): Plan<W> => {
  const at = state.pausedUntil === undefined ? now : later(state.pausedUntil, now)
  const plan: Plan<W> = { used: state.used, at, oldest: state.spent.head ?? state.queue.head, last: undefined }
  state.plan = plan
  return plan
}

const planNext = <W>(state: State<W>, plan: Plan<W>, node: List.Node<Entry<W>>, now: bigint): void => {
  plan.at = later(plan.at, now)
  let oldest = plan.oldest
  while (oldest !== undefined && oldest !== node) {
    const leaves = oldest.value.at + state.window
    if (leaves > plan.at) {
      if (plan.used + node.value.cost <= state.limit) {
        break
      }
      plan.at = leaves
    }
    dropOldest(state, plan, oldest)
    oldest = plan.oldest
  }
  node.value.at = plan.at
  node.value.plan = plan
  plan.used += node.value.cost
  plan.oldest ??= node
  plan.last = node
}

const dropOldest = <W>(state: State<W>, plan: Plan<W>, oldest: List.Node<Entry<W>>): void => {
  plan.used -= oldest.value.cost
  plan.oldest = oldest.next ?? (oldest.list === state.spent ? state.queue.head : undefined)
}
