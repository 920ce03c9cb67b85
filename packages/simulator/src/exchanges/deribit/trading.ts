import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import * as Engine from "../../engine/Engine.js"
import { plain } from "../../engine/internal/decimal.js"
import { band } from "./marketData.js"
import type { DeribitListing } from "./markets.js"
import { fillRows, keeps, listed, named, orderRow, timesInForce } from "./orders.js"
import * as Params from "./params.js"

const multiple = { reason: "must be a multiple of the contract size", param: "amount" }

const refusals: Readonly<Record<Engine.Refusal | Engine.CancelRefusal, Params.Refusal>> = {
  UnknownInstrument: { code: 10020, message: "invalid_or_unsupported_instrument" },
  OffTick: { code: 10043, message: "price_wrong_tick" },
  OffLot: { code: -32602, message: "Invalid params", data: multiple },
  TooSmall: { code: 10002, message: "qty_too_low" },
  NotionalTooSmall: { code: 10002, message: "qty_too_low" },
  InsufficientFunds: { code: 10009, message: "not_enough_funds" },
  NothingToReduce: { code: 11030, message: "other_reject reduce_only_no_position" },
  NoLiquidity: { code: 11030, message: "other_reject no_liquidity" },
  NotFound: { code: 10004, message: "order_not_found" },
  NotOpen: { code: 11044, message: "not_open_order" }
}

const explain = (refusal: Engine.Refusal | Engine.CancelRefusal): Params.Refusal => refusals[refusal]

const inTime = (params: Params.Params, world: World): Params.Read<void> =>
  Either.flatMap(
    Params.integer(params, "valid_until", Infinity),
    (until) => world.now > until ? Params.refuse(13888, "timed_out") : Either.void
  )

const amountOf = (params: Params.Params, { terms }: DeribitListing): Params.Read<BigDecimal.BigDecimal | undefined> =>
  Either.gen(function*() {
    const amount = yield* Params.decimal(params, "amount")
    const contracts = yield* Params.decimal(params, "contracts")
    const counted = contracts === undefined ? amount : BigDecimal.multiply(contracts, terms.lotSize)
    return amount === undefined || counted === undefined || BigDecimal.equals(amount, counted)
      ? counted
      : yield* Params.invalid("contracts", "must agree with amount")
  })

type Price = BigDecimal.BigDecimal | undefined

// A post-only order that would cross goes beside the best price of the other side, unless it is to be rejected.
const aside = (side: Engine.Side, price: Price, listing: DeribitListing, params: Params.Params, world: World) => {
  const { asks, bids } = Engine.book(world.engine, listing.id, 1)
  const best = (side === "buy" ? asks : bids)[0]?.price
  const [meets, next] = side === "buy"
    ? [BigDecimal.greaterThanOrEqualTo, BigDecimal.subtract]
    : [BigDecimal.lessThanOrEqualTo, BigDecimal.sum]
  if (price === undefined || best === undefined || !meets(price, best)) return Either.right(price)
  return Params.flag(params, "reject_post_only")
    ? Params.refuse(11054, "post_only_reject")
    : Either.right(next(best, listing.tickSize))
}

const within = (side: Engine.Side, price: Price, listing: DeribitListing, world: World): Params.Read<void> => {
  const { max_price, min_price } = band(listing, world)
  if (price !== undefined && side === "buy" && BigDecimal.greaterThan(price, max_price)) {
    return Params.refuse(10007, `price_too_high ${plain(max_price)}`)
  }
  return price !== undefined && side === "sell" && BigDecimal.lessThan(price, min_price)
    ? Params.refuse(10005, `price_too_low ${plain(min_price)}`)
    : Either.void
}

/** @internal */
export const place = (side: Engine.Side): Params.Answer => (params, world) =>
  Either.gen(function*() {
    const listing = yield* Params.listingOf(params, "traded")
    const instrument = listing.id
    if (listing.instrument === undefined) return yield* Params.refuse(10012, "book_closed")
    yield* inTime(params, world)
    const type = yield* Params.oneOf(params, "type", ["limit", "market"], "limit")
    const word = yield* Params.oneOf(params, "time_in_force", Object.keys(timesInForce), "good_til_cancelled")
    const timeInForce = timesInForce[word]
    const amount = yield* amountOf(params, listing)
    if (amount === undefined) return yield* Params.invalid("amount", "value required")
    const wanted = type === "limit" ? yield* Params.decimal(params, "price") : undefined
    if (type === "limit" && wanted === undefined) return yield* Params.invalid("price", "value required")
    const clientOrderId = params["label"]
    if (clientOrderId !== undefined && clientOrderId.length > 64) return yield* Params.invalid("label", "too long")
    const [postOnly, reduceOnly] = [Params.flag(params, "post_only"), Params.flag(params, "reduce_only")]
    if (postOnly && (type === "market" || timeInForce !== "GTC")) {
      return yield* Params.invalid("post_only", "only for good_til_cancelled limit orders")
    }
    if (reduceOnly && listing.terms.kind === "spot") return yield* Params.invalid("reduce_only", "not for spot")
    const price = postOnly ? yield* aside(side, wanted, listing, params, world) : wanted
    const request = { instrument, side, type, price, amount, timeInForce, postOnly, reduceOnly, clientOrderId }
    const [order, engine] = yield* Either.mapLeft(Engine.place(world.engine, request, world.now), explain)
    yield* within(side, price, listing, world)
    return [{ order: orderRow({ order, listing }), trades: fillRows(engine, { order, listing }) }, engine]
  })

const unfilled = (params: Params.Params, world: World) =>
  Either.flatMap(
    named(params, world),
    (one) => one.order.status === "filled" ? Params.refuse(11008, "already_filled") : Either.right(one)
  )

/** @internal */
export const edit: Params.Answer = (params, world) =>
  Either.gen(function*() {
    const { listing, order: { id, postOnly, side } } = yield* unfilled(params, world)
    yield* inTime(params, world)
    const amount = yield* amountOf(params, listing)
    const wanted = yield* Params.decimal(params, "price")
    const price = postOnly ? yield* aside(side, wanted, listing, params, world) : wanted
    const change = Engine.amend(world.engine, id, { price, amount }, world.now)
    const [order, engine] = yield* Either.mapLeft(change, explain)
    yield* within(side, price, listing, world)
    const trades = fillRows(engine, { order, listing }, Engine.fillsOf(world.engine, id).length)
    return [{ order: orderRow({ order, listing }, true), trades }, engine]
  })

/** @internal */
export const cancel: Params.Answer = (params, world) =>
  Either.gen(function*() {
    const { listing, order: { id } } = yield* unfilled(params, world)
    const [order, engine] = yield* Either.mapLeft(Engine.cancel(world.engine, id, world.now), explain)
    return [orderRow({ order, listing }), engine]
  })

/** @internal Cancels what is open and meant by the parameters, and counts it. */
export const cancelAll = (...names: ReadonlyArray<string>): Params.Answer => (params, world) =>
  Either.map(Params.needed(params, names), () => {
    const meant = listed(Engine.openOrders(world.engine)).filter(keeps(params))
    const engine = meant.reduce((rest, { order: { id } }) => {
      const done = Engine.cancel(rest, id, world.now)
      return Either.isRight(done) ? done.right[1] : rest
    }, world.engine)
    return [meant.length, engine]
  })
