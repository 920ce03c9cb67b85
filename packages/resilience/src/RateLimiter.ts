/**
 * Keeps to a limit that a server sets on the cost of calls over time, by waiting in order rather than being refused.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Deadline, DeadlineExceeded } from "./Deadline.js"
import type * as List from "./internal/linkedList.js"
import * as internal from "./internal/rateLimiter.js"
import { stackless } from "./internal/stackless.js"
import { later, millisToNanos, monotonic, nanosToTimerMillis } from "./internal/time.js"
import * as Waiting from "./internal/waiting.js"
import { RejectionTypeId } from "./Rejection.js"

/**
 * A weighted sliding window with a bounded queue that is served first come, first served.
 *
 * In any span of time as long as the window, the costs admitted never exceed the limit: neither across the edge of
 * a window the server counts in, nor after a pause, as they may with a token bucket or a fixed window. What was
 * spent at `t` counts until just before `t + window`.
 *
 * A cost is a number, at least 0, in the server's unit (requests, weight points). Anything else is a defect.
 *
 * @since 0.1.0
 * @category models
 */
export interface RateLimiter {
  /** What the metrics and the errors call it. */
  readonly name: string
  /**
   * Spends `cost` (by default `1`) when its turn has come.
   *
   * Fails at once, without having waited: with {@link RateLimiterFull} when the queue is full or the cost exceeds
   * the limit, with `DeadlineExceeded` when its turn would not come before the current `Deadline`. If its turn is
   * put off beyond the deadline while it waits, it fails with that when the deadline comes. If it is interrupted
   * while waiting it leaves the queue and has spent nothing; if it is interrupted at the moment its
   * turn has come, nobody learns of the reservation and the cost counts until it leaves the window.
   * {@link RateLimiter.withReservation} has no such moment.
   */
  readonly reserve: (cost?: number) => Effect.Effect<Reservation, RateLimiterFull | DeadlineExceeded>
  /**
   * Gives back what a call did not use, because it was never sent, and admits who can go now. Once only: a second
   * refund, or one after the window has passed, does nothing.
   */
  readonly refund: (reservation: Reservation) => Effect.Effect<void>
  /**
   * Reserves, then runs what is made of the reservation, which may refund it when it learns that nothing was sent.
   * Refunded for it only if interrupted before it started.
   */
  readonly withReservation: (
    cost?: number
  ) => <A, E, R>(
    use: (reservation: Reservation) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | RateLimiterFull | DeadlineExceeded, R>
  /** Reserves, then runs the effect. Refunded only if interrupted before the effect started. */
  readonly withCost: (
    cost?: number
  ) => <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | RateLimiterFull | DeadlineExceeded, R>
  /** Admits nobody before that instant of the wall clock. Extends an earlier pause, never shortens it. */
  readonly pauseUntil: (epochMillis: number) => Effect.Effect<void>
  /**
   * Takes in what the server says has been used of the limit in its current window. If that is more than is known
   * here, the difference counts as spent now; if it is less, nothing changes, since the server has not seen yet
   * what is on its way.
   */
  readonly sync: (used: number) => Effect.Effect<void>
  /** What can be spent now, pauses aside; at least 0. */
  readonly available: Effect.Effect<number>
  /** How many callers wait. */
  readonly queued: Effect.Effect<number>
  /** What counts in the window, as a ratio of the limit; above 1 only if the server said so. */
  readonly usage: Effect.Effect<number>
  /** Until when nobody is admitted, in epoch milliseconds of the wall clock; none if not paused. */
  readonly pausedUntil: Effect.Effect<Option.Option<number>>
}

/**
 * A cost that has been spent and can be refunded by the limiter that gave it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reservation {
  /** What was spent. */
  readonly cost: number
}

/**
 * What a {@link RateLimiter} keeps to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** What the metrics and the errors call it. */
  readonly name: string
  /** The sum of costs admitted in any window; above 0. */
  readonly limit: number
  /** The length of the window; finite, above 0. */
  readonly window: Duration.DurationInput
  /** How many callers may wait; the next one is refused. Defaults to `1000`. `0` refuses whoever would have to wait. */
  readonly maxQueue?: number | undefined
}

