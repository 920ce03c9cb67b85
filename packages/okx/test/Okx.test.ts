import { Account, Credentials, MarketData, OrderJournal, Trading } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, type Context, Effect, Either, Layer, Redacted, Stream, TestClock } from "effect"
import { Okx, OkxEndpoints } from "../src/index.js"
import type { Services } from "./scripted.js"
import { envelope, fixture, inverse, linear, now, requestLog, rows, spot } from "./utils.js"

const environment = Simulator.environment("okx")

const client = (options: Exchange.AccountOptions = {}) =>
  Okx.layerAccount({ environment, credentials: Simulator.credentials("okx"), ...options }).pipe(
    Layer.provideMerge(Simulator.layer("okx"))
  )

const simulated = <A, E, R extends Layer.Layer.Success<ReturnType<typeof client>>>(
  effect: Effect.Effect<A, E, R>,
  options?: Exchange.AccountOptions
) => Effect.zipRight(TestClock.setTime(now), Effect.provide(effect, client(options)))

/** Runs a program over these responses in turn. Returns its result, and the path and query of each request. */
const scripted = <A, E>(
  effect: Effect.Effect<A, E, Services>,
  ...answers: ReadonlyArray<unknown>
) =>
  Effect.gen(function*() {
    const result = yield* effect
    const requests = yield* Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests)
    return [result, requests.map(({ url }) => url.replace("http://scripted.localhost/api/v5/", ""))] as const
  }).pipe(
    Effect.provide(Layer.provideMerge(
      Layer.provide(
        Okx.layer({
          environment: { name: "scripted", baseUrl: "http://scripted.localhost" },
          credentials: Simulator.credentials("okx"),
          markets: [spot, linear, inverse]
        }),
        OrderJournal.layerNone
      ),
      ScriptedHttp.layer(answers.map((body) => ScriptedHttp.json(body)))
    )),
    // The markets have the age of the Layer, so the time is set first.
    (self) => Effect.zipRight(TestClock.setTime(now), self)
  )

const fixtureJson = (name: string): unknown => envelope(...rows(name))

describe("market data", () => {
  it.effect("lists spot, swaps and futures, and requests tickers once for each type", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Okx.MarketData
      const symbols = ["BTC/USD:BTC", "ETH/BTC", "BTC/USDT:USDT", "BTC/USDT"]
      const tickers = yield* market.tickers(symbols)
      assert.deepStrictEqual(tickers.map(({ symbol }) => `${symbol}`), symbols)
      assert.deepStrictEqual((yield* requestLog).toSorted(), [
        "GET /api/v5/market/tickers 200",
        "GET /api/v5/market/tickers 200",
        "GET /api/v5/public/instruments 200",
        "GET /api/v5/public/instruments 200",
        "GET /api/v5/public/instruments 200"
      ])
      assert.strictEqual((yield* market.market("SOL/USDC")).status, "halted")
    })))

  it.effect("reads the latest candles and earlier ones from their own endpoints", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Okx.MarketData
      const from = now - 1500 * 60_000
      const candles = yield* Stream.runCollect(market.candles("BTC/USDT", "1m", { from }))
      assert.deepStrictEqual(
        Array.from(candles, ({ openTime }) => openTime),
        Array.from({ length: 1500 }, (_, index) => from + index * 60_000)
      )
      assert.deepStrictEqual((yield* requestLog).filter((each) => each.includes("candles")), [
        "GET /api/v5/market/history-candles 200",
        ...Array.from({ length: 4 }, () => "GET /api/v5/market/candles 200")
      ])
    })))

  it.effect("has days by UTC", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Okx.MarketData
      const days = yield* Stream.runCollect(market.candles("BTC/USDT", "1d", { from: now - 3 * 86_400_000 }))
      assert.deepStrictEqual(Array.from(days, ({ openTime }) => openTime), [
        now - 3 * 86_400_000,
        now - 2 * 86_400_000,
        now - 86_400_000
      ])
    })))

  it.effect("requests a deep order book if a greater depth is asked for", () =>
    Effect.gen(function*() {
      const book = (depth: number) =>
        Effect.flatMap(Okx.MarketData, (market) => market.orderBook("BTC/USDT", { depth }))
      const [, urls] = yield* scripted(
        Effect.all([book(400), book(401), book(9000)]),
        fixtureJson("books"),
        fixtureJson("books_full"),
        fixtureJson("books_full")
      )
      assert.deepStrictEqual(urls, [
        "market/books?instId=BTC-USDT&sz=400",
        "market/books-full?instId=BTC-USDT&sz=401",
        "market/books-full?instId=BTC-USDT&sz=5000"
      ])
    }))

  it.effect("reads the status and the exchange's clock", () =>
    simulated(Effect.gen(function*() {
      const market = yield* Okx.MarketData
      assert.deepStrictEqual(yield* market.status, { exchange: "okx", status: "operational", at: now })
      assert.strictEqual(yield* market.serverTime, now)
    })))
})

