/**
 * Binance's endpoints that place and cancel.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import type { Answer, Endpoint, Endpoints } from "./endpoint.js"
import { type BinanceListing, maxMarketQuantity, maxPrice, maxQuantity } from "./markets.js"
import { canceledRow, clientIdOf, generatedId, named, placedRow, statusOf } from "./orders.js"
import { illegal, missing, type Params, type Refusal, refuse, symbolOf } from "./params.js"

const orderParams = [
  "symbol",
  "side",
  "type",
  "timeInForce",
  "quantity",
  "quoteOrderQty",
  "price",
  "newClientOrderId",
  "newOrderRespType",
  "stopPrice",
  "selfTradePreventionMode"
]

const trade: Pick<Endpoint, "weight" | "signed"> = { weight: () => 1, signed: "trade" }

/** @internal */
export const endpoints: Endpoints = {
  "POST /api/v3/order": {
    ...trade,
    params: orderParams,
    freeWhenAccepted: true,
    places: true,
    answer: (params, world) => place(params, world)
  },
  "POST /api/v3/order/test": {
    ...trade,
    params: orderParams,
    answer: (params, world) => Either.map(place(params, world), () => ({ body: {} }))
  },
  "DELETE /api/v3/order": {
    ...trade,
    params: ["symbol", "orderId", "origClientOrderId", "newClientOrderId", "cancelRestrictions"],
    freeWhenAccepted: true,
    answer: (params, world) => cancel(params, world)
  },
  "DELETE /api/v3/openOrders": {
    ...trade,
    params: ["symbol"],
    freeWhenAccepted: true,
    answer: (params, world) => cancelAll(params, world)
  }
}

// --- placing

const unsupported: Readonly<Record<string, string>> = {
  STOP_LOSS: "Stop loss orders are not supported for this symbol.",
  STOP_LOSS_LIMIT: "Stop loss limit orders are not supported for this symbol.",
  TAKE_PROFIT: "Take profit orders are not supported for this symbol.",
  TAKE_PROFIT_LIMIT: "Take profit limit orders are not supported for this symbol."
}

const decimal = (params: Params, name: string): Either.Either<BigDecimal.BigDecimal | undefined, Refusal> => {
  const text = params.get(name)
  if (text === undefined) return Either.right(undefined)
  if (text === "") return refuse(-1105, `Parameter '${name}' was empty.`)
  const value = /^\d{1,20}(\.\d{1,20})?$/.test(text) ? BigDecimal.fromString(text) : Option.none()
  if (Option.isNone(value)) return illegal(name, "^([0-9]{1,20})(\\.[0-9]{1,20})?$")
  return BigDecimal.normalize(value.value).scale > 8
    ? refuse(-1111, `Parameter '${name}' has too much precision.`)
    : Either.right(value.value)
}

const demand = <A>(value: A | undefined, name: string): Either.Either<A, Refusal> =>
  value === undefined || value === "" ? missing(name) : Either.right(value)

const forbid = (params: Params, names: ReadonlyArray<string>): Either.Either<void, Refusal> => {
  const sent = names.find((name) => params.has(name))
  return sent === undefined ? Either.void : refuse(-1106, `Parameter '${sent}' sent when not required.`)
}

const timesInForce: ReadonlyArray<Engine.TimeInForce> = ["GTC", "IOC", "FOK"]

const isMultiple = (value: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal): boolean =>
  BigDecimal.isZero(BigDecimal.unsafeRemainder(value, step))

const filterFailure = (filter: string) => refuse(-1013, `Filter failure: ${filter}`)

const checkPrice = (listing: BinanceListing, price: BigDecimal.BigDecimal): Either.Either<void, Refusal> => {
  if (BigDecimal.isZero(price)) return refuse(-1013, "Invalid price.")
  return isMultiple(price, listing.tickSize) && BigDecimal.lessThanOrEqualTo(price, maxPrice)
    ? Either.void
    : filterFailure("PRICE_FILTER")
}

const checkQuantity = (
  instrument: Engine.Instrument,
  quantity: BigDecimal.BigDecimal,
  market: boolean
): Either.Either<void, Refusal> => {
  if (BigDecimal.isZero(quantity)) return refuse(-1013, "Invalid quantity.")
  if (!isMultiple(quantity, instrument.lotSize) || BigDecimal.greaterThan(quantity, maxQuantity)) {
    return filterFailure("LOT_SIZE")
  }
  return market && BigDecimal.greaterThan(quantity, maxMarketQuantity)
    ? filterFailure("MARKET_LOT_SIZE")
    : Either.void
}

const limitOrder = (
  params: Params,
  listing: BinanceListing,
  instrument: Engine.Instrument,
  postOnly: boolean
): Either.Either<Partial<Engine.NewOrder>, Refusal> =>
  Either.gen(function*() {
    if (postOnly) yield* forbid(params, ["timeInForce"])
    const name = postOnly ? "GTC" : yield* demand(params.get("timeInForce"), "timeInForce")
    const timeInForce = timesInForce.find((known) => known === name)
    if (timeInForce === undefined) return yield* refuse(-1115, "Invalid timeInForce.")
    yield* forbid(params, ["quoteOrderQty"])
    const amount = yield* demand(yield* decimal(params, "quantity"), "quantity")
    const price = yield* demand(yield* decimal(params, "price"), "price")
    yield* checkPrice(listing, price)
    yield* checkQuantity(instrument, amount, false)
    return { type: "limit", timeInForce, postOnly, amount, price }
  })

