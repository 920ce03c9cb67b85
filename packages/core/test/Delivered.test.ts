import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Delivered from "../src/adapter/internal/delivered.js"
import { Decimal, type Fill, Order } from "../src/index.js"
import { bitcoin } from "./support/exchange.js"
import { openOrder as order } from "./support/orders.js"

const lifecycle: ReadonlyArray<Order.Order> = [
  order({ status: "pending" }),
  order(),
  order({ filled: Decimal.make("1"), updatedAt: 1001 }),
  order({ filled: Decimal.make("1"), price: Decimal.make("101"), updatedAt: 1002 }),
  order({ filled: Decimal.make("2"), price: Decimal.make("101"), updatedAt: 1003 }),
  order({ filled: Decimal.make("2"), price: Decimal.make("101"), status: "canceled", updatedAt: 1004 })
]

const reported = (states: ReadonlyArray<Order.Order>): ReadonlyArray<Order.Order> => {
  const orders = Delivered.orders()
  return states.filter((order) => orders.take({ order, market: bitcoin }))
}

describe("new states of an order", () => {
  it("reports each state once", () => {
    assert.deepStrictEqual(reported(lifecycle), lifecycle)
    assert.deepStrictEqual(reported(lifecycle.flatMap((state) => [state, state])), lifecycle)
  })

  it("never reports an earlier state after a later one, and ends with the latest, in any order of arrival", () => {
    const states = FastCheck.array(FastCheck.integer({ min: 0, max: lifecycle.length - 1 }), {
      minLength: 1,
      maxLength: 20
    })
    FastCheck.assert(FastCheck.property(states, (places) => {
      const all = places.flatMap((place) => lifecycle[place] ?? [])
      const received = reported(all)
      const ranks = received.map((state) => lifecycle.indexOf(state))
      assert.deepStrictEqual(ranks, ranks.toSorted((one, other) => one - other))
      assert.strictEqual(new Set(ranks).size, ranks.length)
      assert.strictEqual(ranks.at(-1), Math.max(...places))
    }))
  })

  it("needs no timestamps: a closed order stays closed, and the filled amount never decreases", () => {
    const timeless = lifecycle.slice(1).map(({ createdAt: _, updatedAt: __, ...rest }): Order.Order => rest)
    const [open, , , , canceled] = timeless
    assert(open !== undefined && canceled !== undefined)
    assert.deepStrictEqual(reported([canceled, open, ...timeless]), [canceled])
    assert.deepStrictEqual(reported([{ ...open, filled: Decimal.make("2") }, open]).length, 1)
  })

  it("does not report a state that only omits fields", () => {
    assert.strictEqual(reported([order(), order({ price: undefined, amount: undefined })]).length, 1)
  })

  it("remembers open orders until they close, however many others close", () => {
    const orders = Delivered.orders()
    const take = (change: Partial<Order.Order>) => orders.take({ order: order(change), market: bitcoin })
    take({ id: "open" })
    for (let id = 0; id < 2000; id++) take({ id: String(id), status: "filled" })
    assert.isFalse(take({ id: "open" }))
    assert.isFalse(take({ id: "1999", status: "filled" }))
    assert.deepStrictEqual(orders.standing().map(({ order: { id } }) => id), ["open"])
    assert.isTrue(Order.isClosed(order({ status: "filled" })))
  })
})

describe("new fills of an account", () => {
  const fill: Fill.Fill = {
    exchange: "acme",
    symbol: bitcoin.symbol,
    id: "9007199254740993",
    orderId: "1",
    side: "buy",
    price: Decimal.make("100"),
    amount: Decimal.make("1"),
    liquidity: "maker",
    at: 1000
  }

  it("reports each fill once, and both sides of a self-trade", () => {
    const { take: isNews } = Delivered.fills()
    assert.deepStrictEqual([fill, fill].map(isNews), [true, false])
    assert.isTrue(isNews({ ...fill, orderId: "2", side: "sell" }))
    assert.isTrue(isNews({ ...fill, id: "9007199254740992" }))
  })
})
