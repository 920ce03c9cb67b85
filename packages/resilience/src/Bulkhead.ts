/**
 * Bounded concurrency with a bounded queue: one slow service must not take every fiber of the process with it.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as bulkhead from "./internal/bulkhead.js"
import { type Adaptive, type Bounds, type Bulkhead, BulkheadFull } from "./internal/bulkheadModel.js"
import { requireMillis, requireNanos } from "./internal/duration.js"
import { requireThat, requireWhole } from "./internal/requireWhole.js"

export {
  type Adaptive,
  type Aimd,
  type Bulkhead,
  BulkheadFull,
  type CallOptions,
  type Gradient
} from "./internal/bulkheadModel.js"

/**
 * The size of a {@link Bulkhead}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out Lane extends string = string> {
  /** What the metrics and {@link BulkheadFull} call it. */
  readonly name: string
  /** How many effects may run at once, to begin with; a whole number, at least 1. */
  readonly permits: number
  /**
   * How many callers may wait in each lane; the next one is refused. Defaults to `1000`. `0` refuses whoever would have
   * to wait.
   */
  readonly maxQueue?: number | undefined
  /** The longest a caller may wait. Defaults to no limit but the `Deadline`. */
  readonly maxWait?: Duration.DurationInput | undefined
  /** The lanes callers wait in, those that go first first. Defaults to one lane for all, whatever calls say. */
  readonly lanes?: ReadonlyArray<Lane> | undefined
  /**
   * How many of the permits are for the first lane only; a whole number below `permits`. Defaults to `0`. Of fewer permits,
   * after a resize, one is always left to the others.
   */
  readonly reserved?: number | undefined
  /** Lets it find out by itself how many may run at once: {@link aimd} or {@link gradient}. Defaults to none. */
  readonly adaptive?: Adaptive | undefined
}

/**
 * What the adaptive limits have in common.
 *
 * @since 0.1.0
 * @category models
 */
export interface AdaptiveOptions {
  /** Never fewer than this; a whole number. Defaults to `1`. */
  readonly min?: number | undefined
  /** Never more than this; a whole number. Defaults to `200`. */
  readonly max?: number | undefined
  /** What the limit is multiplied with at a sign of overload; above 0, below 1. Defaults to `0.9`. */
  readonly backoff?: number | undefined
  /**
   * Which failures are signs of overload: an attempt's timeout, a 429, a 503. If it throws, that is logged, and the failure is none.
   * Defaults to none.
   */
  readonly isOverload?: ((error: unknown) => boolean) | undefined
}

/**
 * Grows by one for as many calls as the limit that are answered well while at least half of it is in use; is multiplied
 * with `backoff` when a call fails for overload, or takes `slowAfter` or longer, be it in vain.
 *
 * For servers that say when they are overloaded. Throws a `RangeError` for options that make no sense.
 *
 * @since 0.1.0
 * @category constructors
 */
export const aimd = (
  options: AdaptiveOptions & {
    /** How long a call may take before it counts as a sign of overload. Defaults to 5 seconds. */
    readonly slowAfter?: Duration.DurationInput | undefined
  } = {}
): Adaptive => ({
  _tag: "Aimd",
  ...bounds(options),
  slowAfterMillis: requireMillis("Bulkhead.aimd: slowAfter", options.slowAfter ?? "5 seconds")
})

/**
 * Shrinks as soon as calls take longer than usual, long before anything fails; with `recent` for the mean duration of
 * the latest calls, as many as the limit but at least 10, and `usual` for the moving mean of those:
 *
 * ```text
 * target = clamp(tolerance * usual / recent, 0.5, 1) * limit + queue
 * limit  = limit + smoothing * (target - limit)
 * ```
 *
 * It stays as it is while less than half of it is in use. After Netflix's `Gradient2Limit`. Throws a `RangeError` for
 * options that make no sense.
 *
 * @since 0.1.0
 * @category constructors
 */
export const gradient = (
  options: AdaptiveOptions & {
    /** How many times as long as usual calls may take before it shrinks; at least 1. Defaults to `1.5`. */
    readonly tolerance?: number | undefined
    /** By how many it grows while all is well: what may queue at the server; above 0. Defaults to `4`. */
    readonly queue?: number | undefined
    /** How much of the way to the target it goes at once; above 0, at most 1. Defaults to `0.2`. */
    readonly smoothing?: number | undefined
    /** Over how many means `usual` is the mean; a whole number from 1. Defaults to `600`. */
    readonly memory?: number | undefined
  } = {}
): Adaptive => {
  const { memory = 600, queue = 4, smoothing = 0.2, tolerance = 1.5 } = options
  requireThat("Bulkhead.gradient: tolerance", tolerance, tolerance >= 1, "at least 1")
  requireThat("Bulkhead.gradient: queue", queue, queue > 0, "greater than 0")
  requireThat(
    "Bulkhead.gradient: smoothing",
    smoothing,
    smoothing > 0 && smoothing <= 1,
    "greater than 0 and at most 1"
  )
  requireWhole("Bulkhead.gradient: memory", memory, 1, Number.MAX_SAFE_INTEGER)
  return { _tag: "Gradient", ...bounds(options), tolerance, queue, smoothing, memory }
}

const bounds = ({ backoff = 0.9, isOverload = () => false, max = 200, min = 1 }: AdaptiveOptions): Bounds => {
  requireWhole("Bulkhead: min", min, 1, Number.MAX_SAFE_INTEGER)
  requireWhole("Bulkhead: max", max, min, Number.MAX_SAFE_INTEGER)
  requireThat("Bulkhead: backoff", backoff, backoff > 0 && backoff < 1, "greater than 0 and less than 1")
  return { min, max, backoff, isOverload }
}

/**
 * Makes a bulkhead. Dies with a `RangeError` for options that make no sense.
 *
 * It needs no scope: only while somebody waits who has a `maxWait` or a `Deadline` does one fiber sleep, until the first
 * of these is over.
 *
 * @example
 * import { Bulkhead } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const bulkhead = yield* Bulkhead.make({ name: "reports", permits: 2, maxQueue: 1 })
 *   const report = bulkhead.withPermit(Effect.as(Effect.sleep("10 millis"), "done"))
 *   // Two run, one waits, one is refused.
 *   return yield* Effect.all([report, report, report, Effect.either(report)], { concurrency: "unbounded" })
 * })
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Lane extends string = string>(options: Options<Lane>): Effect.Effect<Bulkhead<Lane>> =>
  Effect.sync(() => {
    const { adaptive, maxQueue = 1000, maxWait, name, permits, reserved = 0 } = options
    const lanes: ReadonlyArray<string> = options.lanes ?? []
    bulkhead.requirePermits(name, permits)
    requireThat(`Bulkhead "${name}": maxQueue`, maxQueue, maxQueue >= 0, "at least 0")
    requireWhole(`Bulkhead "${name}": reserved`, reserved, 0, permits - 1)
    requireThat(
      `Bulkhead "${name}": reserved`,
      reserved,
      reserved === 0 || lanes.length > 1,
      "0 in a bulkhead with fewer than two lanes"
    )
    return bulkhead.make({
      name,
      permits,
      maxQueue,
      maxWait: requireNanos(`Bulkhead "${name}": maxWait`, maxWait),
      lanes,
      reserved,
      adaptive,
      refuse: (found) => new BulkheadFull({ name, ...found }, true)
    })
  })
