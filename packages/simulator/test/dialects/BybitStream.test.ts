import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { Simulator } from "../../src/index.js"
import { field, isRecord, noon } from "../utils.js"
import { dial } from "./support/socket.js"

const start = (category: string) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(noon)
    const simulator = yield* Simulator.make("bybit")
    return { simulator, socket: yield* dial(simulator, `/v5/public/${category}`) }
  })

const subscribe = (...args: ReadonlyArray<string>) => ({ req_id: "1", op: "subscribe", args })

const inner = (frame: unknown, name: string) => field(field(frame, "data"), name)

describe("the public streams of Bybit", () => {
  it.scoped("serve one category each, and no options", () =>
    Effect.gen(function*() {
      const { simulator, socket } = yield* start("spot")
      yield* socket.send(subscribe("tickers.BTCUSD"))
      assert.deepStrictEqual(socket.received().map((frame) => field(frame, "success")), [false])
      assert.isUndefined(
        yield* simulator.connect("/v5/public/option", { send: () => undefined, close: () => undefined })
      )
    }))

  it.scoped("reject a whole request with an invalid topic, too many topics, or a topic already subscribed", () =>
    Effect.gen(function*() {
      const { socket } = yield* start("spot")
      for (const wrong of ["tickers.NOPE", "orderbook.7.BTCUSDT", "kline.2.BTCUSDT", "trades.BTCUSDT", "tickers"]) {
        yield* socket.send(subscribe("tickers.BTCUSDT", wrong))
      }
      yield* socket.send(subscribe(...Array.from({ length: 11 }, (_, index) => `kline.${index}.BTCUSDT`)))
      assert.deepStrictEqual(socket.received().map((frame) => field(frame, "success")), Array(6).fill(false))
      yield* socket.send(subscribe("tickers.BTCUSDT"))
      yield* socket.send(subscribe("tickers.BTCUSDT"))
      const messages = socket.received().flatMap((frame) => field(frame, "ret_msg") ?? [])
      assert.deepStrictEqual(messages, ["subscribe", "error:already subscribed,topic:tickers.BTCUSDT"])
    }))

  it.scoped("send changes of a contract's ticker, and whole spot tickers without bid and ask", () =>
    Effect.gen(function*() {
      const { simulator, socket } = yield* start("linear")
      const spot = yield* dial(simulator, "/v5/public/spot")
      yield* socket.send(subscribe("tickers.BTCUSDT"))
      yield* spot.send(subscribe("tickers.BTCUSDT"))
      yield* TestClock.adjust("5 seconds")
      const [, first, ...later] = socket.received()
      assert.strictEqual(field(first, "type"), "snapshot")
      assert.isString(inner(first, "bid1Price"))
      assert.isAbove(later.length, 2)
      for (const delta of later) {
        const data = field(delta, "data")
        assert.strictEqual(field(delta, "type"), "delta")
        assert.notProperty(data, "fundingRate")
        assert.isAbove(isRecord(data) ? Object.keys(data).length : 0, 1)
      }
      const [, ...whole] = spot.received()
      for (const ticker of whole) {
        assert.strictEqual(field(ticker, "type"), "snapshot")
        assert.isString(inner(ticker, "lastPrice"))
        assert.isUndefined(inner(ticker, "bid1Price"))
      }
    }))

  it.scoped("number the updates of a book consecutively from its snapshot, separately for each depth", () =>
    Effect.gen(function*() {
      const { socket } = yield* start("linear")
      yield* socket.send(subscribe("orderbook.50.BTCUSDT", "orderbook.1000.BTCUSDT"))
      yield* TestClock.adjust("10 seconds")
      const frames = socket.received().slice(1)
      for (const depth of [50, 1000]) {
        const [snapshot, ...deltas] = frames.filter((frame) => field(frame, "topic") === `orderbook.${depth}.BTCUSDT`)
        const first = Number(inner(snapshot, "u"))
        assert.strictEqual(field(snapshot, "type"), "snapshot")
        assert.isAbove(deltas.length, 2)
        assert.deepStrictEqual(
          deltas.map((delta) => [field(delta, "type"), inner(delta, "u")]),
          deltas.map((_, index) => ["delta", first + index + 1])
        )
      }
    }))

  it.scoped("send a snapshot each time for a book of depth 1", () =>
    Effect.gen(function*() {
      const { socket } = yield* start("linear")
      yield* socket.send(subscribe("orderbook.1.BTCUSDT"))
      yield* TestClock.adjust("5 seconds")
      const frames = socket.received().slice(1)
      assert.isAbove(frames.length, 2)
      for (const frame of frames) {
        assert.strictEqual(field(frame, "type"), "snapshot")
        assert.propertyVal(inner(frame, "b"), "length", 1)
        assert.propertyVal(inner(frame, "a"), "length", 1)
      }
    }))

  it.scoped("respond to pings, and close a connection that is silent for ten minutes", () =>
    Effect.gen(function*() {
      const { socket } = yield* start("inverse")
      yield* TestClock.adjust("9 minutes")
      yield* socket.send({ req_id: "7", op: "ping" })
      const [pong] = socket.received()
      assert.deepInclude(pong, { success: true, ret_msg: "pong", op: "ping", req_id: "7" })
      yield* TestClock.adjust("9 minutes")
      assert.isUndefined(socket.closeCode())
      yield* TestClock.adjust("1 minutes")
      assert.isDefined(socket.closeCode())
    }))

  it.scoped("end when unsubscribed, and reject invalid requests", () =>
    Effect.gen(function*() {
      const { socket } = yield* start("spot")
      yield* socket.send(subscribe("orderbook.50.BTCUSDT"))
      yield* socket.send({ req_id: "2", op: "unsubscribe", args: ["orderbook.50.BTCUSDT"] })
      socket.received()
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(socket.received(), [])
      for (const wrong of ["{", "[]", { op: "shout" }]) yield* socket.send(wrong)
      assert.deepStrictEqual(socket.received().map((frame) => field(frame, "success")), [false, false, false])
    }))
})
