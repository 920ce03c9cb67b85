import { RetryAfter } from "@effect-exchange/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"

const now = Date.UTC(2026, 0, 2, 3, 4, 5)
const seconds = (header: string | undefined, at = now) => {
  const wait = RetryAfter.parse(header, at)
  return wait === undefined ? undefined : Duration.toSeconds(wait)
}

describe("RetryAfter.parse", () => {
  it("parses seconds with and without fractions", () => {
    assert.deepStrictEqual(["0", "1", "120", "0.5", "999999999"].map((header) => seconds(header)), [
      0,
      1,
      120,
      0.5,
      999_999_999
    ])
  })

  it("parses dates relative to `now`, and returns zero for a date in the past", () => {
    assert.strictEqual(seconds("Fri, 02 Jan 2026 03:04:35 GMT"), 30)
    assert.strictEqual(seconds("Friday, 02-Jan-26 03:04:35 GMT"), 30)
    assert.strictEqual(seconds("Fri, 02 Jan 2026 03:04:35 GMT", now + 20_000), 10)
    assert.strictEqual(seconds("Fri, 02 Jan 2026 03:04:35 GMT", now + 31_000), 0)
  })

  it("returns undefined for anything else", () => {
    const invalid = ["", " ", "-5", "1e9", "NaN", "Infinity", "12345678901", "soon", "2026-01-02", "Fri, GMT", "1,5"]
      .concat(["Mon, -5 GMT", "Fri, 2 GMT", "Fri, 02 Jan 2026 GMT"])
    for (const header of [undefined, ...invalid]) assert.isUndefined(RetryAfter.parse(header, now))
    assert.isUndefined(RetryAfter.parse("Fri, 02 Jan 2026 03:04:35 GMT", Number.NaN))
  })
})
