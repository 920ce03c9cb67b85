/**
 * The arithmetic of a bucket of tokens, turned round: what was spent leaks out of it at a steady rate.
 *
 * Reckoned from one instant for as long as the bucket is not empty, and never from one call to the next, so that no
 * rounding adds up however long it runs. Instants are monotonic, in nanoseconds.
 *
 * @internal
 */

/** @internal */
export interface Bucket {
  readonly _tag: "Bucket"
  /** What leaks out in a second. */
  readonly perSecond: number
  /** When it was last empty, or began to leak at this rate. */
  since: bigint
  /** How much of what has leaked since then is forgotten already. */
  gone: number
}

/** @internal */
export const make = (perSecond: number, since: bigint, gone: number): Bucket => ({
  _tag: "Bucket",
  perSecond,
  since,
  gone
})

/**
 * How much has leaked since an instant.
 *
 * @internal
 */
export const leaked = (perSecond: number, since: bigint, now: bigint): number =>
  perSecond * Number(now - since) / nanosPerSecond

/**
 * When that much will have leaked since an instant, never too early.
 *
 * @internal
 */
export const leakedAt = (perSecond: number, since: bigint, amount: number): bigint =>
  since + BigInt(Math.ceil(Math.min(amount / perSecond * nanosPerSecond, longest)))

const nanosPerSecond = 1e9

/** Some 30,000 years: what takes longer never comes, but must be a `bigint` all the same. */
const longest = 1e21
