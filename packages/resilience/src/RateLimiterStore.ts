/**
 * Stores the usage of rate limiters: in memory, or in a place that several processes share.
 *
 * A `RateLimiter` decides which call is next and how long it waits; a store decides whether the requested costs fit. A
 * store shared by processes therefore needs to know nothing about queues, lanes or deadlines, and callers need no
 * change.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { attach } from "./internal/fastPath.js"
import { labels } from "./internal/labels.js"
import type * as List from "./internal/linkedList.js"
import * as Budget from "./internal/rateLimiterBudget.js"
import * as rateLimiterForecast from "./internal/rateLimiterForecast.js"
import * as Report from "./internal/rateLimiterReport.js"
import type {
  Answer,
  Claim,
  Cost,
  Limit,
  Open,
  RateLimiterStore,
  ServerWindow,
  Ticket
} from "./internal/rateLimiterStoreModel.js"
import { millisToNanos, monotonic } from "./internal/time.js"
import * as Telemetry from "./Telemetry.js"

export type {
  Answer,
  BucketLimit,
  Claim,
  Cost,
  Forecast,
  Limit,
  Open,
  RateLimiterStore,
  ServerWindow,
  Ticket,
  Usage,
  WindowLimit
} from "./internal/rateLimiterStoreModel.js"

/**
 * Opens a store in the memory of this process. Reserving takes amortized O(1) per scope and never waits.
 *
 * @since 0.1.0
 * @category constructors
 */
export const memory: Open = (limits) =>
  Effect.sync(() => {
    const owner = Symbol()
    const scopes = new Map(limits.map((limit) => [limit.scope, metered(limit)]))
    const find = (scope: string): Metered => {
      const found = scopes.get(scope)
      if (found === undefined) {
        throw new RangeError(`The store has no scope "${scope}"; open it with a limit for that scope`)
      }
      return found
    }
    const wanted = (costs: ReadonlyArray<Cost>, isFirst: boolean): ReadonlyArray<rateLimiterForecast.Wanted> =>
      costs.map(({ cost, scope }) => ({ budget: find(scope).budget, cost, isFirst }))

    const reserve = (costs: ReadonlyArray<Cost>, { isFirst, isHeld }: Claim, now: bigint): Answer => {
      const parts = costs.map(({ cost, scope }): Part => ({ cost, metered: find(scope), node: undefined }))
      for (const { cost, metered: { budget } } of parts) {
        Budget.advance(budget, now)
        if (!Budget.fits(budget, cost, isFirst, now)) return deny(costs, isFirst, now)
      }
      for (const part of parts) {
        if (isHeld) Budget.hold(part.metered.budget, part.cost)
        else part.node = Budget.spend(part.metered.budget, part.cost, now)
      }
      return { _tag: "Granted", ticket: new MemoryTicket(owner, costs, parts, isHeld) }
    }

    const deny = (costs: ReadonlyArray<Cost>, isFirst: boolean, now: bigint): Answer => {
      for (const { scope } of costs) {
        const { budget, measure } = find(scope)
        Budget.advance(budget, now)
        measure(now)
      }
      return { _tag: "Denied", at: rateLimiterForecast.peek(rateLimiterForecast.make(), wanted(costs, isFirst), now) }
    }

    const commit = (ticket: Ticket, now: bigint): void => {
      if (!(ticket instanceof MemoryTicket) || ticket.owner !== owner || ticket.state !== "held") return
      ticket.state = "spent"
      for (const part of ticket.parts) {
        const { cost, metered: { budget } } = part
        Budget.release(budget, cost)
        part.node = Budget.spend(budget, cost, now)
      }
    }

    const refund = (ticket: Ticket, now: bigint): void => {
      if (!(ticket instanceof MemoryTicket) || ticket.owner !== owner || ticket.state === "refunded") return
      ticket.state = "refunded"
      for (const { cost, metered: { budget, measure }, node } of ticket.parts) {
        if (node === undefined) Budget.release(budget, cost)
        else Budget.refund(budget, node, now)
        measure(now)
      }
    }

    const sync = (
      scope: string,
      used: number,
      { epoch, windowEnd }: ServerWindow,
      now: bigint,
      clock: Clock.Clock
    ): void => {
      const end = windowEnd === undefined ? undefined : fromWallClock(windowEnd, now, clock)
      const { budget, measure } = find(scope)
      Report.sync(budget, used, { end, epoch }, now)
      measure(now)
    }

    const used = (scope: string, now: bigint): number => {
      const { budget } = find(scope)
      Budget.advance(budget, now)
      return Budget.used(budget, now)
    }

    const store: RateLimiterStore = {
      reserve: (costs, claim) => withNow((now) => reserve(costs, claim, now)),
      commit: (ticket) => withNow((now) => commit(ticket, now)),
      refund: (ticket) => withNow((now) => refund(ticket, now)),
      setLimit: (limit) =>
        withNow((now) => {
          const { budget, measure } = find(limit.scope)
          Budget.change(budget, terms(limit), now)
          measure(now)
        }),
      sync: (scope, used, window) => withNow((now, clock) => sync(scope, used, window, now, clock)),
      pauseUntil: (scope, until) =>
        withNow((now, clock) => Budget.pause(find(scope).budget, fromWallClock(until, now, clock), now)),
      resume: (scope) =>
        withNow((now) => {
          const { budget, measure } = find(scope)
          Budget.resume(budget, now)
          measure(now)
        }),
      usage: (scope) =>
        withNow((now, clock) => {
          const { budget } = find(scope)
          return {
            used: used(scope, now),
            pausedUntil: budget.pausedUntil === undefined || budget.pausedUntil <= now
              ? Option.none()
              : Option.some(
                clock.unsafeCurrentTimeMillis() + Math.ceil(Number(budget.pausedUntil - now) / 1_000_000)
              )
          }
        }),
      forecast: () => {
        const forecast = rateLimiterForecast.make()
        return {
          isCurrent: (now) => rateLimiterForecast.isCurrent(forecast, now),
          peek: (costs, isFirst, now) => rateLimiterForecast.peek(forecast, wanted(costs, isFirst), now),
          add: (costs, isFirst, now) => rateLimiterForecast.add(forecast, wanted(costs, isFirst), now)
        }
      }
    }
    return attach(store, { reserve, commit, sync, used })
  })

