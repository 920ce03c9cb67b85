import { Binance } from "@effect-exchange/binance"
import { BitMex } from "@effect-exchange/bitmex"
import { Account, Credentials, MarketData, OrderJournal, Trading } from "@effect-exchange/core"
import { Kraken } from "@effect-exchange/kraken"
import { Okx } from "@effect-exchange/okx"
import { Simulator } from "@effect-exchange/simulator"
import * as Dialects from "@effect-exchange/simulator/Dialects"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import {
  Cause,
  ConfigProvider,
  type Context,
  Effect,
  Either,
  Fiber,
  Layer,
  LayerMap,
  Schema,
  Struct,
  TestClock
} from "effect"
import { readFileSync } from "node:fs"
import { Exchanges } from "../src/index.js"

const simulators = Simulator.layer(Exchanges.ids)

const simulated = <A, E>(
  effect: Effect.Effect<A, E, Exchanges.Exchanges | Simulator.Simulators>,
  options?: Exchanges.Options
) =>
  Effect.provide(
    effect,
    Layer.provideMerge(Exchanges.layer({ environment: Simulator.environment, ...options }), simulators)
  )

/** Counts the requests for the listing of an exchange. */
const listings = (id: Exchanges.ExchangeId) =>
  Effect.gen(function*() {
    const { get } = yield* Simulator.Simulators
    const requests = yield* Effect.flatMap(get(id), ({ requests }) => requests)
    return requests.filter(({ target }) => /exchangeInfo|instrument\/active/.test(target)).length
  })

const market = (symbol: string) => Effect.flatMap(MarketData.MarketData, (market) => market.market(symbol))

const on = (id: Exchanges.ExchangeId) => Effect.provide(market("BTC/USDT"), Exchanges.marketData(id))

describe("idleTimeToLive", () => {
  for (const idleTimeToLive of [-1, Number.NaN, "-1 seconds"] as const) {
    it.effect(`dies with a RangeError that names it: ${idleTimeToLive}`, () =>
      Effect.gen(function*() {
        const cause = yield* Effect.flip(Effect.sandbox(simulated(Effect.void, { idleTimeToLive })))
        assert.include(Cause.pretty(cause), "RangeError: Exchanges.layer: idleTimeToLive must be a duration")
      }))
  }
})

describe("ids", () => {
  it("are sorted, and have the names of exchanges.json", () => {
    const listed = Schema.decodeSync(Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.String })))(
      readFileSync(new URL("../../../exchanges.json", import.meta.url), "utf8")
    )
    assert.deepStrictEqual([...Exchanges.ids], Object.keys(listed).toSorted())
    assert.deepStrictEqual(Object.fromEntries(Exchanges.ids.map((id) => [id, Exchanges.features(id).name])), listed)
    // Every exchange has a simulator.
    assert.deepStrictEqual([...Simulator.exchangeIds], [...Exchanges.ids])
  })

  it("have a schema that accepts no other", () => {
    const decode = Schema.decodeUnknownEither(Exchanges.ExchangeId)
    for (const id of Exchanges.ids) assert.deepStrictEqual(decode(id), Either.right(id))
    for (const id of ["Binance", "nosuch", "", "constructor", "__proto__", undefined]) {
      assert.isTrue(Either.isLeft(decode(id)), String(id))
    }
  })
})

describe("layerMarketData", () => {
  for (const id of Exchanges.ids) {
    it.effect(`provides the requested exchange: ${id}`, () =>
      Effect.gen(function*() {
        const { exchange } = yield* MarketData.MarketData
        assert.strictEqual(exchange, id)
        assert.strictEqual((yield* market("BTC/USDT")).symbol, "BTC/USDT")
      }).pipe(
        Effect.provide(Exchanges.layerMarketData(id, { environment: Simulator.environment(id) })),
        Effect.provide(simulators)
      ))
  }
})

