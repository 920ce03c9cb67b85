import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../Engine.js"
import * as Decimal from "../../internal/decimal.js"
import type { Json } from "../../internal/json.js"
import { meters } from "./limits.js"
import { find, isOf, kindOf } from "./markets.js"
import { type Answer, flag, oneOf, refuse, required } from "./params.js"

const rateOf = ({ burst, cost, rate }: (typeof meters)[keyof typeof meters]): Json => ({
  burst: burst / cost,
  rate: rate / cost
})

const limits: Json = {
  limits_per_currency: false,
  non_matching_engine: rateOf(meters.ordinary),
  matching_engine: {
    trading: { total: rateOf(meters.trading) },
    spot: rateOf(meters.spot),
    cancel_all: rateOf(meters.cancel_all)
  }
}

// An account without options, block trades and portfolio margin.
const nothing = Object.fromEntries(
  ["options_pl", "options_value", "options_delta", "fee_balance", "spot_reserve", "additional_reserve"]
    .map((name) => [name, 0])
)

const half = Decimal.literal("0.5")

const summary = ({ asset, free, locked }: Engine.Balance, world: World, extended: boolean): Json => {
  const own = Engine.positions(world.engine).filter(({ instrument }) => find(instrument)?.terms.settle === asset)
  const profit = BigDecimal.sumAll(own.map(({ unrealizedPnl }) => unrealizedPnl))
  const margin = BigDecimal.sumAll(own.map((position) => position.margin))
  const balance = BigDecimal.sum(free, locked)
  const equity = BigDecimal.sum(balance, profit)
  return {
    ...nothing,
    ...(extended ? { limits } : {}),
    currency: asset,
    balance,
    equity,
    margin_balance: equity,
    available_funds: BigDecimal.sum(free, profit),
    available_withdrawal_funds: free,
    initial_margin: locked,
    maintenance_margin: BigDecimal.multiply(margin, half),
    session_upl: profit,
    futures_pl: profit,
    total_pl: profit,
    portfolio_margining_enabled: false,
    cross_collateral_enabled: false,
    margin_model: "segregated_sm"
  }
}

const owner = {
  id: 96103,
  email: "demo@example.com",
  system_name: "demo",
  username: "demo",
  type: "main",
  creation_timestamp: 1_687_352_432_143,
  mmp_enabled: false,
  self_trading_reject_mode: "cancel_maker"
}

/** @internal */
export const summaries: Answer = (params, world) => {
  const extended = flag(params, "extended")
  const rows = Engine.balances(world.engine).map((balance) => summary(balance, world, extended))
  return Either.right([{ ...(extended ? owner : {}), summaries: rows }])
}

/** @internal */
export const summaryOf: Answer = (params, world) =>
  Either.gen(function*() {
    const currency = yield* required(params, "currency")
    const balance = Engine.balances(world.engine).find(({ asset }) => asset === currency)
    return balance === undefined ? yield* refuse("not_found") : [summary(balance, world, flag(params, "extended"))]
  })

/** @internal What is open, and at size zero what was open and is closed. */
export const positions: Answer = (params, world) =>
  Either.gen(function*() {
    const currency = params["currency"] ?? "any"
    const kind = yield* oneOf(params, "kind", ["future", "option"], "future")
    const open = new Map(Engine.positions(world.engine).map((position) => [position.instrument, position]))
    const traded = new Set([...open.keys(), ...Engine.fills(world.engine).map(({ instrument }) => instrument)])
    const rows = [...traded].flatMap((name): ReadonlyArray<Json> => {
      const listing = find(name)
      if (listing === undefined || kindOf(listing) !== kind || !isOf(listing, currency)) return []
      const position = open.get(name)
      const size = position?.amount ?? Decimal.zero
      const mark = world.quote(listing).last
      const profit = position?.unrealizedPnl ?? 0
      return [{
        instrument_name: name,
        kind,
        direction: position === undefined ? "zero" : BigDecimal.isNegative(size) ? "sell" : "buy",
        size,
        size_currency: listing.terms.inverse ? Decimal.ratio(size, mark, 8) : size,
        average_price: position?.entryPrice ?? 0,
        mark_price: mark,
        index_price: mark,
        settlement_price: mark,
        floating_profit_loss: profit,
        realized_profit_loss: position?.realizedPnl ?? 0,
        total_profit_loss: profit,
        initial_margin: position?.margin ?? 0,
        maintenance_margin: position === undefined ? 0 : BigDecimal.multiply(position.margin, half),
        estimated_liquidation_price: null,
        leverage: 10
      }]
    })
    return [rows]
  })
