import { ExchangeError } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"

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

  describe("troubleshooting.md", () => {
    const [, ...sections] = read("docs/troubleshooting.md").split(/^### /m)
    const sectionOf = (tag: string) => sections.find((section) => section.startsWith(`${tag}\n`)) ?? ""
    const errors = Object.entries(ExchangeError.policies)

    it("has a section for every error that the libraries fail with, and for no other", () => {
      const sources = ["core", "resilience", "secrets"].flatMap((name) =>
        readdirSync(new URL(`../../${name}/src`, import.meta.url), { recursive: true, encoding: "utf8" })
          .filter((path) => path.endsWith(".ts"))
          .map((path) => read(`packages/${name}/src/${path}`))
      )
      const others = sources.flatMap((text) =>
        [...text.matchAll(/Schema\.TaggedError<([A-Z]\w*)>/g)].map(([, tag]) => tag)
      )
      assert.include(others, "SlowConsumer")
      assert.deepStrictEqual(
        sections.map((section) => section.slice(0, section.indexOf("\n"))).toSorted(),
        [...new Set([...errors.map(([tag]) => tag), ...others])].toSorted()
      )
    })

    it.each(errors)("says of %s what became of the request, and whether it was retried", (tag, { outcome, retry }) => {
      const section = sectionOf(tag)
      const said = { NotSent: "`NotSent`", Rejected: "`Rejected`", Unknown: "`Unknown`", stated: "stated by the error" }
      assert.include(section, `- **Outcome**: ${said[outcome]}`)
      const retried = {
        never: "no",
        unlessUnknown: "yes",
        afterDelay: "yes",
        onceAfterResync: "once",
        onceAfterReload: "once"
      }
      assert.include(section, `- **Retried**: ${retried[retry]}`)
      assert.include(section, "- **What to do**: ")
    })
  })

  it("the README of core names every metric, and no other of ours", () => {
    const names = (text: string) => [...new Set(text.match(/\bexchange_[a-z_]+\b/g))].toSorted()
    assert.deepStrictEqual(names(read("packages/core/README.md")), names(read("packages/core/src/ports/Telemetry.ts")))
  })
})
