/**
 * A delay in whole milliseconds, rounded up, so that none ends early: a timer knows no parts of them, and a test's clock
 * that stands between two has no time to tell (`Clock.currentTimeNanos` throws there).
 *
 * What is less than half a microsecond above a whole number is floating point's: 100 * 1.1 is 110.00000000000001.
 *
 * @internal
 */
export const wholeMillis = (millis: number): number => Math.ceil(Math.round(millis * 1000) / 1000)
