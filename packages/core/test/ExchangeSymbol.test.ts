import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Either, FastCheck, Schema } from "effect"
import { ExchangeSymbol } from "../src/index.js"
import * as Hostile from "./support/hostile.js"

const asset = FastCheck.oneof(
  FastCheck.stringMatching(/^[A-Za-z0-9$][A-Za-z0-9.$]{0,19}$/),
  FastCheck.constantFrom("币安人生", "AAPLx", "BRK.Bx", "ÜX", "йена", "٣")
)
const expiry = FastCheck.stringMatching(/^[0-9]{6}$/)

describe("ExchangeSymbol", () => {
  for (
    const text of [
      "BTC/USDT",
      "BTC/USD:BTC",
      "BTC/USD:BTC-261225",
      "1INCH/USDT",
      "A/B",
      "1000SATS/USDT",
      "AAPLx/USD",
      "BRK.Bx/USD",
      "$AI/USDT",
      "币安人生/USDT:USDT",
      "btc/usdt"
    ]
  ) {
    it(`accepts ${text}`, () => {
      assert.isTrue(ExchangeSymbol.isExchangeSymbol(text))
      assert.strictEqual(ExchangeSymbol.make(text), text)
    })
  }

  for (const text of Hostile.symbols) {
    it(`refuses ${JSON.stringify(text.slice(0, 30))} with a short message`, () => {
      assert.isFalse(ExchangeSymbol.isExchangeSymbol(text))
      assert.throws(() => ExchangeSymbol.make(text))
      const decoded = ExchangeSymbol.decode(text)
      assert.isTrue(Either.isLeft(decoded))
      if (Either.isLeft(decoded)) {
        assert.include(decoded.left.message, "expected a symbol such as \"BTC/USDT\"")
        assert.isBelow(decoded.left.message.length, 500)
        assert.notMatch(decoded.left.message, /[\r\n\0]/)
      }
    })
  }

  for (const value of [null, undefined, 1, {}, [], ["BTC/USDT"], new String("BTC/USDT")]) {
    it(`refuses the ${typeof value} ${JSON.stringify(value)}`, () => {
      assert.isFalse(ExchangeSymbol.isExchangeSymbol(value))
      assert.isTrue(Either.isLeft(Schema.decodeUnknownEither(ExchangeSymbol.ExchangeSymbol)(value)))
    })
  }

  it.prop("fromAssets combines the assets, and returns undefined for an expiry without a settlement asset", [
    asset,
    asset,
    FastCheck.option(asset),
    FastCheck.option(expiry)
  ], (
    [base, quote, settle, expiry]
  ) => {
    const symbol = ExchangeSymbol.fromAssets({
      base,
      quote,
      settle: settle ?? undefined,
      expiry: expiry ?? undefined
    })
    if (settle === null && expiry !== null) {
      assert.strictEqual(symbol, undefined)
    } else {
      const expected = `${base}/${quote}${settle === null ? "" : `:${settle}`}${expiry === null ? "" : `-${expiry}`}`
      assert.strictEqual(symbol, expected)
    }
  })

  it.prop("an accepted text has only letters, digits and the separators of the notation", [
    FastCheck.oneof(Hostile.text(), FastCheck.stringMatching(/^[A-Z/:\-0-9.%?#\n]{1,30}$/))
  ], ([text]) => {
    if (ExchangeSymbol.isExchangeSymbol(text)) {
      assert.match(text, /^[\p{L}\p{N}.$/:-]{3,69}$/u)
      assert.notMatch(text, /[\p{Cc}\p{Cf}\p{DI}\p{Z}\p{Bidi_C}%?#&]|\.\.\//u)
    }
  })

  it.prop(
    "arbitraries of the schema are valid symbols",
    [Arbitrary.make(ExchangeSymbol.ExchangeSymbol)],
    ([symbol]) => {
      assert.isTrue(ExchangeSymbol.isExchangeSymbol(symbol))
    }
  )

  it("fromAssets returns undefined for an asset outside of the notation", () => {
    assert.strictEqual(ExchangeSymbol.fromAssets({ base: "BTC USD", quote: "USDT" }), undefined)
    assert.strictEqual(ExchangeSymbol.fromAssets({ base: "", quote: "USDT" }), undefined)
  })
})
