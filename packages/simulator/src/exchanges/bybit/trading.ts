import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Engine from "../../engine/Engine.js"
import { reading } from "../../internal/fields.js"
import { flag, type Input, isInput, text } from "../../internal/inputs.js"
import * as Trading from "../../internal/trading.js"
import type { World } from "../../World.js"
import { type BybitListing, type Category, find, open } from "./markets.js"
import { isOf, type Listed, named, scoped, unscoped } from "./orders.js"
import { category, does, orderId, type Read, type Refusal, refuse } from "./params.js"

// Returns the order that was created, amended or canceled.
type Step = (category: Category) => (input: Input, world: World) => Trading.Done<Refusal, Listed>

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
const notFound = (verb: string): Errors => [
  [170213, "Order does not exist."],
  [110001, `order not exists or too late to ${verb}`]
]

// --- create

const ordersPerSymbol = 500
const spotOrders = 500

const create: Step = (category) => (input, world) =>
  Either.gen(function*() {
    const spot = category === "spot"
    const listing = find(category, text(input, "symbol") ?? "")
    if (listing === undefined) return yield* refuseWith(category, noSymbol)
    const order = yield* newOrder(listing, input, world)
    if (listing.status !== "Trading") return yield* refuseWith(category, notTrading)
    if (order.clientOrderId !== undefined && Engine.orderByClientId(world.engine, order.clientOrderId) !== undefined) {
      return yield* refuseWith(category, duplicate)
    }
    const entries = open(world.engine).filter(isOf(category))
    if (spot && entries.length >= spotOrders) {
      return yield* refuse(170810, "Exceeded the maximum amount of active orders.")
    }
    if (!spot && entries.filter((entry) => entry.listing === listing).length >= ordersPerSymbol) {
      return yield* refuse(110020, "Not allowed to have more than 500 active orders")
    }
    return yield* listed(listing, Trading.steps(explain(listing)).place(world, order))
  })

const listed = (listing: BybitListing, done: Trading.Done<Refusal>): Trading.Done<Refusal, Listed> =>
  Either.map(done, ([order, next]) => [{ listing, order }, next])

const { all, amount, byMember, oneOf, optional, optionalAmount } = reading((name) => refuse(10001, `${name} invalid`))

const timesInForce: Readonly<Record<string, Pick<Engine.NewOrder, "timeInForce" | "postOnly">>> = {
  GTC: { timeInForce: "GTC" },
  IOC: { timeInForce: "IOC" },
  FOK: { timeInForce: "FOK" },
  PostOnly: { timeInForce: "GTC", postOnly: true }
}

const newTerms = {
  side: byMember("side", { Buy: "buy", Sell: "sell" } as const, refuse(10001, "side invalid")),
  type: byMember("orderType", { Limit: "limit", Market: "market" } as const, refuse(10001, "orderType invalid")),
  size: amount("qty"),
  time: byMember("timeInForce", timesInForce, refuse(10001, "timeInForce invalid"), "GTC"),
  clientOrderId: optional("orderLinkId", /^[A-Za-z0-9_-]{1,36}$/),
  unit: oneOf("marketUnit", ["baseCoin", "quoteCoin", ""], "")
}

const newOrder = (listing: BybitListing, input: Input, world: World): Read<Engine.NewOrder> =>
  Either.gen(function*() {
    const spot = listing.category === "spot"
    const { clientOrderId, side, size, time, type, unit } = yield* all(newTerms)(input, world)
    const price = type === "limit" ? yield* amount("price")(input) : undefined
    if ((input["positionIdx"] ?? 0) !== 0 && !spot) {
      return yield* refuse(10001, "position idx not match position mode")
    }
    const isMarket = spot && type === "market"
    const inQuote = isMarket && (unit === "" ? side === "buy" : unit === "quoteCoin")
    if (inQuote && side === "sell") return yield* refuse(10001, "marketUnit invalid")
    return {
      instrument: listing.id,
      side,
      type,
      price,
      ...(inQuote ? { quoteAmount: size } : { amount: size }),
      ...(type === "market" ? { timeInForce: "IOC" } : time),
      reduceOnly: !spot && flag(input, "reduceOnly"),
      clientOrderId
    }
  })

