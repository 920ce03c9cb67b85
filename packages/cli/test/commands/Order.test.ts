import * as Command from "@effect-exchange/cli/commands/Order"
import { Simulator } from "@effect-exchange/simulator"
import * as Faults from "@effect-exchange/simulator/engine/Faults"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { files, journal, runWithClock } from "../commandRuns.js"
import { network, runCommand } from "../utils.js"

const decode = Schema.decodeSync(Command.Document)

const local = "--exchange binance --base-url binance=http://binance.localhost"

const limit = "order place buy 0.01 ETH/USDT --limit 1000"

const simulator = Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get("binance"))

/** The key of a simulated account, configured for the live exchange. */
const live = (() => {
  const { key, secret } = Simulator.credentials("binance", "trade")
  return { BINANCE_API_KEY: Redacted.value(key), BINANCE_API_SECRET: Redacted.value(secret) }
})()

const changesSent = Effect.map(
  Effect.flatMap(simulator, ({ requests }) => requests),
  (requests) => requests.filter(({ method }) => method !== "GET").map(({ method }) => method)
)

describe("exchange order", () => {
  it.effect("places an order on a simulated exchange without key or journal, and prints the client order id", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* runCommand(`${limit} --exchange binance`)
      assert.strictEqual(code, 0, err)
      assert.match(
        out,
        /^binance ETH\/USDT: buy 0\.01 at 1000, open\nfilled 0\nid \S+\nclient order id \S+\nAll of this is simulated\./
      )
      const market = yield* runCommand("order place sell 0.01 ETH/USDT --market --exchange binance --json")
      const { environment, order, sent } = decode(market.out)
      assert.deepStrictEqual([environment, sent, order?.status, order?.side], ["simulated", true, "filled", "sell"])
    }))

  it.scoped("places, shows and cancels an order, and journals it", () =>
    Effect.gen(function*() {
      const file = yield* journal
      const placed = yield* runWithClock(`${limit} ${local} --journal ${file} --client-id mine-1`)
      assert.strictEqual(placed.code, 0, placed.err)
      assert.include(placed.out, "client order id mine-1\n")
      assert.include(yield* Effect.flatMap(files, (files) => files.readFileString(file)), "mine-1")
      assert.match((yield* runWithClock(`order show ETH/USDT ${local} --client-id mine-1`)).out, /, open\n/)
      const canceled = yield* runWithClock(`order cancel ETH/USDT ${local} --client-id mine-1 --journal ${file}`)
      assert.strictEqual(canceled.code, 0, canceled.err)
      assert.match(canceled.out, /, canceled\n/)
      const gone = yield* runWithClock(`order show ETH/USDT ${local} --id 987654321`)
      assert.strictEqual(gone.code, 1)
      assert.include(gone.err, "binance: OrderNotFound.")
    }).pipe(Effect.provide(network)))

  it.effect("only prints an order for a live exchange without --send", () =>
    Effect.gen(function*() {
      for (const env of [{}, { ...live, EXCHANGE_LIVE_TRADING: "enabled" }]) {
        const { code, err, out } = yield* runWithClock(`${limit} ${local} --environment live`, env)
        assert.strictEqual(code, 0)
        assert.strictEqual(
          out,
          "This would be sent to binance (live): buy 0.01 ETH/USDT at 1000, GTC.\nNothing was sent.\n"
        )
        assert.strictEqual(
          err,
          "To send it, add --send, --environment live and --journal with a file, and set EXCHANGE_LIVE_TRADING=enabled.\n"
        )
      }
      const { out } = yield* runWithClock(`order cancel ETH/USDT ${local} --environment live --id 7 --json`)
      const { sent, would } = decode(out)
      assert.deepStrictEqual([sent, would], [false, "cancel the order 7 of ETH/USDT"])
      assert.deepStrictEqual(yield* changesSent, [])
    }).pipe(Effect.provide(network)))

  it.scoped("rejects --send until everything it requires is given", () =>
    Effect.gen(function*() {
      const file = yield* journal
      const line = `${limit} ${local} --send`
      const enabled = { ...live, EXCHANGE_LIVE_TRADING: "enabled" }
      const refused = (line: string, env: Readonly<Record<string, string>>, sentence: string) =>
        Effect.gen(function*() {
          const { code, err } = yield* runWithClock(line, env)
          assert.strictEqual(code, 2, line)
          assert.include(err, sentence)
          assert.deepStrictEqual(yield* changesSent, [])
        })
      yield* refused(
        `${line} --environment live --journal ${file}`,
        live,
        "--send requires EXCHANGE_LIVE_TRADING=enabled"
      )
      yield* refused(
        `${line} --environment live --journal ${file}`,
        { ...live, EXCHANGE_LIVE_TRADING: "yes" },
        "EXCHANGE_LIVE_TRADING is invalid"
      )
      yield* refused(`${line} --environment live`, enabled, "choose a file with --journal")
      yield* refused(
        `${limit} --exchange binance --base-url binance=https://proxy.test --send --journal ${file}`,
        enabled,
        "--send requires an explicit --environment live"
      )
      yield* refused(
        `${line} --environment live --journal ${file}`,
        { EXCHANGE_LIVE_TRADING: "enabled" },
        "Set BINANCE_API_KEY and BINANCE_API_SECRET"
      )
      const sent = yield* runWithClock(`${line} --environment live --journal ${file}`, enabled)
      assert.strictEqual(sent.code, 0, sent.err)
      assert.deepStrictEqual(yield* changesSent, ["POST"])
    }).pipe(Effect.provide(network)))

  it.effect("applies guards and the rules of the market, whether the order would be sent or not", () =>
    Effect.gen(function*() {
      for (const more of ["", " --environment live"]) {
        const tooLarge = yield* runWithClock(
          `${limit} ${more === "" ? "--exchange binance" : local}${more} --max-notional 9.99`
        )
        assert.strictEqual(tooLarge.code, 1)
        assert.match(tooLarge.err, /binance: OrderDenied\. .*above the limit of 9\.99 per order.* loosen the guard/)
        const outsideBand = yield* runWithClock(
          `${limit} ${more === "" ? "--exchange binance" : local}${more} --price-band 0.05`
        )
        assert.include(outsideBand.err, "OrderDenied")
        const offTick = yield* runWithClock(
          `order place buy 0.01 ETH/USDT --limit 1000.001 ${more === "" ? "--exchange binance" : local}${more}`
        )
        assert.strictEqual(offTick.code, 1)
        assert.include(offTick.err, "InvalidRequest")
      }
    }).pipe(Effect.provide(network)))

  it.scoped("reports an unknown outcome with the client order id and exits with 1", () =>
    Effect.gen(function*() {
      const file = yield* journal
      const { setFaults } = yield* simulator
      // Responses about orders are lost after the exchange has executed the request.
      const lost = Faults.make({ reset: 1 })
      yield* setFaults(Faults.make({
        routes: ["order", "allOrders", "openOrders"].map((name) => ({ path: `/api/v3/${name}`, faults: lost }))
      }))
      for (const json of ["", " --json"]) {
        const { code, err, out } = yield* runWithClock(`${limit} ${local} --journal ${file} --client-id mine-2${json}`)
        assert.strictEqual(code, 1)
        if (json === "") {
          assert.include(err, "binance: OutcomeUnknown.")
          assert.include(err, "The outcome is unknown: the order may be open, or may have traded.")
          assert.include(err, "Its client order id is mine-2. Run exchange order reconcile with the same --journal")
        } else {
          const { error, sent } = decode(out)
          assert.deepStrictEqual([sent, error?.tag, error?.outcome], [true, "OutcomeUnknown", "Unknown"])
        }
      }
    }).pipe(Effect.provide(network)))

  it.scoped("cancels every open order of a market", () =>
    Effect.gen(function*() {
      const file = yield* journal
      const ids: Array<string> = []
      for (const price of ["1000", "1001"]) {
        const line = `order place buy 0.01 ETH/USDT --limit ${price} ${local} --journal ${file} --json`
        ids.push(decode((yield* runWithClock(line)).out).order?.id ?? "")
      }
      const there = `order cancel-all ETH/USDT ${local} --journal ${file}`
      const shown = yield* runWithClock(`${there} --environment live`, live)
      assert.strictEqual(
        shown.out,
        "This would be sent to binance (live): cancel every open order of ETH/USDT.\nNothing was sent.\n"
      )
      const canceled = yield* runWithClock(there)
      assert.strictEqual(canceled.code, 0, canceled.err)
      const [first, ...each] = canceled.out.trimEnd().split("\n")
      assert.strictEqual(first, "binance ETH/USDT: 2 orders canceled")
      assert.sameMembers(each, ids.map((id) => `id ${id}`))
      assert.strictEqual((yield* runWithClock(there)).out, "binance ETH/USDT: no order is left to cancel\n")
      const again = yield* runWithClock(`${there} --json`)
      assert.deepStrictEqual([again.code, decode(again.out).canceled], [0, []])
      const unlisted = yield* runWithClock(`order cancel-all NO/SUCH ${local} --journal ${file}`)
      assert.strictEqual(unlisted.code, 1)
      assert.include(unlisted.err, "binance: SymbolNotFound.")
    }).pipe(Effect.provide(network)))

  const usages: ReadonlyArray<readonly [line: string, sentence: string]> = [
    ["order place buy 0.01 ETH/USDT", "Give either --limit with a price, or --market."],
    ["order place buy 0.01 ETH/USDT --limit 5 --market", "Give either --limit with a price, or --market."],
    ["order place hold 0.01 ETH/USDT --market", "\"hold\" is not a side; expected buy or sell."],
    ["order place buy none ETH/USDT --market", "\"none\" is not a valid amount; expected a decimal above zero"],
    ["order place buy 1 ETH/USDT --limit 0", "--limit cannot be \"0\""],
    [`order place buy 1 ETH/USDT --limit 5 ${local}`, "choose a file with --journal"],
    ["order place buy 1 ETH/USDT --market --post-only", "--post-only applies only to orders with --limit"],
    ["order place buy 1 ETH/USDT --market --time-in-force IOC", "--time-in-force applies only to orders with --limit"],
    ["order place buy 1 ETH/USDT --limit 5 --time-in-force DAY", "expected one of GTC, IOC, FOK"],
    ["order amend ETH/USDT --id 1", "Nothing to change; give --price or --amount."],
    ["order amend ETH/USDT --price 5", "No order given; use --id or --client-id"],
    ["order amend ETH/USDT --id 1 --amount none", "--amount cannot be \"none\""],
    ["order cancel ETH/USDT", "No order given; use --id or --client-id"],
    [
      "order plce",
      "exchange order has no command \"plce\"; expected one of show, place, amend, cancel, cancel-all, reconcile. Did you mean place?"
    ]
  ]
  for (const [line, sentence] of usages) {
    it.effect(line, () =>
      Effect.gen(function*() {
        const { code, err, out } = yield* runCommand(line)
        assert.strictEqual(code, 2)
        assert.include(err, sentence)
        assert.strictEqual(out, "")
      }))
  }
})
