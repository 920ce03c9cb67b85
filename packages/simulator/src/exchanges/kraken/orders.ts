import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { sideNumber } from "../../internal/ids.js"
import { flag, type Input, list, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import type { World } from "../../World.js"
import { costDecimals, fills, type KrakenListing, lotDecimals, pairOf } from "./markets.js"
import { type Answering, integer, invalid, oneOf, type Read, refuse, shows } from "./params.js"

/** @internal Returns the Kraken id of an order or a trade: a fixed first group and the number in base 36. */
export const txid = (kind: "O" | "T", id: number): string => {
  const digits = id.toString(36).toUpperCase().padStart(11, "0")
  return `${kind}SIMUL-${digits.slice(0, 5)}-${digits.slice(5)}`
}

/** @internal Returns the Kraken id of a fill. */
export const tradeTxid = (fill: Engine.Fill): string => txid("T", sideNumber(fill))

const orderId = (id: string): number | undefined => {
  const digits = /^OSIMUL-([0-9A-Z]{5})-([0-9A-Z]{6})$/.exec(id)
  return digits === null ? undefined : Number.parseInt(`${digits[1]}${digits[2]}`, 36)
}

/** @internal Finds an order of the account by its txid. */
export const orderByTxid = (engine: Engine.Engine, id: string): Read<Engine.Order> => {
  const number = orderId(id)
  if (number === undefined) return refuse("EOrder:Invalid order")
  const order = Engine.order(engine, number)
  return order === undefined ? refuse("EOrder:Unknown order") : Either.right(order)
}

// The engine stores one client id per order. The userref of an order is stored as a text that is not a valid client
// order id.
const grouped = /^userref (-?\d+)$/

/** @internal Returns the userref of an order. */
export const userrefOf = ({ clientOrderId = "" }: Engine.Order): string | undefined => grouped.exec(clientOrderId)?.[1]

/** @internal */
export const nameOfGroup = (userref: string): string => `userref ${Number(userref)}`

/** @internal Returns the open orders with a userref. */
export const openInGroup = (engine: Engine.Engine, userref: string): ReadonlyArray<Engine.Order> =>
  Engine.openOrders(engine).filter(({ clientOrderId }) => clientOrderId === nameOfGroup(userref))

// The ledger books fees with eight decimals.
const feeDecimals = 8

/** @internal Describes an order, for example `buy 0.50000000 XBTUSDT @ limit 29500.0`. */
export const description = (
  pair: KrakenListing,
  order: Pick<Engine.Order, "side" | "type" | "price" | "amount" | "quoteAmount">
): string => {
  const volume = Decimal.fixed(order.quoteAmount ?? order.amount, lotDecimals)
  const terms = order.price === undefined ? "market" : `limit ${Decimal.fixed(order.price, pair.priceDecimals)}`
  return `${order.side} ${volume} ${pair.altname} @ ${terms}`
}

/** @internal Kraken's texts for why an order ended. */
export const reasons = {
  user: "User requested",
  postOnlyWouldCross: "Post only order",
  immediateOrCancel: "IOC order not filled",
  fillOrKill: "FOK order not filled",
  noLiquidity: "Insufficient liquidity",
  nothingToReduce: "Reduce only"
} as const satisfies Record<Engine.CloseReason, string>

const statuses = { open: "open", filled: "closed", canceled: "canceled" } as const

const orderFlags = (order: Engine.Order): string =>
  [
    ...(order.postOnly ? ["post"] : []),
    "fciq",
    ...(order.quoteAmount === undefined ? [] : ["viqc"])
  ].join(",")

const orderRow = (engine: Engine.Engine, order: Engine.Order, withTrades: boolean): Json => {
  const pair = pairOf(order.instrument)
  const fills = Engine.fillsOf(engine, order.id)
  const closed = order.status === "open" ? {} : {
    reason: order.closeReason === undefined ? null : reasons[order.closeReason],
    closetm: order.updatedAt / 1000
  }
  return {
    refid: null,
    userref: Number(userrefOf(order) ?? 0),
    cl_ord_id: userrefOf(order) === undefined ? order.clientOrderId : undefined,
    status: statuses[order.status],
    ...closed,
    opentm: order.createdAt / 1000,
    starttm: 0,
    expiretm: 0,
    descr: {
      pair: pair?.altname,
      type: order.side,
      ordertype: order.type,
      price: order.price === undefined ? "0" : Decimal.fixed(order.price, pair?.priceDecimals ?? costDecimals),
      price2: "0",
      leverage: "none",
      order: pair === undefined ? "" : description(pair, order),
      close: ""
    },
    vol: Decimal.fixed(order.quoteAmount ?? order.amount, lotDecimals),
    vol_exec: Decimal.fixed(order.filled, lotDecimals),
    cost: Decimal.fixed(order.notional, costDecimals),
    fee: Decimal.fixed(order.fee, feeDecimals),
    price: Decimal.fixed(Decimal.ratio(order.notional, order.filled, 8), Math.max(5, pair?.priceDecimals ?? 0)),
    stopprice: "0.00000",
    limitprice: "0.00000",
    misc: "",
    oflags: orderFlags(order),
    timeinforce: order.timeInForce,
    trades: withTrades ? fills.map(tradeTxid) : undefined
  }
}

const orderTable = (engine: Engine.Engine, orders: ReadonlyArray<Engine.Order>, fields: Input): Json =>
  Object.fromEntries(orders.map((order) => [txid("O", order.id), orderRow(engine, order, flag(fields, "trades"))]))

const named = (fields: Input) => {
  const userref = text(fields, "userref")
  const wanted = userref === undefined ? text(fields, "cl_ord_id") : nameOfGroup(userref)
  return ({ clientOrderId }: Engine.Order): boolean => wanted === undefined || clientOrderId === wanted
}

/** @internal */
export const openOrders = shows({}, (_, { engine, isVisible }, fields) => {
  const open = Engine.openOrders(engine).filter(isVisible).filter(named(fields))
  return { open: orderTable(engine, open.toReversed(), fields) }
})

// Reads a time in seconds, or the txid of an order, which means the creation time of the order.
const instant = (name: string, otherwise: number) => (input: Input, { engine }: World): Read<number> => {
  const value = text(input, name)
  if (value === undefined) return Either.right(otherwise)
  if (/^\d{1,12}(\.\d{1,9})?$/.test(value)) return Either.right(Number(value) * 1000)
  const order = Either.orElse(orderByTxid(engine, value), () => invalid(name))
  return Either.map(order, ({ createdAt }) => createdAt)
}

const span = {
  start: instant("start", -Infinity),
  end: instant("end", Infinity),
  offset: integer("ofs", 0, 1_000_000),
  isCounted: (input: Input) => Either.right(!flag(input, "without_count"))
}

const page = 50

const closing = { ...span, by: oneOf("closetime", ["open", "close", "both"], "both") }

/** @internal Returns the closed orders, ordered by close time, newest first. */
export const closedOrders = shows(closing, ({ by, end, isCounted, offset, start }, { engine, isVisible }, fields) => {
  const within = (at: number) => start < at && at <= end
  const closed = Engine.orders(engine)
    .filter((order) => order.status !== "open" && isVisible(order))
    .filter(named(fields))
    .filter(({ createdAt, updatedAt }) => (by !== "close" && within(createdAt)) || (by !== "open" && within(updatedAt)))
    .toSorted((left, right) => right.updatedAt - left.updatedAt || right.id - left.id)
  return {
    closed: orderTable(engine, closed.slice(offset, offset + page), fields),
    count: isCounted ? closed.length : undefined
  }
})

/** @internal */
export const queryOrders: Answering = (fields, { engine, isVisible }) =>
  Either.gen(function*() {
    const wanted = list(fields, "txid")
    if (wanted.length === 0 || wanted.length > page) return yield* invalid("txid")
    const orders = yield* Either.all(wanted.map((id) => orderByTxid(engine, id)))
    return orders.every(isVisible)
      ? [orderTable(engine, orders, fields)] as const
      : yield* refuse("EOrder:Unknown order")
  })

// A row of several fills has their average price. Kraken does not document its id; here it is the id of the first one.
const tradeRow = (trades: Arr.NonEmptyReadonlyArray<{ fill: Engine.Fill; order: Engine.Order }>): Json => {
  const [{ fill, order }] = trades
  const pair = pairOf(fill.instrument)
  const cost = BigDecimal.sumAll(trades.map((trade) => BigDecimal.multiply(trade.fill.price, trade.fill.amount)))
  const volume = BigDecimal.sumAll(trades.map((trade) => trade.fill.amount))
  return {
    ordertxid: txid("O", fill.orderId),
    postxid: "TKH2SE-M7IF5-CFI7LT",
    pair: pair?.altname,
    time: fill.at / 1000,
    type: fill.side,
    ordertype: order.type,
    price: Decimal.fixed(Decimal.ratio(cost, volume, 8), Math.max(5, pair?.priceDecimals ?? 0)),
    cost: Decimal.fixed(cost, costDecimals),
    fee: Decimal.fixed(BigDecimal.sumAll(trades.map((trade) => trade.fill.fee)), feeDecimals),
    vol: Decimal.fixed(volume, lotDecimals),
    margin: "0.00000",
    misc: "",
    trade_id: fill.id,
    maker: fill.liquidity === "maker"
  }
}

const past = { ...span, isConsolidated: (input: Input) => Either.right(`${input["consolidate_taker"]}` !== "false") }

/** @internal Returns the trades of the account, newest first. By default, those of a taker order are consolidated. */
export const tradesHistory = shows(past, ({ end, isConsolidated, isCounted, offset, start }, world) => {
  const trades = fills(world).filter(({ fill }) => start < fill.at && fill.at <= end)
  const rows = Arr.groupBy(
    trades,
    ({ fill }) => isConsolidated && fill.liquidity === "taker" ? txid("O", fill.orderId) : tradeTxid(fill)
  )
  const listed = Object.values(rows).toReversed().map((row) => [tradeTxid(row[0].fill), tradeRow(row)] as const)
  return {
    trades: Object.fromEntries(listed.slice(offset, offset + page)),
    count: isCounted ? listed.length : undefined
  }
})
