/**
 * Binance's signed endpoints that only read.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { columns } from "../../internal/columns.js"
import * as Keys from "../../internal/keys.js"
import * as Limits from "./limits.js"
import { coin, fills as ownFills, listings } from "./markets.js"
import { fillRow, named, orderRow } from "./orders.js"
import { type Answering, flag, limitOf, page, refuse, select, spanOf, symbolOf, whole, within } from "./params.js"

/** @internal No pair is on margin here, whatever its permissions say. */
export const nothing: Answering = () => Either.right([[]])

/** @internal What is traded; nothing of it moves in or out. */
export const coins: Answering = (_, world) => {
  const held = new Map(Engine.balances(world.engine).map((balance) => [balance.asset, balance]))
  const names = new Set(listings.flatMap(({ terms: { base, quote } }) => [base, quote]))
  return Either.right([[...names].map((name) => {
    const { free = Decimal.zero, locked = Decimal.zero }: Partial<Engine.Balance> = held.get(name) ?? {}
    return {
      ...columns("coin name", name),
      ...columns("depositAllEnable withdrawAllEnable isLegalMoney", false),
      ...columns("freeze withdrawing ipoing ipoable storage", "0"),
      free: coin(free),
      locked: coin(locked),
      trading: true,
      networkList: []
    }
  })])
}

/** @internal */
export const fees: Answering = (params) =>
  Either.map(select(params), ({ listings }) => [
    listings.map(({ id }) => ({ symbol: id, makerCommission: "0.001", takerCommission: "0.001" }))
  ])

/** @internal */
export const account: Answering = (params, world) =>
  Either.map(flag(params, "omitZeroBalances", false), (omitZero) => [{
    ...columns("makerCommission takerCommission", 10),
    ...columns("buyerCommission sellerCommission", 0),
    commissionRates: { ...columns("maker taker", "0.00100000"), ...columns("buyer seller", "0.00000000") },
    ...columns("canTrade canWithdraw canDeposit", true),
    ...columns("brokered requireSelfTradePrevention preventSor", false),
    updateTime: world.now,
    accountType: "SPOT",
    balances: Engine.balances(world.engine)
      .filter(({ free, locked }) => !omitZero || free.value !== 0n || locked.value !== 0n)
      .map(({ asset, free, locked }) => ({ asset, free: coin(free), locked: coin(locked) })),
    permissions: ["SPOT"],
    uid: 354_937_868
  }])

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
export const orderCounts: Answering = (_, world) =>
  Either.right([
    Limits.orderLimits.map((limit) => ({
      rateLimitType: "ORDERS",
      interval: limit.interval,
      intervalNum: limit.intervalNum,
      limit: limit.limit,
      count: Limits.unfilled(world.engine, limit, world.now)
    }))
  ])

// What is read here comes from a database, which may lag behind the engine.

/** @internal */
export const one: Answering = (params, world) =>
  Either.gen(function*() {
    const listing = yield* symbolOf(params)
    const order = yield* named(listing, params, world)
    return order === undefined || !world.isVisible(order)
      ? yield* refuse(-2013, "Order does not exist.")
      : [orderRow(order)]
  })

/** @internal */
export const open: Answering = (params, world) =>
  Either.gen(function*() {
    const listing = params.has("symbol") ? yield* symbolOf(params) : undefined
    return [Engine.openOrders(world.engine, listing?.id).filter(world.isVisible).map(orderRow)]
  })

/** @internal */
export const all: Answering = (params, world) =>
  Either.gen(function*() {
    const listing = yield* symbolOf(params)
    const fromId = yield* whole(params, "orderId")
    const span = yield* spanOf(params, 24)
    const limit = yield* limitOf(params, 500, 1000)
    const found = Engine.orders(world.engine, listing.id).filter((order) =>
      world.isVisible(order) && within(span, order.createdAt) && (fromId === undefined || fromId <= order.id)
    )
    return [page(found, limit, fromId !== undefined || span.startTime !== undefined).map(orderRow)]
  })

/** @internal */
export const fills: Answering = (params, world) =>
  Either.gen(function*() {
    const listing = yield* symbolOf(params)
    const orderId = yield* whole(params, "orderId")
    const fromId = yield* whole(params, "fromId")
    const span = yield* spanOf(params, 24)
    const limit = yield* limitOf(params, 500, 1000)
    const timed = span.startTime !== undefined || span.endTime !== undefined
    if (timed && (orderId !== undefined || fromId !== undefined)) {
      return yield* refuse(-1128, "Combination of optional parameters invalid.")
    }
    const found = ownFills(world).map(({ fill }) => fill).filter((fill) =>
      fill.instrument === listing.id && within(span, fill.at) &&
      (orderId === undefined || fill.orderId === orderId) && (fromId === undefined || fromId <= fill.id)
    )
    return [page(found, limit, fromId !== undefined || span.startTime !== undefined).map(fillRow)]
  })
