/**
 * BitMEX's endpoints that place, amend and cancel.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import { amountOf, type Instrument, iso, maxOrderQty, maxPrice, sizeOf } from "./markets.js"
import { find, instrumentOf, isOrderId, orderRow, statusOf } from "./orders.js"
import {
  type Answer,
  type Endpoint,
  type Endpoints,
  type Fields,
  filterOf,
  matches,
  type Refusal,
  refuse,
  type Row
} from "./params.js"

const ordering: Pick<Endpoint, "signed" | "ordering"> = { signed: "order", ordering: true }

/** @internal */
export const endpoints: Endpoints = {
  "POST /api/v1/order": { ...ordering, answer: ({ fields }, world) => place(fields, world) },
  "PUT /api/v1/order": { ...ordering, answer: ({ fields }, world) => amend(fields, world) },
  "DELETE /api/v1/order": { ...ordering, answer: ({ fields }, world) => cancel(fields, world) },
  "DELETE /api/v1/order/all": { ...ordering, answer: ({ fields }, world) => cancelAll(fields, world) }
}

const invalid = (message: string) => refuse(400, message, "ValidationError")

// --- fields

const text = (fields: Fields, name: string): Either.Either<string | undefined, Refusal> => {
  const value = fields[name]
  if (value === undefined || value === null || value === "") return Either.right(undefined)
  return typeof value === "string" ? Either.right(value) : invalid(`Invalid ${name}`)
}

// A form and a careful client write numbers as text; both mean the same.
const decimal = (fields: Fields, name: string): Either.Either<BigDecimal.BigDecimal | undefined, Refusal> => {
  const value = fields[name]
  if (value === undefined || value === null) return Either.right(undefined)
  const parsed = typeof value === "number" || typeof value === "string"
    ? BigDecimal.fromString(String(value))
    : Option.none()
  return Option.isNone(parsed) ? invalid(`Invalid ${name}`) : Either.right(parsed.value)
}

const sizeFrom = (fields: Fields, name: string): Either.Either<bigint | undefined, Refusal> =>
  Either.flatMap(decimal(fields, name), (value) => {
    if (value === undefined) return Either.right(undefined)
    const { scale, value: digits } = BigDecimal.normalize(value)
    return scale > 0 ? invalid(`Invalid ${name}`) : Either.right(digits * 10n ** BigInt(-scale))
  })

const clientId = (fields: Fields, name: string): Either.Either<string | undefined, Refusal> =>
  Either.flatMap(
    text(fields, name),
    (id) => id !== undefined && id.length > 36 ? invalid(`${name} must be at most 36 characters`) : Either.right(id)
  )

const checkPrice = (instrument: Instrument, price: BigDecimal.BigDecimal): Either.Either<void, Refusal> => {
  if (!BigDecimal.isPositive(price) || BigDecimal.greaterThan(price, BigDecimal.make(BigInt(maxPrice), 0))) {
    return invalid("Invalid price")
  }
  return BigDecimal.isZero(BigDecimal.unsafeRemainder(price, instrument.tickSize))
    ? Either.void
    : invalid("Invalid price tickSize")
}

const checkSize = (instrument: Instrument, size: bigint): Either.Either<void, Refusal> =>
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

const instructions = (fields: Fields): Either.Either<Instructions, Refusal> =>
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

const listed = (fields: Fields): Either.Either<Instrument, Refusal> =>
  Either.flatMap(text(fields, "symbol"), (symbol) => {
    if (symbol === undefined) return invalid("'symbol' is a required arg.")
    const found = instrumentOf(symbol.toUpperCase())
    return found?.instrument === undefined ? refuse(400, "Invalid symbol") : Either.right(found)
  })

const positionOf = (world: World, instrument: Instrument): BigDecimal.BigDecimal =>
  Engine.positions(world.engine).find((position) => position.instrument === instrument.id)?.amount ??
    BigDecimal.make(0n, 0)

const sideAndSize = (
  fields: Fields,
  world: World,
  instrument: Instrument,
  close: boolean
): Either.Either<readonly [side: Engine.Side, size: bigint], Refusal> =>
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

