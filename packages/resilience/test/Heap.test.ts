import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Heap from "../src/internal/heap.js"

describe("Heap", () => {
  it.prop(
    "returns the item with the soonest instant first, regardless of removals",
    [
      FastCheck.array(
        FastCheck.oneof(
          {
            weight: 3,
            arbitrary: FastCheck.record({
              _tag: FastCheck.constant("Add" as const),
              at: FastCheck.bigInt({ min: 0n, max: 1000n })
            })
          },
          {
            weight: 1,
            arbitrary: FastCheck.record({ _tag: FastCheck.constant("Remove" as const), which: FastCheck.nat() })
          },
          { weight: 1, arbitrary: FastCheck.record({ _tag: FastCheck.constant("TakeFirst" as const) }) }
        ),
        { minLength: 20, maxLength: 120 }
      )
    ],
    ([commands]) => {
      const heap = Heap.make<number>()
      const items: Array<Heap.Item<number>> = []
      const contained = new Set<Heap.Item<number>>()
      for (const [id, command] of commands.entries()) {
        if (command._tag === "Add") {
          const item = Heap.item(command.at, id)
          items.push(item)
          contained.add(item)
          Heap.add(heap, item)
        } else {
          const item = command._tag === "Remove" ? items[command.which % items.length] : Heap.first(heap)
          if (item !== undefined) {
            contained.delete(item)
            Heap.remove(heap, item)
          }
        }
        assert.strictEqual(heap.items.length, contained.size)
        assert.isTrue(heap.items.every((item) => contained.has(item)))
        const soonest = [...contained].map(({ at }) => at).toSorted((a, b) => a < b ? -1 : a > b ? 1 : 0)[0]
        assert.strictEqual(Heap.first(heap)?.at, soonest)
      }
    },
    { fastCheck: { numRuns: 300 } }
  )
})
