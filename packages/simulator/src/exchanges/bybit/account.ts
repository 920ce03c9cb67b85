import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { type Input, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import { type BybitListing, find, listings, ofInstrument, price, quantity } from "./markets.js"
import { scoped, unscoped } from "./orders.js"
import { type Answered, categoryOf, limitOf, page, refuse } from "./params.js"

/** @internal A key that may only read names the same permissions, which then mean reading. */
export const apiKey = (key: ApiKey): Answered => {
  const trades = key.permissions.includes("trade")
  const withdraws = key.permissions.includes("withdraw")
  return Either.right({
    result: {
      id: "2208369",
      note: "demo",
      apiKey: Redacted.value(key.id),
      readOnly: trades || withdraws ? 0 : 1,
      secret: "",
      permissions: {
        ContractTrade: trades || !withdraws ? ["Order", "Position"] : [],
        Spot: trades || !withdraws ? ["SpotTrade"] : [],
        Wallet: withdraws ? ["AccountTransfer", "SubMemberTransfer", "Withdraw"] : trades ? [] : ["AccountTransfer"],
        Options: [],
        Derivatives: trades || !withdraws ? ["DerivativesTrade"] : [],
        CopyTrading: [],
        BlockTrade: [],
        Exchange: [],
        NFT: [],
        Affiliate: [],
        Earn: []
      },
      ips: ["*"],
      type: 1,
      deadlineDay: -2,
      expiredAt: "1970-01-01T00:00:00Z",
      createdAt: "2024-01-15T08:30:00Z",
      unified: 0,
      uta: 1,
      userID: 1_448_939,
      inviterID: 0,
      vipLevel: "No VIP",
      mktMakerLevel: "0",
      affiliateID: 0,
      rsaPublicKey: "",
      isMaster: true,
      parentUid: "0",
      kycLevel: "LEVEL_1",
      kycRegion: ""
    }
  })
}

/** @internal The account is a unified one, of version 2.0. */
export const info = (world: World): Answered =>
  Either.right({
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
  })

/** @internal */
export const feeRates = (input: Input): Answered =>
  Either.map(categoryOf(input), (category) => {
    const symbol = text(input, "symbol")
    const list = listings.flatMap(({ instrument, name, ...listing }) =>
      listing.category !== category || (symbol ?? name) !== name || instrument === undefined ? [] : [{
        symbol: name,
        baseCoin: "",
        takerFeeRate: Decimal.plain(instrument.takerFee),
        makerFeeRate: Decimal.plain(instrument.makerFee)
      }]
    )
    return { result: { category, list } }
  })

/** @internal What is traded; nothing of it moves in or out. */
export const coins = (input: Input): Answered => {
  const wanted = text(input, "coin")
  const names = new Set(listings.flatMap(({ base, category, settle }) => category === "spot" ? [base, settle] : settle))
  return Either.right({
    result: {
      rows: [...names].filter((name) => (wanted ?? name) === name).map((name) => ({
        name,
        coin: name,
        remainAmount: "0",
        chains: []
      }))
    }
  })
}

// --- balances

const none = BigDecimal.make(0n, 0)
const one = Decimal.literal("1")

const dollars = (asset: string, world: World): BigDecimal.BigDecimal => {
  const listing = find("spot", `${asset}USDT`)
  if (listing !== undefined) return world.quote(listing).last
  return asset.startsWith("USD") ? one : none
}

const sum = (values: ReadonlyArray<BigDecimal.BigDecimal>): BigDecimal.BigDecimal => values.reduce(BigDecimal.sum, none)

/** @internal The unified account: coins of which there is something, or those named by `coin`. */
export const walletBalance = (input: Input, world: World): Answered => {
  if (text(input, "accountType") !== "UNIFIED") return refuse(10001, "accountType only support UNIFIED.")
  const wanted = text(input, "coin")?.split(",")
  const positions = Engine.positions(world.engine)
  const coins = Engine.balances(world.engine).map(({ asset, free, locked }) => {
    const own = positions.filter(({ instrument }) => ofInstrument(instrument)?.settle === asset)
    const margin = sum(own.map((position) => position.margin))
    const wallet = BigDecimal.sum(free, locked)
    const profit = sum(own.map(({ unrealizedPnl }) => unrealizedPnl))
    const equity = BigDecimal.sum(wallet, profit)
    const rate = dollars(asset, world)
    return {
      asset,
      margin,
      wallet,
      profit,
      equity,
      locked: BigDecimal.subtract(locked, margin),
      realized: sum(own.map(({ realizedPnl }) => realizedPnl)),
      usd: BigDecimal.multiply(equity, rate),
      usdFree: BigDecimal.multiply(free, rate),
      usdWallet: BigDecimal.multiply(wallet, rate),
      usdMargin: BigDecimal.multiply(margin, rate),
      usdProfit: BigDecimal.multiply(profit, rate)
    }
  })
  const total = (value: (coin: typeof coins[number]) => BigDecimal.BigDecimal): string =>
    Decimal.fixed(sum(coins.map(value)), 8)
  const list: Json = [{
    totalEquity: total(({ usd }) => usd),
    accountIMRate: "0",
    totalMarginBalance: total(({ usd }) => usd),
    totalInitialMargin: total(({ usdMargin }) => usdMargin),
    accountType: "UNIFIED",
    totalAvailableBalance: total(({ usdFree }) => usdFree),
    accountMMRate: "0",
    totalPerpUPL: total(({ usdProfit }) => usdProfit),
    totalWalletBalance: total(({ usdWallet }) => usdWallet),
    accountLTV: "0",
    totalMaintenanceMargin: "0",
    coin: coins
      .filter(({ asset, wallet }) => wanted === undefined ? !BigDecimal.isZero(wallet) : wanted.includes(asset))
      .map((coin): Json => ({
        availableToBorrow: "",
        bonus: "0",
        accruedInterest: "0",
        availableToWithdraw: "",
        totalOrderIM: "0",
        equity: Decimal.plain(coin.equity),
        totalPositionMM: "0",
        usdValue: Decimal.fixed(coin.usd, 8),
        unrealisedPnl: Decimal.plain(coin.profit),
        borrowAmount: "0.000000000000000000",
        totalPositionIM: Decimal.plain(coin.margin),
        walletBalance: Decimal.plain(coin.wallet),
        cumRealisedPnl: Decimal.plain(coin.realized),
        locked: Decimal.plain(coin.locked),
        collateralSwitch: true,
        marginCollateral: true,
        coin: coin.asset,
        spotBorrow: "0",
        spotHedgingQty: "0",
        free: ""
      }))
  }]
  return Either.right({ result: { list } })
}

// --- positions

/** @internal Open positions; asked for by symbol, also one of nothing. */
export const positions = (input: Input, world: World): Answered =>
  Either.gen(function*() {
    const category = yield* categoryOf(input)
    if (category === "spot") return yield* refuse(10001, "params error: Category is invalid")
    if (category === "linear" && !scoped(input)) return yield* unscoped
    const limit = yield* limitOf(input, 20, 200)
    const symbol = text(input, "symbol")
    if (symbol !== undefined && find(category, symbol) === undefined) {
      return yield* refuse(10001, "params error: symbol invalid")
    }
    const settle = text(input, "settleCoin")
    const base = text(input, "baseCoin")
    const open = new Map(Engine.positions(world.engine).map((position) => [position.instrument, position]))
    const rows = listings.filter((listing) =>
      listing.category === category && (symbol === undefined
        ? open.has(listing.id) && (settle ?? listing.settle) === listing.settle &&
          (base ?? listing.base) === listing.base
        : listing.name === symbol)
    )
    const { nextPageCursor, rows: shown } = yield* page(rows, input, limit, (listing) => listings.indexOf(listing))
    return {
      result: { nextPageCursor, category, list: shown.map((listing) => positionRow(listing, open.get(listing.id))) }
    }
  })

const positionRow = (listing: BybitListing, position: Engine.Position | undefined): Json => {
  const common = {
    positionIdx: 0,
    riskId: 1,
    riskLimitValue: "2000000",
    symbol: listing.name,
    autoAddMargin: 0,
    leverage: "10",
    positionMM: "0",
    liqPrice: "",
    bustPrice: "",
    tpslMode: "Full",
    takeProfit: "",
    stopLoss: "",
    trailingStop: "0",
    sessionAvgPrice: "",
    tradeMode: 0,
    isReduceOnly: false,
    mmrSysUpdatedTime: "",
    leverageSysUpdatedTime: "",
    adlRankIndicator: 0
  }
  if (position === undefined) {
    return {
      ...common,
      side: "",
      size: "0",
      avgPrice: "0",
      positionValue: "",
      markPrice: "",
      positionIM: "0",
      unrealisedPnl: "",
      curRealisedPnl: "0",
      cumRealisedPnl: "0",
      positionStatus: "Normal",
      createdTime: "0",
      updatedTime: "0",
      seq: -1
    }
  }
  const size = BigDecimal.abs(position.amount)
  const value = listing.category === "inverse"
    ? Decimal.ratio(size, position.entryPrice, 8)
    : BigDecimal.multiply(size, position.entryPrice)
  return {
    ...common,
    side: BigDecimal.isNegative(position.amount) ? "Sell" : "Buy",
    size: quantity(listing, size),
    avgPrice: Decimal.plain(position.entryPrice),
    positionValue: Decimal.plain(value),
    markPrice: price(listing, position.markPrice),
    positionIM: Decimal.plain(position.margin),
    unrealisedPnl: Decimal.plain(position.unrealizedPnl),
    curRealisedPnl: Decimal.plain(position.realizedPnl),
    cumRealisedPnl: Decimal.plain(position.realizedPnl),
    positionStatus: "Normal",
    createdTime: String(position.openedAt),
    updatedTime: String(position.updatedAt),
    seq: position.updatedAt
  }
}
