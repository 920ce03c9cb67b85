import * as Price from "@effect-exchange/cli/commands/Price"
import { Exchanges } from "@effect-exchange/exchanges"
import { Simulator } from "@effect-exchange/simulator"
import * as Faults from "@effect-exchange/simulator/engine/Faults"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema, TestClock } from "effect"
import { network, runCommand, session } from "../utils.js"

const decode = Schema.decodeSync(Price.Document)

describe("exchange price", () => {
  it.effect("prints a row for each symbol on each exchange and exits with 0", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* runCommand("price BTC/USDT ETH/USDT --exchange binance,bitmex")
      assert.strictEqual(code, 0)
      const lines = out.split("\n")
      assert.match(lines[0] ?? "", /^exchange +symbol +last +bid +ask +24 h change +latency +attempts +breaker$/)
      for (const [index, start] of ["binance +BTC", "binance +ETH", "bitmex +BTC", "bitmex +ETH"].entries()) {
        const line = lines[index + 2] ?? ""
        assert.match(line, new RegExp(`^${start}/USDT( +[0-9.]+){3} +[+-]?[0-9.]+ % +\\d+ ms +1  Closed$`))
      }
      assert.include(out, "\nAll of this is simulated.")
      assert.include(err, "\nNext: exchange watch BTC/USDT ETH/USDT --exchange binance,bitmex --faults outage shows")
      assert.notInclude(out, "Next:")
      assert.match(err, /^\[0\/6\] loading the markets of binance, bitmex\n/)
      assert.match(err, /\[6\/6\] /)
      assert.notInclude(out + err, "\u{1b}")
    }))

  it.effect("prints a symbol given twice only once", () =>
    Effect.gen(function*() {
      const { out } = yield* runCommand("price BTC/USDT BTC/USDT --exchange binance,binance --json")
      assert.strictEqual(decode(out).prices.length, 1)
    }))

  it.effect("--json prints one document with decimals as strings, and nothing else", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* runCommand("price BTC/USDT --exchange binance,bitmex --json")
      assert.strictEqual(code, 0)
      assert.strictEqual(err, "")
      const { environment, prices } = decode(out)
      assert.strictEqual(environment, "simulated")
      assert.deepStrictEqual(prices.map(({ exchange }) => exchange), ["binance", "bitmex"])
      for (const { ask, attempts, breaker, change24h, last } of prices) {
        assert.match(last ?? "", /^\d+\.\d+$/)
        assert.match(ask ?? "", /^\d+\.\d+$/)
        assert.match(change24h ?? "", /^-?\d+(\.\d+)?$/)
        assert.deepStrictEqual([attempts, breaker], [1, "Closed"])
      }
    }))

  it.effect("prints every exchange by default", () =>
    Effect.gen(function*() {
      const { out, run } = yield* session("price BTC/USDT --json")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), 0)
      const { prices } = decode(out())
      assert.deepStrictEqual(prices.map(({ exchange }) => exchange), [...Exchanges.ids])
      for (const { last } of prices) assert.match(last ?? "", /^6\d{4}(\.\d+)?$/)
    }).pipe(Effect.provide(network)))

  it.effect("prints the same prices for the same seed, and others for another seed", () =>
    Effect.gen(function*() {
      const lasts = (seed: number) =>
        Effect.map(
          runCommand(`price BTC/USDT --exchange binance --seed ${seed} --json`),
          ({ out }) => decode(out).prices.map(({ last }) => last)
        )
      const first = yield* lasts(1)
      assert.deepStrictEqual(yield* lasts(1), first)
      assert.notDeepEqual(yield* lasts(2), first)
    }))

  it.effect("reports a symbol that is not listed in its own row", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* runCommand("price BTC/USDT BTC/NOPE --exchange binance")
      assert.strictEqual(code, 1)
      assert.match(out, /binance +BTC\/USDT( +[0-9.]+){3}/)
      assert.match(out, /binance +BTC\/NOPE +SymbolNotFound/)
      assert.match(out, /Did you mean BTC\/US\w+\? Use a symbol that the exchange lists/)
      assert.include(err, "Next: exchange markets BTC --exchange binance lists its markets.")
    }))

  it.effect("reports a closed exchange and exits with 1, and prints the other exchanges", () =>
    Effect.gen(function*() {
      const line =
        "price BTC/USDT --exchange binance,bitmex --environment live --base-url binance=http://binance.localhost --json"
      const { code, out } = yield* runCommand(line)
      assert.strictEqual(code, 1)
      const [binance, bitmex] = decode(out).prices
      assert.isDefined(binance?.last)
      assert.strictEqual(bitmex?.error?.tag, "ExchangeClosed")
      assert.isNotEmpty(bitmex?.error?.advice)
    }))

  it.effect("reports an outage after several attempts", () =>
    Effect.gen(function*() {
      const { err, out, run } = yield* session("price BTC/USDT ETH/USDT --exchange binance --faults outage --seed 7")
      const fiber = yield* Effect.fork(run)
      assert.strictEqual(out(), "")
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), 1)
      assert.match(out(), /binance +BTC\/USDT +(TransportFailed|ExchangeUnavailable) .* 8  Closed\n/)
      assert.include(err(), "Next: exchange price BTC/USDT ETH/USDT --exchange binance --faults none requests")
    }).pipe(Effect.provide(network)))

  it.effect("counts one attempt for a price that takes two requests", () =>
    Effect.gen(function*() {
      const { out } = yield* runCommand("price BTC/USDT --exchange coinbase --json")
      const { prices: [price] } = JSON.parse(out)
      assert.deepStrictEqual([price.attempts, price.retries], [1, 0])
    }))

  it.effect("prints as many attempts and retries as the exchange received requests", () =>
    Effect.gen(function*() {
      const line = "--exchange binance --base-url binance=http://binance.localhost --json"
      const { get } = yield* Simulator.Simulators
      const simulator = yield* get("binance")
      const received = (path: string) =>
        Effect.map(simulator.requests, (requests) => requests.filter(({ target }) => target.startsWith(path)).length)
      yield* simulator.setFaults(Faults.make({ seed: "5", http500: 0.6 }))
      const runJson = (command: string) =>
        Effect.gen(function*() {
          const { out, run } = yield* session(`${command} ${line}`)
          const fiber = yield* Effect.fork(run)
          yield* TestClock.adjust("60 seconds")
          yield* Fiber.join(fiber)
          return JSON.parse(out())
        })
      const health = yield* runJson("health")
      const times = yield* received("/api/v3/time")
      assert.isAbove(times, 1)
      assert.deepStrictEqual([health.exchanges[0].attempts, health.exchanges[0].retries], [times, times - 1])
      const price = yield* runJson("price BTC/USDT")
      const tickers = yield* received("/api/v3/ticker")
      assert.deepStrictEqual([price.prices[0].attempts, price.prices[0].retries], [tickers, tickers - 1])
    }).pipe(Effect.provide(network)))

  it.effect("sends requests to a base URL instead of the simulated exchange", () =>
    Effect.gen(function*() {
      const { run } = yield* session("price BTC/USDT --exchange binance --base-url binance=http://binance.localhost")
      const { requests } = yield* Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get("binance"))
      assert.strictEqual((yield* requests).length, 0)
      assert.strictEqual(yield* run, 0)
      assert.strictEqual((yield* requests).length, 2)
    }).pipe(Effect.provide(network)))

  it.effect("clears the progress line and colors the change on a terminal", () =>
    Effect.gen(function*() {
      const { err, out } = yield* runCommand("price BTC/USDT --exchange binance", { terminal: true })
      assert.match(err, /^[^\n]*\r\p{Cc}\[2KNext: [^\n]*\n$/u)
      assert.match(out, /\p{Cc}\[3[12]m[+-][0-9.]+ %\p{Cc}\[0m/u)
    }))

  it.effect("exits with 130 on SIGINT", () =>
    Effect.gen(function*() {
      const { err, run, stop } = yield* session("price BTC/USDT --faults flaky")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("1 millis")
      assert.isTrue((yield* Fiber.poll(fiber))._tag === "None")
      yield* stop("SIGINT")
      assert.strictEqual(yield* Fiber.join(fiber), 130)
      assert.include(err(), "Stopped by SIGINT")
    }).pipe(Effect.provide(network)))
})
