import { Account, type Credentials, Decimal, MarketData } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { type Account as SimulatedAccount, Faults, Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, TestClock } from "effect"
import { Binance, BinanceEndpoints } from "../src/index.js"
import { fixture, now, requestLog } from "./utils.js"

const environment = Simulator.environment("binance")

const client = (options: Exchange.AccountOptions = {}, simulator: Simulator.Options = {}) =>
  Binance.layerAccount({ environment, credentials: Simulator.credentials("binance"), ...options }).pipe(
    Layer.provideMerge(Simulator.layer("binance", simulator))
  )

/** Runs a program on a simulated Binance, starting at `now`. */
const simulated = <A, E, R extends Layer.Layer.Success<ReturnType<typeof client>>>(
  effect: Effect.Effect<A, E, R>,
  options?: Exchange.AccountOptions,
  simulator?: Simulator.Options
) => Effect.zipRight(TestClock.setTime(now), Effect.provide(effect, client(options, simulator)))

const simulator = Effect.flatMap(Simulator.Simulators, ({ get }) => get("binance"))

describe("market data", () => {
  it.effect("lists the markets and requests them once for concurrent callers", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Binance.MarketData
      const [markets] = yield* Effect.all([market.markets, market.market("ETH/BTC"), market.price("BTC/USDT")], {
        concurrency: "unbounded"
      })
      const bitcoin = markets.find(({ symbol }) => symbol === "BTC/USDT")
      assert.strictEqual(bitcoin?.id, "BTCUSDT")
      assert.strictEqual(markets.find(({ symbol }) => symbol === "BTC/BUSD")?.status, "halted")
      assert.deepStrictEqual(yield* requestLog, ["/api/v3/exchangeInfo 200", "/api/v3/ticker/24hr 200"])
      yield* TestClock.adjust("59 minutes")
      yield* market.markets
      assert.strictEqual((yield* requestLog).length, 2)
      yield* TestClock.adjust("1 minute")
      yield* market.markets
      assert.strictEqual((yield* requestLog).length, 3)
    })))

  it.effect("returns the price with every digit", () =>
    simulated(Effect.gen(function*() {
      yield* Effect.flatMap(simulator, ({ setPrice }) => setPrice("BTCUSDT", "64000.01"))
      yield* TestClock.adjust("1 second")
      const price = yield* Effect.flatMap(MarketData.MarketData, (market) => market.price("BTC/USDT"))
      assert.strictEqual(Decimal.format(price.amount), "64000.01000000")
      assert.deepStrictEqual({ ...price, amount: "" }, {
        symbol: price.symbol,
        amount: "",
        currency: "USDT",
        basis: "last",
        source: "binance",
        observedAt: now + 1000
      })
    })))

  it.effect("returns tickers in the requested order with one request, including a market that does not trade", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Binance.MarketData
      const symbols = ["XRP/USDT", "BTC/BUSD", "BTC/USDT", "XRP/USDT"]
      const tickers = yield* market.tickers(symbols)
      assert.deepStrictEqual(tickers.map(({ symbol }) => `${symbol}`), symbols)
      assert.isUndefined(tickers[1]?.last)
      assert.isUndefined(tickers[1]?.bid)
      assert.isDefined(tickers[2]?.last)
      assert.deepStrictEqual(yield* requestLog, ["/api/v3/exchangeInfo 200", "/api/v3/ticker/24hr 200"])
      assert.deepStrictEqual(yield* market.tickers([]), [])
      assert.strictEqual((yield* requestLog).length, 2)
    })))

  it.effect("fails with MalformedResponse for the price of a market that does not trade", () =>
    simulated(Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.flatMap(Binance.MarketData, (market) => market.price("BTC/BUSD")))
      assert.strictEqual(error._tag, "MalformedResponse")
      assert.include(error.message, "has neither a last trade nor both a bid and an ask")
    })))

  it.effect("reads the exchange's clock", () =>
    simulated(
      Effect.gen(function*() {
        assert.strictEqual(yield* Effect.flatMap(Binance.MarketData, (market) => market.serverTime), now + 1234)
      }),
      {},
      { faults: Faults.make({ clockSkew: { ahead: "1234 millis" } }) }
    ))

  it.effect("fails with InvalidRequest for a malformed symbol, and with SymbolNotFound for an unlisted one", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Binance.MarketData
      const malformed = yield* Effect.flip(market.price("BTC/USDT&symbol=ETHUSDT"))
      assert.strictEqual(malformed._tag, "InvalidRequest")
      assert.deepStrictEqual(yield* requestLog, [])
      const unknown = yield* Effect.flip(market.price("BTC/EUR"))
      assert.strictEqual(unknown._tag, "SymbolNotFound")
      assert.include(unknown.message, "BTC/USDT")
    })))

  it.effect("returns the other tickers when the response lacks one", () =>
    Effect.gen(function*() {
      const tickers = yield* Effect.flatMap(
        Binance.MarketData,
        (market) => market.tickers(["BTC/USDT", "SOL/USDT"])
      )
      assert.deepStrictEqual(tickers.map(({ symbol }): string => symbol), ["BTC/USDT"])
    }).pipe(
      Effect.provide(Layer.provide(
        Binance.layerMarketData({ environment: { name: "scripted", baseUrl: "http://scripted.localhost" } }),
        ScriptedHttp.layer([
          ScriptedHttp.text(fixture("exchangeInfo")),
          ScriptedHttp.text(fixture("ticker_24hr_symbols"))
        ])
      ))
    ))
})

