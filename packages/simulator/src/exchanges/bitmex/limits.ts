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

/** @internal Requests per second of an account that place, amend and cancel. */
export const ordering = 10

// The exchange says "many errors in a short time": fifty within a minute is this simulator's reading.
const stormErrors = 50
const stormWindow = 60_000
const hour = 3_600_000
const week = 7 * 24 * hour

// A request costs one token of as many units as the window has milliseconds; `limit` units flow in each millisecond,
// so refilling stays exact.
const minute = 60_000
const second = 1000

interface Bucket {
  readonly limit: number
  readonly token: number
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

const refill = (bucket: Bucket, now: number): Bucket => {
  const { at, limit, token, units } = bucket
  return {
    ...bucket,
    units: Math.min(limit * token, units + Math.max(0, now - at) * limit),
    at: Math.max(now, at)
  }
}

const draw = (
  limits: Limits,
  scope: string,
  limit: number,
  token: number,
  now: number
): readonly [admitted: boolean, bucket: Bucket, next: Limits] => {
  const full = refill(limits.buckets.get(scope) ?? { limit, token, units: limit * token, at: now }, now)
  const admitted = full.units >= token
  const bucket = admitted ? { ...full, units: full.units - token } : full
  return [admitted, bucket, { ...limits, buckets: new Map(limits.buckets).set(scope, bucket) }]
}

/** @internal Takes one token from a scope's bucket of a minute, if there is one. */
export const take = (limits: Limits, scope: string, limit: number, now: number): readonly [Verdict, Limits] => {
  const [admitted, { units }, next] = draw(limits, scope, limit, minute, now)
  const verdict: Verdict = {
    admitted,
    retryAfter: Math.max(1, Math.ceil((minute - units) / limit / 1000)),
    headers: {
      "x-ratelimit-limit": String(limit),
      "x-ratelimit-remaining": String(Math.floor(units / minute)),
      "x-ratelimit-reset": String(Math.ceil((now + (limit * minute - units) / limit) / 1000))
    }
  }
  return [verdict, next]
}

/** @internal Takes one token of those for orders too, from an account that has been admitted. */
export const takeOrder = (limits: Limits, admitted: Verdict, now: number): readonly [Verdict, Limits] => {
  const [granted, { units }, next] = draw(limits, "account-orders", ordering, second, now)
  const verdict: Verdict = {
    admitted: granted,
    retryAfter: 1,
    headers: {
      ...admitted.headers,
      "x-ratelimit-limit-1s": String(ordering),
      "x-ratelimit-remaining-1s": String(Math.floor(units / second))
    }
  }
  return [verdict, next]
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
    const { limit, token, units } = refill(bucket, now)
    const used = limit - Math.floor(units / token)
    return until === undefined ? { scope, used, limit } : { scope, used, limit, bannedUntil: until }
  })
