import { Decimal, Market, Order } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import type { TradingCase } from "../ContractCase.js"
import { about } from "./defineCase.js"
import { Broken, ensure, fits, refused } from "./judging.js"
import {
  amountAt,
  crossing,
  define,
  ended,
  ensureNoEffect,
  equal,
  eventually,
  farRequest,
  freshName,
  idsNamed,
  placeFar,
  quote,
  type Scene
} from "./scene.js"

const half = BigDecimal.make(5n, 1)

const matchesRequest = (
  { subject, trading }: Scene,
  asked: Effect.Effect.Success<ReturnType<typeof farRequest>>,
  order: Order.Order
): Effect.Effect<void, Broken> =>
  Effect.gen(function*() {
    yield* fits(Order.Order, "the order", order)
    yield* ensure(
      order.exchange === trading.exchange && order.symbol === asked.symbol && order.side === asked.side &&
        order.type === "limit",
      () =>
        `the order is another than requested: a ${order.type} order to ${order.side} ${order.symbol} on ${order.exchange}`
    )
    yield* ensure(
      !Order.isClosed(order) && BigDecimal.isZero(order.filled),
      () => `an order far from the market is ${order.status} on ${subject.name}, or partly filled`
    )
    yield* ensure(
      equal(order.price, asked.price) && equal(order.amount, asked.amount),
      () => "the price or the amount of the order differs from the request"
    )
    yield* ensure(order.clientOrderId !== undefined, () => "the order has no client order id")
  })

const placing = [
  define(
    about("TR-01", "a limit order far from the market is open with the requested price and amount"),
    (scene) =>
      Effect.gen(function*() {
        const asked = yield* farRequest(scene)
        yield* matchesRequest(scene, asked, yield* scene.trading.place(asked))
      })
  ),
  define(
    about("TR-02", "an open order is listed among the open orders of its market and of all markets"),
    (scene) =>
      Effect.gen(function*() {
        const { account, market, other } = scene
        const { id } = yield* placeFar(scene)
        const has = (symbol?: string) =>
          eventually(Effect.flatMap(
            account.openOrders(symbol),
            (open) =>
              ensure(
                open.some((order) => order.id === id),
                () => `the order is not among the open orders of ${symbol ?? "all markets"}`
              )
          ))
        yield* has(market.symbol)
        yield* has()
        if (other === undefined) return
        yield* ensure(
          !(yield* account.openOrders(other.symbol)).some((order) => order.id === id),
          () => `the order is listed among the open orders of ${other.symbol}`
        )
      })
  ),
  define(
    about("TR-03", "an order is found by each of its ids, with its exact price and amount"),
    (scene) =>
      Effect.gen(function*() {
        const { account, market, trading } = scene
        const { lotSize = Decimal.zero, symbol } = market
        const far = yield* farRequest(scene)
        const tickSize = Market.tickSizeAt(market, far.price) ?? Decimal.zero
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
          yield* ensure(found.id === id && found.clientOrderId === clientOrderId, () =>
            "the lookup returned another order")
          yield* matchesRequest(scene, asked, found)
        }
      })
  ),
  define(
    about("TR-04", "a price off the tick size or an amount off the lot size is refused before anything is sent"),
    (scene) =>
      Effect.gen(function*() {
        const { market, subject: { observer }, trading } = scene
        const { lotSize } = market
        const far = yield* farRequest(scene)
        const tickSize = Market.tickSizeAt(market, far.price)
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
    about("TR-05", "a price or an amount that is off is rounded in the order's favor on request"),
    (scene) =>
      Effect.gen(function*() {
        const { market, market: { lotSize } } = scene
        const far = yield* farRequest(scene)
        const tickSize = Market.tickSizeAt(market, far.price)
        const order = yield* scene.trading.place({
          ...far,
          price: tickSize === undefined ? far.price : off(far.price, tickSize),
          amount: lotSize === undefined ? far.amount : off(far.amount, lotSize),
          round: true
        })
        yield* matchesRequest(scene, far, order)
      })
  )
]

const off = (value: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  BigDecimal.sum(value, BigDecimal.multiply(step, half))

const kinds = [
  define(
    about("TR-09", "a post-only order that would trade immediately does not trade"),
    (scene) =>
      Effect.gen(function*() {
        const { account, market, trading } = scene
        const { ask } = yield* quote(scene, market)
        const price = crossing(market, ask)
        const before = (yield* account.fills(market.symbol)).length
        yield* ensureNoEffect(
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
        yield* ensure((yield* account.fills(market.symbol)).length === before, () => "the post-only order was filled")
      })
  ),
  ...(["IOC", "FOK"] as const).map((timeInForce, index) =>
    define(
      about(
        `TR-1${index}`,
        `an ${timeInForce} order fills immediately ${
          timeInForce === "IOC" ? "as far as possible" : "and completely"
        }, or not at all`,
        [],
        (features) =>
          features.timeInForce.includes(timeInForce)
            ? undefined
            : `${features.name} does not support ${timeInForce} orders`
      ),
      (scene) =>
        Effect.gen(function*() {
          const { market, trading } = scene
          const far = yield* farRequest(scene)
          yield* ensureNoEffect(scene, trading.place({ ...far, timeInForce }))
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
            () =>
              `an ${timeInForce} order at a price above the market was not filled ${whole ? "" : "completely"}`.trim()
          )
          yield* ensure(
            whole === (order.status === "filled"),
            () => `an ${timeInForce} order is ${order.status}, but ${whole ? "all" : "not all"} of its amount is filled`
          )
        })
    )
  )
]

const names = [
  define(
    about("TR-12", "an order keeps the client order id that it is given, and is found by it"),
    (scene) =>
      Effect.gen(function*() {
        const { account, market: { symbol } } = scene
        const clientOrderId = yield* freshName(scene)
        const order = yield* placeFar(scene, { clientOrderId })
        yield* ensure(
          order.clientOrderId === clientOrderId,
          () => "the order has another client order id than requested"
        )
        const found = yield* eventually(account.order({ symbol, clientOrderId }))
        yield* ensure(found.id === order.id, () => "the lookup by client order id returned another order")
      })
  ),
  define(
    about("TR-13", "an invalid client order id is refused before anything is sent"),
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
      "a second order with the client order id of an open order is not placed",
      [],
      ({ deduplicates, name }) => deduplicates === "never" ? `${name} accepts duplicate client order ids` : undefined
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
            idsNamed(scene, clientOrderId),
            (all) => ensure(all.length > 0, () => "the account does not have the order")
          )
        )
        yield* ensure(
          again === id && all.length === 1,
          () => `${all.length} orders have the same client order id`
        )
      })
  )
]

/** @internal */
export const tradingCases: ReadonlyArray<TradingCase> = [...placing, ...kinds, ...names]
