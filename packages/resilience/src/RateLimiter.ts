/**
 * Keeps to the limits that a server sets on the cost of calls over time, by waiting in order rather than being refused.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"
import type { DeadlineExceeded } from "./Deadline.js"
import type * as Idempotent from "./Idempotent.js"
import { type AtOnce, attach, type OfLimiter } from "./internal/atOnce.js"
import { keepBrand } from "./internal/idempotent.js"
import type { CallOptions, Limit, Meter, QueueOptions } from "./internal/rateLimiterModel.js"
import * as opening from "./internal/rateLimiterOpening.js"
import type { Request } from "./internal/rateLimiterShell.js"
import { AllTaken, Taken, withTicket } from "./internal/rateLimiterTaken.js"
import type * as RateLimiterStore from "./RateLimiterStore.js"
import { RejectionTypeId } from "./Rejection.js"

export {
  bucket,
  type BucketLimit,
  type CallOptions,
  type Limit,
  type LimitOptions,
  type Meter,
  type QueueOptions,
  window,
  type WindowLimit
} from "./internal/rateLimiterModel.js"

/**
 * A limit with a bounded queue before it.
 *
 * What was spent counts from the instant at which the call starts, and what is held counts without end: so however long
 * calls wait between here and the wire, what is sent keeps to the limit. Of a window: in any span of time as long as it,
 * the costs sent never exceed the limit, neither across the edge of a window the server counts in, nor after a pause;
 * what was sent at `t` counts until just before `t + window`. Of a bucket: in any `t` seconds never more than
 * `burst + perSecond * t`.
 *
 * Who waits is served by lane, and within a lane first come, first served: a cheap call does not overtake an expensive
 * one. A lane goes strictly before those after it: **as long as it uses up the limit, they wait**. What bounds that wait
 * is `maxWait` and the `Deadline`; give the lanes that go first only to calls that are few. What a limit has `reserved`
 * only the first lane may spend.
 *
 * A cost is a number, at least 0, in the server's unit (requests, weight points). Anything else is a defect.
 *
 * @since 0.1.0
 * @category models
 */
export interface RateLimiter<in Lane extends string = never> extends Meter {
  /** @internal */
  readonly [AtOnce]?: OfLimiter<number, CallOptions<Lane>>
  /**
   * Spends `cost` (by default `1`) when its turn has come, and counts it from when this returns: send at once. For a
   * call that waits for something else first, take {@link RateLimiter.withReservation}.
   *
   * Fails at once, without having waited: with {@link RateLimiterFull} when the queue is full, the cost exceeds the
   * limit, or its turn would not come within `maxWait`; with `DeadlineExceeded` when its turn would not come before the
   * current `Deadline`. If its turn is put off while it waits, it fails with those when that time is over. If it is
   * interrupted while waiting it leaves the queue and has spent nothing; if it is interrupted at the moment its turn has
   * come, nobody learns of the reservation and the cost counts until it comes back by itself.
   * {@link RateLimiter.withReservation} has no such moment.
   */
  readonly reserve: (
    cost?: number,
    options?: CallOptions<Lane>
  ) => Effect.Effect<Reservation, RateLimiterFull | DeadlineExceeded>
  /**
   * Gives back what a call did not use, because it was never sent, and admits who can go now. Once only: a second
   * refund does nothing, and of what has been spent only what still counts is given back.
   */
  readonly refund: (reservation: Reservation) => Effect.Effect<void>
  /**
   * Counts what is held from now on: the call leaves now, after whatever it has waited for, and the server begins to
   * count. Once only: does nothing to what counts already (so to nothing that `reserve` returned), nor after a refund.
   */
  readonly commit: (reservation: Reservation) => Effect.Effect<void>
  /**
   * Holds the cost and runs what is made of the reservation, which commits it in the instant of sending, or refunds it
   * when it learns that nothing will be sent. What is held counts against the limit until then, however long that takes;
   * what ends having done neither is spent at that instant. Refunded for it only if interrupted before it started.
   *
   * **Gotchas**: without `commit`, a call that takes a minute counts for all of it and for a window more.
   */
  readonly withReservation: (cost?: number, options?: CallOptions<Lane>) => <A, E, R>(
    use: (reservation: Reservation) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | RateLimiterFull | DeadlineExceeded, R>
  /**
   * Spends the cost as the effect starts, and runs it. Refunded only if interrupted before the effect started. Keeps the
   * brand of an `Idempotent` effect.
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
  /** @internal */
  readonly [AtOnce]?: OfLimiter<Costs<Scope>, CallOptions<Lane>>
  /** What the metrics and the errors call it; a scope of it is called by both names, joined by a dot. */
  readonly name: string
  /** Each limit by itself. */
  readonly scopes: { readonly [S in Scope]: Meter }
  /** How many callers wait, in all. */
  readonly queued: Effect.Effect<number>
  /**
   * As {@link RateLimiter.reserve}, by default `1` in each scope. A scope that costs leave
   * out takes no part; one with a cost of 0 takes its turn; one that does not exist is a defect.
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
 * A cost that is held or has been spent, for the limiter that gave it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reservation {
  /** What was taken; by a group, in all its scopes together. */
  readonly cost: number
}

/**
 * Costs that are held or have been spent, for the group that gave them.
 *
 * @since 0.1.0
 * @category models
 */
export interface GroupReservation<Scope extends string> extends Reservation {
  /** What was taken in each scope. */
  readonly costs: Costs<Scope>
}

/**
 * What a {@link RateLimiter} keeps to.
 *
 * @since 0.1.0
 * @category models
 */
export type Options<Lane extends string = never> = Limit & QueueOptions<Lane>

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
 * @example
 * import { RateLimiter } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const limiter = yield* RateLimiter.make({ name: "prices", limit: 2, window: "50 millis" })
 *   // The third waits until the window has moved on.
 *   yield* Effect.forEach([1, 2, 3], (n) => limiter.withCost(1)(Effect.log(n)))
 * })
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Lane extends string = never>(options: Options<Lane>): Effect.Effect<RateLimiter<Lane>> =>
  Effect.map(opening.open(options, [[options.name, options]], full), ({ meter, request, shell }): RateLimiter<Lane> => {
    const one = (cost: number, call: CallOptions<Lane> | undefined): Request =>
      request([{ scope: options.name, cost }], call)
    return attach<RateLimiter<Lane>>({
      ...meter(options.name),
      reserve: (cost = 1, call) =>
        shell.acquire("Returns", () => one(cost, call), (ticket) => Effect.succeed(new Taken(ticket, cost))),
      refund: (reservation) => withTicket(reservation, shell.refund),
      commit: (reservation) => withTicket(reservation, shell.commit),
      withReservation: (cost = 1, call) => (use) =>
        shell.acquire("Holds", () => one(cost, call), (ticket) => use(new Taken(ticket, cost))),
      withCost: (cost = 1, call) => (self) =>
        keepBrand(self, shell.acquire("Starts", () => one(cost, call), () => self))
    }, { hold: (cost = 1, call, clock) => shell.holdAtOnce(one(cost, call), clock) })
  })

