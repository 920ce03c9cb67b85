import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, TestClock } from "effect"
import { Dialects, Faults, Simulator } from "../src/index.js"
import { ask, binance, field, noon, rows } from "./utils.js"

const start = (faults: Faults.Options = {}, options: Simulator.Options = {}) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(noon)
    const simulator = yield* Simulator.make("binance", options)
    yield* simulator.setPrice("BTC/USDT", "60000")
    yield* simulator.setFaults(Faults.make(faults))
    return simulator
  })

const call = (simulator: Simulator.Simulator, method: string, path: string, fields: Readonly<Record<string, string>>) =>
  Effect.gen(function*() {
    const at = yield* Clock.currentTimeMillis
    const query = new URLSearchParams({ ...fields, timestamp: String(Math.floor(at)) }).toString()
    const [target, { headers }] = binance(path, query, Simulator.credentials("binance"))
    return yield* ask(simulator, target, { method, headers })
  })

const place = (simulator: Simulator.Simulator, price = "59000", side = "BUY") =>
  call(simulator, "POST", "/api/v3/order", {
    symbol: "BTCUSDT",
    side,
    type: "LIMIT",
    timeInForce: "GTC",
    quantity: "0.01",
    price,
    newClientOrderId: "mine"
  })

const find = (simulator: Simulator.Simulator) =>
  Effect.map(
    call(simulator, "GET", "/api/v3/order", { symbol: "BTCUSDT", origClientOrderId: "mine" }),
    ({ json }) => field(json, "status") ?? field(json, "code")
  )

describe("Simulator, trading", () => {
  it.effect("a price that is set fills an order once it is crossed, not before", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      yield* place(simulator)
      yield* simulator.setPrice("BTC/USDT", "59000")
      assert.strictEqual(yield* find(simulator), "NEW")
      yield* simulator.setPrice("BTC/USDT", "58900")
      assert.strictEqual(yield* find(simulator), "FILLED")
    }))

  it.effect("a price that was set only briefly, without a request in between, fills the order it crossed", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      yield* place(simulator)
      yield* simulator.setPrice("BTC/USDT", "50000")
      yield* simulator.setPrice("BTC/USDT", "60000")
      assert.strictEqual(yield* find(simulator), "FILLED")
    }))

  it.effect("each simulator has its own orders", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* start(), yield* start()]
      yield* place(one)
      assert.deepStrictEqual([yield* find(one), yield* find(other)], ["NEW", -2013])
    }))

  const outcomes: ReadonlyArray<readonly [kind: Faults.Kind, executed: boolean]> = [
    ["refused", false],
    ["http503", false],
    ["http429", false],
    ["http500", true],
    ["reset", true],
    ["malformed", true],
    ["truncated", true],
    ["oversized", true]
  ]
  it.effect.each(outcomes)(
    "an order request with the fault %s is executed: %s",
    ([kind, executed]) =>
      Effect.gen(function*() {
        const simulator = yield* start({ [kind]: 1 })
        yield* Effect.exit(place(simulator))
        yield* simulator.setFaults(Faults.none)
        assert.strictEqual(yield* find(simulator), executed ? "NEW" : -2013)
      })
  )

  it.effect("an order whose response is dropped is executed and, like a rejected one, counts towards the limit", () =>
    Effect.gen(function*() {
      const simulator = yield* start({ drop: 1 })
      yield* Effect.fork(place(simulator))
      yield* Effect.yieldNow()
      yield* simulator.setFaults(Faults.make({ http503: 1 }))
      const used = Effect.map(simulator.usage, (usage) => usage.map(({ used }) => used))
      const before = yield* used
      yield* place(simulator)
      assert.notDeepEqual(yield* used, before)
      yield* simulator.setFaults(Faults.none)
      assert.strictEqual(yield* find(simulator), "NEW")
    }))

  it.effect("an order can be looked up after the order lag, but trades immediately", () =>
    Effect.gen(function*() {
      const simulator = yield* start({ orderLag: "2 seconds" })
      yield* place(simulator)
      yield* TestClock.adjust("1999 millis")
      assert.strictEqual(yield* find(simulator), -2013)
      yield* simulator.setPrice("BTC/USDT", "50000")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* find(simulator), "FILLED")
    }))

  it.effect("has balances only in currencies that the exchange trades", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const { json } = yield* call(simulator, "GET", "/api/v3/account", {})
      const assets = rows(field(json, "balances")).map((row) => row["asset"])
      assert.include(assets, "USDT")
      assert.notInclude(assets, "USD")
    }))

  it("every instrument has the id and the tick size of its listing", () => {
    for (const id of Simulator.exchangeIds) {
      for (const { id: market, instrument, tickSize } of Dialects.dialects[id].listings) {
        if (instrument === undefined) continue
        assert.strictEqual(instrument.id, market)
        assert.deepStrictEqual(instrument.tickSize, tickSize)
      }
    }
  })
})
