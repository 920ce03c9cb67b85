/**
 * Bybit's meters: 600 requests in 5 seconds per IP, then ten minutes of nothing; per user and endpoint, so many a
 * second.
 *
 * @internal
 */
import type { Usage } from "../../Dialect.js"
import * as RollingWindow from "../../internal/rollingWindow.js"

const ipRule: RollingWindow.Rule = { limit: 600, window: 5000 }
const ban = 600_000

interface Address {
  readonly hits: RollingWindow.Hits
  readonly bannedUntil: number
}

interface Bucket {
  readonly rule: RollingWindow.Rule
  readonly hits: RollingWindow.Hits
}

/** @internal Addresses by IP, buckets of the account by endpoint. */
export interface Limits {
  readonly addresses: ReadonlyMap<string, Address>
  readonly buckets: ReadonlyMap<string, Bucket>
}

/** @internal */
export const initial: Limits = { addresses: new Map(), buckets: new Map() }

/** @internal Counts a request against its address. A ban is lifted ten minutes after it began, come what may. */
export const admit = (limits: Limits, address: string, now: number): readonly [admitted: boolean, Limits] => {
  const before = limits.addresses.get(address) ?? { hits: [], bannedUntil: 0 }
  if (now < before.bannedUntil) return [false, limits]
  const { admitted, hits } = RollingWindow.take(before.hits, ipRule, now)
  const after = admitted ? { hits, bannedUntil: 0 } : { hits: [], bannedUntil: now + ban }
  return [admitted, { ...limits, addresses: new Map(limits.addresses).set(address, after) }]
}

/** @internal Takes from an endpoint's bucket of the account, `perSecond` being its quota. */
export const take = (
  limits: Limits,
  bucket: string,
  perSecond: number,
  cost: number,
  now: number
): readonly [admitted: boolean, headers: Readonly<Record<string, string>>, Limits] => {
  const rule = { limit: perSecond, window: 1000 }
  const hits = limits.buckets.get(bucket)?.hits ?? []
  // A batch larger than the quota would never be let through.
  const verdict = RollingWindow.take(hits, rule, now, Math.min(cost, perSecond))
  const headers = {
    "x-bapi-limit": String(perSecond),
    "x-bapi-limit-status": String(verdict.remaining),
    "x-bapi-limit-reset-timestamp": String(verdict.resetAt)
  }
  return [verdict.admitted, headers, {
    ...limits,
    buckets: new Map(limits.buckets).set(bucket, { rule, hits: verdict.hits })
  }]
}

/** @internal */
export const usage = (limits: Limits, now: number): ReadonlyArray<Usage> => [
  ...[...limits.addresses].map(([address, { bannedUntil, hits }]): Usage => ({
    scope: `ip:${address}`,
    used: RollingWindow.within(hits, ipRule, now).length,
    limit: ipRule.limit,
    bannedUntil: now < bannedUntil ? bannedUntil : undefined
  })),
  ...[...limits.buckets].map(([bucket, { hits, rule }]): Usage => ({
    scope: `account:${bucket}`,
    used: RollingWindow.within(hits, rule, now).length,
    limit: rule.limit
  }))
]
