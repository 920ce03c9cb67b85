import type { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Exit, Layer, Option } from "effect"
import type { Exchange } from "../src/adapter.js"
import { Credentials, OrderJournal, Trading } from "../src/index.js"
import * as Acme from "./support/exchange.js"

const exchange = Acme.makeExchange(new Acme.Store())

const fromConfig = (entries: Record<string, string>) =>
  Effect.flatMap(Trading.Trading, ({ exchange }) => Effect.succeed(exchange)).pipe(
    Effect.provide(exchange.layerConfig({
      credentials: { key: Config.redacted("KEY"), secret: Config.redacted("SECRET") },
      environment: Config.literal("live", "testnet")("ENVIRONMENT"),
      trading: Config.option(Config.string("TRADING")).pipe(Config.map(Option.getOrUndefined))
    })),
    Effect.provide([Acme.http, OrderJournal.layerNone]),
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries({ KEY: "k", SECRET: "s", ...entries })))),
    Effect.exit
  )

describe("trading on the live exchange has to be enabled explicitly", () => {
  it.effect("by configuration", () =>
    Effect.gen(function*() {
      for (const trading of [{}, { TRADING: "" }, { TRADING: "yes" }, { TRADING: "ENABLED" }]) {
        const exit = yield* fromConfig({ ENVIRONMENT: "live", ...trading })
        assert.isTrue(Exit.isFailure(exit))
        assert.include(String(exit), "places orders with real money")
      }
      assert.isTrue(Exit.isSuccess(yield* fromConfig({ ENVIRONMENT: "live", TRADING: "enabled" })))
      assert.isTrue(Exit.isSuccess(yield* fromConfig({ ENVIRONMENT: "testnet" })))
    }))

  it.effect("by options, also without type checks", () =>
    Effect.gen(function*() {
      // @ts-expect-error: `trading: "enabled"` is missing
      const untyped: Exchange.TradingOptions = { credentials: Acme.credentials, environment: "live" }
      const error = yield* Effect.flip(Effect.scoped(Layer.build(exchange.layer(untyped)))).pipe(
        Effect.provide([Acme.http, OrderJournal.layerNone])
      )
      assert.include(String(error), "places orders with real money")
    }))

  it.effect("and the environment has no default, also without type checks", () =>
    Effect.gen(function*() {
      // @ts-expect-error: `environment` is missing
      const untyped: Exchange.TradingOptions = { credentials: Acme.credentials, trading: "enabled" }
      const error = yield* Effect.flip(Effect.scoped(Layer.build(exchange.layer(untyped)))).pipe(
        Effect.provide([Acme.http, OrderJournal.layerNone])
      )
      assert.include(String(error), "there is no default")
    }))

  it("by types", () => {
    const accepts = (options: Exchange.TradingOptions) => Layer.isLayer(exchange.layer(options))
    const { credentials, environment } = Acme
    assert.isTrue(accepts({ credentials, environment: "live", trading: "enabled" }))
    assert.isTrue(accepts({ credentials, environment: "testnet" }))
    assert.isTrue(accepts({ credentials, environment }))
    // @ts-expect-error: `trading: "enabled"` is missing
    accepts({ credentials, environment: "live" })
    // @ts-expect-error: `environment` is missing
    accepts({ credentials, trading: "enabled" })
    // @ts-expect-error: `environment` has no default
    accepts({ credentials })
  })

  it.effect("missing credentials are named, and the others are not shown", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.scoped(Layer.build(
        exchange.layer({ environment: "live", trading: "enabled" })
      ))).pipe(
        Effect.provide([Acme.http, OrderJournal.layerNone]),
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["ACME_API_KEY", "visible"]]), { pathDelim: "_" }))
      )
      assert.include(Credentials.describe(error), "ACME_API_SECRET is missing")
      assert.notInclude(String(error), "visible")
    }))
})

describe("an order journal", () => {
  it("is required by every Layer that trades, and merging it does not provide it", () => {
    const { credentials, environment } = Acme
    const isComplete = (layer: Layer.Layer<Trading.Trading, unknown, HttpClient.HttpClient>) => Layer.isLayer(layer)
    const trading = exchange.layer({ environment, credentials })
    const configured = exchange.layerConfig({
      credentials: Config.succeed(credentials),
      environment: Config.succeed(environment)
    })
    assert.isTrue(isComplete(Layer.provide(trading, OrderJournal.layerMemory)))
    assert.isTrue(isComplete(Layer.provide(trading, OrderJournal.layerNone)))
    assert.isTrue(isComplete(Layer.provide(configured, OrderJournal.layerNone)))
    // @ts-expect-error: no journal is provided
    isComplete(trading)
    // @ts-expect-error: no journal is provided
    isComplete(configured)
    // @ts-expect-error: merging does not provide the journal to the Layer that trades
    isComplete(Layer.mergeAll(trading, OrderJournal.layerMemory))
  })
})
