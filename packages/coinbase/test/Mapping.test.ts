import { Decimal } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { assertRight } from "@effect/vitest/utils"
import { Effect, Either, Schema } from "effect"
import { Coinbase, CoinbaseEndpoints } from "../src/index.js"
import { scripted } from "./scripted.js"
import { fixture, json, now, plain } from "./utils.js"

const products = Schema.decodeUnknownSync(
  Schema.Struct({ products: Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown })) })
)(json(fixture("products"))).products

const market = Coinbase.MarketData

describe("markets", () => {
  it.effect("have every rule, and leave out unknown values and unsupported symbols", () =>
    scripted(
      {},
      Effect.gen(function*() {
        const markets = yield* Effect.flatMap(market, ({ markets }) => markets)
        assert.deepStrictEqual(plain(markets[0] ?? {}), {
          symbol: "BTC/USD",
          id: "BTC-USD",
          kind: "spot",
          status: "open",
          base: "BTC",
          quote: "USD",
          tickSize: "0.01",
          lotSize: "0.00000001",
          minAmount: "0.00000001",
          maxAmount: "3400",
          minNotional: "1"
        })
        assert.deepStrictEqual(
          markets.map(({ id, status, symbol }) => [`${symbol}`, id, status]),
          [
            ["BTC/USD", "BTC-USD", "open"],
            ["BTC/USDC", "BTC-USDC", "open"],
            ["OLD/USD", "OLD-USD", "halted"],
            ["GONE/USD", "GONE-USD", "closed"],
            ["NEXT/USD", "NEXT-USD", "unknown"],
            ["AUC/USD", "AUC-USD", "halted"],
            ["pets/USD", "pets-USD", "open"]
          ]
        )
        // From `price_increment`, or else from `quote_increment`. Blank and zero values are left out.
        assert.deepStrictEqual(markets.slice(1, 3).map((market) => plain(market)["tickSize"]), ["0.5", "0.0001"])
        const [, , old] = markets
        assert.deepStrictEqual([old?.minAmount, old?.maxAmount, old?.minNotional], [undefined, undefined, undefined])
      })
    ))
})

describe("products of other types", () => {
  it.effect("are not listed as spot markets, although the listing of all products contains them", () =>
    scripted(
      {
        "market/products": {
          products: [
            products[0],
            { ...products[0], product_id: "BTC-PERP-INTX", product_type: "FUTURE" },
            { ...products[0], product_id: "AAPL-USD-EQ", base_currency_id: "AAPL", product_type: "EQUITY" }
          ]
        }
      },
      Effect.gen(function*() {
        const data = yield* market
        assert.deepStrictEqual((yield* data.markets).map(({ id }) => id), ["BTC-USD"])
        assert.strictEqual((yield* data.market("BTC/USD")).id, "BTC-USD")
      })
    ))
})

describe("status", () => {
  const cases = [
    ["operational", [{}, { is_disabled: true }]],
    ["operational", [{ cancel_only: null, post_only: null }]],
    ["limited", [{ limit_only: true }, { post_only: true }]],
    ["limited", [{ cancel_only: true }]],
    ["maintenance", [{ trading_disabled: true }, { status: "offline" }]],
    ["maintenance", []]
  ] as const
  for (const [expected, flags] of cases) {
    it.effect(`is ${expected} for products with ${JSON.stringify(flags)}`, () =>
      scripted(
        {
          "market/products": {
            products: flags.map((flags) => ({
              product_id: "BTC-USD",
              base_currency_id: "BTC",
              quote_currency_id: "USD",
              status: "online",
              ...flags
            }))
          },
          time: { epochMillis: "1" }
        },
        Effect.gen(function*() {
          const status = yield* Effect.flatMap(market, ({ status }) => status)
          assert.deepStrictEqual([status.exchange, status.status, status.at], ["coinbase", expected, 1])
        })
      ))
  }
})

