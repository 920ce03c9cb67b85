import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { matching } from "../../internal/fields.js"
import { dollars, type Holding, holdings } from "../../internal/holdings.js"
import { text } from "../../internal/inputs.js"
import { columns, type Json } from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import type { World } from "../../World.js"
import { type BybitListing, find, listings, marketOf, price, quantity } from "./markets.js"
import { scopedCategory, value } from "./orders.js"
import { type Answering, category, does, page, refuse, shows } from "./params.js"

/** @internal Describes the key. A read-only key lists the same permissions, which then apply to reading only. */
export const apiKey: Answering = (_, __, key) => {
  const [trades, withdraws] = [Keys.may(key, "trade"), Keys.may(key, "withdraw")]
  const only = (names: ReadonlyArray<string>) => trades || !withdraws ? names : []
  const transfers = withdraws ? ["AccountTransfer", "SubMemberTransfer", "Withdraw"] : ["AccountTransfer"]
  return Either.right([{
    result: {
      id: "2208369",
      note: "demo",
      apiKey: key === undefined ? "" : Redacted.value(key.id),
      readOnly: trades || withdraws ? 0 : 1,
      permissions: {
        ...columns("Options CopyTrading BlockTrade Exchange NFT Affiliate Earn", []),
        ContractTrade: only(["Order", "Position"]),
        Spot: only(["SpotTrade"]),
        Wallet: trades && !withdraws ? [] : transfers,
        Derivatives: only(["DerivativesTrade"])
      },
      ips: ["*"],
      type: 1,
      deadlineDay: -2,
      expiredAt: "1970-01-01T00:00:00Z",
      createdAt: "2024-01-15T08:30:00Z",
      unified: 0,
      uta: 1,
      userID: 1_448_939,
      vipLevel: "No VIP",
      mktMakerLevel: "0",
      ...columns("inviterID affiliateID", 0),
      ...columns("secret rsaPublicKey kycRegion", ""),
      isMaster: true,
      parentUid: "0",
      kycLevel: "LEVEL_1"
    }
  }])
}

/** @internal Describes the account: a unified trading account of version 2.0. */
export const info: Answering = (_, world) =>
  Either.right([{
    result: {
      marginMode: "REGULAR_MARGIN",
      updatedTime: String(world.now),
      unifiedMarginStatus: 5,
      dcpStatus: "OFF",
      timeWindow: 10,
      smpGroup: 0,
      isMasterTrader: false,
      spotHedgingStatus: "OFF"
    }
  }])

/** @internal */
export const feeRates = shows({ category }, ({ category }, _, input) => {
  const symbol = text(input, "symbol")
  const list = listings.flatMap(({ instrument, name, ...listing }) =>
    listing.category !== category || (symbol ?? name) !== name || instrument === undefined ? [] : [{
      symbol: name,
      baseCoin: "",
      takerFeeRate: instrument.takerFee,
      makerFeeRate: instrument.makerFee
    }]
  )
  return { result: { category, list } }
})

/** @internal Returns the currencies that are traded, without deposits and withdrawals. */
export const coins: Answering = (input) => {
  const wanted = text(input, "coin")
  const names = new Set(listings.flatMap(({ base, category, settle }) => category === "spot" ? [base, settle] : settle))
  const rows = [...names].filter((name) => (wanted ?? name) === name)
    .map((name) => ({ name, coin: name, remainAmount: "0", chains: [] }))
  return Either.right([{ result: { rows } }])
}

/** @internal Returns the unified account with the balances that are not zero, or with those that `coin` names. */
export const walletBalance: Answering = (input, world) => {
  if (text(input, "accountType") !== "UNIFIED") return refuse(10001, "accountType only support UNIFIED.")
  const wanted = text(input, "coin")?.split(",")
  const isShown = ({ asset, total }: Holding) =>
    wanted === undefined ? !BigDecimal.isZero(total) : wanted.includes(asset)
  return Either.right([{ result: { list: [accountRow(world, isShown)] } }])
}

