import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { RetryAfter } from "../src/index.js"

const now = Date.UTC(2026, 10, 6, 8, 49, 30)

describe("RetryAfter", () => {
  for (
    const [header, millis] of [
      ["0", 0],
      ["1", 1_000],
      ["120", 120_000],
      ["1.5", 1_500],
      ["0.25", 250],
      ["Fri, 06 Nov 2026 08:49:37 GMT", 7_000],
      ["Friday, 06-Nov-26 08:49:37 GMT", 7_000],
      // Passed already: nothing to wait for.
      ["Fri, 06 Nov 2020 08:49:37 GMT", 0]
    ] as const
  ) {
    it(`"${header}" is ${millis} ms`, () => {
      const asked = RetryAfter.retryAfter({ "retry-after": header }, now)
      assert.strictEqual(asked === undefined ? undefined : Duration.toMillis(asked), millis)
    })
  }

  for (
    const header of [
      "",
      "soon",
      "-5",
      "1, 2",
      "2026-11-06",
      "NaN",
      "Infinity",
      "1e3",
      "0x10",
      "-",
      "10 seconds",
      "99999999999999999999"
    ]
  ) {
    it(`"${header}" says nothing`, () => {
      assert.strictEqual(RetryAfter.retryAfter({ "retry-after": header }, now), undefined)
    })
  }

  it("no header says nothing", () => {
    assert.strictEqual(RetryAfter.retryAfter({}, now), undefined)
  })
})
