import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { Simulator } from "../../src/index.js"
import { ask, field, noon } from "../utils.js"
import { dial } from "./support/socket.js"

const start = (target: string) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(noon)
    const simulator = yield* Simulator.make("binance")
    return { simulator, socket: yield* dial(simulator, target) }
  })

const subscribe = (...params: ReadonlyArray<string>) => ({ method: "SUBSCRIBE", params, id: 1 })
const list = { method: "LIST_SUBSCRIPTIONS", id: 2 }

describe("the market streams of Binance", () => {
  it.scoped("acknowledge channels that do not exist, but send nothing on them", () =>
    Effect.gen(function*() {
      const { socket } = yield* start("/stream")
      yield* socket.send(subscribe("nopeusdt@trade", "btcusdt@nope", "btcbusd@ticker"))
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(socket.received(), [{ result: null, id: 1 }])
      yield* socket.send(list)
      assert.deepStrictEqual(socket.received(), [
        { result: ["nopeusdt@trade", "btcusdt@nope", "btcbusd@ticker"], id: 2 }
      ])
    }))

  it.scoped("wrap messages with the stream name at /stream, but not at /ws", () =>
    Effect.gen(function*() {
      const { simulator, socket } = yield* start("/stream?streams=btcusdt@ticker")
      const raw = yield* dial(simulator, "/ws/btcusdt@ticker")
      yield* TestClock.adjust("1 seconds")
      const [[wrapped], [bare]] = [socket.received(), raw.received()]
      assert.deepStrictEqual(field(wrapped, "stream"), "btcusdt@ticker")
      assert.deepStrictEqual(field(wrapped, "data"), bare)
      assert.strictEqual(field(bare, "e"), "24hrTicker")
      assert.isUndefined(yield* simulator.connect("/ws-api/v2", { send: () => undefined, close: () => undefined }))
    }))

  it.scoped("end when unsubscribed", () =>
    Effect.gen(function*() {
      const { socket } = yield* start("/ws")
      yield* socket.send(subscribe("btcusdt@depth@100ms"))
      yield* TestClock.adjust("2 seconds")
      assert.isAbove(socket.received().length, 1)
      yield* socket.send({ method: "UNSUBSCRIBE", params: ["btcusdt@depth@100ms"], id: 3 })
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(socket.received(), [{ result: null, id: 3 }])
    }))

  it.scoped("send book updates with consecutive ids up to that of the requested order book", () =>
    Effect.gen(function*() {
      const { simulator, socket } = yield* start("/ws")
      yield* socket.send(subscribe("btcusdt@depth"))
      yield* TestClock.adjust("20 seconds")
      const updates = socket.received().filter((frame) => field(frame, "e") === "depthUpdate")
      assert.isAbove(updates.length, 5)
      for (const [index, update] of updates.slice(1).entries()) {
        assert.strictEqual(field(update, "U"), Number(field(updates[index], "u")) + 1)
      }
      const { json } = yield* ask(simulator, "/api/v3/depth?symbol=BTCUSDT")
      assert.isAtLeast(Number(field(json, "lastUpdateId")), Number(field(updates.at(-1), "u")))
    }))

  it.scoped("reject invalid requests", () =>
    Effect.gen(function*() {
      const { socket } = yield* start("/ws")
      yield* socket.send("{")
      yield* socket.send({ method: "SUBSCRIBE", params: ["btcusdt@trade"] })
      yield* socket.send({ method: "SHOUT", id: 1 })
      yield* socket.send({ method: "SUBSCRIBE", params: [1], id: 1 })
      assert.deepStrictEqual(socket.received().map((frame) => field(frame, "code")), [3, 2, 2, 2])
    }))

  it.scoped("close a connection that sends six messages in a second or subscribes to more than 1024 streams", () =>
    Effect.gen(function*() {
      const { simulator, socket } = yield* start("/ws")
      for (let time = 0; time < 5; time++) yield* socket.send(list)
      assert.isUndefined(socket.closeCode())
      yield* socket.send(list)
      assert.strictEqual(socket.closeCode(), 1008)
      const greedy = yield* dial(simulator, "/ws")
      yield* greedy.send(subscribe(...Array.from({ length: 1025 }, (_, index) => `btcusdt@kline_${index}m`)))
      assert.strictEqual(greedy.closeCode(), 1008)
    }))
})
