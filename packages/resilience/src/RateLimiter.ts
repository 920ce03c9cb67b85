/**
 * Keeps to the limits that a server sets on the cost of calls over time, by waiting in order rather than being refused.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"
import type { DeadlineExceeded } from "./Deadline.js"
import type * as Idempotent from "./Idempotent.js"
import { keepBrand } from "./internal/idempotent.js"
import * as opening from "./internal/rateLimiterOpening.js"
import type { Request } from "./internal/rateLimiterShell.js"
import type * as RateLimiterStore from "./RateLimiterStore.js"
import { RejectionTypeId } from "./Rejection.js"

/**
 * What can be told and asked of one limit.
 *
 * @since 0.1.0
 * @category models
 */
export interface Meter {
  /** What the metrics call it. */
  readonly name: string
  /** Admits nobody before that instant of the wall clock. Extends an earlier pause, never shortens it. */
  readonly pauseUntil: (epochMillis: number) => Effect.Effect<void>
  /**
   * Takes in what the server says has been used of the limit in its current window.
   *
   * Told nothing of that window, it compares with all that counts here: if the server has counted more, the difference
   * counts as spent now; if less, nothing changes, since the server has not seen yet what is on its way.
   *
   * Told when the window ends, or its number (see `RateLimiterStore.ServerWindow`), it is exact: compared with what was
   * sent from here in that window, the difference was spent by others and leaves when the window ends; a report that
   * arrives after its window has ended, or after one of a later window, changes nothing.
   */
  readonly sync: (used: number, window?: RateLimiterStore.ServerWindow) => Effect.Effect<void>
  /** What can be spent now, pauses aside; at least 0. */
  readonly available: Effect.Effect<number>
  /** How many callers wait. */
  readonly queued: Effect.Effect<number>
  /** What counts in the window, as a ratio of the limit; above 1 only if the server said so. */
  readonly usage: Effect.Effect<number>
  /** Until when nobody is admitted, in epoch milliseconds of the wall clock; none if not paused. */
  readonly pausedUntil: Effect.Effect<Option.Option<number>>
}

/**
 * A weighted sliding window with a bounded queue.
 *
 * In any span of time as long as the window, the costs admitted never exceed the limit: neither across the edge of
 * a window the server counts in, nor after a pause, as they may with a token bucket or a fixed window. What was
 * spent at `t` counts until just before `t + window`.
 *
 * Who waits is served by lane, and within a lane first come, first served: a cheap call does not overtake an expensive
 * one. A lane goes strictly before those after it: **as long as it uses up the limit, they wait**. What bounds that wait
 * is `maxWait` and the `Deadline`; give the lanes that go first only to calls that are few.
 *
 * A cost is a number, at least 0, in the server's unit (requests, weight points). Anything else is a defect.
 *
 * @since 0.1.0
 * @category models
 */
