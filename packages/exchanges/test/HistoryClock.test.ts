import { Account, Trading } from "@effect-exchange/core"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, TestClock } from "effect"
import { Exchanges } from "../src/index.js"
import { symbol, trading } from "./support/exchanges.js"

describe("a history since an instant includes the latest rows, although the local clock is three hours", () => {
  const skews: ReadonlyArray<readonly [string, Faults.ClockSkew]> = [
    ["behind", { ahead: "3 hours" }],
    ["ahead", { behind: "3 hours" }]
  ]
  for (const [name, clockSkew] of skews) {
    for (const id of Exchanges.ids) {
      it.effect(`${name}: ${id}`, () =>
        Effect.gen(function*() {
          yield* TestClock.setTime(Date.UTC(2026, 2, 1, 12, 34, 56))
          const { place } = yield* Trading.Trading
          const { fills, orderHistory } = yield* Account.Account
          const order = yield* place({ type: "market", symbol, side: "buy", amount: "0.01" })
          yield* TestClock.adjust("1 minute")
          const since = order.createdAt
          assert(since !== undefined)
          const [fill] = yield* fills(symbol, { since, limit: 1000 })
          assert.strictEqual(fill?.orderId, order.id)
          const [found] = yield* orderHistory(symbol, { since, limit: 1000 })
          assert.strictEqual(found?.id, order.id)
        }).pipe(
          Effect.raceFirst(Effect.forever(TestClock.adjust("1 second"))),
          Effect.provide(Layer.provide(trading(id), Simulator.layer(id, { faults: Faults.make({ clockSkew }) })))
        ))
    }
  }
})
