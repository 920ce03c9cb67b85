import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as News from "../src/adapter/internal/news.js"
import { Decimal, type Fill, Order } from "../src/index.js"
import { bitcoin } from "./support/exchange.js"
import { standing as order } from "./support/orders.js"

const life: ReadonlyArray<Order.Order> = [
  order({ status: "pending" }),
  order(),
  order({ filled: Decimal.make("1"), updatedAt: 1001 }),
  order({ filled: Decimal.make("1"), price: Decimal.make("101"), updatedAt: 1002 }),
  order({ filled: Decimal.make("2"), price: Decimal.make("101"), updatedAt: 1003 }),
  order({ filled: Decimal.make("2"), price: Decimal.make("101"), status: "canceled", updatedAt: 1004 })
]

const told = (states: ReadonlyArray<Order.Order>): ReadonlyArray<Order.Order> => {
  const orders = News.orders()
  return states.filter((order) => orders.take({ order, market: bitcoin }))
}

describe("news of an order", () => {
  it("is each of its states, once", () => {
    assert.deepStrictEqual(told(life), life)
    assert.deepStrictEqual(told(life.flatMap((state) => [state, state])), life)
  })

  it("never goes back, in whatever order its states come, and ends with the last", () => {
    const states = FastCheck.array(FastCheck.integer({ min: 0, max: life.length - 1 }), { minLength: 1, maxLength: 20 })
    FastCheck.assert(FastCheck.property(states, (places) => {
      const all = places.flatMap((place) => life[place] ?? [])
      const heard = told(all)
      const ranks = heard.map((state) => life.indexOf(state))
      assert.deepStrictEqual(ranks, ranks.toSorted((one, other) => one - other))
      assert.strictEqual(new Set(ranks).size, ranks.length)
      assert.strictEqual(ranks.at(-1), Math.max(...places))
    }))
  })

  it("needs no instants: what ended stays so, and what is filled is not less", () => {
    const timeless = life.slice(1).map(({ createdAt: _, updatedAt: __, ...rest }): Order.Order => rest)
    const [open, , , , canceled] = timeless
    assert(open !== undefined && canceled !== undefined)
    assert.deepStrictEqual(told([canceled, open, ...timeless]), [canceled])
    assert.deepStrictEqual(told([{ ...open, filled: Decimal.make("2") }, open]).length, 1)
  })

  it("is nothing that only leaves something out", () => {
    assert.strictEqual(told([order(), order({ price: undefined, amount: undefined })]).length, 1)
  })

  it("keeps those that stand until they have ended, however many end", () => {
    const orders = News.orders()
    const take = (change: Partial<Order.Order>) => orders.take({ order: order(change), market: bitcoin })
    take({ id: "standing" })
    for (let id = 0; id < 2000; id++) take({ id: String(id), status: "filled" })
    assert.isFalse(take({ id: "standing" }))
    assert.isFalse(take({ id: "1999", status: "filled" }))
    assert.deepStrictEqual(orders.standing().map(({ order: { id } }) => id), ["standing"])
    assert.isTrue(Order.isClosed(order({ status: "filled" })))
  })
})

describe("news of fills", () => {
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

  it("are each once, and both sides of a trade with oneself", () => {
    const { take: isNews } = News.fills()
    assert.deepStrictEqual([fill, fill].map(isNews), [true, false])
    assert.isTrue(isNews({ ...fill, orderId: "2", side: "sell" }))
    assert.isTrue(isNews({ ...fill, id: "9007199254740992" }))
  })
})
