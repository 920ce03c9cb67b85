/** @internal The instants of what was let through, oldest first. */
export type Hits = ReadonlyArray<number>

/** @internal At most `limit` within any `window` milliseconds. */
export interface Rule {
  readonly limit: number
  readonly window: number
}

/** @internal The verdict on one request. */
export interface Verdict {
  readonly admitted: boolean
  readonly remaining: number
  /** When the request would be let through; now if it was. */
  readonly resetAt: number
  readonly hits: Hits
}

/** @internal Lets `cost` more through if the rule allows all of it. */
export const take = (hits: Hits, rule: Rule, now: number, cost = 1): Verdict => {
  const recent = within(hits, rule, now)
  const excess = recent.length + cost - rule.limit
  if (excess > 0) {
    const freed = recent[Math.min(excess, recent.length) - 1] ?? now
    return { admitted: false, remaining: rule.limit - recent.length, resetAt: freed + rule.window, hits: recent }
  }
  const next = [...recent, ...Array.from({ length: cost }, () => now)]
  return { admitted: true, remaining: -excess, resetAt: now, hits: next }
}

/** @internal What still counts at an instant. */
export const within = (hits: Hits, rule: Rule, now: number): Hits => hits.filter((at) => at > now - rule.window)
