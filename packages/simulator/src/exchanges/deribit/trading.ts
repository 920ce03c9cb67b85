import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Function from "effect/Function"
import type { World } from "../../Dialect.js"
import * as Engine from "../../Engine.js"
import { plain } from "../../internal/decimal.js"
import { band } from "./marketData.js"
import type { DeribitListing } from "./markets.js"
import { fillRows, keeps, listed, named, orderRow, timesInForce } from "./orders.js"
import {
  type Answer,
  decimal,
  flag,
  integer,
  invalid,
  listingOf,
  oneOf,
  type Params,
  type Refusal,
  refuse,
  required
} from "./params.js"

const refusals: Readonly<Record<Engine.Refusal | Engine.CancelRefusal, Refusal>> = {
  UnknownInstrument: { reason: "invalid_or_unsupported_instrument" },
  OffTick: { reason: "price_wrong_tick" },
  OffLot: { reason: "Invalid params", data: { reason: "must be a multiple of the contract size", param: "amount" } },
  TooSmall: { reason: "qty_too_low" },
  NotionalTooSmall: { reason: "qty_too_low" },
  InsufficientFunds: { reason: "not_enough_funds" },
  NothingToReduce: { reason: "other_reject", detail: "reduce_only_no_position" },
  NoLiquidity: { reason: "other_reject", detail: "no_liquidity" },
  NotFound: { reason: "order_not_found" },
  NotOpen: { reason: "not_open_order" }
}

const explain = (refusal: Engine.Refusal | Engine.CancelRefusal): Refusal => refusals[refusal]

const inTime = (params: Params, world: World): Either.Either<void, Refusal> =>
  Either.flatMap(
    integer(params, "valid_until", Infinity),
    (until) => world.now > until ? refuse("timed_out") : Either.void
  )

const amountOf = (
  params: Params,
  { terms }: DeribitListing
): Either.Either<BigDecimal.BigDecimal | undefined, Refusal> =>
  Either.gen(function*() {
    const amount = yield* decimal(params, "amount")
    const contracts = yield* decimal(params, "contracts")
    const counted = contracts === undefined ? amount : BigDecimal.multiply(contracts, terms.lotSize)
    return amount === undefined || counted === undefined || BigDecimal.equals(amount, counted)
      ? counted
      : yield* invalid("contracts", "must agree with amount")
  })

type Terms = Pick<Engine.Order, "side" | "postOnly"> & { readonly price: BigDecimal.BigDecimal | undefined }

// A post-only order that would cross goes beside the best price of the other side, unless it is to be rejected.
const aside = (
  { postOnly, price, side }: Terms,
  listing: DeribitListing,
  params: Params,
  world: World
): Either.Either<BigDecimal.BigDecimal | undefined, Refusal> => {
  const { asks, bids } = Engine.book(world.engine, listing.id, 1)
  const best = (side === "buy" ? asks : bids)[0]?.price
  if (!postOnly || price === undefined || best === undefined) return Either.right(price)
  const crosses = side === "buy"
    ? BigDecimal.greaterThanOrEqualTo(price, best)
    : BigDecimal.lessThanOrEqualTo(price, best)
  if (!crosses) return Either.right(price)
  if (flag(params, "reject_post_only")) return refuse("post_only_reject")
  return Either.right((side === "buy" ? BigDecimal.subtract : BigDecimal.sum)(best, listing.tickSize))
}

const within = ({ price, side }: Terms, listing: DeribitListing, world: World): Either.Either<void, Refusal> => {
  const [low, high] = band(listing, world)
  if (price === undefined) return Either.void
  if (side === "buy" && BigDecimal.greaterThan(price, high)) return refuse("price_too_high", { detail: plain(high) })
  return side === "sell" && BigDecimal.lessThan(price, low)
    ? refuse("price_too_low", { detail: plain(low) })
    : Either.void
}

/** @internal */
export const place = (side: Engine.Side): Answer => (params, world) =>
  Either.gen(function*() {
    const listing = yield* listingOf(params, "invalid_or_unsupported_instrument")
    if (listing.instrument === undefined) return yield* refuse("book_closed")
    yield* inTime(params, world)
    const type = yield* oneOf(params, "type", ["limit", "market"], "limit")
    const word = yield* oneOf(params, "time_in_force", Object.keys(timesInForce), "good_til_cancelled")
    const amount = yield* amountOf(params, listing)
    if (amount === undefined) return yield* invalid("amount", "value required")
    const wanted = type === "limit" ? yield* decimal(params, "price") : undefined
    if (type === "limit" && wanted === undefined) return yield* invalid("price", "value required")
    const clientOrderId = params["label"]
    if (clientOrderId !== undefined && clientOrderId.length > 64) return yield* invalid("label", "too long")
    const postOnly = flag(params, "post_only")
    if (postOnly && (type === "market" || timesInForce[word] !== "GTC")) {
      return yield* invalid("post_only", "only for good_til_cancelled limit orders")
    }
    const reduceOnly = flag(params, "reduce_only")
    if (reduceOnly && listing.terms.kind === "spot") return yield* invalid("reduce_only", "not for spot")
    const price = yield* aside({ side, postOnly, price: wanted }, listing, params, world)
    const timeInForce = timesInForce[word]
    const request = {
      instrument: listing.id,
      side,
      type,
      price,
      amount,
      timeInForce,
      postOnly,
      reduceOnly,
      clientOrderId
    }
    const [order, engine] = yield* Either.mapLeft(Engine.place(world.engine, request, world.now), explain)
    yield* within({ side, postOnly, price }, listing, world)
    const one = { order, listing }
    return [{ order: orderRow(one), trades: fillRows(engine, one) }, engine]
  })

/** @internal */
export const edit: Answer = (params, world) =>
  Either.gen(function*() {
    const { listing, order: before } = yield* named(params, world)
    yield* inTime(params, world)
    if (before.status === "filled") return yield* refuse("already_filled")
    const amount = yield* amountOf(params, listing)
    const { side } = before
    const postOnly = before.postOnly || flag(params, "post_only")
    const wanted = yield* decimal(params, "price")
    const price = yield* aside({ side, postOnly, price: wanted }, listing, params, world)
    const change = Engine.amend(world.engine, before.id, { price, amount }, world.now)
    const [order, engine] = yield* Either.mapLeft(change, explain)
    yield* within({ side, postOnly, price }, listing, world)
    const trades = fillRows(engine, { order, listing }, Engine.fillsOf(world.engine, before.id).length)
    return [{ order: orderRow({ order, listing }, true), trades }, engine]
  })

/** @internal */
export const cancel: Answer = (params, world) =>
  Either.gen(function*() {
    const { listing, order: before } = yield* named(params, world)
    if (before.status === "filled") return yield* refuse("already_filled")
    const [order, engine] = yield* Either.mapLeft(Engine.cancel(world.engine, before.id, world.now), explain)
    return [orderRow({ order, listing }), engine]
  })

/** @internal Cancels what is open and meant by the parameters, and counts it. */
export const cancelAll = (...needed: ReadonlyArray<string>): Answer => (params, world) =>
  Either.gen(function*() {
    for (const name of needed) yield* required(params, name)
    if (needed.includes("instrument_name")) yield* listingOf(params, "invalid_or_unsupported_instrument")
    const meant = listed(Engine.openOrders(world.engine)).filter(keeps(params))
    const engine = meant.reduce(
      (rest, { order }) =>
        Either.match(Engine.cancel(rest, order.id, world.now), {
          onLeft: Function.constant(rest),
          onRight: ([, next]) => next
        }),
      world.engine
    )
    return [meant.length, engine]
  })
