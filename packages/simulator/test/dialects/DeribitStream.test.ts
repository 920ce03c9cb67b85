import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { Simulator } from "../../src/index.js"
import { noon } from "../utils.js"
import { at, dial } from "./support/socket.js"

const start = Effect.gen(function*() {
  yield* TestClock.setTime(noon)
  const simulator = yield* Simulator.make("deribit")
  const client = yield* dial(simulator, "/ws/api/v2")
  const call = (method: string, params: object = {}, id = 1) =>
    Effect.map(client.send({ jsonrpc: "2.0", id, method, params }), client.received)
  return { simulator, client, call }
})

const subscribe = "public/subscribe"
const book = "book.BTC-PERPETUAL.100ms"

describe("the streams of Deribit", () => {
  it.scoped("return the subscribed channels without those that do not exist", () =>
    Effect.gen(function*() {
      const { call } = yield* start
      const channels = [
        book,
        "book.BTC-NEVER.100ms",
        "ticker.BTC-29MAR24.100ms",
        "quote.BTC-PERPETUAL",
        "trades.BTC-PERPETUAL.1s"
      ]
      const [answer, data] = yield* call(subscribe, { channels }, 7)
      assert.deepStrictEqual([at(answer, "id"), at(answer, "result"), at(answer, "usDiff")], [7, [book], 185])
      assert.strictEqual(at(data, "params", "channel"), book)
      const [again, more] = yield* call(subscribe, { channels: [book] })
      assert.deepStrictEqual([at(again, "result"), more], [[book], undefined])
      const [left] = yield* call("public/unsubscribe", { channels: [book, "ticker.BTC-PERPETUAL.100ms"] })
      assert.deepStrictEqual(at(left, "result"), [book])
    }))

  it.scoped("reject a whole request for a raw channel without login, and invalid requests", () =>
    Effect.gen(function*() {
      const { call, client } = yield* start
      const code = (frames: ReadonlyArray<unknown>) => frames.map((frame) => at(frame, "error", "code"))
      assert.deepStrictEqual(code(yield* call(subscribe, { channels: [book, "trades.BTC-PERPETUAL.raw"] })), [13_778])
      assert.deepStrictEqual(code(yield* call(subscribe, { channels: book })), [-32_602])
      assert.deepStrictEqual(code(yield* call("public/set_heartbeat", { interval: 9 })), [-32_602])
      assert.deepStrictEqual(code(yield* call("public/nothing")), [-32_601])
      yield* client.send("{\"jsonrpc\":")
      assert.deepStrictEqual(code(client.received()), [-32_700])
    }))

  it.scoped("link book changes from a snapshot on by change id, with an action per level", () =>
    Effect.gen(function*() {
      const { call, client, simulator } = yield* start
      const [, first] = yield* call(subscribe, { channels: [book] })
      const data = (frame: unknown, name: string) => at(frame, "params", "data", name)
      assert.deepStrictEqual([data(first, "type"), data(first, "prev_change_id")], ["snapshot", undefined])
      assert.strictEqual(at(first, "params", "data", "bids", 0, 0), "new")
      yield* simulator.setPrice("BTC-PERPETUAL", "70000")
      yield* TestClock.adjust("5 seconds")
      const changes = client.received()
      assert.isAbove(changes.length, 0)
      let last = data(first, "change_id")
      for (const change of changes) {
        assert.deepStrictEqual([data(change, "type"), data(change, "prev_change_id")], ["change", last])
        last = data(change, "change_id")
      }
      const levels = changes.flatMap((change) => {
        const bids = data(change, "bids")
        return Array.isArray(bids) ? bids : []
      })
      assert.isTrue(levels.every((level) => (at(level, 0) === "delete") === (at(level, 2) === 0)))
      assert.isTrue(levels.some((level) => at(level, 0) === "delete"))
    }))

  it.scoped("require a response to heartbeats, and close a connection without one", () =>
    Effect.gen(function*() {
      const { call, client } = yield* start
      const types = () => client.received().map((frame) => at(frame, "params", "type"))
      const [answer] = yield* call("public/set_heartbeat", { interval: 10 })
      assert.strictEqual(at(answer, "result"), "ok")
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(types(), ["heartbeat", "test_request"])
      const [proof] = yield* call("public/test")
      assert.strictEqual(at(proof, "result", "version"), "1.2.26")
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(types(), ["heartbeat", "test_request"])
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(client.closeCode())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(client.closeCode(), 1000)
    }))

  it.scoped("close a connection that exceeds the subscription credits", () =>
    Effect.gen(function*() {
      const { call, client } = yield* start
      const channels = ["ticker.BTC-PERPETUAL.100ms"]
      for (let count = 0; count < 10; count++) yield* call(subscribe, { channels })
      assert.isUndefined(client.closeCode())
      const [refused] = yield* call(subscribe, { channels })
      assert.strictEqual(at(refused, "error", "code"), 10_028)
      assert.strictEqual(client.closeCode(), 1008)
    }))

  it.scoped("send the ticker, candles and trades on separate channels", () =>
    Effect.gen(function*() {
      const { call } = yield* start
      const channels = ["ticker.BTC-PERPETUAL.agg2", "chart.trades.BTC-PERPETUAL.1D", "trades.BTC-PERPETUAL.agg2"]
      const [answer, ticker, candle] = yield* call(subscribe, { channels })
      assert.deepStrictEqual(at(answer, "result"), channels)
      assert.isAbove(Number(at(ticker, "params", "data", "best_bid_price")), 0)
      assert.strictEqual(at(candle, "params", "data", "tick"), noon - 4 * 3_600_000)
    }))
})
