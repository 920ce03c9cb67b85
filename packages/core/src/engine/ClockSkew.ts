/**
 * How far the exchange's clock is from ours, as a pure estimate fed by whatever timestamps come by.
 *
 * An answer that says "it is `t`" was written somewhere between sending and receiving, so the offset lies between
 * `t - received` and `t + resolution - sent`. An estimate inside that range stands, however coarse or slow the sample; one
 * outside is replaced by the middle of the range. As some clocks round where others cut off, half a step below the range
 * counts as inside.
 *
 * Nothing moves the estimate by more than a day: whoever is further off shows a wrong time, and signing by it would make
 * requests that are valid for years, or none at all.
 *
 * @since 0.1.0
 */

/**
 * The offset in milliseconds: the exchange's clock minus ours, zero until something says otherwise.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClockSkew {
  readonly offset: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Sample {
  /** Our clock when the request was sent and the answer received, epoch milliseconds. */
  readonly sentAt: number
  readonly receivedAt: number
  /** The exchange's clock, epoch milliseconds. */
  readonly serverTime: number
  /** The step of `serverTime` in milliseconds: 1000 for a `Date` header, 1 for most time endpoints. */
  readonly resolution: number
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const initial: ClockSkew = { offset: 0 }

/**
 * The largest offset that is believed, in milliseconds: a day.
 *
 * @since 0.1.0
 * @category constants
 */
export const limit = 86_400_000

/**
 * The estimate after a sample. A sample without a sensible time leaves it as it is.
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
 * The exchange's clock when ours says `now`.
 *
 * @since 0.1.0
 * @category getters
 */
export const correct = (skew: ClockSkew, now: number): number => now + skew.offset
