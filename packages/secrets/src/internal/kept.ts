import type { SecretSourceError } from "../SecretSourceError.js"

/**
 * What is known of a source: its last secrets, and how the last attempt to read others ended. Instants are milliseconds of
 * one monotonic clock.
 *
 * @internal
 */
export interface Kept<A> {
  readonly bundle: { readonly secrets: A; readonly at: number } | undefined
  /** The source is late or has failed since the last secrets: `askAgainAt` is when it is asked next. */
  readonly trouble: { readonly error: SecretSourceError | undefined; readonly askAgainAt: number } | undefined
}

/** @internal */
export interface Times {
  readonly timeToLive: number
  readonly staleFor: number
}

/**
 * What is to be done for who asks for secrets.
 *
 * @internal
 */
export type Verdict<A> =
  | { readonly _tag: "Use"; readonly secrets: A }
  | { readonly _tag: "Fail"; readonly error: SecretSourceError }
  /** There is nothing to use before the source has answered. */
  | { readonly _tag: "Ask" }
  /** The source is asked; these may be used if it is late. */
  | { readonly _tag: "AskPatiently"; readonly secrets: A }
  /** The source is in trouble: these are used, and it is asked meanwhile. */
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
 * The secrets that may be used though they are not fresh.
 *
 * @internal
 */
export const usable = <A>({ bundle }: Kept<A>, now: number, { staleFor }: Times): Kept<A>["bundle"] =>
  bundle !== undefined && now < bundle.at + staleFor ? bundle : undefined

/** @internal */
export const succeeded = <A>(secrets: A, at: number): Kept<A> => ({ bundle: { secrets, at }, trouble: undefined })

/**
 * What the manager refuses is not ours any more: it is forgotten.
 *
 * @internal
 */
export const failed = <A>(kept: Kept<A>, error: SecretSourceError, now: number, times: Times): Kept<A> => {
  const bundle = error.revokes ? undefined : usable(kept, now, times)
  // Nobody waits for it where there is something to use. What has to be mended is not mended within a second.
  const pause = bundle !== undefined ? 10_000 : error.isRetryable ? 1000 : 5000
  return { bundle, trouble: { error, askAgainAt: now + pause } }
}

/**
 * The source is being asked, and nobody is to wait for it or to ask it again meanwhile.
 *
 * @internal
 */
export const late = <A>({ bundle }: Kept<A>, now: number): Kept<A> => ({
  bundle,
  trouble: { error: undefined, askAgainAt: now + 1000 }
})
