import { assert, describe, it } from "@effect/vitest"
import { DateTime, Option } from "effect"
import { Candle } from "../src/index.js"

const day = Date.UTC(2026, 0, 31)
const now = Date.UTC(2026, 5, 1)

describe("Candle.window", () => {
  it("accepts milliseconds, Date, DateTime and ISO strings", () => {
    for (const from of [day, new Date(day), DateTime.unsafeMake(day), "2026-01-31", "2026-01-31T00:00:00Z"]) {
      assert.deepStrictEqual(
        Candle.window({ from, to: "2026-02-01" }, now),
        Option.some({ from: day, to: day + 86_400_000 })
      )
    }
  })

  it("ends now by default, or at its beginning if that is in the future", () => {
    assert.deepStrictEqual(Candle.window({ from: day }, now), Option.some({ from: day, to: now }))
    assert.deepStrictEqual(Candle.window({ from: now + 5 }, now), Option.some({ from: now + 5, to: now + 5 }))
  })

  it("is none if it ends before it begins, begins before 1970, or a bound is not a valid instant", () => {
    for (
      const range of [
        { from: day, to: day - 1 },
        { from: -1 },
        { from: Number.NaN },
        { from: Number.POSITIVE_INFINITY },
        { from: "yesterday" },
        { from: day, to: "never" },
        { from: day, to: Number.NaN },
        { from: 1e18 }
      ]
    ) assert.isTrue(Option.isNone(Candle.window(range, now)), JSON.stringify(range))
  })
})
