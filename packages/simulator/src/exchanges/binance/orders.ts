/**
 * Encodes orders and fills for Binance, and finds orders by id.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Account from "../../engine/Account.js"
import * as Engine from "../../engine/Engine.js"
import type { Json } from "../../internal/json.js"
import { checked, illegal, type Params, type Read, refuse, symbol, whole } from "./params.js"

type Row = { readonly [key: string]: Json | undefined }

const zero = BigDecimal.make(0n, 0)

/** @internal */
export const statusOf = (order: Engine.Order): string => {
  if (order.status === "filled") return "FILLED"
  if (order.status === "open") return order.filled.value === 0n ? "NEW" : "PARTIALLY_FILLED"
  return order.closeReason === "user" ? "CANCELED" : "EXPIRED"
}

/** @internal */
export const typeOf = (order: Engine.Order): "LIMIT" | "LIMIT_MAKER" | "MARKET" => {
  if (order.type === "market") return "MARKET"
  return order.postOnly ? "LIMIT_MAKER" : "LIMIT"
}

const amounts = (order: Engine.Order): Row => ({
  price: order.price ?? zero,
  origQty: order.amount,
  executedQty: order.filled,
  origQuoteOrderQty: order.quoteAmount ?? zero,
  cummulativeQuoteQty: order.notional,
  status: statusOf(order),
  // Binance shows market orders and post-only orders as `GTC`.
  timeInForce: typeOf(order) === "LIMIT" ? order.timeInForce : "GTC",
  type: typeOf(order),
  side: order.side.toUpperCase()
})

/** @internal Encodes an order as the `GET` endpoints return it. */
export const orderRow = (order: Engine.Order): Row => ({
  symbol: order.instrument,
  orderId: order.id,
  orderListId: -1,
  clientOrderId: order.clientOrderId,
  ...amounts(order),
  stopPrice: zero,
  icebergQty: zero,
  time: order.createdAt,
  updateTime: order.updatedAt,
  isWorking: true,
  workingTime: order.createdAt,
  selfTradePreventionMode: "NONE"
})

/** @internal Encodes the response to a new order. */
export const placedRow = (
  order: Engine.Order,
  engine: Engine.Engine,
  kind: "ACK" | "RESULT" | "FULL"
): Row => ({
  symbol: order.instrument,
  orderId: order.id,
  orderListId: -1,
  clientOrderId: order.clientOrderId,
  transactTime: order.createdAt,
  ...(kind === "ACK" ? {} : {
    ...amounts(order),
    workingTime: order.createdAt,
    selfTradePreventionMode: "NONE"
  }),
  ...(kind === "FULL"
    ? {
      fills: Engine.fillsOf(engine, order.id).map((fill) => ({
        price: fill.price,
        qty: fill.amount,
        commission: fill.fee,
        commissionAsset: fill.feeAsset,
        tradeId: fill.id
      }))
    }
    : {})
})

/** @internal Encodes the response to a cancellation, which has its own client order id. */
export const canceledRow = (order: Engine.Order, clientId: string): Row => ({
  symbol: order.instrument,
  origClientOrderId: order.clientOrderId,
  orderId: order.id,
  orderListId: -1,
  clientOrderId: clientId,
  transactTime: order.updatedAt,
  ...amounts(order),
  selfTradePreventionMode: "NONE"
})

/** @internal Encodes a row of `myTrades`. */
export const fillRow = (fill: Engine.Fill): Row => ({
  symbol: fill.instrument,
  id: fill.id,
  orderId: fill.orderId,
  orderListId: -1,
  price: fill.price,
  qty: fill.amount,
  quoteQty: BigDecimal.multiply(fill.price, fill.amount),
  commission: fill.fee,
  commissionAsset: fill.feeAsset,
  time: fill.at,
  isBuyer: fill.side === "buy",
  isMaker: fill.liquidity === "maker",
  isBestMatch: true
})

/** @internal Generates a client order id as the exchange does: 22 letters and digits. */
export const generatedId = (world: World, purpose: string): string =>
  Account.derive(`binance/${purpose}/${world.now}/${Engine.orders(world.engine).length}`, 22)

/** @internal Reads an optional client order id. */
export const clientId = (name: string) => (params: Params): Read<string | undefined> => {
  const id = params[name]
  if (id === undefined) return Either.right(undefined)
  if (id === "") {
    return name === "origClientOrderId"
      ? refuse(-1119, "Original client order ID was empty.")
      : refuse(-1118, "New client order ID was empty.")
  }
  return /^[.A-Z:/a-z0-9_-]{1,36}$/.test(id) ? Either.right(id) : illegal(name, "^[\\.A-Z\\:/a-z0-9_-]{1,36}$")
}

/**
 * @internal Finds the order that a request names by either id. If a client order id was reused, this is the latest
 * order.
 */
export const named = checked(
  { symbol, orderId: whole("orderId"), clientId: clientId("origClientOrderId") },
  ({ clientId, orderId, symbol }, { engine }) =>
    orderId === undefined && clientId === undefined
      ? refuse(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
      : Either.right(
        Engine.orders(engine, symbol.id).findLast((order) =>
          (orderId === undefined || order.id === orderId) &&
          (clientId === undefined || order.clientOrderId === clientId)
        )
      )
)
