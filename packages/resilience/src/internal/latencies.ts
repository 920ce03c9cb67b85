/**
 * The distribution of recent latencies: a histogram with logarithmic buckets, as in DDSketch, in time slots. Recording
 * takes O(1), and reading a quantile O(number of buckets), whatever was recorded.
 *
 * It reads no clock: instants and latencies are passed in, in monotonic nanoseconds.
 *
 * @internal
 */
export interface State {
  /** The duration of one slot in nanoseconds. */
  readonly width: bigint
  /** The number of latencies in each bucket, per slot. */
  readonly slots: ReadonlyArray<Uint32Array>
  /** The sum of `slots`. */
  readonly totals: Uint32Array
  /** The sum of `totals`. */
  count: number
  /** The number of the current slot, counted from the epoch of the clock. */
  current: bigint
}

/**
 * The maximum relative error of a quantile between 10 microseconds and two hours.
 *
 * @internal
 */
export const accuracy = 0.02

const shortest = 10_000
const gamma = (1 + accuracy) / (1 - accuracy)
const logGamma = Math.log(gamma)
const bucketCount = 512
const slotCount = 6

/** @internal */
export const make = (window: bigint): State => {
  const width = window / BigInt(slotCount)
  return {
    width: width > 0n ? width : 1n,
    slots: Array.from({ length: slotCount }, () => new Uint32Array(bucketCount)),
    totals: new Uint32Array(bucketCount),
    count: 0,
    current: 0n
  }
}

/** @internal */
export const record = (state: State, latency: bigint, now: bigint): void => {
  advance(state, now)
  const bucket = Math.min(Math.max(0, Math.ceil(Math.log(Number(latency) / shortest) / logGamma)), bucketCount - 1)
  const slot = slotAt(state, state.current)
  if (slot !== undefined) slot[bucket] = (slot[bucket] ?? 0) + 1
  state.totals[bucket] = (state.totals[bucket] ?? 0) + 1
  state.count += 1
}

/**
 * Returns the number of latencies that count now.
 *
 * @internal
 */
export const count = (state: State, now: bigint): number => {
  advance(state, now)
  return state.count
}

/**
 * Returns the latency, in nanoseconds, that the fraction `quantile` of the current latencies does not exceed; 0 if
 * there are none.
 *
 * @internal
 */
export const quantile = (state: State, quantile: number, now: bigint): number => {
  advance(state, now)
  const rank = Math.max(1, Math.ceil(quantile * state.count))
  let below = 0
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    below += state.totals[bucket] ?? 0
    if (below >= rank) return shortest * 2 * Math.pow(gamma, bucket) / (gamma + 1)
  }
  return 0
}

const slotAt = (state: State, slot: bigint): Uint32Array | undefined => state.slots[Number(slot % BigInt(slotCount))]

/** Clears the slots that have expired; all of them after an idle period. */
const advance = (state: State, now: bigint): void => {
  const slot = now / state.width
  const steps = slot - state.current
  for (let step = 1; step <= slotCount && BigInt(step) <= steps; step++) {
    const expired = slotAt(state, state.current + BigInt(step))
    if (expired === undefined) continue
    for (const [bucket, latencies] of expired.entries()) {
      state.totals[bucket] = (state.totals[bucket] ?? 0) - latencies
      state.count -= latencies
    }
    expired.fill(0)
  }
  if (steps > 0n) state.current = slot
}
