import { describe, it } from "@effect/vitest"
import { run, scenario } from "./support/policyModel.js"

describe("a policy of any gates, under any calls", () => {
  it.effect.prop(
    "ends every call, returns every permit and token, and lets no more leave than may",
    [scenario],
    ([[setup, calls]]) => run(setup, calls),
    { fastCheck: { numRuns: 60 }, timeout: 120_000 }
  )
})
