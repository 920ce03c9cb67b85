/**
 * The arithmetic of adaptive concurrency limits. It reads no clock: ended calls are passed in with their times.
 *
 * @internal
 */
import type { Adaptive } from "./bulkheadModel.js"

/** @internal */
export interface State {
  readonly adaptive: Adaptive
  /** The limit, including its fraction. */
  limit: number
  /** When the limit was last lowered because of overload. */
  loweredAt: bigint | undefined
  /** The number of calls since the limit was last compared with their durations. */
  calls: number
  /** The sum of the durations of these calls, in milliseconds. */
  total: number
  /** Whether half the limit was in use during any of these calls. */
  isUsed: boolean
  /** The usual duration in milliseconds, and the number of comparisons it is based on. */
  usual: number
  compared: number
}

/**
 * A call that has ended. A failure without a sign of overload carries no information and is not reported.
 *
 * @internal
 */
export interface Sample {
  readonly begin: bigint
  readonly end: bigint
  /** The number of running calls when it ended, including itself. */
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
 * Updates the limit with an ended call, and returns the number of calls that may run concurrently from now on.
 *
 * @internal
 */
export const step = (state: State, sample: Sample): number => {
  const { adaptive } = state
  const millis = Number(sample.end - sample.begin) / 1_000_000
  if (sample.isOverload || (adaptive._tag === "Aimd" && millis >= adaptive.slowAfterMillis)) {
    lower(state, sample)
  } else if (adaptive._tag === "Aimd") {
    // Adds one per as many calls as the limit, so about one each time that all of them have been answered.
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

/** Lowers the limit once for all calls that were running at the same time: they met the same overload. */
const lower = (state: State, { begin, end }: Sample): void => {
  if (state.loweredAt === undefined || begin >= state.loweredAt) {
    state.limit = clamp(state.adaptive, state.limit * state.adaptive.backoff)
    state.loweredAt = end
  }
}

/** A limit that is not in use has not been tested: that its calls succeed says nothing about a higher limit. */
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
  // After an overload the usual duration is far too long, and must be forgotten faster than it was learned.
  if (state.usual > 2 * recent) state.usual *= 0.95
  if (!wasUsed) return
  const ratio = recent > 0 ? gradient.tolerance * state.usual / recent : 1
  const target = Math.min(1, Math.max(0.5, ratio)) * state.limit + gradient.queue
  state.limit = clamp(gradient, state.limit + gradient.smoothing * (target - state.limit))
}

const clamp = ({ max, min }: Adaptive, limit: number): number => Math.min(max, Math.max(min, limit))
