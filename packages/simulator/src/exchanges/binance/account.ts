/**
 * Binance's signed endpoints that only read.
 *
 * @internal
 */
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Json } from "../../internal/json.js"
import type { Answer, Endpoint, Endpoints } from "./endpoint.js"
import * as Limits from "./limits.js"
import { coin, listings } from "./markets.js"
import { fillRow, named, orderRow } from "./orders.js"
import {
  flag,
  limitOf,
  page,
  type Params,
  type Refusal,
  refuse,
  select,
  spanOf,
  symbolOf,
  whole,
  within
} from "./params.js"

const readable: Pick<Endpoint, "signed"> = { signed: "read" }

/** @internal */
export const endpoints: Endpoints = {
  "GET /api/v3/account": {
    ...readable,
    params: ["omitZeroBalances"],
    weight: () => 20,
    answer: (params, world) =>
      Either.map(flag(params, "omitZeroBalances", false), (omit) => ({ body: account(world, omit) }))
  },
  "GET /sapi/v1/account/apiRestrictions": {
    ...readable,
    params: [],
    weight: () => 1,
    answer: (_, __, key) => Either.right({ body: restrictions(key?.permissions ?? []) })
  },
  "GET /sapi/v1/capital/config/getall": {
    ...readable,
    params: [],
    weight: () => 10,
    answer: (_, world) => Either.right({ body: coins(world) })
  },
  "GET /sapi/v1/asset/tradeFee": {
    ...readable,
    params: ["symbol"],
    weight: () => 1,
    answer: (params) =>
      Either.map(select(params), (selection) => ({
        body: selection.listings.map(({ id }) => ({
          symbol: id,
          makerCommission: "0.001",
          takerCommission: "0.001"
        }))
      }))
  },
  "GET /sapi/v1/margin/allPairs": { ...readable, params: ["symbol"], weight: () => 1, answer: () => nothing },
  "GET /sapi/v1/margin/isolated/allPairs": { ...readable, params: ["symbol"], weight: () => 10, answer: () => nothing },
  "GET /api/v3/rateLimit/order": {
    ...readable,
    params: [],
    weight: () => 40,
    answer: (_, world) => Either.right({ body: orderCounts(world) })
  },
  "GET /api/v3/order": {
    ...readable,
    params: ["symbol", "orderId", "origClientOrderId"],
    weight: () => 4,
    answer: (params, world) => one(params, world)
  },
  "GET /api/v3/openOrders": {
    ...readable,
    params: ["symbol"],
    weight: (params) => params.has("symbol") ? 6 : 80,
    answer: (params, world) => open(params, world)
  },
  "GET /api/v3/allOrders": {
    ...readable,
    params: ["symbol", "orderId", "startTime", "endTime", "limit"],
    weight: () => 20,
    answer: (params, world) => all(params, world)
  },
  "GET /api/v3/myTrades": {
    ...readable,
    params: ["symbol", "orderId", "fromId", "startTime", "endTime", "limit"],
    weight: (params) => params.has("orderId") ? 5 : 20,
    answer: (params, world) => fills(params, world)
  }
}

// No pair is on margin here, whatever its permissions say.
const nothing = Either.right({ body: [] })

const coins = (world: World): Json => {
  const held = new Map(Engine.balances(world.engine).map((balance) => [balance.asset, balance]))
  return [...new Set(listings.flatMap(({ base, quote }) => [base, quote]))].map((name) => {
    const { free = Decimal.zero, locked = Decimal.zero }: Partial<Engine.Balance> = held.get(name) ?? {}
    return {
      coin: name,
      name,
      depositAllEnable: false,
      withdrawAllEnable: false,
      free: coin(free),
      locked: coin(locked),
      freeze: "0",
      withdrawing: "0",
      ipoing: "0",
      ipoable: "0",
      storage: "0",
      isLegalMoney: false,
      trading: true,
      networkList: []
    }
  })
}

const account = (world: World, omitZero: boolean): Json => ({
  makerCommission: 10,
  takerCommission: 10,
  buyerCommission: 0,
  sellerCommission: 0,
  commissionRates: { maker: "0.00100000", taker: "0.00100000", buyer: "0.00000000", seller: "0.00000000" },
  canTrade: true,
  canWithdraw: true,
  canDeposit: true,
  brokered: false,
  requireSelfTradePrevention: false,
  preventSor: false,
  updateTime: world.now,
  accountType: "SPOT",
  balances: Engine.balances(world.engine)
    .filter(({ free, locked }) => !omitZero || free.value !== 0n || locked.value !== 0n)
    .map(({ asset, free, locked }) => ({ asset, free: coin(free), locked: coin(locked) })),
  permissions: ["SPOT"],
  uid: 354_937_868
})

const restrictions = (permissions: ApiKey["permissions"]): Json => ({
  ipRestrict: false,
  createTime: 1_698_645_219_000,
  enableReading: true,
  enableSpotAndMarginTrading: permissions.includes("trade"),
  enableWithdrawals: permissions.includes("withdraw"),
  enableInternalTransfer: false,
  permitsUniversalTransfer: false,
  enableMargin: false,
  enableFutures: false,
  enableVanillaOptions: false,
  enableFixApiTrade: false,
  enableFixReadOnly: true,
  enablePortfolioMarginTrading: false
})

const orderCounts = (world: World): Json =>
  Limits.orderLimits.map((limit) => ({
    rateLimitType: "ORDERS",
    interval: limit.interval,
    intervalNum: limit.intervalNum,
    limit: limit.limit,
    count: Limits.unfilled(world.engine, limit, world.now)
  }))

// What is read here comes from a database, which may lag behind the engine.

const one = (params: Params, world: World): Either.Either<Answer, Refusal> =>
  Either.gen(function*() {
    const listing = yield* symbolOf(params)
    const order = yield* named(listing, params, world)
    return order === undefined || !world.isVisible(order)
      ? yield* refuse(-2013, "Order does not exist.")
      : { body: orderRow(order) }
  })

const open = (params: Params, world: World): Either.Either<Answer, Refusal> =>
  Either.gen(function*() {
    const listing = params.has("symbol") ? yield* symbolOf(params) : undefined
    return { body: Engine.openOrders(world.engine, listing?.id).filter(world.isVisible).map(orderRow) }
  })

const all = (params: Params, world: World): Either.Either<Answer, Refusal> =>
  Either.gen(function*() {
    const listing = yield* symbolOf(params)
    const fromId = yield* whole(params, "orderId")
    const span = yield* spanOf(params, 24)
    const limit = yield* limitOf(params, 500, 1000)
    const found = Engine.orders(world.engine, listing.id).filter((order) =>
      world.isVisible(order) && within(span, order.createdAt) && (fromId === undefined || fromId <= order.id)
    )
    return { body: page(found, limit, fromId !== undefined || span.startTime !== undefined).map(orderRow) }
  })

const fills = (params: Params, world: World): Either.Either<Answer, Refusal> =>
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
    const visible = new Set(Engine.orders(world.engine, listing.id).filter(world.isVisible).map(({ id }) => id))
    const found = Engine.fills(world.engine, listing.id).filter((fill) =>
      visible.has(fill.orderId) && within(span, fill.at) &&
      (orderId === undefined || fill.orderId === orderId) && (fromId === undefined || fromId <= fill.id)
    )
    return { body: page(found, limit, fromId !== undefined || span.startTime !== undefined).map(fillRow) }
  })
