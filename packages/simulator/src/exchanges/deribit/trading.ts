import * as Either from "effect/Either"
import * as Struct from "effect/Struct"
import * as Engine from "../../engine/Engine.js"
import { flag as isSet, type Input } from "../../internal/inputs.js"
import * as Trading from "../../internal/trading.js"
import type { World } from "../../World.js"
import { fillRow, keeps, named, orderRow } from "./account.js"
import { type DeribitListing, open } from "./markets.js"
import * as Params from "./params.js"

const { invalid, refuse, traded } = Params
const { checked, decimal, flag, integer, needed, oneOf, optional, routing } = Params.readers

const needs = "trade:read_write"
const { does: trade } = routing({ meter: "trading", needs })
const { does: tradeAll } = routing({ meter: "cancel_all", needs })

const refusals: Readonly<Record<Trading.Refusal, Params.Read<never>>> = {
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

const steps = Trading.steps((refusal) => refusals[refusal])

const inTime = checked(
  { until: integer("valid_until", Infinity) },
  ({ until }, { now }) => now > until ? refuse(13888, "timed_out") : Either.void
)

// Encodes an order that was placed or changed, with the fills of this request.
const taken = (done: Trading.Done<Params.Refusal>, listing: DeribitListing, world: World) =>
  Either.map(done, ([order, engine]) => {
    const earlier = Engine.fillsOf(world.engine, order.id).length
    const trades = Engine.fillsOf(engine, order.id).slice(earlier).map((fill) => fillRow({ fill, listing, order }))
    return [{ order: orderRow({ listing, order }), trades }, engine] as const
  })

const crossing = (input: Input) =>
  Either.right<Engine.Crossing>(isSet(input, "reject_post_only") ? "refuses" : "slides")

const price = decimal("price")

const times = { good_til_cancelled: "GTC", immediate_or_cancel: "IOC", fill_or_kill: "FOK" } as const

const newTerms = {
  listing: traded,
  inTime,
  amount: needed("amount", decimal("amount")),
  type: oneOf("type", ["limit", "market"], "limit"),
  time: oneOf("time_in_force", Struct.keys(times), "good_til_cancelled"),
  clientOrderId: optional("label", /^.{0,64}$/s, "too long"),
  postOnly: flag("post_only"),
  reduceOnly: flag("reduce_only"),
  crossing
}

const place = (side: Engine.Side) =>
  trade(newTerms, ({ listing, time, type, ...asked }, world, input) =>
    Either.gen(function*() {
      const isSpot = listing.terms.kind === "spot"
      if (asked.postOnly && (type === "market" || time !== "good_til_cancelled")) {
        return yield* invalid("post_only", "only for good_til_cancelled limit orders")
      }
      if (asked.reduceOnly && isSpot) return yield* invalid("reduce_only", "not for spot")
      if (type === "market" && isSpot && time !== "good_til_cancelled") {
        return yield* invalid("time_in_force", "not for market orders on spot")
      }
      const terms = type === "limit" ? { price: yield* needed("price", price)(input, world) } : {}
      const order = { ...asked, ...terms, instrument: listing.id, side, type, timeInForce: times[time] }
      return yield* taken(steps.place(world, order), listing, world)
    }))

/** @internal */
export const routes = {
  "private/buy": place("buy"),
  "private/sell": place("sell"),
  "private/edit": trade(
    { named, inTime, price, amount: decimal("amount"), crossing },
    ({ named: { listing, order }, ...change }, world) => taken(steps.amend(world, order.id, change), listing, world)
  ),
  "private/cancel": trade(
    { named },
    ({ named: { listing, order } }, world) =>
      Either.map(steps.cancel(world, order.id), ([order, next]) => [orderRow({ order, listing }), next])
  ),
  // Returns the number of canceled orders.
  "private/cancel_all_by_instrument": tradeAll({ traded }, (_, { engine, now }, input) => {
    const meant = open(engine).filter(keeps(input)).map(({ order }) => order)
    return Either.right([meant.length, Engine.cancelEach(engine, meant, now)])
  })
}
