/**
 * Rounds a delay up to whole milliseconds, so that no delay ends early: timers have no fractions of a millisecond, and
 * `Clock.currentTimeNanos` throws in tests when the clock stands between two milliseconds.
 *
 * Less than half a microsecond above a whole number is treated as a floating-point error: 100 * 1.1 is
 * 110.00000000000001.
 *
 * @internal
 */
export const wholeMillis = (millis: number): number => Math.ceil(Math.round(millis * 1000) / 1000)
