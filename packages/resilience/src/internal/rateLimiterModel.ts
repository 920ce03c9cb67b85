/**
 * What `RateLimiter` exports and what it is made of need alike: limits, their meters, and how calls wait.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as RateLimiterStore from "../RateLimiterStore.js"

/**
 * What can be told and asked of one limit.
 *
 * @since 0.1.0
 * @category models
 */
export interface Meter {
  /** What the metrics call it. */
  readonly name: string
  /**
   * Admits nobody before that instant of the wall clock, and never for longer than `maxPause` from now. Extends an
   * earlier pause, never shortens it. An instant that is negative or no finite number is ignored.
   */
  readonly pauseUntil: (epochMillis: number) => Effect.Effect<void>
  /** Takes back a pause and whatever the server said that others had used, and admits who can go now. */
  readonly resume: Effect.Effect<void>
  /**
   * Takes in what the server says has been used of the limit: of a window in its current one, of a bucket what is
   * missing from it (`burst` minus what remains). Never lowers what counts here, since the server has not seen yet what
   * is on its way; what is held here is taken to have been seen. A number that is negative or not finite is ignored, and
   * what others are said to have used stops nothing for longer than `maxPause`.
   *
   * Answers what counts then, as a ratio of the limit.
   *
   * **Of a window**, told nothing of which, it compares with all that counts here: if the server has counted more, the
   * difference counts as spent now. Told when the window ends, or its number (see `RateLimiterStore.ServerWindow`), it
   * is exact: compared with what was sent from here in that window, the difference was spent by others and leaves when
   * the window ends; a report that arrives after its window has ended, or after one of a later window, changes nothing.
   *
   * **Of a bucket**, the difference counts as spent now and comes back as everything does; `window` is not needed. A
   * difference below 1 is taken for rounding.
   */
  readonly sync: (used: number, window?: RateLimiterStore.ServerWindow) => Effect.Effect<number>
  /**
   * As {@link sync}, at once, for whoever runs in a fiber already, of which `clock` is; `undefined` where that takes an effect,
   * as others wait or the limit is kept elsewhere: then nothing has happened.
   */
  readonly unsafeSync: (
    clock: Clock.Clock,
    used: number,
    window?: RateLimiterStore.ServerWindow
  ) => number | undefined
  /**
   * Keeps to another limit from now on; what was spent still counts. Raised, it admits at once who can go now; lowered,
   * it holds everybody back until they fit, and refuses those who wait with a cost that never will. Dies with a
   * `RangeError` for a limit that makes no sense.
   */
  readonly setLimit: (limit: Limit) => Effect.Effect<void>
  /** What the first lane can spend now, pauses aside; at least 0. Other lanes lack what is `reserved`. */
  readonly available: Effect.Effect<number>
  /** How many callers wait. */
  readonly queued: Effect.Effect<number>
  /** What counts now, what is held included, as a ratio of the limit; above 1 only if the server said so or the limit was lowered. */
  readonly usage: Effect.Effect<number>
  /** Until when nobody is admitted, in epoch milliseconds of the wall clock; none if not paused. */
  readonly pausedUntil: Effect.Effect<Option.Option<number>>
}

/**
 * A limit on the sum of costs: see {@link window} and {@link bucket}.
 *
 * @since 0.1.0
 * @category models
 */
export type Limit = WindowLimit | BucketLimit

/**
 * In any span of time as long as the window, the sum of costs is at most the limit.
 *
 * @since 0.1.0
 * @category models
 */
export interface WindowLimit extends LimitOptions {
  /** The sum of costs sent in any window; above 0. */
  readonly limit: number
  /** The length of the window; finite, above 0. */
  readonly window: Duration.DurationInput
}

/**
 * In any `t` seconds the sum of costs is at most `burst + perSecond * t`: so much at once, then as much as comes back.
 *
 * @since 0.1.0
 * @category models
 */
export interface BucketLimit extends LimitOptions {
  /** The sum of costs sent at once; above 0. It is the most that a call may cost. */
  readonly burst: number
  /** What comes back in a second; finite, above 0. */
  readonly perSecond: number
}

/**
 * What goes for every {@link Limit}.
 *
 * @since 0.1.0
 * @category models
 */
export interface LimitOptions {
  /**
   * How much of it is kept for calls of the first lane: calls of other lanes are admitted as if the limit were lower by
   * that, and may cost no more than that leaves. From 0, below the limit; above 0 only where there are two lanes or
   * more. Defaults to `0`.
   */
  readonly reserved?: number | undefined
}

/**
 * Makes a limit that a server keeps over a window of time.
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
 * Makes a limit that a server keeps as a bucket of tokens, full at first, which refills at a steady rate.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bucket = (options: BucketLimit): BucketLimit => options

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
  /**
   * The longest that a word of the server's (`pauseUntil`, `sync`) stops anything; finite, above 0. Defaults to
   * `"1 hour"`.
   */
  readonly maxPause?: Duration.DurationInput | undefined
  /** The lanes callers wait in, those that go first first. Defaults to one lane for all. */
  readonly lanes?: ReadonlyArray<Lane> | undefined
  /** Where it is kept what was spent. Defaults to `RateLimiterStore.memory`. */
  readonly store?: RateLimiterStore.Open | undefined
}

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
