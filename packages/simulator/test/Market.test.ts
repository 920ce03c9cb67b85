import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, FastCheck } from "effect"
import { Dialects, Market } from "../src/index.js"

const noon = 1_732_536_000_000

const listings = Object.values(Dialects.dialects).flatMap((dialect) => dialect.listings)

const bitcoin: Market.Listing = {
  id: "BTCUSDT",
  symbol: "BTC/USDT",
  underlying: "BTC",
  tickSize: BigDecimal.unsafeFromString("0.01")
}

const last = (seed: string, now: number, pins: ReadonlyArray<Market.Pin> = []) =>
  BigDecimal.format(Market.quote(seed, bitcoin, now, pins).last)

const pin = (at: number, price: string): Market.Pin => ({ at, last: BigDecimal.unsafeFromString(price) })

describe("Market", () => {
  it("gives the same quote for the same seed and instant", () => {
    assert.deepStrictEqual(Market.quote("a", bitcoin, noon), Market.quote("a", bitcoin, noon))
    assert.notStrictEqual(last("a", noon), last("b", noon))
  })

  // The very numbers: a change of the walk changes every recorded scenario, and must be seen.
  it("walks the path it always walked", () => {
    assert.deepStrictEqual(
      [0, 1000, 60_000, noon, noon + 1000].map((now) => last("simulator", now)),
      ["63912.82", "63913.13", "63954.26", "65420.89", "65421.22"]
    )
  })

  it("moves within a minute and holds within a second", () => {
    const prices = Array.from({ length: 60 }, (_, second) => last("a", noon + second * 1000))
    assert.isAbove(new Set(prices).size, 20)
    assert.strictEqual(last("a", noon + 999), last("a", noon))
  })

  it("is the same for one underlying on every market that ticks alike", () => {
    const other = { ...bitcoin, id: "BTCUSDC", symbol: "BTC/USDC" }
    assert.isTrue(BigDecimal.equals(
      Market.quote("a", other, noon).last,
      Market.quote("a", bitcoin, noon).last
    ))
  })

  it.prop(
    "every price is on tick, ordered, and near its reference",
    [
      FastCheck.constantFrom(...listings),
      FastCheck.string(),
      FastCheck.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000)
    ],
    ([listing, seed, now]) => {
      const quote = Market.quote(seed, listing, now)
      for (const price of [quote.last, quote.bid, quote.ask, quote.open, quote.high, quote.low]) {
        assert.isTrue(BigDecimal.isZero(BigDecimal.unsafeRemainder(price, listing.tickSize)))
      }
      assert.isTrue(BigDecimal.lessThan(quote.bid, quote.last))
      assert.isTrue(BigDecimal.lessThan(quote.last, quote.ask))
      assert.isTrue(BigDecimal.lessThanOrEqualTo(quote.low, quote.last))
      assert.isTrue(BigDecimal.greaterThanOrEqualTo(quote.high, quote.last))
      const range = BigDecimal.unsafeDivide(quote.high, quote.low)
      assert.isTrue(BigDecimal.lessThan(range, BigDecimal.unsafeFromString("1.2")))
      assert.isTrue(BigDecimal.isPositive(quote.volume))
    },
    { fastCheck: { numRuns: 50 } }
  )

  it.prop(
    "what was seen within 24 hours lies between low and high",
    [
      FastCheck.string(),
      FastCheck.integer({ min: 0, max: 1000 }),
      // The last minute and the first are not whole stretches of the walk's grid.
      FastCheck.array(
        FastCheck.oneof(
          FastCheck.integer({ min: 0, max: 86_400 }),
          FastCheck.integer({ min: 0, max: 63 }),
          FastCheck.integer({ min: 86_337, max: 86_400 })
        ),
        { minLength: 5, maxLength: 10 }
      )
    ],
    ([seed, offset, ages]) => {
      const now = noon + offset * 1000
      const quote = Market.quote(seed, bitcoin, now)
      for (const age of ages) {
        const seen = Market.quote(seed, bitcoin, now - age * 1000).last
        assert.isTrue(BigDecimal.lessThanOrEqualTo(quote.low, seen))
        assert.isTrue(BigDecimal.greaterThanOrEqualTo(quote.high, seen))
      }
    },
    { fastCheck: { numRuns: 10 } }
  )

  // A seed whose walk is at its highest of the day right then, inside an incomplete stretch of the grid.
  it("a new extreme shows at once", () => {
    const quote = Market.quote("peak-61", bitcoin, noon + 59_000)
    assert.strictEqual(BigDecimal.format(quote.last), "64380.34")
    assert.strictEqual(BigDecimal.format(quote.high), "64380.34")
  })

  it("low and high were really traded", () => {
    const quote = Market.quote("a", bitcoin, 86_400_000)
    const day = new Set(Array.from({ length: 1351 }, (_, stretch) => last("a", stretch * 64_000)))
    const edges = Array.from({ length: 64 }, (_, age) => last("a", 86_400_000 - age * 1000))
    const traded = (price: BigDecimal.BigDecimal) =>
      day.has(BigDecimal.format(price)) || edges.includes(BigDecimal.format(price))
    assert.isTrue(traded(quote.high))
    assert.isTrue(traded(quote.low))
  })

  it("follows a price set by hand from its instant on, and the walk before", () => {
    const pins = [pin(noon, "12345.67"), pin(noon + 5000, "20000")]
    assert.strictEqual(last("a", noon - 1000, pins), last("a", noon - 1000))
    assert.strictEqual(last("a", noon, pins), "12345.67")
    assert.strictEqual(last("a", noon + 4999, pins), "12345.67")
    assert.strictEqual(last("a", noon + 5000, pins), "20000")
    assert.strictEqual(last("a", noon + 1_000_000_000, pins), "20000")
    const after = Market.quote("a", bitcoin, noon + 6000, pins)
    assert.strictEqual(BigDecimal.format(after.low), "12345.67")
    const peaked = Market.quote("peak-61", bitcoin, noon + 70_000, [pin(noon + 60_000, "1")])
    assert.strictEqual(BigDecimal.format(peaked.high), "64380.34")
    assert.isTrue(BigDecimal.greaterThan(after.high, BigDecimal.unsafeFromString("50000")))
    assert.strictEqual(BigDecimal.format(after.open), last("a", noon + 6000 - 86_400_000))
    const dayLater = Market.quote("a", bitcoin, noon + 5000 + 86_400_000, pins)
    assert.strictEqual(BigDecimal.format(dayLater.open), "20000")
    assert.strictEqual(BigDecimal.format(dayLater.low), "20000")
    assert.strictEqual(BigDecimal.format(dayLater.high), "20000")
  })

  it("never quotes a bid of nothing", () => {
    const quote = Market.quote("a", bitcoin, noon, [pin(noon, "0.01")])
    assert.strictEqual(BigDecimal.format(quote.bid), "0.01")
  })
})
