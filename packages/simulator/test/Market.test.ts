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

const last = (seed: string, now: number, pins: ReadonlyArray<Market.PriceOverride> = []) =>
  BigDecimal.format(Market.quote(seed, bitcoin, now, pins).last)

const pin = (at: number, price: string): Market.PriceOverride => ({ at, last: BigDecimal.unsafeFromString(price) })

describe("Market", () => {
  it("gives the same quote for the same seed and instant", () => {
    assert.deepStrictEqual(Market.quote("a", bitcoin, noon), Market.quote("a", bitcoin, noon))
    assert.notStrictEqual(last("a", noon), last("b", noon))
  })

  // Exact numbers, because a change of the random walk changes every recorded scenario.
  it("gives the recorded prices", () => {
    assert.deepStrictEqual(
      [0, 1000, 60_000, noon, noon + 1000].map((now) => last("simulator", now)),
      ["63912.82", "63913.13", "63954.26", "65420.89", "65421.22"]
    )
  })

  it("changes within a minute and is constant within a second", () => {
    const prices = Array.from({ length: 60 }, (_, second) => last("a", noon + second * 1000))
    assert.isAbove(new Set(prices).size, 20)
    assert.strictEqual(last("a", noon + 999), last("a", noon))
  })

  it("has the same price for one underlying on every market with the same tick size", () => {
    const other = { ...bitcoin, id: "BTCUSDC", symbol: "BTC/USDC" }
    assert.isTrue(BigDecimal.equals(
      Market.quote("a", other, noon).last,
      Market.quote("a", bitcoin, noon).last
    ))
  })

  it.prop(
    "every price is a multiple of the tick size, in order and within 20 % over the day",
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
    "every price of the last 24 hours is between low and high",
    [
      FastCheck.string(),
      FastCheck.integer({ min: 0, max: 1000 }),
      // The first and the last minute are incomplete segments of the random walk.
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

  // A seed whose random walk has its high of the day at this time, inside an incomplete segment.
  it("a new high is included immediately", () => {
    const quote = Market.quote("peak-61", bitcoin, noon + 59_000)
    assert.strictEqual(BigDecimal.format(quote.last), "64380.34")
    assert.strictEqual(BigDecimal.format(quote.high), "64380.34")
  })

  it("low and high are prices of the last 24 hours", () => {
    const quote = Market.quote("a", bitcoin, 86_400_000)
    const day = new Set(Array.from({ length: 1351 }, (_, stretch) => last("a", stretch * 64_000)))
    const edges = Array.from({ length: 64 }, (_, age) => last("a", 86_400_000 - age * 1000))
    const traded = (price: BigDecimal.BigDecimal) =>
      day.has(BigDecimal.format(price)) || edges.includes(BigDecimal.format(price))
    assert.isTrue(traded(quote.high))
    assert.isTrue(traded(quote.low))
  })

  it("follows a price that was set from that time on, and the random walk before", () => {
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

  it("never quotes a bid of zero", () => {
    const quote = Market.quote("a", bitcoin, noon, [pin(noon, "0.01")])
    assert.strictEqual(BigDecimal.format(quote.bid), "0.01")
  })

  describe("trades and candles", () => {
    const minute = 60_000
    const hour = 60 * minute
    const candles = (
      interval: number,
      from: number,
      to: number,
      now: number,
      pins: ReadonlyArray<Market.PriceOverride> = []
    ) => Market.candles("a", bitcoin, interval, { from, to, now }, pins)
    const plain = (values: ReadonlyArray<BigDecimal.BigDecimal>) => values.map((value) => BigDecimal.format(value))
    const total = (values: ReadonlyArray<BigDecimal.BigDecimal>) => BigDecimal.format(BigDecimal.sumAll(values))
    const lowest = (values: ReadonlyArray<BigDecimal.BigDecimal>) =>
      BigDecimal.format(values.reduce((low, value) => BigDecimal.min(low, value)))
    const highest = (values: ReadonlyArray<BigDecimal.BigDecimal>) =>
      BigDecimal.format(values.reduce((high, value) => BigDecimal.max(high, value)))

    it("trades have consecutive ids, one to three per second, at the price of the second", () => {
      const trades = Market.trades("a", bitcoin, noon, 500)
      assert.strictEqual(trades.length, 500)
      assert.deepStrictEqual(
        trades.map(({ id }) => id - (trades[0]?.id ?? 0)),
        Array.from({ length: 500 }, (_, index) => index)
      )
      for (const { amount, at, price } of trades) {
        assert.isTrue(BigDecimal.isPositive(amount))
        assert.strictEqual(BigDecimal.format(price), last("a", at))
      }
      const perSecond = new Map<number, number>()
      for (const { at } of trades.slice(3)) perSecond.set(at, (perSecond.get(at) ?? 0) + 1)
      assert.deepStrictEqual([...new Set(perSecond.values())].toSorted(), [1, 2, 3])
      assert.strictEqual(trades.at(-1)?.at, noon)
      assert.deepStrictEqual(new Set(trades.map(({ side }) => side)), new Set(["buy", "sell"]))
      assert.deepStrictEqual(Market.trades("a", bitcoin, noon, 10), trades.slice(-10))
      const later = Market.trades("a", bitcoin, noon + 1000, 500)
      const known = trades.filter(({ id }) => id >= (later[0]?.id ?? 0))
      assert.deepStrictEqual(later.slice(0, known.length), known)
    })

    it.prop(
      "a candle matches its trades and its shorter candles",
      [FastCheck.integer({ min: 0, max: 100_000 }), FastCheck.boolean()],
      ([offset, pinned]) => {
        const openTime = (Math.floor(noon / hour) + offset) * hour
        const now = openTime + hour
        const pins = pinned ? [pin(openTime + 1_234_000, "50000"), pin(openTime + 2_345_000, "80000")] : []
        const [whole] = candles(hour, openTime, openTime, now, pins)
        const parts = candles(minute, openTime, now - 1, now, pins)
        assert(whole !== undefined)
        assert.strictEqual(parts.length, 60)
        assert.strictEqual(total(parts.map(({ volume }) => volume)), BigDecimal.format(whole.volume))
        assert.strictEqual(parts.reduce((count, { trades }) => count + trades, 0), whole.trades)
        assert.deepStrictEqual(
          [lowest(parts.map(({ low }) => low)), highest(parts.map(({ high }) => high))],
          plain([whole.low, whole.high])
        )
        const trades = Market.trades("a", bitcoin, now - 1, whole.trades, pins)
        const prices = trades.map(({ price }) => price)
        assert.strictEqual(trades[0]?.at, openTime)
        assert.strictEqual(total(trades.map(({ amount }) => amount)), BigDecimal.format(whole.volume))
        assert.deepStrictEqual(plain([prices[0] ?? whole.low, ...prices.slice(-1)]), plain([whole.open, whole.close]))
        assert.deepStrictEqual([lowest(prices), highest(prices)], plain([whole.low, whole.high]))
        assert.isTrue(BigDecimal.between(BigDecimal.unsafeDivide(whole.quoteVolume, whole.volume), {
          minimum: whole.low,
          maximum: whole.high
        }))
      },
      { fastCheck: { numRuns: 5 } }
    )

    it("candles are aligned, within the range of open times, and the last one is open", () => {
      const opens = (from: number, to: number, now: number) =>
        candles(hour, from, to, now).map(({ openTime }) => openTime - noon)
      assert.deepStrictEqual(opens(noon, noon + 2 * hour, noon + 9 * hour), [0, hour, 2 * hour])
      assert.deepStrictEqual(opens(noon + 1, noon + 2 * hour - 1, noon + 9 * hour), [hour])
      assert.deepStrictEqual(opens(noon, noon + 9 * hour, noon + hour), [0, hour])
      assert.deepStrictEqual(opens(noon + 1, noon, noon), [])
      const [closed] = candles(hour, noon, noon, noon + hour)
      const [open] = candles(hour, noon, noon, noon + minute)
      assert.strictEqual(BigDecimal.format(open?.close ?? bitcoin.tickSize), last("a", noon + minute))
      assert.deepStrictEqual(open?.open, closed?.open)
      assert.isBelow(open?.trades ?? 0, 61 * 3)
      assert.isAbove(closed?.trades ?? 0, 3600)
    })

    it("a daily candle has the low and high of the ticker", () => {
      const midnight = Math.floor(noon / 86_400_000) * 86_400_000
      const [candle] = candles(86_400_000, midnight, midnight, midnight + 86_400_000)
      const quote = Market.quote("a", bitcoin, midnight + 86_399_000)
      assert.deepStrictEqual(
        plain([candle?.low ?? quote.ask, candle?.high ?? quote.bid]),
        plain([quote.low, quote.high])
      )
    })
  })
})
