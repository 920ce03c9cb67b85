import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Engine from "../../engine/Engine.js"
import { amount, flag, type Input, isInput, text } from "../../internal/inputs.js"
import { type BybitListing, type Category, find, open } from "./markets.js"
import { isOf, named, scoped, unscoped } from "./orders.js"
import { category, does, orderId, type Read, refuse } from "./params.js"

/** @internal The order that was created, amended or canceled, and the next engine. */
interface Acknowledged {
  readonly listing: BybitListing
  readonly order: Engine.Order
  readonly engine: Engine.Engine
}

type Step = (engine: Engine.Engine, input: Input) => Read<Acknowledged>

type Words = readonly [code: number, msg: string]

// Spot and contracts use different codes for nearly every error.
type Errors = readonly [spot: Words, contract: Words]

const refuseWith = (category: Category, [spot, contract]: Errors): Read<never> =>
  refuse(...(category === "spot" ? spot : contract))

const noSymbol: Errors = [[170121, "Invalid symbol."], [10001, "params error: symbol invalid"]]
const notTrading: Errors = [
  [170157, "The trading pair is not available for api trading."],
  [110074, "This contract is not live"]
]
const duplicate: Errors = [[170141, "Duplicate clientOrderId"], [110072, "OrderLinkedID is duplicate"]]
const filled: Errors = [[170139, "Order has been filled."], [110008, "Order has been finished or canceled"]]
const canceled: Errors = [[170142, "Order has been canceled."], [110010, "Order has been canceled"]]
const notFound = (verb: string): Errors => [
  [170213, "Order does not exist."],
  [110001, `order not exists or too late to ${verb}`]
]

// --- create

const ordersPerSymbol = 500
const spotOrders = 500

const create = (category: Category, now: number): Step => (engine, input) =>
  Either.gen(function*() {
    const spot = category === "spot"
    const listing = find(category, text(input, "symbol") ?? "")
    if (listing === undefined) return yield* refuseWith(category, noSymbol)
    const order = yield* newOrder(listing, input)
    if (listing.status !== "Trading") return yield* refuseWith(category, notTrading)
    if (order.clientOrderId !== undefined && Engine.orderByClientId(engine, order.clientOrderId) !== undefined) {
      return yield* refuseWith(category, duplicate)
    }
    const entries = open(engine).filter(isOf(category))
    if (spot && entries.length >= spotOrders) {
      return yield* refuse(170810, "Exceeded the maximum amount of active orders.")
    }
    if (
      !spot && entries.filter((entry) => entry.listing === listing).length >= ordersPerSymbol
    ) {
      return yield* refuse(110020, "Not allowed to have more than 500 active orders")
    }
    const [placed, next] = yield* Either.orElse(Engine.place(engine, order, now), explain(listing))
    return { listing, order: placed, engine: next }
  })

const newOrder = (listing: BybitListing, input: Input): Read<Engine.NewOrder> =>
  Either.gen(function*() {
    const side = input["side"]
    if (side !== "Buy" && side !== "Sell") return yield* refuse(10001, "Side invalid")
    const type = input["orderType"]
    if (type !== "Limit" && type !== "Market") return yield* refuse(10001, "OrderType invalid")
    const qty = amount(input, "qty")
    if (qty === undefined) return yield* refuse(10001, "Qty invalid")
    const price = type === "Limit" ? amount(input, "price") : undefined
    if (type === "Limit" && price === undefined) return yield* refuse(10001, "Price invalid")
    const timeInForce = type === "Market" ? "IOC" : text(input, "timeInForce") ?? "GTC"
    if (!isTimeInForce(timeInForce)) return yield* refuse(10001, "timeInForce invalid")
    if ((input["positionIdx"] ?? 0) !== 0 && listing.category !== "spot") {
      return yield* refuse(10001, "position idx not match position mode")
    }
    const linkId = text(input, "orderLinkId")
    if (linkId !== undefined && !/^[A-Za-z0-9_-]{1,36}$/.test(linkId)) {
      return yield* refuse(10001, "OrderLinkId invalid")
    }
    const unit = text(input, "marketUnit") ?? (side === "Buy" ? "quoteCoin" : "baseCoin")
    const inQuote = listing.category === "spot" && type === "Market" && unit === "quoteCoin"
    if (inQuote && side === "Sell") return yield* refuse(10001, "marketUnit invalid")
    return {
      instrument: listing.id,
      side: side === "Buy" ? "buy" : "sell",
      type: type === "Limit" ? "limit" : "market",
      price,
      ...(inQuote ? { quoteAmount: qty } : { amount: qty }),
      timeInForce: timeInForce === "PostOnly" ? "GTC" : timeInForce,
      postOnly: timeInForce === "PostOnly",
      reduceOnly: listing.category !== "spot" && flag(input, "reduceOnly"),
      clientOrderId: linkId
    }
  })

