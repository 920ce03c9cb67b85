/**
 * Hedged calls: starts a second attempt when the first is late and uses whichever succeeds first. This cuts the slow
 * tail of a service that is healthy overall.
 *
 * Every hedge is an additional request, so hedging requires a `RetryBudget` and an `Idempotent` effect.
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
import { orElseOnDefect } from "./internal/defects.js"
import { requireDuration, requireMillis } from "./internal/duration.js"
import type * as hedge from "./internal/hedge.js"
import { type Attempt, type Consequence } from "./internal/hedgeModel.js"
import * as race from "./internal/hedgeRace.js"
import { labels } from "./internal/labels.js"
import * as latencies from "./internal/latencies.js"
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
 * All callers of one service must share one hedge; otherwise it cannot learn the latencies of the service.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hedge<in E = unknown> {
  /** The name used in metrics. */
  readonly name: string
  /**
   * Runs the effect, and starts another attempt while it is still running: after the delay, and immediately after a
   * failure (see {@link Consequence}). The first success is the result. If all attempts fail, the last failure is the
   * result, but a local refusal never replaces a failure of the service. A defect, or an attempt that interrupts
   * itself, ends the call with that exit.
   *
   * The result never waits for the attempts that lost: they are interrupted and end on their own, unobserved.
   * Interrupting the caller interrupts all attempts and waits for them, as it does without a hedge.
   *
   * Each attempt is a separate fiber, and so is the delay: together they cost some tens of microseconds per call,
   * hedged or not. An attempt can be interrupted wherever the call is made, even in finalizers.
   *
   * A function receives each {@link Attempt} and reports when its request leaves. Until then the attempt is still
   * waiting locally and is not late: the delay and the latencies count from that moment. A failure before the request
   * has left has the consequence `"wait"`, as a refusal has.
   */
  readonly apply: <A, E1 extends E, R>(
    self: Idempotent.Idempotent<A, E1, R> | ((attempt: Attempt) => Idempotent.Idempotent<A, E1, R>),
    options?: CallOptions<NoInfer<A>>
  ) => Idempotent.Idempotent<A, E1, R>
  /** The delay that a call beginning now would get. */
  readonly delay: Effect.Effect<Duration.Duration>
  /** The counts since the hedge was created. */
  readonly metrics: Effect.Effect<Metrics>
}

/**
 * The options of one call.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallOptions<in A> {
  /**
   * Runs for each success that no caller receives, because another attempt had already won or the caller was
   * interrupted. Use it to close a response or to return a connection. Its defects are logged and otherwise ignored. By
   * default nothing runs.
   *
   * **Gotchas**
   *
   * An attempt that has lost is interrupted. It must release by itself whatever it acquires after that in an
   * uninterruptible region, because an interrupted effect has no success.
   */
  readonly onDiscard?: ((value: A) => Effect.Effect<void>) | undefined
}

/**
 * The counts of a hedge since its creation.
 *
 * @since 0.1.0
 * @category models
 */
export interface Metrics {
  /** Calls of `apply`. */
  readonly calls: number
  /** Attempts started in addition to the first attempt of a call. */
  readonly hedges: number
  /** Calls won by such an attempt. */
  readonly won: number
  /** Hedges that were due but not started because the budget was spent or the deadline had passed. */
  readonly denied: number
}

/**
 * The options of a hedge.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<in E> {
  /** The name used in metrics. */
  readonly name: string
  /** The time from the start of an attempt to the start of the next: fixed, or learned from the latencies. */
  readonly delay: Duration.DurationInput | Percentile
  /** The maximum number of attempts per call in addition to the first; a whole number, at least 1. Defaults to `1`. */
  readonly maxHedges?: number | undefined
  /**
   * The budget from which each hedge is withdrawn. If it refuses, the call gets no further hedge. Share it with
   * `Retry`.
   */
  readonly budget: RetryBudget
  /**
   * Whether the hedge reports each call and the outcome of its attempts to the budget. Defaults to `true`. Set it to
   * `false` where a `Retry` around the hedge already reports to the same budget, so that nothing is counted twice.
   */
  readonly reports?: boolean | undefined
  /**
   * Returns the consequence of the failure of an attempt whose request has left. Defaults to `"wait"` for local
   * rejections and `"next"` otherwise. If it dies, the defect is logged and the consequence is `"wait"`.
   */
  readonly classify?: ((error: E) => Consequence) | undefined
}

