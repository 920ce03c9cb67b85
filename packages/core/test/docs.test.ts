import { ExchangeError } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8")

const rows = (text: string) =>
  text.split("\n").filter((line) => line.startsWith("| `")).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim())
  )

describe("docs", () => {
  it("errors.md has the same table of policies as the code", () => {
    const documented = rows(read("docs/errors.md")).map(([tag = "", retry, breaker, outcome]) =>
      [tag.replaceAll("`", ""), { retry, breaker, outcome }] as const
    )
    assert.deepStrictEqual(Object.fromEntries(documented), { ...ExchangeError.policies })
  })

  describe("troubleshooting.md", () => {
    const [, ...sections] = read("docs/troubleshooting.md").split(/^### /m)
    const sectionOf = (tag: string) => sections.find((section) => section.startsWith(`${tag}\n`)) ?? ""
    const errors = Object.entries(ExchangeError.policies)

    it("has a section for every error of the libraries and for no other", () => {
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

    it.each(errors)("states the outcome of %s and whether it is retried", (tag, { outcome, retry }) => {
      const section = sectionOf(tag)
      const outcomes = {
        NotSent: "`NotSent`",
        Rejected: "`Rejected`",
        Unknown: "`Unknown`",
        stated: "stated by the error"
      }
      assert.include(section, `- **Outcome**: ${outcomes[outcome]}`)
      const retries = {
        never: "no",
        unlessUnknown: "yes",
        afterDelay: "yes",
        onceAfterResync: "once",
        onceAfterReload: "once"
      }
      assert.include(section, `- **Retried**: ${retries[retry]}`)
      assert.include(section, "- **What to do**: ")
    })
  })

  it("the README of core names every metric and no other", () => {
    const names = (text: string) => [...new Set(text.match(/\bexchange_[a-z_]+\b/g))].toSorted()
    assert.deepStrictEqual(names(read("packages/core/README.md")), names(read("packages/core/src/ports/Telemetry.ts")))
  })
})
