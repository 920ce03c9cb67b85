import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Redacted } from "effect"
import * as Buckets from "../src/internal/buckets.js"
import * as Tokens from "../src/internal/tokens.js"

const rules = { burst: 5, perSecond: 2, clients: 3 }

describe("The buckets of clients", () => {
  it.prop(
    "admit no client more often than its burst and rate allow",
    [FastCheck.array(FastCheck.integer({ min: 0, max: 2000 }), { maxLength: 200 })],
    ([pauses]) => {
      const buckets: Buckets.Buckets = new Map()
      let now = 0
      let admitted = 0
      for (const pause of pauses) {
        now += pause
        if (Buckets.take(rules, buckets, "a", now) === 0) admitted++
        assert.isAtMost(admitted, rules.burst + rules.perSecond * now / 1000)
      }
    }
  )

  it("return the wait in milliseconds, after which a request is admitted", () => {
    const buckets: Buckets.Buckets = new Map()
    for (let time = 0; time < 5; time++) assert.strictEqual(Buckets.take(rules, buckets, "a", 0), 0)
    const wait = Buckets.take(rules, buckets, "a", 0)
    assert.strictEqual(wait, 500)
    assert.isAbove(Buckets.take(rules, buckets, "a", wait - 1), 0)
    assert.strictEqual(Buckets.take(rules, buckets, "a", wait), 0)
  })

  it("keep only the clients with the latest requests", () => {
    const buckets: Buckets.Buckets = new Map()
    for (const client of ["a", "b", "c", "a", "d"]) Buckets.take(rules, buckets, client, 0)
    assert.deepStrictEqual([...buckets.keys()], ["c", "a", "d"])
  })
})

describe("Tokens.admits", () => {
  it.prop(
    "accepts each of the tokens and nothing else",
    [FastCheck.array(FastCheck.stringMatching(/^[!-~]{1,40}$/), { minLength: 1, maxLength: 3 }), FastCheck.string()],
    ([tokens, other]) => {
      const known = tokens.map((token) => Redacted.make(token))
      for (const token of tokens) assert.isTrue(Tokens.admits(known, `Bearer ${token}`))
      assert.strictEqual(Tokens.admits(known, `Bearer ${other}`), tokens.includes(other))
      for (const token of tokens) {
        for (const near of [`${token}x`, token.slice(1), token.slice(0, -1)]) {
          assert.strictEqual(Tokens.admits(known, `Bearer ${near}`), tokens.includes(near))
        }
      }
      assert.isFalse(Tokens.admits(known, undefined))
    }
  )
})
