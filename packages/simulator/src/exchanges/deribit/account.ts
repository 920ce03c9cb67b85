import * as BigDecimal from "effect/BigDecimal"
import * as Decimal from "../../engine/internal/decimal.js"
import { type Holding, holding, holdings } from "../../internal/holdings.js"
import * as Limits from "./limits.js"
import * as Markets from "./markets.js"
import { currency, flag, oneOf, shows } from "./params.js"

// Converts credits to requests.
const rateOf = ({ cost, rule }: typeof Limits.limits[keyof typeof Limits.limits]) => ({
  burst: rule.limit / cost,
  rate: rule.perSecond / cost
})
const [matching, non_matching_engine] = [rateOf(Limits.limits.trading), rateOf(Limits.limits.ordinary)]
const matching_engine = { trading: { total: matching }, spot: matching, cancel_all: matching }

const [maker_fee, taker_fee] = [Decimal.literal(Markets.fees.makerFee), Decimal.literal(Markets.fees.takerFee)]
const fees = ["perpetual", "future"].map((instrument_type) => ({
  instrument_type,
  fee_type: "relative",
  maker_fee,
  taker_fee
}))

// The account has no options, no cross collateral and no portfolio margin.
const unused = { options_pl: 0, options_value: 0, options_delta: 0, fee_balance: 0, spot_reserve: 0 }
const model = { portfolio_margining_enabled: false, cross_collateral_enabled: false, margin_model: "segregated_sm" }
const owner = { id: 96103, username: "demo", system_name: "demo", email: "demo@example.com", type: "main" }

const half = (value: BigDecimal.BigDecimal) => BigDecimal.multiply(value, Decimal.literal("0.5"))

/** @internal */
export const summary = ({ asset: currency, equity, free, locked, margin, total, unrealized: profit }: Holding) => {
  const funds = { available_funds: BigDecimal.sum(free, profit), available_withdrawal_funds: free }
  const margins = { initial_margin: locked, maintenance_margin: half(margin), margin_balance: equity }
  const profits = { session_upl: profit, futures_pl: profit, total_pl: profit }
  return { currency, balance: total, equity, ...funds, ...margins, ...profits, ...unused, ...model }
}

const limits = { limits_per_currency: false, non_matching_engine, matching_engine }

const isExtended = flag("extended")

/** @internal */
export const summaries = shows({ isExtended }, ({ isExtended }, world) => {
  const rows = holdings(world).map(summary)
  return isExtended ? { ...owner, summaries: rows.map((row) => ({ ...row, limits, fees })) } : { summaries: rows }
})

/** @internal Returns the summary of one currency, even if its balance is zero. */
export const summaryOf = shows({ currency, isExtended }, ({ currency, isExtended }, world) => {
  const row = summary(holding(world, currency))
  return isExtended ? { ...owner, ...row, limits, fees } : row
})

const nothing = { amount: Decimal.zero, margin: Decimal.zero, unrealizedPnl: 0, entryPrice: 0, realizedPnl: 0 }

/** @internal Returns the open positions, and closed positions with size zero. */
export const positions = shows({ kind: oneOf("kind", ["future", "option"], "future") }, ({ kind }, world, input) => {
  const open = Markets.positions(world)
  const wasOpen = new Set([...open, ...Markets.fills(world)].map(({ listing }) => listing))
  return Markets.asked({ ...input, kind }).filter((listing) => wasOpen.has(listing)).map((listing) => {
    const held = open.find((position) => position.listing === listing) ?? nothing
    const { last } = world.quote(listing)
    const direction = BigDecimal.isZero(held.amount) ? "zero" : BigDecimal.isNegative(held.amount) ? "sell" : "buy"
    const size_currency = listing.terms.inverse ? Decimal.ratio(held.amount, last, 8) : held.amount
    const marks = { mark_price: last, index_price: last, settlement_price: last, estimated_liquidation_price: null }
    const profits = { floating_profit_loss: held.unrealizedPnl, total_profit_loss: held.unrealizedPnl }
    const margins = { initial_margin: held.margin, maintenance_margin: half(held.margin), leverage: 10 }
    const past = { average_price: held.entryPrice, realized_profit_loss: held.realizedPnl }
    const named = { instrument_name: listing.id, kind, direction, size: held.amount, size_currency }
    return { ...named, ...marks, ...profits, ...margins, ...past }
  })
})
