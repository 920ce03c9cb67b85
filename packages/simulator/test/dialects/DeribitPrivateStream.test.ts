import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { Simulator } from "../../src/index.js"
import { ask, noon } from "../utils.js"
import { clientSignature, signed, targetOf } from "./support/deribit.js"
import { at, dial } from "./support/socket.js"

const trader = Simulator.credentials("deribit", "trade")

const start = Effect.gen(function*() {
  yield* TestClock.setTime(noon)
  const simulator = yield* Simulator.make("deribit")
  const client = yield* dial(simulator, "/ws/api/v2")
  const call = (method: string, params: object = {}) =>
    Effect.map(client.send({ jsonrpc: "2.0", id: 1, method, params }), client.received)
  const login = (scope?: string) => call("public/auth", { ...clientSignature(trader, noon), scope })
  const subscribe = (...channels: ReadonlyArray<string>) => call("private/subscribe", { channels })
  const buy = (price: string) => {
    const target = targetOf("private/buy", { instrument_name: "BTC-PERPETUAL", amount: 100, type: "limit", price })
    const answer = ask(simulator, target, { headers: signed(trader, noon, target) })
    return Effect.zipLeft(answer, TestClock.adjust("1 second"))
  }
  return { buy, call, client, login, simulator, subscribe }
})

const code = (frames: ReadonlyArray<unknown>) => frames.map((frame) => at(frame, "error", "code"))
const data = (frames: ReadonlyArray<unknown>) => frames.map((frame) => at(frame, "params", "data"))

describe("the account channels of Deribit", () => {
  it.scoped("require a login whose scope includes the channel", () =>
    Effect.gen(function*() {
      const { call, login, subscribe } = yield* start
      assert.deepStrictEqual(code(yield* subscribe("user.orders.any.any.raw")), [10_000])
      for (const wrong of [{ signature: "00" }, { client_id: "nobody" }, { timestamp: noon - 61_000 }]) {
        assert.deepStrictEqual(code(yield* call("public/auth", { ...clientSignature(trader, noon), ...wrong })), [
          13_004
        ])
      }
      const [granted] = yield* login("connection account:read trade:none wallet:none")
      assert.strictEqual(at(granted, "result", "scope"), "connection mainaccount account:read trade:none wallet:none")
      assert.deepStrictEqual(code(yield* subscribe("user.portfolio.any", "user.trades.any.any.raw")), [13_021])
      const [answer] = yield* subscribe("user.portfolio.btc", "user.portfolios.any")
      assert.deepStrictEqual(at(answer, "result"), ["user.portfolio.btc"])
    }))

  it.scoped("send single orders on raw channels, lists of orders on others, and trades in lists", () =>
    Effect.gen(function*() {
      const { buy, client, login, simulator, subscribe } = yield* start
      yield* login()
      const channels = ["user.orders.any.any.raw", "user.orders.future.BTC.100ms", "user.trades.BTC-PERPETUAL.raw"]
      const [answer, more] = yield* subscribe(...channels, "user.orders.spot.any.raw")
      assert.deepStrictEqual([at(answer, "result"), more], [[...channels, "user.orders.spot.any.raw"], undefined])
      const { json } = yield* buy("50000")
      const id = String(at(json, "result", "order", "order_id"))
      assert.deepStrictEqual(data(client.received()).map((one) => at(one, "order_id") ?? at(one, 0, "order_id")), [
        id,
        id
      ])
      yield* simulator.fill(id, "40")
      const [raw, all, trades] = data(client.received())
      assert.deepStrictEqual([at(raw, "filled_amount"), at(all, 0, "filled_amount")], [40, 40])
      assert.deepStrictEqual([at(trades, 0, "order_id"), at(trades, 0, "amount"), at(trades, 0, "fee_currency")], [
        id,
        40,
        "BTC"
      ])
    }))

  it.scoped("send the portfolio of each currency, and then only of those that changed", () =>
    Effect.gen(function*() {
      const { buy, client, login, subscribe } = yield* start
      yield* login()
      const [, ...first] = yield* subscribe("user.portfolio.any")
      assert.isAbove(first.length, 1)
      yield* buy("50000")
      assert.deepStrictEqual(data(client.received()).map((one) => at(one, "currency")), ["BTC"])
    }))

  it.scoped("close when the login expires, whose lifetime can be requested", () =>
    Effect.gen(function*() {
      const { client, login, simulator } = yield* start
      yield* login("expires:60")
      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(client.closeCode())
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(client.closeCode(), 1008)
      const other = yield* dial(simulator, "/ws/api/v2")
      yield* simulator.disturb({ _tag: "Expire" })
      assert.isUndefined(other.closeCode())
    }))
})
