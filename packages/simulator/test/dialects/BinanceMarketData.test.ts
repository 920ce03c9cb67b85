import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, TestClock } from "effect"
import { Simulator } from "../../src/index.js"
import { ask, field, noon, rows } from "../utils.js"

const start = (options?: Simulator.Options) =>
  Effect.zipRight(TestClock.setTime(noon), Simulator.make("binance", options))

const minute = 60_000
const day = 1440 * minute

type Pair = readonly [price: string, quantity: string]

const levels = (body: unknown, side: "bids" | "asks"): ReadonlyArray<Pair> => {
  const found = field(body, side)
  assert(Array.isArray(found))
  return found.map((level): Pair => [String(level[0]), String(level[1])])
}

const tuples = (body: unknown): ReadonlyArray<ReadonlyArray<unknown>> => {
  assert(Array.isArray(body))
  return body
}

const decimal = (value: unknown) => BigDecimal.unsafeFromString(String(value))

describe("Binance market data", () => {
  describe("depth", () => {
    it.effect("has the best bid and ask of the ticker first", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const { json } = yield* ask(simulator, "/api/v3/depth?symbol=BTCUSDT")
        const best = yield* ask(simulator, "/api/v3/ticker/bookTicker?symbol=BTCUSDT")
        const bids = levels(json, "bids")
        const asks = levels(json, "asks")
        assert.isAtLeast(bids.length, 20)
        assert.isAtLeast(asks.length, 20)
        assert.isNumber(field(json, "lastUpdateId"))
        assert.match(String(bids[0]?.[0]), /^\d+\.\d{8}$/)
        assert.strictEqual(bids[0]?.[0], field(best.json, "bidPrice"))
        assert.strictEqual(asks[0]?.[0], field(best.json, "askPrice"))
        const prices = [...asks.toReversed(), ...bids].map(([price]) => Number(price))
        assert.deepStrictEqual(prices, prices.toSorted((left, right) => right - left))
        assert.strictEqual(new Set(prices).size, prices.length)
      }))

    it.effect("has at most as many levels as the limit", () =>
      Effect.gen(function*() {
        const { json } = yield* ask(yield* start(), "/api/v3/depth?symbol=BTCUSDT&limit=3")
        assert.deepStrictEqual([levels(json, "bids").length, levels(json, "asks").length], [3, 3])
      }))

    it.effect("is empty for a market that does not trade", () =>
      Effect.gen(function*() {
        const { json } = yield* ask(yield* start(), "/api/v3/depth?symbol=BTCBUSD")
        assert.deepStrictEqual([levels(json, "bids"), levels(json, "asks")], [[], []])
      }))

    it.effect.each(
      [["", "5"], ["&limit=100", "5"], ["&limit=101", "25"], ["&limit=501", "50"], ["&limit=1001", "250"]] as const
    )("with '%s' weighs %s", ([limit, weight]) =>
      Effect.gen(function*() {
        const answer = yield* ask(yield* start(), `/api/v3/depth?symbol=BTCUSDT${limit}`)
        assert.deepStrictEqual([answer.status, answer.headers["x-mbx-used-weight-1m"]], [200, weight])
      }))
  })

  describe("trades", () => {
    it.effect("are oldest first with consecutive ids, the last at the last price", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const answer = yield* ask(simulator, "/api/v3/trades?symbol=BTCUSDT")
        const trades = rows(answer.json)
        assert.strictEqual(answer.headers["x-mbx-used-weight-1m"], "25")
        assert.strictEqual(trades.length, 500)
        const ids = trades.map((trade) => Number(trade["id"]))
        assert.deepStrictEqual(ids, ids.map((_, index) => Number(ids[0]) + index))
        const times = trades.map((trade) => Number(trade["time"]))
        assert.deepStrictEqual(times, times.toSorted((left, right) => left - right))
        const [last] = trades.slice(-1)
        assert(last !== undefined)
        assert.isAtMost(Number(last["time"]), noon)
        assert.isAbove(Number(last["time"]), noon - minute)
        assert.hasAllKeys(last, ["id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isBestMatch"])
        assert.isBoolean(last["isBuyerMaker"])
        const cost = BigDecimal.multiply(decimal(last["price"]), decimal(last["qty"]))
        assert.closeTo(Number(last["quoteQty"]), Number(BigDecimal.format(cost)), 1e-8)
        const price = yield* ask(simulator, "/api/v3/ticker/price?symbol=BTCUSDT")
        assert.strictEqual(last["price"], field(price.json, "price"))
      }))

    it.effect("are as many as the limit, at most a thousand", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const count = (limit: string) =>
          Effect.map(ask(simulator, `/api/v3/trades?symbol=BTCUSDT&limit=${limit}`), ({ json }) => rows(json).length)
        assert.deepStrictEqual([yield* count("2"), yield* count("1000"), yield* count("5000")], [2, 1000, 1000])
        assert.deepStrictEqual((yield* ask(simulator, "/api/v3/trades?symbol=BTCBUSD")).json, [])
      }))

    it.effect("match the aggregate trades, which can start at an id or a time", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const trades = rows((yield* ask(simulator, "/api/v3/trades?symbol=ETHUSDT&limit=10")).json)
        const aggregates = (query: string) =>
          Effect.map(ask(simulator, `/api/v3/aggTrades?symbol=ETHUSDT&${query}`), ({ json }) => rows(json))
        const newest = yield* aggregates("limit=10")
        assert.deepStrictEqual(newest.map((row) => row["a"]), trades.map((trade) => trade["id"]))
        assert.deepStrictEqual(newest.map((row) => row["m"]), trades.map((trade) => trade["isBuyerMaker"]))
        const fourth = trades[3]
        assert(fourth !== undefined)
        const fromId = yield* aggregates(`fromId=${String(fourth["id"])}&limit=2`)
        assert.deepStrictEqual(fromId.map((row) => row["a"]), [fourth["id"], trades[4]?.["id"]])
        const fromTime = yield* aggregates(`startTime=${String(fourth["time"])}&endTime=${String(fourth["time"])}`)
        assert.isTrue(fromTime.length > 0 && fromTime.every((row) => row["T"] === fourth["time"]))
      }))
  })

  describe("candles", () => {
    const klines = (simulator: Simulator.Simulator, query: string) =>
      Effect.map(ask(simulator, `/api/v3/klines?symbol=BTCUSDT&${query}`), ({ json }) => tuples(json))
    const openTimes = (candles: ReadonlyArray<ReadonlyArray<unknown>>) => candles.map(([openTime]) => openTime)

    it.effect("are the newest without a range, the last one open", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* TestClock.adjust("90 seconds")
        const candles = yield* klines(simulator, "interval=1m&limit=3")
        assert.deepStrictEqual(openTimes(candles), [noon - minute, noon, noon + minute])
        const [, open, high, low, close, volume, closeTime, quoteVolume, trades, takerBase, takerQuote, unused] =
          candles[2] ?? []
        const price = yield* ask(simulator, "/api/v3/ticker/price?symbol=BTCUSDT")
        assert.strictEqual(close, field(price.json, "price"))
        assert.strictEqual(closeTime, noon + 2 * minute - 1)
        assert.isNumber(trades)
        assert.strictEqual(unused, "0")
        assert.isAtLeast(Number(high), Math.max(Number(open), Number(close)))
        assert.isAtMost(Number(low), Math.min(Number(open), Number(close)))
        assert.isBelow(Number(takerBase), Number(volume))
        assert.isBelow(Number(takerQuote), Number(quoteVolume))
      }))

    it.effect("are the oldest from a start, and the newest before an end", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const from = noon - 100 * minute
        const oldest = yield* klines(simulator, `interval=5m&startTime=${from + 1}&limit=2`)
        assert.deepStrictEqual(openTimes(oldest), [from + 5 * minute, from + 10 * minute])
        const between = yield* klines(simulator, `interval=5m&startTime=${from}&endTime=${from + 10 * minute}`)
        assert.deepStrictEqual(openTimes(between), [from, from + 5 * minute, from + 10 * minute])
        const before = yield* klines(simulator, `interval=5m&endTime=${from + 9 * minute}&limit=2`)
        assert.deepStrictEqual(openTimes(before), [from, from + 5 * minute])
        assert.deepStrictEqual(yield* klines(simulator, `interval=5m&startTime=${noon + 5 * minute}`), [])
        assert.strictEqual((yield* klines(simulator, "interval=1m")).length, 500)
        assert.strictEqual((yield* klines(simulator, "interval=1m&limit=2000")).length, 1000)
      }))

    it.effect("start with the launch of the exchange", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const [first] = openTimes(yield* klines(simulator, "interval=1d&startTime=0&limit=1"))
        assert.strictEqual(first, Date.UTC(2017, 7, 17))
        assert.deepStrictEqual(yield* klines(simulator, `interval=1d&endTime=${Date.UTC(2017, 7, 16)}`), [])
        const [month] = openTimes(yield* klines(simulator, "interval=1M&startTime=0&limit=1"))
        assert.strictEqual(month, Date.UTC(2017, 7, 1))
      }))

    it.effect("of a week start on Monday, and those of a month on the first", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const monday = Date.UTC(2024, 10, 25)
        assert.deepStrictEqual(openTimes(yield* klines(simulator, "interval=1w&limit=2")), [monday - 7 * day, monday])
        const months = yield* klines(simulator, `interval=1M&startTime=${Date.UTC(2024, 0, 31)}&limit=2`)
        assert.deepStrictEqual(openTimes(months), [Date.UTC(2024, 1, 1), Date.UTC(2024, 2, 1)])
        assert.strictEqual(months[0]?.[6], Date.UTC(2024, 2, 1) - 1)
        assert.deepStrictEqual(
          openTimes(yield* klines(simulator, "interval=3d&limit=2")).map((at) => Number(at) % (3 * day)),
          [0, 0]
        )
      }))

    it.effect("of a week match their days", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const from = Date.UTC(2024, 10, 18)
        const [week] = yield* klines(simulator, `interval=1w&startTime=${from}&limit=1`)
        const days = yield* klines(simulator, `interval=1d&startTime=${from}&limit=7`)
        assert.strictEqual(week?.[1], days[0]?.[1])
        assert.strictEqual(week?.[4], days[6]?.[4])
        assert.strictEqual(Number(week?.[2]), Math.max(...days.map((candle) => Number(candle[2]))))
        assert.strictEqual(Number(week?.[3]), Math.min(...days.map((candle) => Number(candle[3]))))
        const volume = days.reduce((sum, candle) => BigDecimal.sum(sum, decimal(candle[5])), decimal("0"))
        assert.isTrue(BigDecimal.equals(decimal(week?.[5]), volume))
      }))
  })

  const refusals: ReadonlyArray<readonly [target: string, code: number]> = [
    ["/api/v3/depth", -1102],
    ["/api/v3/depth?symbol=NOPE", -1121],
    ["/api/v3/depth?symbol=BTCUSDT&limit=0", -1130],
    ["/api/v3/depth?symbol=BTCUSDT&limit=ten", -1100],
    ["/api/v3/trades?limit=5", -1102],
    ["/api/v3/klines?symbol=BTCUSDT", -1102],
    ["/api/v3/klines?symbol=BTCUSDT&interval=1H", -1120],
    ["/api/v3/klines?symbol=BTCUSDT&interval=toString", -1120],
    ["/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=2024-01-01", -1100],
    ["/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=2&endTime=1", -1130]
  ]
  it.effect.each(refusals)("%s is rejected with %s", ([target, code]) =>
    Effect.gen(function*() {
      const answer = yield* ask(yield* start(), target)
      assert.deepStrictEqual([answer.status, field(answer.json, "code")], [400, code])
    }))
})
