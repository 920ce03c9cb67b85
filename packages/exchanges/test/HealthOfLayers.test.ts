import { Health } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Exchanges } from "../src/index.js"

describe("health of an exchange", () => {
  it.effect("reports the capabilities of its Layers only", () =>
    Effect.gen(function*() {
      const { report } = yield* Health.Health
      const capabilities = Effect.map(report, ({ exchanges }) =>
        exchanges.map(({ breakers }) => breakers.map(({ capability }) => capability)))
      const environment = Simulator.environment("kraken")
      const credentials = Simulator.credentials("kraken")
      yield* Layer.build(Exchanges.layerMarketData("kraken", { environment }))
      yield* Layer.build(Exchanges.layerAccount("kraken", { environment, credentials }))
      assert.deepStrictEqual(yield* capabilities, [["marketData"], ["marketData", "account"]])
    }).pipe(Effect.scoped, Effect.provide([Health.layer, Simulator.layer(["kraken"])])))
})
