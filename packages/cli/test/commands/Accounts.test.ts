import * as Balance from "@effect-exchange/cli/commands/Balance"
import * as Fills from "@effect-exchange/cli/commands/Fills"
import * as Orders from "@effect-exchange/cli/commands/Orders"
import * as Positions from "@effect-exchange/cli/commands/Positions"
import { OrderJournal, Trading } from "@effect-exchange/core"
import { Exchanges } from "@effect-exchange/exchanges"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Fiber, Layer, Redacted, Schema, TestClock } from "effect"
import { network, runCommand, session } from "../utils.js"

const binance = "--exchange binance --base-url binance=http://binance.localhost"

/** The key of a simulated account, configured for another environment. */
const keyOf = (exchange: "binance", environment: string) => {
  const { key, secret } = Simulator.credentials(exchange, "read")
  const prefix = `${exchange.toUpperCase()}${environment}_API`
  return { [`${prefix}_KEY`]: Redacted.value(key), [`${prefix}_SECRET`]: Redacted.value(secret) }
}

const trading = Exchanges.layerTrading("binance", {
  environment: Simulator.environment("binance"),
  credentials: Simulator.credentials("binance")
}).pipe(Layer.provide(OrderJournal.layerNone))

const runInNetwork = (line: string) =>
  Effect.gen(function*() {
    const { err, out, run } = yield* session(line)
    const code = yield* run
    return { code, out: out(), err: err() }
  })

describe("exchange balance", () => {
  it.effect("prints the balances of a simulated account without a key, and that they are simulated", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* runCommand("balance --exchange binance,okx")
      assert.strictEqual(code, 0, out + err)
      assert.strictEqual(err, "")
      assert.match(out, /^exchange +asset +free +in use +total\n/)
      assert.match(out, /\nbinance +BTC +1\.5 +0\.25 +1\.75\n/)
      assert.match(out, /\nokx +BTC +1\.5 +0\.25 +1\.75\n/)
      assert.include(out, "\n\nAll of this is simulated.")
    }))

  it.effect("--json prints exact decimals", () =>
    Effect.gen(function*() {
      const { code, out } = yield* runCommand("balance --exchange binance --json")
      assert.strictEqual(code, 0)
      const { balances, environment, failures } = Schema.decodeSync(Balance.Document)(out)
      assert.strictEqual(environment, "simulated")
      assert.deepStrictEqual(failures, [])
      const btc = balances.find(({ asset }) => asset === "BTC")
      assert.strictEqual(btc === undefined ? "" : BigDecimal.format(btc.total), "1.75")
    }))

  it.effect("names the variables to set when no key is configured", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* runCommand("balance --exchange binance,okx --environment live", {
        env: { OKX_API_KEY: "k".repeat(36) }
      })
      assert.strictEqual(code, 2)
      assert.strictEqual(out, "")
      assert.include(err, "No live key is configured for Binance. Set BINANCE_API_KEY and BINANCE_API_SECRET, or")
      assert.include(err, "Set OKX_API_SECRET and OKX_API_PASSPHRASE, or choose other exchanges with --exchange.")
    }))

  it.effect("reports an exchange without the environment, prints the others and exits with 1", () =>
    Effect.gen(function*() {
      const { code, out } = yield* runCommand(
        "balance --exchange binance,kraken --environment testnet --base-url binance=http://binance.localhost",
        { env: keyOf("binance", "_TESTNET") }
      )
      assert.strictEqual(code, 1)
      assert.match(out, /\nbinance +BTC +1\.5 /)
      assert.match(out, /\nkraken: Unsupported\. Kraken has no testnet\. Choose other exchanges with --exchange/)
      assert.notInclude(out, "is simulated")
    }))

  it.effect("reports a rejected key with advice", () =>
    Effect.gen(function*() {
      const { code, out } = yield* runCommand(`balance ${binance} --environment live --json`, {
        env: { ...keyOf("binance", ""), BINANCE_API_SECRET: "s".repeat(64) }
      })
      assert.strictEqual(code, 1)
      const { failures } = Schema.decodeSync(Balance.Document)(out)
      assert.deepStrictEqual(failures.map(({ tag }) => tag), ["AuthenticationFailed"])
      assert.include(failures[0]?.advice ?? "", "Check the key and its secret")
      assert.notInclude(out, "s".repeat(64))
    }))
})

