import type { SecretSourceError } from "../SecretSourceError.js"

/**
 * The cache of a source: its last secrets, and how the last attempt to read new ones ended. Instants are milliseconds
 * of one monotonic clock.
 *
 * @internal
 */
export interface Kept<A> {
  readonly bundle: { readonly secrets: A; readonly at: number } | undefined
  /** Set if the source is slow or has failed since the last success. The source is called next at `askAgainAt`. */
  readonly trouble: { readonly error: SecretSourceError | undefined; readonly askAgainAt: number } | undefined
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
  | { readonly _tag: "Ask" }
  /** The source is called. The load uses these secrets if the source is slow. */
  | { readonly _tag: "AskPatiently"; readonly secrets: A }
  /** The source is slow or failing. The load uses these secrets, and the source is called in the background. */
  | { readonly _tag: "AskBehind"; readonly secrets: A }

/** @internal */
export const nothing: Kept<never> = { bundle: undefined, trouble: undefined }

/** @internal */
export const decide = <A>(kept: Kept<A>, now: number, times: Times): Verdict<A> => {
  const { bundle, trouble } = kept
  if (bundle !== undefined && now < bundle.at + times.timeToLive) return { _tag: "Use", secrets: bundle.secrets }
  const isDue = trouble === undefined || now >= trouble.askAgainAt
  const stale = usable(kept, now, times)
  if (stale !== undefined) {
    if (!isDue) return { _tag: "Use", secrets: stale.secrets }
    return { _tag: trouble === undefined ? "AskPatiently" : "AskBehind", secrets: stale.secrets }
  }
  return isDue || trouble.error === undefined ? { _tag: "Ask" } : { _tag: "Fail", error: trouble.error }
}

/**
 * Returns the cached secrets if they may be used although they are not fresh.
 *
 * @internal
 */
export const usable = <A>({ bundle }: Kept<A>, now: number, { staleFor }: Times): Kept<A>["bundle"] =>
  bundle !== undefined && now < bundle.at + staleFor ? bundle : undefined

/** @internal */
export const succeeded = <A>(secrets: A, at: number): Kept<A> => ({ bundle: { secrets, at }, trouble: undefined })

/**
 * Records a failed read. Drops the secrets if the error revokes them.
 *
 * @internal
 */
export const failed = <A>(kept: Kept<A>, error: SecretSourceError, now: number, times: Times): Kept<A> => {
  const bundle = error.revokes ? undefined : usable(kept, now, times)
  // With usable secrets the pause can be long, because no load waits. An error that needs a fix is not fixed within a
  // second, so it also gets a longer pause.
  const pause = bundle !== undefined ? 10_000 : error.isRetryable ? 1000 : 5000
  return { bundle, trouble: { error, askAgainAt: now + pause } }
}

/**
 * Records that the current read is slow. For one second, loads neither wait for it nor start another read.
 *
 * @internal
 */
export const late = <A>({ bundle }: Kept<A>, now: number): Kept<A> => ({
  bundle,
  trouble: { error: undefined, askAgainAt: now + 1000 }
})
