import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { Decimal, ExchangeError, type Trading } from "../src/index.js"
import * as changing from "../src/trading/internal/changing.js"
import { orderKey, type Ready } from "../src/trading/internal/desk.js"
import * as placing from "../src/trading/internal/placing.js"
import * as SeenOrders from "../src/trading/internal/seenOrders.js"
import { desk } from "./support/desk.js"
import * as Acme from "./support/exchange.js"
import { openOrder } from "./support/orders.js"

const advancingClock = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(self)
    yield* TestClock.adjust("2 minutes")
    return yield* Fiber.join(fiber)
  })

const earlier = openOrder({ id: "earlier", status: "filled", createdAt: undefined, updatedAt: undefined })
const { amount, clientOrderId = "", price, side } = earlier

const ready: Ready = {
  order: {
    market: Acme.bitcoin,
    clientOrderId,
    side,
    type: "limit",
    amount: amount ?? Decimal.make("1"),
    price,
    timeInForce: "GTC",
    postOnly: false,
    reduceOnly: false
  },
  isNamed: true,
  worth: Decimal.make("0"),
  at: 0,
  skew: 0
}

describe("a client order id that an earlier order had", () => {
  it.effect("cancels the later order, and does not return the earlier one", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      seen.report(earlier)
      const states = ["open", "canceled"] as const
      const later = Effect.sync(() =>
        openOrder({ id: "later", status: states[Math.min(readCount++, 1)] ?? "canceled" })
      )
      let readCount = 0
      const found = yield* advancingClock(changing.cancel(desk(seen, later), { market: Acme.bitcoin, clientOrderId }))
      assert.deepStrictEqual([found.id, found.status], ["later", "canceled"])
    }))

  it.effect("is NotPlaced if the later order was never accepted", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      seen.report(earlier)
      const about = { exchange: "acme", operation: "order", detail: "none" }
      const settled = placing.settle(
        desk(seen, new ExchangeError.OrderNotFound(about)),
        "place",
        ready,
        new ExchangeError.RequestTimedOut(about)
      )
      assert.strictEqual((yield* advancingClock(Effect.flip(settled)))._tag, "NotPlaced")
    }))

  it.effect("finds the later order if it was accepted without an id", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      seen.report(earlier)
      const later = Effect.delay(Effect.succeed(openOrder({ id: "later" })), "1 second")
      const accepted = placing.confirm(desk(seen, later), "place", ready, { _tag: "Accepted", id: undefined })
      assert.strictEqual((yield* advancingClock(accepted)).id, "later")
    }))

  it.effect("does not take the earlier order for the later one, which was lost within a minute after it", () =>
    Effect.gen(function*() {
      const store = new Acme.Store()
      const request = { type: "limit", symbol: "BTC/USDT", side: "buy", amount: "0.01", price: "60000" } as const
      const place = (trading: Trading.Trading.Service) => trading.place({ ...request, clientOrderId: "mine" })
      const outcomes = Acme.trade(store, (trading) =>
        Effect.gen(function*() {
          store.fates = ["answered", "lost before it arrived", "lost before it arrived"]
          yield* place(trading)
          store.inRead = (order) => ({ ...order, status: "filled", createdAt: undefined })
          yield* Effect.sleep("5 seconds")
          const found = yield* Effect.flip(place(trading))
          store.onlyListed.push(...store.orders.splice(0).map(store.inRead))
          return [found._tag, (yield* Effect.flip(place(trading)))._tag]
        }))
      assert.deepStrictEqual(yield* advancingClock(outcomes), ["OutcomeUnknown", "NotPlaced"])
    }))

  it.effect("waits for the report of the later order, and not for one more of the earlier order", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      const recent = { ...earlier, createdAt: 0 }
      const about = { exchange: "acme", operation: "order", detail: "none" }
      const trading = desk(seen, new ExchangeError.OrderNotFound(about))
      trading.placed.set(orderKey(recent), { ...recent, clientOrderId, at: -1, knownAt: 0 })
      seen.report(recent)
      const settled = placing.settle(trading, "place", ready, new ExchangeError.RequestTimedOut(about))
      assert.strictEqual((yield* advancingClock(Effect.flip(settled)))._tag, "NotPlaced")
    }))
})