describe("ticker", () => {
  const [first = {}, second = {}, third = {}] = products
  const ticker = (product: object, book: unknown) =>
    scripted(
      { "market/products/BTC-USD": product, "market/product_book": book },
      Effect.flatMap(market, ({ ticker }) => ticker("BTC/USD"))
    )

  it.effect("combines the product with its best bid and ask, and computes the opening price from the change in percent", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(plain(yield* ticker(first, json(fixture("product_book")))), {
        exchange: "coinbase",
        symbol: "BTC/USD",
        last: "64021.07",
        bid: "64021.06",
        ask: "64021.07",
        open24h: "64204.44",
        volume24h: "9876.54321098",
        at: Date.parse("2026-04-07T00:28:59.662Z")
      })
    }))

  const empty = { pricebook: { bids: [], asks: [], time: "2026-04-07T00:00:00Z" } }

  it.effect("leaves out missing and blank values, and an empty side", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(Object.keys(plain(yield* ticker(second, empty))).toSorted(), [
        "at",
        "exchange",
        "last",
        "open24h",
        "symbol",
        "volume24h"
      ])
      assert.deepStrictEqual(Object.keys(plain(yield* ticker(third, empty))).toSorted(), ["at", "exchange", "symbol"])
      // After a fall by 100 percent, the opening price cannot be computed.
      assert.isUndefined((yield* ticker({ ...first, price_percentage_change_24h: "-100" }, empty)).open24h)
      assert.isDefined((yield* ticker(first, empty)).open24h)
    }))

  for (const time of [null, "", "0001-01-01T00:00:00Z"]) {
    it.effect(`and an order book have the time of the response if they have none: ${time}`, () =>
      scripted(
        {
          "market/products/BTC-USD": first,
          "market/product_book": { pricebook: { bids: [], asks: [], time } }
        },
        Effect.gen(function*() {
          const { orderBook, ticker } = yield* market
          const [one, other] = [yield* ticker("BTC/USD"), yield* orderBook("BTC/USD")]
          for (const { at } of [one, other]) assert.isTrue(at >= now && at < now + 5000)
        })
      ))
  }
})

describe("order book, trades and candles", () => {
  it.effect("decode every level, and the time of the order book", () =>
    scripted(
      { "market/product_book": json(fixture("product_book")) },
      Effect.gen(function*() {
        const book = yield* Effect.flatMap(market, ({ orderBook }) => orderBook("BTC/USD"))
        assert.deepStrictEqual(book.bids.map(plain), [
          { price: "64021.06", amount: "0.17189468" },
          { price: "64021", amount: "0.05795895" }
        ])
        assert.deepStrictEqual(book.asks.map(({ price }) => Decimal.format(price)), ["64021.07", "64023.5", "64024"])
        assert.strictEqual(book.at, Date.parse("2026-04-07T00:28:59.662Z"))
      })
    ))

  it.effect("decode the taker's side, oldest first", () =>
    scripted(
      { "market/products/BTC-USD/ticker": json(fixture("market_trades")) },
      Effect.gen(function*() {
        const trades = yield* Effect.flatMap(market, ({ trades }) => trades("BTC/USD"))
        const common = { exchange: "coinbase", symbol: "BTC/USD" }
        assert.deepStrictEqual(trades.map(plain), [
          {
            ...common,
            id: "995098662",
            side: "sell",
            price: "64021.06",
            amount: "0.01450854",
            at: Date.parse("2026-04-07T00:28:57Z")
          },
          {
            ...common,
            id: "995098663",
            side: "buy",
            price: "64021.07",
            amount: "0.00064",
            at: Date.parse("2026-04-07T00:28:58.544Z")
          }
        ])
      })
    ))

  it("decode the open time of a candle", () => {
    const [first] = Either.getOrThrow(CoinbaseEndpoints.candles.decode(json(fixture("candles"))))
    assert(first !== undefined)
    assert.deepStrictEqual(plain(first), {
      openTime: 1_712_192_400_000,
      open: "66312.4",
      high: "66331.99",
      low: "66055.14",
      close: "66181.6",
      volume: "355.82896243"
    })
  })

  it("decode the exchange's clock", () => {
    const time = { iso: "2024-02-27T03:37:14Z", epochSeconds: "1709005034", epochMillis: "1709005034333" }
    assertRight(CoinbaseEndpoints.serverTime.decode(time), 1_709_005_034_333)
  })
})
