import { type ExchangeError, Trading } from "@effect-exchange/core"
import { Engine, Simulator } from "@effect-exchange/simulator"
import { HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule, TestClock } from "effect"
import { Exchanges } from "../src/index.js"
import { far, isChange, recordRequests, symbol, trading } from "./support/exchanges.js"

const { clientOrderId: _, ...order } = far("")

const inTime = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(self, Effect.forever(TestClock.adjust("5 seconds")))

const unavailable = () =>
  HttpClientResponse.fromWeb(HttpClientRequest.get("http://127.0.0.1/"), new Response("down", { status: 503 }))

describe("cancelAll while a circuit is half-open", () => {
  const cancelsAll = (id: Exchanges.ExchangeId, circuit: "trading" | "trading.reads") => {
    let fails = false
    const intercepted = recordRequests(
      [],
      (answer, request) => fails && isChange(request) === (circuit === "trading") ? Effect.sync(unavailable) : answer,
      Simulator.layer(id)
    )
    return inTime(Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 2, 1, 12, 34, 56))
      const { cancel, cancelAll, place } = yield* Trading.Trading
      const { see } = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get(id))
      const first = yield* place(order)
      yield* place(order)
      yield* place(order)
      fails = true
      const failing: Effect.Effect<unknown, ExchangeError.TradingError> = circuit === "trading"
        ? cancel({ symbol, id: first.id })
        : cancelAll(symbol)
      const refused = yield* Effect.flip(failing).pipe(
        Effect.repeat({ until: ({ _tag }) => _tag === "CircuitOpen", times: 20 })
      )
      assert.strictEqual(refused._tag, "CircuitOpen")
      fails = false
      yield* Effect.sleep("2 minutes")
      yield* cancelAll(symbol)
      assert.lengthOf(yield* see(({ engine }) => Engine.openOrders(engine)), 0)
    })).pipe(
      Effect.provide(
        Layer.provideMerge(
          trading(id, { retry: { attempts: 1 }, breaker: { openFor: Schedule.spaced("1 minute") } }),
          intercepted
        )
      )
    )
  }

  for (const id of Exchanges.ids) {
    it.effect(`cancels every order on ${id}: that of trading`, () => cancelsAll(id, "trading"))
  }

  for (const id of ["coinbase", "kraken", "okx"] as const) {
    it.effect(`cancels every order on ${id}: that of what trading reads`, () => cancelsAll(id, "trading.reads"))
  }
})