/**
 * A delay learned from the latencies of the service. With `percentile: 0.95` about one call in twenty is late enough to
 * be hedged.
 *
 * The latencies are those of first attempts that succeeded, and the elapsed time of first attempts that were abandoned
 * after the delay. The delay is accurate to 2 %, and timers round it up to whole milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Percentile {
  /** The fraction of the latencies that do not exceed the delay; above 0 and below 1. */
  readonly percentile: number
  /** The delay while fewer than `minSamples` latencies are known. */
  readonly initial: Duration.DurationInput
  /** The time for which a latency counts, accurate to a sixth of that time; finite, above 0. Defaults to 1 minute. */
  readonly window?: Duration.DurationInput | undefined
  /** The number of latencies required before the delay is learned; a whole number, at least 1. Defaults to `20`. */
  readonly minSamples?: number | undefined
}

/**
 * Creates a hedge. It needs no scope and runs no fiber between calls. Dies with a `RangeError` for options out of
 * range.
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
 *   // Starts a second attempt after 50 milliseconds without a result; the first success wins.
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
  const budget = ignoreDefects(options.budget)
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
    // A failure before the request left says nothing about the service, and must not end a call whose other attempts
    // are in flight.
    const consequence: Effect.Effect<Consequence> = left
      ? orElseOnDefect("`classify` of a hedge", Effect.sync(() => classify(error)), "wait")
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
        leavesOnStart: Effect.isEffect(self),
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

/**
 * Ignores the defects of a budget, so that a call always ends as its attempts do. A budget that dies in `withdraw`
 * allows no hedge.
 */
const ignoreDefects = (
  { deposit, failed, succeeded, withdraw }: RetryBudget
): Omit<RetryBudget, "balance"> => ({
  deposit: orElseOnDefect("`deposit` of a hedge's budget", deposit, undefined),
  withdraw: orElseOnDefect("`withdraw` of a hedge's budget", withdraw, false),
  succeeded: orElseOnDefect("`succeeded` of a hedge's budget", succeeded, undefined),
  failed: orElseOnDefect("`failed` of a hedge's budget", failed, undefined)
})

/** All values are in nanoseconds. */
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
  const windowDuration = requireDuration(`Hedge "${name}": delay.window`, delay.window ?? "1 minute")
  const window = Option.getOrElse(Duration.toNanos(windowDuration), () => 0n)
  const within = percentile > 0 && percentile < 1
  requireThat(`Hedge "${name}": delay.percentile`, percentile, within, "greater than 0 and less than 1")
  requireThat(`Hedge "${name}": delay.window`, windowDuration, window > 0n, "finite and longer than 0")
  requireWhole(`Hedge "${name}": delay.minSamples`, minSamples, 1, Number.MAX_SAFE_INTEGER)
  const initial = millisToNanos(requireMillis(`Hedge "${name}": delay.initial`, delay.initial))
  const recorded = latencies.make(window)
  return {
    at: (now) =>
      latencies.count(recorded, now) < minSamples
        ? initial
        : BigInt(Math.ceil(latencies.quantile(recorded, percentile, now))),
    record: (latency, now) => latencies.record(recorded, latency, now)
  }
}

const isPercentile = (delay: Duration.DurationInput | Percentile): delay is Percentile =>
  Predicate.hasProperty(delay, "percentile")

/** Used only when a call is hedged, so that other calls pay nothing. */
const makeCounters = (name: string) => {
  const named = labels({ name })
  return {
    started: () => Telemetry.hedgeStartedAttempts.unsafeUpdate(1, named),
    won: () => Telemetry.hedgeWonCalls.unsafeUpdate(1, named),
    denied: () => Telemetry.hedgeDeniedAttempts.unsafeUpdate(1, named)
  }
}
