import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { Variables } from "../src/index.js"

const page = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8")

/** The cells of tables, without the alignment of the formatter. */
const cells = (text: string) =>
  text.split("\n").filter((line) => line.startsWith("|")).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim().replace(/^-+$/, "---"))
  )

describe("Variables", () => {
  it("the configuration page has the generated table of variables; otherwise run npm run exchanges", () => {
    const [, written = ""] = /<!-- variables -->([^]*?)<!-- \/variables -->/.exec(page) ?? []
    assert.deepStrictEqual(cells(written), cells(Variables.markdown()), Variables.markdown())
  })
})
