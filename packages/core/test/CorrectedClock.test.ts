import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { Decimal, ExchangeError, OrderJournal } from "../src/index.js"
import type { Desk } from "../src/trading/internal/desk.js"
import * as placing from "../src/trading/internal/placing.js"
import { reconcile } from "../src/trading/internal/reconciling.js"
import * as SeenOrders from "../src/trading/internal/seenOrders.js"
import { desk } from "./support/desk.js"
import { advanceUntilDone, bitcoin } from "./support/exchange.js"
import { openOrder } from "./support/orders.js"

const hours = (count: number): number => count * 3_600_000
const timedOut = new ExchangeError.RequestTimedOut({ exchange: "acme", operation: "place", detail: "no answer" })

describe("an order with an unknown outcome that was placed while the local clock was two hours ahead", () => {
  for (
    const [what, change] of [
      ["", {}],
      ["and the order was amended", { amount: Decimal.make("5"), updatedAt: hours(9) }]
    ] as const
  ) {
    it.effect(`is found by reconcile after the clock was corrected ${what}`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(hours(10))
        const journal = yield* OrderJournal.OrderJournal
        const placed = openOrder({ createdAt: hours(8), updatedAt: hours(8) })
        const found = Effect.succeed({ ...placed, ...change })
        const base = desk(SeenOrders.make(), found)
        const before: Desk = {
          ...base,
          adapter: { ...base.adapter, place: () => Effect.fail(timedOut) },
          account: { ...base.account, order: () => Effect.fail(timedOut) },
          markets: { ...base.markets, find: () => Effect.succeed(bitcoin) },
          journal: { ...base.journal, append: journal.append, open: journal.open },
          skew: Effect.succeed(hours(-2))
        }
        const { amount, clientOrderId, price, side, symbol } = placed
        yield* advanceUntilDone(
          Effect.flip(placing.place(before, { type: "limit", symbol, side, amount, price, clientOrderId }))
        )
        yield* TestClock.setTime(hours(9))
        const after: Desk = { ...before, account: base.account, skew: Effect.succeed(0) }
        const results = yield* advanceUntilDone(reconcile(after))
        assert.deepStrictEqual(results.map(({ _tag }) => _tag), ["Placed"])
      }).pipe(Effect.provide(OrderJournal.layerMemory)))
  }
})
