import { Account, type Credentials, Decimal, MarketData } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { type Account as SimulatedAccount, Faults, Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, TestClock } from "effect"
import { BitMex, BitMexEndpoints } from "../src/index.js"
import { fixture, now, requestLog } from "./utils.js"

const environment = Simulator.environment("bitmex")
const scripted = { name: "scripted", baseUrl: "http://scripted.localhost" }

const client = (options: Exchange.AccountOptions = {}, simulator: Simulator.Options = {}) =>
  BitMex.layerAccount({ environment, credentials: Simulator.credentials("bitmex"), ...options }).pipe(
    Layer.provideMerge(Simulator.layer("bitmex", simulator))
  )

/** Runs a program on a simulated BitMEX, starting at `now`. */
const simulated = <A, E, R extends Layer.Layer.Success<ReturnType<typeof client>>>(
  effect: Effect.Effect<A, E, R>,
  options?: Exchange.AccountOptions,
  simulator?: Simulator.Options
) => Effect.zipRight(TestClock.setTime(now), Effect.provide(effect, client(options, simulator)))

const simulator = Effect.flatMap(Simulator.Simulators, ({ get }) => get("bitmex"))

describe("market data", () => {
  it.effect("lists the markets and requests them once for concurrent callers", () =>
    simulated(Effect.gen(function*() {
      const market = yield* BitMex.MarketData
      const [markets] = yield* Effect.all([market.markets, market.market("ETH/BTC"), market.price("BTC/USD:BTC")], {
        concurrency: "unbounded"
      })
      assert.strictEqual(markets.find(({ symbol }) => symbol === "BTC/USD:BTC")?.id, "XBTUSD")
      assert.strictEqual(markets.find(({ symbol }) => symbol === "BTC/USDT")?.id, "XBT_USDT")
      assert.deepStrictEqual(yield* requestLog, ["/api/v1/instrument/active 200", "/api/v1/instrument 200"])
      yield* TestClock.adjust("59 minutes")
      yield* market.markets
      assert.strictEqual((yield* requestLog).length, 2)
      yield* TestClock.adjust("1 minute")
      yield* market.markets
      assert.strictEqual((yield* requestLog).length, 3)
    })))

  it.effect("returns the price with every digit", () =>
    simulated(Effect.gen(function*() {
      yield* Effect.flatMap(simulator, ({ setPrice }) => setPrice("XBT_USDT", "64000.5"))
      yield* TestClock.adjust("1 second")
      const price = yield* Effect.flatMap(MarketData.MarketData, (market) => market.price("BTC/USDT"))
      assert.strictEqual(Decimal.format(price.amount), "64000.5")
      assert.deepStrictEqual({ ...price, amount: "" }, {
        symbol: price.symbol,
        amount: "",
        currency: "USDT",
        basis: "last",
        source: "bitmex",
        observedAt: now + 1000
      })
    })))

  it.effect("returns tickers in the requested order with one request", () =>
    simulated(Effect.gen(function*() {
      const market = yield* BitMex.MarketData
      const symbols = ["XRP/USDT", "BTC/USD:BTC", "BTC/USDT", "BTC/USDT:USDT", "XRP/USDT"]
      const tickers = yield* market.tickers(symbols)
      assert.deepStrictEqual(tickers.map(({ symbol }) => `${symbol}`), symbols)
      assert.deepStrictEqual(yield* requestLog, ["/api/v1/instrument/active 200", "/api/v1/instrument/active 200"])
      assert.deepStrictEqual(yield* market.tickers([]), [])
      assert.strictEqual((yield* requestLog).length, 2)
    })))

  it.effect("reads the exchange's clock", () =>
    simulated(
      Effect.gen(function*() {
        assert.strictEqual(yield* Effect.flatMap(BitMex.MarketData, (market) => market.serverTime), now - 1234)
      }),
      {},
      { faults: Faults.make({ clockSkew: { behind: "1234 millis" } }) }
    ))

  it.effect("fails with InvalidRequest for a malformed symbol, and with SymbolNotFound for an unlisted one", () =>
    simulated(Effect.gen(function*() {
      const market = yield* BitMex.MarketData
      const malformed = yield* Effect.flip(market.price("XBTUSD"))
      assert.strictEqual(malformed._tag, "InvalidRequest")
      assert.deepStrictEqual(yield* requestLog, [])
      const unknown = yield* Effect.flip(market.price("BTC/EUR"))
      assert.strictEqual(unknown._tag, "SymbolNotFound")
      assert.include(unknown.message, "BTC/USDT")
    })))

  it.effect("fails with SymbolNotFound for a market delisted since the listing, and leaves it out of the tickers", () =>
    Effect.gen(function*() {
      const market = yield* BitMex.MarketData
      const gone = yield* Effect.flip(market.price("BTC/USD:BTC"))
      assert(gone._tag === "SymbolNotFound")
      assert.strictEqual(gone.symbol, "BTC/USD:BTC")
      const few = yield* market.tickers(["BTC/USD:BTC", "BTC/USDT"])
      assert.deepStrictEqual(few.map(({ symbol }): string => symbol), ["BTC/USD:BTC"])
    }).pipe(
      Effect.provide(Layer.provide(
        BitMex.layerMarketData({ environment: scripted }),
        ScriptedHttp.layer([
          ScriptedHttp.text(fixture("instrument_active")),
          ScriptedHttp.json([]),
          ScriptedHttp.text(fixture("instrument"))
        ])
      ))
    ))
})