const place = (fields: Fields, world: World): Either.Either<Answer, Refusal> =>
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
    if (close && size === 0n) return { body: rejected(fields, instrument, world) }
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
        ? { body: rejected(fields, instrument, world) }
        : yield* engineRefusal(placed.left, instrument)
    }
    const [order, engine] = placed.right
    return { body: orderRow(order, engine), engine }
  })

const engineRefusal = (refusal: Engine.Refusal, instrument: Instrument): Either.Either<never, Refusal> => {
  switch (refusal) {
    case "InsufficientFunds":
      return invalid(
        `Account has insufficient Available Balance for ${instrument.settlement?.currency ?? instrument.id}`
      )
    case "OffTick":
      return invalid("Invalid price tickSize")
    case "UnknownInstrument":
      return refuse(400, "Invalid symbol")
    case "NoLiquidity":
      return refuse(400, "No liquidity")
    default:
      return invalid("Invalid orderQty")
  }
}

// An order that reduces nothing is answered as an order; the exchange keeps none.
const rejected = (fields: Fields, instrument: Instrument, world: World): Row => {
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

const amend = (fields: Fields, world: World): Either.Either<Answer, Refusal> =>
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
    if (Either.isRight(amended)) return { body: orderRow(...amended.right), engine: amended.right[1] }
    if (amended.left === "NotFound" || amended.left === "NotOpen") return yield* refuse(400, "Invalid ordStatus")
    return yield* engineRefusal(amended.left, instrument)
  })

// --- canceling

const ids = (fields: Fields, name: string): Either.Either<ReadonlyArray<string>, Refusal> => {
  const value = fields[name]
  if (value === undefined || value === null || value === "") return Either.right([])
  if (typeof value === "string") return Either.right(value.split(","))
  return Array.isArray(value) && value.every((id) => typeof id === "string")
    ? Either.right(value)
    : invalid(`Invalid ${name}`)
}

const cancel = (fields: Fields, world: World): Either.Either<Answer, Refusal> =>
  Either.gen(function*() {
    const orderIds = yield* ids(fields, "orderID")
    const clientIds = yield* ids(fields, "clOrdID")
    if (orderIds.length + clientIds.length === 0) return yield* invalid("'orderID' is a required arg.")
    if (!orderIds.every(isOrderId)) return yield* refuse(400, "Invalid orderID")
    const wanted = [...orderIds.map((orderID) => ({ orderID })), ...clientIds.map((clOrdID) => ({ clOrdID }))]
      .map((key) => ({ key, order: find(world, key) }))
    if (wanted.every(({ order }) => order === undefined)) return yield* refuse(404, "Not Found")
    let engine = world.engine
    const body = wanted.map(({ key, order }): Row => {
      if (order === undefined) return { ...key, error: "Not Found" }
      const canceled = Engine.cancel(engine, order.id, world.now)
      if (Either.isLeft(canceled)) {
        return {
          ...orderRow(order, engine),
          error: `Unable to cancel order due to existing state: ${statusOf(order)}`
        }
      }
      engine = canceled.right[1]
      return orderRow(...canceled.right)
    })
    return { body, engine }
  })

const cancelAll = (fields: Fields, world: World): Either.Either<Answer, Refusal> =>
  Either.gen(function*() {
    const symbol = (yield* text(fields, "symbol"))?.toUpperCase()
    if (symbol !== undefined && instrumentOf(symbol) === undefined) return yield* refuse(400, "Invalid symbol")
    const filter = matches(yield* filterOf(fields["filter"]))
    let engine = world.engine
    const body = Engine.openOrders(engine, symbol).flatMap((order): ReadonlyArray<Row> => {
      if (!filter(orderRow(order, engine))) return []
      const canceled = Engine.cancel(engine, order.id, world.now)
      if (Either.isLeft(canceled)) return []
      engine = canceled.right[1]
      return [orderRow(...canceled.right)]
    })
    return { body, engine }
  })
