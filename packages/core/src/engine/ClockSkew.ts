/**
 * Estimates how far the exchange's clock is from ours, as a pure function of the timestamps in responses.
 *
 * A response that says "it is `t`" was written between sending and receiving, so the offset lies between `t - received`
 * and `t + resolution - sent`. An estimate inside that range is kept, however coarse or slow the sample. An estimate
 * outside is replaced by the middle of the range. Because some clocks round where others truncate, half a step below
 * the range counts as inside.
 *
 * Offsets of more than a day are ignored. A clock that far off is wrong, and a timestamp based on it would make
 * requests that stay valid for years, or that are never valid.
 *
 * @since 0.1.0
 */

/**
 * The offset in milliseconds: the exchange's clock minus ours. Zero until the first sample that differs.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClockSkew {
  readonly offset: number
}

/**
 * One observation of the exchange's clock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sample {
  /** Our clock when the request was sent and when the response was received, in epoch milliseconds. */
  readonly sentAt: number
  readonly receivedAt: number
  /** The exchange's clock, in epoch milliseconds. */
  readonly serverTime: number
  /** The step of `serverTime` in milliseconds: 1000 for a `Date` header, 1 for most time endpoints. */
  readonly resolution: number
}

/**
 * The estimate before any sample.
 *
 * @since 0.1.0
 * @category constructors
 */
export const initial: ClockSkew = { offset: 0 }

/**
 * The largest offset that is accepted, in milliseconds: a day.
 *
 * @since 0.1.0
 * @category constants
 */
export const limit = 86_400_000

/**
 * Returns the estimate after a sample. A sample with an implausible time leaves it unchanged.
 *
 * @since 0.1.0
 * @category transitions
 */
export const step = (skew: ClockSkew, sample: Sample): ClockSkew => {
  const low = sample.serverTime - sample.receivedAt
  const high = sample.serverTime + sample.resolution - sample.sentAt
  if (skew.offset >= low - sample.resolution / 2 && skew.offset <= high) return skew
  const offset = Math.round((low + high) / 2)
  return Math.abs(offset) <= limit ? { offset } : skew
}

/**
 * Returns the exchange's time when our clock shows `now`.
 *
 * @since 0.1.0
 * @category getters
 */
export const correct = (skew: ClockSkew, now: number): number => now + skew.offset
