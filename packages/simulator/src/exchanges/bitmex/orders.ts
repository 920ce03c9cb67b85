/**
 * Encodes orders and executions for BitMEX, and finds orders by id.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import * as Executions from "../../internal/executions.js"
import { sideNumber, uuids } from "../../internal/ids.js"
import { type Input, iso, text } from "../../internal/inputs.js"
import { account } from "./account.js"
import { coinOf, currencies, fills, find as instrumentOf, type Instrument, sizeOf, worth } from "./markets.js"
import { type Answering, type Row, table } from "./params.js"

// These endpoints read from a database, which may lag behind the engine.
const visible = (world: World): ReadonlyArray<Engine.Order> => Engine.orders(world.engine).filter(world.isVisible)

const ofSymbol = (params: Input, rows: ReadonlyArray<Row>): ReadonlyArray<Row> => {
  const symbol = text(params, "symbol")?.toUpperCase()
  return symbol === undefined ? rows : rows.filter((row) => row["symbol"] === symbol)
}

/** @internal */
export const orders: Answering = ({ params }, world) =>
  table(params, ofSymbol(params, visible(world).map((order) => rowOf(order, world.engine))), {
    keys: ["orderID", "symbol"],
    hidden: ({ ordStatus }) => ({ open: ordStatus === "New" || ordStatus === "PartiallyFilled" })
  })

/** @internal */
export const executions: Answering = ({ params }, world) =>
  table(params, ofSymbol(params, executionRows(world)), { keys: ["execID", "symbol"] })

/** @internal */
export const ids = uuids("bitmex/order")
const [executionIds, matchIds] = [uuids("bitmex/execution"), uuids("bitmex/match")]

/** @internal Finds an order by the id of the exchange or by its client order id. */
export const find = (
  { engine }: World,
  key: { readonly orderID: string } | { readonly clOrdID: string }
): Engine.Order | undefined =>
  "clOrdID" in key ? Engine.orderByClientId(engine, key.clOrdID) : Engine.order(engine, ids.read(key.orderID) ?? 0)

/** @internal */
export const isOrderId = (text: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)

/** @internal */
export const statusOf = (order: Engine.Order): string => {
  if (order.status === "filled") return "Filled"
  if (order.status === "canceled") return "Canceled"
  return order.filled.value === 0n ? "New" : "PartiallyFilled"
}

const timesInForce = { GTC: "GoodTillCancel", IOC: "ImmediateOrCancel", FOK: "FillOrKill" } as const

const reasons: Readonly<Record<NonNullable<Engine.Order["closeReason"]>, string>> = {
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

// The cost of inverse contracts is inversely proportional to the price, so their average price is a harmonic mean.
const averageOf = (
  order: Engine.Order,
  fills: ReadonlyArray<Engine.Fill>,
  instrument: Instrument
): BigDecimal.BigDecimal | undefined => {
  if (order.filled.value === 0n) return undefined
  const places = instrument.tickSize.scale + 4
  if (instrument.perBase !== undefined) return Decimal.ratio(order.notional, order.filled, places)
  const coins = BigDecimal.sumAll(fills.map(({ amount, price }) => Decimal.ratio(amount, price, 20)))
  return BigDecimal.round(Decimal.ratio(order.filled, coins, 12), { scale: places, mode: "half-from-zero" })
}

/** @internal Encodes the current state of an order. */
export const rowOf = (order: Engine.Order, engine: Engine.Engine): Row =>
  orderRow(order, Engine.fillsOf(engine, order.id))

/** @internal Encodes an order with its fills. */
export const orderRow = (order: Engine.Order, fills: ReadonlyArray<Engine.Fill>): Row => {
  const instrument = instrumentOf(order.instrument)
  if (instrument === undefined) return {}
  const average = averageOf(order, fills, instrument)
  const quote = coinOf(instrument.quoteCurrency)
  return {
    orderID: ids.write(order.id),
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
    text: `${order.closeReason === undefined ? "" : reasons[order.closeReason]}Submitted via API.`,
    transactTime: iso(order.updatedAt),
    timestamp: iso(order.updatedAt)
  }
}

/** @internal Encodes the fills, oldest first, each with the state of the order at that time. */
export const executionRows = (world: World): ReadonlyArray<Row> =>
  fills(world).map(({ fill, listing, order }) => {
    const all = Engine.fillsOf(world.engine, order.id)
    const count = all.indexOf(fill) + 1
    return executionRow(fill, listing, orderRow(Executions.whenFilled(order, all, count), all.slice(0, count)))
  })

/** @internal Encodes a fill with its order. */
export const executionRow = (fill: Engine.Fill, instrument: Instrument, order: Row): Row => {
  const size = sizeOf(instrument, fill.amount)
  const { foreign, home, settled } = worth(instrument, size, fill.price)
  const paidIn = currencies[fill.feeAsset]
  // A buyer of a linear contract pays, and a buyer of an inverse contract receives. The signs of the home and foreign
  // notional follow the same rule.
  const pays = (fill.side === "buy") === (instrument.perBase !== undefined)
  const signed = (value: BigDecimal.BigDecimal, positive: boolean) => positive ? value : BigDecimal.negate(value)
  return {
    ...order,
    execID: executionIds.write(sideNumber(fill)),
    execType: "Trade",
    lastQty: size,
    lastPx: fill.price,
    lastLiquidityInd: fill.liquidity === "maker" ? "AddedLiquidity" : "RemovedLiquidity",
    commission: instrument.instrument?.takerFee,
    execCost: pays ? settled : -settled,
    execComm: Decimal.minor(fill.fee, paidIn?.scale ?? 8),
    execCommCcy: paidIn?.code,
    trdMatchID: matchIds.write(fill.id),
    homeNotional: signed(home, fill.side === "buy"),
    foreignNotional: signed(foreign, fill.side === "sell"),
    trdType: "Regular",
    transactTime: iso(fill.at),
    timestamp: iso(fill.at)
  }
}
