import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { FastCheck, Option, Schema } from "effect"
import { Decimal, ExchangeSymbol, Ticker } from "../src/index.js"

const ticker = (last?: string, open24h?: string): Ticker.Ticker => ({
  exchange: "acme",
  symbol: ExchangeSymbol.make("BTC/USDT"),
  at: 0,
  last: last === undefined ? undefined : Decimal.make(last),
  open24h: open24h === undefined ? undefined : Decimal.make(open24h)
})

const change = (last?: string, open?: string) => Option.map(Ticker.change24h(ticker(last, open)), Decimal.format)

describe("Ticker", () => {
  for (
    const [last, open, expected] of [
      ["102.5", "100", "0.025"],
      ["97.5", "100", "-0.025"],
      ["100", "100", "0"],
      ["1", "3", "-0.666667"],
      ["0", "3", "-1"],
      ["200", "100", "1"],
      // Half a millionth goes to the even neighbour.
      ["100.00005", "100", "0"],
      ["100.00015", "100", "0.000002"]
    ] as const
  ) {
    it(`change24h from ${open} to ${last} is ${expected}`, () => {
      assert.strictEqual(Number(Option.getOrThrow(change(last, open))), Number(expected))
      assert.notMatch(Option.getOrThrow(change(last, open)), /e/i)
    })
  }

  it("change24h is None without both prices, or if the opening price is zero", () => {
    assertNone(change("1"))
    assertNone(change(undefined, "1"))
    assertNone(change("1", "0"))
  })

  it.prop("change24h equals the relative change, rounded to six decimals", [
    FastCheck.integer({ min: 1, max: 10_000_000 }),
    FastCheck.integer({ min: 1, max: 10_000_000 })
  ], ([last, open]) => {
    const text = Option.getOrThrow(change(String(last), String(open)))
    assert.match(text, /^-?\d+(\.\d{1,6})?$/)
    assert.approximately(Number(text), last / open - 1, 0.000_000_6)
  })

  it("round-trips through JSON", () => {
    const one = ticker("64000.50", "63000")
    const text = JSON.stringify(Schema.encodeSync(Ticker.Ticker)(one))
    assert.include(text, "\"64000.50\"")
    assert.deepStrictEqual(
      Option.map(
        Ticker.change24h(Schema.decodeUnknownSync(Ticker.Ticker)(JSON.parse(text))),
        Decimal.format
      ),
      change("64000.50", "63000")
    )
  })
})
