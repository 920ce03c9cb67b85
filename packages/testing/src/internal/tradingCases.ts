import { Order } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import type { TradingCase } from "../ContractCase.js"
import { about } from "./asking.js"
import { Broken, ensure, fits, refused } from "./judging.js"
import {
  amountAt,
  crossing,
  define,
  ended,
  equal,
  eventually,
  farRequest,
  freshName,
  named,
  placeFar,
  quote,
  type Scene,
  untaken
} from "./scene.js"

const zero = BigDecimal.fromBigInt(0n)
const half = BigDecimal.make(5n, 1)

const standsAsAsked = (
  { subject, trading }: Scene,
  asked: Effect.Effect.Success<ReturnType<typeof farRequest>>,
  order: Order.Order
): Effect.Effect<void, Broken> =>
  Effect.gen(function*() {
    yield* fits(Order.Order, "the order", order)
    yield* ensure(
      order.exchange === trading.exchange && order.symbol === asked.symbol && order.side === asked.side &&
        order.type === "limit",
      () => `the order is a ${order.type} order to ${order.side} ${order.symbol} on ${order.exchange}`
    )
    yield* ensure(
      !Order.isClosed(order) && BigDecimal.isZero(order.filled),
      () => `the order is ${order.status} on ${subject.name}, or filled in part, far from the market`
    )
    yield* ensure(
      equal(order.price, asked.price) && equal(order.amount, asked.amount),
      () => "the price or the amount of the order is not what was asked for, to the last digit"
    )
    yield* ensure(order.clientOrderId !== undefined, () => "the order has no client order id")
  })

const placing = [
  define(
    about("TR-01", "a limit order far from the market stands as it was asked for"),
    (scene) =>
      Effect.gen(function*() {
        const asked = yield* farRequest(scene)
        yield* standsAsAsked(scene, asked, yield* scene.trading.place(asked))
      })
  ),
  define(
    about("TR-02", "an order that stands is among the open ones of its market and of all"),
    (scene) =>
      Effect.gen(function*() {
        const { account, market, other } = scene
        const { id } = yield* placeFar(scene)
        const has = (symbol?: string) =>
          eventually(Effect.flatMap(
            account.openOrders(symbol),
            (open) => ensure(open.some((order) => order.id === id), () => `the order is not open in ${symbol ?? "any"}`)
          ))
        yield* has(market.symbol)
        yield* has()
        if (other === undefined) return
        yield* ensure(
          !(yield* account.openOrders(other.symbol)).some((order) => order.id === id),
          () => `the order is among those of ${other.symbol}`
        )
      })
  ),
  define(
    about("TR-03", "an order is found by each of its ids, exact to the last digit"),
    (scene) =>
      Effect.gen(function*() {
        const { account, market: { lotSize = zero, symbol, tickSize = zero }, trading } = scene
        const far = yield* farRequest(scene)
        const asked = {
          ...far,
          price: BigDecimal.sum(far.price, tickSize),
          amount: BigDecimal.sum(far.amount, lotSize)
        }
        const placed = yield* trading.place(asked)
        const { clientOrderId, id } = placed
        if (clientOrderId === undefined) return yield* new Broken({ detail: "the order has no client order id" })
        for (const reference of [{ symbol, id }, { symbol, clientOrderId }]) {
          const found = yield* eventually(account.order(reference))
          yield* ensure(found.id === id && found.clientOrderId === clientOrderId, () => "another order was found")
          yield* standsAsAsked(scene, asked, found)
        }
      })
  ),
  define(
    about("TR-04", "a price off the tick and an amount off the step are refused before anything is sent"),
    (scene) =>
      Effect.gen(function*() {
        const { market: { lotSize, tickSize }, subject: { observer }, trading } = scene
        const far = yield* farRequest(scene)
        const wrong = [
          ...tickSize === undefined ? [] : [{ ...far, price: off(far.price, tickSize) }],
          ...lotSize === undefined ? [] : [{ ...far, amount: off(far.amount, lotSize) }],
          { ...far, amount: "0" },
          { ...far, amount: "-1" },
          { ...far, price: "1e3" },
          { ...far, postOnly: true, timeInForce: "IOC" as const }
        ]
        const before = yield* observer?.sent ?? Effect.succeed(0)
        for (const request of wrong) {
          yield* refused(trading.place(request), {
            tag: "InvalidRequest",
            exchange: trading.exchange,
            operation: "place",
            input: request.symbol
          })
        }
        const sent = (yield* observer?.sent ?? Effect.succeed(0)) - before
        yield* ensure(sent === 0, () => `${sent} requests were sent, expected none`)
      })
  ),
  define(
    about("TR-05", "what is off is rounded in the order's favour when asked to"),
    (scene) =>
      Effect.gen(function*() {
        const { market: { lotSize, tickSize } } = scene
        const far = yield* farRequest(scene)
        const order = yield* scene.trading.place({
          ...far,
          price: tickSize === undefined ? far.price : off(far.price, tickSize),
          amount: lotSize === undefined ? far.amount : off(far.amount, lotSize),
          round: true
        })
        yield* standsAsAsked(scene, far, order)
      })
  )
]

