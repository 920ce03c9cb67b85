/**
 * Asks a second time when the first answer is late, and takes whichever comes first: against the slow tail of a service
 * that is well on the whole.
 *
 * Every hedge is a call more, so nothing is hedged without a `RetryBudget`, and nothing but what is `Idempotent`.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Deadline from "./Deadline.js"
import * as Idempotent from "./Idempotent.js"
import { requireDuration, requireMillis } from "./internal/duration.js"
import type * as hedge from "./internal/hedge.js"
import { type Attempt, type Consequence } from "./internal/hedgeModel.js"
import * as race from "./internal/hedgeRace.js"
import { labels } from "./internal/labels.js"
import * as latencies from "./internal/latencies.js"
import { asked } from "./internal/mishap.js"
import { requireThat, requireWhole } from "./internal/requireWhole.js"
import { millisToNanos, monotonic } from "./internal/time.js"
import type { Restore } from "./internal/waiting.js"
import { isRejection } from "./Rejection.js"
import type { RetryBudget } from "./RetryBudget.js"
import * as Telemetry from "./Telemetry.js"

export { type Attempt, type Consequence } from "./internal/hedgeModel.js"

/**
 * Starts further attempts of slow effects.
 *
 * All callers of one service must share one hedge, or it never learns how long that service takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hedge<in E = unknown> {
  /** What the metrics call it. */
  readonly name: string
  /**
   * Runs the effect, and again while it is still running: after the delay, and at once after a failure (see
   * {@link Consequence}). The first success is the answer; if all fail, the last failure is, though a local refusal never
   * replaces a failure of the service. A defect, or an attempt that interrupts itself, ends the call with it.
   *
   * The answer never waits for the attempts that lost: they are interrupted, and end on their own, unobserved.
   * Interrupting the caller interrupts all attempts and waits for them, as it does without a hedge.
   *
   * Each attempt is a fiber of its own, and so is the delay: some tens of microseconds a call, hedged or not. It can be
   * interrupted wherever the call is made, in finalizers too.
   *
   * A function is told of each attempt, and says when it leaves: until then it waits for something here, and is not late.
   * The delay and the latencies count from there. One that fails before it has left asks for patience, like a refusal.
   */
  readonly apply: <A, E1 extends E, R>(
    self: Idempotent.Idempotent<A, E1, R> | ((attempt: Attempt) => Idempotent.Idempotent<A, E1, R>),
    options?: CallOptions<NoInfer<A>>
  ) => Idempotent.Idempotent<A, E1, R>
  /** The delay that a call which began now would get. */
  readonly delay: Effect.Effect<Duration.Duration>
  /** What has been counted since it was made. */
  readonly metrics: Effect.Effect<Metrics>
}

/**
 * What one call wants.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallOptions<in A> {
  /**
   * Runs for each success that nobody gets, because another attempt had answered already or the caller was interrupted:
   * closes the response, gives the connection back. Its defects are logged and change nothing. Defaults to none.
   *
   * **Gotchas**
   *
   * An attempt that has lost is interrupted. What it acquires after that, where it cannot be interrupted, it has to release
   * by itself: an interrupted effect has no success.
   */
  readonly onDiscard?: ((value: A) => Effect.Effect<void>) | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Metrics {
  /** Calls of `apply`. */
  readonly calls: number
  /** Attempts begun beside or after the first one of their call. */
  readonly hedges: number
  /** Calls answered by such an attempt. */
  readonly won: number
  /** Hedges that were due and did not begin, for want of budget or because the deadline had passed. */
  readonly denied: number
}

/**
 * When to hedge.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<in E> {
  /** What the metrics call it. */
  readonly name: string
  /** How long after an attempt began the next one begins: always the same, or learnt from the latencies. */
  readonly delay: Duration.DurationInput | Percentile
  /** How many attempts a call may begin besides the first; a whole number, at least 1. Defaults to `1`. */
  readonly maxHedges?: number | undefined
  /** Asked for each hedge; when it refuses, that call gets no further hedge. Share it with `Retry`. */
  readonly budget: RetryBudget
  /**
   * Whether the budget is told of each call and of how its attempts end. Defaults to `true`. Set it to `false` where a
   * `Retry` around it already tells the same budget, which would count everything twice.
   */
  readonly reports?: boolean | undefined
  /**
   * What follows from the failure of an attempt that has left. Defaults to `"wait"` for local rejections, else `"next"`. If
   * it dies, that is logged and stands for `"wait"`.
   */
  readonly classify?: ((error: E) => Consequence) | undefined
}

