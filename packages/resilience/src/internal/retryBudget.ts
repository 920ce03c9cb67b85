/**
 * A ledger of deposits and withdrawals over the last `size` time buckets. It reads no clock: `now` is in monotonic
 * nanoseconds.
 *
 * @internal
 */
export interface State {
  readonly reserve: number
  readonly ratio: number
  /** The duration of one bucket in nanoseconds. */
  readonly width: bigint
  /** The contribution of each bucket to the balance: `ratio` for each deposit, minus one for each withdrawal. */
  readonly buckets: Float64Array
  /** The sum of `buckets`. */
  sum: number
  /** The number of the current bucket, counted from the epoch of the clock. */
  current: bigint
}

const size = 10

/** @internal */
export const make = (options: {
  readonly reserve: number
  readonly ratio: number
  readonly timeToLive: bigint
}): State => {
  const width = options.timeToLive / BigInt(size)
  return {
    reserve: options.reserve,
    ratio: options.ratio,
    width: width > 0n ? width : 1n,
    buckets: new Float64Array(size),
    sum: 0,
    current: 0n
  }
}

/** @internal */
export const deposit = (state: State, now: bigint): void => add(state, state.ratio, now)

/**
 * Withdraws one retry if the balance is at least 1.
 *
 * @internal
 */
export const withdraw = (state: State, now: bigint): boolean => {
  if (balance(state, now) < 1) {
    return false
  }
  add(state, -1, now)
  return true
}

/** @internal */
export const balance = (state: State, now: bigint): number => {
  advance(state, now)
  // A sum of tenths is slightly too small in floating point; a retry that was paid for must not be lost to that.
  return Math.max(0, Math.round((state.reserve + state.sum) * 1e9) / 1e9)
}

const add = (state: State, amount: number, now: bigint): void => {
  advance(state, now)
  const index = Number(state.current % BigInt(size))
  state.buckets[index] = (state.buckets[index] ?? 0) + amount
  state.sum += amount
}

const advance = (state: State, now: bigint): void => {
  const bucket = now / state.width
  const steps = bucket - state.current
  if (steps <= 0n) {
    return
  }
  for (let step = 1; step <= size && BigInt(step) <= steps; step++) {
    state.buckets[Number((state.current + BigInt(step)) % BigInt(size))] = 0
  }
  state.current = bucket
  // Recomputed instead of subtracted, so that rounding errors expire with the buckets.
  state.sum = state.buckets.reduce((sum, amount) => sum + amount, 0)
}
