import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { StatusPage } from "../src/index.js"

describe("the status page", () => {
  it.effect("may do nothing but what is its own", () =>
    Effect.gen(function*() {
      const policy = yield* StatusPage.policy
      for (const tag of ["style", "script"]) {
        const [, text = ""] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(StatusPage.html) ?? []
        const hash = createHash("sha256").update(text).digest("base64")
        assert.include(policy, `${tag}-src 'sha256-${hash}'`)
      }
      assert.match(policy, /^default-src 'none';/)
    }))

  it("is one document that is small, asks for nothing elsewhere, and takes no markup from outside", () => {
    assert.isBelow(StatusPage.html.length, 20_000)
    assert.notMatch(
      StatusPage.html,
      /https?:\/\/(?!www\.w3\.org\/2000\/svg)|innerHTML|insertAdjacent|document\.write|eval\(/
    )
    assert.notMatch(StatusPage.html, / (?:on\w+|src|style)=/)
  })
})
