import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Option } from "effect"
import { CandleSearch } from "../src/adapter.js"

const now = 100_000

/** One step of the search: candles of `length` for a market that traded at these instants, 100 per page. */
const step = (traded: ReadonlyArray<number>, length: number, shift: number, count: { sent: number }) => ({
  length,
  page: 100,
  read: ({ from, to }: { readonly from: number; readonly to: number }) =>
    Effect.sync(() => {
      count.sent++
      assert.isAtMost(to - from, 100 * length)
      const opens = new Set(traded.map((at) => Math.floor((at - shift) / length) * length + shift))
      return [...opens].filter((open) => open >= from && open < to).toReversed()
    })
})

const search = (traded: ReadonlyArray<number>, from: number, reach = 10) => {
  const count = { sent: 0 }
  return CandleSearch.firstFrom({
    steps: [step(traded, 700, 300, count), step(traded, 100, 0, count), step(traded, 10, 0, count)],
    since: 1_000,
    from,
    now,
    precision: reach
  }).pipe(Effect.map((found) => ({ found: Option.getOrUndefined(found), sent: count.sent })))
}

describe("CandleSearch", () => {
  it.effect.prop(
    "finds the first candle at or after an instant, or an instant before it within the requested precision",
    [
      FastCheck.array(FastCheck.integer({ min: 1_000, max: now }), { maxLength: 20 }),
      FastCheck.integer({ min: 0, max: now }),
      FastCheck.constantFrom(5, 10, 60, 100, 650, 700, 5_000)
    ],
    ([traded, from, reach]) =>
      Effect.gen(function*() {
        const first = traded.toSorted((one, other) => one - other).find((at) => at >= from)
        const { found } = yield* search(traded, from, reach)
        if (first === undefined) {
          // The last one may be in the shortest candle that the instant falls into.
          if (found !== undefined) assert.isTrue(traded.some((at) => at < from && from - at < Math.max(reach, 10)))
          return
        }
        assert.isDefined(found)
        assert.isAtLeast(found ?? 0, Math.min(from, first))
        assert.isAtMost(found ?? 0, first)
      })
  )

  it.effect("needs few requests for a gap of any length and skips no candle before it", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* search([2_345, 95_000], 0), { found: 2_340, sent: 3 })
      assert.deepStrictEqual(yield* search([95_000], 0), { found: 95_000, sent: 4 })
      assert.deepStrictEqual(yield* search([], 0), { found: undefined, sent: 2 })
    }))

  it.effect("sends no request for a range in the future", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* search([95_000], now + 1), { found: undefined, sent: 0 })
    }))
})
