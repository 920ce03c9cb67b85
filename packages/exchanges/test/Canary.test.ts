import { assert, describe, it } from "@effect/vitest"
import { forms } from "./canary/echo.js"
import * as Canary from "./canary/suite.js"
import { leak } from "./support/output.js"
import { sampled } from "./support/sampling.js"

Canary.register(sampled(4))

describe("leak detection", () => {
  const secret = "K3y/CANARY+key==0123456789abcdef"
  for (const [form, write] of Object.entries(forms)) {
    it(`finds a secret ${form}`, () => {
      const body = JSON.parse(`["${write(secret)}"]`)
      assert.isDefined(leak([`an error: ${body}`], [secret]))
      assert.isDefined(leak([JSON.stringify({ code: body })], [secret]))
      assert.isUndefined(leak(["an error: nothing of it"], [secret]))
    })
  }
})
