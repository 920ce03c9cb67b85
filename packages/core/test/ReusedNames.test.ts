import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Ref, TestClock } from "effect"
import { Decimal, ExchangeError, type Order, OrderGuards } from "../src/index.js"
import * as changing from "../src/trading/internal/changing.js"
import type { Desk, Ready } from "../src/trading/internal/desk.js"
import * as placing from "../src/trading/internal/placing.js"
import * as SeenOrders from "../src/trading/internal/seenOrders.js"
import { bitcoin, features } from "./support/exchange.js"
import { standing } from "./support/orders.js"

const no = Effect.dieMessage("not asked")

/** A desk whose exchange acknowledges, and shows an order under a name as the test says. */
const desk = (seen: SeenOrders.SeenOrders, order: Effect.Effect<Order.Order, ExchangeError.AccountError>): Desk => ({
  exchange: "acme",
  environment: "testnet",
  features,
  adapter: {
    clientOrderId: { pattern: /./, described: "anything", make: (hex) => hex },
    absentAfter: "5 seconds",
    place: () => no,
    placeBatch: undefined,
    cancel: () => Effect.succeedNone,
    cancelAll: () => no,
    amend: undefined
  },
  account: {
    balances: no,
    keyPermissions: no,
    openOrders: () => Effect.succeed([]),
    order: () => order,
    orderHistory: () => Effect.succeed([]),
    fills: () => no,
    positions: undefined
  },
  seen,
  markets: { all: no, find: () => no, use: () => no, byId: () => no },
  lastPrice: () => no,
  guards: {},
  spent: Ref.unsafeMake(OrderGuards.emptyTotal),
  givenBack: new Set(),
  journal: {
    append: () => Effect.void,
    open: Effect.succeed([]),
    account: Effect.succeed("mine"),
    accounts: Effect.succeed(new Set(["mine"])),
    since: () => Effect.succeed([]),
    written: new Map()
  },
  patience: "5 seconds",
  skew: Effect.succeed(0),
  underWay: new Set()
})

const elapsing = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(self)
    yield* TestClock.adjust("1 minute")
    return yield* Fiber.join(fiber)
  })

const earlier = standing({ id: "earlier", status: "filled", createdAt: undefined, updatedAt: undefined })
const { amount, clientOrderId = "", price, side } = earlier

const ready: Ready = {
  order: {
    market: bitcoin,
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
  at: 0
}

describe("a name that an order of before has had", () => {
  it.effect("does not make the cancel of another end as that order did", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      seen.tell(earlier)
      const states = ["open", "canceled"] as const
      const later = Effect.sync(() => standing({ id: "later", status: states[Math.min(asked++, 1)] ?? "canceled" }))
      let asked = 0
      const found = yield* elapsing(changing.cancel(desk(seen, later), { market: bitcoin, clientOrderId }))
      assert.deepStrictEqual([found.id, found.status], ["later", "canceled"])
    }))

  it.effect("does not make that order of another that was never taken", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      seen.tell(earlier)
      const about = { exchange: "acme", operation: "order", detail: "none" }
      const settled = placing.settle(
        desk(seen, new ExchangeError.OrderNotFound(about)),
        "place",
        ready,
        new ExchangeError.RequestTimedOut(about)
      )
      assert.strictEqual((yield* elapsing(Effect.flip(settled)))._tag, "NotPlaced")
    }))

  it.effect("does not make that order of another that was taken without an id", () =>
    Effect.gen(function*() {
      const seen = SeenOrders.make()
      seen.tell(earlier)
      const later = Effect.delay(Effect.succeed(standing({ id: "later" })), "1 second")
      const accepted = placing.confirm(desk(seen, later), "place", ready, { _tag: "Accepted", id: undefined })
      assert.strictEqual((yield* elapsing(accepted)).id, "later")
    }))
})
