import { assert, describe, it } from "@effect/vitest"
import { Decimal, Market } from "../src/index.js"

const tick = (size: string) => ({ tickSize: Decimal.make(size) })
const lot = (size: string) => ({ lotSize: Decimal.make(size) })

describe("Market", () => {
  for (
    const [price, size, text] of [
      ["64000.5", "0.01", "64000.50"],
      ["64000.505", "0.01", "64000.51"],
      ["64000.5049", "0.01", "64000.50"],
      ["64000.5", "0.010", "64000.50"],
      ["-0.005", "0.01", "-0.01"],
      ["64000.3", "0.5", "64000.5"],
      ["64000.24", "0.5", "64000.0"],
      ["64000.25", "0.5", "64000.5"],
      ["64003", "5", "64005"],
      ["0", "0.1", "0.0"]
    ] as const
  ) {
    it(`formats the price ${price} with tick size ${size} as ${text}`, () => {
      assert.strictEqual(Market.formatPrice(tick(size), Decimal.make(price)), text)
    })
  }

  for (
    const [amount, size, text] of [
      ["0.129", "0.01", "0.12"],
      ["0.1", "0.001", "0.100"],
      ["-0.129", "0.01", "-0.12"],
      ["19", "10", "10"],
      ["0.009", "0.01", "0.00"]
    ] as const
  ) {
    it(`formats the amount ${amount} with lot size ${size} as ${text}`, () => {
      assert.strictEqual(Market.formatAmount(lot(size), Decimal.make(amount)), text)
    })
  }

  it("formats a value unchanged if the market has no step", () => {
    assert.strictEqual(Market.formatPrice({}, Decimal.make("1.2345")), "1.2345")
    assert.strictEqual(Market.formatAmount({}, Decimal.make("1.2345")), "1.2345")
  })
})