describe("account", () => {
  const printed = Effect.flatMap(
    BitMex.Account,
    (account) =>
      Effect.map(
        account.balances,
        (balances) => balances.map(({ asset, free, total }) => [asset, Decimal.format(free), Decimal.format(total)])
      )
  )

  it.effect("reads the balances of every settlement currency", () =>
    simulated(Effect.gen(function*() {
      assert.deepStrictEqual(yield* printed, [
        ["BTC", "1.50000000", "1.75000000"],
        ["ETH", "12.345678910", "12.345678910"],
        ["USDT", "25000.500000", "26000.500000"]
      ])
    })))

  const overMargin = (...bodies: ReadonlyArray<string>) =>
    Layer.provide(
      BitMex.layerAccount({ environment: scripted, credentials: Simulator.credentials("bitmex") }),
      ScriptedHttp.layer(bodies.map((body) => ScriptedHttp.text(body)))
    )

  it.effect("leaves out empty balances, also those in an unknown unit", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* printed, [
        ["BTC", "1.50000000", "1.75000001"],
        ["USDT", "0.000000", "-2.500001"],
        ["ETH", "0.000000001", "12.345678910"]
      ])
    }).pipe(Effect.provide(overMargin(fixture("user_margin")))))

  const marginInUnknownUnit = "[{\"currency\":\"NEWc\",\"marginBalance\":1500,\"availableMargin\":1}]"

  it.effect("requests the scale of an unknown unit", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* printed, [["NEW", "0.001", "1.500"]])
    }).pipe(Effect.provide(overMargin(marginInUnknownUnit, fixture("wallet_assets")))))

  it.effect("fails with MalformedResponse for a balance whose unit stays unknown", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(printed)
      assert.strictEqual(error._tag, "MalformedResponse")
      assert.include(error.message, "\"NEWc\"")
    }).pipe(Effect.provide(overMargin(marginInUnknownUnit, "[]"))))

  for (const permission of ["read", "trade", "withdraw"] as const) {
    it.effect(`reads the permissions of the key in use among three: ${permission}`, () =>
      simulated(
        Effect.gen(function*() {
          const permissions = yield* Effect.flatMap(Account.Account, (account) => account.keyPermissions)
          assert.deepStrictEqual(permissions, {
            read: true,
            trade: permission !== "read",
            withdraw: permission === "withdraw",
            ipRestricted: false
          })
          assert.deepStrictEqual(yield* requestLog, ["/api/v1/apiKey 200"])
        }),
        { credentials: Simulator.credentials("bitmex", permission) }
      ))
  }

  const { key, secret } = Simulator.credentials("bitmex")
  const wrong = Redacted.make("x".repeat(48))
  const disabled: SimulatedAccount.ApiKey = {
    id: key,
    verifier: { _tag: "Hmac", secret },
    permissions: ["read"],
    enabled: false
  }

  const refusals = [
    ["a wrong secret", { key, secret: wrong }, undefined, "AuthenticationFailed", 401],
    ["an unknown key", { key: wrong, secret }, undefined, "AuthenticationFailed", 401],
    ["a disabled key", { key, secret }, [disabled], "PermissionDenied", 403]
  ] as const

  for (const [title, credentials, keys, tag, status] of refusals) {
    it.effect(`${title} is refused and not retried`, () =>
      simulated(
        Effect.gen(function*() {
          const account = yield* BitMex.Account
          for (const error of [yield* Effect.flip(account.balances), yield* Effect.flip(account.keyPermissions)]) {
            assert.strictEqual(error._tag, tag)
            assert.strictEqual(error.status, status)
            assert.notInclude(error.message, Redacted.value(credentials.secret))
          }
          assert.strictEqual((yield* requestLog).length, 2)
          // A refused account leaves public data available.
          assert.strictEqual(yield* Effect.flatMap(BitMex.MarketData, (market) => market.serverTime), now)
        }),
        { credentials },
        { keys }
      ))
  }

  it.effect("uses a rotated key without a restart", () =>
    Effect.gen(function*() {
      const fresh = Simulator.credentials("bitmex")
      let current: Credentials.Credentials = { key: fresh.key, secret: wrong }
      const provider: Credentials.Provider = {
        get: Effect.sync(() => current),
        reload: Effect.sync(() => current = fresh)
      }
      yield* simulated(
        Effect.gen(function*() {
          assert.strictEqual((yield* printed).length, 3)
          assert.deepStrictEqual(yield* requestLog, ["/api/v1/user/margin 401", "/api/v1/user/margin 200"])
        }),
        { credentials: provider }
      )
    }))
})

