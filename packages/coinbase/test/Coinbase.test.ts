import { Account, Decimal, MarketData, OrderJournal } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Context, Effect, Layer, Logger, LogLevel, Redacted, Stream, TestClock } from "effect"
import { Coinbase, CoinbaseEndpoints } from "../src/index.js"
import { atNow, emptyListing, fixture, listing, now, plain, requestLog, simulator } from "./utils.js"

const environment = Simulator.environment("coinbase")
const credentials = Simulator.credentials("coinbase")

const simulated = <A, E>(
  effect: Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof Coinbase.layerAccount>> | Simulator.Simulators>,
  options: Exchange.AccountOptions<never> = {},
  simulator: Simulator.Options = {}
) =>
  atNow(Effect.provide(
    effect,
    Coinbase.layerAccount({ environment, credentials, ...options }).pipe(
      Layer.provideMerge(Simulator.layer("coinbase", simulator))
    )
  ))

const scripted = (...answers: ReadonlyArray<string>) =>
  Layer.provideMerge(
    Coinbase.layerAccount({ environment: { name: "scripted", baseUrl: "http://scripted.localhost" }, credentials }),
    ScriptedHttp.layer(answers.map((answer) => ScriptedHttp.text(answer)))
  )

/** The method, path and query of each request. */
const sent = Effect.map(
  Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests),
  (requests) => requests.map(({ method, url }) => `${method} ${url.replace(/^.*\/api\/v3\/brokerage/, "")}`)
)

const page = (currency: string, has_next: boolean) =>
  JSON.stringify({
    accounts: [{ uuid: currency, currency, available_balance: { value: "1" }, hold: { value: "0" } }],
    has_next,
    cursor: "next"
  })

describe("market data", () => {
  it.effect("lists the markets, including those that are halted", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Coinbase.MarketData
      const markets = yield* market.markets
      assert.deepStrictEqual(
        markets.map(({ id, status, symbol }) => `${symbol} ${id} ${status}`),
        [
          "BTC/USD BTC-USD open",
          "ETH/USD ETH-USD open",
          "SOL/USD SOL-USD open",
          "BTC/USDT BTC-USDT open",
          "ETH/BTC ETH-BTC open",
          "XRP/USD XRP-USD halted"
        ]
      )
      assert.deepStrictEqual(yield* requestLog, ["GET /market/products 200"])
    })))

  it.effect("returns the ticker with the best bid and ask, in two requests", () =>
    simulated(Effect.gen(function*() {
      yield* Effect.flatMap(simulator, ({ setPrice }) => setPrice("BTC-USD", "64000.01"))
      const market = yield* Coinbase.MarketData
      yield* market.markets
      const ticker = yield* market.ticker("BTC/USD")
      const book = yield* market.orderBook("BTC/USD", { depth: 3 })
      assert.strictEqual(Decimal.format(ticker.last ?? Decimal.make("0")), "64000.01")
      assert.deepStrictEqual([ticker.bid, ticker.ask], [book.bids[0]?.price, book.asks[0]?.price])
      assert.isDefined(ticker.bid)
      assert.isDefined(ticker.open24h)
      assert.deepStrictEqual([book.bids.length, book.asks.length], [3, 3])
      assert.deepStrictEqual((yield* requestLog).slice(1, 3).toSorted(), [
        "GET /market/product_book 200",
        "GET /market/products/BTC-USD 200"
      ])
    })))

  it.effect("returns tickers in the requested order with one request, without bid and ask", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Coinbase.MarketData
      const symbols = ["XRP/USD", "ETH/BTC", "BTC/USD"]
      const tickers = yield* market.tickers(symbols)
      assert.deepStrictEqual(tickers.map(({ symbol }) => `${symbol}`), symbols)
      assert.deepStrictEqual(tickers.map(({ last }) => last === undefined), [true, false, false])
      assert.isUndefined(tickers[2]?.bid)
      assert.strictEqual(tickers[2]?.at, now)
      assert.deepStrictEqual(yield* requestLog, ["GET /market/products 200", "GET /market/products 200"])
    })))

  it.effect("returns the latest trades, oldest first", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Coinbase.MarketData
      const trades = yield* market.trades("BTC/USD", { limit: 5 })
      assert.strictEqual(trades.length, 5)
      assert.deepStrictEqual(trades.map(({ at }) => at), trades.map(({ at }) => at).toSorted((a, b) => a - b))
    })))

  it.effect("requests candles in pages of 299", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Coinbase.MarketData
      const minute = 60_000
      const from = now - 600 * minute
      const candles = yield* Stream.runCollect(market.candles("BTC/USD", "1m", { from, to: now + 1 }))
      const times = Array.from(candles, ({ openTime }) => openTime)
      assert.isAbove(times.length, 500)
      assert.deepStrictEqual(times, [...new Set(times)].toSorted((a, b) => a - b))
      assert.isTrue(times.every((time) => time >= from && time <= now && time % minute === 0))
      assert.strictEqual((yield* requestLog).filter((line) => line.includes("candles 200")).length, 3)
    })))

  it.effect("excludes from a request the candle that opens at the end of the range", () =>
    Effect.gen(function*() {
      const market = yield* Coinbase.MarketData
      const hour = 3_600_000
      yield* TestClock.setTime(1_712_188_800_000 + 5 * hour)
      const candles = yield* Stream.runCollect(
        market.candles("BTC/USD", "1h", { from: 1_712_188_800_000, to: 1_712_188_800_000 + 2 * hour })
      )
      assert.deepStrictEqual(Array.from(candles, ({ openTime }) => openTime), [1_712_188_800_000, 1_712_192_400_000])
      assert.deepStrictEqual(
        (yield* sent)[1],
        "GET /market/products/BTC-USD/candles?start=1712188800&end=1712195999&granularity=ONE_HOUR"
      )
    }).pipe(Effect.provide(scripted(fixture("products"), fixture("candles")))))

  it.effect("reads the status and the exchange's clock", () =>
    simulated(
      Effect.gen(function*() {
        const market = yield* MarketData.MarketData
        const status = yield* market.status
        assert.deepStrictEqual([status.exchange, status.status, status.at], ["coinbase", "operational", now + 1234])
        assert.include(status.detail ?? "", "5 of 5")
        assert.strictEqual(yield* market.serverTime, now + 1234)
      }),
      {},
      { faults: Faults.make({ clockSkew: { ahead: "1234 millis" } }) }
    ))

  it.effect("fails with Unsupported if configuration names a testnet, and names the alternative", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.flatMap(MarketData.MarketData, (market) => market.price("BTC/USD")))
      assert.strictEqual(error._tag, "Unsupported")
      assert.include(error.message, "simulator")
    }).pipe(
      Effect.provide(Layer.provide(
        Coinbase.layerAccountConfig({
          credentials: Config.succeed(credentials),
          environment: Config.succeed("testnet")
        }),
        ScriptedHttp.layer([])
      ))
    ))

  it.effect("fails with SymbolNotFound for a product that does not exist", () =>
    simulated(Effect.gen(function*() {
      const { request } = yield* Coinbase.MarketData
      const error = yield* Effect.flip(request(CoinbaseEndpoints.product, { product_id: "GONE-USD" }))
      assert.strictEqual(error._tag, "SymbolNotFound")
    })))
})

