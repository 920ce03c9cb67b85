/**
 * Bounded concurrency with a bounded queue: one slow service must not take every fiber of the process with it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Schema from "effect/Schema"
import type { DeadlineExceeded } from "./Deadline.js"
import * as List from "./internal/linkedList.js"
import { stackless } from "./internal/stackless.js"
import * as Waiting from "./internal/waiting.js"
import { RejectionTypeId } from "./Rejection.js"

/**
 * A semaphore whose permits are handed over in the order in which they were asked for.
 *
 * Waiting costs the same however many wait, unlike effect's own `Semaphore`, which wakes all of them on each release.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bulkhead {
  /** What the metrics and {@link BulkheadFull} call it. */
  readonly name: string
  /**
   * Runs the effect while holding a permit, after waiting for one in the queue if need be; fails with
   * {@link BulkheadFull}, without running it, when the queue is full, and with `DeadlineExceeded` when the current
   * `Deadline` comes before its turn. The permit is returned however the effect ends.
   */
  readonly withPermit: <A, E, R>(
    self: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | BulkheadFull | DeadlineExceeded, R>
  /** How many permits nobody holds. */
  readonly available: Effect.Effect<number>
  /** How many callers wait for a permit. */
  readonly queued: Effect.Effect<number>
}

/**
 * The size of a {@link Bulkhead}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** What the metrics and {@link BulkheadFull} call it. */
  readonly name: string
  /** How many effects may run at once; a whole number, at least 1. */
  readonly permits: number
  /** How many callers may wait; the next one is refused. Defaults to `1000`. `0` refuses whoever would have to wait. */
  readonly maxQueue?: number | undefined
}

/**
 * Makes a bulkhead. It holds no fiber and needs no scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Bulkhead> =>
  Effect.suspend(() => {
    if (!Number.isInteger(options.permits) || options.permits < 1) {
      return Effect.dieMessage(`The bulkhead "${options.name}" needs at least one permit`)
    }
    const maxQueue = options.maxQueue ?? 1000
    const queue = List.make<Waiting.Waiter>()
    const gauges = metrics(options.name)
    let available = options.permits

    const release = Effect.sync(() => {
      const next = queue.head
      if (next === undefined) {
        available += 1
      } else {
        // Handed over, never put back: a newcomer cannot overtake the fiber that is being woken.
        List.remove(next)
        Waiting.wake(next.value)
        gauges.queued(queue.size)
      }
    })

    const acquire = (restore: Waiting.Restore): Effect.Effect<void, BulkheadFull | DeadlineExceeded> =>
      Effect.suspend((): Effect.Effect<void, BulkheadFull | DeadlineExceeded> => {
        if (available > 0) {
          available -= 1
          return Effect.void
        }
        if (queue.size >= maxQueue) {
          gauges.refused()
          return Effect.fail(stackless(() => new BulkheadFull({ name: options.name }, true)))
        }
        const waiter = List.node(Waiting.make())
        List.append(queue, waiter)
        gauges.queued(queue.size)
        return Waiting.wait(waiter.value, {
          name: options.name,
          restore,
          withdraw: Effect.suspend(() => {
            if (waiter.list === undefined) {
              return release
            }
            List.remove(waiter)
            gauges.queued(queue.size)
            return Effect.void
          })
        })
      })

    return Effect.succeed<Bulkhead>({
      name: options.name,
      withPermit: (self) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.zipRight(acquire(restore), Effect.onExit(restore(self), () => release))
        ),
      available: Effect.sync(() => available),
      queued: Effect.sync(() => queue.size)
    })
  })

/**
 * Every permit was taken and the queue was full, so the call was refused; nothing was sent.
 *
 * Circuit breakers and `Retry` know it as a local rejection. Built without a stack trace, since it is raised under
 * load.
 *
 * @since 0.1.0
 * @category errors
 */
export class BulkheadFull extends Schema.TaggedError<BulkheadFull>("@effect-exchange/resilience/Bulkhead/BulkheadFull")(
  "BulkheadFull",
  { name: Schema.String }
) {
  /**
   * @since 0.1.0
   */
  readonly [RejectionTypeId]: RejectionTypeId = RejectionTypeId
  /**
   * @since 0.1.0
   */
  override get message(): string {
    return `"${this.name}" is at its limit of concurrent calls and its queue is full; ask for less at once or raise ` +
      "its permits"
  }
}

const waitingCalls = Metric.gauge("bulkhead_waiting_calls", {
  description: "Calls that wait for a permit"
})

const refusedCalls = Metric.counter("bulkhead_refused_calls", {
  description: "Calls refused because every permit was taken and the queue was full",
  incremental: true
})

/** Touched only by calls that queue or are refused, so that an uncontended call pays nothing. */
const metrics = (name: string): { readonly queued: (size: number) => void; readonly refused: () => void } => {
  const queued = Metric.tagged(waitingCalls, "name", name)
  const refused = Metric.tagged(refusedCalls, "name", name)
  return {
    queued: (size) => queued.unsafeUpdate(size, []),
    refused: () => refused.unsafeUpdate(1, [])
  }
}