describe("exchange orders and fills", () => {
  it.effect("print open orders, the order history and fills", () =>
    Effect.gen(function*() {
      const common = { symbol: "ETH/USDT", side: "buy", amount: "0.1" } as const
      const place = Effect.gen(function*() {
        const service = yield* Trading.Trading
        const resting = yield* service.place({ ...common, type: "limit", price: "1000" })
        const filled = yield* service.place({ ...common, type: "market" })
        return { resting, filled }
      })
      const { filled, resting } = yield* Effect.provide(place, trading)

      const open = yield* runInNetwork(`orders ETH/USDT ${binance}`)
      assert.strictEqual(open.code, 0, open.out + open.err)
      assert.match(open.out, /\nbinance +ETH\/USDT +buy +limit +1000 +0\.1 +0 +open +\d{4}-.*Z +\S+\n/)
      assert.include(open.out, resting.id)
      assert.notInclude(open.out, filled.id)
      assert.include((yield* runInNetwork(`orders ${binance}`)).out, resting.id)

      const all = yield* runInNetwork(`orders ETH/USDT ${binance} --all --json`)
      const { orders } = Schema.decodeSync(Orders.Document)(all.out)
      assert.deepStrictEqual(orders.map(({ id }) => id), [resting.id, filled.id])

      const table = yield* runInNetwork(`fills ETH/USDT ${binance}`)
      assert.match(table.out, /\nbinance +\d{4}-.*Z +ETH\/USDT +buy +\d+(\.\d+)? +0\.1 +[0-9.]+ [A-Z]+ +taker +\S+\n/)
      const { fills } = Schema.decodeSync(Fills.Document)((yield* runInNetwork(`fills ETH/USDT ${binance} --json`)).out)
      assert.deepStrictEqual(fills.map(({ orderId }) => orderId), [filled.id])
    }).pipe(Effect.provide(network)))

  it.effect("say so when there are none", () =>
    Effect.gen(function*() {
      const fills = yield* runCommand("fills ETH/USDT --exchange okx")
      assert.strictEqual(fills.code, 0)
      assert.include(fills.out, "No fills of ETH/USDT.\n\nAll of this is simulated.")
      assert.include((yield* runCommand("orders ETH/USDT --exchange okx")).out, "No open orders.\n")
    }))

  it.effect("require a symbol for a history", () =>
    Effect.gen(function*() {
      const { code, err } = yield* runCommand("orders --all --exchange binance")
      assert.strictEqual(code, 2)
      assert.include(err, "--all needs a symbol, such as exchange orders BTC/USDT --all")
      assert.strictEqual((yield* runCommand("orders --from 2026-01-01 --exchange binance")).code, 2)
      assert.strictEqual((yield* runCommand("fills --exchange binance")).code, 2)
      assert.include((yield* runCommand("orders btc")).err, "\"btc\" is not a symbol")
    }))
})

describe("exchange positions", () => {
  it.effect("reports exchanges without positions as unsupported and prints the others", () =>
    Effect.gen(function*() {
      const { out, run } = yield* session("positions --json")
      const fiber = yield* Effect.fork(run)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), 0)
      const { failures, unsupported } = Schema.decodeSync(Positions.Document)(out())
      assert.deepStrictEqual(failures, [])
      assert.deepStrictEqual(
        unsupported.map(({ exchange }): string => exchange),
        Exchanges.ids.filter((id) => !Exchanges.features(id).positions)
      )
    }).pipe(Effect.provide(network)))

  it.effect("exits with 1 for a single exchange without positions", () =>
    Effect.gen(function*() {
      const { code, out } = yield* runCommand("positions --exchange coinbase")
      assert.strictEqual(code, 1)
      assert.include(out, "coinbase: Unsupported.")
    }))
})
