import { Trading } from "@effect-exchange/core"
import { Engine, Faults, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, TestClock } from "effect"
import { Exchanges } from "../src/index.js"
import { far, symbol, trading } from "./support/exchanges.js"

const name = "3f1c2b4a6d8e4f0092a1c3e5d7f90b1d"

/** The name in the alphabet of every exchange. */
const named = (id: Exchanges.ExchangeId): string =>
  id === "kraken" ? name.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") : name

describe("an order that was just placed", () => {
  for (const id of Exchanges.ids) {
    it.effect(`is canceled by its client order id on ${id}, although it is not listed yet`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2026, 2, 1, 12, 34, 56))
        const simulators = yield* Simulator.Simulators
        const { see, setFaults } = yield* simulators.get(id)
        const { cancel, place } = yield* Trading.Trading
        yield* setFaults(Faults.make({ orderLag: "5 seconds" }))
        const placing = yield* Effect.fork(place(far(named(id))))
        yield* TestClock.adjust("4 seconds")
        yield* Fiber.join(placing)
        const canceling = yield* Effect.fork(cancel({ symbol, clientOrderId: named(id) }))
        yield* TestClock.adjust("4 seconds")
        const canceled = yield* Fiber.join(canceling)
        assert.strictEqual(canceled.status, "canceled")
        assert.lengthOf(yield* see(({ engine }) => Engine.openOrders(engine)), 0)
      }).pipe(Effect.provide(Layer.provideMerge(trading(id), Simulator.layer(id)))))
  }
})
