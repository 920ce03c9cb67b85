import type * as Clock from "effect/Clock"

/**
 * Converts an instant of our clock (epoch milliseconds) to one that stays as far away when our clock is set:
 * milliseconds of the monotonic clock.
 *
 * @internal
 */
export const fromEpoch = (clock: Clock.Clock, epochMillis: number): number =>
  monotonicMillis(clock) + epochMillis - clock.unsafeCurrentTimeMillis()

/**
 * Converts an instant of {@link fromEpoch} back, to our clock as it is now.
 *
 * @internal
 */
export const toEpoch = (clock: Clock.Clock, instant: number): number =>
  Math.round(clock.unsafeCurrentTimeMillis() + instant - monotonicMillis(clock))

const monotonicMillis = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos()) / 1e6
