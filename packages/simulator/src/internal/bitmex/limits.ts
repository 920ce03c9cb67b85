/**
 * BitMEX's meters: a token bucket per account or, without a key, per IP; and the ban after a storm of errors.
 *
 * @internal
 */
import type { Usage } from "../../Dialect.js"

/** @internal Requests per minute with a valid key. */
export const authenticated = 120

/** @internal Requests per minute of an IP without a key. */
export const anonymous = 30

// The exchange says "many errors in a short time": fifty within a minute is this simulator's reading.
const stormErrors = 50
const stormWindow = 60_000
const hour = 3_600_000
const week = 7 * 24 * hour

// A request costs one token of `token` units; `limit` units flow in each millisecond, so refilling stays exact.
const token = 60_000

interface Bucket {
  readonly limit: number
  readonly units: number
  readonly at: number
}

interface Offender {
  readonly errors: ReadonlyArray<number>
  readonly bans: number
  readonly bannedUntil: number
}

/** @internal */
export interface Limits {
  readonly buckets: ReadonlyMap<string, Bucket>
  readonly offenders: ReadonlyMap<string, Offender>
}

/** @internal */
export const initial: Limits = { buckets: new Map(), offenders: new Map() }

/** @internal The verdict on one request and what the rate headers say after it. */
export interface Verdict {
  readonly admitted: boolean
  /** Seconds until the next token, at least one. */
  readonly retryAfter: number
  readonly headers: Readonly<Record<string, string>>
}

const refill = (bucket: Bucket | undefined, limit: number, now: number): Bucket => {
  if (bucket === undefined) return { limit, units: limit * token, at: now }
  const units = Math.min(limit * token, bucket.units + Math.max(0, now - bucket.at) * limit)
  return { limit, units, at: Math.max(now, bucket.at) }
}

/** @internal Takes one token from a scope's bucket, if there is one. */
export const take = (limits: Limits, scope: string, limit: number, now: number): readonly [Verdict, Limits] => {
  const full = refill(limits.buckets.get(scope), limit, now)
  const admitted = full.units >= token
  const bucket = admitted ? { ...full, units: full.units - token } : full
  const verdict: Verdict = {
    admitted,
    retryAfter: Math.max(1, Math.ceil((token - bucket.units) / limit / 1000)),
    headers: {
      "x-ratelimit-limit": String(limit),
      "x-ratelimit-remaining": String(Math.floor(bucket.units / token)),
      "x-ratelimit-reset": String(Math.ceil((now + (limit * token - bucket.units) / limit) / 1000))
    }
  }
  return [verdict, { ...limits, buckets: new Map(limits.buckets).set(scope, bucket) }]
}

/** @internal The instant until which an address is banned, if it is. */
export const bannedUntil = (limits: Limits, address: string, now: number): number | undefined => {
  const until = limits.offenders.get(address)?.bannedUntil
  return until !== undefined && now < until ? until : undefined
}

/** @internal Counts an answer with status 400 or above against its address: an hour's ban first, then a week's. */
export const offend = (limits: Limits, address: string, now: number): Limits => {
  const before = limits.offenders.get(address) ?? { errors: [], bans: 0, bannedUntil: 0 }
  const errors = [...before.errors.filter((at) => at > now - stormWindow), now]
  const offender = errors.length < stormErrors
    ? { ...before, errors }
    : { errors: [], bans: before.bans + 1, bannedUntil: now + (before.bans === 0 ? hour : week) }
  return { ...limits, offenders: new Map(limits.offenders).set(address, offender) }
}

/** @internal */
export const usage = (limits: Limits, now: number): ReadonlyArray<Usage> =>
  [...limits.buckets].map(([scope, bucket]) => {
    const until = bannedUntil(limits, scope.replace(/^ip:/, ""), now)
    const { limit, units } = refill(bucket, bucket.limit, now)
    const used = limit - Math.floor(units / token)
    return until === undefined ? { scope, used, limit } : { scope, used, limit, bannedUntil: until }
  })
