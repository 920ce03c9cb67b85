import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Engine from "../../engine/Engine.js"
import { flag, type Input, isInput, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import type * as Table from "../../internal/table.js"
import * as Trading from "../../internal/trading.js"
import type { World } from "../../World.js"
import { amountOf, type OkxListing } from "./markets.js"
import { forgotten, named } from "./orders.js"
import * as Params from "./params.js"

const { all, amount, byMember, listing, oneOf, optional, optionalAmount, orderIds, refuse, wrong } = Params

type Step = (input: Input, world: World) => Trading.Done<Params.Refusal>

// --- place

const pendingPerInstrument = 500

const place: Step = (input, world) =>
  Either.gen(function*() {
    const instrument = yield* listing(input, world)
    const order = yield* newOrder(instrument, input, world)
    if (instrument.state !== "live") return yield* refuse("51022", "Contract suspended.")
    const taken = order.clientOrderId === undefined
      ? undefined
      : Engine.orderByClientId(world.engine, order.clientOrderId)
    if (taken !== undefined && !forgotten(taken, world.now)) {
      return yield* refuse("51016", "Client order ID already exists.")
    }
    if (Engine.openOrders(world.engine, instrument.id).length >= pendingPerInstrument) {
      return yield* refuse("51174", "Order failed. The number of your pending orders has reached its limit.")
    }
    return yield* Trading.steps(explain(instrument, order.side)).place(world, order)
  })

const orderTypes: Readonly<Record<string, Pick<Engine.NewOrder, "type" | "timeInForce" | "postOnly">>> = {
  limit: { type: "limit", timeInForce: "GTC" },
  post_only: { type: "limit", timeInForce: "GTC", postOnly: true },
  fok: { type: "limit", timeInForce: "FOK" },
  ioc: { type: "limit", timeInForce: "IOC" },
  market: { type: "market", timeInForce: "IOC" },
  optimal_limit_ioc: { type: "market", timeInForce: "IOC" }
}

const newTerms = {
  mode: oneOf("tdMode", ["cash", "cross", "isolated"]),
  side: oneOf("side", ["buy", "sell"]),
  type: byMember("ordType", orderTypes, wrong("ordType"), ""),
  size: amount("sz"),
  clientOrderId: optional("clOrdId", /^[A-Za-z0-9]{1,32}$/),
  tag: optional("tag", /^[A-Za-z0-9]{0,16}$/),
  target: oneOf("tgtCcy", ["base_ccy", "quote_ccy", ""], "")
}

const newOrder = (instrument: OkxListing, input: Input, world: World): Params.Read<Engine.NewOrder> =>
  Either.gen(function*() {
    const spot = instrument.instType === "SPOT"
    const { clientOrderId, mode, side, size, target, type } = yield* all(newTerms)(input, world)
    if (spot !== (mode === "cash")) {
      return yield* refuse("51010", "Operation is not supported under the current account mode")
    }
    if (!spot && !["net", undefined].includes(text(input, "posSide"))) return yield* wrong("posSide")
    const price = type.type === "limit" ? yield* amount("px")(input) : undefined
    const isMarket = spot && type.type === "market"
    const inQuote = isMarket && (target === "" ? side === "buy" : target === "quote_ccy")
    if (inQuote && side === "sell") return yield* wrong("tgtCcy")
    return {
      instrument: instrument.id,
      side,
      ...type,
      price,
      ...(inQuote ? { quoteAmount: size } : { amount: amountOf(instrument, size) }),
      reduceOnly: !spot && flag(input, "reduceOnly"),
      clientOrderId
    }
  })

const refusals: Readonly<Record<Trading.Refusal, readonly [code: string, msg: string]>> = {
  UnknownInstrument: ["51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist."],
  OffTick: ["51000", "Parameter px error"],
  OffLot: ["51121", "Order quantity must be a multiple of the lot size."],
  TooSmall: ["51020", "Your order should meet or exceed the minimum order amount."],
  NotionalTooSmall: ["51020", "Your order should meet or exceed the minimum order amount."],
  InsufficientFunds: ["51008", "Order failed. Insufficient % balance in account. "],
  NothingToReduce: [
    "51169",
    "Order failed because you don't have any positions in this direction for this contract to reduce or close. "
  ],
  WouldCross: ["51000", "Parameter px error"],
  NoLiquidity: ["54084", "Order failed. There is not enough depth in the order book."],
  NotFound: ["51400", "Cancellation failed as the order doesn't exist."],
  NotOpen: ["51401", "Cancellation failed as the order is already canceled."],
  AlreadyFilled: ["51402", "Cancellation failed as the order is already completed."]
}

const explain =
  ({ instType, terms }: OkxListing, side: Engine.Side) => (refusal: Trading.Refusal): Params.Read<never> => {
    const [code, msg] = refusals[refusal]
    return refuse(code, msg.replace("%", instType === "SPOT" && side === "sell" ? terms.base : terms.settle))
  }

// --- cancel and amend

const cancel: Step = (input, world) =>
  Either.gen(function*() {
    const instrument = yield* listing(input, world)
    const order = yield* named(world.engine, instrument, input)
    return yield* Trading.steps(explain(instrument, "buy")).cancel(world, order?.id ?? 0)
  })

const change = all({ size: optionalAmount("newSz"), price: optionalAmount("newPx") })

const amend: Step = (input, world) =>
  Either.gen(function*() {
    const instrument = yield* listing(input, world)
    const order = yield* named(world.engine, instrument, input)
    if (order === undefined) return yield* refuse("51503", "Order modification failed as the order doesn't exist.")
    if (order.status === "canceled") {
      return yield* refuse("51509", "Modification failed as the order has been canceled.")
    }
    if (order.status === "filled") {
      return yield* refuse("51510", "Modification failed as the order has been completed.")
    }
    const { price, size } = yield* change(input, world)
    if (size === undefined && price === undefined) return yield* wrong("newSz")
    const changed = size === undefined ? undefined : amountOf(instrument, size)
    if (changed !== undefined && BigDecimal.lessThanOrEqualTo(changed, order.filled)) return yield* wrong("newSz")
    return yield* Trading.steps(explain(instrument, order.side)).amend(world, order.id, { price, amount: changed })
  })

// --- endpoints

const steps = { place, cancel, amend }

type Verb = keyof typeof steps

const rowOf = (verb: Verb, input: Input, outcome: Params.Read<Engine.Order>, now: number): Json => ({
  ...Either.match(outcome, {
    onLeft: ({ code, msg }) => ({
      clOrdId: text(input, "clOrdId") ?? "",
      ordId: text(input, "ordId") ?? "",
      sCode: code,
      sMsg: msg
    }),
    onRight: ({ clientOrderId, id }) => ({
      clOrdId: clientOrderId ?? "",
      ordId: orderIds.write(id),
      sCode: "0",
      sMsg: ""
    })
  }),
  ...(verb === "amend" ? { reqId: text(input, "reqId") ?? "" } : {}),
  ...(verb === "place" ? { tag: text(input, "tag") ?? "" } : {}),
  ts: String(now)
})

// Processes orders one after another. The errors are in the rows.
const perform = (verb: Verb, items: ReadonlyArray<Input>, world: World): Params.Read<Table.Answer<Params.Body>> => {
  const [outcomes, next] = Trading.each(items, world, steps[verb])
  const failures = outcomes.filter(Either.isLeft).length
  const verdict = failures === 0 ? {} : failures === outcomes.length ? allFailed : someFailed
  const data = Arr.zipWith(items, outcomes, (item, outcome) => rowOf(verb, item, outcome, world.now))
  return Either.right([{ data, ...verdict }, next])
}

const allFailed = { code: "1", msg: "All operations failed" }
const someFailed = { code: "2", msg: "Bulk operation partially succeeded." }

/** @internal Acknowledges one order. */
export const single = (verb: Verb): Params.Answering => (_, world, __, body) =>
  isInput(body) ? perform(verb, [body], world) : refuse("50002", "JSON syntax error", 400)

/** @internal The maximum number of orders in a batch. */
const largestBatch = 20

/** @internal Acknowledges the orders of a batch. */
export const batch = (verb: Verb): Params.Answering => (_, world, __, body) => {
  if (!Array.isArray(body)) return refuse("50002", "JSON syntax error", 400)
  const items = body.filter(isInput)
  return items.length === 0 || items.length < body.length || items.length > largestBatch
    ? wrong("orders")
    : perform(verb, items, world)
}
