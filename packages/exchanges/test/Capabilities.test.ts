import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { Capabilities } from "../src/index.js"

const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8")

/** Returns the cells of a table without the padding. */
const cells = (text: string) =>
  text.split("\n").filter((line) => line.startsWith("|")).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim().replace(/^-+$/, "---"))
  )

describe("Capabilities", () => {
  it("the README has the table of the code; if not, run npm run exchanges", () => {
    const [, written = ""] = /<!-- capabilities -->([^]*?)<!-- \/capabilities -->/.exec(readme) ?? []
    assert.deepStrictEqual(cells(written), cells(Capabilities.table()), Capabilities.table())
  })
})
