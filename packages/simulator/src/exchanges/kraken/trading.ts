import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Engine from "../../engine/Engine.js"
import { flag, type Input, instantOf, isInput, list, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import * as Meters from "../../internal/meters.js"
import * as Trading from "../../internal/trading.js"
import type { World } from "../../World.js"
import { onePair } from "./marketData.js"
import type { KrakenListing } from "./markets.js"
import { description, nameOfGroup, openInGroup, orderByTxid, txid } from "./orders.js"
import { all, amount, type Answering, invalid, oneOf, optionalAmount, type Read, refuse } from "./params.js"

// The state that a call changes: the engine and the rate limits of the pairs.
interface State extends World {
  readonly meters: Meters.Meters
}

type Step = (fields: Input, state: State) => Read<readonly [result: Json, next: State]>

const trading = (step: Step): Answering => (fields, world, meters) =>
  Either.map(step(fields, { ...world, meters }), ([result, next]) => [result, next.engine, next.meters])

const perPair = Meters.bucket(125, 2.34)

const count = (state: State, instrument: string, cost: number): Read<State> => {
  const { admitted, meters } = Meters.take(state.meters, `pair:${instrument}`, perPair, state.now, cost)
  return admitted ? Either.right({ ...state, meters }) : refuse("EOrder:Rate limit exceeded")
}

type Penalties = ReadonlyArray<readonly [seconds: number, cost: number]>

// The younger the order, the higher the cost.
const cancelPenalties: Penalties = [[5, 8], [10, 6], [15, 5], [45, 4], [90, 2], [300, 1]]
const amendPenalties: Penalties = [[5, 3], [10, 2], [15, 1]]

const penalty = (order: Engine.Order, now: number, penalties: Penalties): number =>
  penalties.find(([seconds]) => now - order.createdAt < seconds * 1000)?.[1] ?? 0

// --- placing

const refusals = {
  UnknownInstrument: "EQuery:Unknown asset pair",
  OffTick: "EOrder:Tick size check failed",
  OffLot: "EGeneral:Invalid arguments:volume",
  TooSmall: "EOrder:Order minimum not met",
  NotionalTooSmall: "EOrder:Cost minimum not met",
  InsufficientFunds: "EOrder:Insufficient funds",
  NothingToReduce: "EOrder:Reduce only:No position exists",
  WouldCross: "EOrder:Post only order",
  NoLiquidity: "EOrder:Insufficient liquidity",
  NotFound: "EOrder:Unknown order",
  NotOpen: "EOrder:Unknown order",
  AlreadyFilled: "EOrder:Unknown order"
} as const satisfies Record<Trading.Refusal, string>

const steps = Trading.steps((refusal) => refuse(refusals[refusal]))

const clientId = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-z]{1,18})$/

const clientOrderId = (fields: Input, { engine }: World): Read<string | undefined> => {
  const id = text(fields, "cl_ord_id")
  const userref = text(fields, "userref")
  if (userref !== undefined) {
    return id === undefined && /^-?\d{1,10}$/.test(userref) ? Either.right(nameOfGroup(userref)) : invalid("userref")
  }
  if (id === undefined) return Either.right(undefined)
  if (!clientId.test(id)) return invalid("cl_ord_id")
  // Only open orders count: after a fill or a cancellation, the id can be used again.
  return Engine.openOrders(engine).some((order) => order.clientOrderId === id)
    ? invalid("cl_ord_id not unique")
    : Either.right(id)
}

const newTerms = {
  side: oneOf("type", ["buy", "sell"]),
  type: oneOf("ordertype", ["limit", "market"]),
  volume: amount("volume"),
  timeInForce: oneOf("timeinforce", ["GTC", "IOC", "FOK"], "GTC"),
  clientOrderId
}

const newOrder = (pair: KrakenListing, fields: Input, world: World): Read<Engine.NewOrder> =>
  Either.gen(function*() {
    const { volume, ...terms } = yield* all(newTerms)(fields, world)
    const { side, timeInForce, type } = terms
    for (const unread of ["price2", "leverage", "reduce_only", "starttm", "expiretm"]) {
      if (text(fields, unread) !== undefined) return yield* invalid(unread)
    }
    const price = type === "limit" ? yield* amount("price")(fields) : undefined
    const flags = list(fields, "oflags")
    const [inQuote, postOnly] = [flags.includes("viqc"), flags.includes("post")]
    if (
      flags.some((name) => !["post", "fcib", "fciq", "nompp", "viqc"].includes(name)) ||
      (inQuote && (type !== "market" || side !== "buy")) ||
      (postOnly && (type === "market" || timeInForce !== "GTC"))
    ) {
      return yield* invalid("oflags")
    }
    const size = inQuote ? { quoteAmount: volume } : { amount: volume }
    return { instrument: pair.id, ...terms, ...size, price, postOnly }
  })

const openOrderLimit = 80

const place = (
  state: State,
  pair: KrakenListing,
  fields: Input
): Read<readonly [Engine.Order, State]> =>
  Either.gen(function*() {
    if (pair.status === "cancel_only") return yield* refuse("EService:Market in cancel_only mode")
    const wanted = yield* newOrder(pair, fields, state)
    const counted = yield* count(state, pair.id, 1)
    if (Engine.openOrders(state.engine, pair.id).length >= openOrderLimit) {
      return yield* refuse("EOrder:Orders limit exceeded")
    }
    const [order, engine] = yield* steps.place(state, wanted)
    return [order, { ...counted, engine }] as const
  })