describe("layerAccount", () => {
  for (const id of Exchanges.ids) {
    it.effect(`names the credentials of ${id} that are missing, and shows none of the others`, () =>
      Effect.gen(function*() {
        const { passphrase, testnet } = Exchanges.features(id)
        const prefix = id.toUpperCase()
        const environments = [["live", prefix], ...testnet ? [["testnet", `${prefix}_TESTNET`] as const] : []] as const
        for (const [environment, prefix] of environments) {
          const missing = ["API_KEY", "API_SECRET", ...passphrase ? ["API_PASSPHRASE"] : []].map((name) =>
            `${prefix}_${name}`
          )
          const given = new Map<string, string>()
          while (missing.length > 0) {
            const error = yield* Effect.flip(Layer.build(Exchanges.layerAccount(id, { environment }))).pipe(
              Effect.withConfigProvider(ConfigProvider.fromMap(given, { pathDelim: "_" }))
            )
            assert.strictEqual(
              Credentials.describe(error),
              missing.map((name) => `${name} is missing`).join(" and ")
            )
            assert.notInclude(String(error), "never-shown")
            given.set(missing.shift() ?? "", "never-shown")
          }
        }
      }).pipe(Effect.scoped, Effect.provide(simulators)))
  }
})

describe("layer", () => {
  it.effect("builds each exchange once for concurrent callers", () =>
    simulated(Effect.gen(function*() {
      const found = yield* Effect.all(
        Struct.entries({ binance: "BTCUSDT", bitmex: "XBT_USDT" } as const).flatMap(([id, native]) =>
          Array.from({ length: 10 }, () => Effect.map(on(id), (market) => market.id === native))
        ),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(found, Array.from({ length: 20 }, () => true))
      assert.strictEqual(yield* listings("binance"), 1)
      assert.strictEqual(yield* listings("bitmex"), 1)
    })))

  it.effect("builds an exchange only when it is requested", () =>
    simulated(Effect.gen(function*() {
      yield* on("bitmex")
      assert.strictEqual(yield* listings("binance"), 0)
      assert.strictEqual(yield* listings("bitmex"), 1)
    })))

  it.effect("releases an exchange after exactly five minutes without use", () =>
    simulated(Effect.gen(function*() {
      yield* on("binance")
      yield* TestClock.adjust("299999 millis")
      yield* on("binance")
      assert.strictEqual(yield* listings("binance"), 1)
      // The exchange was used, so the time restarts.
      yield* TestClock.adjust("299999 millis")
      yield* on("binance")
      assert.strictEqual(yield* listings("binance"), 1)
      yield* TestClock.adjust("300000 millis")
      yield* on("binance")
      assert.strictEqual(yield* listings("binance"), 2)
    })))

  it.effect("keeps an exchange that is in use", () =>
    simulated(Effect.gen(function*() {
      yield* Effect.gen(function*() {
        yield* market("BTC/USDT")
        yield* TestClock.adjust("20 minutes")
        yield* on("binance")
      }).pipe(Effect.provide(Exchanges.marketData("binance")))
      assert.strictEqual(yield* listings("binance"), 1)
    })))

  it.effect("keeps an unused exchange for `idleTimeToLive`", () =>
    simulated(
      Effect.gen(function*() {
        yield* on("bitmex")
        yield* TestClock.adjust("9999 millis")
        yield* on("bitmex")
        assert.strictEqual(yield* listings("bitmex"), 1)
        yield* TestClock.adjust("10 seconds")
        yield* on("bitmex")
        assert.strictEqual(yield* listings("bitmex"), 2)
      }),
      { idleTimeToLive: "10 seconds" }
    ))

  it.effect("uses the live environment by default, in which BitMEX is closed", () =>
    Effect.gen(function*() {
      const closed = yield* Effect.flip(on("bitmex"))
      assert.strictEqual(closed._tag, "ExchangeClosed")
    }).pipe(Effect.provide(Exchanges.layer()), Effect.provide(simulators)))

  it.effect("fails only for the exchange whose base URL is refused", () =>
    simulated(
      Effect.gen(function*() {
        assert.isTrue(Either.isLeft(yield* Effect.either(on("binance"))))
        assert.strictEqual((yield* on("bitmex")).id, "XBT_USDT")
      }),
      {
        environment: (id) =>
          id === "binance" ? { name: "mine", baseUrl: "http://api.binance.com" } : Simulator.environment(id)
      }
    ))
})

describe("make", () => {
  const acme = { ...Dialects.dialects.okx, id: "acme" }
  const exchanges = Exchanges.make({ acme: Okx })
  const environment = Simulator.environment(acme)

  class Shared extends LayerMap.Service<Shared>()("Shared", {
    lookup: (id: typeof exchanges.ids[number]) =>
      exchanges.layerMarketData(id, { environment: id === "acme" ? environment : Simulator.environment(id) })
  }) {}

  it.effect("reads prices of every exchange, its own and the others", () =>
    Effect.gen(function*() {
      const price = Effect.flatMap(MarketData.MarketData, (market) => market.price("BTC/USDT"))
      const all = yield* Effect.fork(
        Effect.forEach(exchanges.ids, (id) => Effect.provide(price, Shared.get(id)), { concurrency: "unbounded" })
      )
      // Kraken allows one request per second.
      yield* TestClock.adjust("10 seconds")
      const prices = yield* Fiber.join(all)
      assert.strictEqual(prices.length, Exchanges.ids.length + 1)
      const { get } = yield* Simulator.Simulators
      const { requests } = yield* get(acme)
      assert.isAbove((yield* requests).length, 0)
    }).pipe(Effect.provide(Shared.Default), Effect.provide(Simulator.layer([...Exchanges.ids, acme]))))

  it.effect("provides the account and orders of another exchange", () =>
    Effect.gen(function*() {
      const orders = yield* Effect.flatMap(Account.Account, (account) => account.openOrders())
      assert.deepStrictEqual(orders, [])
      yield* Effect.flatMap(Trading.Trading, (trading) => trading.cancelAll("BTC/USDT"))
    }).pipe(
      Effect.provide(exchanges.layerTrading("acme", { environment, credentials: Simulator.credentials(acme) })),
      Effect.provide([Simulator.layer(acme), OrderJournal.layerNone])
    ))

  it("has its own ids and those of the others", () => {
    assert.deepStrictEqual([...exchanges.ids], [...Exchanges.ids, "acme"])
    assert.strictEqual(exchanges.features("acme").name, "OKX")
    assert.strictEqual(exchanges.features("kraken").name, "Kraken")
    expectTypeOf<typeof exchanges.ids[number]>().toEqualTypeOf<Exchanges.ExchangeId | "acme">()
  })

  it("replaces an exchange of the package by another one with its id", () => {
    const replaced = Exchanges.make({ okx: Kraken })
    assert.deepStrictEqual([...replaced.ids], [...Exchanges.ids])
    assert.strictEqual(replaced.features("okx").name, "Kraken")
  })

  it("refuses an id that it does not have", () => {
    // @ts-expect-error: there is no such exchange
    const use = () => exchanges.features("nosuch")
    assert.throws(use, RangeError, "there is no exchange \"nosuch\"")
    for (const id of ["constructor", "__proto__"]) {
      const others: Record<string, Exchanges.Listed> = {}
      assert.throws(() => Exchanges.make(others).features(id), RangeError)
    }
  })
})

describe("merged layers", () => {
  const merged = Layer.merge(
    Binance.layerMarketData({ environment: Simulator.environment("binance") }),
    BitMex.layerMarketData({ environment: Simulator.environment("bitmex") })
  )

  it.effect("keep the tags of both exchanges, and the shared tag of the last", () =>
    Effect.gen(function*() {
      const binance = yield* Binance.MarketData
      const bitmex = yield* BitMex.MarketData
      assert.strictEqual(binance.exchange, "binance")
      assert.strictEqual(bitmex.exchange, "bitmex")
      assert.strictEqual((yield* binance.market("BTC/USDT")).id, "BTCUSDT")
      assert.strictEqual((yield* bitmex.market("BTC/USDT")).id, "XBT_USDT")
      const shared: Context.Tag.Service<typeof MarketData.MarketData> = bitmex
      assert.strictEqual(yield* MarketData.MarketData, shared)
    }).pipe(Effect.provide(merged), Effect.provide(simulators)))
})
