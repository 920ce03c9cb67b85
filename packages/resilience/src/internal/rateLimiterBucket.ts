/**
 * The arithmetic of a token bucket, inverted: spent costs leak out of the bucket at a steady rate.
 *
 * Everything is computed from one instant for as long as the bucket is not empty, never from one call to the next, so
 * that rounding errors do not accumulate. Instants are monotonic, in nanoseconds.
 *
 * @internal
 */

/** @internal */
export interface Bucket {
  readonly _tag: "Bucket"
  /** The amount that leaks out per second. */
  readonly perSecond: number
  /** When the bucket was last empty, or began to leak at this rate. */
  since: bigint
  /** The part of the amount leaked since then whose costs have already been removed. */
  removed: number
}

/** @internal */
export const make = (perSecond: number, since: bigint, removed: number): Bucket => ({
  _tag: "Bucket",
  perSecond,
  since,
  removed
})

/**
 * Returns the amount that has leaked since an instant.
 *
 * @internal
 */
export const leaked = (perSecond: number, since: bigint, now: bigint): number =>
  perSecond * Number(now - since) / nanosPerSecond

/**
 * Returns when an amount will have leaked since an instant, never too early.
 *
 * @internal
 */
export const leakedAt = (perSecond: number, since: bigint, amount: number): bigint =>
  since + BigInt(Math.ceil(Math.min(amount / perSecond * nanosPerSecond, longest)))

const nanosPerSecond = 1e9

/** Some 30,000 years, in nanoseconds. Whatever takes longer never comes, but must still be a `bigint`. */
const longest = 1e21
