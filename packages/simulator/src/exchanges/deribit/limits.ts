/**
 * Deribit's meters: pools of credits that refill at a steady pace, for the account or, without a key, for an IP.
 *
 * The exchange does not publish what an IP may do; here it has a pool as large as an account's.
 *
 * @internal
 */
import type { Usage } from "../../Dialect.js"

/** @internal Credits a pool holds, those that come back in a second, and what a request takes. */
export const meters = {
  ordinary: { burst: 50_000, rate: 10_000, cost: 500 },
  instruments: { burst: 500_000, rate: 10_000, cost: 10_000 },
  trading: { burst: 20, rate: 5, cost: 1 },
  spot: { burst: 20, rate: 5, cost: 1 },
  cancel_all: { burst: 20, rate: 5, cost: 1 }
} as const

/** @internal */
export type Meter = keyof typeof meters

interface Pool {
  readonly meter: Meter
  /** Thousandths of a credit, so that refilling stays exact. */
  readonly millis: number
  readonly at: number
}

/** @internal Pools by whose they are. */
export type Pools = ReadonlyMap<string, Pool>

const refill = ({ at, meter, millis }: Pool, now: number): Pool => ({
  meter,
  millis: Math.min(meters[meter].burst * 1000, millis + Math.max(0, now - at) * meters[meter].rate),
  at: Math.max(at, now)
})

/** @internal The pools after a request of `owner`, or `undefined` when there are too few credits for it. */
export const take = (pools: Pools, owner: string, meter: Meter, now: number): Pools | undefined => {
  const { burst, cost } = meters[meter]
  const scope = `${owner}/${meter}`
  const pool = refill(pools.get(scope) ?? { meter, millis: burst * 1000, at: now }, now)
  const millis = pool.millis - cost * 1000
  return millis < 0 ? undefined : new Map(pools).set(scope, { ...pool, millis })
}

/** @internal */
export const usage = (pools: Pools, now: number): ReadonlyArray<Usage> =>
  [...pools].map(([scope, pool]) => {
    const { burst } = meters[pool.meter]
    return { scope, used: burst - Math.floor(refill(pool, now).millis / 1000), limit: burst }
  })
