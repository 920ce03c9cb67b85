import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Pages } from "../src/adapter.js"
import { ExchangeError } from "../src/index.js"

const about = { exchange: "acme", operation: "fills" }

/** A listing of `total` rows, ten a page, the newest first. */
const listing = (total: number) => {
  const sent: Array<number> = []
  const read = (from = total) =>
    Effect.sync(() => {
      sent.push(from)
      const rows = Array.from({ length: Math.min(10, from) }, (_, index) => from - index)
      return { rows, next: from > 10 ? from - 10 : undefined }
    })
  return { read, sent }
}

describe("Pages", () => {
  it.effect("gives all rows in their order, and reads no page after the last", () =>
    Effect.gen(function*() {
      const { read, sent } = listing(25)
      assert.deepStrictEqual(
        yield* Pages.collect({ ...about, read }),
        Array.from({ length: 25 }, (_, index) => 25 - index)
      )
      assert.deepStrictEqual(sent, [25, 15, 5])
    }))

  it.effect("stops as soon as there are enough", () =>
    Effect.gen(function*() {
      const { read, sent } = listing(10_000)
      assert.strictEqual((yield* Pages.collect({ ...about, read, enough: 11 })).length, 20)
      assert.strictEqual(sent.length, 2)
    }))

  it.effect("says so where more pages would have to be read than it may, and gives no part for the whole", () =>
    Effect.gen(function*() {
      const { read, sent } = listing(1_001)
      const error = yield* Effect.flip(Pages.collect({ ...about, read }))
      assert.instanceOf(error, ExchangeError.Unsupported)
      assert.include(error.message, "after 100 pages there are more")
      assert.include(error.message, "a later `since`, a smaller `limit`")
      assert.strictEqual(sent.length, Pages.most)
      const all = listing(1_000)
      assert.strictEqual((yield* Pages.collect({ ...about, read: all.read })).length, 1_000)
      assert.instanceOf(
        yield* Effect.flip(Pages.collect({ ...about, read: listing(21).read, most: 2 })),
        ExchangeError.Unsupported
      )
    }))

  it.effect("a row that comes twice is one, as it was read last", () =>
    Effect.gen(function*() {
      const pages: ReadonlyArray<ReadonlyArray<readonly [id: string, version: number]>> = [
        [["a", 1], ["b", 1]],
        [["b", 2], ["c", 1]]
      ]
      const rows = yield* Pages.collect({
        ...about,
        id: ([id]) => id,
        read: (index: number | undefined) =>
          Effect.succeed({ rows: pages[index ?? 0] ?? [], next: index === undefined ? 1 : undefined })
      })
      assert.deepStrictEqual(rows, [["a", 1], ["b", 2], ["c", 1]])
    }))
})
