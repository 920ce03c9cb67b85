/**
 * Bounded concurrency with a bounded queue, so that one slow service cannot block every fiber of the process.
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
 * The options of a {@link Bulkhead}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out Lane extends string = string> {
  /** The name used in metrics and in {@link BulkheadFull}. */
  readonly name: string
  /** The initial number of effects that may run concurrently; a whole number, at least 1. */
  readonly permits: number
  /**
   * The maximum number of waiting callers per lane; further callers are refused. Defaults to `1000`. `0` refuses every
   * caller that would have to wait.
   */
  readonly maxQueue?: number | undefined
  /** The maximum time a caller may wait. By default only the `Deadline` limits the wait. */
  readonly maxWait?: Duration.DurationInput | undefined
  /**
   * The lanes in which callers wait, highest priority first. By default all callers share one lane, whatever lane a
   * call names.
   */
  readonly lanes?: ReadonlyArray<Lane> | undefined
  /**
   * The number of permits reserved for the first lane; a whole number below `permits`. Defaults to `0`. If a resize
   * leaves too few permits, one permit always remains available to the other lanes.
   */
  readonly reserved?: number | undefined
  /**
   * How the bulkhead adapts its number of permits: {@link aimd} or {@link gradient}. By default the number is fixed.
   */
  readonly adaptive?: Adaptive | undefined
}

/**
 * The options shared by all adaptive limits.
 *
 * @since 0.1.0
 * @category models
 */
export interface AdaptiveOptions {
  /** The minimum limit; a whole number. Defaults to `1`. */
  readonly min?: number | undefined
  /** The maximum limit; a whole number. Defaults to `200`. */
  readonly max?: number | undefined
  /** The factor by which the limit is multiplied on a sign of overload; above 0, below 1. Defaults to `0.9`. */
  readonly backoff?: number | undefined
  /**
   * Returns `true` for failures that are signs of overload, such as the timeout of an attempt, a 429 or a 503. If it
   * throws, the defect is logged and the failure does not count as overload. By default no failure counts.
   */
  readonly isOverload?: ((error: unknown) => boolean) | undefined
}

/**
 * Creates a limit with additive increase and multiplicative decrease, for servers that report when they are overloaded.
 *
 * The limit grows by one each time as many calls as the limit have succeeded while at least half of the limit was in
 * use. It is multiplied by `backoff` when a call fails because of overload, or when a call takes `slowAfter` or longer,
 * even if that call fails for another reason. Throws a `RangeError` for invalid options.
 *
 * @since 0.1.0
 * @category constructors
 */
export const aimd = (
  options: AdaptiveOptions & {
    /** The duration from which a call counts as a sign of overload. Defaults to 5 seconds. */
    readonly slowAfter?: Duration.DurationInput | undefined
  } = {}
): Adaptive => ({
  _tag: "Aimd",
  ...bounds(options),
  slowAfterMillis: requireMillis("Bulkhead.aimd: slowAfter", options.slowAfter ?? "5 seconds")
})

/**
 * Creates a limit that shrinks as soon as calls take longer than usual, long before any call fails.
 *
 * `recent` is the mean duration of the latest calls (as many calls as the limit, but at least 10). `usual` is the
 * moving mean of those means:
 *
 * ```text
 * target = clamp(tolerance * usual / recent, 0.5, 1) * limit + queue
 * limit  = limit + smoothing * (target - limit)
 * ```
 *
 * The limit does not change while less than half of it is in use. Modeled on Netflix's `Gradient2Limit`. Throws a
 * `RangeError` for invalid options.
 *
 * @since 0.1.0
 * @category constructors
 */
export const gradient = (
  options: AdaptiveOptions & {
    /** The ratio of recent to usual duration above which the limit shrinks; at least 1. Defaults to `1.5`. */
    readonly tolerance?: number | undefined
    /**
     * The number of calls that may queue at the server, by which the limit grows while durations are normal; above 0.
     * Defaults to `4`.
     */
    readonly queue?: number | undefined
    /** The fraction of the distance to the target covered by each update; above 0, at most 1. Defaults to `0.2`. */
    readonly smoothing?: number | undefined
    /** The number of means over which `usual` is averaged; a whole number, at least 1. Defaults to `600`. */
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
 * Creates a bulkhead. Dies with a `RangeError` for invalid options.
 *
 * A bulkhead needs no scope. One fiber sleeps while a caller with a `maxWait` or a `Deadline` is waiting, until the
 * first of these times is over; otherwise there is no fiber.
 *
 * @example
 * import { Bulkhead } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const bulkhead = yield* Bulkhead.make({ name: "reports", permits: 2, maxQueue: 1 })
 *   const report = bulkhead.withPermit(Effect.as(Effect.sleep("10 millis"), "done"))
 *   // Two calls run, one waits and one is refused.
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
