import * as Markets from "@effect-exchange/cli/commands/Markets"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { runCommand } from "../utils.js"

const decode = Schema.decodeSync(Markets.Document)

const symbols = (line: string) =>
  Effect.map(runCommand(`markets ${line} --json`), ({ out }) => decode(out).markets.map(({ symbol }): string => symbol))

describe("exchange markets", () => {
  it.effect("prints markets with their order limits, and that they are simulated", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* runCommand("markets btc/usdt --exchange binance,bitmex --kind spot")
      assert.strictEqual(code, 0)
      assert.strictEqual(err, "")
      assert.match(out, /^exchange +symbol +kind +tick size +lot size +smallest order +status\n/)
      assert.match(out, /\nbinance +BTC\/USDT +spot +0\.01 +0\.00001 +0\.00001 BTC and 5 USDT +open\n/)
      assert.match(out, /\nbitmex +BTC\/USDT +spot /)
      assert.include(out, "\n2 open spot markets matching \"btc/usdt\".\nAll of this is simulated.")
    }))

  it.effect("finds markets by base, quote or symbol in any notation", () =>
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

  it.effect("--json prints decimals as strings, and failures in the same document", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* runCommand(
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

  it.effect("shows the tick sizes of a market where they depend on the price", () =>
    Effect.gen(function*() {
      const { out } = yield* runCommand("markets sol --exchange deribit")
      assert.match(out, /\nderibit +SOL\/USDC:USDC +perpetual +0\.01 to 0\.05 /)
      const { markets } = decode((yield* runCommand("markets sol --exchange deribit --json")).out)
      assert.deepStrictEqual(markets.map(({ tickSize, tickSizeSteps }) => ({ tickSize, tickSizeSteps })), [
        { tickSize: "0.01", tickSizeSteps: [{ fromPrice: "1000", tickSize: "0.05" }] }
      ])
    }))

  it.effect("says so and exits with 0 when no market matches", () =>
    Effect.gen(function*() {
      const { code, out } = yield* runCommand("markets nope --exchange binance --all")
      assert.strictEqual(code, 0)
      assert.include(out, "No markets matching \"nope\"; try a shorter text.\n")
    }))

  it.effect("reports an exchange that fails with advice, and lists the markets of the others", () =>
    Effect.gen(function*() {
      const { code, out } = yield* runCommand(
        "markets btc --exchange binance,bitmex --environment live --base-url binance=http://binance.localhost"
      )
      assert.strictEqual(code, 1)
      assert.match(out, /\nbinance +BTC\/USDT /)
      assert.match(out, /\nbitmex: ExchangeClosed\. .*Choose other exchanges with --exchange/)
      assert.notInclude(out, "is simulated")
    }))

  it.effect("rejects an unknown kind as invalid usage", () =>
    Effect.gen(function*() {
      const { code, err } = yield* runCommand("markets --kind swap")
      assert.strictEqual(code, 2)
      assert.strictEqual(
        err,
        "--kind cannot be \"swap\"; expected one of spot, perpetual, future. See exchange markets --help.\n"
      )
    }))
})
