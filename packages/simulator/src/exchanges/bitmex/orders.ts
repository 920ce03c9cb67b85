/**
 * Orders and executions as BitMEX writes them, and how they are found.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import * as Hash from "../../engine/internal/hash.js"
import { account } from "./account.js"
import { coinOf, currencies, type Instrument, instruments, iso, sizeOf, worth } from "./markets.js"
import { type Endpoints, type Row, table } from "./params.js"

/** @internal */
export const endpoints: Endpoints = {
  "GET /api/v1/order": {
    signed: "read",
    answer: ({ params }, world) =>
      table(params, ofSymbol(params, visible(world).map((order) => orderRow(order, world.engine))), {
        keys: ["orderID", "symbol"],
        hidden: ({ ordStatus }) => ({ open: ordStatus === "New" || ordStatus === "PartiallyFilled" })
      })
  },
  "GET /api/v1/execution/tradeHistory": {
    signed: "read",
    answer: ({ params }, world) => table(params, ofSymbol(params, executions(world)), { keys: ["execID", "symbol"] })
  }
}

// What is read here comes from a database, which may lag behind the engine.
const visible = (world: World): ReadonlyArray<Engine.Order> => Engine.orders(world.engine).filter(world.isVisible)

const ofSymbol = (params: URLSearchParams, rows: ReadonlyArray<Row>): ReadonlyArray<Row> => {
  const symbol = params.get("symbol")
  return symbol === null || symbol === "" ? rows : rows.filter((row) => row["symbol"] === symbol.toUpperCase())
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0").slice(-digits)

const guid = (kind: string, id: number): string => {
  const left = Hash.pair(Hash.text(kind), 1, id)
  const right = Hash.pair(Hash.text(kind), 2, id)
  return `${hex(left, 8)}-${hex(right >>> 16, 4)}-4${hex(right, 3)}-a${hex(left >>> 8, 3)}-${hex(id, 12)}`
}

/** @internal An order's id: it ends in the number the engine knows it by. */
export const orderIdOf = (id: number): string => guid("order", id)

/** @internal The order with an id of the exchange's or the client's making. */
export const find = (
  world: World,
  key: { readonly orderID: string } | { readonly clOrdID: string }
): Engine.Order | undefined => {
  if ("clOrdID" in key) {
    return key.clOrdID === "" ? undefined : Engine.orderByClientId(world.engine, key.clOrdID)
  }
  const number = Number.parseInt(key.orderID.slice(-12), 16)
  const order = orderIdOf(number) === key.orderID.toLowerCase() ? Engine.order(world.engine, number) : undefined
  return order?.owner === "account" ? order : undefined
}

/** @internal */
export const isOrderId = (text: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)

/** @internal */
export const instrumentOf = (id: string): Instrument | undefined =>
  instruments.find((instrument) => instrument.id === id)

/** @internal */
export const statusOf = (order: Engine.Order): string => {
  if (order.status === "filled") return "Filled"
  if (order.status === "canceled") return "Canceled"
  return order.filled.value === 0n ? "New" : "PartiallyFilled"
}

const timesInForce = { GTC: "GoodTillCancel", IOC: "ImmediateOrCancel", FOK: "FillOrKill" } as const

const reasons: Readonly<Record<NonNullable<Engine.Order["closedBecause"]>, string>> = {
  user: "Canceled: Canceled via API.\n",
  postOnlyWouldCross: "Canceled: Order had execInst of ParticipateDoNotInitiate\n",
  immediateOrCancel: "Canceled: Order had timeInForce of ImmediateOrCancel\n",
  fillOrKill: "Canceled: Order had timeInForce of FillOrKill\n",
  noLiquidity: "Canceled: Order had no liquidity to execute against\n",
  nothingToReduce: "Canceled: Order had execInst of Close or ReduceOnly but current position is 0\n"
}

const execInst = (order: Engine.Order): string =>
  [order.postOnly ? "ParticipateDoNotInitiate" : "", order.reduceOnly ? "ReduceOnly" : ""]
    .filter((one) => one !== "")
    .join(",")

// Contracts that are inverse cost less the higher the price: their average is harmonic.
const averageOf = (
  order: Engine.Order,
  engine: Engine.Engine,
  instrument: Instrument
): BigDecimal.BigDecimal | undefined => {
  if (order.filled.value === 0n) return undefined
  const places = instrument.tickSize.scale + 4
  if (instrument.perBase !== undefined) return Decimal.ratio(order.notional, order.filled, places)
  const coins = Engine.fillsOf(engine, order.id).reduce(
    (total, { amount, price }) => BigDecimal.sum(total, Decimal.ratio(amount, price, 20)),
    BigDecimal.make(0n, 0)
  )
  return BigDecimal.round(Decimal.ratio(order.filled, coins, 12), { scale: places, mode: "half-from-zero" })
}

/** @internal */
export const orderRow = (order: Engine.Order, engine: Engine.Engine): Row => {
  const instrument = instrumentOf(order.instrument)
  if (instrument === undefined) return {}
  const average = averageOf(order, engine, instrument)
  const quote = coinOf(instrument.quoteCurrency)
  return {
    orderID: orderIdOf(order.id),
    clOrdID: order.clientOrderId ?? "",
    account,
    symbol: order.instrument,
    side: order.side === "buy" ? "Buy" : "Sell",
    orderQty: sizeOf(instrument, order.amount),
    price: order.price ?? average,
    currency: instrument.quoteCurrency,
    settlCurrency: instrument.settlement?.currency ?? currencies[quote]?.code,
    ordType: order.type === "market" ? "Market" : "Limit",
    timeInForce: order.type === "market" ? "ImmediateOrCancel" : timesInForce[order.timeInForce],
    execInst: execInst(order),
    ordStatus: statusOf(order),
    workingIndicator: order.status === "open",
    leavesQty: order.status === "open" ? sizeOf(instrument, BigDecimal.subtract(order.amount, order.filled)) : 0,
    cumQty: sizeOf(instrument, order.filled),
    avgPx: average,
    text: `${order.closedBecause === undefined ? "" : reasons[order.closedBecause]}Submitted via API.`,
    transactTime: iso(order.updatedAt),
    timestamp: iso(order.updatedAt)
  }
}

const executions = (world: World): ReadonlyArray<Row> => {
  const orders = new Map(visible(world).map((order) => [order.id, order]))
  return Engine.fills(world.engine).flatMap((fill) => {
    const order = orders.get(fill.orderId)
    const instrument = instrumentOf(fill.instrument)
    return order === undefined || instrument === undefined
      ? []
      : [executionRow(fill, instrument, orderRow(order, world.engine))]
  })
}

const executionRow = (fill: Engine.Fill, instrument: Instrument, order: Row): Row => {
  const size = sizeOf(instrument, fill.amount)
  const { foreign, home, settled } = worth(instrument, size, fill.price)
  const paidIn = currencies[fill.feeAsset]
  // A buyer of linear contracts pays, a buyer of inverse ones is owed; home and foreign notional are signed likewise.
  const pays = (fill.side === "buy") === (instrument.perBase !== undefined)
  const signed = (value: BigDecimal.BigDecimal, positive: boolean) => positive ? value : BigDecimal.negate(value)
  return {
    ...order,
    execID: guid("execution", fill.id),
    execType: "Trade",
    lastQty: size,
    lastPx: fill.price,
    lastLiquidityInd: fill.liquidity === "maker" ? "AddedLiquidity" : "RemovedLiquidity",
    commission: instrument.instrument?.takerFee,
    execCost: pays ? settled : -settled,
    execComm: Decimal.minor(fill.fee, paidIn?.scale ?? 8),
    execCommCcy: paidIn?.code,
    trdMatchID: guid("match", fill.id),
    homeNotional: signed(home, fill.side === "buy"),
    foreignNotional: signed(foreign, fill.side === "sell"),
    trdType: "Regular",
    transactTime: iso(fill.at),
    timestamp: iso(fill.at)
  }
}
