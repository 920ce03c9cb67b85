/**
 * Predicts the budgets after waiting calls, added in their order, have been admitted one after the other as early as
 * they fit. Held costs are assumed to be sent immediately.
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
  /** The number of calls that were added. */
  calls: number
}

interface Plan extends Cursor {
  /** When the last call was admitted; no later call of this budget is admitted before that. */
  at: bigint
  readonly rate: Budget.Rate
  /** The costs that will be spent in a window, the held costs first. */
  readonly planned: Array<Spending>
  readonly version: number
  /** When the plan was created, if costs were held then. */
  readonly heldAt: bigint | undefined
}

type Spending = Pick<Budget.Spending, "cost" | "at">

/** The progress of a budget. Adding a call takes amortized O(1), because a cursor only moves forward. */
interface Cursor {
  /** For a window, the usage. For a bucket, all costs spent since it began to leak, including what has leaked. */
  used: number
  /** The oldest cost of a window that still counts, of those spent and then of those planned. */
  oldest: List.Node<Spending> | undefined
  next: number
  /** When a bucket began to leak. */
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
 * Returns `true` if nothing has happened to the budgets that the forecast did not foresee.
 *
 * Held costs that have not been sent yet are sent later than foreseen. The forecast is then current only for a while,
 * which is longer the more calls would have to be added again, so that frequent queries cost little.
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

/** About 30 times the time it takes to add one call to a forecast. */
const patienceNanos = 10_000n

/**
 * Returns when the next call in line will be admitted.
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
 * Like {@link peek}, and lets all later calls wait behind the call.
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
    used: rate._tag === "Bucket" && spent.size > 0 ? rate.removed + used : used,
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

/** Moves a cursor to the instant at which the cost fits, no earlier than `from`, and returns that instant. */
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
  // In a window, moves past the costs that must have expired before.
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
