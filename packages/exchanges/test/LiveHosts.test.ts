import { Binance } from "@effect-exchange/binance"
import { Bybit } from "@effect-exchange/bybit"
import { OrderJournal } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Okx } from "@effect-exchange/okx"
import { Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import type { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Layer, Redacted } from "effect"
import { Exchanges } from "../src/index.js"

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

const live: ReadonlyArray<readonly [Id, ...ReadonlyArray<string>]> = [
  [
    "binance",
    "https://api.binance.com",
    "https://api1.binance.com",
    "https://api-gcp.binance.com",
    "https://api.binance.us",
    "https://API.BINANCE.COM:443/",
    "https://testnet.binance.vision.evil.example"
  ],
  ["bitmex", "https://www.bitmex.com", "https://archive.example"],
  ["bybit", "https://api.bybit.com", "https://api.bytick.com", "https://api.bybit.eu", "https://api.bybit.com."],
  ["coinbase", "https://api.coinbase.com", "https://proxy.example"],
  ["deribit", "https://www.deribit.com", "https://test.deribit.com.evil.example"],
  ["kraken", "https://api.kraken.com", "https://93.184.216.34"],
  ["okx", "https://www.okx.com", "https://my.okx.com", "https://eea.okx.com", "https://us.okx.com"]
]

const harmless: ReadonlyArray<readonly [Id, ...ReadonlyArray<string>]> = [
  ["binance", "https://testnet.binance.vision", "https://Demo-API.binance.com", "https://api1.testnet.binance.vision"],
  ["bitmex", "https://testnet.bitmex.com"],
  ["bybit", "https://api-testnet.bybit.com", "https://api-demo.bybit.com"],
  ["coinbase", "https://api-sandbox.coinbase.com"],
  ["deribit", "https://test.deribit.com"],
  ["kraken", "https://localhost:8443"],
  ["okx", "http://127.0.0.1:8080"]
]

describe("trading at an address of one's own", () => {
  for (const [id, ...origins] of live) {
    it.effect(`is refused where it may be live, unless it is enabled: ${id}`, () =>
      Effect.gen(function*() {
        for (const origin of origins) {
          const refused = yield* built(id, origin)
          assert.include(refused, "trading", origin)
          assert.include(refused, "neither the loopback nor a test host", origin)
          assert.strictEqual(yield* built(id, origin, "enabled"), "built", origin)
        }
      }))
  }

  for (const [id, ...origins] of harmless) {
    it.effect(`needs no more at the loopback and at its test hosts: ${id}`, () =>
      Effect.gen(function*() {
        for (const origin of [...origins, "http://localhost", Simulator.environment(id).baseUrl]) {
          assert.strictEqual(yield* built(id, origin), "built", origin)
        }
      }))
  }

  it.effect("says what is wrong with a base URL before anything else", () =>
    Effect.map(built("binance", "http://api.binance.com"), (refused) => assert.include(refused, "plain http")))
})

describe("trading in a region", () => {
  it.effect("is refused unless it is enabled, or nothing there is real money", () =>
    Effect.gen(function*() {
      for (const environment of ["ae", "eu", "ge", "id", "kz", "nl", "tr"] as const) {
        assert.include(yield* building(Bybit.layer({ environment, credentials })), "trading", environment)
        assert.strictEqual(yield* building(Bybit.layer({ environment, credentials, trading: "enabled" })), "built")
      }
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
