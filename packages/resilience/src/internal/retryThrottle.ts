/**
 * The token count of gRPC's retry throttling. Counted in thousandths, so that tenths add up exactly.
 *
 * @internal
 */
export interface State {
  readonly max: number
  readonly ratio: number
  tokens: number
}

/** @internal */
export const make = (options: { readonly maxTokens: number; readonly ratio: number }): State => {
  const max = Math.round(options.maxTokens * 1000)
  return { max, ratio: Math.trunc(Number((options.ratio * 1000).toFixed(6))), tokens: max }
}

/** @internal */
export const succeeded = (state: State): void => {
  state.tokens = Math.min(state.max, state.tokens + state.ratio)
}

/** @internal */
export const failed = (state: State): void => {
  state.tokens = Math.max(0, state.tokens - 1000)
}

/**
 * Returns the number of tokens above half of the maximum; retries are allowed only while it is positive.
 *
 * @internal
 */
export const balance = (state: State): number => Math.max(0, state.tokens - state.max / 2) / 1000