/**
 * Makes a group of limits, with nothing spent. It needs no scope, as {@link make} does not.
 *
 * @example
 * import { RateLimiter } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const limits = yield* RateLimiter.group({
 *     name: "exchange",
 *     scopes: {
 *       weight: RateLimiter.window(6000, "1 minute"),
 *       orders: RateLimiter.bucket({ burst: 50, perSecond: 5 })
 *     }
 *   })
 *   return yield* Effect.succeed("placed").pipe(limits.withCosts({ weight: 1, orders: 1 }))
 * })
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category constructors
 */
export const group = <const Scope extends string, const Lane extends string = never>(
  options: GroupOptions<Scope, Lane>
): Effect.Effect<Group<Scope, Lane>> =>
  Effect.suspend(() => {
    const name = (scope: string): string => `${options.name}.${scope}`
    const limits = Record.toEntries<Scope, Limit>(options.scopes)
    const names = new Map<string, string>(limits.map(([scope]) => [scope, name(scope)]))
    const ones: Costs<Scope> = Record.map(options.scopes, () => 1)
    return Effect.map(
      opening.open(options, limits.map(([scope, limit]) => [name(scope), limit]), full),
      ({ meter, request, shell }): Group<Scope, Lane> => {
        const scopes: { readonly [S in Scope]: Meter } = Record.map(options.scopes, (_, scope) => meter(name(scope)))
        const several = (costs: Costs<Scope>, call: CallOptions<Lane> | undefined): Request => {
          const list: Array<RateLimiterStore.Cost> = []
          for (const scope in costs) {
            const cost = costs[scope]
            // What has no name the limiter does not know, and says so.
            if (cost !== undefined) list.push({ scope: names.get(scope) ?? name(scope), cost })
          }
          return request(list, call)
        }
        return attach<Group<Scope, Lane>>({
          name: options.name,
          scopes,
          queued: Effect.sync(() => shell.queued()),
          reserve: (costs = ones, call) =>
            shell.acquire(
              "Returns",
              () => several(costs, call),
              (ticket) => Effect.succeed(new AllTaken(ticket, costs))
            ),
          refund: (reservation) => withTicket(reservation, shell.refund),
          commit: (reservation) => withTicket(reservation, shell.commit),
          withReservation: (costs = ones, call) => (use) =>
            shell.acquire("Holds", () => several(costs, call), (ticket) => use(new AllTaken(ticket, costs))),
          withCosts: (costs = ones, call) => (self) =>
            keepBrand(self, shell.acquire("Starts", () => several(costs, call), () => self))
        }, { hold: (costs = ones, call, clock) => shell.holdAtOnce(several(costs, call), clock) })
      }
    )
  })

/**
 * The call was refused and nothing was sent: the queue was full, the cost exceeds what the limit ever allows, or its
 * turn does not come within `maxWait`.
 *
 * `retryAfter` is when its turn would come, as far as that is known: had there been room in the queue, or had it waited
 * on; infinite if it never would. `most` is the most that a call of its lane may cost, if its cost exceeds that.
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
      retryAfter: Schema.Duration,
      most: Schema.optional(Schema.Number)
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
        return this.most === undefined
          ? `The cost exceeds the limit of "${this.name}"; split the call into smaller ones`
          : `The cost exceeds ${this.most}, the maximum for a call in this lane of "${this.name}"; split the call into smaller ones`
      case "QueueFull":
        return `The queue of "${this.name}" is full; try again in ${Duration.format(this.retryAfter)} ` +
          "or make fewer concurrent calls"
      case "WaitTooLong":
        return `"${this.name}" cannot admit the call within maxWait; try again in ${
          Duration.format(this.retryAfter)
        } ` +
          "or increase maxWait"
    }
  }
}

const full: opening.Refuse<RateLimiterFull> = (name, reason, retryAfter, most) =>
  new RateLimiterFull({ name, reason, retryAfter, most }, true)
