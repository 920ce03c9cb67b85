import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { Decimal } from "../src/index.js"
import * as Identity from "../src/trading/internal/identity.js"
import * as SeenOrders from "../src/trading/internal/seenOrders.js"
import { bitcoin } from "./support/exchange.js"
import { standing as order } from "./support/orders.js"

describe("orders that feeds tell of", () => {
  it.effect("are found as they were told last, also by who comes late", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      seen.tell(order())
      seen.tell(order({ status: "filled" }))
      const found = yield* seen.first("known", ({ id }) => id === "1")
      assert.strictEqual(found.status, "filled")
    }))

  it.effect("are waited for, by who does not want what was told before", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      seen.tell(order())
      const waiting = yield* Effect.fork(seen.first("next", ({ id }) => id === "1"))
      yield* Effect.yieldNow()
      assert.isTrue(Option.isNone(yield* Fiber.poll(waiting)))
      seen.tell(order({ id: "2" }))
      seen.tell(order({ status: "canceled" }))
      assert.strictEqual((yield* Fiber.join(waiting)).status, "canceled")
    }))

  it.effect("are no older than they were told before, by whoever is behind", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      seen.tell(order({ status: "filled", filled: Decimal.make("3") }))
      const waiting = yield* Effect.fork(seen.first("next", ({ id }) => id === "1"))
      yield* Effect.yieldNow()
      seen.tell(order({ filled: Decimal.make("1") }))
      assert.strictEqual((yield* seen.first("known", ({ id }) => id === "1")).status, "filled")
      assert.isTrue(Option.isNone(yield* Fiber.poll(waiting)))
      seen.tell(order({ status: "filled", filled: Decimal.make("3") }))
      assert.strictEqual((yield* Fiber.join(waiting)).status, "filled")
    }))

  it.effect("are the latest thousand", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      for (let id = 0; id < 1001; id++) seen.tell(order({ id: String(id) }))
      const first = yield* Effect.fork(seen.first("known", ({ id }) => id === "0"))
      yield* Effect.yieldNow()
      assert.isTrue(Option.isNone(yield* Fiber.poll(first)))
      yield* Fiber.interrupt(first)
      assert.strictEqual((yield* seen.first("known", ({ id }) => id === "1")).id, "1")
    }))

  it("are ours only by our name: one alike without a name may be anybody's", () => {
    const asked: Identity.Asked = {
      market: bitcoin,
      clientOrderId: "mine",
      side: "buy",
      type: "limit",
      amount: Decimal.make("3"),
      price: Decimal.make("100"),
      from: 1000,
      amendable: false
    }
    assert.isTrue(Identity.matchesExactly(asked, order()))
    assert.isFalse(Identity.matchesExactly(asked, order({ clientOrderId: undefined })))
    assert.isFalse(Identity.matchesExactly(asked, order({ amount: Decimal.make("2") })))
    assert.isFalse(Identity.matchesExactly(asked, order({ createdAt: 999 })))
    assert.isTrue(Identity.isNamed({ market: bitcoin, id: "1" }, order()))
    assert.isFalse(Identity.isNamed({ market: bitcoin, clientOrderId: "mine" }, order({ clientOrderId: undefined })))
  })
})