const isTimeInForce = (value: string): value is Engine.TimeInForce | "PostOnly" =>
  value === "GTC" || value === "IOC" || value === "FOK" || value === "PostOnly"

const explain = ({ category, leastNotional, quote }: BybitListing) => (refusal: Engine.Refusal): Read<never> =>
  Either.mapLeft(refuseWith(category, refusals[refusal]), ({ code, msg }) => ({
    code,
    msg: msg.replace("%", leastNotional + quote)
  }))

const refusals: Readonly<Record<Engine.Refusal, Errors>> = {
  UnknownInstrument: noSymbol,
  OffTick: [[170134, "Order price has too many decimals."], [10001, "Price invalid"]],
  OffLot: [[170137, "Order volume decimal too long"], [10001, "Qty invalid"]],
  TooSmall: [
    [170136, "Order quantity below the lower limit"],
    [10001, "The number of contracts exceeds minimum limit allowed"]
  ],
  NotionalTooSmall: [
    [170140, "Order value exceeded lower limit."],
    [110094, "Order does not meet minimum order value %"]
  ],
  InsufficientFunds: [[170131, "Insufficient balance."], [110007, "ab not enough for new order"]],
  NothingToReduce: [
    [10001, "reduceOnly invalid"],
    [110017, "current position is zero, cannot fix reduce-only order qty"]
  ],
  WouldCross: [
    [170218, "The LIMIT-MAKER order is rejected due to invalid price."],
    [10001, "Price invalid"]
  ],
  NoLiquidity: [
    [170149, "No counterparty in the order book, the order is rejected."],
    [30208, "Failed to submit order, no counterparty in the order book."]
  ]
}

// --- amend and cancel

const target = (
  engine: Engine.Engine,
  category: Category,
  input: Input,
  verb: string
): Read<Pick<Acknowledged, "listing" | "order">> =>
  Either.gen(function*() {
    if (text(input, "symbol") === undefined) return yield* refuse(10001, "params error: symbol invalid")
    const found = yield* named(engine, category, input)
    if (found === undefined) return yield* refuseWith(category, notFound(verb))
    if (found.order.status === "open") return found
    return yield* refuseWith(category, found.order.status === "filled" ? filled : canceled)
  })

const cancel = (category: Category, now: number): Step => (engine, input) =>
  Either.gen(function*() {
    const { listing, order } = yield* target(engine, category, input, "cancel")
    const [after, next] = yield* Either.orElse(
      Engine.cancel(engine, order.id, now),
      () => refuseWith(category, notFound("cancel"))
    )
    return { listing, order: after, engine: next }
  })

const amend = (category: Category, now: number): Step => (engine, input) =>
  Either.gen(function*() {
    const { listing, order } = yield* target(engine, category, input, "replace")
    const qty = amount(input, "qty")
    const price = amount(input, "price")
    if (qty === undefined && text(input, "qty") !== undefined) return yield* refuse(10001, "Qty invalid")
    if (price === undefined && text(input, "price") !== undefined) return yield* refuse(10001, "Price invalid")
    if ((qty === undefined || BigDecimal.equals(qty, order.amount)) && unchanged(price, order.price)) {
      return yield* refuse(
        10001,
        "The order remains unchanged as the parameters entered match the existing ones."
      )
    }
    if (qty !== undefined && BigDecimal.lessThanOrEqualTo(qty, order.filled)) return yield* refuse(10001, "Qty invalid")
    const [after, next] = yield* Either.orElse(
      Engine.amend(engine, order.id, { price, amount: qty }, now),
      (refusal) =>
        refusal === "NotFound" || refusal === "NotOpen" || refusal === "AlreadyFilled"
          ? refuseWith(category, notFound("replace"))
          : explain(listing)(refusal)
    )
    return { listing, order: after, engine: next }
  })

