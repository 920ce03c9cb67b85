/**
 * Coinbase's request limits as token buckets: 30 a second for the account, 10 a second for an IP without a key.
 *
 * @internal
 */
import type { Usage } from "../../Dialect.js"

/** @internal Requests a second of the account. */
export const privateLimit = 30
/** @internal Requests a second of an IP. */
export const publicLimit = 10

// A request costs 1000 units; `limit` units flow in each millisecond, so refilling stays exact.
const request = 1000

interface Bucket {
  readonly limit: number
  readonly units: number
  readonly at: number
}

/** @internal Buckets by scope. */
export type Buckets = ReadonlyMap<string, Bucket>

const refill = ({ at, limit, units }: Bucket, now: number): Bucket => ({
  limit,
  units: Math.min(limit * request, units + Math.max(0, now - at) * limit),
  at: Math.max(at, now)
})

/** @internal Takes a request from a scope's bucket, if it has one left, and says what the headers tell. */
export const take = (
  buckets: Buckets,
  scope: string,
  limit: number,
  now: number
): readonly [admitted: boolean, headers: Readonly<Record<string, string>>, next: Buckets] => {
  const bucket = refill(buckets.get(scope) ?? { limit, units: limit * request, at: now }, now)
  const admitted = bucket.units >= request
  const after = admitted ? { ...bucket, units: bucket.units - request } : bucket
  const headers = {
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(Math.floor(after.units / request)),
    "x-ratelimit-reset": String(Math.ceil((limit * request - after.units) / limit / 1000))
  }
  return [admitted, headers, new Map(buckets).set(scope, after)]
}

/** @internal */
export const usage = (buckets: Buckets, now: number): ReadonlyArray<Usage> =>
  [...buckets].map(([scope, bucket]) => ({
    scope,
    used: bucket.limit - Math.floor(refill(bucket, now).units / request),
    limit: bucket.limit
  }))