const longestDeadline = 60_000

const checkDeadline = (fields: Input, now: number): Read<void> => {
  const deadline = text(fields, "deadline")
  if (deadline === undefined) return Either.void
  const at = deadline.includes("T") ? instantOf(deadline) : undefined
  if (at === undefined || at > now + longestDeadline) return invalid("deadline")
  return at < now ? refuse("EService:Deadline elapsed") : Either.void
}

/** @internal Places an order. With `validate`, it checks everything but places nothing. */
export const addOrder = trading((fields, state) =>
  Either.gen(function*() {
    yield* checkDeadline(fields, state.now)
    const pair = yield* onePair(fields)
    const [order, next] = yield* place(state, pair, fields)
    const descr = { order: description(pair, order) }
    return flag(fields, "validate")
      ? [{ descr }, state] as const
      : [{ txid: [txid("O", order.id)], descr }, next] as const
  })
)

/** @internal Places 2 to 15 orders of one pair. Each is accepted or refused on its own. */
export const addOrderBatch = trading((fields, state) =>
  Either.gen(function*() {
    yield* checkDeadline(fields, state.now)
    const pair = yield* onePair(fields)
    const orders = Array.isArray(fields["orders"]) ? fields["orders"].filter(isInput) : []
    if (orders.length < 2 || orders.length > 15) return yield* invalid("orders")
    const [next, rows] = Arr.mapAccum(orders, state, (state, order): [State, Json] =>
      Either.match(place(state, pair, order), {
        onLeft: (error) => [state, { error }],
        onRight: ([{ id, ...terms }, next]) => [
          next,
          { txid: txid("O", id), descr: { order: description(pair, terms) } }
        ]
      }))
    return [{ orders: rows }, flag(fields, "validate") ? state : next] as const
  })
)

// --- changing and canceling

// Finds an order by either id. A closed order counts as unknown.
const openOrder = (fields: Input, engine: Engine.Engine): Read<Engine.Order> => {
  const id = text(fields, "txid")
  const named = text(fields, "cl_ord_id")
  if ((id === undefined) === (named === undefined)) return invalid("txid")
  const found = id === undefined ? openNamed(engine, named) : orderByTxid(engine, id)
  return Either.filterOrLeft(found, ({ status }) => status === "open", () => "EOrder:Unknown order")
}

const openNamed = (engine: Engine.Engine, clientOrderId: string | undefined): Read<Engine.Order> =>
  Either.fromNullable(
    Engine.openOrders(engine).find((order) => order.clientOrderId === clientOrderId),
    () => "EOrder:Unknown order"
  )

const change = all({ amount: optionalAmount("order_qty"), price: optionalAmount("limit_price") })

/** @internal */
export const amendOrder = trading((fields, state) =>
  Either.gen(function*() {
    yield* checkDeadline(fields, state.now)
    const order = yield* openOrder(fields, state.engine)
    const { amount, price } = yield* change(fields, state)
    if (amount === undefined && price === undefined) return yield* invalid("order_qty")
    const counted = yield* count(state, order.instrument, 1 + penalty(order, state.now, amendPenalties))
    const [, engine] = yield* steps.amend(state, order.id, { price, amount })
    return [{ amend_id: `TAMEND-${txid("T", order.id).slice(7)}` }, { ...counted, engine }] as const
  })
)

const cancel = (state: State, order: Engine.Order): Read<State> =>
  Either.gen(function*() {
    const counted = yield* count(state, order.instrument, penalty(order, state.now, cancelPenalties))
    const [, engine] = yield* steps.cancel(state, order.id)
    return { ...counted, engine }
  })

/** @internal Cancels one order, or all orders whose userref is given as the txid. */
export const cancelOrder = trading((fields, state) => {
  const id = text(fields, "txid") ?? ""
  const group = /^-?\d{1,10}$/.test(id) ? openInGroup(state.engine, id) : []
  return group.length > 0
    ? Either.right(cancelEach(state, group))
    : Either.flatMap(
      openOrder(fields, state.engine),
      (order) => Either.map(cancel(state, order), (next) => [{ count: 1 }, next] as const)
    )
})

const cancelEach = (state: State, orders: ReadonlyArray<Engine.Order>): readonly [Json, State] => {
  const [next, canceled] = Arr.mapAccum(
    orders,
    state,
    (state, order) => Either.match(cancel(state, order), { onLeft: () => [state, 0], onRight: (next) => [next, 1] })
  )
  return [{ count: canceled.filter((one) => one === 1).length }, next]
}

/** @internal Cancels at most 50 orders. Orders that are not open are skipped. */
export const cancelOrderBatch = trading((fields, state) => {
  const wanted = [
    ...list(fields, "orders").map((txid) => openOrder({ txid }, state.engine)),
    ...list(fields, "cl_ord_ids").map((id) => openOrder({ cl_ord_id: id }, state.engine))
  ]
  if (wanted.length === 0 || wanted.length > 50) return invalid("orders")
  return Either.right(cancelEach(state, wanted.flatMap((order) => Either.isRight(order) ? [order.right] : [])))
})

/** @internal Cancels the orders of every pair. The rate limits of the pairs do not count it. */
export const cancelAll = trading((_, state) => {
  const open = Engine.openOrders(state.engine)
  const engine = Engine.cancelEach(state.engine, open, state.now)
  return Either.right([{ count: open.length }, { ...state, engine }])
})