/**
 * Makes a rate limiter, with nothing spent.
 *
 * It needs no scope: only while somebody waits does one fiber sleep, until the turn of the first in the queue.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<RateLimiter> =>
  Effect.suspend(() => {
    const { limit, name } = options
    const window = Option.getOrElse(Duration.toNanos(options.window), () => BigInt(0))
    if (!(limit > 0) || window <= BigInt(0)) {
      return Effect.dieMessage(`The rate limiter "${name}" needs a limit above 0 and a finite window above 0`)
    }
    const maxQueue = options.maxQueue ?? 1000
    const state = internal.make<Waiting.Waiter>(limit, window)
    const metrics = makeMetrics(name)
    let timer: Timer | undefined

    const admit = (now: bigint): void => {
      for (const waiter of internal.admit(state, now)) {
        Waiting.wake(waiter)
      }
      metrics.gauges(state)
    }

    const run = (mine: Timer): Effect.Effect<void> =>
      Effect.clockWith((clock) => {
        if (timer !== mine) {
          return Effect.void
        }
        const now = monotonic(clock)
        admit(now)
        const at = internal.nextAt(state, now)
        if (at === undefined) {
          timer = undefined
          return Effect.void
        }
        mine.at = at
        return Effect.zipRight(clock.sleep(Duration.millis(nanosToTimerMillis(at - now))), run(mine))
      })

    /** Sees to it that somebody wakes no later than the turn of the head of the queue. */
    const arm = (now: bigint): Effect.Effect<void> => {
      const at = internal.nextAt(state, now)
      if (at !== undefined && timer !== undefined && timer.at <= at) {
        return Effect.void
      }
      timer?.fiber?.unsafeInterruptAsFork(FiberId.none)
      timer = undefined
      if (at === undefined) {
        return Effect.void
      }
      const mine: Timer = { at, fiber: undefined }
      timer = mine
      // A daemon, since the caller that happens to start it may leave the queue before the others.
      return Effect.map(Effect.forkDaemon(Effect.interruptible(run(mine))), (fiber) => {
        mine.fiber = fiber
      })
    }

    const change = (f: (now: bigint, clock: Clock.Clock) => void): Effect.Effect<void> =>
      Effect.uninterruptible(Effect.clockWith((clock) => {
        const now = monotonic(clock)
        f(now, clock)
        admit(now)
        return arm(now)
      }))

    const read = <A>(f: (now: bigint, clock: Clock.Clock) => A): Effect.Effect<A> =>
      Effect.clockWith((clock) => {
        const now = monotonic(clock)
        internal.advance(state, now)
        return Effect.succeed(f(now, clock))
      })

    const refuse = (
      reason: RateLimiterFull["reason"],
      retryAfter: Duration.Duration
    ): Effect.Effect<never, RateLimiterFull> => {
      metrics.refused(reason)
      metrics.gauges(state)
      return Effect.fail(stackless(() => new RateLimiterFull({ name, reason, retryAfter }, true)))
    }

    const acquire = (
      cost: number,
      restore: Waiting.Restore
    ): Effect.Effect<Reservation, RateLimiterFull | DeadlineExceeded> =>
      Effect.flatMap(Deadline, (deadline) =>
        Effect.clockWith((clock): Effect.Effect<Reservation, RateLimiterFull | DeadlineExceeded> => {
          if (!(cost >= 0)) {
            return Effect.dieMessage(`The rate limiter "${name}" was asked for a cost that is not a number from 0`)
          }
          if (cost > limit) {
            return refuse("CostExceedsLimit", Duration.infinity)
          }
          const now = monotonic(clock)
          const spent = internal.take(state, cost, now)
          if (spent !== undefined) {
            return Effect.succeed(new Spent(spent))
          }
          if (state.queue.size >= maxQueue) {
            return refuse("QueueFull", Duration.nanos(internal.wouldBeAt(state, cost, now) - now))
          }
          if (Option.isSome(deadline) && internal.wouldBeAt(state, cost, now) >= deadline.value) {
            metrics.refused("DeadlineExceeded")
            const after = Duration.nanos(later(deadline.value - now, BigInt(0)))
            return Effect.fail(stackless(() =>
              new DeadlineExceeded({ name, after }, true)
            ))
          }
          const waiter = Waiting.make()
          const entry = internal.enqueue(state, cost, waiter, now)
          metrics.gauges(state)
          return arm(now).pipe(
            Effect.zipRight(
              Waiting.wait(waiter, { name, restore, withdraw: change(() => internal.cancel(state, entry)) })
            ),
            Effect.as(new Spent(entry))
          )
        }))

    const refund = (reservation: Reservation): Effect.Effect<void> =>
      reservation instanceof Spent ? change(() => internal.cancel(state, reservation.entry)) : Effect.void

    const withReservation: RateLimiter["withReservation"] = (cost = 1) => (use) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(acquire(cost, restore), (reservation) => {
          let started = false
          const used = Effect.suspend(() => {
            started = true
            return use(reservation)
          })
          return Effect.onExit(restore(used), () => started ? Effect.void : refund(reservation))
        })
      )

    return Effect.succeed<RateLimiter>({
      name,
      reserve: (cost = 1) => Effect.uninterruptibleMask((restore) => acquire(cost, restore)),
      refund,
      withReservation,
      withCost: (cost) => (self) => withReservation(cost)(() => self),
      pauseUntil: (epochMillis) =>
        change((now, clock) =>
          internal.pause(state, now + millisToNanos(epochMillis - clock.unsafeCurrentTimeMillis()))
        ),
      sync: (used) => change((now) => internal.sync(state, used, now)),
      available: read(() => Math.max(0, limit - state.used)),
      queued: Effect.sync(() => state.queue.size),
      usage: read(() => state.used / limit),
      pausedUntil: read((now, clock) =>
        state.pausedUntil === undefined || state.pausedUntil <= now
          ? Option.none()
          : Option.some(clock.unsafeCurrentTimeMillis() + Math.ceil(Number(state.pausedUntil - now) / 1_000_000))
      )
    })
  })