describe("closed exchange", () => {
  const everything = Effect.gen(function*() {
    const market = yield* BitMex.MarketData
    const account = yield* BitMex.Account
    return yield* Effect.all([
      Effect.flip(market.markets),
      Effect.flip(market.market("BTC/USDT")),
      Effect.flip(market.price("BTC/USDT")),
      Effect.flip(market.ticker("BTC/USDT")),
      Effect.flip(market.tickers(["BTC/USDT"])),
      Effect.flip(market.serverTime),
      Effect.flip(market.request(BitMexEndpoints.instrument, { symbol: "XBTUSD" })),
      Effect.flip(account.balances),
      Effect.flip(account.keyPermissions),
      Effect.flip(account.request(BitMexEndpoints.margin, { currency: "XBt" }))
    ])
  })

  for (const environment of ["live", "testnet", undefined] as const) {
    it.effect(`${environment ?? "the default environment"}: every call fails with ExchangeClosed, and nothing is sent`, () =>
      Effect.gen(function*() {
        for (const error of yield* everything) {
          assert(error._tag === "ExchangeClosed")
          assert.strictEqual(error.since, "2026-09-23")
          assert.include(error.message, "base URL")
        }
        const requests = yield* Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests)
        assert.deepStrictEqual(requests, [])
      }).pipe(
        Effect.provide(Layer.provideMerge(
          BitMex.layerAccount({ environment, credentials: Simulator.credentials("bitmex") }),
          ScriptedHttp.layer([])
        ))
      ))
  }

  it.effect("a base URL opens it again", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Effect.flatMap(BitMex.MarketData, (market) => market.serverTime), 1_787_220_930_123)
      const requests = yield* Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests)
      assert.deepStrictEqual(requests.map(({ url }) => url), ["https://archive.example.com:8443/api/v1"])
    }).pipe(
      Effect.provide(Layer.provideMerge(
        BitMex.layerMarketData({ environment: { name: "archive", baseUrl: "https://archive.example.com:8443" } }),
        ScriptedHttp.layer([ScriptedHttp.text(fixture("root"))])
      ))
    ))
})

describe("layers", () => {
  it.effect("provide the same service under both tags", () =>
    simulated(Effect.gen(function*() {
      assert.strictEqual<Context.Tag.Service<typeof MarketData.MarketData>>(
        yield* BitMex.MarketData,
        yield* MarketData.MarketData
      )
      assert.strictEqual<Context.Tag.Service<typeof Account.Account>>(yield* BitMex.Account, yield* Account.Account)
    })))

  it.effect("send any endpoint of their capability with `request`", () =>
    simulated(Effect.gen(function*() {
      const [instrument] = yield* Effect.flatMap(
        BitMex.MarketData,
        (market) => market.request(BitMexEndpoints.instrument, { symbol: "XBT:perpetual" })
      )
      assert.strictEqual(instrument?.market, "XBTUSD")
      const account = yield* BitMex.Account
      const keys = yield* account.request(BitMexEndpoints.apiKeys, {})
      assert.strictEqual(keys.rows.length, 3)
    })))

  it.effect("without credentials give no access to an account, which the types check", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(BitMex.layerMarketData({ environment }))
      const market = Context.get(context, BitMex.MarketData)
      const error = yield* Effect.flip(
        // @ts-expect-error an endpoint of the account is not one of public data
        market.request(BitMexEndpoints.margin, { currency: "all" })
      )
      // JavaScript has a check at run time.
      assert.strictEqual(error._tag, "AuthenticationFailed")
      assert.deepStrictEqual(yield* requestLog, [])
      // @ts-expect-error there is no account in what layerMarketData gives
      assert.throws(() => Context.get(context, BitMex.Account))
      // @ts-expect-error nor under the shared tag
      assert.throws(() => Context.get(context, Account.Account))
    }).pipe(Effect.scoped, Effect.provide(Simulator.layer("bitmex"))))
})