/**
 * A delay that follows the service: with `percentile: 0.95` about one call in twenty is late enough to be hedged.
 *
 * Counted are the latencies of first attempts that succeeded, and of those given up after the delay the time they had
 * taken by then. Accurate to 2 %; a timer rounds it up to whole milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Percentile {
  /** The part of the latencies that the delay is not exceeded by; above 0 and below 1. */
  readonly percentile: number
  /** The delay as long as there are fewer than `minSamples` latencies. */
  readonly initial: Duration.DurationInput
  /** How long a latency counts, to a sixth of it; finite, above 0. Defaults to 1 minute. */
  readonly window?: Duration.DurationInput | undefined
  /** A whole number, at least 1. Defaults to `20`. */
  readonly minSamples?: number | undefined
}

/**
 * Makes a hedge. It holds no fiber between calls and needs no scope. Dies with a `RangeError` for options out of range.
 *
 * @example
 * import { Hedge, Idempotent, RetryBudget } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const hedge = yield* Hedge.make<never>({
 *     name: "prices",
 *     delay: "50 millis",
 *     budget: yield* RetryBudget.make()
 *   })
 *   // Asked for a second time when there is no answer after 50 milliseconds; the first answer counts.
 *   return yield* hedge.apply(Idempotent.mark(Effect.succeed("64000.5")))
 * })
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <E = unknown>(options: Options<E>): Effect.Effect<Hedge<E>> =>
  Effect.sync(() => {
    const maxHedges = options.maxHedges ?? 1
    requireWhole(`Hedge "${options.name}": maxHedges`, maxHedges, 1, Number.MAX_SAFE_INTEGER)
    return unsafeMake(options, maxHedges, makeDelays(options.name, options.delay))
  })

const unsafeMake = <E>(options: Options<E>, maxHedges: number, delays: Delays): Hedge<E> => {
  const { reports = true } = options
  const budget = tolerated(options.budget)
  const classify = options.classify ?? ((error: E): Consequence => isRejection(error) ? "wait" : "next")
  const counts = { calls: 0, hedges: 0, won: 0, denied: 0 }
  const counters = makeCounters(options.name)

  const withdraw = Effect.flatMap(
    Deadline.remaining,
    (remaining) =>
      Option.exists(remaining, (left) => Duration.equals(left, Duration.zero))
        ? Effect.succeed(false)
        : budget.withdraw
  )

  const admit = Effect.map(withdraw, (admitted) => {
    counts[admitted ? "hedges" : "denied"]++
    counters[admitted ? "started" : "denied"]()
    return admitted
  })

  const judge = <E1 extends E>(cause: Cause.Cause<E1>, left: boolean): Effect.Effect<hedge.Failed<E1>> => {
    const failure = Cause.isDie(cause) ? Option.none<E1>() : Cause.failureOption(cause)
    if (Option.isNone(failure)) {
      return Effect.succeed({ _tag: "Failed", consequence: "fail", failure: { cause, refused: false } })
    }
    const error = failure.value
    // What has not left says nothing of the service, and must not end a call of which others are on their way.
    const consequence: Effect.Effect<Consequence> = left
      ? asked("`classify` of a hedge", Effect.sync(() => classify(error)), "wait")
      : Effect.succeed("wait")
    return Effect.map(consequence, (consequence) => ({
      _tag: "Failed",
      consequence,
      failure: { cause, refused: !left || isRejection(error) }
    }))
  }

  const run = <A, E1 extends E, R>(
    self: Idempotent.Idempotent<A, E1, R> | ((attempt: Attempt) => Idempotent.Idempotent<A, E1, R>),
    call: CallOptions<A> | undefined,
    restore: Restore,
    clock: Clock.Clock,
    caller: FiberId.FiberId
  ): Effect.Effect<A, E1, R> => {
    counts.calls++
    return Effect.zipRight(
      reports ? budget.deposit : Effect.void,
      race.run({
        attempt: Effect.isEffect(self) ? () => self : self,
        leavesAtOnce: Effect.isEffect(self),
        maxHedges,
        delay: delays.at(monotonic(clock)),
        clock,
        caller,
        restore,
        judge,
        admit,
        onFailed: ({ failure, consequence }) =>
          reports && consequence !== "fail" && !failure.refused ? budget.failed : Effect.void,
        onAnswered: (by) => {
          if (by === "hedge") {
            counts.won++
            counters.won()
          }
          return reports ? budget.succeeded : Effect.void
        },
        onObserved: delays.record,
        onDiscard: call?.onDiscard
      })
    )
  }

  return {
    name: options.name,
    apply: (self, call) =>
      Idempotent.mark(
        Effect.uninterruptibleMask((restore) =>
          Effect.clockWith((clock) => Effect.fiberIdWith((caller) => run(self, call, restore, clock, caller)))
        )
      ),
    delay: Effect.clockWith((clock) => Effect.succeed(Duration.nanos(delays.at(monotonic(clock))))),
    metrics: Effect.sync(() => ({ ...counts }))
  }
}

/** Whatever becomes of the budget, the call ends as its attempts do: from one that dies there is nothing to be had. */
const tolerated = (
  { deposit, failed, succeeded, withdraw }: RetryBudget
): Omit<RetryBudget, "balance"> => ({
  deposit: asked("`deposit` of a hedge's budget", deposit, undefined),
  withdraw: asked("`withdraw` of a hedge's budget", withdraw, false),
  succeeded: asked("`succeeded` of a hedge's budget", succeeded, undefined),
  failed: asked("`failed` of a hedge's budget", failed, undefined)
})

