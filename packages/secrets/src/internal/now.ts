import * as Effect from "effect/Effect"

/**
 * Milliseconds of a clock that is never set.
 *
 * @internal
 */
export const now: Effect.Effect<number> = Effect.clockWith((clock) =>
  Effect.sync(() => Number(clock.unsafeCurrentTimeNanos() / BigInt(1_000_000)))
)