/** A ticket that can be committed or refunded. The nodes themselves know whether they still count. */
class MemoryTicket implements Ticket {
  state: "held" | "spent" | "refunded"
  readonly owner: symbol
  readonly costs: ReadonlyArray<Cost>
  readonly parts: ReadonlyArray<Part>
  constructor(owner: symbol, costs: ReadonlyArray<Cost>, parts: ReadonlyArray<Part>, isHeld: boolean) {
    this.owner = owner
    this.costs = costs
    this.parts = parts
    this.state = isHeld ? "held" : "spent"
  }
}

interface Part {
  readonly cost: number
  readonly metered: Metered
  /** `undefined` while the cost is held. */
  node: List.Node<Budget.Spending> | undefined
}

interface Metered {
  readonly budget: Budget.Budget
  /** Not called when a cost is granted immediately, so that such a call pays nothing. */
  readonly measure: (now: bigint) => void
}

const metered = (limit: Limit): Metered => {
  const budget = Budget.make(terms(limit))
  const named = labels({ name: limit.scope })
  const measure = (now: bigint): void =>
    Telemetry.rateLimiterUsageRatio.unsafeUpdate(Budget.used(budget, now) / budget.limit, named)
  return { budget, measure }
}

const terms = (limit: Limit): Budget.Terms => {
  const { reserved } = limit
  const maxPause = Duration.unsafeToNanos(limit.maxPause)
  return "burst" in limit
    ? { limit: limit.burst, reserved, maxPause, rate: { _tag: "Bucket", perSecond: limit.perSecond } }
    : { limit: limit.limit, reserved, maxPause, rate: { _tag: "Window", length: Duration.unsafeToNanos(limit.window) } }
}

const withNow = <A>(f: (now: bigint, clock: Clock.Clock) => A): Effect.Effect<A> =>
  Effect.clockWith((clock) => Effect.succeed(f(monotonic(clock), clock)))

const fromWallClock = (epochMillis: number, now: bigint, clock: Clock.Clock): bigint =>
  now + millisToNanos(epochMillis - clock.unsafeCurrentTimeMillis())
