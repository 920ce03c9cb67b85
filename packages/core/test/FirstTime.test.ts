import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { firstTime } from "../src/adapter/internal/firstTime.js"

describe("ids that come for the first time", () => {
  it("are told from those of the latest thousand, and none is remembered for ever", () => {
    const isFirst = firstTime()
    for (let id = 0; id < 10_000; id++) {
      assert.isTrue(isFirst(String(id)), String(id))
      for (const back of [0, 1, 999]) if (back <= id) assert.isFalse(isFirst(String(id - back)), `${id} - ${back}`)
    }
    assert.isTrue(isFirst("7000"))
  })

  it("are told in whatever order they come, and whatever they look like", () => {
    const ids = FastCheck.array(
      FastCheck.oneof(FastCheck.nat(120).map(String), FastCheck.string({ maxLength: 1 }), FastCheck.uuid()),
      { maxLength: 900, size: "max" }
    )
    FastCheck.assert(
      FastCheck.property(ids, (ids) => {
        const isFirst = firstTime()
        const seen = new Set<string>()
        for (const id of [...ids, ...ids]) {
          assert.strictEqual(isFirst(id), !seen.has(id), id)
          seen.add(id)
        }
      })
    )
  })

  it("which fall are remembered as those which rise", () => {
    const isFirst = firstTime()
    for (let id = 10_000; id > 0; id--) {
      assert.isTrue(isFirst(String(id)), String(id))
      for (const ago of [0, 1, 999]) if (id + ago <= 10_000) assert.isFalse(isFirst(String(id + ago)), `${id} + ${ago}`)
    }
    assert.isTrue(isFirst("7000"))
  })
})