describe("account", () => {
  it.effect("reads the balances", () =>
    simulated(Effect.gen(function*() {
      const balances = yield* Effect.flatMap(Binance.Account, (account) => account.balances)
      assert.deepStrictEqual(
        balances.map(({ asset, free, total }) => [asset, Decimal.format(free), Decimal.format(total)]),
        [
          ["BTC", "1.50000000", "1.75000000"],
          ["ETH", "12.34567891", "12.34567891"],
          ["USDT", "25000.50000000", "26000.50000000"]
        ]
      )
    })))

  for (const permission of ["read", "trade", "withdraw"] as const) {
    it.effect(`reads the permissions of a key: ${permission}`, () =>
      simulated(
        Effect.gen(function*() {
          const permissions = yield* Effect.flatMap(Account.Account, (account) => account.keyPermissions)
          assert.deepStrictEqual(permissions, {
            read: true,
            trade: permission !== "read",
            withdraw: permission === "withdraw",
            ipRestricted: false,
            expiresAt: undefined
          })
          assert.deepStrictEqual(yield* requestLog, ["/sapi/v1/account/apiRestrictions 200"])
        }),
        { credentials: Simulator.credentials("binance", permission) }
      ))
  }

  for (
    const [environment, host] of [
      ["testnet", "https://testnet.binance.vision"],
      ["demo", "https://demo-api.binance.com"],
      ["us", "https://api.binance.us"]
    ] as const
  ) {
    it.effect(`reports unknown permissions for a key of ${environment}`, () =>
      Effect.gen(function*() {
        const account = yield* Binance.Account
        assert.deepStrictEqual(yield* account.keyPermissions, {
          read: true,
          trade: "unknown",
          withdraw: "unknown",
          ipRestricted: "unknown"
        })
        const requests = yield* Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests)
        assert.deepStrictEqual(
          requests.map(({ url }) => url.split("?", 1).join("")),
          [`${host}/api/v3/account`]
        )
      }).pipe(
        Effect.provide(Layer.provideMerge(
          Binance.layerAccount({ environment, credentials: Simulator.credentials("binance") }),
          ScriptedHttp.layer([ScriptedHttp.text(fixture("account"))])
        ))
      ))
  }

  const { key, secret } = Simulator.credentials("binance")
  const wrong = Redacted.make("x".repeat(64))
  const disabled: SimulatedAccount.ApiKey = {
    id: key,
    verifier: { _tag: "Hmac", secret },
    permissions: ["read"],
    enabled: false
  }

  const refusals = [
    ["a wrong secret", { key, secret: wrong }, undefined, "AuthenticationFailed", "-1022"],
    ["a malformed key", { key: Redacted.make("short"), secret }, undefined, "AuthenticationFailed", "-2014"],
    ["an unknown key", { key: wrong, secret }, undefined, "PermissionDenied", "-2015"],
    ["a disabled key", { key, secret }, [disabled], "PermissionDenied", "-2015"]
  ] as const

  for (const [title, credentials, keys, tag, code] of refusals) {
    it.effect(`${title} is refused and not retried`, () =>
      simulated(
        Effect.gen(function*() {
          const account = yield* Binance.Account
          for (const error of [yield* Effect.flip(account.balances), yield* Effect.flip(account.keyPermissions)]) {
            assert.strictEqual(error._tag, tag)
            assert.strictEqual(error.code, code)
            assert.notInclude(error.message, Redacted.value(credentials.secret))
          }
          assert.strictEqual((yield* requestLog).length, 2)
          // A refused account leaves public data available.
          assert.strictEqual(yield* Effect.flatMap(Binance.MarketData, (market) => market.serverTime), now)
        }),
        { credentials },
        { keys }
      ))
  }

  it.effect("uses a rotated key without a restart", () =>
    Effect.gen(function*() {
      const fresh = Simulator.credentials("binance")
      let current: Credentials.Credentials = { key: fresh.key, secret: wrong }
      const provider: Credentials.Provider = {
        get: Effect.sync(() => current),
        reload: Effect.sync(() => current = fresh)
      }
      yield* simulated(
        Effect.gen(function*() {
          const balances = yield* Effect.flatMap(Binance.Account, (account) => account.balances)
          assert.strictEqual(balances.length, 3)
          assert.deepStrictEqual(yield* requestLog, ["/api/v3/account 400", "/api/v3/account 200"])
        }),
        { credentials: provider }
      )
    }))
})

