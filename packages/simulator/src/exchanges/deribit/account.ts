import * as BigDecimal from "effect/BigDecimal"
import * as Decimal from "../../engine/internal/decimal.js"
import { columns } from "../../internal/columns.js"
import { type Holding, holding, holdings } from "../../internal/holdings.js"
import * as Markets from "./markets.js"
import { account, currency, flag, limits, oneOf, read } from "./params.js"

// Converts credits to requests.
const rateOf = ({ cost, rule }: typeof limits.ordinary) => ({ burst: rule.limit / cost, rate: rule.perSecond / cost })
const matching = rateOf(limits.trading)
const non_matching_engine = rateOf(limits.ordinary)
const matching_engine = { trading: { total: matching }, ...columns("spot cancel_all", matching) }

const [maker_fee, taker_fee] = [Markets.fees.makerFee, Markets.fees.takerFee].map(Decimal.literal)
const fees = ["perpetual", "future"].map((instrument_type) => {
  return { instrument_type, fee_type: "relative", maker_fee, taker_fee }
})

// The account has no options, no cross collateral and no portfolio margin.
const unused = columns("options_pl options_value options_delta fee_balance spot_reserve", 0)
const model = {
  ...columns("portfolio_margining_enabled cross_collateral_enabled", false),
  margin_model: "segregated_sm"
}
const owner = { id: 96103, type: "main", ...columns("username system_name", "demo"), email: "demo@example.com" }

const half = (value: BigDecimal.BigDecimal) => BigDecimal.multiply(value, Decimal.literal("0.5"))

/** @internal */
export const summary = ({ asset: currency, equity, free, locked, margin, total, unrealized }: Holding) => {
  const funds = { available_funds: BigDecimal.sum(free, unrealized), available_withdrawal_funds: free }
  const margins = { initial_margin: locked, maintenance_margin: half(margin), margin_balance: equity }
  const profits = columns("session_upl futures_pl total_pl", unrealized)
  return { currency, balance: total, equity, ...funds, ...margins, ...profits, ...unused, ...model }
}

const extra = { limits: { limits_per_currency: false, non_matching_engine, matching_engine }, fees }

const isExtended = flag("extended")

const nothing = { amount: Decimal.zero, margin: Decimal.zero, unrealizedPnl: 0, entryPrice: 0, realizedPnl: 0 }

/** @internal The positions are those that are open, and closed ones with size zero. */
export const routes = {
  "private/get_account_summary": account({ currency, isExtended }, ({ currency, isExtended }, world) => {
    const row = summary(holding(world, currency))
    return isExtended ? { ...owner, ...row, ...extra } : row
  }),
  "private/get_account_summaries": account({ isExtended }, ({ isExtended }, world) => {
    const rows = holdings(world).map(summary)
    return isExtended ? { ...owner, summaries: rows.map((row) => ({ ...row, ...extra })) } : { summaries: rows }
  }),
  "private/get_positions": read({ kind: oneOf("kind", ["future", "option"], "future") }, ({ kind }, world, input) => {
    const open = Markets.positions(world)
    const wasOpen = new Set([...open, ...Markets.fills(world)].map(({ listing }) => listing))
    return Markets.asked({ ...input, kind }).filter((listing) => wasOpen.has(listing)).map((listing) => {
      const held = open.find((position) => position.listing === listing) ?? nothing
      const { last } = world.quote(listing)
      const direction = BigDecimal.isZero(held.amount) ? "zero" : BigDecimal.isNegative(held.amount) ? "sell" : "buy"
      const size_currency = listing.terms.inverse ? Decimal.ratio(held.amount, last, 8) : held.amount
      const marks = { ...columns("mark_price index_price settlement_price", last), estimated_liquidation_price: null }
      const profits = columns("floating_profit_loss total_profit_loss", held.unrealizedPnl)
      const margins = { initial_margin: held.margin, maintenance_margin: half(held.margin), leverage: 10 }
      const past = { average_price: held.entryPrice, realized_profit_loss: held.realizedPnl }
      const named = { instrument_name: listing.id, kind, direction, size: held.amount, size_currency }
      return { ...named, ...marks, ...profits, ...margins, ...past }
    })
  })
}
