import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Config, ConfigProvider, Context, Effect, Layer, Redacted, Schema } from "effect"
import type { Exchange } from "../src/adapter.js"
import * as layers from "../src/adapter/internal/layers.js"
import {
  Account,
  Credentials,
  Decimal,
  ExchangeError,
  ExchangeSymbol,
  MarketData,
  type OrderBook,
  type Ticker
} from "../src/index.js"
import * as Acme from "./support/acme.js"
import * as Hostile from "./support/hostile.js"
import { market } from "./support/markets.js"
import * as Wire from "./support/wire.js"

class AcmeMarketData extends Context.Tag("@effect-exchange/core/test/Exchange.test/AcmeMarketData")<
  AcmeMarketData,
  Exchange.MarketDataService
>() {}
class AcmeAccount
  extends Context.Tag("@effect-exchange/core/test/Exchange.test/AcmeAccount")<AcmeAccount, Exchange.AccountService>()
{}

const listed = ["BTC/USDT", "ETH/USDT", "XRP/USDT"].map(market)

const ticker = (symbol: string, rest: Partial<Ticker.Ticker> = { last: Decimal.make("64000.50") }): Ticker.Ticker => ({
  exchange: "acme",
  symbol: ExchangeSymbol.make(symbol),
  at: 7,
  ...rest
})

class AcmeTrading
  extends Context.Tag("@effect-exchange/core/test/Exchange.test/AcmeTrading")<AcmeTrading, Exchange.TradingService>()
{}

const notAsked = () => Effect.die("not asked")

const acme = (tickers: ReadonlyArray<Ticker.Ticker>, book?: OrderBook.OrderBook) =>
  layers.make({
    protocol: Acme.protocol,
    features: {
      name: "Acme",
      kinds: ["spot"],
      testnet: false,
      passphrase: false,
      candles: ["1m"],
      positions: false,
      timeInForce: ["GTC"],
      reduceOnly: false,
      amend: false,
      batch: 0,
      deduplicates: "never"
    },
    tags: {
      marketData: (service) => Context.make(AcmeMarketData, service),
      account: (service) => Context.make(AcmeAccount, service),
      trading: (service) => Context.make(AcmeTrading, service)
    },
    marketData: (client) => ({
      markets: Effect.as(client.request(Acme.value, {}), listed),
      ticker: (market) =>
        Effect.as(
          client.request(Acme.named, { name: market.id }),
          tickers.find(({ symbol }) => symbol === market.symbol) ?? ticker(market.symbol)
        ),
      tickers: () => Effect.as(client.request(Acme.named, { name: "all" }), tickers),
      orderBook: () => book === undefined ? notAsked() : Effect.succeed(book),
      trades: notAsked,
      candles: { page: 100, read: notAsked },
      status: Effect.die("not asked")
    }),
    account: (client) => ({
      balances: Effect.as(client.request(Acme.balance, {}), []),
      keyPermissions: Effect.die("not asked"),
      openOrders: notAsked,
      order: notAsked,
      orderHistory: notAsked,
      fills: notAsked
    }),
    trading: () => ({
      clientOrderId: { pattern: /^.+$/, described: "anything", make: (hex) => hex },
      absentAfter: "10 seconds",
      place: notAsked,
      cancel: notAsked,
      cancelAll: notAsked
    })
  })

const over = (wire: Wire.Wire) => Layer.succeed(HttpClient.HttpClient, wire.client)

const withMarketData = <A, E>(
  use: (market: MarketData.MarketData.Service, sent: ReadonlyArray<Wire.Sent>) => Effect.Effect<A, E>,
  tickers: ReadonlyArray<Ticker.Ticker> = [],
  book?: OrderBook.OrderBook
) => {
  const wire = Wire.make(() => Wire.ok())
  return Effect.flatMap(MarketData.MarketData, (market) => use(market, wire.sent)).pipe(
    Effect.provide(acme(tickers, book).layerMarketData().pipe(Layer.provide(over(wire))))
  )
}