const marketOrder = (
  params: Params,
  instrument: Engine.Instrument
): Either.Either<Partial<Engine.NewOrder>, Refusal> =>
  Either.gen(function*() {
    yield* forbid(params, ["timeInForce", "price"])
    const amount = yield* decimal(params, "quantity")
    const quoteAmount = yield* decimal(params, "quoteOrderQty")
    if (amount !== undefined && quoteAmount !== undefined) {
      return yield* refuse(-1128, "Combination of optional parameters invalid.")
    }
    if (quoteAmount !== undefined) {
      if (BigDecimal.isZero(quoteAmount)) return yield* refuse(-1013, "Invalid quote order quantity.")
      return { type: "market", quoteAmount }
    }
    const quantity = yield* demand(amount, "quantity")
    yield* checkQuantity(instrument, quantity, true)
    return { type: "market", amount: quantity }
  })

const read = (params: Params, world: World): Either.Either<Engine.NewOrder, Refusal> =>
  Either.gen(function*() {
    const listing = yield* symbolOf(params)
    const sideName = yield* demand(params.get("side"), "side")
    if (sideName !== "BUY" && sideName !== "SELL") return yield* refuse(-1117, "Invalid side.")
    const type = yield* demand(params.get("type"), "type")
    if (Object.hasOwn(unsupported, type)) return yield* refuse(-2010, unsupported[type] ?? "")
    if (type !== "LIMIT" && type !== "LIMIT_MAKER" && type !== "MARKET") {
      return yield* refuse(-1116, "Invalid orderType.")
    }
    yield* forbid(params, ["stopPrice"])
    const clientOrderId = (yield* clientIdOf(params, "newClientOrderId")) ?? generatedId(world, "order")
    const { instrument } = listing
    if (instrument === undefined) return yield* refuse(-2010, "Market is closed.")
    const terms = type === "MARKET"
      ? yield* marketOrder(params, instrument)
      : yield* limitOrder(params, listing, instrument, type === "LIMIT_MAKER")
    return {
      type: "limit",
      ...terms,
      instrument: listing.id,
      side: sideName === "BUY" ? "buy" : "sell",
      clientOrderId
    }
  })

const refusals: Readonly<Record<Engine.Refusal, Refusal>> = {
  UnknownInstrument: { status: 400, code: -1121, msg: "Invalid symbol." },
  OffTick: { status: 400, code: -1013, msg: "Filter failure: PRICE_FILTER" },
  OffLot: { status: 400, code: -1013, msg: "Filter failure: LOT_SIZE" },
  TooSmall: { status: 400, code: -1013, msg: "Filter failure: LOT_SIZE" },
  NotionalTooSmall: { status: 400, code: -1013, msg: "Filter failure: NOTIONAL" },
  InsufficientFunds: {
    status: 400,
    code: -2010,
    msg: "Account has insufficient balance for requested action."
  },
  NothingToReduce: { status: 400, code: -1013, msg: "Invalid quantity." },
  NoLiquidity: {
    status: 400,
    code: -2010,
    msg: "Order book liquidity is less than LOT_SIZE filter minimum quantity."
  }
}

const place = (params: Params, world: World): Either.Either<Answer, Refusal> =>
  Either.gen(function*() {
    const wanted = yield* read(params, world)
    const kind = params.get("newOrderRespType") ?? (wanted.postOnly === true ? "ACK" : "FULL")
    if (kind !== "ACK" && kind !== "RESULT" && kind !== "FULL") {
      return yield* refuse(-1130, "Data sent for parameter 'newOrderRespType' is not valid.")
    }
    const open = Engine.openOrders(world.engine, wanted.instrument)
    if (open.some(({ clientOrderId }) => clientOrderId === wanted.clientOrderId)) {
      return yield* refuse(-2010, "Duplicate order sent.")
    }
    const [order, engine] = yield* Either.mapLeft(
      Engine.place(world.engine, wanted, world.now),
      (refusal) => refusals[refusal]
    )
    if (order.closedBecause === "postOnlyWouldCross") {
      return yield* refuse(-2010, "Order would immediately match and take.")
    }
    return { body: placedRow(order, engine, kind), engine }
  })

// --- canceling

const unknownOrder = () => refuse(-2011, "Unknown order sent.")

const restricted: Readonly<Record<string, string>> = { ONLY_NEW: "NEW", ONLY_PARTIALLY_FILLED: "PARTIALLY_FILLED" }

const cancel = (params: Params, world: World): Either.Either<Answer, Refusal> =>
  Either.gen(function*() {
    const listing = yield* symbolOf(params)
    const clientId = (yield* clientIdOf(params, "newClientOrderId")) ?? generatedId(world, "cancel")
    const restriction = params.get("cancelRestrictions")
    if (restriction !== undefined && !Object.hasOwn(restricted, restriction)) {
      return yield* refuse(-1145, "Invalid cancelRestrictions")
    }
    const order = yield* named(listing, params, world)
    if (order === undefined || order.status !== "open") return yield* unknownOrder()
    if (restriction !== undefined && restricted[restriction] !== statusOf(order)) {
      return yield* refuse(-2011, "Order was not canceled due to cancel restrictions.")
    }
    const [canceled, engine] = yield* Either.orElse(Engine.cancel(world.engine, order.id, world.now), unknownOrder)
    return { body: canceledRow(canceled, clientId), engine }
  })

const cancelAll = (params: Params, world: World): Either.Either<Answer, Refusal> =>
  Either.gen(function*() {
    const listing = yield* symbolOf(params)
    const open = Engine.openOrders(world.engine, listing.id)
    if (open.length === 0) return yield* unknownOrder()
    const clientId = generatedId(world, "cancel")
    let engine = world.engine
    const body = []
    for (const { id } of open) {
      const [canceled, next] = yield* Either.orElse(Engine.cancel(engine, id, world.now), unknownOrder)
      engine = next
      body.push(canceledRow(canceled, clientId))
    }
    return { body, engine }
  })
