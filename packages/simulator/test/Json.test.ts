import { assert, describe, it } from "@effect/vitest"
import { BigDecimal } from "effect"
import { Decimal, Json } from "../src/kit.js"

const price = BigDecimal.unsafeFromString("0.50")

describe("a document whose decimals are strings", () => {
  const row = { price, at: 7, id: 12345678901234567890n, isOpen: true, none: null, missing: undefined }

  it("has them so at every depth, in plain digits, and everything else as it was", () => {
    assert.strictEqual(
      Json.encode(Json.quoted({ rows: [row], levels: [[price, BigDecimal.unsafeFromString("1e-9")]] })),
      "{\"rows\":[{\"price\":\"0.5\",\"at\":7,\"id\":12345678901234567890,\"isOpen\":true,\"none\":null}]," +
        "\"levels\":[[\"0.5\",\"0.000000001\"]]}"
    )
  })

  it("has them in the digits of the exchange", () => {
    const write = (decimal: BigDecimal.BigDecimal) => Decimal.fixed(decimal, 8)
    assert.strictEqual(Json.encode(Json.quoted([price, row.at], write)), "[\"0.50000000\",7]")
  })
})