describe("Exchange", () => {
  it.effect("a price is the last trade's", () =>
    withMarketData((market) =>
      Effect.gen(function*() {
        const price = yield* market.price("BTC/USDT")
        assert.deepStrictEqual({ ...price, amount: Decimal.format(price.amount) }, {
          symbol: ExchangeSymbol.make("BTC/USDT"),
          amount: "64000.50",
          currency: "USDT",
          basis: "last",
          source: "acme",
          observedAt: 7
        })
      })
    ))

  it.effect("without a last trade the price is the exact middle of bid and ask, and without these it fails", () =>
    withMarketData((market) =>
      Effect.gen(function*() {
        const price = yield* market.price("BTC/USDT")
        assert.strictEqual(price.basis, "mid")
        assert.isTrue(BigDecimal.equals(price.amount, Decimal.make("0.00000015")))
        assert.strictEqual(Decimal.format(price.amount).includes("e"), false)
        const error = yield* Effect.flip(market.price("ETH/USDT"))
        assert.instanceOf(error, ExchangeError.MalformedResponse)
        assert.include(error.message, "no price")
      }), [
      ticker("BTC/USDT", { bid: Decimal.make("0.0000001"), ask: Decimal.make("0.0000002") }),
      ticker("ETH/USDT", { bid: Decimal.make("1") })
    ]))

  it.effect("tickers are returned in the requested order, without missing ones; an empty list sends no request", () =>
    withMarketData((market, sent) =>
      Effect.gen(function*() {
        const found = yield* market.tickers(["XRP/USDT", "BTC/USDT", "XRP/USDT"])
        assert.deepStrictEqual(found.map(({ symbol }): string => symbol), ["XRP/USDT", "BTC/USDT", "XRP/USDT"])
        const before = sent.length
        assert.deepStrictEqual(yield* market.tickers([]), [])
        assert.strictEqual(sent.length, before)
        const some = yield* market.tickers(["ETH/USDT", "BTC/USDT"])
        assert.deepStrictEqual(some.map(({ symbol }): string => symbol), ["BTC/USDT"])
        assert.deepStrictEqual(yield* market.tickers(["ETH/USDT"]), [])
        assert.strictEqual((yield* Effect.flip(market.tickers(["BTC/USDT", "NEW/USDT"])))._tag, "SymbolNotFound")
      }), [ticker("BTC/USDT"), ticker("XRP/USDT")]))

  it.effect("prices are returned in the requested order from one request, without symbols that have no price", () =>
    withMarketData((market, sent) =>
      Effect.gen(function*() {
        yield* market.markets
        const before = sent.length
        const found = yield* market.prices(["XRP/USDT", "ETH/USDT", "BTC/USDT", "XRP/USDT"])
        assert.strictEqual(sent.length, before + 1)
        assert.deepStrictEqual(
          found.map(({ amount, basis, currency, symbol }) =>
            [symbol, Decimal.format(amount), basis, currency].join(" ")
          ),
          ["XRP/USDT 2 last USDT", "BTC/USDT 1.5 mid USDT", "XRP/USDT 2 last USDT"]
        )
        assert.deepStrictEqual(found[1], yield* market.price("BTC/USDT"))
        assert.deepStrictEqual(yield* market.prices([]), [])
        assert.deepStrictEqual(yield* market.prices(["ETH/USDT"]), [])
        const error = yield* Effect.flip(market.prices(["BTC/USDT", "NEW/USDT"]))
        assert.deepInclude(error, { _tag: "SymbolNotFound", operation: "prices" })
      }), [
      ticker("BTC/USDT", { bid: Decimal.make("1"), ask: Decimal.make("2") }),
      ticker("ETH/USDT", { bid: Decimal.make("1") }),
      ticker("XRP/USDT", { last: Decimal.make("2") })
    ]))

  it.effect("a crossed order book fails with MalformedResponse", () =>
    Effect.gen(function*() {
      const bookOf = (bids: ReadonlyArray<string>, asks: ReadonlyArray<string>) => {
        const levels = (prices: ReadonlyArray<string>) =>
          prices.map((price) => ({ price: Decimal.make(price), amount: Decimal.make("1") }))
        const symbol = ExchangeSymbol.make("BTC/USDT")
        const book = { exchange: "acme", symbol, bids: levels(bids), asks: levels(asks), at: 7 }
        return withMarketData((market) => market.orderBook("BTC/USDT"), [], book)
      }
      assert.strictEqual((yield* bookOf(["2", "1"], ["3", "4"])).bids.length, 2)
      assert.strictEqual((yield* bookOf([], [])).bids.length, 0)
      const error = yield* Effect.flip(bookOf(["3", "1"], ["2", "4"]))
      assert.instanceOf(error, ExchangeError.MalformedResponse)
      assert.include(error.message, "the order book of BTC/USDT is crossed: the best bid is 3 and the best ask 2")
    }))

  it.effect("hostile symbols are refused before anything is sent", () =>
    withMarketData((market, sent) =>
      Effect.gen(function*() {
        for (const symbol of Hostile.symbols) {
          for (
            const call of [
              Effect.asVoid(market.price(symbol)),
              Effect.asVoid(market.ticker(symbol)),
              Effect.asVoid(market.market(symbol)),
              Effect.asVoid(market.tickers([symbol]))
            ]
          ) {
            assert.instanceOf(yield* Effect.flip(call), ExchangeError.InvalidRequest)
          }
        }
        assert.strictEqual(sent.length, 0)
        assert.instanceOf(yield* Effect.flip(market.price("DOGE/USDT")), ExchangeError.SymbolNotFound)
      })
    ))

  it.effect("both tags provide the same service", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* MarketData.MarketData, yield* AcmeMarketData)
      assert.strictEqual(yield* Account.Account, yield* AcmeAccount)
    }).pipe(
      Effect.provide(
        acme([]).layerAccount({ credentials: { key: Redacted.make("k"), secret: Redacted.make("s") } }).pipe(
          Layer.provide(over(Wire.make(() => Wire.ok())))
        )
      )
    ))

  it.effect("the Layer of market data has no key, so a signed request is not sent", () =>
    Effect.gen(function*() {
      const wire = Wire.make(() => Wire.ok())
      const layer = acme([]).layerMarketData().pipe(Layer.provide(over(wire)))
      const signedAnyway = { ...Acme.value, auth: "signed" as const }
      const error = yield* Effect.flatMap(AcmeMarketData, ({ request }) => Effect.flip(request(signedAnyway, {}))).pipe(
        Effect.provide(layer)
      )
      assert.include(error.message, "this client has no credentials")
      assert.strictEqual(wire.sent.length, 0)
    }))

  it.effect("an account without credentials names the missing variable", () =>
    Effect.gen(function*() {
      for (
        const [environment, name] of [
          ["live", "ACME_API_KEY"],
          ["testnet", "ACME_TESTNET_API_KEY"],
          [{ name: "proxy", baseUrl: "http://127.0.0.1:1" }, "ACME_PROXY_API_KEY"]
        ] as const
      ) {
        const layer = acme([]).layerAccount({ environment }).pipe(Layer.provide(over(Wire.make(() => Wire.ok()))))
        const error = yield* Effect.flip(Layer.build(layer)).pipe(
          Effect.scoped,
          Effect.withConfigProvider(ConfigProvider.fromMap(new Map(), { pathDelim: "_" }))
        )
        assert.include(Credentials.describe(error), `${name} is missing`)
      }
    }))

  it.effect("an invalid base URL is a configuration error", () =>
    Effect.gen(function*() {
      const layer = acme([]).layerMarketData({ environment: { name: "x", baseUrl: "http://evil.example" } }).pipe(
        Layer.provide(over(Wire.make(() => Wire.ok())))
      )
      const error = yield* Effect.scoped(Effect.flip(Layer.build(layer)))
      assert.strictEqual(error._op, "InvalidData")
    }))

  it.effect("layerAccountConfig reads credentials, environment and durations", () =>
    Effect.gen(function*() {
      const wire = Wire.make(() => Wire.ok())
      const layer = acme([]).layerAccountConfig({
        credentials: { key: Config.redacted("KEY"), secret: Config.redacted("SECRET") },
        environment: Config.map(Config.string("URL"), (baseUrl) => ({ name: "given", baseUrl })),
        deadline: Config.duration("DEADLINE")
      }).pipe(Layer.provide(over(wire)))
      const entries = new Map([["KEY", "k1"], ["SECRET", "s1"], ["URL", "http://localhost:1"], [
        "DEADLINE",
        "3 seconds"
      ]])
      yield* Effect.flatMap(Account.Account, ({ balances }) => balances).pipe(
        Effect.provide(layer),
        Effect.withConfigProvider(ConfigProvider.fromMap(entries))
      )
      assert.strictEqual(wire.sent[0]?.headers["x-acme-key"], "k1")
      assert.isTrue(wire.sent[0]?.url.startsWith("http://localhost:1/balance?"))
      entries.delete("SECRET")
      const error = yield* Effect.scoped(Effect.flip(Layer.build(layer))).pipe(
        Effect.withConfigProvider(ConfigProvider.fromMap(entries))
      )
      assert.include(Credentials.describe(error), "SECRET is missing")
      assert.notInclude(String(error), "k1")
    }))

  it.effect("request calls any endpoint and decodes its answer", () =>
    Effect.gen(function*() {
      const wire = Wire.make(() => Wire.json([1, 2]))
      const endpoint = { ...Acme.value, decode: Schema.decodeUnknownEither(Schema.Array(Schema.Number)) }
      const answer = yield* Effect.flatMap(AcmeMarketData, ({ request }) => request(endpoint, {})).pipe(
        Effect.provide(acme([]).layerMarketData().pipe(Layer.provide(over(wire))))
      )
      assert.deepStrictEqual(answer, [1, 2])
    }))
})
