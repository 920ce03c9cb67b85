import { type Order, OrderJournal, Trading } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, TestClock } from "effect"
import { Exchanges } from "../src/index.js"
import { symbol } from "./support/exchanges.js"

const hour = 3_600_000
const evening = Date.UTC(2026, 2, 1, 18)

/** Every order is worth 300 USDT, so two of them fit in the limit of a day. */
const guards = { maxNotionalPerDay: { USDT: "700" } }
const worth300: Order.LimitRequest = { type: "limit", symbol, side: "buy", amount: "0.01", price: "30000" }

/** Runs a program with the Layer of an application. The exchange and the journal exist once for all applications. */
const application = <A, E>(
  use: (trading: Trading.Trading.Service) => Effect.Effect<A, E>
) =>
  Effect.flatMap(Trading.Trading, use).pipe(
    Effect.provide(Layer.fresh(Exchanges.layerTrading("binance", {
      environment: Simulator.environment("binance"),
      credentials: Simulator.credentials("binance"),
      guards
    })))
  )

const denied = (trading: Trading.Trading.Service) =>
  Effect.map(Effect.flip(trading.place(worth300)), ({ message }) => {
    assert.match(message, /the orders of the day would be worth 900(\.0+)? USDT, above the limit of 700 per day/)
  })

describe("the limit of a day", () => {
  it.effect("holds after the local clock was in the next day for a moment", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(evening)
      yield* application((trading) =>
        Effect.gen(function*() {
          yield* trading.place(worth300)
          yield* trading.place(worth300)
          yield* TestClock.setTime(evening + 12 * hour)
          yield* trading.place(worth300)
          yield* TestClock.setTime(evening + 1000)
          yield* denied(trading)
        })
      )
    }).pipe(Effect.provide(Layer.merge(Simulator.layer("binance"), OrderJournal.layerMemory))))

  it.effect("includes the orders of earlier runs that day, although the local clock was ahead at the start", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(evening)
      yield* application((trading) => Effect.zipRight(trading.place(worth300), trading.place(worth300)))
      yield* TestClock.setTime(evening + 8 * hour)
      yield* application((trading) => Effect.zipRight(TestClock.setTime(evening + 1000), denied(trading)))
    }).pipe(Effect.provide(Layer.merge(Simulator.layer("binance"), OrderJournal.layerMemory))))
})
