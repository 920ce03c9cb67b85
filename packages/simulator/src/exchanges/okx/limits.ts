/**
 * OKX's meters: so many requests of an endpoint in any two seconds, per IP, user, or user and instrument.
 *
 * @internal
 */
import type { Usage } from "../../Dialect.js"
import * as RollingWindow from "../../internal/rollingWindow.js"

interface Bucket {
  readonly rule: RollingWindow.Rule
  readonly hits: RollingWindow.Hits
}

/** @internal Buckets by scope and endpoint. */
export type Limits = ReadonlyMap<string, Bucket>

/** @internal */
export const take = (
  limits: Limits,
  bucket: string,
  rule: RollingWindow.Rule,
  cost: number,
  now: number
): readonly [admitted: boolean, Limits] => {
  const { admitted, hits } = RollingWindow.take(limits.get(bucket)?.hits ?? [], rule, now, cost)
  return [admitted, new Map(limits).set(bucket, { rule, hits })]
}

/** @internal */
export const usage = (limits: Limits, now: number): ReadonlyArray<Usage> =>
  [...limits].map(([scope, { hits, rule }]) => ({
    scope,
    used: RollingWindow.within(hits, rule, now).length,
    limit: rule.limit
  }))
