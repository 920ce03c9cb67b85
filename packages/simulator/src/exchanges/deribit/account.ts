import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Json } from "../../internal/json.js"
import { meters } from "./limits.js"
import { find, isOf, kindOf, makerFee, takerFee } from "./markets.js"
import { type Answer, flag, oneOf, required } from "./params.js"

const rateOf = ({ burst, cost, rate }: (typeof meters)[keyof typeof meters]): Json => ({
  burst: burst / cost,
  rate: rate / cost
})

const [trading, spot, cancel_all] = [meters.trading, meters.spot, meters.cancel_all].map(rateOf)

// Those of the account, in requests.
const limits = {
  limits_per_currency: false,
  non_matching_engine: rateOf(meters.ordinary),
  matching_engine: { trading: { total: trading }, spot, cancel_all }
}

const fees = ["perpetual", "future"].map((instrument_type): Json => ({
  instrument_type,
  fee_type: "relative",
  maker_fee: makerFee,
  taker_fee: takerFee
}))

// An account without options, cross collateral and portfolio margin.
const unused = { options_pl: 0, options_value: 0, options_delta: 0, fee_balance: 0, spot_reserve: 0 }
const model = { portfolio_margining_enabled: false, cross_collateral_enabled: false, margin_model: "segregated_sm" }

const owner = { id: 96103, username: "demo", system_name: "demo", email: "demo@example.com", type: "main" }

const half = Decimal.literal("0.5")

const summary = ({ asset, free, locked }: Engine.Balance, world: World): { readonly [key: string]: Json } => {
  const own = Engine.positions(world.engine).filter(({ instrument }) => find(instrument)?.terms.settle === asset)
  const profit = BigDecimal.sumAll(own.map(({ unrealizedPnl }) => unrealizedPnl))
  const margin = BigDecimal.sumAll(own.map((position) => position.margin))
  const balance = BigDecimal.sum(free, locked)
  const equity = BigDecimal.sum(balance, profit)
  const funds = { available_funds: BigDecimal.sum(free, profit), available_withdrawal_funds: free }
  const margins = { initial_margin: locked, maintenance_margin: BigDecimal.multiply(margin, half) }
  const profits = { session_upl: profit, futures_pl: profit, total_pl: profit }
  return {
    currency: asset,
    balance,
    equity,
    margin_balance: equity,
    ...funds,
    ...margins,
    ...profits,
    ...unused,
    ...model
  }
}

/** @internal */
export const summaries: Answer = (params, world) => {
  const rows = Engine.balances(world.engine).map((balance) => summary(balance, world))
  return Either.right([
    flag(params, "extended")
      ? { ...owner, summaries: rows.map((row): Json => ({ ...row, limits })) }
      : { summaries: rows }
  ])
}

/** @internal The summary of one currency, of which there may be nothing. */
export const summaryOf: Answer = (params, world) =>
  Either.map(required(params, "currency"), (asset) => {
    const held = Engine.balances(world.engine).find((balance) => balance.asset === asset)
    const row = summary(held ?? { asset, free: Decimal.zero, locked: Decimal.zero }, world)
    return [flag(params, "extended") ? { ...owner, ...row, limits, fees } : row]
  })

/** @internal What is open, and at size zero what was open and is closed. */
export const positions: Answer = (params, world) =>
  Either.gen(function*() {
    const kind = yield* oneOf(params, "kind", ["future", "option"], "future")
    const open = new Map(Engine.positions(world.engine).map((position) => [position.instrument, position]))
    const traded = new Set([...open.keys(), ...Engine.fills(world.engine).map(({ instrument }) => instrument)])
    const rows = [...traded].flatMap((name): ReadonlyArray<Json> => {
      const listing = find(name)
      if (listing === undefined || kindOf(listing) !== kind || !isOf(listing, params["currency"] ?? "any")) return []
      const held: Partial<Engine.Position> = open.get(name) ?? {}
      const { amount: size = Decimal.zero, margin = Decimal.zero, unrealizedPnl = 0 } = held
      const { last } = world.quote(listing)
      const direction = BigDecimal.isZero(size) ? "zero" : BigDecimal.isNegative(size) ? "sell" : "buy"
      const sizes = { size, size_currency: listing.terms.inverse ? Decimal.ratio(size, last, 8) : size }
      const marks = { mark_price: last, index_price: last, settlement_price: last, estimated_liquidation_price: null }
      const profits = { floating_profit_loss: unrealizedPnl, total_profit_loss: unrealizedPnl }
      const margins = { initial_margin: margin, maintenance_margin: BigDecimal.multiply(margin, half), leverage: 10 }
      const [average_price, realized_profit_loss] = [held.entryPrice ?? 0, held.realizedPnl ?? 0]
      const named = { instrument_name: name, kind, direction, average_price, realized_profit_loss }
      return [{ ...named, ...sizes, ...marks, ...profits, ...margins }]
    })
    return [rows]
  })
