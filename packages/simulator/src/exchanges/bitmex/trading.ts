/**
 * BitMEX's endpoints that place, amend and cancel orders.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { reading, texts } from "../../internal/fields.js"
import { type Input, iso, list, text } from "../../internal/inputs.js"
import { amountOf, find as instrumentOf, type Instrument, live, maxOrderQty, maxPrice, sizeOf } from "./markets.js"
import { find, isOrderId, rowOf, statusOf } from "./orders.js"
import { type Answering, filterOf, invalid, matches, type Read, refuse, type Row } from "./params.js"

// --- fields

const { all, byMember, byName, decimal, oneOf, optional } = reading(
  (name) => invalid(`Invalid ${name}`),
  (name) => invalid(`'${name}' is a required arg.`)
)

const clientId = (name: string) => optional(name, /^.{1,36}$/s)

// Reads a whole number. A negative one stands for a sale.
const size = (name: string) => (input: Input): Read<bigint | undefined> =>
  Either.map(optional(name, /^-?\d{1,18}$/)(input), (digits) => digits === undefined ? undefined : BigInt(digits))

const checkPrice = (instrument: Instrument, price: BigDecimal.BigDecimal): Read<void> => {
  if (!BigDecimal.isPositive(price) || BigDecimal.greaterThan(price, BigDecimal.make(BigInt(maxPrice), 0))) {
    return invalid("Invalid price")
  }
  return BigDecimal.isZero(BigDecimal.unsafeRemainder(price, instrument.tickSize))
    ? Either.void
    : invalid("Invalid price tickSize")
}

const checkSize = (instrument: Instrument, size: bigint): Read<void> =>
  size <= 0n || size % BigInt(instrument.lotSize) !== 0n || size > BigInt(maxOrderQty(instrument))
    ? invalid("Invalid orderQty")
    : Either.void

// --- placing

const openPerContract = 200

const timesInForce: Readonly<Record<string, Engine.TimeInForce>> = {
  Day: "GTC",
  GoodTillCancel: "GTC",
  ImmediateOrCancel: "IOC",
  FillOrKill: "FOK"
}

const instructions = (input: Input) => {
  const names = list(input, "execInst").flatMap((name) => name.split(/[;\s]+/))
  return names.every((name) => ["ParticipateDoNotInitiate", "ReduceOnly", "Close"].includes(name))
    ? Either.right({
      postOnly: names.includes("ParticipateDoNotInitiate"),
      reduceOnly: names.includes("ReduceOnly") || names.includes("Close"),
      close: names.includes("Close")
    })
    : invalid("Invalid execInst")
}

const newTerms = {
  instrument: byName("symbol", (name) => live(name.toUpperCase()), refuse(400, "Invalid symbol")),
  instructions,
  price: decimal("price"),
  type: oneOf("ordType", ["Limit", "Market", ""], ""),
  timeInForce: byMember("timeInForce", timesInForce, invalid("Invalid timeInForce"), "GoodTillCancel"),
  clientOrderId: clientId("clOrdID"),
  side: oneOf("side", ["Buy", "Sell", ""], ""),
  size: size("orderQty")
}

const positionOf = (world: World, instrument: Instrument): BigDecimal.BigDecimal =>
  Engine.positions(world.engine).find((position) => position.instrument === instrument.id)?.amount ?? Decimal.zero

/** @internal */
export const place: Answering = ({ fields }, world) =>
  Either.gen(function*() {
    // Forms and some clients send numbers as text, which is equivalent.
    const asked = yield* all(newTerms)(texts(fields), world)
    const { clientOrderId, instructions: { close, postOnly, reduceOnly }, instrument, price, timeInForce } = asked
    const limit = asked.type === "" ? price !== undefined : asked.type === "Limit"
    if (postOnly && (!limit || timeInForce !== "GTC")) return yield* invalid("Invalid execInst for ordType")
    if (reduceOnly && instrument.typ === "IFXXXP") return yield* invalid("Invalid execInst for instrument")
    const signed = asked.size ?? (close ? -sizeOf(instrument, positionOf(world, instrument)) : undefined)
    if (signed === undefined) return yield* invalid("'orderQty' is a required arg.")
    const size = signed < 0n ? -signed : signed
    const isBuy = asked.side === "" ? signed >= 0n : asked.side === "Buy"
    if (close && size === 0n) return [rejected(fields, instrument, world)]
    yield* checkSize(instrument, size)
    if (limit && price === undefined) return yield* invalid("Invalid price")
    if (limit && price !== undefined) yield* checkPrice(instrument, price)
    if (clientOrderId !== undefined && find(world, { clOrdID: clientOrderId }) !== undefined) {
      return yield* refuse(400, "Duplicate clOrdID")
    }
    if (Engine.openOrders(world.engine, instrument.id).length >= openPerContract) {
      return yield* refuse(400, "Too many open orders")
    }
    const placed = Engine.place(world.engine, {
      instrument: instrument.id,
      side: isBuy ? "buy" : "sell",
      type: limit ? "limit" : "market",
      price: limit ? price : undefined,
      amount: amountOf(instrument, size),
      timeInForce: limit ? timeInForce : undefined,
      postOnly,
      reduceOnly,
      clientOrderId
    }, world.now)
    if (Either.isLeft(placed)) {
      return placed.left === "NothingToReduce"
        ? [rejected(fields, instrument, world)]
        : yield* explained(placed.left, instrument)
    }
    const [order, engine] = placed.right
    return [rowOf(order, engine), engine]
  })