/**
 * The call was refused and nothing was sent: the queue was full, or the cost exceeds what the limit ever allows.
 *
 * `retryAfter` is when its turn would have come, had there been room in the queue; infinite if it would never have.
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
      reason: Schema.Literal("QueueFull", "CostExceedsLimit"),
      retryAfter: Schema.Duration
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
    return this.reason === "CostExceedsLimit"
      ? `The cost exceeds the whole limit of "${this.name}"; split the call`
      : `The queue of "${this.name}" is full; try again in ${Duration.format(this.retryAfter)} or ask for less at once`
  }
}

/** What is refunded: the entry knows by itself whether, and in which limiter, it still counts. */
class Spent implements Reservation {
  readonly entry: List.Node<internal.Entry<Waiting.Waiter>>
  readonly cost: number
  constructor(entry: List.Node<internal.Entry<Waiting.Waiter>>) {
    this.entry = entry
    this.cost = entry.value.cost
  }
}

interface Timer {
  /** When it wakes. */
  at: bigint
  fiber: Fiber.RuntimeFiber<void> | undefined
}

const usageRatio = Metric.gauge("ratelimiter_usage_ratio", {
  description: "What counts in the window, as a ratio of the limit, when a call last queued, was admitted or refused"
})

const waitingCalls = Metric.gauge("ratelimiter_waiting_calls", {
  description: "Calls that wait for their turn"
})

const refusedCalls = Metric.counter("ratelimiter_refused_calls", {
  description: "Calls refused without waiting, by reason",
  incremental: true
})

/** Touched only where a call queues, is refused or is let out of the queue: a call that passes at once pays nothing. */
const makeMetrics = (name: string) => {
  const usage = Metric.tagged(usageRatio, "name", name)
  const waiting = Metric.tagged(waitingCalls, "name", name)
  const refused = Metric.tagged(refusedCalls, "name", name)
  const by = {
    QueueFull: Metric.tagged(refused, "reason", "QueueFull"),
    CostExceedsLimit: Metric.tagged(refused, "reason", "CostExceedsLimit"),
    DeadlineExceeded: Metric.tagged(refused, "reason", "DeadlineExceeded")
  }
  return {
    gauges: (state: internal.State<Waiting.Waiter>): void => {
      usage.unsafeUpdate(state.used / state.limit, [])
      waiting.unsafeUpdate(state.queue.size, [])
    },
    refused: (reason: keyof typeof by): void => by[reason].unsafeUpdate(1, [])
  }
}
