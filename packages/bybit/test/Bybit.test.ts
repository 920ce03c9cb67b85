import { Account, Decimal, MarketData } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { type BigDecimal, Chunk, Effect, Fiber, Layer, Stream, TestClock } from "effect"
import { Bybit } from "../src/index.js"
import { parsed } from "./support.js"
import { envelope, fixture, now, requestLog, simulator } from "./utils.js"

const environment = Simulator.environment("bybit")

const simulated = <A, E, R extends Layer.Layer.Success<ReturnType<typeof Bybit.layerAccount>>>(
  effect: Effect.Effect<A, E, R | Simulator.Simulators>,
  options: Exchange.AccountOptions = {},
  faults: Faults.Options = {}
) =>
  Effect.zipRight(
    TestClock.setTime(now),
    Effect.provide(
      effect,
      Bybit.layerAccount({ environment, credentials: Simulator.credentials("bybit"), ...options }).pipe(
        Layer.provideMerge(Simulator.layer("bybit", { faults: Faults.make(faults) }))
      )
    )
  )

const text = (decimal: BigDecimal.BigDecimal | undefined) => decimal === undefined ? undefined : Decimal.format(decimal)

const page = (list: ReadonlyArray<unknown>) => envelope({ list, nextPageCursor: "" })

describe("market data", () => {
  it.effect("lists spot and contracts, also with the same id", () =>
    simulated(Effect.gen(function*() {
      const markets = yield* Effect.flatMap(Bybit.MarketData, (market) => market.markets)
      const bySymbol = new Map(markets.map((market) => [`${market.symbol}`, market]))
      const kinds = ["BTC/USDT", "BTC/USDT:USDT", "BTC/USD:BTC"].map((symbol) => {
        const market = bySymbol.get(symbol)
        return [market?.id, market?.kind, market?.inverse, text(market?.multiplier)]
      })
      assert.deepStrictEqual(kinds, [
        ["BTCUSDT", "spot", undefined, undefined],
        ["BTCUSDT", "perpetual", undefined, undefined],
        ["BTCUSD", "perpetual", true, "1"]
      ])
      assert.strictEqual((yield* requestLog).length, 7)
    })))

  it.effect("requests each market in its own category", () =>
    simulated(Effect.gen(function*() {
      yield* Effect.flatMap(simulator, ({ setPrice }) =>
        Effect.zipRight(setPrice("spot/BTCUSDT", "64000.1"), setPrice("linear/BTCUSDT", "65000.1")))
      yield* TestClock.adjust("1 second")
      const market = yield* MarketData.MarketData
      const symbols = ["BTC/USDT:USDT", "ETH/USDT", "BTC/USDT", "BTC/USD:BTC"]
      const tickers = yield* market.tickers(symbols)
      assert.deepStrictEqual(
        tickers.map(({ symbol }) =>
          `${symbol}`
        ),
        symbols
      )
      assert.strictEqual(text((yield* market.price("BTC/USDT")).amount), "64000.1")
      assert.strictEqual(text((yield* market.price("BTC/USDT:USDT")).amount), "65000.10")
      assert.deepStrictEqual([text(tickers[0]?.last), text(tickers[2]?.last)], ["65000.10", "64000.1"])
      // Three requests by category, then one for each of two markets.
      assert.strictEqual((yield* requestLog).filter((request) => request.includes("tickers")).length, 5)
    })))

  it.effect("reads the order book, trades and candles of a market", () =>
    simulated(Effect.gen(function*() {
      const market = yield* MarketData.MarketData
      for (const symbol of ["BTC/USDT", "BTC/USDT:USDT", "BTC/USD:BTC"]) {
        const book = yield* market.orderBook(symbol, { depth: 5 })
        assert.strictEqual(book.bids.length, 5)
        assert.strictEqual(book.at, now)
        const trades = yield* market.trades(symbol, { limit: 1000 })
        assert.isAtMost(trades.length, symbol === "BTC/USDT" ? 60 : 1000)
        assert.isAbove(trades.length, 10)
      }
      const from = now - 1500 * 60_000
      const candles = yield* Stream.runCollect(market.candles("BTC/USDT:USDT", "1m", { from }))
      const times = Chunk.toReadonlyArray(candles).map(({ openTime }) => openTime)
      assert.strictEqual(times[0], from)
      assert.strictEqual(times.length, 1500)
      assert.strictEqual(new Set(times).size, 1500)
      assert.strictEqual((yield* requestLog).filter((request) => request.includes("kline")).length, 2)
    })))

  it.effect("reads the status and the exchange's clock", () =>
    simulated(
      Effect.gen(function*() {
        const market = yield* Bybit.MarketData
        assert.strictEqual((yield* market.status).status, "operational")
        assert.strictEqual(yield* market.serverTime, now + 1234)
      }),
      {},
      { clockSkew: { ahead: "1234 millis" } }
    ))

  it.effect("reads every page of the listing in every status a market may have", () =>
    Effect.gen(function*() {
      const script = yield* ScriptedHttp.ScriptedHttp
      const markets = yield* Effect.flatMap(MarketData.MarketData, (market) => market.markets)
      const requests = (yield* script.requests).map(({ url }) => url.slice(url.indexOf("?") + 1))
      assert.deepStrictEqual(requests.toSorted(), [
        "category=inverse&status=Delivering&limit=1000",
        "category=inverse&status=PreLaunch&limit=1000",
        "category=inverse&status=Trading&limit=1000",
        "category=linear&status=Delivering&limit=1000",
        "category=linear&status=PreLaunch&limit=1000",
        "category=linear&status=Trading&limit=1000",
        "category=linear&status=Trading&limit=1000&cursor=first%3D10000NFTUSDT%26last%3DODDUSDT",
        "category=spot&limit=1000"
      ])
      assert.isTrue(markets.some(({ symbol }) => symbol === "LAST/USDT:USDT"))
    }).pipe(Effect.provide(Layer.provideMerge(
      Bybit.layerMarketData({ environment: { name: "scripted", baseUrl: "http://scripted.localhost" } }),
      ScriptedHttp.layer(({ url }) => {
        const { query } = parsed(url)
        const category = query.get("category") ?? ""
        const status = query.get("status") ?? "Trading"
        if (status !== "Trading") return ScriptedHttp.json(page([]))
        if (query.get("cursor") === null) return ScriptedHttp.text(fixture(`get_instruments_${category}`))
        const last = {
          symbol: "LASTUSDT",
          status: "Trading",
          baseCoin: "LAST",
          quoteCoin: "USDT",
          settleCoin: "USDT",
          contractType: "LinearPerpetual",
          priceFilter: {},
          lotSizeFilter: {}
        }
        return ScriptedHttp.json(page([last]))
      })
    ))))

  it.effect("fails until ten minutes have passed after a ban of the address", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const market = yield* Bybit.MarketData
      const error = yield* Effect.flip(market.serverTime)
      assert(error._tag === "Banned")
      assert.strictEqual(error.until, now + 600_000)
      yield* TestClock.adjust("599999 millis")
      assert.strictEqual((yield* Effect.flip(market.serverTime))._tag, "CircuitOpen")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* market.serverTime, 1_763_942_400_123)
    }).pipe(Effect.provide(Layer.provide(
      Bybit.layerMarketData({ environment: { name: "scripted", baseUrl: "http://scripted.localhost" } }),
      ScriptedHttp.layer([
        ScriptedHttp.text("403, access too frequent", { status: 403 }),
        ScriptedHttp.text(fixture("get_time"))
      ])
    ))))
})

