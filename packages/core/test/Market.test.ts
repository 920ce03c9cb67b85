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

  const stepped = {
    tickSize: Decimal.make("0.01"),
    tickSizeSteps: [
      { fromPrice: Decimal.make("100"), tickSize: Decimal.make("0.5") },
      { fromPrice: Decimal.make("1000"), tickSize: Decimal.make("5") }
    ]
  }

  for (
    const [price, size, text] of [
      ["0", "0.01", "0.00"],
      ["99.994", "0.01", "99.99"],
      ["99.996", "0.01", "100.0"],
      ["100", "0.5", "100.0"],
      ["100.3", "0.5", "100.5"],
      ["-100.3", "0.5", "-100.5"],
      ["999.8", "0.5", "1000"],
      ["1003", "5", "1005"]
    ] as const
  ) {
    it(`has the tick size ${size} at the price ${price} if its steps depend on the price, and formats it as ${text}`, () => {
      const found = Market.tickSizeAt(stepped, Decimal.make(price))
      assert.strictEqual(found && Decimal.format(found), size)
      assert.strictEqual(Market.formatPrice(stepped, Decimal.make(price)), text)
    })
  }

  const fiveDigits = Market.significantDigits({ digits: 5, decimals: 8 })
  const orWhole = Market.significantDigits({ digits: 5, decimals: 2, wholePrices: true })
  for (
    const [market, price, text] of [
      [fiveDigits, "0.000000014", "0.00000001"],
      [fiveDigits, "0.001234567", "0.0012346"],
      [fiveDigits, "1.23456", "1.2346"],
      [fiveDigits, "9.99996", "10.000"],
      [fiveDigits, "64321.4", "64321"],
      [fiveDigits, "123456", "123460"],
      [fiveDigits, "123456789012", "123460000000"],
      [orWhole, "1.23456", "1.23"],
      [orWhole, "1234.56", "1234.6"],
      [orWhole, "123456.4", "123456"]
    ] as const
  ) {
    it(`formats ${price} with five significant digits${market === orWhole ? " or as a whole price" : ""} as ${text}`, () => {
      assert.strictEqual(Market.formatPrice(market, Decimal.make(price)), text)
    })
  }

  it("formats a value unchanged if the market has no step", () => {
    assert.strictEqual(Market.formatPrice({}, Decimal.make("1.2345")), "1.2345")
    assert.strictEqual(Market.formatAmount({}, Decimal.make("1.2345")), "1.2345")
  })
})
