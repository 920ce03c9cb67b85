import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Cause, ConfigProvider, Duration, Effect, Exit, Layer, Redacted } from "effect"
import { ExchangeClient } from "../src/adapter.js"
import { Account, Composite, Credentials, ExchangeError, ExchangeState, FeedItem, OrderJournal } from "../src/index.js"
import { NodeExchange } from "../src/node.js"
import * as Acme from "./support/acme.js"
import * as Store from "./support/exchange.js"
import { quoted, source } from "./support/sources.js"
import * as Wire from "./support/wire.js"

const setup = (options: ExchangeClient.Options) =>
  ExchangeClient.make(Acme.protocol, options).pipe(
    Effect.provide(ExchangeState.layer),
    Effect.provideService(HttpClient.HttpClient, Wire.make(() => Wire.ok()).client)
  )

const defectOf = <A, E>(exit: Exit.Exit<A, E>): unknown =>
  Exit.isFailure(exit) ? Cause.squash(exit.cause) : assert.fail("it was made")

describe("ExchangeClient.make: options out of range", () => {
  const cases: ReadonlyArray<readonly [name: string, options: ExchangeClient.Options]> = [
    ["attemptTimeout", { attemptTimeout: 0 }],
    ["attemptTimeout", { attemptTimeout: Number.NaN }],
    ["attemptTimeout", { attemptTimeout: Duration.zero }],
    ["attemptTimeout", { attemptTimeout: "-5 seconds" }],
    ["deadline", { deadline: -1 }],
    ["deadline", { deadline: [0, -1] }],
    ["retry,attempts", { retry: { attempts: 0 } }],
    ["retry,attempts", { retry: { attempts: 1.5 } }],
    ["retry,base", { retry: { base: Number.NaN } }],
    ["retry,max", { retry: { max: -1n } }],
    ["maxResponseBytes", { maxResponseBytes: 0 }],
    ["maxResponseBytes", { maxResponseBytes: Number.NaN }]
  ]
  for (const [path, options] of cases) {
    it.scoped(`fails with a ConfigError that names ${path}: ${String(Object.values(options)[0])}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(setup(options))
        assert.strictEqual(error._op, "InvalidData")
        assert.strictEqual(error._op === "InvalidData" ? String(error.path) : "", path)
        assert.include(String(error), "expected a ")
      }))
  }

  it.scoped("the limits of each range are accepted", () =>
    Effect.gen(function*() {
      for (
        const options of [
          { attemptTimeout: 1, deadline: Number.POSITIVE_INFINITY },
          { attemptTimeout: Duration.infinity, retry: { attempts: Number.POSITIVE_INFINITY, base: 0, max: 0 } },
          { retry: { attempts: 1 }, maxResponseBytes: Number.POSITIVE_INFINITY }
        ] satisfies ReadonlyArray<ExchangeClient.Options>
      ) {
        const client = yield* setup(options)
        assert.deepStrictEqual(yield* client.request(Acme.value, {}), { value: 1 })
      }
    }))
})

describe("other options out of range", () => {
  const config = Credentials.config("acme", "live")
  const provider = ConfigProvider.fromMap(new Map([["ACME_API_KEY", "key"], ["ACME_API_SECRET", "secret"]]), {
    pathDelim: "_"
  })

  it.effect("Credentials.fromConfig refuses a timeToLive that is not a duration", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Credentials.fromConfig(config, { timeToLive: Number.NaN }))
      assert.include(String(error), "timeToLive")
      const read = yield* Credentials.fromConfig(config, { timeToLive: 0 })
      assert.strictEqual(Redacted.value((yield* read.get).key), "key")
    }).pipe(Effect.withConfigProvider(provider)))

  it.scoped("the Layers of an exchange refuse a marketsMaxAge and a lookupPatience that are no durations", () =>
    Effect.gen(function*() {
      const { layer, layerMarketData } = Store.makeExchange(new Store.Store())
      const { credentials, environment } = Store
      const refused = yield* Effect.flip(Layer.build(layerMarketData({ environment, marketsMaxAge: Number.NaN })))
      assert.include(String(refused), "marketsMaxAge")
      const trading = layer({ environment, credentials, lookupPatience: -1 })
      const patience = yield* Effect.flip(Layer.build(Layer.provide(trading, OrderJournal.layerNone)))
      assert.include(String(patience), "lookupPatience")
    }).pipe(Effect.provide(Store.http)))

  it.scoped("a history from an instant that is none fails, and is not taken for an empty one", () =>
    Effect.gen(function*() {
      const { fills, orderHistory } = yield* Account.Account
      for (const since of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
        const reads = [Effect.asVoid(fills("BTC/USDT", { since })), Effect.asVoid(orderHistory("BTC/USDT", { since }))]
        for (const read of reads) {
          const error = yield* Effect.flip(read)
          assert.instanceOf(error, ExchangeError.InvalidRequest)
          assert.include(error.message, `${since} is not an instant in epoch milliseconds`)
        }
      }
      assert.deepStrictEqual(yield* fills("BTC/USDT", { since: 0 }), [])
    }).pipe(Effect.provide(Store.layer(new Store.Store()))))

  it("a buffer refuses a capacity without a bound", () => {
    for (const capacity of [Number.NaN, Number.POSITIVE_INFINITY, 0, 1.5]) {
      assert.throws(() => FeedItem.sliding(capacity), RangeError, "FeedItem.sliding: capacity: expected a whole number")
      assert.throws(() => FeedItem.failing(capacity), RangeError, "FeedItem.failing: capacity: expected a whole number")
    }
  })

  for (
    const [name, options] of [
      ["connections", { connections: 0 }],
      ["keepAlive", { keepAlive: Number.POSITIVE_INFINITY }],
      ["connectTimeout", { connectTimeout: Number.NaN }],
      ["connectTimeout", { connectTimeout: "30 days" }],
      ["maxBytes", { maxBytes: Number.NaN }]
    ] as const
  ) {
    it.scoped(`NodeExchange dies with a RangeError that names ${name}: ${String(Object.values(options)[0])}`, () =>
      Effect.gen(function*() {
        const defect = defectOf(yield* Effect.exit(Layer.build(NodeExchange.layerWith(options))))
        assert.instanceOf(defect, RangeError)
        assert.include(String(defect), `NodeExchange: ${name}: expected a `)
      }))
  }

  it.scoped("Composite.median needs as many sources as its minimum, which is 2 by default", () =>
    Effect.gen(function*() {
      const sources = [source("a", { price: quoted("a", "1") }).layer] as const
      const defect = defectOf(yield* Effect.exit(Layer.build(Composite.median({ sources }))))
      assert.include(
        String(defect),
        "minimumSources: expected a whole number from 1 to 1, the number of sources, found 2"
      )
      yield* Layer.build(Composite.median({ sources, minimumSources: 1 }))
    }))

  for (
    const [name, options] of [
      ["maximumAge", { maximumAge: Number.NaN }],
      ["patience", { patience: 0 }],
      ["hedgeAfter", { hedgeAfter: -1 }],
      ["lastKnown", { lastKnown: Number.NaN }],
      ["minimumSources", { minimumSources: 3 }],
      ["minimumSources", { minimumSources: 0 }],
      ["maximumDeviation", { maximumDeviation: "-0.1" }],
      ["maximumDeviation", { maximumDeviation: "2 %" }]
    ] as const
  ) {
    it.scoped(`Composite.median dies with a RangeError that names ${name}: ${String(Object.values(options)[0])}`, () =>
      Effect.gen(function*() {
        const sources = [
          source("a", { price: quoted("a", "1") }).layer,
          source("b", { price: quoted("b", "1") }).layer
        ] as const
        const defect = defectOf(yield* Effect.exit(Layer.build(Composite.median({ sources, ...options }))))
        assert.instanceOf(defect, RangeError)
        assert.include(String(defect), `Composite.median: ${name}: expected a `)
      }))
  }
})