describe("account", () => {
  it.effect("reads the balances", () =>
    simulated(Effect.gen(function*() {
      const balances = yield* Effect.flatMap(Bybit.Account, (account) => account.balances)
      const bitcoin = balances.find(({ asset }) => asset === "BTC")
      assert.deepStrictEqual([text(bitcoin?.free), text(bitcoin?.total)], ["1.50", "1.75"])
    })))

  for (const permission of ["read", "trade", "withdraw"] as const) {
    it.effect(`reads the permissions of a key: ${permission}`, () =>
      simulated(
        Effect.gen(function*() {
          const permissions = yield* Effect.flatMap(Account.Account, (account) => account.keyPermissions)
          assert.strictEqual(permissions.read, true)
          assert.strictEqual(permissions.withdraw, permission === "withdraw")
          if (permission !== "withdraw") assert.strictEqual(permissions.trade, permission === "trade")
        }),
        { credentials: Simulator.credentials("bybit", permission) }
      ))
  }

  for (const clockSkew of [{ ahead: "5 minutes" }, { behind: "5 minutes" }] as const) {
    it.effect(`corrects clock skew after one refusal: ${JSON.stringify(clockSkew)}`, () =>
      simulated(
        Effect.gen(function*() {
          yield* Effect.flatMap(Bybit.Account, (account) => account.balances)
          assert.deepStrictEqual(yield* requestLog, [
            "GET /v5/account/wallet-balance 200",
            "GET /v5/market/time 200",
            "GET /v5/account/wallet-balance 200"
          ])
        }),
        {},
        { clockSkew }
      ))
  }
})

describe("rate limits", () => {
  it.effect("spread concurrent requests so that none is refused", () =>
    simulated(Effect.gen(function*() {
      const account = yield* Bybit.Account
      const fiber = yield* Effect.fork(
        Effect.replicateEffect(account.keyPermissions, 25, { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("0 millis")
      assert.strictEqual((yield* requestLog).length, 10)
      yield* TestClock.adjust("999 millis")
      assert.strictEqual((yield* requestLog).length, 10)
      for (let second = 0; second < 3; second++) yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber)).length, 25)
      assert.strictEqual((yield* requestLog).length, 25)
    })))
})