describe("account", () => {
  for (const permission of ["read", "trade", "withdraw"] as const) {
    it.effect(`reads the permissions of a key: ${permission}`, () =>
      simulated(
        Effect.gen(function*() {
          const account = yield* Okx.Account
          assert.deepStrictEqual(yield* account.keyPermissions, {
            read: true,
            trade: permission !== "read",
            withdraw: permission === "withdraw",
            ipRestricted: false
          })
          const verified = yield* Effect.either(account.verifyKey())
          assert.strictEqual(Either.isRight(verified), permission === "read")
        }),
        { credentials: Simulator.credentials("okx", permission) }
      ))
  }

  const { key, passphrase, secret } = Simulator.credentials("okx")
  const unknown = Redacted.make("00000000-0000-4000-8000-000000000000")
  const refusals = [
    ["a wrong secret", { key, secret: Redacted.make("0".repeat(32)), passphrase }, "50113"],
    ["a wrong passphrase", { key, secret, passphrase: Redacted.make("another phrase") }, "50105"],
    ["no passphrase", { key, secret }, undefined],
    ["an unknown key", { key: unknown, secret, passphrase }, "50119"]
  ] as const

  for (const [title, credentials, code] of refusals) {
    it.effect(`${title} is refused and not retried`, () =>
      simulated(
        Effect.gen(function*() {
          const error = yield* Effect.flip(Effect.flatMap(Okx.Account, ({ balances }) => balances))
          assert.deepStrictEqual([error._tag, error.code], ["AuthenticationFailed", code])
          for (const each of Credentials.secrets(credentials)) assert.notInclude(error.message, Redacted.value(each))
          assert.strictEqual((yield* requestLog).length, code === undefined ? 0 : 1)
        }),
        { credentials }
      ))
  }

  it.effect("fails with PermissionDenied to place an order with a read-only key", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const trading = yield* Okx.Trading
      const error = yield* Effect.flip(
        trading.place({ type: "limit", symbol: "BTC/USDT", side: "buy", amount: "0.01", price: "1000" })
      )
      assert.deepStrictEqual([error._tag, error.code], ["PermissionDenied", "50120"])
    }).pipe(
      Effect.provide(
        Layer.provide(
          Okx.layer({ environment, credentials: Simulator.credentials("okx", "read") }),
          OrderJournal.layerNone
        )
      ),
      Effect.provide(Simulator.layer("okx"))
    ))

  it.effect("reads open orders page by page", () =>
    Effect.gen(function*() {
      const [row] = rows("orders_pending")
      const page = (first: number, count: number) =>
        envelope(...Array.from({ length: count }, (_, index) => ({ ...row, ordId: String(first - index) })))
      const [orders, urls] = yield* scripted(
        Effect.flatMap(Okx.Account, (account) => account.openOrders("BTC/USDT")),
        page(1000, 100),
        page(900, 100),
        page(800, 3)
      )
      assert.strictEqual(new Set(orders.map(({ id }) => id)).size, 203)
      assert.deepStrictEqual(urls, [
        "trade/orders-pending?instId=BTC-USDT&limit=100",
        "trade/orders-pending?instId=BTC-USDT&after=901&limit=100",
        "trade/orders-pending?instId=BTC-USDT&after=801&limit=100"
      ])
    }))

  it.effect("reads recent and older histories from their own endpoints", () =>
    Effect.gen(function*() {
      const day = 86_400_000
      const history = (since?: number) =>
        Effect.flatMap(Okx.Account, (account) =>
          Effect.all([account.orderHistory("BTC/USDT", { since }), account.fills("BTC/USDT:USDT", { since })]))
      const none = [envelope(), envelope(), envelope(), envelope(), envelope()]
      const [, recent] = yield* scripted(history(), ...none)
      assert.deepStrictEqual(recent, [
        "trade/orders-pending?instId=BTC-USDT&limit=100",
        "trade/orders-history?instType=SPOT&instId=BTC-USDT&limit=100",
        "trade/fills?instType=SWAP&instId=BTC-USDT-SWAP&limit=100"
      ])
      const since = now - 8 * day
      const [, older] = yield* scripted(history(since), ...none)
      assert.deepStrictEqual(older.slice(1), [
        `trade/orders-history?instType=SPOT&instId=BTC-USDT&begin=${since - 1}&limit=100`,
        `trade/orders-history-archive?instType=SPOT&instId=BTC-USDT&begin=${since - 1}&limit=100`,
        `trade/fills?instType=SWAP&instId=BTC-USDT-SWAP&begin=${since - 1}&limit=100`,
        `trade/fills-history?instType=SWAP&instId=BTC-USDT-SWAP&begin=${since - 1}&limit=100`
      ])
    }))

  it.effect("returns an order as ended that was listed as open and then as ended", () =>
    Effect.gen(function*() {
      const [row] = rows("orders_pending")
      const [orders] = yield* scripted(
        Effect.flatMap(Okx.Account, (account) => account.orderHistory("BTC/USDT")),
        envelope(row),
        envelope({ ...row, state: "filled", accFillSz: "0.01", avgPx: "60000.5" })
      )
      assert.deepStrictEqual(orders.map(({ status }) => status), ["filled"])
    }))
})

