import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { firstTime } from "../src/adapter/internal/firstTime.js"

describe("firstTime", () => {
  it("recognizes the latest thousand ids as seen, and forgets older ones", () => {
    const isFirst = firstTime()
    for (let id = 0; id < 10_000; id++) {
      assert.isTrue(isFirst(String(id)), String(id))
      for (const distance of [0, 1, 999]) {
        if (distance <= id) assert.isFalse(isFirst(String(id - distance)), `${id} - ${distance}`)
      }
    }
    assert.isTrue(isFirst("7000"))
  })

  it("recognizes ids in any order and of any form", () => {
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

  it("remembers falling ids as it does rising ones", () => {
    const isFirst = firstTime()
    for (let id = 10_000; id > 0; id--) {
      assert.isTrue(isFirst(String(id)), String(id))
      for (const distance of [0, 1, 999]) {
        if (id + distance <= 10_000) assert.isFalse(isFirst(String(id + distance)), `${id} + ${distance}`)
      }
    }
    assert.isTrue(isFirst("7000"))
  })
})