const unchanged = (asked: BigDecimal.BigDecimal | undefined, had: BigDecimal.BigDecimal | undefined): boolean =>
  asked === undefined || (had !== undefined && BigDecimal.equals(asked, had))

// --- endpoints

const ids = (
  { listing, order }: Pick<Acknowledged, "listing" | "order">
): { readonly orderId: string; readonly orderLinkId: string } => ({
  orderId: orderId(listing, order.id),
  orderLinkId: order.clientOrderId ?? ""
})

const steps = { create, amend, cancel }

/** @internal Acknowledges one order that is created, amended or canceled. */
export const single = (verb: keyof typeof steps) =>
  does(
    { category },
    ({ category }, { engine, now }, input) =>
      Either.map(steps[verb](category, now)(engine, input), (done) => [{ result: ids(done) }, done.engine])
  )

/** @internal Returns the orders of a batch. */
export const batchOf = (input: Input): ReadonlyArray<Input> => {
  const request = input["request"]
  return Array.isArray(request) ? request.filter(isInput) : []
}

/**
 * @internal Processes orders one after another. The error of an order is in `retExtInfo`, and its row in the result has
 * empty ids.
 */
export const batch = (verb: keyof typeof steps) =>
  does({ category }, ({ category }, world, input) => {
    const request = batchOf(input)
    if (request.length === 0 || request.length > (category === "spot" ? 10 : 20)) {
      return refuse(10001, "params error: request is invalid")
    }
    const step = steps[verb](category, world.now)
    const at = (createdAt: string) => verb === "create" ? { createAt: createdAt } : {}
    const [engine, done] = Arr.mapAccum(request, world.engine, (engine, item) =>
      Either.match(step(engine, item), {
        onLeft: ({ code, msg }) => {
          const row = { category, symbol: text(item, "symbol") ?? "", orderId: "", orderLinkId: "", ...at("") }
          return [engine, { row, verdict: { code, msg } }]
        },
        onRight: (one) => {
          const row = { category, symbol: one.listing.name, ...ids(one), ...at(String(one.order.createdAt)) }
          return [one.engine, { row, verdict: { code: 0, msg: "OK" } }]
        }
      }))
    const [list, verdicts] = [done.map(({ row }) => row), done.map(({ verdict }) => verdict)]
    return Either.right([{ result: { list }, extra: { list: verdicts } }, engine])
  })

const plain = "Order"
const kinds: ReadonlyArray<string> = [plain, "tpslOrder", "StopOrder", "OcoOrder", "BidirectionalTpslOrder"]

/** @internal The maximum number of contract orders that one `cancel-all` cancels. */
const canceledAtOnce = 500

/**
 * @internal Cancels all open orders of a symbol, else of a base coin, else of a settle coin. For spot, it may also
 * cancel all open orders, and cancels only those of one kind.
 */
export const cancelAll = does({ category }, ({ category }, world, input) => {
  if (category !== "spot" && !scoped(input)) return unscoped
  const [symbol, base, settle] = [text(input, "symbol"), text(input, "baseCoin"), text(input, "settleCoin")]
  if (symbol !== undefined && find(category, symbol) === undefined) return refuseWith(category, noSymbol)
  const entries = open(world.engine).filter(isOf(category)).filter(({ listing }) => {
    if (symbol !== undefined) return listing.name === symbol
    return base === undefined ? settle === undefined || listing.settle === settle : listing.base === base
  })
  const kind = category === "spot" ? text(input, "orderFilter") ?? plain : plain
  if (!kinds.includes(kind)) return refuse(170202, "Invalid orderFilter parameter.")
  // Orders of the other kinds are not simulated.
  const meant = kind !== plain ? [] : category === "spot" ? entries : entries.slice(0, canceledAtOnce)
  const engine = Engine.cancelEach(world.engine, meant.map(({ order }) => order), world.now)
  return Either.right([{ result: { list: meant.map(ids), success: "1" } }, engine])
})
