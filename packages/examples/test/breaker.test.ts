import { Binance } from "@effect-exchange/binance"
import { MarketData } from "@effect-exchange/core"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, TestClock } from "effect"

describe("a circuit breaker under TestClock", () => {
  it.effect("opens when the exchange is down and closes when it is back", () =>
    Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      const exchange = yield* Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get("binance"))

      yield* exchange.setFaults(Faults.make({ http500: 1 }))
      yield* Effect.exit(market.serverTime).pipe(Effect.repeatN(4))
      const sent = (yield* exchange.requests).length
      const refused = yield* Effect.flip(market.serverTime)
      assert.strictEqual(refused._tag, "CircuitOpen")
      assert.strictEqual((yield* exchange.requests).length, sent, "nothing is sent while it is open")

      yield* exchange.setFaults(Faults.none)
      yield* TestClock.adjust("1 second")
      assert.isAbove(yield* market.serverTime, 0)
    }).pipe(Effect.provide(simulated)))
})

const simulated = Binance.layerMarketData({
  environment: Simulator.environment("binance"),
  retry: { attempts: 1 }
}).pipe(Layer.provideMerge(Simulator.layer("binance")))
