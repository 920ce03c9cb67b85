/**
 * The account's holding of each asset, including the positions that settle in the asset.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Engine from "../engine/Engine.js"
import * as Decimal from "../engine/internal/decimal.js"
import type { Listing } from "../engine/Market.js"
import type { World } from "../World.js"

/** @internal A holding of an asset. `locked` includes `margin`; `equity` is `total` plus the unrealized profit. */
export interface Holding extends Engine.Balance {
  readonly total: BigDecimal.BigDecimal
  readonly margin: BigDecimal.BigDecimal
  readonly unrealized: BigDecimal.BigDecimal
  readonly realized: BigDecimal.BigDecimal
  readonly equity: BigDecimal.BigDecimal
}

/** @internal Returns the holding of an asset. `free` and `locked` are zero if the account has no balance in it. */
export const holding = ({ engine }: World, asset: string): Holding => {
  const balance = Engine.balances(engine).find((one) => one.asset === asset)
  const { free = Decimal.zero, locked = Decimal.zero }: Partial<Engine.Balance> = balance ?? {}
  const own = Engine.positions(engine).filter(({ instrument }) =>
    Engine.instrument(engine, instrument)?.settle === asset
  )
  const total = BigDecimal.sum(free, locked)
  const unrealized = BigDecimal.sumAll(own.map(({ unrealizedPnl }) => unrealizedPnl))
  return {
    asset,
    free,
    locked,
    total,
    margin: BigDecimal.sumAll(own.map(({ margin }) => margin)),
    unrealized,
    realized: BigDecimal.sumAll(own.map(({ realizedPnl }) => realizedPnl)),
    equity: BigDecimal.sum(total, unrealized)
  }
}

/** @internal */
export const holdings = (world: World): ReadonlyArray<Holding> =>
  Engine.balances(world.engine).map(({ asset }) => holding(world, asset))

/**
 * Returns the value of one unit of an asset in dollars: the last price of the market `traded`. Without a market it is 1
 * for assets whose name starts with `USD`, and 0 for all others.
 *
 * @internal
 */
export const dollars = (asset: string, traded: Listing | undefined, world: World): BigDecimal.BigDecimal => {
  if (traded !== undefined) return world.quote(traded).last
  return asset.startsWith("USD") ? Decimal.literal("1") : Decimal.zero
}
