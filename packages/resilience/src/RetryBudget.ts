/**
 * A limit on retries that callers share: a bad minute of one service must not turn every call into three.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as internal from "./internal/retryBudget.js"
import { monotonic } from "./internal/time.js"

/**
 * A balance of retries, paid into by calls and drawn on by retries.
 *
 * Over any `timeToLive`, retries are at most `ratio` times the calls plus `reservePerSecond` times its seconds.
 * Give one budget to everything that calls the same service.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryBudget {
  /** Pays in for one call: once when it begins, not again for its retries. */
  readonly deposit: Effect.Effect<void>
  /** Takes one retry out; `false`, and nothing taken, if less than one is left. */
  readonly withdraw: Effect.Effect<boolean>
  /** How many retries are left now; fractions are on their way to the next one. */
  readonly balance: Effect.Effect<number>
}

/**
 * How many retries a {@link RetryBudget} allows; the defaults are those of Finagle.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Retries allowed for each call. Defaults to `0.2`: one retry for five calls. */
  readonly ratio?: number | undefined
  /** Retries allowed for each second whatever the number of calls, all at once if need be. Defaults to `10`. */
  readonly reservePerSecond?: number | undefined
  /** How long a deposit and a withdrawal count, to a tenth of it. Finite. Defaults to 10 seconds. */
  readonly timeToLive?: Duration.DurationInput | undefined
}

/**
 * Makes a budget: `balance = reservePerSecond * timeToLive + ratio * deposits - withdrawals`, where deposits and
 * withdrawals count for `timeToLive`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<RetryBudget> =>
  Effect.suspend(() => {
    const timeToLive = Duration.decode(options.timeToLive ?? "10 seconds")
    const nanos = Duration.toNanos(timeToLive)
    if (Option.isNone(nanos)) {
      return Effect.dieMessage("A retry budget needs a finite timeToLive")
    }
    const state = internal.make({
      reserve: (options.reservePerSecond ?? 10) * Duration.toSeconds(timeToLive),
      ratio: options.ratio ?? 0.2,
      timeToLive: nanos.value
    })
    const at = <A>(f: (state: internal.State, now: bigint) => A): Effect.Effect<A> =>
      Effect.clockWith((clock) => Effect.succeed(f(state, monotonic(clock))))
    return Effect.succeed<RetryBudget>({
      deposit: at(internal.deposit),
      withdraw: at(internal.withdraw),
      balance: at(internal.balance)
    })
  })
