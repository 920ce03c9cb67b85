import { Decimal, ExchangeSymbol, Market, Price, Ticker } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, FastCheck, Option, Schema } from "effect"
import { Arbitraries } from "../src/index.js"

/** Whether each of these is among a thousand samples. */
const reaches = <A>(arbitrary: FastCheck.Arbitrary<A>, ...wanted: ReadonlyArray<(value: A) => boolean>) => {
  const samples = FastCheck.sample(arbitrary, { numRuns: 1000, seed: 1 })
  wanted.forEach((is, index) => assert.isTrue(samples.some(is), `nothing was sampled of kind ${index}`))
}

describe("Arbitraries", () => {
  it.prop("symbols are symbols", [Arbitraries.symbol], ([symbol]) => {
    assert.isTrue(ExchangeSymbol.isExchangeSymbol(symbol))
  })

  it("symbols are of every kind", () => {
    reaches(
      Arbitraries.symbol,
      (symbol) => !symbol.includes(":"),
      (symbol) => symbol.includes(":") && !symbol.includes("-"),
      (symbol) => /:.+-\d{6}$/.test(symbol)
    )
  })

  it.prop("assets make symbols", [Arbitraries.asset, Arbitraries.asset], ([base, quote]) => {
    assert.strictEqual(ExchangeSymbol.fromAssets({ base, quote }), `${base}/${quote}`)
  })

  it.prop("decimals are plain", [Arbitraries.decimalText], ([text]) => {
    assert.isTrue(Option.isSome(Decimal.parse(text)))
  })

  it("decimals are of every sign and size", () => {
    reaches(
      Arbitraries.decimalText,
      (text) => text.startsWith("-"),
      (text) => text.startsWith("0") && text.length > 1,
      (text) => text.includes(".") && text.endsWith("0"),
      (text) => text.length > 70
    )
    reaches(Arbitraries.decimal, BigDecimal.isPositive, BigDecimal.isNegative)
  })

  it.prop("positives are above zero and survive printing", [Arbitraries.positive], ([amount]) => {
    assert.isTrue(BigDecimal.isPositive(amount))
    assert.isTrue(BigDecimal.equals(Decimal.make(Decimal.format(amount)), amount))
  })

  it.prop("markets fit their schema", [Arbitraries.market], ([market]) => {
    Schema.validateSync(Market.Market)(market)
    assert.isTrue(market.symbol.startsWith(`${market.base}/${market.quote}`))
  })

  it.prop("lists of markets have each symbol and id once", [Arbitraries.markets], ([markets]) => {
    assert.isAtLeast(markets.length, 1)
    assert.strictEqual(new Set(markets.map(({ symbol }) => symbol)).size, markets.length)
    assert.strictEqual(new Set(markets.map(({ id }) => id)).size, markets.length)
  })

  it.prop("prices fit their schema", [Arbitraries.price], ([price]) => {
    Schema.validateSync(Price.Price)(price)
    assert.isTrue(BigDecimal.isPositive(price.amount))
    assert.isTrue(price.symbol.split(":")[0]?.endsWith(`/${price.currency}`))
  })

  it.prop("tickers fit their schema and make sense", [Arbitraries.ticker], ([ticker]) => {
    Schema.validateSync(Ticker.Ticker)(ticker)
    const { ask, bid, high24h, last, low24h, open24h } = ticker
    for (const [low, high] of [[bid, ask], [low24h, last], [last, high24h], [low24h, open24h], [open24h, high24h]]) {
      if (low !== undefined && high !== undefined) assert.isTrue(BigDecimal.lessThanOrEqualTo(low, high))
    }
  })

  it("tickers leave out what exchanges leave out", () => {
    reaches(
      Arbitraries.ticker,
      ({ last }) => last === undefined,
      ({ ask, bid }) => ask === undefined && bid !== undefined,
      ({ volume24h }) => volume24h === undefined,
      ({ ask, bid, high24h, last, low24h, open24h }) =>
        [ask, bid, high24h, last, low24h, open24h].every((price) => price !== undefined)
    )
  })

  it("no hostile text is a symbol, and each is there once", () => {
    for (const text of Arbitraries.hostileTexts) assert.isFalse(ExchangeSymbol.isExchangeSymbol(text), text)
    assert.strictEqual(new Set(Arbitraries.hostileTexts).size, Arbitraries.hostileTexts.length)
  })

  it.prop("no arbitrary hostile text is a symbol", [Arbitraries.hostileText], ([text]) => {
    assert.isFalse(ExchangeSymbol.isExchangeSymbol(text))
  })

  it("hostile texts attack paths, queries, headers, prototypes and memory", () => {
    reaches(
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
