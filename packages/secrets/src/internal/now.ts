import * as Effect from "effect/Effect"

/**
 * Returns the time of the monotonic clock in milliseconds.
 *
 * @internal
 */
export const now: Effect.Effect<number> = Effect.clockWith((clock) =>
  Effect.sync(() => Number(clock.unsafeCurrentTimeNanos() / BigInt(1_000_000)))
)
