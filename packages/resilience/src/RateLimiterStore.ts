/**
 * Where rate limiters keep what has been spent: in memory, or somewhere that several processes share.
 *
 * A `RateLimiter` decides who is next and how long it waits; a store decides whether what it asks for fits. So a store
 * that is shared by processes needs to know nothing of queues, lanes or deadlines, and none of their callers change.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as List from "./internal/linkedList.js"
import * as Forecasts from "./internal/rateLimiterForecast.js"
import * as Windows from "./internal/rateLimiterWindow.js"
import { millisToNanos, monotonic } from "./internal/time.js"
import * as Telemetry from "./Telemetry.js"

/**
 * The port. Instants are monotonic, in nanoseconds of the current `Clock`, as those of `Deadline` are.
 *
 * Its effects are run uninterruptibly while calls wait for them: one that asks somebody else must bound how long, and
 * decide by itself what holds when there is no answer. A defect in `reserve` fails the call it was asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface RateLimiterStore {
  /** Spends all of the costs now, or none if one of them does not fit. Scopes are those the store was opened with. */
  readonly reserve: (costs: ReadonlyArray<Cost>) => Effect.Effect<Answer>
  /** Counts what was spent from now on: it is being sent only now. Does nothing after a refund. */
  readonly commit: (ticket: Ticket) => Effect.Effect<void>
  /** Gives back what was spent, as far as it still counts. Once only; nothing for the ticket of another store. */
  readonly refund: (ticket: Ticket) => Effect.Effect<void>
  /** Takes in what the server says has been used. */
  readonly sync: (scope: string, used: number, window: ServerWindow) => Effect.Effect<void>
  /** Lets nothing of the scope be spent before that instant of the wall clock; extends a ban, never shortens it. */
  readonly ban: (scope: string, until: number) => Effect.Effect<void>
  /** What counts now. */
  readonly usage: (scope: string) => Effect.Effect<Usage>
  /**
   * Looks ahead from now, for calls that wait; none if left out: such a call is then not refused at once when its turn
   * cannot come in time, but when its time is over.
   */
  readonly forecast?: (() => Forecast) | undefined
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
 * What a store keeps to in one scope: in any span as long as the window, what is spent is at most the limit.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limit {
  readonly scope: string
  /** Above 0. */
  readonly limit: number
  /** Finite, above 0. */
  readonly window: Duration.Duration
}

/**
 * What was answered: the costs were spent, or not before `at`, if nothing else happens.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer =
  | { readonly _tag: "Granted"; readonly ticket: Ticket }
  | { readonly _tag: "Denied"; readonly at: bigint }

/**
 * What was spent; only the store that gave it knows more.
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
 * Calls that wait, told in the order in which they will be admitted.
 *
 * @since 0.1.0
 * @category models
 */
export interface Forecast {
  /** Whether nothing has happened since that it did not foresee. */
  readonly isCurrent: () => boolean
  /** When the next in line will be admitted. */
  readonly peek: (costs: ReadonlyArray<Cost>, now: bigint) => bigint
  /** The same, and puts it in line. */
  readonly add: (costs: ReadonlyArray<Cost>, now: bigint) => bigint
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
    const windows = new Map(
      limits.map(({ limit, scope, window }) => [scope, metered(scope, limit, Duration.unsafeToNanos(window))])
    )
    const find = (scope: string): Metered => {
      const window = windows.get(scope)
      if (window === undefined) {
        throw new RangeError(`The store was opened without a scope "${scope}"`)
      }
      return window
    }
    const wanted = (costs: ReadonlyArray<Cost>): ReadonlyArray<Forecasts.Wanted> =>
      costs.map(({ cost, scope }) => ({ cost, window: find(scope).window }))

    const reserve = (costs: ReadonlyArray<Cost>, now: bigint): Answer => {
      for (const { cost, scope } of costs) {
        const { window } = find(scope)
        Windows.advance(window, now)
        if (!Windows.fits(window, cost, now)) {
          return deny(costs, now)
        }
      }
      const nodes = costs.map(({ cost, scope }) => Windows.spend(find(scope).window, cost, now))
      return { _tag: "Granted", ticket: new Spent(owner, costs, nodes) }
    }

