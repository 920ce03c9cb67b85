import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { DeadlineExceeded } from "../Deadline.js"
import type * as Idempotent from "../Idempotent.js"
import { RejectionTypeId } from "../Rejection.js"
import type { BulkheadFastPath, FastPath } from "./fastPath.js"

/**
 * A semaphore that grants permits by lane, and within a lane in order of arrival.
 *
 * The cost of waiting does not depend on the number of waiting callers, unlike with Effect's own `Semaphore`, which
 * wakes all of them on each release.
 *
 * A lane has strict priority over the lanes after it, and `reserved` permits are kept for the first one, so that its
 * calls find a permit while others wait for slow responses. The wait of the other lanes is bounded by `maxWait` and the
 * `Deadline`; use the first lane only for a small number of calls.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bulkhead<in Lane extends string = string> {
  /** @internal */
  readonly [FastPath]?: BulkheadFastPath
  /** The name used in metrics and in {@link BulkheadFull}. */
  readonly name: string
  /**
   * Runs the effect while holding a permit, after waiting for one in the queue if necessary. Without running the
   * effect, fails with {@link BulkheadFull} if the queue is full or the wait exceeds `maxWait`, and with
   * `DeadlineExceeded` if the current `Deadline` passes first. The permit is returned however the effect ends. Keeps
   * the brand of an `Idempotent` effect.
   */
  readonly withPermit: <A, E, R, I = never>(
    self: Idempotent.Input<A, E, R, I>,
    options?: CallOptions<Lane>
  ) => Idempotent.Output<A, E | BulkheadFull | DeadlineExceeded, R, I>
  /** The number of calls that may run concurrently now: as last set, or as an adaptive bulkhead has determined. */
  readonly permits: Effect.Effect<number>
  /**
   * The number of free permits, including those reserved for the first lane; 0 while more calls run than are allowed
   * after a resize.
   */
  readonly available: Effect.Effect<number>
  /** The number of callers waiting for a permit, in all lanes. */
  readonly queued: Effect.Effect<number>
  /**
   * Changes the number of calls that may run concurrently, a whole number of at least 1; any other value is a defect.
   * An increase immediately admits the waiting callers that now fit. A decrease interrupts no call: permits are not
   * granted again until the number of running calls is within the new limit. An adaptive bulkhead continues from there,
   * within its bounds.
   */
  readonly resize: (permits: number) => Effect.Effect<void>
}

/**
 * The options of one call.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallOptions<out Lane extends string = string> {
  /** The lane in which the call waits. Defaults to the last one. */
  readonly lane?: Lane | undefined
  /**
   * The maximum time the call may wait. With zero, a call that would have to wait is refused. Defaults to that of the
   * bulkhead.
   */
  readonly maxWait?: Duration.DurationInput | undefined
}

/**
 * How a bulkhead adapts the number of calls that may run concurrently.
 *
 * Interrupted calls, local rejections, and failures that are no sign of overload are ignored. A failure is a sign of
 * overload if `isOverload` returns `true` for it. All calls that were running at the time of an overload count as one
 * sign.
 *
 * @since 0.1.0
 * @category models
 */
export type Adaptive = Aimd | Gradient

/**
 * An additive-increase, multiplicative-decrease limit; see {@link aimd}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Aimd extends Bounds {
  readonly _tag: "Aimd"
  readonly slowAfterMillis: number
}

/**
 * A limit that follows how much longer than usual calls take; see {@link gradient}.
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
 * The call was refused because no permit was free and the queue was full or the wait exceeded `maxWait`. Nothing was
 * sent.
 *
 * `permits` is the number of calls that could run concurrently, and `queued` the number of calls waiting in the lane,
 * at the time of the refusal. Circuit breakers and `Retry` treat this error as a local rejection. It is built without a
 * stack trace, because it is raised under load.
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
