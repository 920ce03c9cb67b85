import { ExchangeError, type Order, OrderJournal, Trading } from "@effect-exchange/core"
import { Exchanges } from "@effect-exchange/exchanges"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, TestClock } from "effect"
import { everyNth } from "../../resilience/test/support/sample.js"

const symbol = "BTC/USDT"

/** The calls of trading. */
const callsOf = (
  trading: Trading.Trading.Service
): Record<string, Effect.Effect<unknown, ExchangeError.TradingError>> => ({
  place: trading.place({ type: "limit", symbol, side: "buy", amount: "0.01", price: "60000" }),
  cancel: trading.cancel({ symbol, id: "1" }),
  cancelAll: trading.cancelAll(symbol),
  amend: trading.amend({ symbol, id: "1" }, { price: "60000" })
})

const faults = {
  "is reset": Faults.make({ reset: 1 }),
  "never arrives": Faults.make({ drop: 1 }),
  "fails with status 500": Faults.make({ http500: 1 }),
  "is malformed": Faults.make({ malformed: 1 })
}

describe("an order fails as not placed if the listing", () => {
  const cases = Exchanges.ids.flatMap((id) => Object.entries(faults).map(([what, fault]) => ({ fault, id, what })))
  for (const { fault, id, what } of everyNth(3, cases)) {
    it.effect(`${id}: ${what}`, () =>
      Effect.gen(function*() {
        const trading = yield* Trading.Trading
        for (const [name, call] of Object.entries(callsOf(trading))) {
          const calling = yield* Effect.fork(Effect.flip(call))
          yield* TestClock.adjust("10 minutes")
          const error = yield* Fiber.join(calling)
          assert.notStrictEqual(error.outcome, "Unknown", `${name}: ${error.message}`)
          assert.isTrue(ExchangeError.isNotPlaced(error), `${name}: ${error.message}`)
        }
      }).pipe(
        Effect.provide(
          Exchanges.layerTrading(id, {
            environment: Simulator.environment(id),
            credentials: Simulator.credentials(id)
          }).pipe(Layer.provide([Simulator.layer(id, { faults: fault }), OrderJournal.layerMemory]))
        )
      ))
  }
})

const order = { type: "limit", symbol, side: "buy", amount: "0.01", price: "60000" } as const

/** What a call reads first, and on which exchanges. */
const needed: ReadonlyArray<{
  readonly what: string
  readonly by: ReadonlyArray<Exchanges.ExchangeId>
  readonly call: (
    trading: Trading.Trading.Service,
    placed: Order.Order
  ) => Effect.Effect<unknown, ExchangeError.TradingError>
}> = [
  {
    what: "the price of the last trade",
    by: Exchanges.ids,
    call: (trading) => trading.place(order)
  },
  {
    what: "the order to amend",
    by: Exchanges.ids.filter((id) => Exchanges.features(id).amend),
    call: (trading, placed) => trading.amend(placed, { price: "60001" })
  },
  {
    what: "the id of the order to cancel",
    by: ["coinbase", "deribit"],
    call: (trading, { clientOrderId = "" }) => trading.cancel({ symbol, clientOrderId })
  },
  {
    what: "the orders to cancel",
    by: ["coinbase", "kraken", "okx"],
    call: (trading) => trading.cancelAll(symbol)
  }
]

describe("an order fails as not placed if it cannot read", () => {
  const cases = needed.flatMap(({ by, call, what }) => by.map((id) => ({ call, id, what })))
  for (const { call, id, what } of everyNth(3, cases)) {
    it.effect(`${id}: ${what}`, () =>
      Effect.gen(function*() {
        const trading = yield* Trading.Trading
        const exchange = yield* Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get(id))
        const placing = yield* Effect.fork(trading.place(order))
        yield* TestClock.adjust("1 minute")
        const placed = yield* Fiber.join(placing)
        yield* exchange.setFaults(Faults.make({ reset: 1 }))
        const calling = yield* Effect.fork(Effect.flip(call(trading, placed)))
        yield* TestClock.adjust("10 minutes")
        const error = yield* Fiber.join(calling)
        assert.notStrictEqual(error.outcome, "Unknown", error.message)
        assert.isTrue(ExchangeError.isNotPlaced(error), error.message)
      }).pipe(
        Effect.provide(
          Exchanges.layerTrading(id, {
            environment: Simulator.environment(id),
            credentials: Simulator.credentials(id),
            guards: { priceBand: "0.5" }
          }).pipe(Layer.provideMerge(Simulator.layer(id)), Layer.provide(OrderJournal.layerMemory))
        )
      ))
  }
})