const off = (value: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  BigDecimal.sum(value, BigDecimal.multiply(step, half))

const kinds = [
  define(about("TR-09", "a post-only order that would trade at once never does"), (scene) =>
    Effect.gen(function*() {
      const { account, market, trading } = scene
      const { ask } = yield* quote(scene, market)
      const price = crossing(market, ask)
      const before = (yield* account.fills(market.symbol)).length
      yield* untaken(
        scene,
        trading.place({
          type: "limit",
          symbol: market.symbol,
          side: "buy",
          price,
          amount: amountAt(market, price),
          postOnly: true
        })
      )
      yield* ensure((yield* account.fills(market.symbol)).length === before, () => "there is a fill of it")
    })),
  ...(["IOC", "FOK"] as const).map((timeInForce, index) =>
    define(
      about(
        `TR-1${index}`,
        `an ${timeInForce} order fills at once ${timeInForce === "IOC" ? "as far as it can" : "whole"}, or ends`,
        [],
        (features) =>
          features.timeInForce.includes(timeInForce) ? undefined : `${features.name} has no ${timeInForce} orders`
      ),
      (scene) =>
        Effect.gen(function*() {
          const { market, trading } = scene
          const far = yield* farRequest(scene)
          yield* untaken(scene, trading.place({ ...far, timeInForce }))
          const { ask } = yield* quote(scene, market)
          const price = crossing(market, ask)
          const amount = amountAt(market, price)
          const order = yield* Effect.flatMap(
            trading.place({ ...far, price, amount, timeInForce }),
            (placed) => ended(scene, placed)
          )
          const whole = equal(order.filled, amount)
          yield* ensure(
            BigDecimal.isPositive(order.filled) && (whole || timeInForce === "IOC"),
            () => `an ${timeInForce} order at a price above the market was not filled ${whole ? "" : "whole"}`.trim()
          )
          yield* ensure(
            whole === (order.status === "filled"),
            () => `an ${timeInForce} order is ${order.status}, and ${whole ? "all" : "not all"} of it is filled`
          )
        })
    )
  )
]

const names = [
  define(
    about("TR-12", "a client order id that is given is kept, and finds the order"),
    (scene) =>
      Effect.gen(function*() {
        const { account, market: { symbol } } = scene
        const clientOrderId = yield* freshName(scene)
        const order = yield* placeFar(scene, { clientOrderId })
        yield* ensure(order.clientOrderId === clientOrderId, () => "the order carries another client order id")
        const found = yield* eventually(account.order({ symbol, clientOrderId }))
        yield* ensure(found.id === order.id, () => "another order is found by the client order id")
      })
  ),
  define(
    about("TR-13", "a client order id that cannot be one is refused before anything is sent"),
    (scene) =>
      Effect.gen(function*() {
        const { subject: { observer }, trading } = scene
        const far = yield* farRequest(scene)
        const before = yield* observer?.sent ?? Effect.succeed(0)
        for (const clientOrderId of ["", "two words", "\u2603", "a&b=c", "1\n2", "9".repeat(1000)]) {
          yield* refused(trading.place({ ...far, clientOrderId }), {
            tag: "InvalidRequest",
            exchange: trading.exchange,
            operation: "place",
            input: clientOrderId
          })
        }
        const sent = (yield* observer?.sent ?? Effect.succeed(0)) - before
        yield* ensure(sent === 0, () => `${sent} requests were sent, expected none`)
      })
  ),
  define(
    about(
      "TR-14",
      "a second order under the client order id of one that stands is not placed",
      [],
      ({ deduplicates, name }) => deduplicates === "never" ? `${name} takes every order` : undefined
    ),
    (scene) =>
      Effect.gen(function*() {
        const { id, ...order } = yield* placeFar(scene)
        const clientOrderId = order.clientOrderId ?? ""
        const again = yield* Effect.matchEffect(placeFar(scene, { clientOrderId }), {
          onSuccess: (order) => Effect.succeed(order.id),
          onFailure: (error) => error._tag === "DuplicateOrder" ? Effect.succeed(id) : Effect.fail(error)
        })
        const all = yield* eventually(
          Effect.tap(
            named(scene, clientOrderId),
            (all) => ensure(all.length > 0, () => "the order is not in the account")
          )
        )
        yield* ensure(
          again === id && all.length === 1,
          () => `there are ${all.length} orders under one client order id`
        )
      })
  )
]

/** @internal */
export const tradingCases: ReadonlyArray<TradingCase> = [...placing, ...kinds, ...names]
