import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { Decimal } from "../src/index.js"
import * as Identity from "../src/trading/internal/identity.js"
import * as SeenOrders from "../src/trading/internal/seenOrders.js"
import { bitcoin } from "./support/exchange.js"
import { openOrder as order } from "./support/orders.js"

describe("SeenOrders", () => {
  it.effect("returns the last reported state of an order that was reported before", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      seen.report(order())
      seen.report(order({ status: "filled" }))
      const found = yield* seen.first("known", ({ id }) => id === "1")
      assert.strictEqual(found.status, "filled")
    }))

  it.effect("waits for the next report of an order, whatever was reported before", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      seen.report(order())
      const waiting = yield* Effect.fork(seen.first("next", ({ id }) => id === "1"))
      yield* Effect.yieldNow()
      assert.isTrue(Option.isNone(yield* Fiber.poll(waiting)))
      seen.report(order({ id: "2" }))
      seen.report(order({ status: "canceled" }))
      assert.strictEqual((yield* Fiber.join(waiting)).status, "canceled")
    }))

  it.effect("ignores a report that is older than an earlier one", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      seen.report(order({ status: "filled", filled: Decimal.make("3") }))
      const waiting = yield* Effect.fork(seen.first("next", ({ id }) => id === "1"))
      yield* Effect.yieldNow()
      seen.report(order({ filled: Decimal.make("1") }))
      assert.strictEqual((yield* seen.first("known", ({ id }) => id === "1")).status, "filled")
      assert.isTrue(Option.isNone(yield* Fiber.poll(waiting)))
      seen.report(order({ status: "filled", filled: Decimal.make("3") }))
      assert.strictEqual((yield* Fiber.join(waiting)).status, "filled")
    }))

  it.effect("keeps the latest thousand orders", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      for (let id = 0; id < 1001; id++) seen.report(order({ id: String(id) }))
      const first = yield* Effect.fork(seen.first("known", ({ id }) => id === "0"))
      yield* Effect.yieldNow()
      assert.isTrue(Option.isNone(yield* Fiber.poll(first)))
      yield* Fiber.interrupt(first)
      assert.strictEqual((yield* seen.first("known", ({ id }) => id === "1")).id, "1")
    }))

  it("an order is ours only with our client order id, terms and time of creation", () => {
    const asked: Identity.Asked = {
      market: bitcoin,
      clientOrderId: "mine",
      side: "buy",
      type: "limit",
      amount: Decimal.make("3"),
      price: Decimal.make("100"),
      from: 1000,
      amendable: false,
      isLeftOpen: false,
      isAmended: () => false,
      wasKnown: () => false,
      isAnothers: () => false
    }
    assert.isTrue(Identity.matchesExactly(asked, order()))
    assert.isFalse(Identity.matchesExactly(asked, order({ clientOrderId: undefined })))
    assert.isFalse(Identity.matchesExactly(asked, order({ amount: Decimal.make("2") })))
    assert.isFalse(Identity.matchesExactly(asked, order({ createdAt: 999 })))
    assert.isTrue(Identity.isNamed({ market: bitcoin, id: "1" }, order()))
    assert.isFalse(Identity.isNamed({ market: bitcoin, clientOrderId: "mine" }, order({ clientOrderId: undefined })))
  })
})
