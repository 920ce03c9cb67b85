/**
 * Kraken's counters, which every call fills and time drains, its nonces, and the lockout of those who fail too often.
 *
 * The account is of the Intermediate tier. The exchange publishes no number for public calls but says that one a
 * second is fine; a burst of ten before that pace holds is this simulator's reading.
 *
 * @internal
 */
import type { Usage } from "../../Dialect.js"

/** @internal A counter's ceiling, and what drains of it each millisecond in hundred-thousandths of a call. */
export interface Rate {
  readonly limit: number
  readonly drain: number
}

/** @internal Per IP; `Trades` and `OHLC` are counted apart, for each pair. */
export const publicRate: Rate = { limit: 10, drain: 100 }
/** @internal Per key. */
export const privateRate: Rate = { limit: 20, drain: 50 }
/** @internal Per pair, for placing, amending and canceling. */
export const tradingRate: Rate = { limit: 125, drain: 234 }

const call = 100_000

interface Counter {
  readonly rate: Rate
  readonly value: number
  readonly at: number
}

/** @internal */
export type Counters = ReadonlyMap<string, Counter>

const drained = (counter: Counter, now: number): Counter => ({
  ...counter,
  value: Math.max(0, counter.value - Math.max(0, now - counter.at) * counter.rate.drain),
  at: Math.max(now, counter.at)
})

/** @internal Counts a call, unless that would fill its scope's counter beyond the limit. */
export const charge = (
  counters: Counters,
  scope: string,
  rate: Rate,
  cost: number,
  now: number
): Counters | undefined => {
  const counter = drained(counters.get(scope) ?? { rate, value: 0, at: now }, now)
  const value = counter.value + cost * call
  return value > rate.limit * call ? undefined : new Map(counters).set(scope, { ...counter, value })
}

// "Repeated" is ten within a minute here.
const patience = 10
const window = 60_000
const lockout = 15 * 60_000

/** @internal What is remembered of one key: by its place among the account's keys, or as an unknown one by address. */
export interface Caller {
  readonly nonce: bigint
  readonly failures: ReadonlyArray<number>
  readonly lockedUntil: number
}

/** @internal */
export type Callers = ReadonlyMap<string, Caller>

/** @internal */
export const stranger: Caller = { nonce: -1n, failures: [], lockedUntil: 0 }

/** @internal Counts a bad key, signature or nonce; the tenth within a minute locks the caller out for 15 minutes. */
export const fail = (caller: Caller, now: number): Caller => {
  const failures = [...caller.failures.filter((at) => at > now - window), now]
  return failures.length < patience
    ? { ...caller, failures }
    : { ...caller, failures: [], lockedUntil: now + lockout }
}

/** @internal */
export const usage = (counters: Counters, callers: Callers, now: number): ReadonlyArray<Usage> => {
  const locked = [...callers].filter(([, { lockedUntil }]) => now < lockedUntil)
  const metered = [...counters].map(([scope, counter]): Usage => {
    const used = Math.ceil(drained(counter, now).value / call)
    const bannedUntil = callers.get(scope)?.lockedUntil ?? 0
    const { limit } = counter.rate
    return now < bannedUntil ? { scope, used, limit, bannedUntil } : { scope, used, limit }
  })
  const unmetered = locked
    .filter(([scope]) => !counters.has(scope))
    .map(([scope, { lockedUntil }]): Usage => ({ scope, used: 0, limit: privateRate.limit, bannedUntil: lockedUntil }))
  return [...metered, ...unmetered]
}
