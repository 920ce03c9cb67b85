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
const whole = view([["99", "2"], ["98.5", 1]], [["101.00", "1"], ["102", "1"], ["105", 0.5]])

const is = (actual: Option.Option<BigDecimal.BigDecimal>, text: string) =>
  assert.strictEqual(Option.getOrThrow(Option.map(actual, Decimal.format)), text)

describe("BookView", () => {
  it("counts amounts in what a contract is worth, where the exchange counts in contracts", () => {
    const book = LocalOrderBook.make({
      exchange: "acme",
      symbol: ExchangeSymbol.make("BTC/USDT:USDT"),
      unit: Decimal.make("0.01")
    })
    LocalOrderBook.replace(book, [["99", "200"]], [["101", "100"], ["103", "100"]])
    const counted = LocalOrderBook.view(book)
    assert.deepStrictEqual(counted.depth(2).asks.map(({ amount }) => Decimal.format(amount)), ["1", "1"])
    is(Option.map(counted.bestBid, ({ amount }) => amount), "2")
    is(counted.vwap("asks", Decimal.make("2")), "102")
    assertNone(counted.vwap("asks", Decimal.make("2.01")))
    // The digits of a checksum are the exchange's.
    assert.deepStrictEqual(LocalOrderBook.top(book, "bids", 1), [{ price: "99", amount: "200" }])
  })

  it("says whose book it is", () => {
    assert.strictEqual(whole.exchange, "acme")
    assert.strictEqual(whole.symbol, "BTC/USDT")
    assert.deepStrictEqual([whole.bids, whole.asks], [2, 3])
  })

  it("gives the best of each side", () => {
    assert.deepStrictEqual(whole.bestBid, Option.some({ price: Decimal.make("99"), amount: Decimal.make("2") }))
    assert.deepStrictEqual(whole.bestAsk, Option.some({ price: Decimal.make("101.00"), amount: Decimal.make("1") }))
    is(whole.mid, "100.00")
    is(whole.spread, "2.00")
  })

  it("gives nothing of an empty book", () => {
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

  it("lists as many levels as are asked for, or as there are", () => {
    const texts = (levels: ReadonlyArray<OrderBook.Level>) => levels.map(({ price }) => Decimal.format(price))
    assert.deepStrictEqual(texts(whole.depth(2).asks), ["101.00", "102"])
    assert.deepStrictEqual(texts(whole.depth(9).bids), ["99", "98.5"])
    assert.deepStrictEqual(whole.depth(0), { bids: [], asks: [] })
    assert.isUndefined(OrderBook.fault({ symbol: whole.symbol, ...whole.depth(9) }))
  })

  it("averages what an amount costs over the levels it takes", () => {
    is(whole.vwap("asks", Decimal.make("1")), "101")
    is(whole.vwap("asks", Decimal.make("2")), "101.5")
    is(whole.vwap("asks", Decimal.make("2.5")), "102.2")
    is(whole.vwap("bids", Decimal.make("3")), "98.83333333333333333333")
  })

  it("says how far that is from the best price, whichever the side", () => {
    is(whole.impact("asks", Decimal.make("1")), "0")
    is(whole.impact("asks", Decimal.make("2")), "0.0049504950495049505")
    is(whole.impact("bids", Decimal.make("3")), "0.0016835016835016835")
  })

  it("says neither of more than there is, nor of nothing", () => {
    for (const amount of ["2.50000001", "0", "-1"]) {
      assertNone(whole.vwap("asks", Decimal.make(amount)))
      assertNone(whole.impact("asks", Decimal.make(amount)))
    }
  })

  it("shows its best prices in logs, and nothing of how it is kept", () => {
    assert.deepStrictEqual(JSON.parse(JSON.stringify(whole)), {
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
    "an average is no better than the best price, and no worse for less",
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
