/**
 * A limit on retries that callers share: a bad minute of one service must not turn every call into three.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type AtOnce, attach, type OfBudget } from "./internal/atOnce.js"
import { requireDuration } from "./internal/duration.js"
import { requireThat } from "./internal/requireWhole.js"
import * as retryBudget from "./internal/retryBudget.js"
import * as retryThrottle from "./internal/retryThrottle.js"
import { monotonic } from "./internal/time.js"

/**
 * Decides whether there may be another retry or hedge, from what all its callers tell it: {@link make} by the number
 * of calls, {@link throttle} by how they ended.
 *
 * Give one to everything that calls the same service. What dies in one of your own is logged and changes no answer; a retry
 * or hedge that it was asked for is not made.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryBudget {
  /** @internal */
  readonly [AtOnce]?: OfBudget
  /** Says that a call begins: once for it, not again for its retries. */
  readonly deposit: Effect.Effect<void>
  /** Asks for one retry; `false`, and nothing taken, if there is none to be had. */
  readonly withdraw: Effect.Effect<boolean>
  /** Says that an attempt has succeeded. */
  readonly succeeded: Effect.Effect<void>
  /** Says that an attempt has failed in a way that another one might mend. */
  readonly failed: Effect.Effect<void>
  /** How many retries are left now; see {@link make} and {@link throttle} for what fractions mean. */
  readonly balance: Effect.Effect<number>
}

/**
 * How many retries {@link make} allows; the defaults are those of Finagle.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Retries allowed for each call; finite, not below 0. Defaults to `0.2`: one retry for five calls. */
  readonly ratio?: number | undefined
  /**
   * Retries allowed for each second whatever the number of calls, all at once if need be; finite, not below 0. Defaults
   * to `10`.
   */
  readonly reservePerSecond?: number | undefined
  /** How long a deposit and a withdrawal count, to a tenth of it; finite, above 0. Defaults to 10 seconds. */
  readonly timeToLive?: Duration.DurationInput | undefined
}

/**
 * Makes a balance of retries, paid into by calls and drawn on by retries.
 *
 * `balance = reservePerSecond * timeToLive + ratio * deposits - withdrawals`, where deposits and withdrawals count for
 * `timeToLive`; one is granted while it is at least 1. So over any `timeToLive`, retries are at most `ratio` times the
 * calls plus `reservePerSecond` times its seconds. How attempts end means nothing to it. Dies with a `RangeError` for
 * options out of range.
 *
 * @example
 * import { Idempotent, Retry, RetryBudget } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   // One for all that call the same service: when it is down, retries do not multiply what it is asked.
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
 * How soon {@link throttle} stops retries, and how soon it allows them again; the defaults are those of the example in
 * gRPC's proposal.
 *
 * @since 0.1.0
 * @category models
 */
export interface ThrottleOptions {
  /** The tokens at first and at most: half as many failures in a row stop retries; finite, above 0. Defaults to `10`. */
  readonly maxTokens?: number | undefined
  /** What a success gives back; finite, at least 0.001, decimals after the third are cut off. Defaults to `0.1`. */
  readonly ratio?: number | undefined
}

/**
 * Makes a throttle as gRPC's (proposal A6, "Throttling Retry Attempts and Hedged RPCs").
 *
 * There are `maxTokens` tokens at first and at most; a failed attempt takes 1, a successful one gives `ratio` back.
 * While no more than half of `maxTokens` is left, nothing is retried or hedged. Then the service is well again only when
 * `1 / ratio` calls succeed for each one that fails, and time changes nothing. `balance` is what there is above that
 * half.
 *
 * Unlike {@link make} it knows whether the service is well: in good times it allows any number of retries and hedges,
 * in an outage soon none at all. Dies with a `RangeError` for options out of range.
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
