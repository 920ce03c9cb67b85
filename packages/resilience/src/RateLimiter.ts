/**
 * Rate limits on the cost of calls over time: calls wait in order instead of being refused by the server.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"
import type { DeadlineExceeded } from "./Deadline.js"
import type * as Idempotent from "./Idempotent.js"
import { attach, type FastPath, type LimiterFastPath } from "./internal/fastPath.js"
import { keepBrand } from "./internal/idempotent.js"
import type { CallOptions, Limit, Meter, QueueOptions } from "./internal/rateLimiterModel.js"
import * as opening from "./internal/rateLimiterOpening.js"
import { GroupTicketReservation, TicketReservation, withTicket } from "./internal/rateLimiterReservation.js"
import type { Request } from "./internal/rateLimiterShell.js"
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
 * A rate limit with a bounded queue in front of it.
 *
 * A spent cost counts from the instant the call starts, and a held cost counts until it is committed or refunded. So
 * however long calls wait between the limiter and the network, the requests sent stay within the limit. For a window
 * limit: in any span of time as long as the window, the costs sent never exceed the limit, not even across the boundary
 * of a server's window or after a pause. A cost sent at `t` counts until just before `t + window`. For a bucket limit:
 * the costs sent in any `t` seconds never exceed `burst + perSecond * t`.
 *
 * Waiting calls are served by lane, and within a lane in order of arrival: a cheap call does not overtake an expensive
 * one. A lane has strict priority over the lanes after it: **as long as it uses up the limit, they wait**. Their wait
 * is bounded by `maxWait` and the `Deadline`; use high-priority lanes only for a small number of calls. The `reserved`
 * part of a limit is for the first lane only.
 *
 * A cost is a number, at least 0, in the server's unit (requests, weight). Any other cost is a defect.
 *
 * @since 0.1.0
 * @category models
 */
