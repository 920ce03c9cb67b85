/**
 * What windows will look like once calls that wait, told in their order, have been admitted one after the other as
 * early as they fit.
 *
 * @internal
 */
import type * as List from "./linkedList.js"
import type { Spending, Window } from "./rateLimiterWindow.js"
import { later } from "./time.js"

/** @internal */
export interface Forecast {
  readonly plans: Map<Window, Plan>
}

interface Plan extends Cursor {
  /** No call of this window is admitted before the one that was admitted last. */
  at: bigint
  readonly planned: Array<Spending>
  readonly version: number
}

/** How far the window has got: adding a call is O(1) amortised, because a cursor only moves forward. */
interface Cursor {
  used: number
  /** The oldest cost, of those spent and then of those planned, that still counts. */
  oldest: List.Node<Spending> | undefined
  next: number
}

/** @internal */
export interface Wanted {
  readonly window: Window
  readonly cost: number
}

/** @internal */
export const make = (): Forecast => ({ plans: new Map() })

/**
 * Whether nothing has happened to the windows that it did not foresee.
 *
 * @internal
 */
export const isCurrent = (forecast: Forecast): boolean => {
  for (const [window, plan] of forecast.plans) {
    if (window.version !== plan.version) {
      return false
    }
  }
  return true
}

/**
 * When the next call in line will be admitted.
 *
 * @internal
 */
export const peek = (forecast: Forecast, wanted: ReadonlyArray<Wanted>, now: bigint): bigint => {
  const from = wanted.reduce((from, { window }) => later(from, planOf(forecast, window, now).at), now)
  return wanted.reduce((at, { cost, window }) => {
    const plan = planOf(forecast, window, now)
    return later(at, moveUntilFits(window, plan, { used: plan.used, oldest: plan.oldest, next: plan.next }, cost, from))
  }, from)
}

/**
 * The same, and lets everybody after it wait behind it.
 *
 * @internal
 */
export const add = (forecast: Forecast, wanted: ReadonlyArray<Wanted>, now: bigint): bigint => {
  const at = peek(forecast, wanted, now)
  for (const { cost, window } of wanted) {
    const plan = planOf(forecast, window, now)
    moveUntilFits(window, plan, plan, cost, at)
    plan.planned.push({ cost, at })
    plan.used += cost
    plan.at = at
  }
  return at
}

const planOf = (forecast: Forecast, window: Window, now: bigint): Plan => {
  const known = forecast.plans.get(window)
  if (known !== undefined) {
    return known
  }
  const plan: Plan = {
    at: window.pausedUntil === undefined ? now : later(window.pausedUntil, now),
    planned: [],
    version: window.version,
    used: window.used,
    oldest: window.spent.head,
    next: 0
  }
  forecast.plans.set(window, plan)
  return plan
}

/** Moves a cursor past whatever must have left before the cost fits, no earlier than `from`, and says when that is. */
const moveUntilFits = (
  window: Window,
  { planned }: Plan,
  cursor: Cursor,
  cost: number,
  from: bigint
): bigint => {
  let at = from
  for (;;) {
    const oldest = cursor.oldest === undefined ? planned[cursor.next] : cursor.oldest.value
    if (oldest === undefined) {
      cursor.used = 0
      return at
    }
    const leaves = oldest.at + window.length
    if (leaves > at) {
      if (cursor.used + cost <= window.limit) {
        return at
      }
      at = leaves
    }
    cursor.used -= oldest.cost
    if (cursor.oldest === undefined) {
      cursor.next++
    } else {
      cursor.oldest = cursor.oldest.next
    }
  }
}
