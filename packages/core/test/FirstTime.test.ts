import { assert, describe, it } from "@effect/vitest"
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
})
