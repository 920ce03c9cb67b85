import { MarketData } from "@effect-exchange/core"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream, TestClock } from "effect"
import type { Exchanges } from "../src/index.js"
import { marketData, symbol } from "./support/exchanges.js"

const hour = 3_600_000

/** Reads the candles of a minute between two instants, given in hours before the time by the exchange's clock. */
const candles = (id: Exchanges.ExchangeId, clockSkew: Faults.ClockSkew, from: number, to: number) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(Date.UTC(2026, 2, 10, 12))
    const { candles, serverTime } = yield* MarketData.MarketData
    const now = yield* serverTime
    const range = { from: now - from * hour, to: now - to * hour }
    return [...(yield* Stream.runCollect(candles(symbol, "1m", range)))].map(({ openTime }) => (now - openTime) / hour)
  }).pipe(
    Effect.raceFirst(Effect.forever(TestClock.adjust("1 second"))),
    Effect.provide(Layer.provide(marketData(id), Simulator.layer(id, { faults: Faults.make({ clockSkew }) })))
  )

describe("which candles the exchange still has is judged by its clock", () => {
  it.effect("if the local clock is three hours behind", () =>
    Effect.gen(function*() {
      const ahead: Faults.ClockSkew = { ahead: "3 hours" }
      const found = yield* candles("okx", ahead, 25, 4)
      assert.approximately(found[0] ?? 0, 25, 1 / 60)
      assert.strictEqual(found.length, 21 * 60)
      const error = yield* Effect.flip(candles("kraken", ahead, 13, 4))
      assert.strictEqual(error._tag, "Unsupported")
    }))

  it.effect("if the local clock is three hours ahead", () =>
    Effect.gen(function*() {
      const found = yield* candles("kraken", { behind: "3 hours" }, 11, 4)
      assert.approximately(found[0] ?? 0, 11, 1 / 60)
      assert.strictEqual(found.length, 7 * 60)
    }))
})