const explain = ({ category, leastNotional, quote }: BybitListing) => (refusal: Trading.Refusal): Read<never> =>
  Either.mapLeft(refuseWith(category, refusals[refusal]), ({ code, msg }) => ({
    code,
    msg: msg.replace("%", leastNotional + quote)
  }))

const refusals: Readonly<Record<Trading.Refusal, Errors>> = {
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
  ],
  NotFound: notFound("cancel"),
  NotOpen: [[170142, "Order has been canceled."], [110010, "Order has been canceled"]],
  AlreadyFilled: [[170139, "Order has been filled."], [110008, "Order has been finished or canceled"]]
}

// --- amend and cancel

const target = (category: Category, input: Input, world: World, verb: string): Read<Listed> =>
  Either.gen(function*() {
    if (text(input, "symbol") === undefined) return yield* refuse(10001, "params error: symbol invalid")
    const found = yield* named(world.engine, category, input)
    if (found === undefined) return yield* refuseWith(category, notFound(verb))
    if (found.order.status === "open") return found
    return yield* refuseWith(category, refusals[found.order.status === "filled" ? "AlreadyFilled" : "NotOpen"])
  })

const cancel: Step = (category) => (input, world) =>
  Either.flatMap(
    target(category, input, world, "cancel"),
    ({ listing, order }) => listed(listing, Trading.steps(explain(listing)).cancel(world, order.id))
  )

const change = all({ amount: optionalAmount("qty"), price: optionalAmount("price") })

const amend: Step = (category) => (input, world) =>
  Either.gen(function*() {
    const { listing, order } = yield* target(category, input, world, "replace")
    const { amount, price } = yield* change(input, world)
    if (isUnchanged(amount, order.amount) && isUnchanged(price, order.price)) {
      return yield* refuse(
        10001,
        "The order remains unchanged as the parameters entered match the existing ones."
      )
    }
    if (amount !== undefined && BigDecimal.lessThanOrEqualTo(amount, order.filled)) {
      return yield* refuse(10001, "qty invalid")
    }
    return yield* listed(listing, Trading.steps(explain(listing)).amend(world, order.id, { price, amount }))
  })

const isUnchanged = (asked: BigDecimal.BigDecimal | undefined, had: BigDecimal.BigDecimal | undefined): boolean =>
  asked === undefined || (had !== undefined && BigDecimal.equals(asked, had))

// --- endpoints

const ids = ({ listing, order }: Listed) => ({
  orderId: orderId(listing, order.id),
  orderLinkId: order.clientOrderId ?? ""
})

const steps = { create, amend, cancel }

/** @internal Acknowledges one order that is created, amended or canceled. */
export const single = (verb: keyof typeof steps) =>
  does(
    { category },
    ({ category }, world, input) =>
      Either.map(steps[verb](category)(input, world), ([done, next]) => [{ result: ids(done) }, next])
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
    const at = (createdAt: string) => verb === "create" ? { createAt: createdAt } : {}
    const [outcomes, next] = Trading.each(request, world, steps[verb](category))
    const list = Arr.zipWith(request, outcomes, (item, outcome) =>
      Either.match(outcome, {
        onLeft: () => ({ category, symbol: text(item, "symbol") ?? "", orderId: "", orderLinkId: "", ...at("") }),
        onRight: (one) => ({ category, symbol: one.listing.name, ...ids(one), ...at(String(one.order.createdAt)) })
      }))
    const verdicts = outcomes.map((outcome) =>
      Either.match(outcome, {
        onLeft: ({ code, msg }) => ({ code, msg }),
        onRight: () => ({ code: 0, msg: "OK" })
      })
    )
    return Either.right([{ result: { list }, extra: { list: verdicts } }, next])
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
