import * as Command from "@effect-exchange/cli/commands/OrderReconcile"
import { Simulator } from "@effect-exchange/simulator"
import * as Faults from "@effect-exchange/simulator/engine/Faults"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { files, journal, runWithClock } from "../commandRuns.js"
import { network, runCommand } from "../utils.js"

const decode = Schema.decodeSync(Command.Document)

const local = "--exchange binance --base-url binance=http://binance.localhost"

const simulator = Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get("binance"))

/** Responses about orders are lost after the exchange has executed the request. */
const lost = Faults.make({
  routes: ["allOrders", "openOrders", "order"].map((name) => ({
    path: `/api/v3/${name}`,
    faults: Faults.make({ reset: 1 })
  }))
})

const setFaults = (faults: Faults.Faults) => Effect.flatMap(simulator, ({ setFaults }) => setFaults(faults))

/** Places an order whose response is lost. */
const place = (file: string, clientOrderId: string) =>
  Effect.gen(function*() {
    yield* setFaults(lost)
    const line = `order place buy 0.01 ETH/USDT --limit 1000 ${local} --journal ${file} --client-id ${clientOrderId}`
    const { code, err } = yield* runWithClock(line)
    assert.strictEqual(code, 1, err)
    assert.include(err, "order reconcile with the same --journal")
  })

describe("exchange order reconcile", () => {
  it.scoped("says that an order was placed whose response was lost, and records it", () =>
    Effect.gen(function*() {
      const file = yield* journal
      yield* place(file, "mine-1")
      yield* setFaults(Faults.none)
      const line = `order reconcile ${local} --journal ${file}`
      const { code, err, out } = yield* runWithClock(line)
      assert.strictEqual(code, 0, err)
      assert.match(
        out,
        /^binance ETH\/USDT: buy 0\.01 at 1000 \(client order id mine-1\): placed, now open, id \d+\n$/
      )
      const again = yield* runWithClock(line)
      assert.deepStrictEqual(
        [again.code, again.out],
        [0, "Every order of this account on binance (simulated) has an outcome.\n"]
      )
    }).pipe(Effect.provide(network)))

  it.scoped("exits with 1 while an outcome is still unknown, and prints it as JSON", () =>
    Effect.gen(function*() {
      const file = yield* journal
      yield* place(file, "mine-2")
      const { code, err, out } = yield* runWithClock(`order reconcile ${local} --journal ${file}`)
      assert.strictEqual(code, 1)
      assert.match(out, /\(client order id mine-2\): still unknown; do not place it again\. \w+: /, err)
      const json = yield* runWithClock(`order reconcile ${local} --journal ${file} --json`)
      const { exchange, orders: [order] } = decode(json.out)
      assert.deepStrictEqual(
        [json.code, exchange, order?.outcome, order?.clientOrderId, typeof order?.error?.tag],
        [1, "binance", "Unknown", "mine-2", "string"]
      )
    }).pipe(Effect.provide(network)))

  it.scoped("sends nothing that changes anything, and so needs no --send on a live exchange", () =>
    Effect.gen(function*() {
      const file = yield* journal
      const { key, secret } = Simulator.credentials("binance", "trade")
      const live = { BINANCE_API_KEY: Redacted.value(key), BINANCE_API_SECRET: Redacted.value(secret) }
      yield* setFaults(lost)
      const there = `${local} --environment live --journal ${file}`
      yield* runWithClock(
        `order place buy 0.01 ETH/USDT --limit 1000 ${there} --client-id mine-3 --send`,
        { ...live, EXCHANGE_LIVE_TRADING: "enabled" }
      )
      yield* setFaults(Faults.none)
      const { requests } = yield* simulator
      const before = (yield* requests).length
      const { code, err, out } = yield* runWithClock(`order reconcile ${there} --json`, live)
      assert.strictEqual(code, 0, err)
      const { environment, orders } = decode(out)
      assert.deepStrictEqual([environment, orders.map(({ outcome }) => outcome)], ["live", ["Placed"]])
      const sent = (yield* requests).slice(before)
      assert.isAbove(sent.length, 0)
      assert.isTrue(sent.every(({ method }) => method === "GET"))
      // Orders of another environment are left alone.
      assert.include((yield* runWithClock(`order reconcile ${local} --journal ${file}`)).out, "has an outcome")
    }).pipe(Effect.provide(network)))

  it.scoped("creates no journal", () =>
    Effect.gen(function*() {
      const file = yield* journal
      const { code, err } = yield* runCommand(`order reconcile --exchange binance --journal ${file}`)
      assert.strictEqual(code, 2)
      assert.include(err, `There is no journal at ${file}.`)
      assert.isFalse(yield* Effect.flatMap(files, (files) => files.exists(file)))
    }))

  it.effect("requires a journal", () =>
    Effect.gen(function*() {
      const { code, err } = yield* runCommand("order reconcile --exchange binance")
      assert.strictEqual(code, 2)
      assert.include(err, "choose its file with --journal")
    }))
})
