import { assert, describe, it } from "@effect/vitest"
import { Errors, type Protocol } from "../src/adapter.js"

const { ofRow } = Errors.table({
  readError: () => undefined,
  codes: { Unknown: "BUSY" },
  judge: ({ text }) => text === "no funds" ? "InsufficientFunds" : undefined
})

const circumstances: Protocol.Circumstances = {
  about: { exchange: "acme", operation: "test" },
  headers: {},
  now: 0,
  status: 200
}

describe("an error without a code", () => {
  for (const [text, status] of [["no funds", 200], ["of tomorrow", 200], ["of tomorrow", 400]] as const) {
    it(`has no code: ${text}, status ${status}`, () => {
      assert.isUndefined(ofRow({ code: "", text }, { ...circumstances, status }).code)
      assert.strictEqual(ofRow({ code: "E1", text }, { ...circumstances, status }).code, "E1")
    })
  }
})
