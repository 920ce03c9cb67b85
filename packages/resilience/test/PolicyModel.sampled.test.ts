import { describe, it } from "@effect/vitest"
import { run, scenario } from "./support/policyModel.js"
import { runs } from "./support/sample.js"

describe("A policy with any gates and any calls", () => {
  it.effect.prop(
    "ends every call, returns every permit and token, and respects all limits",
    [scenario],
    ([[setup, calls]]) => run(setup, calls),
    { fastCheck: { numRuns: runs(60) }, timeout: 120_000 }
  )
})
