import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { Candle } from "../src/index.js"

const day = 86_400_000

const interval = FastCheck.constantFrom(...Candle.Interval.literals)

/** From 1970 to 2100, including the starts of months, leap days, and the milliseconds around them. */
const instant = FastCheck.oneof(
  FastCheck.integer({ min: 0, max: Date.UTC(2100, 0) }),
  FastCheck.tuple(FastCheck.integer({ min: 0, max: 1559 }), FastCheck.constantFrom(-1, 0, 1)).map(([month, off]) =>
    Math.max(0, Date.UTC(1970, month) + off)
  ),
  FastCheck.constantFrom(
    ...[1972, 2000, 2024].flatMap((year) => [Date.UTC(year, 1, 28), Date.UTC(year, 1, 29), Date.UTC(year, 2, 1) - 1])
  )
)

describe("candle times", () => {
  it.prop(
    "an instant belongs to exactly one candle, which opens when the previous one closes",
    [interval, instant],
    ([of, at]) => {
      const [open, close] = [Candle.openTime(of, at), Candle.closeTime(of, at)]
      assert.isTrue(open <= at && at < close, `${of} at ${at}: from ${open} to ${close}`)
      assert.strictEqual(Candle.openTime(of, open), open)
      assert.strictEqual(Candle.openTime(of, close), close)
      assert.strictEqual(Candle.openTime(of, close - 1), open)
      assert.strictEqual(Candle.closeTime(of, open - 1), open)
    }
  )

  it.prop(
    "shift by n equals n steps of one candle, forwards and back",
    [interval, instant, FastCheck.integer({ min: 0, max: 40 })],
    ([of, at, count]) => {
      let stepped = Candle.openTime(of, at)
      for (let index = 0; index < count; index++) stepped = Candle.closeTime(of, stepped)
      assert.strictEqual(Candle.shift(of, at, count), stepped)
      assert.strictEqual(Candle.shift(of, stepped, -count), Candle.openTime(of, at))
    }
  )

  it.prop(
    "openTimes returns every candle that opens in the range, in order and without gaps",
    [interval, instant, FastCheck.integer({ min: 0, max: 40 }), FastCheck.integer({ min: -1, max: 1 })],
    ([of, at, count, off]) => {
      const to = Candle.shift(of, at, count) + off
      const opens = Candle.openTimes(of, at, to)
      assert.isTrue(opens.every((open) => open >= at && open < to && Candle.openTime(of, open) === open))
      assert.isTrue(opens.every((open, index) => index === 0 || Candle.closeTime(of, opens[index - 1] ?? 0) === open))
      assert.strictEqual(opens[0] ?? Candle.openFrom(of, at), Candle.openFrom(of, at))
      const next = opens.length === 0 ? Candle.openFrom(of, at) : Candle.closeTime(of, opens.at(-1) ?? 0)
      assert.isAtLeast(next, Math.max(at, to))
    }
  )

  it.prop("weeks open on Monday and months on the 1st, at midnight UTC", [instant], ([at]) => {
    const [week, month] = [new Date(Candle.openTime("1w", at)), new Date(Candle.openTime("1M", at))]
    assert.strictEqual(week.getUTCDay(), 1)
    assert.strictEqual(week.getTime() % day, 0)
    assert.strictEqual(Candle.closeTime("1w", at) - week.getTime(), 7 * day)
    assert.strictEqual(month.toISOString(), `${new Date(at).toISOString().slice(0, 7)}-01T00:00:00.000Z`)
  })

  it.prop("intervals up to a day open at multiples of their length", [interval, instant], ([of, at]) => {
    FastCheck.pre(of !== "1w" && of !== "1M")
    const length = Candle.closeTime(of, at) - Candle.openTime(of, at)
    assert.strictEqual(Candle.openTime(of, at), at - at % length)
  })

  it("a month has the length that the calendar gives it, also in leap years", () => {
    const days = (year: number, month: number) =>
      (Candle.closeTime("1M", Date.UTC(year, month, 15)) - Date.UTC(year, month)) / day
    assert.deepStrictEqual([2023, 2024, 2000, 2100].map((year) => days(year, 1)), [28, 29, 29, 28])
    assert.deepStrictEqual([0, 3, 11].map((month) => days(2024, month)), [31, 30, 31])
    assert.strictEqual(Candle.shift("1M", Date.UTC(2024, 0, 31), 1), Date.UTC(2024, 1, 1))
    assert.strictEqual(Candle.shift("1M", Date.UTC(2024, 2, 31), -1), Date.UTC(2024, 1, 1))
  })

  it("a time beyond the range of Date has NaN as its month, instead of throwing", () => {
    for (const at of [Number.MAX_SAFE_INTEGER, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.isNaN(Candle.openTime("1M", at))
      assert.isNaN(Candle.closeTime("1M", at))
    }
  })
})
