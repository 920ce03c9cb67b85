/**
 * The distribution of the latencies of the last while: a histogram with logarithmic buckets, as in DDSketch, in
 * slots of time. Recording is O(1), reading a quantile O(number of buckets), whatever was recorded.
 *
 * Knows no clock: instants and latencies are in monotonic nanoseconds.
 *
 * @internal
 */
export interface State {
  /** Nanoseconds that one slot covers. */
  readonly width: bigint
  /** For each slot the number of latencies in each bucket. */
  readonly slots: ReadonlyArray<Uint32Array>
  /** The sum of `slots`. */
  readonly totals: Uint32Array
  /** The sum of `totals`. */
  count: number
  /** The number, since the epoch of the clock, of the slot that is being written. */
  current: bigint
}

/**
 * No quantile is off by more than this part of itself, within 10 microseconds and two hours.
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
 * How many latencies count now.
 *
 * @internal
 */
export const count = (state: State, now: bigint): number => {
  advance(state, now)
  return state.count
}

/**
 * The latency, in nanoseconds, that a part `quantile` of those that count now did not exceed; 0 if there are none.
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

/** Forgets the slots that time has passed over, all of them after an idle while. */
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
