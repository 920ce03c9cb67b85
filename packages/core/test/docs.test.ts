import { ExchangeError } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8")

const rows = (text: string) =>
  text.split("\n").filter((line) => line.startsWith("| `")).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim())
  )

describe("docs", () => {
  it("errors.md has the table of the code", () => {
    const documented = rows(read("docs/errors.md")).map(([tag = "", retry, breaker, outcome]) =>
      [tag.replaceAll("`", ""), { retry, breaker, outcome }] as const
    )
    assert.deepStrictEqual(Object.fromEntries(documented), { ...ExchangeError.policies })
  })

  it("the README of core names every metric, and no other of ours", () => {
    const names = (text: string) => [...new Set(text.match(/\bexchange_[a-z_]+\b/g))].toSorted()
    assert.deepStrictEqual(names(read("packages/core/README.md")), names(read("packages/core/src/ports/Telemetry.ts")))
  })
})
