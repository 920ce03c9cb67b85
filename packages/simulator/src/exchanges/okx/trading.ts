import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Engine from "../../engine/Engine.js"
import { amount, flag, type Input, isInput, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import { amountOf, find, type OkxListing } from "./markets.js"
import { forgotten, named } from "./orders.js"
import { type Answering, noInstrument, orderIds, type Read, refuse, wrong } from "./params.js"

type Step = (
  engine: Engine.Engine,
  input: Input,
  now: number
) => Read<readonly [order: Engine.Order, next: Engine.Engine]>

const listingOf = (input: Input): Read<OkxListing> => {
  const listing = find(text(input, "instId") ?? "")
  return listing === undefined ? noInstrument : Either.right(listing)
}

// --- place

const pendingPerInstrument = 500

const place: Step = (engine, input, now) =>
  Either.gen(function*() {
    const listing = yield* listingOf(input)
    const order = yield* newOrder(listing, input)
    if (listing.state !== "live") return yield* refuse("51022", "Contract suspended.")
    const taken = order.clientOrderId === undefined
      ? undefined
      : Engine.orderByClientId(engine, order.clientOrderId)
    if (taken !== undefined && !forgotten(taken, now)) return yield* refuse("51016", "Client order ID already exists.")
    if (Engine.openOrders(engine, listing.id).length >= pendingPerInstrument) {
      return yield* refuse("51174", "Order failed. The number of your pending orders has reached its limit.")
    }
    return yield* Either.orElse(Engine.place(engine, order, now), explain(listing, order.side))
  })

const newOrder = (listing: OkxListing, input: Input): Read<Engine.NewOrder> =>
  Either.gen(function*() {
    const spot = listing.instType === "SPOT"
    const mode = text(input, "tdMode")
    if (mode !== "cash" && mode !== "cross" && mode !== "isolated") return yield* wrong("tdMode")
    if (spot !== (mode === "cash")) {
      return yield* refuse("51010", "Operation is not supported under the current account mode")
    }
    const side = input["side"]
    if (side !== "buy" && side !== "sell") return yield* wrong("side")
    if (!spot && !["net", undefined].includes(text(input, "posSide"))) return yield* wrong("posSide")
    const type = orderTypes[text(input, "ordType") ?? ""]
    if (type === undefined) return yield* wrong("ordType")
    const size = amount(input, "sz")
    if (size === undefined) return yield* wrong("sz")
    const price = type.type === "limit" ? amount(input, "px") : undefined
    if (type.type === "limit" && price === undefined) return yield* wrong("px")
    const clientOrderId = text(input, "clOrdId")
    if (clientOrderId !== undefined && !/^[A-Za-z0-9]{1,32}$/.test(clientOrderId)) return yield* wrong("clOrdId")
    if (!/^[A-Za-z0-9]{0,16}$/.test(text(input, "tag") ?? "")) return yield* wrong("tag")
    const target = text(input, "tgtCcy") ?? (side === "buy" ? "quote_ccy" : "base_ccy")
    if (target !== "base_ccy" && target !== "quote_ccy") return yield* wrong("tgtCcy")
    const inQuote = spot && type.type === "market" && target === "quote_ccy"
    if (inQuote && side === "sell") return yield* wrong("tgtCcy")
    return {
      instrument: listing.id,
      side,
      ...type,
      price,
      ...(inQuote ? { quoteAmount: size } : { amount: amountOf(listing, size) }),
      reduceOnly: !spot && flag(input, "reduceOnly"),
      clientOrderId
    }
  })

const orderTypes: Readonly<Record<string, Pick<Engine.NewOrder, "type" | "timeInForce" | "postOnly">>> = {
  limit: { type: "limit", timeInForce: "GTC" },
  post_only: { type: "limit", timeInForce: "GTC", postOnly: true },
  fok: { type: "limit", timeInForce: "FOK" },
  ioc: { type: "limit", timeInForce: "IOC" },
  market: { type: "market", timeInForce: "IOC" },
  optimal_limit_ioc: { type: "market", timeInForce: "IOC" }
}

const refusals: Readonly<Record<Engine.Refusal, readonly [code: string, msg: string]>> = {
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
  NoLiquidity: ["54084", "Order failed. There is not enough depth in the order book."]
}

const explain = ({ instType, terms }: OkxListing, side: Engine.Side) => (refusal: Engine.Refusal): Read<never> => {
  const [code, msg] = refusals[refusal]
  return refuse(code, msg.replace("%", instType === "SPOT" && side === "sell" ? terms.base : terms.settle))
}

// --- cancel and amend

const cancelRefusals: Readonly<Record<Engine.CancelRefusal, Read<never>>> = {
  NotFound: refuse("51400", "Cancellation failed as the order doesn't exist."),
  NotOpen: refuse("51401", "Cancellation failed as the order is already canceled."),
  AlreadyFilled: refuse("51402", "Cancellation failed as the order is already completed.")
}

const cancel: Step = (engine, input, now) =>
  Either.gen(function*() {
    const order = yield* named(engine, yield* listingOf(input), input)
    return yield* Either.orElse(Engine.cancel(engine, order?.id ?? 0, now), (refusal) => cancelRefusals[refusal])
  })

const amend: Step = (engine, input, now) =>
  Either.gen(function*() {
    const listing = yield* listingOf(input)
    const order = yield* named(engine, listing, input)
    if (order === undefined) return yield* refuse("51503", "Order modification failed as the order doesn't exist.")
    if (order.status === "canceled") {
      return yield* refuse("51509", "Modification failed as the order has been canceled.")
    }
    const size = amount(input, "newSz")
    const price = amount(input, "newPx")
    if (size === undefined && (price === undefined || text(input, "newSz") !== undefined)) return yield* wrong("newSz")
    if (price === undefined && text(input, "newPx") !== undefined) return yield* wrong("newPx")
    const changed = size === undefined ? undefined : amountOf(listing, size)
    if (changed !== undefined && BigDecimal.lessThanOrEqualTo(changed, order.filled)) return yield* wrong("newSz")
    return yield* Either.orElse(
      Engine.amend(engine, order.id, { price, amount: changed }, now),
      (refusal) =>
        refusal === "NotFound" || refusal === "NotOpen" || refusal === "AlreadyFilled"
          ? refuse("51510", "Modification failed as the order has been completed.")
          : explain(listing, order.side)(refusal)
    )
  })

// --- endpoints

const steps = { place, cancel, amend }

type Verb = keyof typeof steps

interface Done {
  readonly row: Json
  readonly failed: boolean
  readonly engine: Engine.Engine
}

const perform = (verb: Verb, engine: Engine.Engine, input: Input, now: number): Done => {
  const done = steps[verb](engine, input, now)
  const extra = {
    ...(verb === "amend" ? { reqId: text(input, "reqId") ?? "" } : {}),
    ...(verb === "place" ? { tag: text(input, "tag") ?? "" } : {}),
    ts: String(now)
  }
  if (Either.isLeft(done)) {
    const { code, msg } = done.left
    const ids = { clOrdId: text(input, "clOrdId") ?? "", ordId: text(input, "ordId") ?? "" }
    return { row: { ...ids, sCode: code, sMsg: msg, ...extra }, failed: true, engine }
  }
  const [order, next] = done.right
  const ids = { clOrdId: order.clientOrderId ?? "", ordId: orderIds.write(order.id) }
  return { row: { ...ids, sCode: "0", sMsg: "", ...extra }, failed: false, engine: next }
}

/** @internal Acknowledges one order. Its error, if any, is in `sCode`. */
export const single = (verb: Verb): Answering => (input, world, _, body) => {
  if (!isInput(body)) return refuse("50002", "JSON syntax error", 400)
  const { engine, failed, row } = perform(verb, world.engine, input, world.now)
  return Either.right([{ data: [row], ...(failed ? allFailed : {}) }, engine])
}

const allFailed = { code: "1", msg: "All operations failed" }
const someFailed = { code: "2", msg: "Bulk operation partially succeeded." }

/** @internal The maximum number of orders in a batch. */
const largestBatch = 20

/** @internal Processes orders one after another. A failure does not affect the others. */
export const batch = (verb: Verb): Answering => (_, world, __, body) => {
  if (!Array.isArray(body)) return refuse("50002", "JSON syntax error", 400)
  const items = body.filter(isInput)
  if (items.length === 0 || items.length < body.length || items.length > largestBatch) return wrong("orders")
  const [engine, done] = Arr.mapAccum(items, world.engine, (engine, item) => {
    const one = perform(verb, engine, item, world.now)
    return [one.engine, one]
  })
  const failures = done.filter(({ failed }) => failed).length
  const verdict = failures === 0 ? {} : failures === done.length ? allFailed : someFailed
  return Either.right([{ data: done.map(({ row }) => row), ...verdict }, engine])
}