export interface RateLimiter<in Lane extends string = never> extends Meter {
  /**
   * Spends `cost` (by default `1`) when its turn has come.
   *
   * Fails at once, without having waited: with {@link RateLimiterFull} when the queue is full, the cost exceeds the
   * limit, or its turn would not come within `maxWait`; with `DeadlineExceeded` when its turn would not come before the
   * current `Deadline`. If its turn is put off while it waits, it fails with those when that time is over. If it is
   * interrupted while waiting it leaves the queue and has spent nothing; if it is interrupted at the moment its turn has
   * come, nobody learns of the reservation and the cost counts until it leaves the window.
   * {@link RateLimiter.withReservation} has no such moment.
   */
  readonly reserve: (
    cost?: number,
    options?: CallOptions<Lane>
  ) => Effect.Effect<Reservation, RateLimiterFull | DeadlineExceeded>
  /**
   * Gives back what a call did not use, because it was never sent, and admits who can go now. Once only: a second
   * refund, or one after the window has passed, does nothing.
   */
  readonly refund: (reservation: Reservation) => Effect.Effect<void>
  /**
   * Counts what was reserved from now on, because it is sent only now, after having waited for something else: the
   * server begins to count when it is sent. What had left the window counts again. Does nothing after a refund.
   */
  readonly commit: (reservation: Reservation) => Effect.Effect<void>
  /**
   * Reserves, then runs what is made of the reservation, which may refund it when it learns that nothing was sent.
   * Refunded for it only if interrupted before it started.
   */
  readonly withReservation: (cost?: number, options?: CallOptions<Lane>) => <A, E, R>(
    use: (reservation: Reservation) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | RateLimiterFull | DeadlineExceeded, R>
  /**
   * Reserves, then runs the effect. Refunded only if interrupted before the effect started. Keeps the brand of an
   * `Idempotent` effect.
   */
  readonly withCost: (
    cost?: number,
    options?: CallOptions<Lane>
  ) => <A, E, R, I = never>(
    self: Idempotent.Input<A, E, R, I>
  ) => Idempotent.Output<A, E | RateLimiterFull | DeadlineExceeded, R, I>
}

/**
 * Several limits that one call may draw on at once: all of its costs are spent in the same instant, or none.
 *
 * As a {@link RateLimiter} in each of its scopes. A call that waits for one scope spends nothing of the others, but goes
 * before those who came later in each of them; calls that share no scope never wait for each other, unless through one
 * that came before and shares one with both.
 *
 * @since 0.1.0
 * @category models
 */
export interface Group<Scope extends string, in Lane extends string = never> {
  /** What the metrics and the errors call it; a scope of it is called by both names, joined by a dot. */
  readonly name: string
  /** Each limit by itself. */
  readonly scopes: { readonly [S in Scope]: Meter }
  /** How many callers wait, in all. */
  readonly queued: Effect.Effect<number>
  /**
   * As {@link RateLimiter.reserve}, by default `1` in each scope. A scope that costs leave out takes no part; one with a
   * cost of 0 takes its turn.
   */
  readonly reserve: (
    costs?: Costs<Scope>,
    options?: CallOptions<Lane>
  ) => Effect.Effect<GroupReservation<Scope>, RateLimiterFull | DeadlineExceeded>
  /** As {@link RateLimiter.refund}, in all scopes. */
  readonly refund: (reservation: Reservation) => Effect.Effect<void>
  /** As {@link RateLimiter.commit}, in all scopes. */
  readonly commit: (reservation: Reservation) => Effect.Effect<void>
  /** As {@link RateLimiter.withReservation}. */
  readonly withReservation: (costs?: Costs<Scope>, options?: CallOptions<Lane>) => <A, E, R>(
    use: (reservation: GroupReservation<Scope>) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | RateLimiterFull | DeadlineExceeded, R>
  /** As {@link RateLimiter.withCost}. */
  readonly withCosts: (
    costs?: Costs<Scope>,
    options?: CallOptions<Lane>
  ) => <A, E, R, I = never>(
    self: Idempotent.Input<A, E, R, I>
  ) => Idempotent.Output<A, E | RateLimiterFull | DeadlineExceeded, R, I>
}

/**
 * What a call costs in each scope it draws on.
 *
 * @since 0.1.0
 * @category models
 */
export type Costs<Scope extends string> = { readonly [S in Scope]?: number | undefined }

/**
 * How one call waits.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallOptions<out Lane extends string = never> {
  /** Which lane it waits in. Defaults to the last one. */
  readonly lane?: Lane | undefined
  /** The longest it may wait. Defaults to that of the limiter. */
  readonly maxWait?: Duration.DurationInput | undefined
}

/**
 * A cost that has been spent and can be refunded by the limiter that gave it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reservation {
  /** What was spent; by a group, in all its scopes together. */
  readonly cost: number
}

/**
 * Costs that have been spent and can be refunded by the group that gave them.
 *
 * @since 0.1.0
 * @category models
 */
export interface GroupReservation<Scope extends string> extends Reservation {
  /** What was spent in each scope. */
  readonly costs: Costs<Scope>
}

/**
 * A limit on the sum of costs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limit {
  /** The sum of costs admitted in any window; above 0. */
  readonly limit: number
  /** The length of the window; finite, above 0. */
  readonly window: Duration.DurationInput
}

/**
 * How calls wait, and where it is kept what was spent.
 *
 * @since 0.1.0
 * @category models
 */
export interface QueueOptions<out Lane extends string = never> {
  /** What the metrics and the errors call it. */
  readonly name: string
  /**
   * How many callers may wait in each lane of each scope; the next one is refused. Defaults to `1000`. `0` refuses
   * whoever would have to wait.
   */
  readonly maxQueue?: number | undefined
  /** The longest a caller may wait. Defaults to no limit but the `Deadline`. */
  readonly maxWait?: Duration.DurationInput | undefined
  /** The lanes callers wait in, those that go first first. Defaults to one lane for all. */
  readonly lanes?: ReadonlyArray<Lane> | undefined
  /** Where it is kept what was spent. Defaults to `RateLimiterStore.memory`. */
  readonly store?: RateLimiterStore.Open | undefined
}

/**
 * What a {@link RateLimiter} keeps to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out Lane extends string = never> extends Limit, QueueOptions<Lane> {}

/**
 * What a {@link Group} keeps to.
 *
 * @since 0.1.0
 * @category models
 */
export interface GroupOptions<Scope extends string, out Lane extends string = never> extends QueueOptions<Lane> {
  /** The limits, by the names that calls give their costs by. */
  readonly scopes: { readonly [S in Scope]: Limit }
}

