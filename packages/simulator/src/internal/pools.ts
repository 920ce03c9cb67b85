/**
 * Pools of credits that refill at a steady pace.
 *
 * @internal
 */
import type { Usage } from "../Dialect.js"

/** @internal Credits a pool holds, those that come back in a second, and what a request takes. */
export interface Meter {
  readonly burst: number
  readonly rate: number
  readonly cost: number
}

/** @internal Pools by scope; in thousandths of a credit, so that refilling stays exact. */
export type Pools = ReadonlyMap<string, { readonly meter: Meter; readonly millis: number; readonly at: number }>

const full = (meter: Meter, at: number) => ({ meter, millis: meter.burst * 1000, at })

const refill = ({ at, meter, millis }: ReturnType<typeof full>, now: number) => ({
  meter,
  millis: Math.min(meter.burst * 1000, millis + Math.max(0, now - at) * meter.rate),
  at: Math.max(at, now)
})

/** @internal The pools after a request, or `undefined` when there are too few credits for it. */
export const take = (pools: Pools, scope: string, meter: Meter, now: number): Pools | undefined => {
  const pool = refill(pools.get(scope) ?? full(meter, now), now)
  const millis = pool.millis - meter.cost * 1000
  return millis < 0 ? undefined : new Map(pools).set(scope, { ...pool, millis })
}

/** @internal */
export const usage = (pools: Pools, now: number): ReadonlyArray<Usage> =>
  [...pools].map(([scope, pool]) => {
    const { burst } = pool.meter
    return { scope, used: burst - Math.floor(refill(pool, now).millis / 1000), limit: burst }
  })
