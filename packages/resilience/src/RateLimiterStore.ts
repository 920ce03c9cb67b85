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
import { attach, type FastPath } from "./internal/fastPath.js"
import { labels } from "./internal/labels.js"
import type * as List from "./internal/linkedList.js"
import * as Budget from "./internal/rateLimiterBudget.js"
import * as rateLimiterForecast from "./internal/rateLimiterForecast.js"
import * as Report from "./internal/rateLimiterReport.js"
import { millisToNanos, monotonic } from "./internal/time.js"
import * as Telemetry from "./Telemetry.js"

/**
 * The interface of a store. Instants are monotonic, in nanoseconds of the current `Clock`, like those of `Deadline`.
 *
 * The effects of a store run uninterruptibly while calls wait for them. A store that makes a remote request must bound
 * its duration, and must decide by itself what to do without a response. A defect in `reserve` fails the call that
 * requested it. A defect in `commit` or `refund` is logged, and the call is not affected.
 *
 * @since 0.1.0
 * @category models
 */
export interface RateLimiterStore {
  /** @internal */
  readonly [FastPath]?: InProcess
  /**
   * Takes all of the costs, or none if one of them does not fit. The scopes are among those the store was opened with.
   */
  readonly reserve: (costs: ReadonlyArray<Cost>, claim: Claim) => Effect.Effect<Answer>
  /**
   * Counts a held cost as spent from now on, because the request is being sent. Works only once; it does nothing for a
   * cost that is already spent, or after a refund.
   */
  readonly commit: (ticket: Ticket) => Effect.Effect<void>
  /**
   * Refunds a held cost, or the part of a spent cost that still counts. Works only once; it does nothing for the ticket
   * of another store.
   */
  readonly refund: (ticket: Ticket) => Effect.Effect<void>
  /** Replaces the limit of a scope from now on. Costs already spent still count. */
  readonly setLimit: (limit: Limit) => Effect.Effect<void>
  /** Applies the usage that the server reported. It blocks calls for at most the `maxPause` of the limit. */
  readonly sync: (scope: string, used: number, window: ServerWindow) => Effect.Effect<void>
  /**
   * Blocks the scope until an instant of the wall clock, but for at most the `maxPause` of the limit. It extends an
   * existing ban and never shortens it.
   */
  readonly ban: (scope: string, until: number) => Effect.Effect<void>
  /** Lifts the ban, and discards the usage that the server attributed to others. */
  readonly resume: (scope: string) => Effect.Effect<void>
  /** The current usage, including held costs. */
  readonly usage: (scope: string) => Effect.Effect<Usage>
  /**
   * Predicts when waiting calls will be admitted. If omitted, a call that cannot be admitted in time is not refused
   * immediately, but only when its time is over.
   */
  readonly forecast?: (() => Forecast) | undefined
}

/**
 * The synchronous operations of a store in this process. Instants are of the monotonic clock.
 *
 * @internal
 */
export interface InProcess {
  readonly reserve: (costs: ReadonlyArray<Cost>, claim: Claim, now: bigint) => Answer
  readonly commit: (ticket: Ticket, now: bigint) => void
  readonly sync: (scope: string, used: number, window: ServerWindow, now: bigint, clock: Clock.Clock) => void
  readonly used: (scope: string, now: bigint) => number
}

/**
 * The cost of a call in one scope.
 *
 * @since 0.1.0
 * @category models
 */
export interface Cost {
  readonly scope: string
  /** At least 0 and at most the limit of the scope. */
  readonly cost: number
}

/**
 * The conditions under which costs are taken.
 *
 * @since 0.1.0
 * @category models
 */
export interface Claim {
  /** Whether the costs may be taken from the part of a limit reserved for the first lane. */
  readonly isFirst: boolean
  /**
   * Whether the costs are held. Held costs count until they are committed or refunded, however long that takes, and are
   * spent only on commit. Otherwise the costs are spent now.
   */
  readonly isHeld: boolean
}

/**
 * The limit of one scope of a store.
 *
 * @since 0.1.0
 * @category models
 */
export type Limit = WindowLimit | BucketLimit

/**
 * A limit on the costs spent in any span of time as long as the window.
 *
 * @since 0.1.0
 * @category models
 */
export interface WindowLimit extends Reserve {
  /** Above 0. */
  readonly limit: number
  /** Finite, above 0. */
  readonly window: Duration.Duration
}

/**
 * A limit of `burst + perSecond * t` on the costs spent in any span of `t` seconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface BucketLimit extends Reserve {
  /** Above 0. */
  readonly burst: number
  /** Finite, above 0. */
  readonly perSecond: number
}

interface Reserve {
  readonly scope: string
  /** The part of the limit that only a claim with `isFirst` may take; at least 0, below the limit. */
  readonly reserved: number
  /** The longest time for which a report of the server can block calls; finite, above 0. */
  readonly maxPause: Duration.Duration
}

/**
 * The response to a reservation: the costs were taken, or cannot be taken before `at`, assuming that nothing else
 * happens and held requests are sent now.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer =
  | { readonly _tag: "Granted"; readonly ticket: Ticket }
  | { readonly _tag: "Denied"; readonly at: bigint }

/**
 * The costs that were taken. Further data is private to the store that granted the ticket.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ticket {
  readonly costs: ReadonlyArray<Cost>
}

/**
 * The usage of a scope.
 *
 * @since 0.1.0
 * @category models
 */
export interface Usage {
  readonly used: number
  /**
   * The end of the ban of the scope, in epoch milliseconds of the wall clock; until then nothing can be spent, whatever
   * the usage.
   */
  readonly bannedUntil: Option.Option<number>
}

/**
 * Identifies the server's window to which a usage report applies. Give the end, the epoch or both, as far as the server
 * reports them.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerWindow {
  /**
   * The end of the window, in epoch milliseconds of the local wall clock (mind the skew). A report for a window that
   * has ended is ignored, and the usage that it attributed to others expires at that instant.
   */
  readonly windowEnd?: number | undefined
  /**
   * A number that increases from window to window. When it increases, the usage that an earlier window attributed to
   * others expires, and late reports of that window are ignored.
   */
  readonly epoch?: number | undefined
}

/**
 * A prediction for waiting calls, added in the order in which they will be admitted. It assumes that held requests are
 * sent now.
 *
 * @since 0.1.0
 * @category models
 */
export interface Forecast {
  /** Returns `true` if nothing has happened since that the forecast did not foresee. */
  readonly isCurrent: (now: bigint) => boolean
  /** Returns when the next call in line will be admitted; `isFirst` as in {@link Claim}. */
  readonly peek: (costs: ReadonlyArray<Cost>, isFirst: boolean, now: bigint) => bigint
  /** Like `peek`, and adds the call to the line. */
  readonly add: (costs: ReadonlyArray<Cost>, isFirst: boolean, now: bigint) => bigint
}

/**
 * Opens the store of a limiter.
 *
 * @since 0.1.0
 * @category models
 */
export type Open = (limits: ReadonlyArray<Limit>) => Effect.Effect<RateLimiterStore>

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
      const parts: Array<Part> = []
      for (const { cost, scope } of costs) {
        const metered = find(scope)
        Budget.advance(metered.budget, now)
        if (!Budget.fits(metered.budget, cost, isFirst, now)) return deny(costs, isFirst, now)
        parts.push({ cost, metered, node: undefined })
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
      ban: (scope, until) =>
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
            bannedUntil: budget.pausedUntil === undefined || budget.pausedUntil <= now
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
  const budget = Budget.make(limit.scope, terms(limit))
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