/**
 * Makes a rate limiter, with nothing spent. Dies with a `RangeError` for options that make no sense.
 *
 * It needs no scope: only while somebody waits does one fiber sleep, until the turn of the first in the queue.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Lane extends string = never>(options: Options<Lane>): Effect.Effect<RateLimiter<Lane>> =>
  Effect.map(opening.open(options, [[options.name, options]], full), ({ meter, request, shell }): RateLimiter<Lane> => {
    const one = (cost: number, call: CallOptions<Lane> | undefined): Request =>
      request([{ scope: options.name, cost }], call)
    const refund = (reservation: Reservation): Effect.Effect<void> => withTicket(reservation, shell.refund)
    const withReservation: RateLimiter<Lane>["withReservation"] = (cost = 1, call) => (use) =>
      shell.acquireUse(() => one(cost, call), (ticket) => use(new Spent(ticket, cost)))
    return {
      ...meter(options.name, options.limit),
      reserve: (cost = 1, call) =>
        shell.acquire(() => one(cost, call), (ticket) => Effect.succeed(new Spent(ticket, cost))),
      refund,
      commit: (reservation) => withTicket(reservation, shell.commit),
      withReservation,
      withCost: (cost, call) => (self) => keepBrand(self, withReservation(cost, call)(() => self))
    }
  })

/**
 * Makes a group of limits, with nothing spent. It needs no scope, as {@link make} does not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const group = <const Scope extends string, const Lane extends string = never>(
  options: GroupOptions<Scope, Lane>
): Effect.Effect<Group<Scope, Lane>> =>
  Effect.suspend(() => {
    const limits = Record.toEntries<Scope, Limit>(options.scopes)
    const of = (scope: string): string => `${options.name}.${scope}`
    const ones: Costs<Scope> = Record.map(options.scopes, () => 1)
    return Effect.map(
      opening.open(options, limits.map(([scope, limit]) => [of(scope), limit]), full),
      ({ meter, request, shell }): Group<Scope, Lane> => {
        const several = (costs: Costs<Scope>, call: CallOptions<Lane> | undefined): Request => {
          const list: Array<RateLimiterStore.Cost> = []
          for (const [scope] of limits) {
            const cost = costs[scope]
            if (cost !== undefined) list.push({ scope: of(scope), cost })
          }
          return request(list, call)
        }
        const withReservation: Group<Scope, Lane>["withReservation"] = (costs = ones, call) => (use) =>
          shell.acquireUse(() => several(costs, call), (ticket) => use(new AllSpent(ticket, costs)))
        return {
          name: options.name,
          scopes: Record.map(options.scopes, (limit, scope) => meter(of(scope), limit.limit)),
          queued: Effect.sync(() => shell.queued()),
          reserve: (costs = ones, call) =>
            shell.acquire(() => several(costs, call), (ticket) => Effect.succeed(new AllSpent(ticket, costs))),
          refund: (reservation) => withTicket(reservation, shell.refund),
          commit: (reservation) => withTicket(reservation, shell.commit),
          withReservation,
          withCosts: (costs, call) => (self) => keepBrand(self, withReservation(costs, call)(() => self))
        }
      }
    )
  })

/**
 * The call was refused and nothing was sent: the queue was full, the cost exceeds what the limit ever allows, or its
 * turn does not come within `maxWait`.
 *
 * `retryAfter` is when its turn would come, as far as that is known: had there been room in the queue, or had it waited
 * on; infinite if it never would.
 * Circuit breakers and `Retry` know it as a local rejection. Built without a stack trace, since it is raised under
 * load.
 *
 * @since 0.1.0
 * @category errors
 */
export class RateLimiterFull
  extends Schema.TaggedError<RateLimiterFull>("@effect-exchange/resilience/RateLimiter/RateLimiterFull")(
    "RateLimiterFull",
    {
      name: Schema.String,
      reason: Schema.Literal("QueueFull", "CostExceedsLimit", "WaitTooLong"),
      retryAfter: Schema.Duration
    }
  )
{
  /**
   * @since 0.1.0
   */
  readonly [RejectionTypeId]: RejectionTypeId = RejectionTypeId
  /**
   * @since 0.1.0
   */
  override get message(): string {
    switch (this.reason) {
      case "CostExceedsLimit":
        return `The cost exceeds the whole limit of "${this.name}"; split the call`
      case "QueueFull":
        return `The queue of "${this.name}" is full; try again in ${
          Duration.format(this.retryAfter)
        } or ask for less ` +
          "at once"
      case "WaitTooLong":
        return `"${this.name}" has no turn to give within maxWait; try again in ${Duration.format(this.retryAfter)} ` +
          "or wait longer"
    }
  }
}

const full: opening.Refuse<RateLimiterFull> = (name, reason, retryAfter) =>
  new RateLimiterFull({ name, reason, retryAfter }, true)

class Spent implements Reservation {
  readonly ticket: RateLimiterStore.Ticket
  readonly cost: number
  constructor(ticket: RateLimiterStore.Ticket, cost: number) {
    this.ticket = ticket
    this.cost = cost
  }
}

class AllSpent<Scope extends string> extends Spent implements GroupReservation<Scope> {
  readonly costs: Costs<Scope>
  constructor(ticket: RateLimiterStore.Ticket, costs: Costs<Scope>) {
    super(ticket, ticket.costs.reduce((sum, { cost }) => sum + cost, 0))
    this.costs = costs
  }
}

const withTicket = (
  reservation: Reservation,
  f: (ticket: RateLimiterStore.Ticket) => Effect.Effect<void>
): Effect.Effect<void> => reservation instanceof Spent ? f(reservation.ticket) : Effect.void
