import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Engine from "../../engine/Engine.js"
import { reading } from "../../internal/fields.js"
import { amount, flag, type Input, isInput, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import { find } from "./markets.js"
import { configurationOf, ids, named } from "./orders.js"
import { type Answering, invalid, type Read } from "./params.js"

// --- placing

// Why an order was refused. The exchange repeats the reason in three fields.
type Rejection = readonly [error: string, message: string, preview?: string]

const insufficient: Rejection = [
  "INSUFFICIENT_FUND",
  "Insufficient balance in source account",
  "PREVIEW_INSUFFICIENT_FUND"
]

const unknownReason = "UNKNOWN_FAILURE_REASON"

const rejections: Record<Engine.Refusal, Rejection> = {
  UnknownInstrument: ["INVALID_PRODUCT_ID", "Invalid product_id"],
  OffTick: ["INVALID_PRICE_PRECISION", "Too many decimals in order price"],
  OffLot: ["INVALID_SIZE_PRECISION", "Too many decimals in order amount"],
  TooSmall: [unknownReason, "Order size is too small", "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"],
  NotionalTooSmall: [unknownReason, "Order value is too small", "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL"],
  InsufficientFunds: insufficient,
  NothingToReduce: insufficient,
  WouldCross: [
    "INVALID_LIMIT_PRICE_POST_ONLY",
    "Post only order would match",
    "PREVIEW_INVALID_LIMIT_PRICE_POSTONLY"
  ],
  NoLiquidity: ["INVALID_NO_LIQUIDITY", "No liquidity"]
}

const untradable: Rejection = ["UNTRADABLE_PRODUCT", "Product is not available for trading"]

const rejected = ([error, message, preview]: Rejection, configuration: Json): readonly [Json] => [{
  success: false,
  failure_reason: unknownReason,
  error_response: {
    error,
    message,
    error_details: "",
    preview_failure_reason: preview ?? "UNKNOWN_PREVIEW_FAILURE_REASON",
    new_order_failure_reason: preview === undefined ? error : unknownReason
  },
  order_configuration: configuration
}]

const accepted = (order: Engine.Order): Json => ({
  success: true,
  success_response: {
    order_id: ids.write(order.id),
    product_id: order.instrument,
    side: order.side === "buy" ? "BUY" : "SELL",
    client_order_id: order.clientOrderId ?? ""
  },
  order_configuration: configurationOf(order)
})

type Terms = Pick<Engine.NewOrder, "type" | "price" | "amount" | "quoteAmount" | "timeInForce" | "postOnly">

const unsupported = invalid("UNSUPPORTED_ORDER_CONFIGURATION")

// The configuration must name exactly one kind of order.
const termsOf = (configuration: unknown): Read<Terms> => {
  const [entry, ...others] = isInput(configuration) ? Object.entries(configuration) : []
  const [kind, sizes] = entry ?? []
  if (others.length > 0 || !isInput(sizes)) return unsupported
  switch (kind) {
    case "market_market_ioc":
      return market(sizes)
    case "limit_limit_gtc":
      return limit(sizes, "GTC")
    case "limit_limit_fok":
      return limit(sizes, "FOK")
    case "sor_limit_ioc":
      return limit(sizes, "IOC")
    default:
      return unsupported
  }
}

const size = reading((name) => invalid(`${name} is required`)).amount

const market = (sizes: Input): Read<Terms> => {
  const base = amount(sizes, "base_size")
  const quote = amount(sizes, "quote_size")
  if (base !== undefined && quote === undefined) return Either.right({ type: "market", amount: base })
  if (base === undefined && quote !== undefined) return Either.right({ type: "market", quoteAmount: quote })
  return invalid("one of base_size and quote_size is required")
}

const limit = (sizes: Input, timeInForce: Engine.TimeInForce): Read<Terms> =>
  Either.gen(function*() {
    return {
      type: "limit",
      amount: yield* size("base_size")(sizes),
      price: yield* size("limit_price")(sizes),
      timeInForce,
      postOnly: timeInForce === "GTC" && flag(sizes, "post_only")
    }
  })

/**
 * @internal Places an order. The client order id is an idempotency key: a known id returns its order, whatever else is
 * sent.
 */
export const place: Answering = (input, { engine, now }) =>
  Either.gen(function*() {
    const clientOrderId = text(input, "client_order_id")
    if (clientOrderId === undefined || clientOrderId.length > 128) {
      return yield* invalid("client_order_id is invalid")
    }
    const side = text(input, "side")
    if (side !== "BUY" && side !== "SELL") return yield* invalid("INVALID_SIDE")
    const terms = yield* termsOf(input["order_configuration"])
    if (terms.quoteAmount !== undefined && side === "SELL") return yield* invalid("base_size is required")
    const configuration = configurationOf(terms)
    const known = Engine.orderByClientId(engine, clientOrderId)
    if (known !== undefined) return [accepted(known)] as const
    const listing = find(text(input, "product_id") ?? "")
    if (listing === undefined) return rejected(rejections.UnknownInstrument, configuration)
    if (listing.status === "offline") return rejected(untradable, configuration)
    const placed = Engine.place(
      engine,
      { instrument: listing.id, side: side === "BUY" ? "buy" : "sell", clientOrderId, ...terms },
      now
    )
    if (Either.isLeft(placed)) return rejected(rejections[placed.left], configuration)
    const [order, next] = placed.right
    return [accepted(order), next] as const
  })

// --- canceling and editing

const mostCancels = 100

const cancelOne = (id: string, engine: Engine.Engine, now: number): readonly [failure: string, Engine.Engine] => {
  const order = named(engine, id)
  if (order === undefined) return ["UNKNOWN_CANCEL_ORDER", engine]
  if (order.status === "canceled") return ["DUPLICATE_CANCEL_REQUEST", engine]
  return Either.match(Engine.cancel(engine, order.id, now), {
    onLeft: () => ["INVALID_CANCEL_REQUEST", engine],
    onRight: ([, next]) => [done, next]
  })
}

const done = "UNKNOWN_CANCEL_FAILURE_REASON"

/** @internal */
export const cancel: Answering = (input, { engine, now }) => {
  const asked: unknown = input["order_ids"]
  if (!isIds(asked) || asked.length === 0 || asked.length > mostCancels) return invalid("order_ids are invalid")
  const [next, results] = Arr.mapAccum(asked, engine, (engine, order_id) => {
    const [failure_reason, next] = cancelOne(order_id, engine, now)
    return [next, { success: failure_reason === done, failure_reason, order_id }]
  })
  return Either.right([{ results }, next])
}

const isIds = (ids: unknown): ids is ReadonlyArray<string> =>
  Array.isArray(ids) && ids.every((id) => typeof id === "string")

const editRefusals: Record<Engine.Refusal | Engine.CancelRefusal, readonly [edit: string, preview?: string]> = {
  NotFound: ["ORDER_NOT_FOUND"],
  NotOpen: ["ONLY_OPEN_ORDERS_CAN_BE_EDITED"],
  AlreadyFilled: ["ONLY_OPEN_ORDERS_CAN_BE_EDITED"],
  UnknownInstrument: ["ORDER_NOT_FOUND"],
  OffTick: ["INVALID_EDITED_PRICE"],
  OffLot: ["INVALID_EDITED_SIZE"],
  TooSmall: ["INVALID_EDITED_SIZE"],
  NotionalTooSmall: ["INVALID_EDITED_SIZE"],
  InsufficientFunds: ["UNKNOWN_EDIT_ORDER_FAILURE_REASON", "PREVIEW_INSUFFICIENT_FUND"],
  NothingToReduce: ["INVALID_EDITED_SIZE"],
  WouldCross: ["INVALID_EDITED_PRICE", "PREVIEW_INVALID_LIMIT_PRICE_POSTONLY"],
  NoLiquidity: ["COMMANDER_REJECTED_EDIT_ORDER"]
}

const notEdited = (edit: string, preview = "UNKNOWN_PREVIEW_FAILURE_REASON"): readonly [Json] => [{
  success: false,
  errors: [{ edit_failure_reason: edit, preview_failure_reason: preview }]
}]

/** @internal */
export const edit: Answering = (input, { engine, now }) => {
  const order = named(engine, text(input, "order_id") ?? "")
  const price = amount(input, "price")
  const size = amount(input, "size")
  if (order === undefined) return Either.right(notEdited("ORDER_NOT_FOUND"))
  if (order.type !== "limit" || order.timeInForce !== "GTC") {
    return Either.right(notEdited("ONLY_LIMIT_ORDER_EDITS_SUPPORTED"))
  }
  if (price === undefined) return Either.right(notEdited("INVALID_EDITED_PRICE"))
  if (size === undefined) return Either.right(notEdited("INVALID_EDITED_SIZE"))
  return Either.right(Either.match(Engine.amend(engine, order.id, { price, amount: size }, now), {
    onLeft: (refusal) => notEdited(...editRefusals[refusal]),
    onRight: ([, next]) => [{ success: true, errors: [] }, next] as const
  }))
}
