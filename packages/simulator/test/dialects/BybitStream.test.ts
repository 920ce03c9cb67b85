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

describe("streams of the simulated Bybit", () => {
  it.scoped("are of one category, and of no options", () =>
    Effect.gen(function*() {
      const { simulator, socket } = yield* start("spot")
      yield* socket.send(subscribe("tickers.BTCUSD"))
      assert.deepStrictEqual(socket.said().map((frame) => field(frame, "success")), [false])
      assert.isUndefined(
        yield* simulator.connect("/v5/public/option", { send: () => undefined, close: () => undefined })
      )
    }))

  it.scoped("refuse a request whole that has one wrong topic, one too many, or one that stands", () =>
    Effect.gen(function*() {
      const { socket } = yield* start("spot")
      for (const wrong of ["tickers.NOPE", "orderbook.7.BTCUSDT", "kline.2.BTCUSDT", "trades.BTCUSDT", "tickers"]) {
        yield* socket.send(subscribe("tickers.BTCUSDT", wrong))
      }
      yield* socket.send(subscribe(...Array.from({ length: 11 }, (_, index) => `kline.${index}.BTCUSDT`)))
      assert.deepStrictEqual(socket.said().map((frame) => field(frame, "success")), Array(6).fill(false))
      yield* socket.send(subscribe("tickers.BTCUSDT"))
      yield* socket.send(subscribe("tickers.BTCUSDT"))
      const said = socket.said().flatMap((frame) => field(frame, "ret_msg") ?? [])
      assert.deepStrictEqual(said, ["subscribe", "error:already subscribed,topic:tickers.BTCUSDT"])
    }))

  it.scoped("tell of a contract's ticker what has changed, and of spot's all but the best of the book", () =>
    Effect.gen(function*() {
      const { simulator, socket } = yield* start("linear")
      const spot = yield* dial(simulator, "/v5/public/spot")
      yield* socket.send(subscribe("tickers.BTCUSDT"))
      yield* spot.send(subscribe("tickers.BTCUSDT"))
      yield* TestClock.adjust("5 seconds")
      const [, first, ...later] = socket.said()
      assert.strictEqual(field(first, "type"), "snapshot")
      assert.isString(inner(first, "bid1Price"))
      assert.isAbove(later.length, 2)
      for (const delta of later) {
        const data = field(delta, "data")
        assert.strictEqual(field(delta, "type"), "delta")
        assert.notProperty(data, "fundingRate")
        assert.isAbove(isRecord(data) ? Object.keys(data).length : 0, 1)
      }
      const [, ...whole] = spot.said()
      for (const ticker of whole) {
        assert.strictEqual(field(ticker, "type"), "snapshot")
        assert.isString(inner(ticker, "lastPrice"))
        assert.isUndefined(inner(ticker, "bid1Price"))
      }
    }))

  it.scoped("number the messages of a book one by one after its snapshot, at each depth by itself", () =>
    Effect.gen(function*() {
      const { socket } = yield* start("linear")
      yield* socket.send(subscribe("orderbook.50.BTCUSDT", "orderbook.1000.BTCUSDT"))
      yield* TestClock.adjust("10 seconds")
      const frames = socket.said().slice(1)
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

  it.scoped("tell the best of a book whole each time", () =>
    Effect.gen(function*() {
      const { socket } = yield* start("linear")
      yield* socket.send(subscribe("orderbook.1.BTCUSDT"))
      yield* TestClock.adjust("5 seconds")
      const frames = socket.said().slice(1)
      assert.isAbove(frames.length, 2)
      for (const frame of frames) {
        assert.strictEqual(field(frame, "type"), "snapshot")
        assert.propertyVal(inner(frame, "b"), "length", 1)
        assert.propertyVal(inner(frame, "a"), "length", 1)
      }
    }))

  it.scoped("answer pings, and cut off who says nothing for ten minutes", () =>
    Effect.gen(function*() {
      const { socket } = yield* start("inverse")
      yield* TestClock.adjust("9 minutes")
      yield* socket.send({ req_id: "7", op: "ping" })
      const [pong] = socket.said()
      assert.deepInclude(pong, { success: true, ret_msg: "pong", op: "ping", req_id: "7" })
      yield* TestClock.adjust("9 minutes")
      assert.isUndefined(socket.closed())
      yield* TestClock.adjust("1 minutes")
      assert.isDefined(socket.closed())
    }))

  it.scoped("end with an unsubscription, and refuse what is no request", () =>
    Effect.gen(function*() {
      const { socket } = yield* start("spot")
      yield* socket.send(subscribe("orderbook.50.BTCUSDT"))
      yield* socket.send({ req_id: "2", op: "unsubscribe", args: ["orderbook.50.BTCUSDT"] })
      socket.said()
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(socket.said(), [])
      for (const wrong of ["{", "[]", { op: "shout" }]) yield* socket.send(wrong)
      assert.deepStrictEqual(socket.said().map((frame) => field(frame, "success")), [false, false, false])
    }))
})
