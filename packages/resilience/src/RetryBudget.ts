/**
 * A limit on retries that callers share, so that a bad minute of one service does not triple its load.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { requireDuration } from "./internal/duration.js"
import { attach, type BudgetFastPath, type FastPath } from "./internal/fastPath.js"
import { requireThat } from "./internal/requireWhole.js"
import * as retryBudget from "./internal/retryBudget.js"
import * as retryThrottle from "./internal/retryThrottle.js"
import { monotonic } from "./internal/time.js"

/**
 * Decides whether another retry or hedge is allowed, from the reports of all its callers: {@link make} by the number of
 * calls, {@link throttle} by their outcomes.
 *
 * Share one budget among all callers of a service. A defect in a custom budget is logged and does not change the result
 * of a call; the retry or hedge that was being requested is not made.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryBudget {
  /** @internal */
  readonly [FastPath]?: BudgetFastPath
  /** Reports that a call begins: once per call, not for its retries. */
  readonly deposit: Effect.Effect<void>
  /** Requests one retry. Returns `false` and takes nothing if none is available. */
  readonly withdraw: Effect.Effect<boolean>
  /** Reports that an attempt has succeeded. */
  readonly succeeded: Effect.Effect<void>
  /** Reports that an attempt has failed in a way that another attempt might fix. */
  readonly failed: Effect.Effect<void>
  /** The number of retries left now; see {@link make} and {@link throttle} for the meaning of fractions. */
  readonly balance: Effect.Effect<number>
}

/**
 * The options of {@link make}, which determine how many retries it allows. The defaults are those of Finagle.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Retries allowed per call; finite, at least 0. Defaults to `0.2`: one retry for five calls. */
  readonly ratio?: number | undefined
  /**
   * Retries allowed per second whatever the number of calls, all together if necessary; finite, at least 0. Defaults to
   * `10`.
   */
  readonly reservePerSecond?: number | undefined
  /**
   * The time for which a deposit or a withdrawal counts, accurate to a tenth of that time; finite, above 0. Defaults to
   * 10 seconds.
   */
  readonly timeToLive?: Duration.DurationInput | undefined
}

/**
 * Creates a balance of retries into which calls pay and from which retries withdraw.
 *
 * `balance = reservePerSecond * timeToLive + ratio * deposits - withdrawals`, where deposits and withdrawals count for
 * `timeToLive`. A retry is granted while the balance is at least 1. So over any `timeToLive`, retries are at most
 * `ratio` times the calls plus `reservePerSecond` times the seconds of `timeToLive`. The outcomes of attempts are
 * ignored. Dies with a `RangeError` for options out of range.
 *
 * @example
 * import { Idempotent, Retry, RetryBudget } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   // One budget for all callers of the service: when it is down, retries do not multiply its load.
 *   const budget = yield* RetryBudget.make()
 *   return yield* Effect.succeed("64000.5").pipe(Idempotent.mark, Retry.retry({ budget }))
 * })
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<RetryBudget> =>
  Effect.sync(() => {
    const { ratio = 0.2, reservePerSecond = 10 } = options
    const timeToLive = requireDuration("RetryBudget: timeToLive", options.timeToLive ?? "10 seconds")
    const nanos = Option.getOrElse(Duration.toNanos(timeToLive), () => 0n)
    for (const [option, value] of Object.entries({ ratio, reservePerSecond })) {
      const holds = value >= 0 && Number.isFinite(value)
      requireThat(`RetryBudget: ${option}`, value, holds, "finite and at least 0")
    }
    requireThat("RetryBudget: timeToLive", timeToLive, nanos > 0n, "finite and longer than 0")
    const state = retryBudget.make({
      reserve: reservePerSecond * Duration.toSeconds(timeToLive),
      ratio,
      timeToLive: nanos
    })
    const at = <A>(f: (state: retryBudget.State, now: bigint) => A): Effect.Effect<A> =>
      Effect.clockWith((clock) => Effect.succeed(f(state, monotonic(clock))))
    return attach<RetryBudget>({
      deposit: at(retryBudget.deposit),
      withdraw: at(retryBudget.withdraw),
      succeeded: Effect.void,
      failed: Effect.void,
      balance: at(retryBudget.balance)
    }, { deposit: (now) => retryBudget.deposit(state, now) })
  })

/**
 * The options of {@link throttle}, which determine how soon it stops and allows retries. The defaults are those of the
 * example in gRPC's proposal.
 *
 * @since 0.1.0
 * @category models
 */
export interface ThrottleOptions {
  /**
   * The initial and maximum number of tokens: half as many failures in a row stop retries; finite, above 0. Defaults to
   * `10`.
   */
  readonly maxTokens?: number | undefined
  /**
   * The tokens returned by a success; finite, at least 0.001, decimals after the third are cut off. Defaults to `0.1`.
   */
  readonly ratio?: number | undefined
}

/**
 * Creates a throttle like that of gRPC (proposal A6, "Throttling Retry Attempts and Hedged RPCs").
 *
 * It starts with `maxTokens` tokens, which is also the maximum. A failed attempt takes 1 token, and a successful one
 * returns `ratio`. While no more than half of `maxTokens` is left, nothing is retried or hedged. The tokens recover
 * only if more than `1 / ratio` calls succeed for each one that fails; the passing of time changes nothing. `balance`
 * is the number of tokens above that half.
 *
 * Unlike {@link make}, it knows whether the service is healthy: in good times it allows any number of retries and
 * hedges, in an outage soon none at all. Dies with a `RangeError` for options out of range.
 *
 * @since 0.1.0
 * @category constructors
 */
export const throttle = (options: ThrottleOptions = {}): Effect.Effect<RetryBudget> =>
  Effect.sync(() => {
    const { maxTokens = 10, ratio = 0.1 } = options
    const above = maxTokens > 0 && Number.isFinite(maxTokens)
    requireThat("RetryBudget.throttle: maxTokens", maxTokens, above, "finite and greater than 0")
    const enough = ratio >= 0.001 && Number.isFinite(ratio)
    requireThat("RetryBudget.throttle: ratio", ratio, enough, "finite and at least 0.001")
    const state = retryThrottle.make({ maxTokens, ratio })
    return {
      deposit: Effect.void,
      withdraw: Effect.sync(() => retryThrottle.balance(state) > 0),
      succeeded: Effect.sync(() => retryThrottle.succeeded(state)),
      failed: Effect.sync(() => retryThrottle.failed(state)),
      balance: Effect.sync(() => retryThrottle.balance(state))
    }
  })
