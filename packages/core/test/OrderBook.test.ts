import { assert, describe, it } from "@effect/vitest"
import { Decimal, ExchangeSymbol, OrderBook } from "../src/index.js"

const levels = (prices: ReadonlyArray<string>) =>
  prices.map((price) => ({ price: Decimal.make(price), amount: Decimal.make("1") }))

const book = (bids: ReadonlyArray<string>, asks: ReadonlyArray<string>) => ({
  symbol: ExchangeSymbol.make("BTC/USDT"),
  bids: levels(bids),
  asks: levels(asks)
})

describe("OrderBook", () => {
  for (
    const [bids, asks] of [
      [["2", "1"], ["3", "4"]],
      [["2.00", "2"], ["3", "3.0"]],
      [["2"], []],
      [[], ["0.00000001"]],
      [[], []]
    ] as const
  ) {
    it(`finds no fault with bids at ${bids.join()} and asks at ${asks.join()}`, () => {
      assert.isUndefined(OrderBook.fault(book(bids, asks)))
    })
  }

  for (
    const [bids, asks, what] of [
      [["1", "2"], ["3", "4"], "has its bids out of order: 2 after 1"],
      [["2", "1"], ["4", "3"], "has its asks out of order: 3 after 4"],
      [["2", "1"], ["2", "3"], "is crossed: the best bid is 2 and the best ask 2"],
      [["3", "1"], ["2", "4"], "is crossed: the best bid is 3 and the best ask 2"],
      [["2", "0"], ["3"], "has bids at 0, which is not above zero"],
      [["2"], ["-3"], "has asks at -3, which is not above zero"]
    ] as const
  ) {
    it(`finds a fault with bids at ${bids.join()} and asks at ${asks.join()}: ${what}`, () => {
      assert.strictEqual(OrderBook.fault(book(bids, asks)), `the order book of BTC/USDT ${what}`)
    })
  }
})
