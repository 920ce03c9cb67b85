/**
 * The types of a store of rate limiters, which the limiter and the stores share.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { FastPath } from "./fastPath.js"

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
   * Pauses the scope until an instant of the wall clock, but for at most the `maxPause` of the limit. It extends an
   * existing pause and never shortens it.
   */
  readonly pauseUntil: (scope: string, until: number) => Effect.Effect<void>
  /** Ends the pause, and discards the usage that the server attributed to others. */
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
   * The end of the pause of the scope, in epoch milliseconds of the wall clock; until then nothing can be spent, whatever
   * the usage.
   */
  readonly pausedUntil: Option.Option<number>
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
