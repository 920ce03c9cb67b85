import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Struct from "effect/Struct"
import * as Engine from "../../engine/Engine.js"
import { plain } from "../../engine/internal/decimal.js"
import { flag as isSet, type Input } from "../../internal/inputs.js"
import type { World } from "../../World.js"
import { band } from "./marketData.js"
import * as Markets from "./markets.js"
import { fillRows, keeps, named, orderRow } from "./orders.js"
import * as Params from "./params.js"

const { decimal, flag, invalid, oneOf, refuse } = Params

const needs = "trade:read_write"
const { does: trade } = Params.routing({ meter: "trading", needs })

const refusals: Readonly<Record<Engine.Refusal | Engine.CancelRefusal, Params.Read<never>>> = {
  UnknownInstrument: refuse(10012, "book_closed"),
  OffTick: refuse(10043, "price_wrong_tick"),
  OffLot: invalid("amount", "must be a multiple of the contract size"),
  TooSmall: refuse(10002, "qty_too_low"),
  NotionalTooSmall: refuse(10002, "qty_too_low"),
  InsufficientFunds: refuse(10009, "not_enough_funds"),
  NothingToReduce: refuse(11030, "other_reject reduce_only_no_position"),
  NoLiquidity: refuse(11030, "other_reject no_liquidity"),
  WouldCross: refuse(11054, "post_only_reject"),
  NotFound: refuse(10004, "order_not_found"),
  NotOpen: refuse(11044, "not_open_order"),
  AlreadyFilled: refuse(11008, "already_filled")
}

type Done = Either.Either<readonly [Engine.Order, Engine.Engine], keyof typeof refusals>

const explained = (done: Done) => Either.orElse(done, (refusal) => refusals[refusal])

const until = Params.integer("valid_until", Infinity)

const inTime = (input: Input, { now }: World): Params.Read<void> =>
  Either.flatMap(until(input), (until) => now > until ? refuse(13888, "timed_out") : Either.void)

const terms = {
  inTime,
  amount: decimal("amount"),
  contracts: decimal("contracts"),
  price: decimal("price"),
  crossing: (input: Input) => Either.right<Engine.Crossing>(isSet(input, "reject_post_only") ? "refuses" : "slides")
}

type Size = BigDecimal.BigDecimal | undefined

const amountOf = (amount: Size, contracts: Size, { terms }: Markets.DeribitListing): Params.Read<Size> => {
  const counted = contracts && BigDecimal.multiply(contracts, terms.lotSize)
  return amount === undefined || counted === undefined || BigDecimal.equals(amount, counted)
    ? Either.right(amount ?? counted)
    : invalid("contracts", "must agree with amount")
}

// Encodes an order that was placed or changed, with the fills of this request.
const taken = (done: Done, listing: Markets.DeribitListing, world: World, asked: Size, replaced = false) =>
  Either.gen(function*() {
    const [order, engine] = yield* explained(done)
    const { max_price, min_price } = band(listing, world)
    const price = asked && (order.price ?? asked)
    if (price && order.side === "buy" && BigDecimal.greaterThan(price, max_price)) {
      return yield* refuse(10007, `price_too_high ${plain(max_price)}`)
    }
    if (price && order.side === "sell" && BigDecimal.lessThan(price, min_price)) {
      return yield* refuse(10005, `price_too_low ${plain(min_price)}`)
    }
    const trades = fillRows(engine, { order, listing }, Engine.fillsOf(world.engine, order.id).length)
    return [{ order: orderRow({ order, listing }, replaced), trades }, engine] as const
  })

const times = { good_til_cancelled: "GTC", immediate_or_cancel: "IOC", fill_or_kill: "FOK" } as const

const newTerms = {
  listing: Params.traded,
  ...terms,
  type: oneOf("type", ["limit", "market"], "limit"),
  time: oneOf("time_in_force", Struct.keys(times), "good_til_cancelled"),
  clientOrderId: Params.optional("label", /^.{0,64}$/s, "too long"),
  postOnly: flag("post_only"),
  reduceOnly: flag("reduce_only")
}

const place = (side: Engine.Side) =>
  trade(newTerms, ({ listing, time, type, ...asked }, world) =>
    Either.gen(function*() {
      const amount = yield* amountOf(asked.amount, asked.contracts, listing)
      const price = type === "limit" ? asked.price : undefined
      if (amount === undefined) return yield* invalid("amount", "value required")
      if (type === "limit" && price === undefined) return yield* invalid("price", "value required")
      if (asked.postOnly && (type === "market" || time !== "good_til_cancelled")) {
        return yield* invalid("post_only", "only for good_til_cancelled limit orders")
      }
      const isSpot = listing.terms.kind === "spot"
      if (asked.reduceOnly && isSpot) return yield* invalid("reduce_only", "not for spot")
      if (type === "market" && isSpot && time !== "good_til_cancelled") {
        return yield* invalid("time_in_force", "not for market orders on spot")
      }
      const order = { ...asked, instrument: listing.id, side, type, price, amount, timeInForce: times[time] }
      return yield* taken(Engine.place(world.engine, order, world.now), listing, world, price)
    }))

// Cancels the open orders that match the parameters, and returns their number.
const cancelAll = <A>(needed: Params.Needed<A>) =>
  Params.routing({ meter: "cancel_all", needs }).does(needed, (_, { engine, now }, input) => {
    const meant = Markets.open(engine).filter(keeps(input)).map(({ order }) => order)
    return Either.right([meant.length, Engine.cancelEach(engine, meant, now)])
  })

/** @internal */
export const routes = {
  "private/buy": place("buy"),
  "private/sell": place("sell"),
  "private/edit": trade(
    { named, ...terms },
    ({ named: { listing, order }, price, ...asked }, world) =>
      Either.gen(function*() {
        const amount = yield* amountOf(asked.amount, asked.contracts, listing)
        const change = { price, amount, crossing: asked.crossing }
        return yield* taken(Engine.amend(world.engine, order.id, change, world.now), listing, world, price, true)
      })
  ),
  "private/cancel": trade({ named }, ({ named: { listing, order } }, { engine, now }) => {
    const canceled = explained(Engine.cancel(engine, order.id, now))
    return Either.map(canceled, ([order, next]) => [orderRow({ order, listing }), next])
  }),
  "private/cancel_all": cancelAll({}),
  "private/cancel_all_by_currency": cancelAll({ currency: Params.currency }),
  "private/cancel_all_by_instrument": cancelAll({ traded: Params.traded }),
  "private/cancel_by_label": cancelAll({ label: Params.label })
}