describe("layers", () => {
  it.effect("provide the same service under both tags", () =>
    simulated(Effect.gen(function*() {
      assert.strictEqual<Context.Tag.Service<typeof MarketData.MarketData>>(
        yield* Binance.MarketData,
        yield* MarketData.MarketData
      )
      assert.strictEqual<unknown>(yield* Binance.Account, yield* Account.Account)
    })))

  it.effect("send any endpoint of their capability with `request`", () =>
    simulated(Effect.gen(function*() {
      const ticker = yield* Effect.flatMap(
        Binance.MarketData,
        (market) => market.request(BinanceEndpoints.ticker24hr, { symbol: "SOLUSDT" })
      )
      assert.isDefined(ticker.last)
      const account = yield* Effect.flatMap(
        Binance.Account,
        (account) => account.request(BinanceEndpoints.account, { omitZeroBalances: false })
      )
      assert.strictEqual(account.length, 4)
    })))

  it.effect("without credentials give no access to an account, which the types check", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(Binance.layerMarketData({ environment }))
      const market = Context.get(context, Binance.MarketData)
      const error = yield* Effect.flip(
        // @ts-expect-error an endpoint of the account is not one of public data
        market.request(BinanceEndpoints.account, { omitZeroBalances: true })
      )
      // JavaScript has a check at run time.
      assert.strictEqual(error._tag, "AuthenticationFailed")
      assert.deepStrictEqual(yield* requestLog, [])
      // @ts-expect-error there is no account in what layerMarketData gives
      assert.throws(() => Context.get(context, Binance.Account))
      // @ts-expect-error nor under the shared tag
      assert.throws(() => Context.get(context, Account.Account))
    }).pipe(Effect.scoped, Effect.provide(Simulator.layer("binance"))))
})
