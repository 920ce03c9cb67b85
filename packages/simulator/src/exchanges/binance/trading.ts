/**
 * Binance's endpoints that place and cancel orders.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { type BinanceListing, maxMarketQuantity, maxPrice, maxQuantity } from "./markets.js"
import { canceledRow, clientId, generatedId, named, placedRow, statusOf } from "./orders.js"
import { type Answering, byMember, does, illegal, missing, type Params, type Read, refuse, symbol } from "./params.js"

// --- placing

const unsupported: Readonly<Record<string, string>> = {
  STOP_LOSS: "Stop loss orders are not supported for this symbol.",
  STOP_LOSS_LIMIT: "Stop loss limit orders are not supported for this symbol.",
  TAKE_PROFIT: "Take profit orders are not supported for this symbol.",
  TAKE_PROFIT_LIMIT: "Take profit limit orders are not supported for this symbol."
}

const decimal = (params: Params, name: string): Read<BigDecimal.BigDecimal | undefined> => {
  const text = params[name]
  if (text === undefined) return Either.right(undefined)
  if (text === "") return refuse(-1105, `Parameter '${name}' was empty.`)
  if (!/^\d{1,20}(\.\d{1,20})?$/.test(text)) return illegal(name, "^([0-9]{1,20})(\\.[0-9]{1,20})?$")
  const value = BigDecimal.unsafeFromString(text)
  return BigDecimal.normalize(value).scale > 8
    ? refuse(-1111, `Parameter '${name}' has too much precision.`)
    : Either.right(value)
}

const demand = <A>(value: A | undefined, name: string): Read<A> =>
  value === undefined || value === "" ? missing(name) : Either.right(value)

const forbid = (params: Params, names: ReadonlyArray<string>): Read<void> => {
  const sent = names.find((name) => params[name] !== undefined)
  return sent === undefined ? Either.void : refuse(-1106, `Parameter '${sent}' sent when not required.`)
}

const side = byMember("side", { BUY: "buy", SELL: "sell" } as const, refuse(-1117, "Invalid side."))

const timesInForce = { GTC: "GTC", IOC: "IOC", FOK: "FOK" } as const

const timeInForceOf = byMember("timeInForce", timesInForce, refuse(-1115, "Invalid timeInForce."))

const filterFailure = (filter: string) => refuse(-1013, `Filter failure: ${filter}`)

const checkPrice = (listing: BinanceListing, price: BigDecimal.BigDecimal): Read<void> => {
  if (BigDecimal.isZero(price)) return refuse(-1013, "Invalid price.")
  return Decimal.isMultiple(price, listing.tickSize) && BigDecimal.lessThanOrEqualTo(price, maxPrice)
    ? Either.void
    : filterFailure("PRICE_FILTER")
}

const checkQuantity = (
  instrument: Engine.Instrument,
  quantity: BigDecimal.BigDecimal,
  market: boolean
): Read<void> => {
  if (BigDecimal.isZero(quantity)) return refuse(-1013, "Invalid quantity.")
  if (!Decimal.isMultiple(quantity, instrument.lotSize) || BigDecimal.greaterThan(quantity, maxQuantity)) {
    return filterFailure("LOT_SIZE")
  }
  return market && BigDecimal.greaterThan(quantity, maxMarketQuantity)
    ? filterFailure("MARKET_LOT_SIZE")
    : Either.void
}

const limitOrder = (
  params: Params,
  world: World,
  listing: BinanceListing,
  instrument: Engine.Instrument,
  postOnly: boolean
): Read<Partial<Engine.NewOrder>> =>
  Either.gen(function*() {
    if (postOnly) yield* forbid(params, ["timeInForce"])
    const timeInForce = postOnly ? "GTC" : yield* timeInForceOf(params, world)
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
): Read<Partial<Engine.NewOrder>> =>
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

const read = (params: Params, world: World): Read<Engine.NewOrder> =>
  Either.gen(function*() {
    const listing = yield* symbol(params)
    const traded = yield* side(params, world)
    const type = yield* demand(params["type"], "type")
    if (Object.hasOwn(unsupported, type)) return yield* refuse(-2010, unsupported[type] ?? "")
    if (type !== "LIMIT" && type !== "LIMIT_MAKER" && type !== "MARKET") {
      return yield* refuse(-1116, "Invalid orderType.")
    }
    yield* forbid(params, ["stopPrice"])
    const clientOrderId = (yield* clientId("newClientOrderId")(params)) ?? generatedId(world, "order")
    const { instrument } = listing
    if (instrument === undefined) return yield* refuse(-2010, "Market is closed.")
    const terms = type === "MARKET"
      ? yield* marketOrder(params, instrument)
      : yield* limitOrder(params, world, listing, instrument, type === "LIMIT_MAKER")
    return {
      type: "limit",
      ...terms,
      instrument: listing.id,
      side: traded,
      clientOrderId
    }
  })

const refusals: Readonly<Record<Engine.Refusal, readonly [code: number, msg: string]>> = {
  UnknownInstrument: [-1121, "Invalid symbol."],
  OffTick: [-1013, "Filter failure: PRICE_FILTER"],
  OffLot: [-1013, "Filter failure: LOT_SIZE"],
  TooSmall: [-1013, "Filter failure: LOT_SIZE"],
  NotionalTooSmall: [-1013, "Filter failure: NOTIONAL"],
  InsufficientFunds: [-2010, "Account has insufficient balance for requested action."],
  NothingToReduce: [-1013, "Invalid quantity."],
  WouldCross: [-2010, "Order would immediately match and take."],
  NoLiquidity: [-2010, "Order book liquidity is less than LOT_SIZE filter minimum quantity."]
}

/** @internal */
export const place: Answering = (params, world) =>
  Either.gen(function*() {
    const wanted = yield* read(params, world)
    const kind = params["newOrderRespType"] ?? (wanted.postOnly === true ? "ACK" : "FULL")
    if (kind !== "ACK" && kind !== "RESULT" && kind !== "FULL") {
      return yield* refuse(-1130, "Data sent for parameter 'newOrderRespType' is not valid.")
    }
    const open = Engine.openOrders(world.engine, wanted.instrument)
    if (open.some(({ clientOrderId }) => clientOrderId === wanted.clientOrderId)) {
      return yield* refuse(-2010, "Duplicate order sent.")
    }
    const [order, engine] = yield* Either.orElse(
      Engine.place(world.engine, wanted, world.now),
      (refusal) => refuse(...refusals[refusal])
    )
    return [placedRow(order, engine, kind), engine]
  })

