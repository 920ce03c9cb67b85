/**
 * What budgets will look like once calls that wait, told in their order, have been admitted one after the other as early
 * as they fit. What is held is taken to be sent at once.
 *
 * @internal
 */
import type * as List from "./linkedList.js"
import * as Bucket from "./rateLimiterBucket.js"
import * as Budget from "./rateLimiterBudget.js"
import { later } from "./time.js"

/** @internal */
export interface Forecast {
  readonly plans: Map<Budget.Budget, Plan>
  /** How many calls it was told of. */
  calls: number
}

interface Plan extends Cursor {
  /** No call of this budget is admitted before the one that was admitted last. */
  at: bigint
  readonly rate: Budget.Rate
  /** What will be spent in a window, by what is held first. */
  readonly planned: Array<Spending>
  readonly version: number
  /** When it was made, if something was held then. */
  readonly heldAt: bigint | undefined
}

type Spending = Pick<Budget.Spending, "cost" | "at">

/** How far the budget has got: adding a call is O(1) amortised, because a cursor only moves forward. */
interface Cursor {
  /** Of a window what counts; of a bucket all that was spent since it began to leak, what has leaked included. */
  used: number
  /** The oldest cost of a window, of those spent and then of those planned, that still counts. */
  oldest: List.Node<Spending> | undefined
  next: number
  /** Since when a bucket leaks. */
  since: bigint
}

/** @internal */
export interface Wanted {
  readonly budget: Budget.Budget
  readonly cost: number
  readonly isFirst: boolean
}

/** @internal */
export const make = (): Forecast => ({ plans: new Map(), calls: 0 })

/**
 * Whether nothing has happened to the budgets that it did not foresee.
 *
 * What is held and not yet sent is sent later than foreseen: then it is current only for a while, which is the longer
 * the more calls would have to be told again, so that asking often costs little.
 *
 * @internal
 */
export const isCurrent = (forecast: Forecast, now: bigint): boolean => {
  for (const [budget, { heldAt, version }] of forecast.plans) {
    if (budget.version !== version) return false
    if (heldAt !== undefined && now - heldAt > BigInt(forecast.calls) * patienceNanos) return false
  }
  return true
}

/** Some 30 times what it takes to tell a forecast of one call. */
const patienceNanos = BigInt(10_000)

/**
 * When the next call in line will be admitted.
 *
 * @internal
 */
export const peek = (forecast: Forecast, wanted: ReadonlyArray<Wanted>, now: bigint): bigint => {
  const from = wanted.reduce((from, { budget }) => later(from, planOf(forecast, budget, now).at), now)
  return wanted.reduce((at, { budget, cost, isFirst }) => {
    const plan = planOf(forecast, budget, now)
    const { next, oldest, since, used } = plan
    return later(at, moveUntilFits(plan, { used, oldest, next, since }, cost, Budget.room(budget, isFirst), from))
  }, from)
}

/**
 * The same, and lets everybody after it wait behind it.
 *
 * @internal
 */
export const add = (forecast: Forecast, wanted: ReadonlyArray<Wanted>, now: bigint): bigint => {
  const at = peek(forecast, wanted, now)
  for (const { budget, cost, isFirst } of wanted) {
    const plan = planOf(forecast, budget, now)
    moveUntilFits(plan, plan, cost, Budget.room(budget, isFirst), at)
    plan.at = at
    spend(plan, cost, at)
  }
  forecast.calls++
  return at
}

const planOf = (forecast: Forecast, budget: Budget.Budget, now: bigint): Plan => {
  const known = forecast.plans.get(budget)
  if (known !== undefined) return known
  const { held, pausedUntil, rate, spent, used, version } = budget
  const plan: Plan = {
    at: pausedUntil === undefined ? now : later(pausedUntil, now),
    rate,
    planned: [],
    version,
    heldAt: budget.holders > 0 ? now : undefined,
    used: rate._tag === "Bucket" && spent.size > 0 ? rate.gone + used : used,
    oldest: spent.head,
    next: 0,
    since: rate._tag === "Bucket" ? rate.since : now
  }
  if (held > 0) spend(plan, held, now)
  forecast.plans.set(budget, plan)
  return plan
}

const spend = (plan: Plan, cost: number, at: bigint): void => {
  if (plan.rate._tag === "Window") {
    plan.planned.push({ cost, at })
  } else if (plan.used <= Bucket.leaked(plan.rate.perSecond, plan.since, at)) {
    plan.used = 0
    plan.since = at
  }
  plan.used += cost
}

/** Moves a cursor to where the cost fits, no earlier than `from`, and says when that is. */
const moveUntilFits = (
  { planned, rate }: Plan,
  cursor: Cursor,
  cost: number,
  room: number,
  from: bigint
): bigint => {
  if (rate._tag === "Bucket") {
    const over = cursor.used + cost - room
    return over > 0 ? later(from, Bucket.leakedAt(rate.perSecond, cursor.since, over)) : from
  }
  // In a window, past whatever must have left before.
  let at = from
  for (;;) {
    const oldest = cursor.oldest === undefined ? planned[cursor.next] : cursor.oldest.value
    if (oldest === undefined) {
      cursor.used = 0
      return at
    }
    const leaves = oldest.at + rate.length
    if (leaves > at) {
      if (cursor.used + cost <= room) return at
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