export interface RateLimiter<in Lane extends string = never> extends Meter {
  /** @internal */
  readonly [FastPath]?: LimiterFastPath<number, CallOptions<Lane>>
  /**
   * Spends `cost` (by default `1`) when the call is admitted. The cost counts from when this effect returns, so send
   * the request immediately. If the call waits for something else first, use {@link RateLimiter.withReservation}.
   *
   * Fails immediately, without waiting: with {@link RateLimiterFull} if the queue is full, the cost exceeds the limit,
   * or the call could not be admitted within `maxWait`; with `DeadlineExceeded` if it could not be admitted before the
   * current `Deadline`. If admission is delayed while the call waits, it fails with these errors when that time is
   * over.
   *
   * A call that is interrupted while waiting leaves the queue and spends nothing. If it is interrupted at the very
   * moment of its admission, no one receives the reservation and the cost counts until it expires.
   * {@link RateLimiter.withReservation} has no such moment.
   */
  readonly reserve: (
    cost?: number,
    options?: CallOptions<Lane>
  ) => Effect.Effect<Reservation, RateLimiterFull | DeadlineExceeded>
  /**
   * Refunds a cost that was not used because the request was never sent, and admits calls that fit now. Works only
   * once: a second refund does nothing. Of a cost already spent, only the part that still counts is refunded.
   */
  readonly refund: (reservation: Reservation) => Effect.Effect<void>
  /**
   * Counts a held cost as spent from now on: the request leaves now, after everything it waited for, and the server
   * begins to count it. Works only once: it does nothing for a cost that is already spent (so nothing for a reservation
   * returned by `reserve`), nor after a refund.
   */
  readonly commit: (reservation: Reservation) => Effect.Effect<void>
  /**
   * Holds the cost and runs the effect that `use` returns for the reservation. That effect commits the reservation when
   * it sends the request, or refunds it when it finds that nothing will be sent. A held cost counts against the limit
   * until then, however long that takes. If the effect ends without doing either, the cost is spent at that instant. It
   * is refunded automatically only if the call is interrupted before the effect started.
   *
   * **Gotchas**: without `commit`, a call that takes a minute counts for that minute plus a window.
   */
  readonly withReservation: (cost?: number, options?: CallOptions<Lane>) => <A, E, R>(
    use: (reservation: Reservation) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | RateLimiterFull | DeadlineExceeded, R>
  /**
   * Spends the cost when the effect starts, and runs the effect. The cost is refunded only if the call is interrupted
   * before the effect started. Keeps the brand of an `Idempotent` effect.
   */
  readonly withCost: (
    cost?: number,
    options?: CallOptions<Lane>
  ) => <A, E, R, I = never>(
    self: Idempotent.Input<A, E, R, I>
  ) => Idempotent.Output<A, E | RateLimiterFull | DeadlineExceeded, R, I>
}

/**
 * Several limits that one call may draw on: all of its costs are spent in the same instant, or none.
 *
 * Each scope behaves like a {@link RateLimiter}. A call that waits for one scope spends nothing in the others, but
 * keeps its place before later calls in each of them. Calls that share no scope never wait for each other, except
 * through an earlier call that shares a scope with both.
 *
 * @since 0.1.0
 * @category models
 */
export interface Group<Scope extends string, in Lane extends string = never> {
  /** @internal */
  readonly [FastPath]?: LimiterFastPath<Costs<Scope>, CallOptions<Lane>>
  /** The name used in metrics and errors. A scope is named by both names, joined by a dot. */
  readonly name: string
  /** The individual limits. */
  readonly scopes: { readonly [S in Scope]: Meter }
  /** The total number of waiting callers. */
  readonly queued: Effect.Effect<number>
  /**
   * Reserves the costs like {@link RateLimiter.reserve}, by default `1` in each scope. A call does not take part in a
   * scope that its costs omit. It queues in a scope with a cost of 0. A scope that does not exist is a defect.
   */
  readonly reserve: (
    costs?: Costs<Scope>,
    options?: CallOptions<Lane>
  ) => Effect.Effect<GroupReservation<Scope>, RateLimiterFull | DeadlineExceeded>
  /** Refunds the costs in all scopes; see {@link RateLimiter.refund}. */
  readonly refund: (reservation: Reservation) => Effect.Effect<void>
  /** Commits the costs in all scopes; see {@link RateLimiter.commit}. */
  readonly commit: (reservation: Reservation) => Effect.Effect<void>
  /** Holds the costs and runs an effect; see {@link RateLimiter.withReservation}. */
  readonly withReservation: (costs?: Costs<Scope>, options?: CallOptions<Lane>) => <A, E, R>(
    use: (reservation: GroupReservation<Scope>) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | RateLimiterFull | DeadlineExceeded, R>
  /** Spends the costs when the effect starts; see {@link RateLimiter.withCost}. */
  readonly withCosts: (
    costs?: Costs<Scope>,
    options?: CallOptions<Lane>
  ) => <A, E, R, I = never>(
    self: Idempotent.Input<A, E, R, I>
  ) => Idempotent.Output<A, E | RateLimiterFull | DeadlineExceeded, R, I>
}

/**
 * The cost of a call in each scope it draws on.
 *
 * @since 0.1.0
 * @category models
 */
export type Costs<Scope extends string> = { readonly [S in Scope]?: number | undefined }

/**
 * A cost that is held or spent, as proof to the limiter that granted it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reservation {
  /** The cost that was taken; for a group, the sum over all scopes. */
  readonly cost: number
}

/**
 * Costs that are held or spent, as proof to the group that granted them.
 *
 * @since 0.1.0
 * @category models
 */
export interface GroupReservation<Scope extends string> extends Reservation {
  /** The cost that was taken in each scope. */
  readonly costs: Costs<Scope>
}

/**
 * The options of a {@link RateLimiter}.
 *
 * @since 0.1.0
 * @category models
 */
export type Options<Lane extends string = never> = Limit & QueueOptions<Lane>

/**
 * The options of a {@link Group}.
 *
 * @since 0.1.0
 * @category models
 */
export interface GroupOptions<Scope extends string, out Lane extends string = never> extends QueueOptions<Lane> {
  /** The limits, keyed by the names that calls use for their costs. */
  readonly scopes: { readonly [S in Scope]: Limit }
}

/**
 * Creates a rate limiter with nothing spent. Dies with a `RangeError` for invalid options.
 *
 * It needs no scope. One fiber sleeps while calls are waiting, until the first of the queue can be admitted; otherwise
 * there is no fiber.
 *
 * @example
 * import { RateLimiter } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const limiter = yield* RateLimiter.make({ name: "prices", limit: 2, window: "50 millis" })
 *   // The third call waits until the window has moved on.
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
        shell.acquire(
          "Returns",
          () => one(cost, call),
          (ticket) => Effect.succeed(new TicketReservation(ticket, cost))
        ),
      refund: (reservation) => withTicket(reservation, shell.refund),
      commit: (reservation) => withTicket(reservation, shell.commit),
      withReservation: (cost = 1, call) => (use) =>
        shell.acquire("Holds", () => one(cost, call), (ticket) => use(new TicketReservation(ticket, cost))),
      withCost: (cost = 1, call) => (self) =>
        keepBrand(self, shell.acquire("Starts", () => one(cost, call), () => self))
    }, { hold: (cost = 1, call, clock) => shell.tryHold(one(cost, call), clock) })
  })

/**
 * Creates a group of limits with nothing spent. Like {@link make}, it needs no scope.
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
            // The limiter does not know a scope without a name, and dies with a message that says so.
            if (cost !== undefined) list.push({ scope: names.get(scope) ?? name(scope), cost })
          }
          // A copy has no spare capacity, which each call in progress would hold.
          return request(list.slice(), call)
        }
        return attach<Group<Scope, Lane>>({
          name: options.name,
          scopes,
          queued: Effect.sync(() => shell.queued()),
          reserve: (costs = ones, call) =>
            shell.acquire(
              "Returns",
              () => several(costs, call),
              (ticket) => Effect.succeed(new GroupTicketReservation(ticket, costs))
            ),
          refund: (reservation) => withTicket(reservation, shell.refund),
          commit: (reservation) => withTicket(reservation, shell.commit),
          withReservation: (costs = ones, call) => (use) =>
            shell.acquire(
              "Holds",
              () => several(costs, call),
              (ticket) => use(new GroupTicketReservation(ticket, costs))
            ),
          withCosts: (costs = ones, call) => (self) =>
            keepBrand(self, shell.acquire("Starts", () => several(costs, call), () => self))
        }, { hold: (costs = ones, call, clock) => shell.tryHold(several(costs, call), clock) })
      }
    )
  })

/**
 * The call was refused and nothing was sent: the queue was full, the cost exceeds what the limit ever allows, or the
 * call cannot be admitted within `maxWait`.
 *
 * `retryAfter` is the time until the call could have been admitted, as far as known, had there been room in the queue
 * or had it kept waiting; infinite if it could never be admitted. `most` is the maximum cost of a call in its lane, if
 * the cost exceeds it. Circuit breakers and `Retry` treat this error as a local rejection. It is built without a stack
 * trace, because it is raised under load.
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
