import { assert, describe, it } from "@effect/vitest"
import { Errors } from "../src/adapter.js"

const { classify, ofRow } = Errors.table({
  readError: ({ text = "" }) => ({ code: text, text: "Not today." }),
  codes: { Unknown: "5100", InsufficientFunds: "5108" },
  ranges: { OrderRejected: "5100-5199 5400", InvalidRequest: "58000-58999" },
  judge: ({ code }) => code === "5150" ? "PermissionDenied" : undefined
})

const circumstances = { about: { exchange: "acme", operation: "place" }, headers: {}, now: 0, status: 200 }

const judged = (code: string) => {
  const error = classify({ ...circumstances, json: undefined, text: code, clean: (text) => text })
  assert.deepStrictEqual(ofRow({ code, text: "Not today." }, circumstances), error)
  return error === undefined ? undefined : [error._tag, error.code, error.outcome, error.detail]
}

describe("ranges of error codes", () => {
  it("reject under their code, with a detail that it is unrecognized", () => {
    const unknown = "unrecognized error: Not today."
    assert.deepStrictEqual(judged("5199"), ["OrderRejected", "5199", "Rejected", unknown])
    assert.deepStrictEqual(judged("5400"), ["OrderRejected", "5400", "Rejected", unknown])
    assert.deepStrictEqual(judged("58123"), ["InvalidRequest", "58123", "Rejected", unknown])
  })

  it("do not apply to codes that are listed, judged or outside of the ranges", () => {
    assert.deepStrictEqual(judged("5108"), ["InsufficientFunds", "5108", "Rejected", "Not today."])
    assert.deepStrictEqual(judged("5150"), ["PermissionDenied", "5150", "Rejected", "Not today."])
    assert.deepStrictEqual(judged("5100"), ["ExchangeUnavailable", "5100", "Unknown", "Not today."])
    for (const code of ["5200", "5401", "51", "", "51x"]) {
      assert.deepStrictEqual(judged(code)?.slice(0, 3), [
        "MalformedResponse",
        code === "" ? undefined : code,
        "Unknown"
      ], code)
    }
  })
})
