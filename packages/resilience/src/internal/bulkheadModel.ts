import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { DeadlineExceeded } from "../Deadline.js"
import type * as Idempotent from "../Idempotent.js"
import { RejectionTypeId } from "../Rejection.js"
import type { AtOnce, OfBulkhead } from "./atOnce.js"

/**
 * A semaphore whose permits are handed over by lane, and within a lane in the order in which they were asked for.
 *
 * Waiting costs the same however many wait, unlike effect's own `Semaphore`, which wakes all of them on each release.
 *
 * A lane goes strictly before those after it, and `reserved` permits are kept for the first one: its calls find a permit
 * while others wait for slow answers. What bounds the wait of the others is `maxWait` and the `Deadline`; give the first
 * lane only to calls that are few.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bulkhead<in Lane extends string = string> {
  /** @internal */
  readonly [AtOnce]?: OfBulkhead
  /** What the metrics and {@link BulkheadFull} call it. */
  readonly name: string
  /**
   * Runs the effect while holding a permit, after waiting for one in the queue if need be; fails, without running it,
   * with {@link BulkheadFull} when the queue is full or the wait exceeds `maxWait`, and with `DeadlineExceeded` when the
   * current `Deadline` comes before its turn. The permit is returned however the effect ends. Keeps the brand of an
   * `Idempotent` effect.
   */
  readonly withPermit: <A, E, R, I = never>(
    self: Idempotent.Input<A, E, R, I>,
    options?: CallOptions<Lane>
  ) => Idempotent.Output<A, E | BulkheadFull | DeadlineExceeded, R, I>
  /** How many may run at once now: what was set last, or what an adaptive bulkhead has found. */
  readonly permits: Effect.Effect<number>
  /**
   * How many permits nobody holds, those kept for the first lane included; 0 while more run than may, after it was made
   * smaller.
   */
  readonly available: Effect.Effect<number>
  /** How many callers wait for a permit, in all lanes. */
  readonly queued: Effect.Effect<number>
  /**
   * Changes how many may run at once, a whole number of at least 1; anything else is a defect. Made larger, it lets in at once whoever has
   * room now; made smaller, it interrupts nobody: permits are not handed on until no more run than may. An adaptive
   * bulkhead goes on from there, within its bounds.
   */
  readonly resize: (permits: number) => Effect.Effect<void>
}

/**
 * How one call waits.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallOptions<out Lane extends string = string> {
  /** Which lane it waits in. Defaults to the last one. */
  readonly lane?: Lane | undefined
  /** The longest it may wait; zero refuses it if it would have to. Defaults to that of the bulkhead. */
  readonly maxWait?: Duration.DurationInput | undefined
}

/**
 * How a bulkhead finds out by itself how many calls may run at once.
 *
 * Interrupted calls, local rejections, and failures that are no sign of overload say nothing. A sign of overload is a
 * failure that `isOverload` knows; all calls that were running when one was met count as one.
 *
 * @since 0.1.0
 * @category models
 */
export type Adaptive = Aimd | Gradient

/**
 * Additive increase, multiplicative decrease: see {@link aimd}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Aimd extends Bounds {
  readonly _tag: "Aimd"
  readonly slowAfterMillis: number
}

/**
 * By how much calls take longer than usual: see {@link gradient}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Gradient extends Bounds {
  readonly _tag: "Gradient"
  readonly tolerance: number
  readonly queue: number
  readonly smoothing: number
  readonly memory: number
}

/** @internal */
export interface Bounds {
  readonly min: number
  readonly max: number
  readonly backoff: number
  readonly isOverload: (error: unknown) => boolean
}

/**
 * Every permit was taken, and the queue was full or the wait exceeded `maxWait`, so the call was refused; nothing was
 * sent.
 *
 * `permits` is how many calls might run at once and `queued` how many waited in the lane when it was refused. Circuit
 * breakers and `Retry` know it as a local rejection. Built without a stack trace, since it is raised under load.
 *
 * @since 0.1.0
 * @category errors
 */
export class BulkheadFull
  extends Schema.TaggedError<BulkheadFull>("@effect-exchange/resilience/internal/bulkheadModel/BulkheadFull")(
    "BulkheadFull",
    {
      name: Schema.String,
      reason: Schema.Literal("QueueFull", "WaitTooLong"),
      permits: Schema.Number,
      queued: Schema.Number
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
    const found = `permits: ${this.permits}, waiting calls: ${this.queued}`
    return this.reason === "WaitTooLong"
      ? `"${this.name}" had no free permit within maxWait (${found}); make fewer concurrent calls, or increase maxWait or permits`
      : `"${this.name}" has no free permit and its queue is full (${found}); make fewer concurrent calls or increase permits`
  }
}
