/**
 * The state that an exchange keeps about its callers: the usage of each limit, the bans, and the last nonces.
 *
 * @internal
 */
import type { Usage } from "../Dialect.js"

/**
 * A limit, and how it regains what was spent. A `Bucket` regains `perSecond` each second. A `Rolling` limit regains
 * each cost `window` milliseconds after it was spent. An `Aligned` limit regains everything when the clock enters the
 * next window; it counts refused requests too.
 *
 * @internal
 */
export type Rule = Bucket | { readonly _tag: "Rolling" | "Aligned"; readonly limit: number; readonly window: number }

/** @internal */
export interface Bucket {
  readonly _tag: "Bucket"
  readonly limit: number
  readonly perSecond: number
}

/** @internal */
export const bucket = (limit: number, perSecond = limit): Bucket => ({ _tag: "Bucket", limit, perSecond })

/** @internal */
export const rolling = (limit: number, window: number): Rule => ({ _tag: "Rolling", limit, window })

/** @internal */
export const aligned = (limit: number, window: number): Rule => ({ _tag: "Aligned", limit, window })

/** @internal The rule for bans: a caller is banned when its offences exceed the limit of `allowance`. */
export interface Penalty {
  readonly allowance: Rule
  /** Returns the length of a ban in milliseconds, from the number of earlier bans. */
  readonly lasts: (bans: number) => number
}

// Costs are in millionths, so that the amount that a bucket regains per millisecond is a whole number.
const unit = 1_000_000

interface Spent {
  readonly at: number
  readonly cost: number
}

interface Gauge {
  readonly rule: Rule
  readonly spent: ReadonlyArray<Spent>
}

interface Ban {
  readonly offences: ReadonlyArray<Spent>
  readonly count: number
  readonly until: number
}

/** @internal The meters of an exchange by scope, for example `account` or `ip:127.0.0.1`. */
export interface Meters {
  readonly gauges: ReadonlyMap<string, Gauge>
  readonly bans: ReadonlyMap<string, Ban>
  readonly nonces: ReadonlyMap<string, bigint>
}

/** @internal The meters before the first request. */
export const empty: Meters = { gauges: new Map(), bans: new Map(), nonces: new Map() }

const counting = (rule: Rule, spent: ReadonlyArray<Spent>, now: number): ReadonlyArray<Spent> => {
  switch (rule._tag) {
    case "Bucket":
      return spent.map(({ at, cost }) => ({
        at: Math.max(at, now),
        cost: Math.max(0, cost - Math.max(0, now - at) * Math.round(rule.perSecond * 1000))
      }))
    case "Rolling":
      return spent.filter(({ at }) => at > now - rule.window)
    case "Aligned":
      return spent.filter(({ at }) => Math.floor(at / rule.window) === Math.floor(now / rule.window))
  }
}

const sum = (spent: ReadonlyArray<Spent>): number => spent.reduce((total, { cost }) => total + cost, 0)

// Returns the milliseconds until the limit has regained an amount.
const until = (rule: Rule, spent: ReadonlyArray<Spent>, amount: number, now: number): number => {
  if (amount <= 0) return 0
  switch (rule._tag) {
    case "Bucket":
      return amount / (rule.perSecond * 1000)
    case "Rolling": {
      let freed = 0
      const last = spent.find(({ cost }) => (freed += cost) >= amount) ?? spent.at(-1)
      return (last?.at ?? now) + rule.window - now
    }
    case "Aligned":
      return rule.window - now % rule.window
  }
}

/** @internal The decision of a rule about one request. */
export interface Verdict {
  readonly admitted: boolean
  /** The used and the remaining amount after the request, in whole requests. */
  readonly used: number
  readonly remaining: number
  /** Milliseconds until the request would be admitted; 0 if it was. */
  readonly wait: number
  /** Milliseconds until the limit is completely free. */
  readonly full: number
  readonly meters: Meters
}

/** @internal Takes `cost` from the limit of a scope if that much is left. A negative cost is returned to the limit. */
export const take = (meters: Meters, scope: string, rule: Rule, now: number, cost = 1): Verdict => {
  const before = counting(rule, meters.gauges.get(scope)?.spent ?? [], now)
  const excess = sum(before) + (cost - rule.limit) * unit
  const admitted = excess <= 0
  const after = admitted || rule._tag === "Aligned" ? merge(rule, [...before, { at: now, cost: cost * unit }]) : before
  const used = sum(after)
  return {
    admitted,
    used: Math.ceil(used / unit),
    remaining: Math.floor((rule.limit * unit - used) / unit),
    wait: admitted ? 0 : until(rule, before, excess, now),
    full: until(rule, after, used, now),
    meters: { ...meters, gauges: new Map(meters.gauges).set(scope, { rule, spent: after }) }
  }
}

// Stores costs separately only if the limit regains each at its own time.
const merge = (rule: Rule, spent: ReadonlyArray<Spent>): ReadonlyArray<Spent> =>
  rule._tag === "Rolling" ? spent : [{ at: spent.at(-1)?.at ?? 0, cost: sum(spent) }]

/** @internal Counts an offence, which may lead to a ban. */
export const offend = (meters: Meters, scope: string, { lasts, allowance }: Penalty, now: number): Meters => {
  const { count, offences, until } = meters.bans.get(scope) ?? { offences: [], count: 0, until: 0 }
  const counted = [...counting(allowance, offences, now), { at: now, cost: unit }]
  const ban = sum(counted) <= allowance.limit * unit
    ? { offences: counted, count, until }
    : { offences: [], count: count + 1, until: now + lasts(count) }
  return { ...meters, bans: new Map(meters.bans).set(scope, ban) }
}

/** @internal Returns the instant until which a scope is banned, or `undefined` if it is not banned. */
export const bannedUntil = (meters: Meters, scope: string, now: number): number | undefined => {
  const { until } = meters.bans.get(scope) ?? { until: 0 }
  return now < until ? until : undefined
}

/** @internal Records the last nonce of a scope. */
export const noted = (meters: Meters, scope: string, nonce: bigint): Meters => ({
  ...meters,
  nonces: new Map(meters.nonces).set(scope, nonce)
})

/** @internal */
export const usage = (meters: Meters, now: number): ReadonlyArray<Usage> => {
  const banned = (scope: string) => {
    const until = bannedUntil(meters, scope, now)
    return until === undefined ? {} : { bannedUntil: until }
  }
  const metered = [...meters.gauges].map(([scope, { rule, spent }]): Usage => ({
    scope,
    used: Math.ceil(sum(counting(rule, spent, now)) / unit),
    limit: rule.limit,
    ...banned(scope)
  }))
  const unmetered = [...meters.bans.keys()]
    .filter((scope) => !meters.gauges.has(scope) && bannedUntil(meters, scope, now) !== undefined)
    .map((scope): Usage => ({ scope, used: 0, limit: 0, ...banned(scope) }))
  return [...metered, ...unmetered]
}