/** All in nanoseconds. */
interface Delays {
  readonly at: (now: bigint) => bigint
  readonly record: (latency: bigint, now: bigint) => void
}

const makeDelays = (name: string, delay: Duration.DurationInput | Percentile): Delays => {
  if (!isPercentile(delay)) {
    const fixed = millisToNanos(requireMillis(`Hedge "${name}": delay`, delay))
    return { at: () => fixed, record: () => {} }
  }
  const { minSamples = 20, percentile } = delay
  const kept = requireDuration(`Hedge "${name}": delay.window`, delay.window ?? "1 minute")
  const window = Option.getOrElse(Duration.toNanos(kept), () => 0n)
  const within = percentile > 0 && percentile < 1
  requireThat(`Hedge "${name}": delay.percentile`, percentile, within, "greater than 0 and less than 1")
  requireThat(`Hedge "${name}": delay.window`, kept, window > 0n, "finite and longer than 0")
  requireWhole(`Hedge "${name}": delay.minSamples`, minSamples, 1, Number.MAX_SAFE_INTEGER)
  const initial = millisToNanos(requireMillis(`Hedge "${name}": delay.initial`, delay.initial))
  const seen = latencies.make(window)
  return {
    at: (now) =>
      latencies.count(seen, now) < minSamples
        ? initial
        : BigInt(Math.ceil(latencies.quantile(seen, percentile, now))),
    record: (latency, now) => latencies.record(seen, latency, now)
  }
}

const isPercentile = (delay: Duration.DurationInput | Percentile): delay is Percentile =>
  Predicate.hasProperty(delay, "percentile")

/** Touched only when a call is hedged, so that a call that is not pays nothing. */
const makeCounters = (name: string) => {
  const named = labels({ name })
  return {
    started: () => Telemetry.hedgeStartedAttempts.unsafeUpdate(1, named),
    won: () => Telemetry.hedgeWonCalls.unsafeUpdate(1, named),
    denied: () => Telemetry.hedgeDeniedAttempts.unsafeUpdate(1, named)
  }
}
