import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { type Input, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import { find, listings, type OkxListing, size } from "./markets.js"
import { type Answered, refuse, wrong } from "./params.js"

/** @internal An account in futures mode whose positions are net. */
export const config = (key: ApiKey): Answered =>
  Either.right({
    data: [{
      acctLv: "2",
      acctStpMode: "cancel_maker",
      autoLoan: false,
      ctIsoMode: "automatic",
      enableSpotBorrow: false,
      greeksType: "PA",
      ip: "",
      kycLv: "2",
      label: "demo",
      level: "Lv1",
      levelTmp: "",
      liquidationGear: "-1",
      mainUid: "44705892343619584",
      mgnIsoMode: "automatic",
      opAuth: "1",
      perm: [
        "read_only",
        ...(key.permissions.includes("withdraw") ? ["withdraw"] : []),
        ...(key.permissions.includes("trade") ? ["trade"] : [])
      ].join(","),
      posMode: "net_mode",
      roleType: "0",
      spotOffsetType: "",
      spotRoleType: "0",
      spotTraderInsts: [],
      traderInsts: [],
      type: "0",
      uid: "44705892343619584"
    }]
  })

/** @internal What is traded, each on one chain; nothing of it moves in or out. */
export const currencies = (input: Input): Answered => {
  const wanted = text(input, "ccy")?.split(",")
  const names = [...new Set(listings.flatMap(({ base, quote }) => [base, quote]))]
  return Either.right({
    data: names.filter((ccy) => wanted?.includes(ccy) ?? true).map((ccy) => ({
      canDep: false,
      canInternal: false,
      canWd: false,
      ccy,
      chain: `${ccy}-${ccy}`,
      fee: "0",
      logoLink: "",
      mainNet: true,
      maxFee: "0",
      maxWd: "0",
      minDep: "0",
      minFee: "0",
      minWd: "0",
      name: ccy,
      needTag: false,
      usedWdQuota: "0",
      wdQuota: "0",
      wdTickSz: "8"
    }))
  })
}

/** @internal Fees are negative where they are paid. */
export const tradeFee = (input: Input, world: World): Answered => {
  const instType = text(input, "instType")
  const rates = listings.find((listing) => listing.instType === instType)?.instrument
  if (rates === undefined) return wrong("instType")
  const [maker, taker] = [rates.makerFee, rates.takerFee].map((fee) => `-${Decimal.plain(fee)}`)
  const row = { category: "1", delivery: "", exercise: "", instType, level: "Lv1", maker, taker }
  const tether = instType === "SPOT" ? { makerU: "", takerU: "" } : { makerU: maker, takerU: taker }
  return Either.right({ data: [{ ...row, ...tether, ts: String(world.now) }] })
}

const none = BigDecimal.make(0n, 0)
const one = Decimal.literal("1")

const sum = (values: ReadonlyArray<BigDecimal.BigDecimal>): BigDecimal.BigDecimal => values.reduce(BigDecimal.sum, none)

const dollars = (asset: string, world: World): BigDecimal.BigDecimal => {
  const listing = find(`${asset}-USDT`)
  if (listing !== undefined) return world.quote(listing).last
  return asset.startsWith("USD") ? one : none
}

/** @internal Currencies of which there is something, or of those some. */
export const balance = (input: Input, world: World): Answered => {
  const wanted = text(input, "ccy")?.split(",")
  if (wanted !== undefined && wanted.length > 20) return wrong("ccy")
  const positions = Engine.positions(world.engine)
  const rows = Engine.balances(world.engine)
    .filter(({ asset, free, locked }) =>
      !BigDecimal.isZero(BigDecimal.sum(free, locked)) && (wanted?.includes(asset) ?? true)
    )
    .map(({ asset, free, locked }) => {
      const own = positions.filter(({ instrument }) => find(instrument)?.settle === asset)
      const profit = sum(own.map(({ unrealizedPnl }) => unrealizedPnl))
      const margin = sum(own.map((position) => position.margin))
      const cash = BigDecimal.sum(free, locked)
      const equity = BigDecimal.sum(cash, profit)
      const usd = BigDecimal.multiply(equity, dollars(asset, world))
      const row: Json = {
        accAvgPx: "",
        availBal: Decimal.plain(free),
        availEq: Decimal.plain(free),
        borrowFroz: "",
        cashBal: Decimal.plain(cash),
        ccy: asset,
        clSpotInUseAmt: "",
        collateralEnabled: false,
        crossLiab: "",
        disEq: Decimal.plain(usd),
        eq: Decimal.plain(equity),
        eqUsd: Decimal.plain(usd),
        fixedBal: "0",
        frozenBal: Decimal.plain(locked),
        imr: Decimal.plain(margin),
        interest: "",
        isoEq: "0",
        isoLiab: "",
        isoUpl: "0",
        liab: "",
        maxLoan: "",
        mgnRatio: "",
        mmr: "0",
        notionalLever: "0",
        ordFrozen: Decimal.plain(BigDecimal.subtract(locked, margin)),
        rewardBal: "0",
        smtSyncEq: "0",
        spotInUseAmt: "",
        spotIsoBal: "0",
        stgyEq: "0",
        twap: "0",
        uTime: String(world.now),
        upl: Decimal.plain(profit),
        uplLiab: ""
      }
      return { row, usd }
    })
  const account: Json = {
    adjEq: "",
    borrowFroz: "",
    details: rows.map(({ row }) => row),
    imr: "",
    isoEq: "0",
    mgnRatio: "",
    mmr: "",
    notionalUsd: "",
    ordFroz: "",
    totalEq: Decimal.plain(sum(rows.map(({ usd }) => usd))),
    uTime: String(world.now),
    upl: ""
  }
  return Either.right({ data: [account] })
}

/** @internal Open positions in contracts, short ones negative. */
export const positions = (input: Input, world: World): Answered => {
  const instId = text(input, "instId")
  if (instId !== undefined && instId.split(",").some((id) => find(id) === undefined)) {
    return refuse("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")
  }
  const data = Engine.positions(world.engine).flatMap((position) => {
    const listing = find(position.instrument)
    return listing !== undefined && (instId?.split(",").includes(listing.id) ?? true) &&
        (text(input, "instType") ?? listing.instType) === listing.instType
      ? [positionRow(listing, position)]
      : []
  })
  return Either.right({ data })
}

const positionRow = (listing: OkxListing, position: Engine.Position): Json => {
  const amount = size(listing, position.amount)
  const { markPrice } = position
  const coins = BigDecimal.abs(position.amount)
  const notional = listing.inverse
    ? BigDecimal.multiply(coins, Decimal.literal(listing.contractValue))
    : BigDecimal.multiply(coins, markPrice)
  return {
    adl: "1",
    availPos: amount,
    avgPx: Decimal.plain(position.entryPrice),
    bePx: Decimal.plain(position.entryPrice),
    cTime: String(position.openedAt),
    ccy: listing.settle,
    fee: "",
    fundingFee: "0",
    imr: Decimal.plain(position.margin),
    instId: listing.id,
    instType: listing.instType,
    interest: "",
    last: Decimal.plain(markPrice),
    lever: "10",
    liab: "",
    liqPx: "",
    margin: "",
    markPx: Decimal.plain(markPrice),
    mgnMode: "cross",
    mgnRatio: "",
    mmr: "0",
    notionalUsd: Decimal.plain(notional),
    pos: amount,
    posCcy: "",
    posId: String(1_752_810_569_801_498_600n + BigInt(listings.indexOf(listing))),
    posSide: "net",
    realizedPnl: Decimal.plain(position.realizedPnl),
    tradeId: "",
    uTime: String(position.updatedAt),
    upl: Decimal.plain(position.unrealizedPnl),
    uplRatio: ""
  }
}
