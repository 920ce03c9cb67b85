import type { SecretSourceError } from "../SecretSourceError.js"

/**
 * The cache of a source: its last secrets, and how the last attempt to read new ones ended. Instants are milliseconds
 * of one monotonic clock.
 *
 * @internal
 */
export interface CacheState<A> {
  readonly bundle: { readonly secrets: A; readonly at: number } | undefined
  /** Set if the source is slow or has failed since the last success. The source is called next at `readAgainAt`. */
  readonly problem: { readonly error: SecretSourceError | undefined; readonly readAgainAt: number } | undefined
}

/** @internal */
export interface Times {
  readonly timeToLive: number
  readonly staleFor: number
}

/**
 * What to do for a load.
 *
 * @internal
 */
export type Verdict<A> =
  | { readonly _tag: "Use"; readonly secrets: A }
  | { readonly _tag: "Fail"; readonly error: SecretSourceError }
  /** There are no usable secrets, so the load waits for the source. */
  | { readonly _tag: "Read" }
  /** The source is called. The load uses these secrets if the source is slow. */
  | { readonly _tag: "ReadWithFallback"; readonly secrets: A }
  /** The source is slow or failing. The load uses these secrets, and the source is called in the background. */
  | { readonly _tag: "ReadInBackground"; readonly secrets: A }

/** @internal */
export const empty: CacheState<never> = { bundle: undefined, problem: undefined }

/** @internal */
export const decide = <A>(cacheState: CacheState<A>, now: number, times: Times): Verdict<A> => {
  const { bundle, problem } = cacheState
  if (bundle !== undefined && now < bundle.at + times.timeToLive) return { _tag: "Use", secrets: bundle.secrets }
  const isDue = problem === undefined || now >= problem.readAgainAt
  const stale = usable(cacheState, now, times)
  if (stale !== undefined) {
    if (!isDue) return { _tag: "Use", secrets: stale.secrets }
    return { _tag: problem === undefined ? "ReadWithFallback" : "ReadInBackground", secrets: stale.secrets }
  }
  return isDue || problem.error === undefined ? { _tag: "Read" } : { _tag: "Fail", error: problem.error }
}

/**
 * Returns the cached secrets if they may be used although they are not fresh.
 *
 * @internal
 */
export const usable = <A>({ bundle }: CacheState<A>, now: number, { staleFor }: Times): CacheState<A>["bundle"] =>
  bundle !== undefined && now < bundle.at + staleFor ? bundle : undefined

/** @internal */
export const succeeded = <A>(secrets: A, at: number): CacheState<A> => ({ bundle: { secrets, at }, problem: undefined })

/**
 * Records a failed read. Drops the secrets if the error revokes them.
 *
 * @internal
 */
export const failed = <A>(
  cacheState: CacheState<A>,
  error: SecretSourceError,
  now: number,
  times: Times
): CacheState<A> => {
  const bundle = error.revokes ? undefined : usable(cacheState, now, times)
  // With usable secrets the pause can be long, because no load waits. An error that needs a fix is not fixed within a
  // second, so it also gets a longer pause.
  const pause = bundle !== undefined ? 10_000 : error.isRetryable ? 1000 : 5000
  return { bundle, problem: { error, readAgainAt: now + pause } }
}

/**
 * Records that the current read is slow. For one second, loads neither wait for it nor start another read.
 *
 * @internal
 */
export const slow = <A>({ bundle }: CacheState<A>, now: number): CacheState<A> => ({
  bundle,
  problem: { error: undefined, readAgainAt: now + 1000 }
})