/** @internal Encodes the unified account with those of its coins that are shown. */
export const accountRow = (world: World, isShown: (coin: Holding) => boolean): Json => {
  const coins = holdings(world)
  const rate = (asset: string) => dollars(asset, find("spot", `${asset}USDT`), world)
  const worth = (name: "equity" | "free" | "total" | "margin" | "unrealized", of = coins): string =>
    Decimal.fixed(BigDecimal.sumAll(of.map((coin) => BigDecimal.multiply(coin[name], rate(coin.asset)))), 8)
  const row = (coin: Holding): Json => ({
    ...columns("availableToBorrow availableToWithdraw free", ""),
    ...columns("bonus accruedInterest totalOrderIM totalPositionMM spotBorrow spotHedgingQty", "0"),
    equity: coin.equity,
    usdValue: worth("equity", [coin]),
    unrealisedPnl: coin.unrealized,
    borrowAmount: "0.000000000000000000",
    totalPositionIM: coin.margin,
    walletBalance: coin.total,
    cumRealisedPnl: coin.realized,
    locked: BigDecimal.subtract(coin.locked, coin.margin),
    collateralSwitch: true,
    marginCollateral: true,
    coin: coin.asset
  })
  return {
    ...columns("accountIMRate accountMMRate accountLTV totalMaintenanceMargin", "0"),
    totalEquity: worth("equity"),
    totalMarginBalance: worth("equity"),
    totalInitialMargin: worth("margin"),
    accountType: "UNIFIED",
    totalAvailableBalance: worth("free"),
    totalPerpUPL: worth("unrealized"),
    totalWalletBalance: worth("total"),
    coin: coins.filter(isShown).map(row)
  }
}

// --- positions

const isAsked = matching<{ readonly listing: BybitListing }>(marketOf)

/** @internal Returns the open positions. A position that is requested by symbol is returned even if it is empty. */
export const positions = does(
  { category: scopedCategory, page: page(20, 200) },
  ({ category, page }, world, input) => {
    if (category === "spot") return refuse(10001, "params error: Category is invalid")
    const symbol = text(input, "symbol")
    if (symbol !== undefined && find(category, symbol) === undefined) {
      return refuse(10001, "params error: symbol invalid")
    }
    const open = new Map(Engine.positions(world.engine).map((position) => [position.instrument, position]))
    const rows = listings.filter((listing) =>
      listing.category === category && (symbol === undefined
        ? open.has(listing.id) && isAsked(input)({ listing })
        : listing.name === symbol)
    )
    const { nextPageCursor, rows: shown } = page(rows, (listing) => listings.indexOf(listing))
    const list = shown.map((listing) => positionRow(listing, open.get(listing.id)))
    return Either.right([{ result: { nextPageCursor, category, list } }])
  }
)

const common = {
  ...columns("liqPrice bustPrice takeProfit stopLoss sessionAvgPrice mmrSysUpdatedTime leverageSysUpdatedTime", ""),
  ...columns("positionIdx autoAddMargin tradeMode adlRankIndicator", 0),
  ...columns("positionMM trailingStop", "0"),
  riskId: 1,
  riskLimitValue: "2000000",
  leverage: "10",
  tpslMode: "Full",
  isReduceOnly: false,
  positionStatus: "Normal"
}

const nothing = {
  ...columns("side positionValue markPrice unrealisedPnl", ""),
  ...columns("size avgPrice positionIM curRealisedPnl cumRealisedPnl createdTime updatedTime", "0"),
  seq: -1
}

const positionRow = (listing: BybitListing, position: Engine.Position | undefined): Json => {
  if (position === undefined) return { ...common, ...nothing, symbol: listing.name }
  const size = BigDecimal.abs(position.amount)
  return {
    ...common,
    symbol: listing.name,
    side: BigDecimal.isNegative(position.amount) ? "Sell" : "Buy",
    size: quantity(listing, size),
    avgPrice: position.entryPrice,
    positionValue: value(listing, { amount: size, price: position.entryPrice }),
    markPrice: price(listing, position.markPrice),
    positionIM: position.margin,
    unrealisedPnl: position.unrealizedPnl,
    curRealisedPnl: position.realizedPnl,
    cumRealisedPnl: position.realizedPnl,
    createdTime: String(position.openedAt),
    updatedTime: String(position.updatedAt),
    seq: position.updatedAt
  }
}