const refusals: Readonly<Record<Engine.Refusal | Engine.CancelRefusal, Read<never>>> = {
  UnknownInstrument: refuse(400, "Invalid symbol"),
  OffTick: invalid("Invalid price tickSize"),
  OffLot: invalid("Invalid orderQty"),
  TooSmall: invalid("Invalid orderQty"),
  NotionalTooSmall: invalid("Invalid orderQty"),
  InsufficientFunds: invalid("Account has insufficient Available Balance for %"),
  NothingToReduce: invalid("Invalid orderQty"),
  WouldCross: invalid("Invalid price"),
  NoLiquidity: refuse(400, "No liquidity"),
  NotFound: refuse(400, "Invalid ordStatus"),
  NotOpen: refuse(400, "Invalid ordStatus"),
  AlreadyFilled: refuse(400, "Invalid ordStatus")
}

const explained = (refusal: keyof typeof refusals, { id, settlement }: Instrument): Read<never> =>
  Either.mapLeft(refusals[refusal], ({ message, ...rest }) => ({
    ...rest,
    message: message.replace("%", settlement?.currency ?? id)
  }))

// An order that reduces nothing is returned as a rejected order, which the exchange does not keep.
const rejected = (fields: Input, instrument: Instrument, world: World): Row => {
  const at = iso(world.now)
  return {
    orderID: "00000000-0000-0000-0000-000000000000",
    clOrdID: typeof fields["clOrdID"] === "string" ? fields["clOrdID"] : "",
    symbol: instrument.id,
    ordStatus: "Rejected",
    ordRejReason: "Order had execInst of Close or ReduceOnly but current position is 0",
    workingIndicator: false,
    leavesQty: 0,
    cumQty: 0,
    text: "Rejected: Order had execInst of Close or ReduceOnly but current position is 0\nSubmitted via API.",
    transactTime: at,
    timestamp: at
  }
}

// --- amending

const change = {
  orderID: optional("orderID"),
  original: clientId("origClOrdID"),
  renamed: clientId("clOrdID"),
  price: decimal("price"),
  leaves: size("leavesQty"),
  whole: size("orderQty")
}

/** @internal */
export const amend: Answering = ({ fields }, world) =>
  Either.gen(function*() {
    const { leaves, orderID, original, price, renamed, whole } = yield* all(change)(texts(fields), world)
    if (orderID === undefined && original === undefined) return yield* invalid("'orderID' is a required arg.")
    if (orderID !== undefined && !isOrderId(orderID)) return yield* refuse(400, "Invalid orderID")
    const order = find(world, orderID === undefined ? { clOrdID: original ?? "" } : { orderID })
    const instrument = order && instrumentOf(order.instrument)
    if (order === undefined || instrument === undefined) return yield* refuse(404, "Not Found")
    if (order.status !== "open") return yield* refuse(400, "Invalid ordStatus")
    if (renamed !== undefined && renamed !== order.clientOrderId) return yield* invalid("Invalid clOrdID")
    if (price !== undefined) yield* checkPrice(instrument, price)
    const filled = sizeOf(instrument, order.filled)
    const size = leaves === undefined ? whole : filled + leaves
    if (size !== undefined) {
      yield* checkSize(instrument, size)
      if (size <= filled) return yield* invalid("Invalid orderQty")
    }
    const amount = size === undefined ? undefined : amountOf(instrument, size)
    const same = (value: BigDecimal.BigDecimal | undefined, current: BigDecimal.BigDecimal | undefined) =>
      value === undefined || (current !== undefined && BigDecimal.equals(value, current))
    if (same(price, order.price) && same(amount, order.amount)) {
      return yield* refuse(400, "Invalid amend: orderQty, leavesQty, price, stopPx unchanged")
    }
    const amended = Engine.amend(world.engine, order.id, { price, amount }, world.now)
    if (Either.isRight(amended)) return [rowOf(...amended.right), amended.right[1]]
    return yield* explained(amended.left, instrument)
  })

// --- canceling

/** @internal */
export const cancel: Answering = ({ fields }, world) =>
  Either.gen(function*() {
    const [orderIds, clientIds] = [list(fields, "orderID"), list(fields, "clOrdID")]
    if (orderIds.length + clientIds.length === 0) return yield* invalid("'orderID' is a required arg.")
    if (!orderIds.every(isOrderId)) return yield* refuse(400, "Invalid orderID")
    const wanted = [...orderIds.map((orderID) => ({ orderID })), ...clientIds.map((clOrdID) => ({ clOrdID }))]
      .map((key) => ({ key, order: find(world, key) }))
    if (wanted.every(({ order }) => order === undefined)) return yield* refuse(404, "Not Found")
    const [engine, body] = Arr.mapAccum(wanted, world.engine, (engine, { key, order }): [Engine.Engine, Row] => {
      if (order === undefined) return [engine, { ...key, error: "Not Found" }]
      const canceled = Engine.cancel(engine, order.id, world.now)
      if (Either.isRight(canceled)) return [canceled.right[1], rowOf(...canceled.right)]
      const error = `Unable to cancel order due to existing state: ${statusOf(order)}`
      return [engine, { ...rowOf(order, engine), error }]
    })
    return [body, engine]
  })

/** @internal */
export const cancelAll: Answering = ({ fields }, world) =>
  Either.gen(function*() {
    const symbol = text(texts(fields), "symbol")?.toUpperCase()
    if (symbol !== undefined && instrumentOf(symbol) === undefined) return yield* refuse(400, "Invalid symbol")
    const filter = matches(yield* filterOf(fields["filter"]))
    const meant = Engine.openOrders(world.engine, symbol).filter((order) => filter(rowOf(order, world.engine)))
    const engine = Engine.cancelEach(world.engine, meant, world.now)
    return [meant.flatMap(({ id }) => Engine.order(engine, id) ?? []).map((order) => rowOf(order, engine)), engine]
  })
