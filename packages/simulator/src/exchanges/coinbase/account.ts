import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { uuid } from "../../internal/ids.js"
import type { Json } from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import { currencyNamed, makerFee, takerFee } from "./markets.js"
import { portfolio } from "./orders.js"
import { type Answering, page, shows } from "./params.js"

const accountUuid = (asset: string): string => uuid(`coinbase/account/${asset}`)

const accountRow = ({ asset, free, locked }: Engine.Balance): Json => ({
  uuid: accountUuid(asset),
  name: `${asset} Wallet`,
  currency: asset,
  available_balance: { value: free, currency: asset },
  default: true,
  active: true,
  created_at: "2021-05-31T09:59:59Z",
  updated_at: "2024-01-15T10:30:00Z",
  deleted_at: null,
  type: currencyNamed(asset).fiat ? "ACCOUNT_TYPE_FIAT" : "ACCOUNT_TYPE_CRYPTO",
  ready: true,
  hold: { value: locked, currency: asset },
  retail_portfolio_id: portfolio
})

/** @internal */
export const accounts = shows({ page: page(49, 250) }, ({ page }, world) => {
  const { cursor, rows } = page(Engine.balances(world.engine))
  return { accounts: rows.map(accountRow), has_next: cursor !== "", cursor, size: rows.length }
})

/** @internal Returns the accounts as the older API returns them. */
export const wallets = shows({}, (_, world) => {
  const data = Engine.balances(world.engine).map(({ asset, free, locked }) => ({
    id: accountUuid(asset),
    name: `${asset} Wallet`,
    primary: true,
    type: currencyNamed(asset).fiat ? "fiat" : "wallet",
    currency: { code: asset, name: currencyNamed(asset).name },
    balance: { amount: BigDecimal.sum(free, locked), currency: asset }
  }))
  const pagination = { ending_before: null, starting_after: null, limit: 100, order: "desc", next_uri: null }
  return { pagination, data }
})

/** @internal */
export const permissions: Answering = (_, __, key) =>
  Either.right([{
    can_view: Keys.may(key, "read"),
    can_trade: Keys.may(key, "trade"),
    can_transfer: Keys.may(key, "withdraw"),
    portfolio_uuid: portfolio,
    portfolio_type: "DEFAULT"
  }])

/** @internal */
export const summary = shows({}, (_, world) => {
  const volume = Engine.fills(world.engine).map(({ amount, price }) => BigDecimal.multiply(amount, price))
  return {
    total_volume: Number(Decimal.plain(BigDecimal.sumAll(volume))),
    total_fees: 0,
    fee_tier: { pricing_tier: "Intro 1", taker_fee_rate: takerFee, maker_fee_rate: makerFee }
  }
})
