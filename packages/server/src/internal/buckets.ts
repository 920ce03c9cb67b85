/**
 * The rate limit of each client: one token bucket per client.
 *
 * @internal
 */
export interface Rules {
  /** The capacity of a bucket. */
  readonly burst: number
  readonly perSecond: number
  /** The maximum number of clients that are remembered. The ones with the latest requests are kept. */
  readonly clients: number
}

/**
 * The buckets by client, least recently used first.
 *
 * @internal
 */
export type Buckets = Map<string, { readonly tokens: number; readonly at: number }>

/**
 * Takes a token from a client's bucket. Returns `0` if there is one, otherwise the milliseconds until the next one.
 * Time is in monotonic milliseconds.
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
