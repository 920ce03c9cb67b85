/**
 * The types that `RateLimiter` shares with its implementation: limits, their meters, and how calls wait.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as RateLimiterStore from "./rateLimiterStoreModel.js"

/**
 * The operations on one limit.
 *
 * @since 0.1.0
 * @category models
 */
export interface Meter {
  /** The name used in metrics. */
  readonly name: string
  /**
   * Admits no call before an instant of the wall clock, but for at most `maxPause` from now. It extends an earlier
   * pause and never shortens it. A negative or non-finite instant is ignored.
   */
  readonly pauseUntil: (epochMillis: number) => Effect.Effect<void>
  /** Lifts a pause, discards the usage that the server attributed to others, and admits the calls that fit now. */
  readonly resume: Effect.Effect<void>
  /**
   * Applies the usage that the server reports: for a window, the usage of the current window; for a bucket, the tokens
   * missing from it (`burst` minus the remaining tokens). It never lowers the local usage, because the server has not
   * yet seen the requests in transit; held costs are assumed to have been seen. A negative or non-finite number is
   * ignored, and usage attributed to others blocks calls for at most `maxPause`.
   *
   * Returns the resulting usage as a ratio of the limit.
   *
   * **For a window**, without `window`, the report is compared with all local usage: if the server has counted more,
   * the difference counts as spent now. With the end or the number of the server's window (see
   * `RateLimiterStore.ServerWindow`) it is exact: the report is compared with the costs sent from here in that window,
   * and the difference was spent by others and expires when the window ends. A report that arrives after its window has
   * ended, or after a report of a later window, changes nothing.
   *
   * **For a bucket**, the difference counts as spent now and is restored at the usual rate; `window` is not needed. A
   * difference below 1 is treated as rounding.
   */
  readonly sync: (used: number, window?: RateLimiterStore.ServerWindow) => Effect.Effect<number>
  /**
   * Does synchronously what {@link sync} does, for code that already runs in a fiber, whose clock is `clock`. Returns
   * `undefined`, without having changed anything, if that requires an effect, because calls are waiting or the limit is
   * kept elsewhere.
   */
  readonly unsafeSync: (
    clock: Clock.Clock,
    used: number,
    window?: RateLimiterStore.ServerWindow
  ) => number | undefined
  /**
   * Replaces the limit from now on. Costs already spent still count. A higher limit immediately admits the calls that
   * fit now. A lower limit holds all calls back until they fit, and refuses waiting calls with a cost that never will.
   * Dies with a `RangeError` for an invalid limit.
   */
  readonly setLimit: (limit: Limit) => Effect.Effect<void>
  /**
   * The amount that the first lane can spend now, ignoring pauses; at least 0. Other lanes cannot spend the `reserved`
   * part.
   */
  readonly available: Effect.Effect<number>
  /** The number of waiting callers. */
  readonly queued: Effect.Effect<number>
  /**
   * The current usage, including held costs, as a ratio of the limit; above 1 only if the server reported so or the
   * limit was lowered.
   */
  readonly usage: Effect.Effect<number>
  /** The instant until which no call is admitted, in epoch milliseconds of the wall clock; none if not paused. */
  readonly pausedUntil: Effect.Effect<Option.Option<number>>
}

/**
 * A limit on the sum of costs; see {@link window} and {@link bucket}.
 *
 * @since 0.1.0
 * @category models
 */
export type Limit = WindowLimit | BucketLimit

/**
 * A limit on the sum of costs in any span of time as long as the window.
 *
 * @since 0.1.0
 * @category models
 */
export interface WindowLimit extends LimitOptions {
  /** The maximum sum of costs sent in any window; above 0. */
  readonly limit: number
  /** The length of the window; finite, above 0. */
  readonly window: Duration.DurationInput
}

/**
 * A limit of `burst + perSecond * t` on the sum of costs in any `t` seconds: an initial burst, then a steady rate.
 *
 * @since 0.1.0
 * @category models
 */
export interface BucketLimit extends LimitOptions {
  /** The maximum sum of costs sent together, and the maximum cost of a call; above 0. */
  readonly burst: number
  /** The amount restored per second; finite, above 0. */
  readonly perSecond: number
}

/**
 * The options shared by every {@link Limit}.
 *
 * @since 0.1.0
 * @category models
 */
export interface LimitOptions {
  /**
   * The part of the limit reserved for calls of the first lane. Calls of other lanes are admitted as if the limit were
   * lower by that amount, and may cost at most the rest. At least 0, below the limit; above 0 only with two lanes or
   * more. Defaults to `0`.
   */
  readonly reserved?: number | undefined
}

/**
 * Creates a limit that a server enforces over a window of time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const window = (limit: number, window: Duration.DurationInput, options?: LimitOptions): WindowLimit => ({
  ...options,
  limit,
  window
})

/**
 * Creates a limit that a server enforces as a token bucket, initially full, which refills at a steady rate.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bucket = (options: BucketLimit): BucketLimit => options

/**
 * The options of waiting and of storing the usage.
 *
 * @since 0.1.0
 * @category models
 */
export interface QueueOptions<out Lane extends string = never> {
  /** The name used in metrics and errors. */
  readonly name: string
  /**
   * The maximum number of waiting callers per lane of each scope; further callers are refused. Defaults to `1000`. `0`
   * refuses every caller that would have to wait.
   */
  readonly maxQueue?: number | undefined
  /** The maximum time a caller may wait. By default only the `Deadline` limits the wait. */
  readonly maxWait?: Duration.DurationInput | undefined
  /**
   * The longest time for which a report of the server (`pauseUntil`, `sync`) can block calls; finite, above 0. Defaults
   * to `"1 hour"`.
   */
  readonly maxPause?: Duration.DurationInput | undefined
  /** The lanes in which callers wait, highest priority first. By default all callers share one lane. */
  readonly lanes?: ReadonlyArray<Lane> | undefined
  /** The store of the usage. Defaults to `RateLimiterStore.memory`. */
  readonly store?: RateLimiterStore.Open | undefined
}

/**
 * The options of one call.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallOptions<out Lane extends string = never> {
  /** The lane in which the call waits. Defaults to the last one. */
  readonly lane?: Lane | undefined
  /** The maximum time the call may wait. Defaults to that of the limiter. */
  readonly maxWait?: Duration.DurationInput | undefined
}