    const deny = (costs: ReadonlyArray<Cost>, now: bigint): Answer => {
      for (const { scope } of costs) {
        const { measure, window } = find(scope)
        Windows.advance(window, now)
        measure()
      }
      return { _tag: "Denied", at: Forecasts.peek(Forecasts.make(), wanted(costs), now) }
    }

    const each = (ticket: Ticket, f: (window: Windows.Window, node: List.Node<Windows.Spending>) => void): void => {
      if (ticket instanceof Spent && ticket.owner === owner && !ticket.isRefunded) {
        for (const [index, node] of ticket.nodes.entries()) {
          const { measure, window } = find(ticket.costs[index]?.scope ?? "")
          f(window, node)
          measure()
        }
      }
    }

    return {
      reserve: (costs) => withNow((now) => reserve(costs, now)),
      commit: (ticket) => withNow((now) => each(ticket, (window, node) => Windows.restamp(window, node, now))),
      refund: (ticket) =>
        Effect.sync(() => {
          each(ticket, Windows.refund)
          if (ticket instanceof Spent && ticket.owner === owner) {
            ticket.isRefunded = true
          }
        }),
      sync: (scope, used, { epoch, windowEnd }) =>
        withNow((now, clock) => {
          const end = windowEnd === undefined ? undefined : fromWallClock(windowEnd, now, clock)
          const { measure, window } = find(scope)
          Windows.sync(window, used, { end, epoch }, now)
          measure()
        }),
      ban: (scope, until) =>
        withNow((now, clock) => Windows.pause(find(scope).window, fromWallClock(until, now, clock))),
      usage: (scope) =>
        withNow((now, clock) => {
          const { window } = find(scope)
          Windows.advance(window, now)
          return {
            used: window.used,
            bannedUntil: window.pausedUntil === undefined || window.pausedUntil <= now
              ? Option.none()
              : Option.some(
                clock.unsafeCurrentTimeMillis() + Math.ceil(Number(window.pausedUntil - now) / 1_000_000)
              )
          }
        }),
      forecast: () => {
        const forecast = Forecasts.make()
        return {
          isCurrent: () => Forecasts.isCurrent(forecast),
          peek: (costs, now) => Forecasts.peek(forecast, wanted(costs), now),
          add: (costs, now) => Forecasts.add(forecast, wanted(costs), now)
        }
      }
    }
  })

/** What can be refunded: the nodes know by themselves whether they still count. */
class Spent implements Ticket {
  isRefunded = false
  readonly owner: symbol
  readonly costs: ReadonlyArray<Cost>
  readonly nodes: ReadonlyArray<List.Node<Windows.Spending>>
  constructor(owner: symbol, costs: ReadonlyArray<Cost>, nodes: ReadonlyArray<List.Node<Windows.Spending>>) {
    this.owner = owner
    this.costs = costs
    this.nodes = nodes
  }
}

interface Metered {
  readonly window: Windows.Window
  /** Not called where a cost is spent at once: such a call pays nothing. */
  readonly measure: () => void
}

const metered = (scope: string, limit: number, length: bigint): Metered => {
  const window = Windows.make(scope, limit, length)
  const usage = Metric.tagged(Telemetry.rateLimiterUsageRatio, "name", scope)
  return { window, measure: () => usage.unsafeUpdate(window.used / limit, []) }
}

const withNow = <A>(f: (now: bigint, clock: Clock.Clock) => A): Effect.Effect<A> =>
  Effect.clockWith((clock) => Effect.succeed(f(monotonic(clock), clock)))

const fromWallClock = (epochMillis: number, now: bigint, clock: Clock.Clock): bigint =>
  now + millisToNanos(epochMillis - clock.unsafeCurrentTimeMillis())
