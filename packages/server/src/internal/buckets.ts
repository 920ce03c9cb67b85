/**
 * How often each client may ask: a bucket of tokens for each, which fills as time goes by.
 *
 * @internal
 */
export interface Rules {
  /** How many a client may ask at once. */
  readonly burst: number
  readonly perSecond: number
  /** How many clients are remembered: those that asked last. */
  readonly clients: number
}

/** @internal The one that asked least recently first. */
export type Buckets = Map<string, { readonly tokens: number; readonly at: number }>

/**
 * Takes a token of a client; `0` where it may ask, else for how many milliseconds it may not. Time is monotonic milliseconds.
 *
 * @internal
 */
export const take = ({ burst, clients, perSecond }: Rules, buckets: Buckets, client: string, now: number): number => {
  const { at, tokens } = buckets.get(client) ?? { tokens: burst, at: now }
  const filled = Math.min(burst, tokens + Math.max(0, now - at) * perSecond / 1000)
  const isFree = filled >= 1
  buckets.delete(client)
  buckets.set(client, { tokens: isFree ? filled - 1 : filled, at: now })
  for (const oldest of buckets.keys()) {
    if (buckets.size <= clients) break
    buckets.delete(oldest)
  }
  return isFree ? 0 : Math.ceil((1 - filled) * 1000 / perSecond)
}