/** @internal */
export const test: Answering = (params, world) => Either.map(place(params, world, undefined), () => [{}])

// --- canceling

const unknownOrder = () => refuse(-2011, "Unknown order sent.")

const restricted: Readonly<Record<string, string>> = { ONLY_NEW: "NEW", ONLY_PARTIALLY_FILLED: "PARTIALLY_FILLED" }

const canceling = { symbol, newId: clientId("newClientOrderId") }

/** @internal */
export const cancel = does(canceling, ({ newId }, world, params) =>
  Either.gen(function*() {
    const restriction = params["cancelRestrictions"]
    if (restriction !== undefined && !Object.hasOwn(restricted, restriction)) {
      return yield* refuse(-1145, "Invalid cancelRestrictions")
    }
    const order = yield* named(params, world)
    if (order === undefined || order.status !== "open") return yield* unknownOrder()
    if (restriction !== undefined && restricted[restriction] !== statusOf(order)) {
      return yield* refuse(-2011, "Order was not canceled due to cancel restrictions.")
    }
    const [canceled, engine] = yield* Either.orElse(Engine.cancel(world.engine, order.id, world.now), unknownOrder)
    return [canceledRow(canceled, newId ?? generatedId(world, "cancel")), engine]
  }))

/** @internal */
export const cancelAll = does({ symbol }, ({ symbol }, world) => {
  const open = Engine.openOrders(world.engine, symbol.id)
  if (open.length === 0) return unknownOrder()
  const clientId = generatedId(world, "cancel")
  const engine = Engine.cancelEach(world.engine, open, world.now)
  const canceled = open.flatMap(({ id }) => Engine.order(engine, id) ?? [])
  return Either.right([canceled.map((order) => canceledRow(order, clientId)), engine])
})
