import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { Simulator } from "../../src/index.js"
import { ask, field, noon, rows } from "../utils.js"

const start = (options?: Simulator.Options) =>
  Effect.zipRight(TestClock.setTime(noon), Simulator.make("bitmex", options))

const minute = 60_000
const iso = (at: number) => new Date(at).toISOString()
const column = (body: unknown, name: string) => rows(body).map((row) => row[name])
const numbers = (body: unknown, name: string) => column(body, name).map(Number)
const descending = (values: ReadonlyArray<number>) => values.toSorted((left, right) => right - left)

describe("BitMEX market data", () => {
  describe("order book", () => {
    it.effect("is one list of both sides around the best prices of the instrument, with ids in no order", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const { json } = yield* ask(simulator, "/api/v1/orderBook/L2?symbol=XBTUSD")
        const [instrument] = rows((yield* ask(simulator, "/api/v1/instrument?symbol=XBTUSD")).json)
        const sells = rows(json).filter((row) => row["side"] === "Sell")
        const buys = rows(json).filter((row) => row["side"] === "Buy")
        assert.isAtLeast(sells.length, 20)
        assert.isAtLeast(buys.length, 20)
        assert.hasAllKeys(sells[0], ["symbol", "id", "side", "size", "price", "timestamp"])
        assert.strictEqual(sells.at(-1)?.["price"], instrument?.["askPrice"])
        assert.strictEqual(buys[0]?.["price"], instrument?.["bidPrice"])
        assert.deepStrictEqual(numbers(json, "price"), descending(numbers(json, "price")))
        const ids = numbers(json, "id")
        assert.strictEqual(new Set(ids).size, ids.length)
        assert.notDeepEqual(ids, descending(ids))
        assert.notDeepEqual(ids, descending(ids).toReversed())
        for (const size of numbers(json, "size")) assert.isTrue(size > 0 && size % 100 === 0, `${size}`)
      }))

    it.effect("has the requested depth, and is complete with depth 0", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const length = (depth: number) =>
          Effect.map(
            ask(simulator, `/api/v1/orderBook/L2?symbol=XBTUSDT&depth=${depth}`),
            ({ json }) => rows(json).length
          )
        assert.strictEqual(yield* length(3), 6)
        assert.isAtLeast(yield* length(0), 40)
        assert.deepStrictEqual((yield* ask(simulator, "/api/v1/orderBook/L2?symbol=XBTH25")).json, [])
        assert.strictEqual((yield* ask(simulator, "/api/v1/orderBook/L2")).status, 400)
      }))
  })

  describe("trades", () => {
    it.effect("are oldest first unless reversed, with sizes in contracts", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const { json } = yield* ask(simulator, "/api/v1/trade?symbol=XBTUSD&count=20&reverse=true")
        assert.strictEqual(rows(json).length, 20)
        const times = column(json, "timestamp").map((at) => Date.parse(String(at)))
        assert.deepStrictEqual(times, descending(times))
        const [last] = rows(json)
        assert(last !== undefined)
        assert.isAbove(times[0] ?? 0, noon - minute)
        assert.hasAllKeys(last, [
          "timestamp",
          "symbol",
          "side",
          "size",
          "price",
          "tickDirection",
          "trdMatchID",
          "grossValue",
          "homeNotional",
          "foreignNotional",
          "trdType"
        ])
        for (const size of numbers(json, "size")) assert.isTrue(size > 0 && size % 100 === 0)
        assert.closeTo(
          Number(last["homeNotional"]) * Number(last["price"]),
          Number(last["size"]),
          Number(last["size"]) * 1e-4
        )
        assert.strictEqual(last["foreignNotional"], last["size"])
        assert.strictEqual(new Set(column(json, "trdMatchID")).size, 20)
        const older = yield* ask(simulator, "/api/v1/trade?symbol=XBTUSD&count=20")
        assert.isBelow(Date.parse(String(rows(older.json)[0]?.["timestamp"])), times.at(-1) ?? 0)
      }))

    it.effect("of linear contracts and spot have sizes in fractions of a coin", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        for (const [symbol, perBase] of [["XBTUSDT", 1e6], ["XBT_USDT", 1e8]] as const) {
          const [last] = rows((yield* ask(simulator, `/api/v1/trade?symbol=${symbol}&count=1&reverse=true`)).json)
          assert.closeTo(Number(last?.["homeNotional"]), Number(last?.["size"]) / perBase, 1e-9)
          assert.closeTo(Number(last?.["grossValue"]), Number(last?.["foreignNotional"]) * 1e6, 1)
        }
      }))

    it.effect("can be selected by time", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const query = new URLSearchParams({
          symbol: "XBTUSD",
          startTime: iso(noon - 10_000),
          endTime: iso(noon - 5000)
        })
        const { json } = yield* ask(simulator, `/api/v1/trade?${query}`)
        const times = column(json, "timestamp").map((at) => Date.parse(String(at)))
        assert.isAbove(times.length, 0)
        for (const at of times) assert.isTrue(noon - 10_000 <= at && at <= noon - 5000)
        assert.strictEqual((yield* ask(simulator, "/api/v1/trade?symbol=XBTUSD&startTime=yesterday")).status, 400)
        assert.strictEqual((yield* ask(simulator, "/api/v1/trade?symbol=XBTUSD&count=1001")).status, 400)
      }))
  })

  describe("candles", () => {
    const bucketed = (simulator: Simulator.Simulator, fields: Readonly<Record<string, string>>) =>
      Effect.map(
        ask(simulator, `/api/v1/trade/bucketed?${new URLSearchParams({ symbol: "XBTUSD", ...fields })}`),
        ({ json }) => rows(json)
      )
    const stamps = (candles: ReadonlyArray<Readonly<Record<string, unknown>>>) =>
      candles.map((candle) => Date.parse(String(candle["timestamp"])) - noon)

    it.effect("have their end as timestamp and open where the previous one closed", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* TestClock.adjust("90 seconds")
        const newest = yield* bucketed(simulator, { binSize: "1m", reverse: "true", count: "3" })
        assert.deepStrictEqual(stamps(newest), [minute, 0, -minute])
        assert.strictEqual(newest[0]?.["open"], newest[1]?.["close"])
        assert.strictEqual(newest[1]?.["open"], newest[2]?.["close"])
        assert.isAtLeast(Number(newest[0]?.["high"]), Number(newest[0]?.["close"]))
        assert.isAtMost(Number(newest[0]?.["low"]), Number(newest[0]?.["close"]))
        assert.includeMembers(Object.keys(newest[0] ?? {}), [
          "timestamp",
          "symbol",
          "open",
          "high",
          "low",
          "close",
          "trades",
          "volume",
          "vwap",
          "lastSize",
          "turnover",
          "homeNotional",
          "foreignNotional"
        ])
      }))

    it.effect("include the open one when partial ones are requested", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* TestClock.adjust("30 seconds")
        const fields = { binSize: "1m", reverse: "true", count: "1" }
        assert.deepStrictEqual(stamps(yield* bucketed(simulator, fields)), [0])
        const [open] = yield* bucketed(simulator, { ...fields, partial: "true" })
        assert.deepStrictEqual(stamps(open === undefined ? [] : [open]), [minute])
        const [instrument] = rows((yield* ask(simulator, "/api/v1/instrument?symbol=XBTUSD")).json)
        assert.strictEqual(open?.["close"], instrument?.["lastPrice"])
      }))

    it.effect("can be paged from a start time, which includes a candle that ends then", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const range = { binSize: "5m", startTime: iso(noon - 60 * minute), endTime: iso(noon - 30 * minute) }
        const all = yield* bucketed(simulator, range)
        assert.deepStrictEqual(stamps(all), [-60, -55, -50, -45, -40, -35, -30].map((at) => at * minute))
        const page = yield* bucketed(simulator, { ...range, start: "2", count: "2" })
        assert.deepStrictEqual(stamps(page), [-50 * minute, -45 * minute])
        assert.deepStrictEqual(page, all.slice(2, 4))
        const back = yield* bucketed(simulator, { ...range, start: "1", count: "2", reverse: "true" })
        assert.deepStrictEqual(stamps(back), [-35 * minute, -40 * minute])
        const few = yield* bucketed(simulator, { ...range, count: "1", columns: "[\"close\"]" })
        assert.hasAllKeys(few[0], ["symbol", "close"])
      }))

    it.effect("start with the first one ever when neither reversed nor given a start", () =>
      Effect.gen(function*() {
        const [first] = yield* bucketed(yield* start(), { binSize: "1d" })
        assert.strictEqual(first?.["timestamp"], "2016-05-15T00:00:00.000Z")
      }))

    it.effect.each(["symbol=XBTUSD&binSize=3m", "binSize=1m", "symbol=XBTUSD&count=1001"])(
      "reject %s",
      (query) =>
        Effect.gen(function*() {
          const answer = yield* ask(yield* start(), `/api/v1/trade/bucketed?${query}`)
          assert.deepStrictEqual([answer.status, field(field(answer.json, "error"), "name")], [400, "ValidationError"])
        })
    )
  })

  it.effect("lists currencies with the scale of their minor units", () =>
    Effect.gen(function*() {
      const { json } = yield* ask(yield* start(), "/api/v1/wallet/assets")
      const scales = rows(json).map((row) => [row["currency"], row["scale"]])
      assert.deepStrictEqual(scales.slice(0, 3), [["XBt", 8], ["USDt", 6], ["Gwei", 9]])
    }))
})
