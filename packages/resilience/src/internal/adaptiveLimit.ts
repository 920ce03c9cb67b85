/**
 * The arithmetic of limits on concurrency that find their own size. Knows no clock: calls are told when they have ended.
 *
 * @internal
 */
import type { Adaptive } from "./bulkheadModel.js"

/** @internal */
export interface State {
  readonly adaptive: Adaptive
  /** The limit, with its fraction. */
  limit: number
  /** When the limit was last lowered for an overload. */
  loweredAt: bigint | undefined
  /** The calls since the limit was last compared with their durations. */
  calls: number
  /** The sum of their durations, in milliseconds. */
  total: number
  /** Whether half the limit was in use in any of them. */
  isUsed: boolean
  /** The usual duration in milliseconds, and how many comparisons it stands on. */
  usual: number
  compared: number
}

/**
 * A call that has ended. One that has failed without a sign of overload says nothing, and is not told.
 *
 * @internal
 */
export interface Sample {
  readonly begin: bigint
  readonly end: bigint
  /** How many ran when it ended, itself included. */
  readonly running: number
  readonly isOverload: boolean
}

/** @internal */
export const make = (adaptive: Adaptive, permits: number): State => ({
  adaptive,
  limit: clamp(adaptive, permits),
  loweredAt: undefined,
  calls: 0,
  total: 0,
  isUsed: false,
  usual: 0,
  compared: 0
})

/**
 * Takes in a call and answers how many may run at once from now on.
 *
 * @internal
 */
export const step = (state: State, sample: Sample): number => {
  const { adaptive } = state
  const millis = Number(sample.end - sample.begin) / 1_000_000
  if (sample.isOverload || (adaptive._tag === "Aimd" && millis >= adaptive.slowAfterMillis)) {
    lower(state, sample)
  } else if (adaptive._tag === "Aimd") {
    // One more for as many calls as the limit, so about one for each time they all have been answered.
    if (isUsed(state, sample)) state.limit = clamp(adaptive, state.limit + 1 / state.limit)
  } else {
    compare(state, adaptive, millis, isUsed(state, sample))
  }
  return Math.floor(state.limit)
}

/** @internal */
export const resize = (state: State, permits: number): number => {
  state.limit = clamp(state.adaptive, permits)
  return Math.floor(state.limit)
}

/** Once for all calls that were running at the same time: what they met was one overload. */
const lower = (state: State, { begin, end }: Sample): void => {
  if (state.loweredAt === undefined || begin >= state.loweredAt) {
    state.limit = clamp(state.adaptive, state.limit * state.adaptive.backoff)
    state.loweredAt = end
  }
}

/** A limit that is not used has not been tried, so that calls are well says nothing about a higher one. */
const isUsed = (state: State, { running }: Sample): boolean => running * 2 >= state.limit

const compare = (
  state: State,
  gradient: Extract<Adaptive, { _tag: "Gradient" }>,
  millis: number,
  used: boolean
): void => {
  state.calls++
  state.total += millis
  state.isUsed ||= used
  if (state.calls < Math.max(10, state.limit)) return
  const recent = state.total / state.calls
  const wasUsed = state.isUsed
  state.calls = 0
  state.total = 0
  state.isUsed = false
  state.compared = Math.min(state.compared + 1, gradient.memory)
  state.usual += (recent - state.usual) / state.compared
  // After an overload what was usual is too long by far, and must not take as long to forget as it took to learn.
  if (state.usual > 2 * recent) state.usual *= 0.95
  if (!wasUsed) return
  const ratio = recent > 0 ? gradient.tolerance * state.usual / recent : 1
  const target = Math.min(1, Math.max(0.5, ratio)) * state.limit + gradient.queue
  state.limit = clamp(gradient, state.limit + gradient.smoothing * (target - state.limit))
}

const clamp = ({ max, min }: Adaptive, limit: number): number => Math.min(max, Math.max(min, limit))
