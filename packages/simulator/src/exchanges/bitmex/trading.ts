/**
 * BitMEX's endpoints that place, amend and cancel orders.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import { type Input, iso } from "../../internal/inputs.js"
import { amountOf, find as instrumentOf, type Instrument, maxOrderQty, maxPrice, sizeOf } from "./markets.js"
import { find, isOrderId, rowOf, statusOf } from "./orders.js"
import { type Answering, filterOf, invalid, matches, type Read, refuse, type Row } from "./params.js"

// --- fields

const text = (fields: Input, name: string): Read<string | undefined> => {
  const value = fields[name]
  if (value === undefined || value === null || value === "") return Either.right(undefined)
  return typeof value === "string" ? Either.right(value) : invalid(`Invalid ${name}`)
}

// Forms and some clients send numbers as text, which is equivalent.
const decimal = (fields: Input, name: string): Read<BigDecimal.BigDecimal | undefined> => {
  const value = fields[name]
  if (value === undefined || value === null) return Either.right(undefined)
  const parsed = typeof value === "number" || typeof value === "string"
    ? BigDecimal.fromString(String(value))
    : Option.none()
  return Option.isNone(parsed) ? invalid(`Invalid ${name}`) : Either.right(parsed.value)
}

const sizeFrom = (fields: Input, name: string): Read<bigint | undefined> =>
  Either.flatMap(decimal(fields, name), (value) => {
    if (value === undefined) return Either.right(undefined)
    const { scale, value: digits } = BigDecimal.normalize(value)
    return scale > 0 ? invalid(`Invalid ${name}`) : Either.right(digits * 10n ** BigInt(-scale))
  })

const clientId = (fields: Input, name: string): Read<string | undefined> =>
  Either.flatMap(
    text(fields, name),
    (id) => id !== undefined && id.length > 36 ? invalid(`${name} must be at most 36 characters`) : Either.right(id)
  )

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

interface Instructions {
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  readonly close: boolean
}

const instructions = (fields: Input): Read<Instructions> =>
  Either.flatMap(text(fields, "execInst"), (list = "") => {
    const names = list.split(/[,;\s]+/).filter((name) => name !== "")
    return names.every((name) => ["ParticipateDoNotInitiate", "ReduceOnly", "Close"].includes(name))
      ? Either.right({
        postOnly: names.includes("ParticipateDoNotInitiate"),
        reduceOnly: names.includes("ReduceOnly") || names.includes("Close"),
        close: names.includes("Close")
      })
      : invalid("Invalid execInst")
  })

const listed = (fields: Input): Read<Instrument> =>
  Either.flatMap(text(fields, "symbol"), (symbol) => {
    if (symbol === undefined) return invalid("'symbol' is a required arg.")
    const found = instrumentOf(symbol.toUpperCase())
    return found?.instrument === undefined ? refuse(400, "Invalid symbol") : Either.right(found)
  })

const positionOf = (world: World, instrument: Instrument): BigDecimal.BigDecimal =>
  Engine.positions(world.engine).find((position) => position.instrument === instrument.id)?.amount ??
    BigDecimal.make(0n, 0)

const sideAndSize = (
  fields: Input,
  world: World,
  instrument: Instrument,
  close: boolean
): Read<readonly [side: Engine.Side, size: bigint]> =>
  Either.gen(function*() {
    const name = yield* text(fields, "side")
    if (name !== undefined && name !== "Buy" && name !== "Sell") return yield* invalid("Invalid side")
    const asked = yield* sizeFrom(fields, "orderQty")
    const position = sizeOf(instrument, positionOf(world, instrument))
    const signed = asked ?? (close ? -position : undefined)
    if (signed === undefined) return yield* invalid("'orderQty' is a required arg.")
    const size = signed < 0n ? -signed : signed
    const implied = signed < 0n ? "Sell" : "Buy"
    return [(name ?? implied) === "Buy" ? "buy" : "sell", size]
  })

/** @internal */
export const place: Answering = ({ fields }, world) =>
  Either.gen(function*() {
    const instrument = yield* listed(fields)
    const { close, postOnly, reduceOnly } = yield* instructions(fields)
    const price = yield* decimal(fields, "price")
    const type = (yield* text(fields, "ordType")) ?? (price === undefined ? "Market" : "Limit")
    if (type !== "Market" && type !== "Limit") return yield* invalid("Invalid ordType")
    const limit = type === "Limit"
    const lifetime = (yield* text(fields, "timeInForce")) ?? (limit ? "GoodTillCancel" : "ImmediateOrCancel")
    const timeInForce = Object.hasOwn(timesInForce, lifetime) ? timesInForce[lifetime] : undefined
    if (timeInForce === undefined) return yield* invalid("Invalid timeInForce")
    if (postOnly && (!limit || timeInForce !== "GTC")) return yield* invalid("Invalid execInst for ordType")
    if (reduceOnly && instrument.typ === "IFXXXP") return yield* invalid("Invalid execInst for instrument")
    const clientOrderId = yield* clientId(fields, "clOrdID")
    const [side, size] = yield* sideAndSize(fields, world, instrument, close)
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
      side,
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

/** @internal */
export const amend: Answering = ({ fields }, world) =>
  Either.gen(function*() {
    const orderID = yield* text(fields, "orderID")
    const original = yield* clientId(fields, "origClOrdID")
    const renamed = yield* clientId(fields, "clOrdID")
    const order = orderID !== undefined
      ? find(world, { orderID })
      : original === undefined
      ? undefined
      : find(world, { clOrdID: original })
    if (orderID === undefined && original === undefined) return yield* invalid("'orderID' is a required arg.")
    if (orderID !== undefined && !isOrderId(orderID)) return yield* refuse(400, "Invalid orderID")
    const instrument = order === undefined ? undefined : instrumentOf(order.instrument)
    if (order === undefined || instrument === undefined) return yield* refuse(404, "Not Found")
    if (order.status !== "open") return yield* refuse(400, "Invalid ordStatus")
    if (renamed !== undefined && renamed !== order.clientOrderId) return yield* invalid("Invalid clOrdID")
    const price = yield* decimal(fields, "price")
    if (price !== undefined) yield* checkPrice(instrument, price)
    const filled = sizeOf(instrument, order.filled)
    const leaves = yield* sizeFrom(fields, "leavesQty")
    const size = leaves === undefined ? yield* sizeFrom(fields, "orderQty") : filled + leaves
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

const ids = (fields: Input, name: string): Read<ReadonlyArray<string>> => {
  const value = fields[name]
  if (value === undefined || value === null || value === "") return Either.right([])
  if (typeof value === "string") return Either.right(value.split(","))
  return Array.isArray(value) && value.every((id) => typeof id === "string")
    ? Either.right(value)
    : invalid(`Invalid ${name}`)
}

/** @internal */
export const cancel: Answering = ({ fields }, world) =>
  Either.gen(function*() {
    const orderIds = yield* ids(fields, "orderID")
    const clientIds = yield* ids(fields, "clOrdID")
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
    const symbol = (yield* text(fields, "symbol"))?.toUpperCase()
    if (symbol !== undefined && instrumentOf(symbol) === undefined) return yield* refuse(400, "Invalid symbol")
    const filter = matches(yield* filterOf(fields["filter"]))
    const meant = Engine.openOrders(world.engine, symbol).filter((order) => filter(rowOf(order, world.engine)))
    const engine = Engine.cancelEach(world.engine, meant, world.now)
    return [meant.flatMap(({ id }) => Engine.order(engine, id) ?? []).map((order) => rowOf(order, engine)), engine]
  })
