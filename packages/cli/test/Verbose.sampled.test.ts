import { Exchanges } from "@effect-exchange/exchanges"
import { Simulator } from "@effect-exchange/simulator"
import * as Faults from "@effect-exchange/simulator/engine/Faults"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { everyNth } from "../../resilience/test/support/sample.js"
import { runWithClock } from "./commandRuns.js"
import { network } from "./utils.js"
import { assertNoSecretPrinted, echoes } from "./verboseEchoes.js"

describe("--verbose", () => {
  for (const [index, exchange] of everyNth(2, [...Exchanges.ids.entries()])) {
    const [form = "", echo = String] = Object.entries(echoes)[index % Object.keys(echoes).length] ?? []
    it.effect(`prints no key, secret, passphrase or signature that ${exchange} repeats ${form}`, () =>
      assertNoSecretPrinted(exchange, echo))
  }

  it.effect("prints the method, host, path, status, duration, attempt, size and start of the response", () =>
    Effect.gen(function*() {
      const { code, err } = yield* runWithClock("price BTC/USDT --exchange kraken --verbose")
      assert.strictEqual(code, 0)
      assert.include(err, "> kraken GET kraken.localhost/0/public/AssetPairs, attempt 1\n")
      assert.match(
        err,
        /\n< kraken GET kraken\.localhost\/0\/public\/Ticker\?pair=XBTUSDT: 200 in \d+ ms, attempt 1, \d+ bytes: \{"error":\[\],/
      )
      for (const line of err.split("\n")) assert.isBelow(line.length, 600)
    }).pipe(Effect.provide(network)))

  it.scoped("counts attempts, and prints the reason when there is no response", () =>
    Effect.gen(function*() {
      const { get } = yield* Simulator.Simulators
      const simulator = yield* get("binance")
      yield* simulator.setFaults(Faults.make({ reset: 1 }))
      const { err } = yield* runWithClock(
        "health --verbose --exchange binance --base-url binance=http://binance.localhost"
      )
      assert.match(
        err,
        /< binance GET binance\.localhost\/api\/v3\/time: no response in \d+ ms, attempt 2: the connection failed/
      )
    }).pipe(Effect.provide(network)))

  const lines: ReadonlyArray<string> = [
    "price BTC/USDT --exchange kraken",
    "markets btc --exchange kraken",
    "candles BTC/USDT --exchange kraken --from 1970-01-01 --to 1970-01-02",
    "balance --exchange kraken",
    "orders BTC/USDT --exchange kraken",
    "fills BTC/USDT --exchange kraken",
    "positions --exchange okx",
    "order show BTC/USDT --id ABC --exchange kraken",
    "order place buy 0.01 ETH/USDT --limit 1000 --exchange kraken",
    "order amend ETH/USDT --id ABC --price 1000 --exchange kraken",
    "order cancel ETH/USDT --id ABC --exchange kraken",
    "call GET /0/public/Time --exchange kraken",
    "health --exchange kraken",
    "doctor --exchange kraken --environment simulated",
    "keys check --exchange kraken --environment simulated"
  ]
  for (const line of everyNth(3, lines)) {
    it.effect(`is an option of ${line}`, () =>
      Effect.gen(function*() {
        const quiet = yield* runWithClock(line)
        assert.notMatch(quiet.err, /^> /m)
        const { err, out } = yield* runWithClock(`${line} --verbose`)
        assert.match(err, /^> (?:kraken|okx) (?:GET|POST) /m)
        assert.match(err, /^< (?:kraken|okx) (?:GET|POST) \S+: \d{3} in /m)
        assert.notMatch(out, /^[<>] /m)
      }).pipe(Effect.provide(network)))
  }
})
