import { Decimal, type Fill, Order, type Position } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import type { TradingCase } from "../ContractCase.js"
import { about } from "./defineCase.js"
import { ensure, fits } from "./judging.js"
import {
  amountAt,
  define,
  down,
  ended,
  equal,
  eventually,
  farRequest,
  holding,
  placeFar,
  quote,
  type Scene
} from "./scene.js"

const sum = (values: ReadonlyArray<BigDecimal.BigDecimal>): BigDecimal.BigDecimal =>
  values.reduce(BigDecimal.sum, Decimal.zero)

/** Returns the fills of an order once they add up to its filled amount. */
const fillsOf = ({ account }: Scene, order: Order.Order) =>
  eventually(
    Effect.tap(
      Effect.map(account.fills(order.symbol), (fills) => fills.filter(({ orderId }) => orderId === order.id)),
      (fills) =>
        ensure(
          equal(order.filled, sum(fills.map(({ amount }) => amount))) && fills.length > 0,
          () => "the fills of the order do not add up to its filled amount"
        )
    )
  )

const change = (fills: ReadonlyArray<Fill.Fill>, asset: string, base: string, quote: string): BigDecimal.BigDecimal =>
  sum(fills.map((fill) => {
    const worth = BigDecimal.multiply(fill.price, fill.amount)
    const gross = asset === base ? fill.amount : asset === quote ? BigDecimal.negate(worth) : Decimal.zero
    const net = fill.side === "buy" ? gross : BigDecimal.negate(gross)
    return fill.feeAsset === asset ? BigDecimal.subtract(net, fill.fee ?? Decimal.zero) : net
  }))

/** Returns `true` if two amounts differ by rounding only. Exchanges round their bookings by far less than any fee. */
const isAbout = (one: BigDecimal.BigDecimal, other: BigDecimal.BigDecimal): boolean =>
  BigDecimal.lessThanOrEqualTo(
    BigDecimal.abs(BigDecimal.subtract(one, other)),
    BigDecimal.multiply(BigDecimal.abs(other), BigDecimal.make(1n, 4))
  )

const positionIn = (positions: ReadonlyArray<Position.Position>, symbol: string): BigDecimal.BigDecimal => {
  const found = positions.find((position) => position.symbol === symbol)
  return found === undefined ? Decimal.zero : found.side === "long" ? found.amount : BigDecimal.negate(found.amount)
}

/** Places a market order, and compares the changes of the account with the fills. */
const tradeAndCompare = (scene: Scene, request: Order.Request) =>
  Effect.gen(function*() {
    const { account, market: { base, kind, quote, symbol }, trading } = scene
    const assets = kind === "spot" ? [base, quote] : []
    const before = yield* Effect.forEach(assets, (asset) => holding(scene, asset))
    const held = kind === "spot" ? [] : yield* account.positions
    const order = yield* Effect.flatMap(trading.place(request), (placed) => ended(scene, placed))
    yield* fits(Order.Order, "the order", order)
    yield* ensure(
      order.type === "market" && order.side === request.side && BigDecimal.isPositive(order.filled),
      () => `the market order is unfilled or another than requested: a ${order.type} order that is ${order.status}`
    )
    const fills = yield* fillsOf(scene, order)
    yield* eventually(Effect.forEach(assets, (asset, index) =>
      Effect.flatMap(holding(scene, asset), ({ total }) =>
        ensure(
          isAbout(BigDecimal.subtract(total, before[index]?.total ?? Decimal.zero), change(fills, asset, base, quote)),
          () => `the change of the ${asset} balance differs from the fills and their fees`
        )), { discard: true }))
    if (kind !== "spot") {
      const traded = order.side === "buy" ? order.filled : BigDecimal.negate(order.filled)
      yield* eventually(Effect.flatMap(account.positions, (positions) =>
        ensure(
          equal(positionIn(positions, symbol), BigDecimal.sum(positionIn(held, symbol), traded)),
          () =>
            `the change of the position in ${symbol} differs from the filled amount`
        )))
    }
    return fills
  })

/** Buys a small amount with a market order. */
const buy = (scene: Scene) =>
  Effect.flatMap(quote(scene, scene.market), ({ ask }) =>
    scene.trading.place({
      type: "market",
      symbol: scene.market.symbol,
      side: "buy",
      amount: amountAt(scene.market, ask)
    }))

/** @internal */
export const fillingCases: ReadonlyArray<TradingCase> = [
  define(
    about("TR-06", "a market order is filled, and the account changes by its fills and their fees"),
    (scene) =>
      Effect.gen(function*() {
        const { market } = scene
        const { base, lotSize, symbol } = market
        const { ask } = yield* quote(scene, market)
        const order = { type: "market", symbol, amount: amountAt(market, ask) } as const
        const bought = yield* tradeAndCompare(scene, { ...order, side: "buy" })
        const amount = market.kind === "spot" ? down(change(bought, base, base, market.quote), lotSize) : order.amount
        yield* tradeAndCompare(scene, { ...order, side: "sell", amount })
      })
  ),
  define(about("TR-07", "the order history has canceled and filled orders"), (scene) =>
    Effect.gen(function*() {
      const { account, market: { symbol }, trading } = scene
      const canceled = yield* Effect.flatMap(placeFar(scene), ({ id }) => trading.cancel({ symbol, id }))
      const filled = yield* Effect.flatMap(buy(scene), (order) => ended(scene, order))
      const history = yield* eventually(Effect.tap(account.orderHistory(symbol), (history) =>
        ensure(
          [canceled, filled].every(({ id, status }) =>
            history.some((order) => order.id === id && order.status === status)
          ),
          () => "the history lacks an order that has ended, or has it with another status"
        )))
      const place = (id: string) => history.findIndex((order) => order.id === id)
      yield* ensure(place(canceled.id) < place(filled.id), () => "the history is not sorted oldest first")
    })),
  define(
    about("TR-08", "the amount that an order holds is not free until the order is canceled"),
    (scene) =>
      Effect.gen(function*() {
        const { market, trading } = scene
        if (market.kind !== "spot") return
        const before = yield* holding(scene, market.quote)
        const asked = yield* farRequest(scene)
        const { id, symbol } = yield* trading.place(asked)
        const worth = BigDecimal.multiply(asked.price, asked.amount)
        yield* eventually(Effect.flatMap(holding(scene, market.quote), ({ free, total }) => {
          const held = BigDecimal.subtract(before.free, free)
          return ensure(
            // Some exchanges also hold the fee.
            BigDecimal.between(held, {
              minimum: BigDecimal.multiply(worth, BigDecimal.make(99n, 2)),
              maximum: BigDecimal.multiply(worth, BigDecimal.make(105n, 2))
            }) && equal(total, before.total),
            () => `the order does not hold its cost in ${market.quote}, or the total of ${market.quote} changed`
          )
        }))
        yield* trading.cancel({ symbol, id })
        yield* eventually(Effect.flatMap(
          holding(scene, market.quote),
          ({ free }) =>
            ensure(equal(free, before.free), () =>
              `the free amount of ${market.quote} was not restored when the order was canceled`)
        ))
      })
  )
]
