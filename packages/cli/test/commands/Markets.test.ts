import * as Markets from "@effect-exchange/cli/commands/Markets"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { finished } from "../utils.js"

const decode = Schema.decodeSync(Markets.Document)

const symbols = (line: string) =>
  Effect.map(finished(`markets ${line} --json`), ({ out }) => decode(out).markets.map(({ symbol }): string => symbol))

describe("exchange markets", () => {
  it.effect("prints what can be ordered, and that it is simulated", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* finished("markets btc/usdt --exchange binance,bitmex --kind spot")
      assert.strictEqual(code, 0)
      assert.strictEqual(err, "")
      assert.match(out, /^exchange +symbol +kind +tick size +lot size +smallest order +status\n/)
      assert.match(out, /\nbinance +BTC\/USDT +spot +0\.01 +0\.00001 +0\.00001 BTC and 5 USDT +open\n/)
      assert.match(out, /\nbitmex +BTC\/USDT +spot /)
      assert.include(out, "\n2 open spot markets matching \"btc/usdt\".\nAll of this is simulated.")
    }))

  it.effect("finds a base, a quote and a symbol however they are written", () =>
    Effect.gen(function*() {
      const all = yield* symbols("--exchange binance")
      assert.include(all, "BTC/USDT")
      assert.deepStrictEqual(
        yield* symbols("btc --exchange binance"),
        all.filter((symbol) => symbol.includes("BTC"))
      )
      for (const text of ["usdt", "USDT"]) {
        assert.deepStrictEqual(
          yield* symbols(`${text} --exchange binance`),
          all.filter((symbol) => symbol.includes("USDT"))
        )
      }
      for (const text of ["btcusdt", "BTC-USDT", "btc/usdt"]) {
        assert.include(yield* symbols(`${text} --exchange binance`), "BTC/USDT")
        assert.notInclude(yield* symbols(`${text} --exchange binance`), "ETH/USDT")
      }
      assert.deepStrictEqual(yield* symbols("tcus --exchange binance"), [])
    }))

  it.effect("--json has decimals as strings, and those that failed beside them", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* finished(
        "markets --exchange binance,bitmex --environment live --base-url binance=http://binance.localhost --json"
      )
      assert.strictEqual(code, 1)
      assert.strictEqual(err, "")
      assert.include(out, "\"tickSize\": \"0.01\"")
      const { failures, markets } = decode(out)
      assert.isAbove(markets.length, 0)
      assert.deepStrictEqual(failures.map(({ exchange, tag }) => [exchange, tag]), [["bitmex", "ExchangeClosed"]])
      assert.include(failures[0]?.advice ?? "", "--environment simulated")
    }))

  it.effect("no such market is said so, and is no failure", () =>
    Effect.gen(function*() {
      const { code, out } = yield* finished("markets nope --exchange binance --all")
      assert.strictEqual(code, 0)
      assert.include(out, "No markets matching \"nope\"; try a shorter text.\n")
    }))

  it.effect("an exchange that fails is told with what to do, the others are listed", () =>
    Effect.gen(function*() {
      const { code, out } = yield* finished(
        "markets btc --exchange binance,bitmex --environment live --base-url binance=http://binance.localhost"
      )
      assert.strictEqual(code, 1)
      assert.match(out, /\nbinance +BTC\/USDT /)
      assert.match(out, /\nbitmex: ExchangeClosed\. .*Choose other exchanges with --exchange/)
      assert.notInclude(out, "is simulated")
    }))

  it.effect("a kind that there is not is bad usage", () =>
    Effect.gen(function*() {
      const { code, err } = yield* finished("markets --kind swap")
      assert.strictEqual(code, 2)
      assert.strictEqual(
        err,
        "--kind cannot be \"swap\"; expected one of spot, perpetual, future. See exchange markets --help.\n"
      )
    }))
})
