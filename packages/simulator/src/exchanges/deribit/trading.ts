import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import { plain } from "../../engine/internal/decimal.js"
import { type Fields, flag } from "../../internal/fields.js"
import { band } from "./marketData.js"
import type { DeribitListing } from "./markets.js"
import { fillRows, keeps, listed, named, orderRow } from "./orders.js"
import * as Params from "./params.js"

const refusals: Readonly<
  Record<Engine.Refusal | Engine.CancelRefusal, readonly [number, string, Params.Refusal["data"]?]>
> = {
  UnknownInstrument: [10020, "invalid_or_unsupported_instrument"],
  OffTick: [10043, "price_wrong_tick"],
  OffLot: [-32602, "Invalid params", { reason: "must be a multiple of the contract size", param: "amount" }],
  TooSmall: [10002, "qty_too_low"],
  NotionalTooSmall: [10002, "qty_too_low"],
  InsufficientFunds: [10009, "not_enough_funds"],
  NothingToReduce: [11030, "other_reject reduce_only_no_position"],
  NoLiquidity: [11030, "other_reject no_liquidity"],
  NotFound: [10004, "order_not_found"],
  NotOpen: [11044, "not_open_order"]
}

type Done = readonly [Engine.Order, Engine.Engine]

const explained = (done: Either.Either<Done, keyof typeof refusals>): Params.Read<Done> =>
  Either.orElse(done, (refusal) => Params.refuse(...refusals[refusal]))

const inTime = (params: Fields, { now }: World): Params.Read<void> =>
  Either.flatMap(
    Params.integer(params, "valid_until", Infinity),
    (until) => now > until ? Params.refuse(13888, "timed_out") : Either.void
  )

type Decimal = BigDecimal.BigDecimal | undefined

const amountOf = (params: Fields, { terms }: DeribitListing): Params.Read<Decimal> =>
  Either.gen(function*() {
    const [amount, contracts] = [yield* Params.decimal(params, "amount"), yield* Params.decimal(params, "contracts")]
    const counted = contracts === undefined ? amount : BigDecimal.multiply(contracts, terms.lotSize)
    return amount === undefined || counted === undefined || BigDecimal.equals(amount, counted)
      ? counted
      : yield* Params.invalid("contracts", "must agree with amount")
  })

// A post-only order that would cross goes beside the best price of the other side, unless it is to be rejected.
const aside = (side: Engine.Side, price: Decimal, listing: DeribitListing, params: Fields, world: World) => {
  const { asks, bids } = Engine.book(world.engine, listing.id, 1)
  const [best, meets, next] = side === "buy"
    ? [asks[0]?.price, BigDecimal.greaterThanOrEqualTo, BigDecimal.subtract]
    : [bids[0]?.price, BigDecimal.lessThanOrEqualTo, BigDecimal.sum]
  if (price === undefined || best === undefined || !meets(price, best)) return Either.right(price)
  return flag(params, "reject_post_only")
    ? Params.refuse(11054, "post_only_reject")
    : Either.right(next(best, listing.tickSize))
}

const within = (side: Engine.Side, price: Decimal, listing: DeribitListing, world: World): Params.Read<void> => {
  const { max_price: most, min_price: least } = band(listing, world)
  if (price === undefined) return Either.void
  if (side === "buy" && BigDecimal.greaterThan(price, most)) {
    return Params.refuse(10007, `price_too_high ${plain(most)}`)
  }
  return side === "sell" && BigDecimal.lessThan(price, least)
    ? Params.refuse(10005, `price_too_low ${plain(least)}`)
    : Either.void
}

const times = { good_til_cancelled: "GTC", immediate_or_cancel: "IOC", fill_or_kill: "FOK" } as const
const timeWords = ["good_til_cancelled", "immediate_or_cancel", "fill_or_kill"] as const

/** @internal */
export const place = (side: Engine.Side): Params.Answering => (params, world) =>
  Either.gen(function*() {
    const listing = yield* Params.traded(params)
    if (listing.instrument === undefined) return yield* Params.refuse(10012, "book_closed")
    yield* inTime(params, world)
    const type = yield* Params.oneOf(params, "type", ["limit", "market"], "limit")
    const timeInForce = times[yield* Params.oneOf(params, "time_in_force", timeWords, "good_til_cancelled")]
    const amount = yield* amountOf(params, listing)
    if (amount === undefined) return yield* Params.invalid("amount", "value required")
    const wanted = type === "limit" ? yield* Params.decimal(params, "price") : undefined
    if (type === "limit" && wanted === undefined) return yield* Params.invalid("price", "value required")
    const clientOrderId = params["label"]
    if (clientOrderId !== undefined && clientOrderId.length > 64) return yield* Params.invalid("label", "too long")
    const [postOnly, reduceOnly] = [flag(params, "post_only"), flag(params, "reduce_only")]
    if (postOnly && (type === "market" || timeInForce !== "GTC")) {
      return yield* Params.invalid("post_only", "only for good_til_cancelled limit orders")
    }
    if (reduceOnly && listing.terms.kind === "spot") return yield* Params.invalid("reduce_only", "not for spot")
    const price = postOnly ? yield* aside(side, wanted, listing, params, world) : wanted
    const flags = { postOnly, reduceOnly, clientOrderId }
    const terms = { instrument: listing.id, side, type, price, amount, timeInForce, ...flags }
    const [order, engine] = yield* explained(Engine.place(world.engine, terms, world.now))
    yield* within(side, price, listing, world)
    return [{ order: orderRow({ order, listing }), trades: fillRows(engine, { order, listing }) }, engine]
  })

const unfilled = (params: Fields, world: World) =>
  Either.flatMap(
    named(params, world),
    (one) => one.order.status === "filled" ? Params.refuse(11008, "already_filled") : Either.right(one)
  )

/** @internal */
export const edit: Params.Answering = (params, world) =>
  Either.gen(function*() {
    const { listing, order: { id, postOnly, side } } = yield* unfilled(params, world)
    yield* inTime(params, world)
    const [amount, wanted] = [yield* amountOf(params, listing), yield* Params.decimal(params, "price")]
    const price = postOnly ? yield* aside(side, wanted, listing, params, world) : wanted
    const [order, engine] = yield* explained(Engine.amend(world.engine, id, { price, amount }, world.now))
    yield* within(side, price, listing, world)
    const trades = fillRows(engine, { order, listing }, Engine.fillsOf(world.engine, id).length)
    return [{ order: orderRow({ order, listing }, true), trades }, engine]
  })

/** @internal */
export const cancel: Params.Answering = (params, world) =>
  Either.gen(function*() {
    const { listing, order: { id } } = yield* unfilled(params, world)
    const [order, engine] = yield* explained(Engine.cancel(world.engine, id, world.now))
    return [orderRow({ order, listing }), engine]
  })

/** @internal Cancels what is open and meant by the parameters, and counts it. */
export const cancelAll = (...names: ReadonlyArray<string>): Params.Answering => (params, world) =>
  Either.map(Params.needed(params, names), () => {
    const meant = listed(Engine.openOrders(world.engine)).filter(keeps(params)).map(({ order }) => order)
    return [meant.length, Engine.cancelEach(world.engine, meant, world.now)]
  })
