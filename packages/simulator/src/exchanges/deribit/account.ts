import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { flag } from "../../internal/fields.js"
import { holding } from "../../internal/holdings.js"
import type { Json } from "../../internal/json.js"
import * as Limits from "./limits.js"
import { fees as costs, find, isOf } from "./markets.js"
import { type Answering, oneOf, required } from "./params.js"

// In requests.
const rateOf = ({ cost, pool }: typeof Limits.limits[keyof typeof Limits.limits]) => ({
  burst: pool.limit / cost,
  rate: pool.perSecond / cost
})
const [matching, non_matching_engine] = [rateOf(Limits.limits.trading), rateOf(Limits.limits.ordinary)]
const matching_engine = { trading: { total: matching }, spot: matching, cancel_all: matching }

const fees = ["perpetual", "future"].map((instrument_type): Json => {
  const [maker_fee, taker_fee] = [Decimal.literal(costs.makerFee), Decimal.literal(costs.takerFee)]
  return { instrument_type, fee_type: "relative", maker_fee, taker_fee }
})

// An account without options, cross collateral and portfolio margin.
const unused = { options_pl: 0, options_value: 0, options_delta: 0, fee_balance: 0, spot_reserve: 0 }
const model = { portfolio_margining_enabled: false, cross_collateral_enabled: false, margin_model: "segregated_sm" }
const owner = { id: 96103, username: "demo", system_name: "demo", email: "demo@example.com", type: "main" }

const half = (value: BigDecimal.BigDecimal) => BigDecimal.multiply(value, Decimal.literal("0.5"))

/** @internal */
export const summary = (world: World, balance: Engine.Balance) => {
  const { asset: currency, equity, free, margin, total, unrealized: profit } = holding(world, balance)
  const funds = { available_funds: BigDecimal.sum(free, profit), available_withdrawal_funds: free }
  const margins = { initial_margin: balance.locked, maintenance_margin: half(margin), margin_balance: equity }
  const profits = { session_upl: profit, futures_pl: profit, total_pl: profit }
  return { currency, balance: total, equity, ...funds, ...margins, ...profits, ...unused, ...model }
}

const limits = { limits_per_currency: false, non_matching_engine, matching_engine }

/** @internal */
export const summaries: Answering = (params, world) => {
  const rows = Engine.balances(world.engine).map((balance) => summary(world, balance))
  return Either.right([
    flag(params, "extended")
      ? { ...owner, summaries: rows.map((row) => ({ ...row, limits, fees })) }
      : { summaries: rows }
  ])
}

/** @internal The summary of one currency, of which there may be nothing. */
export const summaryOf: Answering = (params, world) =>
  Either.map(required(params, "currency"), (asset) => {
    const held = Engine.balances(world.engine).find((balance) => balance.asset === asset)
    const row = summary(world, held ?? { asset, free: Decimal.zero, locked: Decimal.zero })
    return [flag(params, "extended") ? { ...owner, ...row, limits, fees } : row]
  })

/** @internal What is open, and at size zero what was open and is closed. */
export const positions: Answering = (params, world) =>
  Either.map(oneOf(params, "kind", ["future", "option"], "future"), (kind) => {
    const open = new Map(Engine.positions(world.engine).map((position) => [position.instrument, position]))
    const traded = new Set([...open.keys(), ...Engine.fills(world.engine).map(({ instrument }) => instrument)])
    return [[...traded].flatMap((name): ReadonlyArray<Json> => {
      const listing = find(name)
      if (listing === undefined || !isOf(listing, params["currency"], kind)) return []
      const held: Partial<Engine.Position> = open.get(name) ?? {}
      const { amount: size = Decimal.zero, margin = Decimal.zero, unrealizedPnl = 0 } = held
      const { last } = world.quote(listing)
      const direction = BigDecimal.isZero(size) ? "zero" : BigDecimal.isNegative(size) ? "sell" : "buy"
      const sizes = { size, size_currency: listing.terms.inverse ? Decimal.ratio(size, last, 8) : size }
      const marks = { mark_price: last, index_price: last, settlement_price: last, estimated_liquidation_price: null }
      const profits = { floating_profit_loss: unrealizedPnl, total_profit_loss: unrealizedPnl }
      const margins = { initial_margin: margin, maintenance_margin: half(margin), leverage: 10 }
      const [average_price, realized_profit_loss] = [held.entryPrice ?? 0, held.realizedPnl ?? 0]
      const named = { instrument_name: name, kind, direction, average_price, realized_profit_loss }
      return [{ ...named, ...sizes, ...marks, ...profits, ...margins }]
    })]
  })
