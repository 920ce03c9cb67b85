import {
  Balance,
  Candle,
  Decimal,
  ExchangeStatus,
  ExchangeSymbol,
  Fill,
  KeyPermissions,
  Market,
  Order,
  OrderBook,
  Position,
  Price,
  Ticker,
  Trade
} from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, FastCheck, Option, Schema } from "effect"
import { Arbitraries } from "../src/index.js"

/** Asserts that each of these predicates holds for one of a thousand samples. */
const assertSamples = <A>(arbitrary: FastCheck.Arbitrary<A>, ...wanted: ReadonlyArray<(value: A) => boolean>) => {
  const sampled = FastCheck.sample(arbitrary, { numRuns: 1000, seed: 1 })
  wanted.forEach((is, index) => assert.isTrue(sampled.some(is), `no sample matches predicate ${index}`))
}

describe("Arbitraries", () => {
  it.prop("symbols are valid", [Arbitraries.symbol], ([symbol]) => {
    assert.isTrue(ExchangeSymbol.isExchangeSymbol(symbol))
  })

  it("texts contain any characters, but no lone surrogates", () => {
    const surrogate = /\p{Surrogate}/u
    assert.isFalse(
      FastCheck.sample(Arbitraries.text(), { numRuns: 1000, seed: 1 }).some((text) => surrogate.test(text))
    )
    assertSamples(
      Arbitraries.text(),
      (text) => text === "",
      (text) => /[\u{10000}-\u{10ffff}]/u.test(text),
      (text) => /[\ue000-\uffff]/u.test(text)
    )
  })

  it("symbols are of every market kind", () => {
    assertSamples(
      Arbitraries.symbol,
      (symbol) => !symbol.includes(":"),
      (symbol) => symbol.includes(":") && !symbol.includes("-"),
      (symbol) => /:.+-\d{6}$/.test(symbol)
    )
  })

  it.prop("assets form symbols", [Arbitraries.asset, Arbitraries.asset], ([base, quote]) => {
    assert.strictEqual(ExchangeSymbol.fromAssets({ base, quote }), `${base}/${quote}`)
  })

  it.prop("decimal texts parse as decimals", [Arbitraries.decimalText], ([text]) => {
    assert.isTrue(Option.isSome(Decimal.parse(text)))
  })

  it("decimals are of every sign and size", () => {
    assertSamples(
      Arbitraries.decimalText,
      (text) => text.startsWith("-"),
      (text) => text.startsWith("0") && text.length > 1,
      (text) => text.includes(".") && text.endsWith("0"),
      (text) => text.length > 70
    )
    assertSamples(Arbitraries.decimal, BigDecimal.isPositive, BigDecimal.isNegative)
  })

  it.prop("positive decimals are above zero and survive formatting", [Arbitraries.positive], ([amount]) => {
    assert.isTrue(BigDecimal.isPositive(amount))
    assert.isTrue(BigDecimal.equals(Decimal.make(Decimal.format(amount)), amount))
  })

  it.prop("markets match their schema", [Arbitraries.market], ([market]) => {
    Schema.validateSync(Market.Market)(market)
    assert.isTrue(market.symbol.startsWith(`${market.base}/${market.quote}`))
  })

  it.prop("lists of markets have unique symbols and ids", [Arbitraries.markets], ([markets]) => {
    assert.isAtLeast(markets.length, 1)
    assert.strictEqual(new Set(markets.map(({ symbol }) => symbol)).size, markets.length)
    assert.strictEqual(new Set(markets.map(({ id }) => id)).size, markets.length)
  })

  it.prop("prices match their schema", [Arbitraries.price], ([price]) => {
    Schema.validateSync(Price.Price)(price)
    assert.isTrue(BigDecimal.isPositive(price.amount))
    assert.isTrue(price.symbol.split(":")[0]?.endsWith(`/${price.currency}`))
  })

  it.prop("tickers match their schema, and their prices are in order", [Arbitraries.ticker], ([ticker]) => {
    Schema.validateSync(Ticker.Ticker)(ticker)
    const { ask, bid, high24h, last, low24h, open24h } = ticker
    for (const [low, high] of [[bid, ask], [low24h, last], [last, high24h], [low24h, open24h], [open24h, high24h]]) {
      if (low !== undefined && high !== undefined) assert.isTrue(BigDecimal.lessThanOrEqualTo(low, high))
    }
  })

  it("tickers omit the fields that exchanges omit", () => {
    assertSamples(
      Arbitraries.ticker,
      ({ last }) => last === undefined,
      ({ ask, bid }) => ask === undefined && bid !== undefined,
      ({ volume24h }) => volume24h === undefined,
      ({ ask, bid, high24h, last, low24h, open24h }) =>
        [ask, bid, high24h, last, low24h, open24h].every((price) => price !== undefined)
    )
  })

  it.prop("books match their schema, sorted and not crossed", [Arbitraries.orderBook], ([book]) => {
    Schema.validateSync(OrderBook.OrderBook)(book)
    assert.isFalse(OrderBook.isCrossed(book))
    const sorted = (levels: ReadonlyArray<OrderBook.Level>, sign: 1 | -1) =>
      levels.every(({ price }, index) =>
        index === 0 || BigDecimal.Order(levels[index - 1]?.price ?? price, price) === -sign
      )
    assert.isTrue(sorted(book.bids, -1) && sorted(book.asks, 1))
  })

  it("books are deep, shallow, one-sided and empty", () => {
    assertSamples(
      Arbitraries.orderBook,
      ({ asks, bids }) => asks.length > 3 && bids.length > 3,
      ({ asks, bids }) => asks.length === 0 && bids.length > 0,
      ({ asks, bids }) => asks.length > 0 && bids.length === 0,
      ({ asks, bids }) => asks.length === 0 && bids.length === 0
    )
  })

  it.prop(
    "candles match their schema, aligned, with open and close between low and high",
    [Arbitraries.candle],
    ([candle]) => {
      Schema.validateSync(Candle.Candle)(candle)
      assert.strictEqual(Candle.openTime(candle.interval, candle.openTime), candle.openTime)
      for (const price of [candle.open, candle.close]) {
        assert.isTrue(BigDecimal.between(price, { minimum: candle.low, maximum: candle.high }))
      }
    }
  )

  it.prop(
    "orders match their schema, and their status agrees with the filled amount",
    [Arbitraries.order],
    ([order]) => {
      Schema.validateSync(Order.Order)(order)
      assert.isTrue(order.amount !== undefined && BigDecimal.lessThanOrEqualTo(order.filled, order.amount))
      assert.strictEqual(order.type === "limit", order.price !== undefined)
      assert.strictEqual(BigDecimal.isZero(order.filled), order.averagePrice === undefined)
      if (order.status === "filled") assert.strictEqual(order.filled, order.amount)
    }
  )

  it("orders are of every status, and some canceled ones are partly filled", () => {
    assertSamples(
      Arbitraries.order,
      ...Order.Status.literals.map((status) => (order: Order.Order) => order.status === status),
      ({ filled, status }) => status === "canceled" && BigDecimal.isPositive(filled)
    )
  })

  it.prop(
    "the other models match their schemas",
    [
      Arbitraries.trade,
      Arbitraries.fill,
      Arbitraries.position,
      Arbitraries.balance,
      Arbitraries.keyPermissions,
      Arbitraries.exchangeStatus
    ],
    ([trade, fill, position, balance, keyPermissions, status]) => {
      Schema.validateSync(Trade.Trade)(trade)
      Schema.validateSync(Fill.Fill)(fill)
      Schema.validateSync(Position.Position)(position)
      Schema.validateSync(Balance.Balance)(balance)
      Schema.validateSync(KeyPermissions.KeyPermissions)(keyPermissions)
      Schema.validateSync(ExchangeStatus.ExchangeStatus)(status)
      assert.isTrue(position.symbol.includes(":"))
      assert.isTrue(BigDecimal.lessThanOrEqualTo(balance.free, balance.total))
    }
  )

  it("hostile texts are unique and none is a symbol", () => {
    for (const text of Arbitraries.hostileTexts) assert.isFalse(ExchangeSymbol.isExchangeSymbol(text), text)
    assert.strictEqual(new Set(Arbitraries.hostileTexts).size, Arbitraries.hostileTexts.length)
  })

  it.prop("no generated hostile text is a symbol", [Arbitraries.hostileText], ([text]) => {
    assert.isFalse(ExchangeSymbol.isExchangeSymbol(text))
  })

  it("hostile texts target paths, queries, headers, prototypes and memory", () => {
    assertSamples(
      Arbitraries.hostileText,
      (text) => text.includes("../"),
      (text) => text.includes("?"),
      (text) => text.includes("\r\n"),
      (text) => text.includes("\0"),
      (text) => text === "__proto__",
      (text) => text.length >= 100_000,
      (text) => /[^\p{ASCII}]/u.test(text)
    )
  })
})
