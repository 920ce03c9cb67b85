import * as Suggestions from "@effect-exchange/cli/Suggestions"
import { ExchangeSymbol, type Market } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, TestClock } from "effect"
import { network, session } from "./utils.js"

const market = (symbol: string, status: Market.Status = "open"): Market.Market => ({
  symbol: ExchangeSymbol.make(symbol),
  id: symbol,
  kind: "spot",
  status,
  base: symbol.split("/")[0] ?? "",
  quote: symbol.split("/")[1] ?? ""
})

describe("Suggestions", () => {
  it("recognizes symbols in the notations of exchanges", () => {
    const cases: ReadonlyArray<readonly [text: string, symbol: string | undefined]> = [
      ["BTCUSDT", "BTC/USDT"],
      ["btcusd", "BTC/USD"],
      ["ETHBTC", "ETH/BTC"],
      ["BTC-USDT", "BTC/USDT"],
      ["btc_usdt", "BTC/USDT"],
      ["BTC-USDT-SWAP", "BTC/USDT:USDT"],
      ["BTC", "BTC/USDT"],
      ["BTC/", "BTC/USDT"],
      ["USDT", undefined],
      ["", undefined],
      ["a-b-c-d", undefined],
      ["../../etc/passwd", undefined],
      ["x".repeat(500), undefined]
    ]
    for (const [text, symbol] of cases) {
      assert.strictEqual(Option.getOrUndefined(Suggestions.notation(text)), symbol, text)
    }
  })

  it("suggests only similar names", () => {
    const near = (text: string) => Option.getOrUndefined(Suggestions.nearest(text, ["binance", "kraken", "okx"]))
    assert.strictEqual(near("Krakn"), "kraken")
    assert.strictEqual(near("binanse"), "binance")
    assert.strictEqual(near("ok"), "okx")
    assert.isUndefined(near("mtgox"))
    assert.isUndefined(near(""))
  })

  it("suggests the most similar open market", () => {
    const markets = [market("BTC/USD"), market("BTC/EUR"), market("ETH/USDT"), market("BTC/USDT", "closed")]
    const near = (symbol: string) => Option.getOrUndefined(Suggestions.listed(symbol, markets))
    assert.strictEqual(near("btc/usd"), "BTC/USD")
    assert.strictEqual(near("BTC/USDT"), "BTC/USD")
    assert.strictEqual(near("ETC/USDT"), "ETH/USDT")
    assert.isUndefined(near("DOGE/JPY"))
    assert.isTrue(Option.isNone(Suggestions.listed("BTC/USD", [])))
  })

  for (const line of ["price btc/usdt", "fills btc/usdt", "orders btc/usdt", "trades btc/usdt", "book btc/usdt"]) {
    it.effect(`${line} suggests a symbol that the exchange lists`, () =>
      Effect.gen(function*() {
        const { err, out, run } = yield* session(`${line} --exchange binance`)
        const fiber = yield* Effect.fork(run)
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* Fiber.join(fiber), 1)
        assert.include(out() + err(), "Did you mean BTC/USDT? Use a symbol that the exchange lists")
      }).pipe(Effect.provide(network)))
  }
})
