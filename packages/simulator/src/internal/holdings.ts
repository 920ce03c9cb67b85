/**
 * What the account holds of each asset, with the positions that are settled in it.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import type { World } from "../Dialect.js"
import * as Engine from "../engine/Engine.js"
import * as Decimal from "../engine/internal/decimal.js"
import type { Listing } from "../engine/Market.js"

/** @internal `locked` includes `margin`; `equity` is `total` and the profit of what is open. */
export interface Holding extends Engine.Balance {
  readonly total: BigDecimal.BigDecimal
  readonly margin: BigDecimal.BigDecimal
  readonly unrealized: BigDecimal.BigDecimal
  readonly realized: BigDecimal.BigDecimal
  readonly equity: BigDecimal.BigDecimal
}

/** @internal What there is of an asset, of which there may be nothing. */
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

/** @internal What one of an asset is worth in dollars, by what it is traded for; nothing when it is not. */
export const dollars = (asset: string, traded: Listing | undefined, world: World): BigDecimal.BigDecimal => {
  if (traded !== undefined) return world.quote(traded).last
  return asset.startsWith("USD") ? Decimal.literal("1") : Decimal.zero
}
