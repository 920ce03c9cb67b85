import { Decimal } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { assertRight } from "@effect/vitest/utils"
import { Either, Schema } from "effect"
import { CoinbaseEndpoints, CoinbaseMapping, CoinbaseWire } from "../src/index.js"
import { bitcoin, fixture, json, plain } from "./utils.js"

const products = Either.getOrThrow(CoinbaseEndpoints.products.decode(json(fixture("products"))))
const market = bitcoin()

describe("market", () => {
  const markets = products.map((product) => CoinbaseMapping.market(product))

  it("names base and quote as the listing does, with every rule", () => {
    assert.deepStrictEqual(plain(market), {
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
  })

  it("lists what the exchange lists, in its own case, and leaves out what it does not know", () => {
    assert.strictEqual(products.length, 7)
    assert.deepStrictEqual(
      markets.map((market) => market === undefined ? undefined : [market.symbol, market.id, market.status]),
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
  })

  it("takes the step of prices from price_increment, and from quote_increment without one; blank and zero are none", () => {
    assert.deepStrictEqual(markets.slice(1, 3).map((market) => plain(market ?? {})["tickSize"]), ["0.5", "0.0001"])
    const [, , old] = markets
    assert.deepStrictEqual([old?.minAmount, old?.maxAmount, old?.minNotional], [undefined, undefined, undefined])
  })
})

describe("status", () => {
  const product = (flags: Partial<CoinbaseWire.Product>): CoinbaseWire.Product => ({
    product_id: "BTC-USD",
    base_currency_id: "BTC",
    quote_currency_id: "USD",
    status: "online",
    ...flags
  })
  const cases = [
    ["operational", [{}, { is_disabled: true }]],
    ["limited", [{ limit_only: true }, { post_only: true }]],
    ["limited", [{ cancel_only: true }]],
    ["maintenance", [{ trading_disabled: true }, { status: "offline" }]],
    ["maintenance", []]
  ] as const
  for (const [expected, flags] of cases) {
    it(`${expected}: ${JSON.stringify(flags)}`, () => {
      const status = CoinbaseMapping.status(flags.map(product), 1)
      assert.deepStrictEqual([status.exchange, status.status, status.at], ["coinbase", expected, 1])
    })
  }
})

describe("ticker", () => {
  const [first, second, third] = products

  it("is the product and the top of its book; what it began with follows from the change in percent", () => {
    const book = Either.getOrThrow(CoinbaseEndpoints.productBook.decode(json(fixture("product_book"))))
    assert(first !== undefined)
    assert.deepStrictEqual(plain(CoinbaseMapping.ticker(market, first, book)), {
      exchange: "coinbase",
      symbol: "BTC/USD",
      last: "64021.07",
      bid: "64021.06",
      ask: "64021.07",
      open24h: "64204.44",
      volume24h: "9876.54321098",
      at: Date.parse("2026-04-07T00:28:59.662Z")
    })
  })

  it("leaves out what the listing does not tell, what is blank, and a side that is empty", () => {
    assert(second !== undefined && third !== undefined)
    assert.deepStrictEqual(Object.keys(plain(CoinbaseMapping.ticker(market, second, { time: 1 }))), [
      "exchange",
      "symbol",
      "last",
      "volume24h",
      "at"
    ])
    assert.deepStrictEqual(plain(CoinbaseMapping.ticker(market, third, { time: 1, bids: [], asks: [] })), {
      exchange: "coinbase",
      symbol: "BTC/USD",
      at: 1
    })
  })

  it("has nothing that a price began with which fell by all it was worth", () => {
    assert(first !== undefined)
    const fallen = { ...first, price_percentage_change_24h: Decimal.make("-100") }
    assert.isUndefined(CoinbaseMapping.ticker(market, fallen, { time: 1 }).open24h)
  })
})

describe("book, trades and candles", () => {
  it("gives every level, and the book's instant", () => {
    const book = CoinbaseMapping.orderBook(
      market,
      Either.getOrThrow(CoinbaseEndpoints.productBook.decode(json(fixture("product_book"))))
    )
    assert.deepStrictEqual(book.bids.map(plain), [
      { price: "64021.06", amount: "0.17189468" },
      { price: "64021", amount: "0.05795895" }
    ])
    assert.deepStrictEqual(book.asks.map(({ price }) => Decimal.format(price)), ["64021.07", "64023.5", "64024"])
    assert.strictEqual(book.at, Date.parse("2026-04-07T00:28:59.662Z"))
  })

  it("gives the side of the taker, which is not the one the exchange names", () => {
    const trades = Either.getOrThrow(CoinbaseEndpoints.marketTrades.decode(json(fixture("market_trades"))))
    assert.deepStrictEqual(trades.map((trade) => plain(CoinbaseMapping.trade(market)(trade))), [
      {
        exchange: "coinbase",
        symbol: "BTC/USD",
        id: "995098663",
        side: "buy",
        price: "64021.07",
        amount: "0.00064",
        at: Date.parse("2026-04-07T00:28:58.544Z")
      },
      {
        exchange: "coinbase",
        symbol: "BTC/USD",
        id: "995098662",
        side: "sell",
        price: "64021.06",
        amount: "0.01450854",
        at: Date.parse("2026-04-07T00:28:57Z")
      }
    ])
  })

  it("stamps candles with the instant they open at", () => {
    const [first] = Either.getOrThrow(CoinbaseEndpoints.candles.decode(json(fixture("candles"))))
    assert(first !== undefined)
    assert.deepStrictEqual(plain(CoinbaseMapping.bar(first)), {
      openTime: 1_712_192_400_000,
      open: "66312.4",
      high: "66331.99",
      low: "66055.14",
      close: "66181.6",
      volume: "355.82896243"
    })
  })

  it("reads the clock", () => {
    const time = { iso: "2024-02-27T03:37:14Z", epochSeconds: "1709005034", epochMillis: "1709005034333" }
    assertRight(CoinbaseEndpoints.serverTime.decode(time), 1_709_005_034_333)
  })

  it("takes no time that is none", () => {
    for (const time of ["", "yesterday", "2026-04-07", "2026-13-07T00:00:00Z", "2026-04-07T00:00:00"]) {
      assert.isTrue(Either.isLeft(Schema.decodeUnknownEither(CoinbaseWire.Instant)(time)), time)
    }
  })
})