describe("trading", () => {
  const request = {
    type: "limit",
    symbol: "BTC/USDT",
    side: "buy",
    amount: "0.01",
    price: "60000.5"
  } as const

  const named = [{ ...request, clientOrderId: "first" }, { ...request, clientOrderId: "second" }, {
    ...request,
    clientOrderId: "third"
  }]

  it.effect("placeBatch assigns each row to its order by client order id, or by position if it has none", () =>
    Effect.gen(function*() {
      const batch = { code: "2", data: [...rows("batch_orders")], msg: "" }
      const [openRow] = rows("orders_pending")
      const shown = (clOrdId: string, ordId: string) =>
        envelope({
          ...openRow,
          clOrdId,
          ordId,
          px: request.price,
          sz: request.amount,
          side: request.side,
          cTime: String(now),
          uTime: String(now)
        })
      const [results] = yield* scripted(
        Effect.flatMap(Okx.Trading, (trading) => trading.placeBatch(named)),
        batch,
        shown("first", "2497956918703120384"),
        shown("third", "2497956918703120386")
      )
      assert.deepStrictEqual(
        results.map(Either.match({ onLeft: ({ _tag }) => _tag, onRight: ({ status }) => status })),
        ["open", "InsufficientFunds", "open"]
      )
    }))

  it.effect("cancel returns an order that has already been canceled or is being canceled", () =>
    Effect.gen(function*() {
      const [row] = rows("orders_pending")
      for (const sCode of ["51401", "51402", "51410"]) {
        const refused = { code: "1", data: [{ ordId: "1", clOrdId: "", sCode, sMsg: "Cancellation failed." }], msg: "" }
        const [order] = yield* scripted(
          Effect.flatMap(Okx.Trading, (trading) => trading.cancel({ symbol: "BTC/USDT", id: "1" })),
          refused,
          envelope({ ...row, ordId: "1", state: "canceled" })
        )
        assert.strictEqual(order.status, "canceled")
      }
    }))

  it.effect("cancelAll lists the orders again, and fails with the refusal of one that is still open", () =>
    Effect.gen(function*() {
      const [row] = rows("orders_pending")
      const openOrders = (...ids: ReadonlyArray<string>) => envelope(...ids.map((ordId) => ({ ...row, ordId })))
      const acks = (...codes: ReadonlyArray<readonly [string, string]>) => ({
        code: codes.length > 1 ? "2" : "1",
        data: codes.map(([ordId, sCode]) => ({ ordId, clOrdId: "", sCode, sMsg: "" })),
        msg: ""
      })
      const all = Effect.either(Effect.flatMap(Okx.Trading, (trading) => trading.cancelAll("BTC/USDT")))
      // One fills meanwhile, one is still listed, and one is listed late and has ended when it is canceled.
      const [canceled, urls] = yield* scripted(
        all,
        openOrders("1", "2"),
        acks(["1", "0"], ["2", "51402"]),
        openOrders("1", "3"),
        acks(["3", "51401"]),
        openOrders()
      )
      assert.deepStrictEqual(Either.getOrThrow(canceled), ["1"])
      assert.strictEqual(urls.length, 5)
      const [refused] = yield* scripted(
        all,
        openOrders("1", "2"),
        acks(["1", "0"], ["2", "51155"]),
        // It is still open, so the refusal counts.
        openOrders("2")
      )
      assert.strictEqual(Either.isLeft(refused) ? refused.left._tag : "", "PermissionDenied")
    }))
})

