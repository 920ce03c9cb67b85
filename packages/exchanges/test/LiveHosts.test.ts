import { Binance } from "@effect-exchange/binance"
import { Bybit } from "@effect-exchange/bybit"
import { OrderJournal } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Okx } from "@effect-exchange/okx"
import { Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import type { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Layer, Redacted, Struct } from "effect"
import { Exchanges } from "../src/index.js"
import { registry } from "./support/registry.js"

type Id = Exchanges.ExchangeId

const credentials = {
  key: Redacted.make("key"),
  secret: Redacted.make("c2VjcmV0"),
  passphrase: Redacted.make("phrase")
}

const building = <A, E>(layer: Layer.Layer<A, E, HttpClient.HttpClient | OrderJournal.OrderJournal>) =>
  Layer.build(layer).pipe(
    Effect.provide([ScriptedHttp.layer(() => ScriptedHttp.json({})), OrderJournal.layerNone]),
    Effect.scoped,
    Effect.either,
    Effect.map(Either.match({ onLeft: String, onRight: () => "built" }))
  )

const built = (id: Id, baseUrl: string, trading?: "enabled") => {
  const options: Exchange.TradingOptions = { environment: { name: "mine", baseUrl }, trading, credentials }
  return building(Exchanges.layerTrading(id, options))
}

describe("trading at a custom base URL", () => {
  for (const [id, { live }] of Struct.entries(registry)) {
    it.effect(`is refused at a host that may be live unless it is enabled: ${id}`, () =>
      Effect.gen(function*() {
        for (const origin of live) {
          const refused = yield* built(id, origin)
          assert.include(refused, "trading", origin)
          assert.include(refused, "neither a loopback address nor a test host", origin)
          assert.strictEqual(yield* built(id, origin, "enabled"), "built", origin)
        }
      }))
  }

  for (const [id, { harmless }] of Struct.entries(registry)) {
    it.effect(`need not be enabled at the loopback and at test hosts: ${id}`, () =>
      Effect.gen(function*() {
        for (const origin of [...harmless, "http://localhost", Simulator.environment(id).baseUrl]) {
          assert.strictEqual(yield* built(id, origin), "built", origin)
        }
      }))
  }

  it.effect("reports an invalid base URL first", () =>
    Effect.map(built("binance", "http://api.binance.com"), (refused) => assert.include(refused, "plain http")))
})

describe("trading in a region", () => {
  it.effect("is refused unless it is enabled, except in demo environments", () =>
    Effect.gen(function*() {
      for (const environment of ["ae", "eu", "ge", "id", "kz", "nl", "tr"] as const) {
        assert.include(yield* building(Bybit.layer({ environment, credentials })), "trading", environment)
        assert.strictEqual(yield* building(Bybit.layer({ environment, credentials, trading: "enabled" })), "built")
      }
      assert.include(yield* building(Binance.layer({ environment: "us", credentials })), "trading")
      assert.strictEqual(
        yield* building(Binance.layer({ environment: "us", credentials, trading: "enabled" })),
        "built"
      )
      for (const environment of ["eea", "us"] as const) {
        assert.include(yield* building(Okx.layer({ environment, credentials })), "trading", environment)
        assert.strictEqual(yield* building(Okx.layer({ environment, credentials, trading: "enabled" })), "built")
      }
      const demos = yield* Effect.all([
        building(Binance.layer({ environment: "demo", credentials })),
        building(Bybit.layer({ environment: "demo", credentials })),
        building(Okx.layer({ environment: "eea-demo", credentials })),
        building(Okx.layer({ environment: "us-demo", credentials }))
      ])
      assert.deepStrictEqual(demos, ["built", "built", "built", "built"])
    }))
})
