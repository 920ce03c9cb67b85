import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { StatusPage } from "../src/index.js"

describe("The status page", () => {
  it.effect("allows only its own style and script by hash in its content security policy", () =>
    Effect.gen(function*() {
      const policy = yield* StatusPage.policy
      for (const tag of ["style", "script"]) {
        const [, text = ""] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(StatusPage.html) ?? []
        const hash = createHash("sha256").update(text).digest("base64")
        assert.include(policy, `${tag}-src 'sha256-${hash}'`)
      }
      assert.match(policy, /^default-src 'none';/)
    }))

  it("is one small document that loads nothing from elsewhere and inserts no markup", () => {
    assert.isBelow(StatusPage.html.length, 20_000)
    assert.notMatch(
      StatusPage.html,
      /https?:\/\/(?!www\.w3\.org\/2000\/svg)|innerHTML|insertAdjacent|document\.write|eval\(/
    )
    assert.notMatch(StatusPage.html, / (?:on\w+|src|style)=/)
  })
})
