import * as Table from "@effect-exchange/cli/Table"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"

const columns = [{ title: "name" }, { title: "price", align: "right" }] as const

describe("Table", () => {
  it("aligns columns without trailing blanks", () => {
    assert.strictEqual(
      Table.render([{ title: "a" }, { title: "longer", align: "right" }, { title: "end" }], [["first", "1", "x"], [
        "b"
      ]], false),
      "a      longer  end\n─────  ──────  ───\nfirst       1  x\nb"
    )
  })

  it("colors a cell without counting the color codes as width", () => {
    const painted = Table.render(columns, [[{ text: "x", tone: "good" }, { text: "1", tone: "bad" }]], true)
    assert.strictEqual(painted.split("\n")[2], "\u{1b}[32mx\u{1b}[0m         \u{1b}[31m1\u{1b}[0m")
    assert.notInclude(Table.render(columns, [[{ text: "x", tone: "good" }, "1"]], false), "\u{1b}")
  })

  it("removes control characters from cells", () => {
    assert.include(Table.render(columns, [["a\u{1b}[2J\r\nb", "1"]], false), "a [2J b")
  })

  it.prop("gives all lines of right-aligned cells the same width", [
    FastCheck.array(FastCheck.stringMatching(/^[a-z0-9]{1,12}$/), { minLength: 1 })
  ], ([texts]) => {
    const lines = Table.render(columns, texts.map((text) => [text, text]), false).split("\n")
    assert.strictEqual(new Set(lines.map((line) => line.length)).size, 1)
    assert.strictEqual(lines.length, texts.length + 2)
  })
})
