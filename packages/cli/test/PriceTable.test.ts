import * as PriceTable from "@effect-exchange/cli/PriceTable"
import { formatPrice } from "@effect-exchange/cli/Quotes"
import { Decimal, ExchangeSymbol } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"

const failed = (symbol: string, message = "it is down") => ({
  exchange: "bitmex",
  symbol: ExchangeSymbol.make(symbol),
  latencyMillis: 12,
  attempts: 5,
  retries: 4,
  breaker: "Open",
  error: { tag: "ExchangeUnavailable", message, advice: "Wait." }
})

describe("prices", () => {
  const cases = [
    ["64000.5", "0.01", "64000.50"],
    ["64000.500000", "0.01", "64000.50"],
    ["64000.123", "0.01", "64000.123"],
    ["64000.000", "1", "64000"],
    ["100", "10", "100"],
    ["0.00000012", "0.00000001", "0.00000012"]
  ] as const
  for (const [price, tickSize, expected] of cases) {
    it(`writes ${price} on a tick of ${tickSize} as ${expected}`, () => {
      assert.strictEqual(formatPrice(Decimal.make(price), { tickSize: Decimal.make(tickSize) }), expected)
    })
  }

  it("omits trailing zeros without a tick size", () => {
    assert.strictEqual(formatPrice(Decimal.make("12.500"), {}), "12.5")
    assert.strictEqual(formatPrice(undefined, {}), undefined)
  })
})

describe("24 h change", () => {
  it("is a signed percentage with two decimal places", () => {
    assert.deepStrictEqual(PriceTable.changeCell("0.025"), { text: "+2.50 %", tone: "good" })
    assert.deepStrictEqual(PriceTable.changeCell("-0.123456"), { text: "-12.35 %", tone: "bad" })
    assert.strictEqual(PriceTable.changeCell("0"), "0.00 %")
    assert.strictEqual(PriceTable.changeCell("0.000001"), "0.00 %")
    assert.strictEqual(PriceTable.changeCell(undefined), "–")
  })
})

describe("rows that failed", () => {
  it("show the error's tag", () => {
    const line = PriceTable.table([failed("BTC/USDT")], false).split("\n")[2] ?? ""
    assert.match(line, /^bitmex +BTC\/USDT +ExchangeUnavailable +– +– +– +12 ms +5 +Open$/)
  })

  it("are explained once per reason", () => {
    assert.deepStrictEqual(
      PriceTable.failures([failed("A/B"), failed("C/D"), failed("E/F", "other\u{1b}[2J")], false),
      [
        "bitmex A/B, C/D: ExchangeUnavailable. it is down. Wait.",
        "bitmex E/F: ExchangeUnavailable. other [2J. Wait."
      ]
    )
  })
})