describe("account", () => {
  it.effect("reads the balances", () =>
    simulated(Effect.gen(function*() {
      const balances = yield* Effect.flatMap(Coinbase.Account, ({ balances }) => balances)
      assert.deepStrictEqual(balances.map(plain), [
        { asset: "BTC", free: "1.5", total: "1.75" },
        { asset: "ETH", free: "12.34567891", total: "12.34567891" },
        { asset: "USDT", free: "25000.5", total: "26000.5" },
        { asset: "USD", free: "25000.5", total: "25000.5" }
      ])
    })))

  it.effect("reads the balances of every page", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        (yield* Effect.flatMap(Account.Account, ({ balances }) => balances)).map(({ asset }) => asset),
        ["BTC", "ETH"]
      )
      assert.deepStrictEqual(yield* sent, ["GET /accounts?limit=250", "GET /accounts?limit=250&cursor=next"])
    }).pipe(Effect.provide(scripted(
      page("BTC", true),
      page("ETH", false)
    ))))

  for (const permission of ["read", "trade", "withdraw"] as const) {
    it.effect(`reads the permissions of a key: ${permission}`, () =>
      simulated(
        Effect.gen(function*() {
          const permissions = yield* Effect.flatMap(Account.Account, ({ keyPermissions }) => keyPermissions)
          assert.deepStrictEqual(permissions, {
            read: true,
            trade: permission !== "read",
            withdraw: permission === "withdraw",
            ipRestricted: "unknown"
          })
        }),
        { credentials: Simulator.credentials("coinbase", permission) }
      ))
  }

  it.effect("fails with Unsupported for positions in the shared service", () =>
    simulated(Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.flatMap(Account.Account, ({ positions }) => positions))
      assert.strictEqual(error._tag, "Unsupported")
      assert.isTrue((yield* requestLog).length === 0)
    })))

  it.effect("does not return an order of another market, and leaves out one of an unlisted product", () =>
    Effect.gen(function*() {
      const account = yield* Coinbase.Account
      const other = yield* Effect.flip(
        account.order({ symbol: "BTC/USDC", id: "0a1b2c3d-0000-4000-8000-000000000001" })
      )
      assert.strictEqual(other._tag, "OrderNotFound")
      assert.deepStrictEqual(yield* account.openOrders(), [])
    }).pipe(
      Effect.provide(scripted(
        fixture("products"),
        fixture("order"),
        emptyListing,
        listing({ product_id: "SECRET-USD" }),
        emptyListing
      )),
      Logger.withMinimumLogLevel(LogLevel.None)
    ))

  const meanwhile = {
    "is being canceled": [listing(), listing({ status: "CANCEL_QUEUED" }), emptyListing],
    "is amended and open again": [listing(), emptyListing, listing()],
    "opens": [emptyListing, emptyListing, listing()]
  }
  for (const [what, lists] of Object.entries(meanwhile)) {
    it.effect(`finds an order that ${what} while open orders are read`, () =>
      Effect.gen(function*() {
        const account = yield* Coinbase.Account
        const orders = yield* account.openOrders()
        assert.deepStrictEqual(orders.map(({ id, status }) => ({ id, status })), [
          { id: "0a1b2c3d-0000-4000-8000-000000000001", status: "open" }
        ])
        const statuses = (yield* sent).slice(1).map((request) =>
          [...new URL(request.replace("GET ", "http://x")).searchParams.getAll("order_status")].join()
        )
        assert.deepStrictEqual(statuses, ["OPEN", "PENDING,QUEUED,CANCEL_QUEUED,EDIT_QUEUED", "OPEN"])
      }).pipe(Effect.provide(scripted(fixture("products"), ...lists))))
  }

  for (const skew of [{ ahead: "5 minutes" }, { behind: "5 minutes" }] as const) {
    it.effect(`corrects clock skew: ${JSON.stringify(skew)}`, () =>
      simulated(
        Effect.gen(function*() {
          const account = yield* Coinbase.Account
          assert.strictEqual((yield* account.balances).length, 4)
          assert.deepStrictEqual(yield* requestLog, ["GET /accounts 401", "GET /time 200", "GET /accounts 200"])
        }),
        {},
        { faults: Faults.make({ clockSkew: skew }) }
      ))
  }

  const wrong = {
    "the secret of another key": Simulator.credentials("coinbase", "withdraw").secret,
    "a malformed secret": Redacted.make("hunter2-hunter2-hunter2")
  }
  for (const [what, secret] of Object.entries(wrong)) {
    it.effect(`refuses ${what} without revealing it`, () =>
      simulated(
        Effect.gen(function*() {
          const error = yield* Effect.flip(Effect.flatMap(Account.Account, ({ balances }) => balances))
          assert.strictEqual(error._tag, "AuthenticationFailed")
          assert.notInclude(`${error.message} ${JSON.stringify(error)}`, Redacted.value(secret))
        }),
        { credentials: { key: credentials.key, secret } }
      ))
  }

  it.effect("reads its credentials from configuration", () =>
    atNow(
      Effect.flatMap(Account.Account, ({ balances }) => balances).pipe(
        Effect.tap((balances) => assert.strictEqual(balances.length, 4)),
        Effect.provide(Layer.provide(
          Coinbase.layerAccountConfig({
            environment: Config.succeed(environment),
            credentials: {
              key: Config.redacted("COINBASE_API_KEY"),
              secret: Config.redacted("COINBASE_API_SECRET")
            }
          }),
          Simulator.layer("coinbase")
        )),
        Effect.withConfigProvider(ConfigProvider.fromMap(
          new Map([
            ["COINBASE_API_KEY", Redacted.value(credentials.key)],
            ["COINBASE_API_SECRET", Redacted.value(credentials.secret)]
          ])
        ))
      )
    ))

  it.effect("sends any endpoint of its capability with `request`", () =>
    simulated(Effect.gen(function*() {
      const { request } = yield* Coinbase.Account
      assert.isTrue((yield* request(CoinbaseEndpoints.keyPermissions, {})).read)
    })))
})

describe("layers", () => {
  it.effect("provide the same service under both tags", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(Layer.provide(
        Layer.provide(Coinbase.layer({ environment, credentials }), OrderJournal.layerNone),
        Simulator.layer("coinbase")
      ))
      assert.isTrue(Object.is(Context.get(context, Coinbase.MarketData), Context.get(context, MarketData.MarketData)))
      assert.isTrue(Object.is(Context.get(context, Coinbase.Account), Context.get(context, Account.Account)))
    }).pipe(Effect.scoped))
})
