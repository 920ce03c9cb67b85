import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { matching } from "../../internal/fields.js"
import { dollars, type Holding, holdings } from "../../internal/holdings.js"
import { list, text } from "../../internal/inputs.js"
import { columns, type Json } from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import type { World } from "../../World.js"
import { find, listings, marketOf, type OkxListing, positions as held, size } from "./markets.js"
import { type Answering, noInstrument, wrong } from "./params.js"

/** @internal Returns the configuration of an account in futures mode with net positions. */
export const config: Answering = (_, __, key) =>
  Either.right([{
    data: [{
      ...columns("ip levelTmp spotOffsetType", ""),
      ...columns("autoLoan enableSpotBorrow", false),
      ...columns("ctIsoMode mgnIsoMode", "automatic"),
      ...columns("roleType spotRoleType type", "0"),
      ...columns("spotTraderInsts traderInsts", []),
      ...columns("mainUid uid", "44705892343619584"),
      acctLv: "2",
      acctStpMode: "cancel_maker",
      greeksType: "PA",
      kycLv: "2",
      label: "demo",
      level: "Lv1",
      liquidationGear: "-1",
      opAuth: "1",
      perm: ["read_only", ...(["withdraw", "trade"] as const).filter((one) => Keys.may(key, one))].join(","),
      posMode: "net_mode"
    }]
  }])

/** @internal Returns the currencies that are traded, each on one chain without deposits and withdrawals. */
export const currencies: Answering = (input) => {
  const wanted = text(input, "ccy")?.split(",")
  const names = [...new Set(listings.flatMap(({ terms: { base, quote } }) => [base, quote]))]
  const data = names.filter((ccy) => wanted?.includes(ccy) ?? true).map((ccy) => ({
    ...columns("canDep canInternal canWd needTag", false),
    ...columns("fee maxFee maxWd minDep minFee minWd usedWdQuota wdQuota", "0"),
    ccy,
    chain: `${ccy}-${ccy}`,
    logoLink: "",
    mainNet: true,
    name: ccy,
    wdTickSz: "8"
  }))
  return Either.right([{ data }])
}

/** @internal Returns the fee rates. Rates that the account pays are negative. */
export const tradeFee: Answering = (input, world) => {
  const instType = text(input, "instType")
  const rates = listings.find((listing) => listing.instType === instType)?.instrument
  if (rates === undefined) return wrong("instType")
  const [maker, taker] = [rates.makerFee, rates.takerFee].map((fee) => `-${Decimal.plain(fee)}`)
  const row = { category: "1", delivery: "", exercise: "", instType, level: "Lv1", maker, taker }
  const tether = instType === "SPOT" ? { makerU: "", takerU: "" } : { makerU: maker, takerU: taker }
  return Either.right([{ data: [{ ...row, ...tether, ts: String(world.now) }] }])
}

/** @internal Returns the balances that are not zero, or those of them that `ccy` names. */
export const balance: Answering = (input, world) => {
  const wanted = text(input, "ccy")?.split(",")
  return wanted !== undefined && wanted.length > 20
    ? wrong("ccy")
    : Either.right([{ data: [balanceRow(wanted, world)] }])
}

/** @internal Encodes the account with its balances of the wanted currencies that are not zero. */
export const balanceRow = (wanted: ReadonlyArray<string> | undefined, world: World): Json => {
  const held = holdings(world).filter(({ asset, total }) =>
    !BigDecimal.isZero(total) && (wanted?.includes(asset) ?? true)
  )
  const worth = ({ asset, equity }: Holding) =>
    BigDecimal.multiply(equity, dollars(asset, find(`${asset}-USDT`), world))
  const row = (holding: Holding): Json => ({
    ...columns("accAvgPx borrowFroz clSpotInUseAmt crossLiab interest isoLiab liab maxLoan mgnRatio", ""),
    ...columns("spotInUseAmt uplLiab", ""),
    ...columns("fixedBal isoEq isoUpl mmr notionalLever rewardBal smtSyncEq spotIsoBal stgyEq twap", "0"),
    availBal: holding.free,
    availEq: holding.free,
    cashBal: holding.total,
    ccy: holding.asset,
    collateralEnabled: false,
    disEq: worth(holding),
    eq: holding.equity,
    eqUsd: worth(holding),
    frozenBal: holding.locked,
    imr: holding.margin,
    ordFrozen: BigDecimal.subtract(holding.locked, holding.margin),
    uTime: String(world.now),
    upl: holding.unrealized
  })
  return {
    ...columns("adjEq borrowFroz imr mgnRatio mmr notionalUsd ordFroz upl", ""),
    details: held.map(row),
    isoEq: "0",
    totalEq: BigDecimal.sumAll(held.map(worth)),
    uTime: String(world.now)
  }
}

const isAsked = matching<{ readonly listing: OkxListing }>(marketOf, list)

/** @internal Returns the open positions in contracts. Short positions are negative. */
export const positions: Answering = (input, world) =>
  list(input, "instId").every((id) => find(id) !== undefined)
    ? Either.right([{ data: held(world).filter(isAsked(input)).map(positionRow) }])
    : noInstrument

const positionRow = ({ listing, ...position }: Engine.Position & { readonly listing: OkxListing }): Json => {
  const amount = size(listing, position.amount)
  const { markPrice } = position
  const coins = BigDecimal.abs(position.amount)
  const notional = listing.terms.inverse
    ? BigDecimal.multiply(coins, Decimal.literal(listing.contractValue))
    : BigDecimal.multiply(coins, markPrice)
  return {
    ...columns("fee interest liab liqPx margin mgnRatio posCcy tradeId uplRatio", ""),
    adl: "1",
    availPos: amount,
    avgPx: position.entryPrice,
    bePx: position.entryPrice,
    cTime: String(position.openedAt),
    ccy: listing.terms.settle,
    fundingFee: "0",
    imr: position.margin,
    instId: listing.id,
    instType: listing.instType,
    last: markPrice,
    lever: "10",
    markPx: markPrice,
    mgnMode: "cross",
    mmr: "0",
    notionalUsd: notional,
    pos: amount,
    posId: String(1_752_810_569_801_498_600n + BigInt(listings.indexOf(listing))),
    posSide: "net",
    realizedPnl: position.realizedPnl,
    uTime: String(position.updatedAt),
    upl: position.unrealizedPnl
  }
}
