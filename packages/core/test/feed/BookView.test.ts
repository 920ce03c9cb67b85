import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import type { BigDecimal } from "effect"
import { FastCheck, Option } from "effect"
import { Decimal, ExchangeSymbol, LocalOrderBook, OrderBook } from "../../src/index.js"

const view = (bids: ReadonlyArray<LocalOrderBook.RawLevel>, asks: ReadonlyArray<LocalOrderBook.RawLevel>) => {
  const book = LocalOrderBook.make({ exchange: "acme", symbol: ExchangeSymbol.make("BTC/USDT") })
  assert.isTrue(LocalOrderBook.replace(book, bids, asks))
  return LocalOrderBook.view(book)
}

const empty = view([], [])
const full = view([["99", "2"], ["98.5", 1]], [["101.00", "1"], ["102", "1"], ["105", 0.5]])

const assertDecimal = (actual: Option.Option<BigDecimal.BigDecimal>, text: string) =>
  assert.strictEqual(Option.getOrThrow(Option.map(actual, Decimal.format)), text)

describe("BookView", () => {
  it("converts amounts from contracts into the unit", () => {
    const book = LocalOrderBook.make({
      exchange: "acme",
      symbol: ExchangeSymbol.make("BTC/USDT:USDT"),
      unit: Decimal.make("0.01")
    })
    LocalOrderBook.replace(book, [["99", "200"]], [["101", "100"], ["103", "100"]])
    const counted = LocalOrderBook.view(book)
    assert.deepStrictEqual(counted.depth(2).asks.map(({ amount }) => Decimal.format(amount)), ["1", "1"])
    assertDecimal(Option.map(counted.bestBid, ({ amount }) => amount), "2")
    assertDecimal(counted.vwap("asks", Decimal.make("2")), "102")
    assertNone(counted.vwap("asks", Decimal.make("2.01")))
    // Checksums use the digits that the exchange sent.
    assert.deepStrictEqual(LocalOrderBook.top(book, "bids", 1), [{ price: "99", amount: "200" }])
  })

  it("has the exchange, symbol and number of levels", () => {
    assert.strictEqual(full.exchange, "acme")
    assert.strictEqual(full.symbol, "BTC/USDT")
    assert.deepStrictEqual([full.bids, full.asks], [2, 3])
  })

  it("has the best price of each side, the mid and the spread", () => {
    assert.deepStrictEqual(full.bestBid, Option.some({ price: Decimal.make("99"), amount: Decimal.make("2") }))
    assert.deepStrictEqual(full.bestAsk, Option.some({ price: Decimal.make("101.00"), amount: Decimal.make("1") }))
    assertDecimal(full.mid, "100.00")
    assertDecimal(full.spread, "2.00")
  })

  it("returns none for an empty book, or for one with an empty side", () => {
    assertNone(empty.bestBid)
    assertNone(empty.bestAsk)
    assertNone(empty.mid)
    assertNone(empty.spread)
    assertNone(empty.vwap("asks", Decimal.make("1")))
    assertNone(empty.impact("asks", Decimal.make("1")))
    assert.deepStrictEqual(empty.depth(10), { bids: [], asks: [] })
    for (const half of [view([["1", "1"]], []), view([], [["1", "1"]])]) {
      assertNone(half.mid)
      assertNone(half.spread)
    }
  })

  it("depth returns as many levels as requested, or as there are", () => {
    const texts = (levels: ReadonlyArray<OrderBook.Level>) => levels.map(({ price }) => Decimal.format(price))
    assert.deepStrictEqual(texts(full.depth(2).asks), ["101.00", "102"])
    assert.deepStrictEqual(texts(full.depth(9).bids), ["99", "98.5"])
    assert.deepStrictEqual(full.depth(0), { bids: [], asks: [] })
    assert.isUndefined(OrderBook.fault({ symbol: full.symbol, ...full.depth(9) }))
  })

  it("vwap is the average price over the levels that an amount takes", () => {
    assertDecimal(full.vwap("asks", Decimal.make("1")), "101")
    assertDecimal(full.vwap("asks", Decimal.make("2")), "101.5")
    assertDecimal(full.vwap("asks", Decimal.make("2.5")), "102.2")
    assertDecimal(full.vwap("bids", Decimal.make("3")), "98.83333333333333333333")
  })

  it("impact is the distance of vwap from the best price, on either side", () => {
    assertDecimal(full.impact("asks", Decimal.make("1")), "0")
    assertDecimal(full.impact("asks", Decimal.make("2")), "0.0049504950495049505")
    assertDecimal(full.impact("bids", Decimal.make("3")), "0.0016835016835016835")
  })

  it("vwap and impact are none for an amount that is not positive or exceeds the book", () => {
    for (const amount of ["2.50000001", "0", "-1"]) {
      assertNone(full.vwap("asks", Decimal.make(amount)))
      assertNone(full.impact("asks", Decimal.make(amount)))
    }
  })

  it("is shown in logs with its best prices only", () => {
    assert.deepStrictEqual(JSON.parse(JSON.stringify(full)), {
      _id: "BookView",
      exchange: "acme",
      symbol: "BTC/USDT",
      bids: 2,
      asks: 3,
      bestBid: { price: "99", amount: "2" },
      bestAsk: { price: "101.00", amount: "1" }
    })
  })

  it.prop(
    "vwap is no better than the best price, and no better than that of a smaller amount",
    [
      FastCheck.array(FastCheck.tuple(FastCheck.integer({ min: 1, max: 99 }), FastCheck.integer({ min: 1, max: 9 })), {
        minLength: 1
      }),
      FastCheck.integer({ min: 2, max: 99 })
    ],
    ([asks, amount]) => {
      const book = view([], asks)
      const more = book.vwap("asks", Decimal.make(String(amount)))
      const less = book.vwap("asks", Decimal.make(String(amount - 1)))
      if (Option.isNone(more)) return
      const [first, last] = [Option.getOrThrow(book.bestAsk).price, Option.getOrThrow(less)].map(Number)
      assert.isAtMost(first ?? Number.NaN, last ?? Number.NaN)
      assert.isAtMost(last ?? Number.NaN, Number(more.value))
    }
  )
})