describe("layers", () => {
  it.effect("provide the same service under both tags", () =>
    Effect.gen(function*() {
      assert.strictEqual<Context.Tag.Service<typeof MarketData.MarketData>>(
        yield* Okx.MarketData,
        yield* MarketData.MarketData
      )
      assert.strictEqual<Context.Tag.Service<typeof Account.Account>>(yield* Okx.Account, yield* Account.Account)
      assert.strictEqual<Context.Tag.Service<typeof Trading.Trading>>(yield* Okx.Trading, yield* Trading.Trading)
    }).pipe(
      Effect.provide(
        Layer.provide(Okx.layer({ environment, credentials: Simulator.credentials("okx") }), OrderJournal.layerNone)
      ),
      Effect.provide(Simulator.layer("okx"))
    ))

  it.effect("of demo trading send its header with every request, and others never do", () =>
    Effect.gen(function*() {
      const headersOf = (environment: "live" | "testnet") =>
        Effect.gen(function*() {
          yield* Effect.flatMap(Okx.MarketData, (market) => market.request(OkxEndpoints.ticker, { instId: "BTC-USDT" }))
          yield* Effect.flatMap(Okx.Account, (account) => account.balances)
          const requests = yield* Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests)
          return requests.map(({ headers, url }) => [url, headers["x-simulated-trading"]])
        }).pipe(Effect.provide(Layer.provideMerge(
          Okx.layerAccount({ environment, credentials: Simulator.credentials("okx") }),
          ScriptedHttp.layer([ScriptedHttp.text(fixture("ticker")), ScriptedHttp.text(fixture("balance"))])
        )))
      const urls = [
        "https://www.okx.com/api/v5/market/ticker?instId=BTC-USDT",
        "https://www.okx.com/api/v5/account/balance"
      ]
      assert.deepStrictEqual(yield* headersOf("testnet"), urls.map((url) => [url, "1"]))
      assert.deepStrictEqual(yield* headersOf("live"), urls.map((url) => [url, undefined]))
    }))

  it.effect("name the credentials that are missing, including the passphrase", () =>
    Effect.gen(function*() {
      const build = (settings: ReadonlyArray<readonly [string, string]>) =>
        Effect.scoped(Layer.build(Okx.layerAccount())).pipe(
          Effect.provide(Simulator.layer("okx")),
          Effect.withConfigProvider(ConfigProvider.fromMap(new Map(settings), { pathDelim: "_" })),
          Effect.either
        )
      const keys = [["OKX_API_KEY", "the-key"], ["OKX_API_SECRET", "the-secret"]] as const
      const missing = yield* build(keys)
      assert(Either.isLeft(missing))
      assert.include(Credentials.describe(missing.left), "OKX_API_PASSPHRASE is missing")
      assert.notInclude(String(missing.left), "the-secret")
      assert.isTrue(Either.isRight(yield* build([...keys, ["OKX_API_PASSPHRASE", "the phrase"]])))
    }))

  it.effect("need `trading: \"enabled\"` for a live environment", () =>
    Effect.gen(function*() {
      const layer = Layer.provide(
        Okx.layerConfig({
          credentials: {
            key: Config.redacted("KEY"),
            secret: Config.redacted("SECRET"),
            passphrase: Config.redacted("PASSPHRASE")
          },
          environment: Config.literal("live", "testnet")("ENVIRONMENT"),
          trading: Config.withDefault(Config.string("TRADING"), "disabled")
        }),
        OrderJournal.layerNone
      )
      const settings = { KEY: "k", SECRET: "s", PASSPHRASE: "p", ENVIRONMENT: "live" }
      const build = (settings: { readonly [name: string]: string }) =>
        Effect.scoped(Layer.build(layer)).pipe(
          Effect.provide(Simulator.layer("okx")),
          Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(settings)))),
          Effect.either
        )
      const refused = yield* build(settings)
      assert(Either.isLeft(refused))
      assert.include(String(refused.left), "enabled")
      assert.isTrue(Either.isRight(yield* build({ ...settings, TRADING: "enabled" })))
      assert.isTrue(Either.isRight(yield* build({ ...settings, ENVIRONMENT: "testnet" })))
      // @ts-expect-error so it is in the types
      Okx.layer({ environment: "live", credentials: Simulator.credentials("okx") })
    }))
})
