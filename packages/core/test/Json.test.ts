import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Schema } from "effect"
import { Wire } from "../src/adapter.js"
import { parseJson } from "../src/engine/internal/json.js"
import { Decimal } from "../src/index.js"

describe("parseJson", () => {
  it("keeps numbers with more digits than a double as text", () => {
    assert.deepStrictEqual(
      parseJson(
        `{"id":12345678901234567890,"small":0.12345678901234567891,"negative":-98765432109876543210.5e-3,"list":[1,9007199254740993]}`
      ),
      {
        id: "12345678901234567890",
        small: "0.12345678901234567891",
        negative: "-98765432109876543210.5e-3",
        list: [1, "9007199254740993"]
      }
    )
  })

  it("keeps a single inexact number as text, from the first that a double cannot hold", () => {
    for (const digits of ["9007199254740993", "12345678901234567", "0.123456789012345678", "-9007199254740993"]) {
      assert.deepStrictEqual(parseJson(`{"id":${digits},"n":1}`), { id: digits, n: 1 })
    }
  })

  it("parses exact numbers as numbers, whatever their length", () => {
    const exact = "[1700000000123456,9007199254740991,0.1234567890123456,-1234567890.123456,1e21]"
    assert.deepStrictEqual(parseJson(exact), JSON.parse(exact))
  })

  it("does not change strings", () => {
    for (const text of ["12345678901234567890", "\\\" 12345678901234567890", "a: 0.12345678901234567891,"]) {
      assert.deepStrictEqual(parseJson(JSON.stringify({ [text]: text })), { [text]: text })
    }
  })

  it("returns undefined for invalid JSON", () => {
    for (
      const text of [
        "",
        "{",
        "12345678901234567890.",
        "{\"a\":12345678901234567890",
        "[0012345678901234567890]",
        "[1.2.3.4.5.6.7.8.9.10]",
        "12345678901234567890x"
      ]
    ) {
      assert.isUndefined(parseJson(text), text)
    }
  })

  it.prop("parses what JSON.stringify writes", [FastCheck.jsonValue()], ([value]) => {
    const text = JSON.stringify(value)
    assert.deepStrictEqual(parseJson(text), JSON.parse(text))
  })

  const digits = FastCheck.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String)
  const field = FastCheck.record({
    digits,
    quoted: FastCheck.boolean(),
    before: FastCheck.constantFrom("", "\\\"", "a ", "-")
  })

  it.prop("keeps inexact numbers as text among strings with as many digits", [FastCheck.array(field)], ([fields]) => {
    const tokens = fields.map(({ before, digits, quoted }) => quoted ? `"${before}${digits}"` : digits)
    const isExact = (digits: string) => String(Number(digits)) === digits
    assert.deepStrictEqual(
      parseJson(`[${tokens.join()}]`),
      fields.map(({ before, digits, quoted }) =>
        quoted ? before.replace("\\", "") + digits : isExact(digits) ? Number(digits) : digits
      )
    )
  })

  it.prop("loses no digit of a decimal", [FastCheck.bigInt({ min: -(10n ** 39n), max: 10n ** 39n })], ([value]) => {
    const decimal = Schema.decodeUnknownSync(Wire.number)(parseJson(String(value)))
    assert.strictEqual(Decimal.format(decimal), String(value))
  })
})
