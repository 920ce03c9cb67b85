/**
 * Keeps what rate limiters have spent: in memory, or somewhere that several processes share.
 *
 * A `RateLimiter` decides who is next and how long it waits; a store decides whether what it asks for fits. So a store
 * that is shared by processes needs to know nothing of queues, lanes or deadlines, and none of their callers change.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type AtOnce, attach } from "./internal/atOnce.js"
import { labels } from "./internal/labels.js"
import type * as List from "./internal/linkedList.js"
import * as Budget from "./internal/rateLimiterBudget.js"
import * as rateLimiterForecast from "./internal/rateLimiterForecast.js"
import * as Report from "./internal/rateLimiterReport.js"
import { millisToNanos, monotonic } from "./internal/time.js"
import * as Telemetry from "./Telemetry.js"

/**
 * The port. Instants are monotonic, in nanoseconds of the current `Clock`, as those of `Deadline` are.
 *
 * Its effects are run uninterruptibly while calls wait for them: one that asks somebody else must bound how long, and
 * decide by itself what holds when there is no answer. A defect in `reserve` fails the call it was asked for; one in `commit`
 * or `refund` is logged, and the call ends as it ends.
 *
 * @since 0.1.0
 * @category models
 */
export interface RateLimiterStore {
  /** @internal */
  readonly [AtOnce]?: InProcess
  /** Takes all of the costs, or none if one of them does not fit. Scopes are those the store has been told of. */
  readonly reserve: (costs: ReadonlyArray<Cost>, claim: Claim) => Effect.Effect<Answer>
  /** Counts what is held from now on: it is being sent. Once only; does nothing to what counts already, or after a refund. */
  readonly commit: (ticket: Ticket) => Effect.Effect<void>
  /**
   * Gives back what is held, or what was spent as far as it still counts. Once only; nothing for the ticket of another
   * store.
   */
  readonly refund: (ticket: Ticket) => Effect.Effect<void>
  /** Keeps to another limit in a scope from now on; what was spent still counts. */
  readonly setLimit: (limit: Limit) => Effect.Effect<void>
  /** Takes in what the server says has been used; stops nothing for longer than the `maxPause` of the limit. */
  readonly sync: (scope: string, used: number, window: ServerWindow) => Effect.Effect<void>
  /**
   * Lets nothing of the scope be spent before that instant of the wall clock, nor for longer than the `maxPause` of the
   * limit; extends a ban, never shortens it.
   */
  readonly ban: (scope: string, until: number) => Effect.Effect<void>
  /** Takes back a ban and whatever the server said that others had used. */
  readonly resume: (scope: string) => Effect.Effect<void>
  /** What counts now, what is held included. */
  readonly usage: (scope: string) => Effect.Effect<Usage>
  /**
   * Looks ahead from now, for calls that wait; none if left out: such a call is then not refused at once when its turn
   * cannot come in time, but when its time is over.
   */
  readonly forecast?: (() => Forecast) | undefined
}

/**
 * What a store in this process does at once. Instants are of the monotonic clock.
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
 * What a call costs in one scope.
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
 * How costs are taken.
 *
 * @since 0.1.0
 * @category models
 */
export interface Claim {
  /** Whether they may be taken from what a limit has reserved for the first lane. */
  readonly isFirst: boolean
  /**
   * Whether they are held: they count until they are committed or refunded, however long that takes, and only then as
   * spent. Otherwise they are spent now.
   */
  readonly isHeld: boolean
}

/**
 * What a store keeps to in one scope.
 *
 * @since 0.1.0
 * @category models
 */
export type Limit = WindowLimit | BucketLimit

/**
 * In any span as long as the window, what is spent is at most the limit.
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
 * In any span of `t` seconds, what is spent is at most `burst + perSecond * t`.
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
  /** How much of it only a claim that `isFirst` may take; from 0, below the limit. */
  readonly reserved: number
  /** The longest that a word of the server's stops anything; finite, above 0. */
  readonly maxPause: Duration.Duration
}

/**
 * What was answered: the costs were taken, or cannot be before `at`, if nothing else happens and what is held is sent now.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer =
  | { readonly _tag: "Granted"; readonly ticket: Ticket }
  | { readonly _tag: "Denied"; readonly at: bigint }

/**
 * What was taken; only the store that gave it knows more.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ticket {
  readonly costs: ReadonlyArray<Cost>
}

/**
 * What counts in a scope.
 *
 * @since 0.1.0
 * @category models
 */
export interface Usage {
  readonly used: number
  /** Until when nothing can be spent, in epoch milliseconds of the wall clock, whatever has been used. */
  readonly bannedUntil: Option.Option<number>
}

/**
 * Which window of its own the server speaks of when it says what has been used. Give what it tells, one or both.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerWindow {
  /**
   * When that window ends, in epoch milliseconds of the wall clock here (mind the skew). A report of a window that has
   * ended is ignored, and what it told of others leaves at that instant.
   */
  readonly windowEnd?: number | undefined
  /** A number that rises from one window to the next. What an earlier window told of others leaves, late reports of it are ignored. */
  readonly epoch?: number | undefined
}

/**
 * Calls that wait, told in the order in which they will be admitted. What is held is taken to be sent now.
 *
 * @since 0.1.0
 * @category models
 */
export interface Forecast {
  /** Whether nothing has happened since that it did not foresee. */
  readonly isCurrent: (now: bigint) => boolean
  /** When the next in line will be admitted; `isFirst` as in {@link Claim}. */
  readonly peek: (costs: ReadonlyArray<Cost>, isFirst: boolean, now: bigint) => bigint
  /** The same, and puts it in line. */
  readonly add: (costs: ReadonlyArray<Cost>, isFirst: boolean, now: bigint) => bigint
}

/**
 * How a limiter gets its store.
 *
 * @since 0.1.0
 * @category models
 */
export type Open = (limits: ReadonlyArray<Limit>) => Effect.Effect<RateLimiterStore>

/**
 * A store in the memory of this process. Reserving is O(1) a scope, amortised, and never waits.
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
      return { _tag: "Granted", ticket: new Taken(owner, costs, parts, isHeld) }
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
      if (!(ticket instanceof Taken) || ticket.owner !== owner || ticket.state !== "held") return
      ticket.state = "spent"
      for (const part of ticket.parts) {
        const { cost, metered: { budget } } = part
        Budget.release(budget, cost)
        part.node = Budget.spend(budget, cost, now)
      }
    }

    const refund = (ticket: Ticket, now: bigint): void => {
      if (!(ticket instanceof Taken) || ticket.owner !== owner || ticket.state === "refunded") return
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

/** What can be committed or refunded: the nodes know by themselves whether they still count. */
class Taken implements Ticket {
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
  /** None as long as it is held. */
  node: List.Node<Budget.Spending> | undefined
}

interface Metered {
  readonly budget: Budget.Budget
  /** Not called where a cost is taken at once: such a call pays nothing. */
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
