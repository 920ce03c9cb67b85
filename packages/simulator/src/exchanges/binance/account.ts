/**
 * Binance's signed endpoints that only read.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Engine from "../../engine/Engine.js"
import { holding } from "../../internal/holdings.js"
import { columns } from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import * as Limits from "./limits.js"
import { fills as ownFills, listings } from "./markets.js"
import { fillRow, named, orderRow } from "./orders.js"
import {
  type Answering,
  does,
  flag,
  limit,
  page,
  refuse,
  select,
  shows,
  span,
  symbol,
  whole,
  within
} from "./params.js"

/** @internal Returns an empty list: no pair has margin trading, whatever its permissions say. */
export const nothing = shows({}, () => [])

/** @internal Returns the currencies that are traded, without deposits and withdrawals. */
export const coins = shows({}, (_, world) => {
  const names = new Set(listings.flatMap(({ terms: { base, quote } }) => [base, quote]))
  return [...names].map((name) => {
    const { free, locked } = holding(world, name)
    return {
      ...columns("coin name", name),
      ...columns("depositAllEnable withdrawAllEnable isLegalMoney", false),
      ...columns("freeze withdrawing ipoing ipoable storage", "0"),
      free,
      locked,
      trading: true,
      networkList: []
    }
  })
})

/** @internal */
export const fees = shows(
  { select },
  ({ select: { listings } }) =>
    listings.map(({ id }) => ({ symbol: id, makerCommission: "0.001", takerCommission: "0.001" }))
)

/** @internal */
export const account = shows({ omitsZero: flag("omitZeroBalances", false) }, ({ omitsZero }, world) => ({
  ...columns("makerCommission takerCommission", 10),
  ...columns("buyerCommission sellerCommission", 0),
  commissionRates: { ...columns("maker taker", "0.00100000"), ...columns("buyer seller", "0.00000000") },
  ...columns("canTrade canWithdraw canDeposit", true),
  ...columns("brokered requireSelfTradePrevention preventSor", false),
  updateTime: world.now,
  accountType: "SPOT",
  balances: Engine.balances(world.engine)
    .filter(({ free, locked }) => !omitsZero || free.value !== 0n || locked.value !== 0n)
    .map(({ asset, free, locked }) => ({ asset, free, locked })),
  permissions: ["SPOT"],
  uid: 354_937_868
}))

/** @internal */
export const restrictions: Answering = (_, __, key) =>
  Either.right([{
    ...columns("ipRestrict enableInternalTransfer permitsUniversalTransfer enableMargin enableFutures", false),
    ...columns("enableVanillaOptions enableFixApiTrade enablePortfolioMarginTrading", false),
    ...columns("enableReading enableFixReadOnly", true),
    createTime: 1_698_645_219_000,
    enableSpotAndMarginTrading: Keys.may(key, "trade"),
    enableWithdrawals: Keys.may(key, "withdraw")
  }])

/** @internal */
export const orderCounts = shows({}, (_, world) =>
  Limits.orderLimits.map((limit) => ({
    rateLimitType: "ORDERS",
    interval: limit.interval,
    intervalNum: limit.intervalNum,
    limit: limit.limit,
    count: Limits.unfilled(world.engine, limit, world.now)
  })))

// These endpoints read from a database, which may lag behind the engine.

/** @internal */
export const one = does({ named }, ({ named: order }, world) =>
  order === undefined || !world.isVisible(order)
    ? refuse(-2013, "Order does not exist.")
    : Either.right([orderRow(order)]))

/** @internal */
export const open: Answering = (params, world) =>
  Either.map(params["symbol"] === undefined ? Either.right(undefined) : symbol(params), (listing) => [
    Engine.openOrders(world.engine, listing?.id).filter(world.isVisible).map(orderRow)
  ])

/** @internal */
export const all = shows(
  { symbol, fromId: whole("orderId"), span: span(24), limit: limit(500, 1000) },
  ({ fromId, limit, span, symbol }, world) => {
    const found = Engine.orders(world.engine, symbol.id).filter((order) =>
      world.isVisible(order) && within(span, order.createdAt) && (fromId === undefined || fromId <= order.id)
    )
    return page(found, limit, fromId !== undefined || span.startTime !== undefined).map(orderRow)
  }
)

const asked = {
  symbol,
  orderId: whole("orderId"),
  fromId: whole("fromId"),
  span: span(24),
  limit: limit(500, 1000)
}

/** @internal */
export const fills = does(asked, ({ fromId, limit, orderId, span, symbol }, world) => {
  const timed = span.startTime !== undefined || span.endTime !== undefined
  if (timed && (orderId !== undefined || fromId !== undefined)) {
    return refuse(-1128, "Combination of optional parameters invalid.")
  }
  const found = ownFills(world).map(({ fill }) => fill).filter((fill) =>
    fill.instrument === symbol.id && within(span, fill.at) &&
    (orderId === undefined || fill.orderId === orderId) && (fromId === undefined || fromId <= fill.id)
  )
  return Either.right([page(found, limit, fromId !== undefined || span.startTime !== undefined).map(fillRow)])
})
