import { type Candle, Decimal, ExchangeSymbol, type Market, OrderBook } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Chunk, Effect, Either, Fiber, Layer, Ref, Stream, TestClock } from "effect"
import { BitMex } from "../src/index.js"
import { error, fixture, html, now, requestLog } from "./utils.js"

const environment = Simulator.environment("bitmex")
const scripted = { name: "scripted", baseUrl: "http://scripted.localhost" }

const simulated = <A, E>(
  effect: Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof BitMex.layerMarketData>> | Simulator.Simulators>
) =>
  Effect.zipRight(
    TestClock.setTime(now),
    Effect.provide(effect, Layer.provideMerge(BitMex.layerMarketData({ environment }), Simulator.layer("bitmex")))
  )

const overScript = (steps: ScriptedHttp.Script) =>
  Layer.provideMerge(BitMex.layerMarketData({ environment: scripted }), ScriptedHttp.layer(steps))

const targets = Effect.flatMap(
  ScriptedHttp.ScriptedHttp,
  ({ requests }) =>
    Effect.map(requests, (requests) => requests.map(({ url }) => decodeURIComponent(url.split("/api/v1")[1] ?? "")))
)

const spot: Market.Market = {
  symbol: ExchangeSymbol.make("BTC/USDT"),
  id: "XBT_USDT",
  kind: "spot",
  status: "open",
  base: "BTC",
  quote: "USDT",
  multiplier: Decimal.make("0.00000001")
}

const symbols = ["BTC/USDT", "BTC/USDT:USDT", "BTC/USD:BTC"] as const

describe("order book", () => {
  it.effect("has as many levels as requested, best first, in amounts of the base currency", () =>
    simulated(Effect.gen(function*() {
      const market = yield* BitMex.MarketData
      for (const symbol of symbols) {
        const book = yield* market.orderBook(symbol, { depth: 5 })
        assert.deepStrictEqual([book.bids.length, book.asks.length, book.at], [5, 5, now])
        assert.isFalse(OrderBook.isCrossed(book))
        const { lotSize } = yield* market.market(symbol)
        assert(lotSize !== undefined)
        for (const { amount } of [...book.bids, ...book.asks]) {
          assert.isTrue(BigDecimal.isZero(BigDecimal.unsafeRemainder(amount, lotSize)), symbol)
        }
        const ticker = yield* market.ticker(symbol)
        assert.deepStrictEqual(
          [book.bids[0]?.price, book.asks[0]?.price].map(String),
          [ticker.bid, ticker.ask].map(String)
        )
      }
    })))
})

describe("trades", () => {
  it.effect("are the latest, oldest first, in amounts of the base currency", () =>
    simulated(Effect.gen(function*() {
      const market = yield* BitMex.MarketData
      for (const symbol of symbols) {
        const trades = yield* market.trades(symbol, { limit: 50 })
        assert.strictEqual(trades.length, 50)
        const times = trades.map(({ at }) => at)
        assert.deepStrictEqual(times, times.toSorted((left, right) => left - right))
        assert.isAtMost(times.at(-1) ?? 0, now)
        assert.isAtLeast(times.at(-1) ?? 0, now - 600_000)
        const { lotSize } = yield* market.market(symbol)
        assert(lotSize !== undefined)
        assert.isTrue(trades.every(({ amount }) => BigDecimal.isZero(BigDecimal.unsafeRemainder(amount, lotSize))))
      }
      assert.isAtMost((yield* market.trades("BTC/USDT", { limit: 5000 })).length, 1000)
    })))
})

describe("candles", () => {
  it.effect("wait for the rate limit before each page beyond the deadline of a single call", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const market = yield* BitMex.MarketData
      const calls = yield* Effect.forEach(Array.from({ length: 31 }), () => Effect.either(market.serverTime))
      assert.deepStrictEqual(
        calls.flatMap((call) => Either.isLeft(call) ? [call.left._tag] : []),
        ["DeadlineExceeded"]
      )
      const reading = yield* market.candles("BTC/USDT", "1m", { from: now - 4_000 * 60_000, to: now }).pipe(
        Stream.runCollect,
        Effect.fork
      )
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* targets).length, 30)
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* Fiber.join(reading)).length, 4)
    }).pipe(
      Effect.provide(Layer.provideMerge(
        BitMex.layerMarketData({ environment: scripted, markets: [spot], deadline: "1 second" }),
        ScriptedHttp.layer(({ url }) => {
          const { pathname, searchParams } = new URL(url)
          return ScriptedHttp.json(
            pathname === "/api/v1"
              ? { timestamp: now }
              : [{ timestamp: searchParams.get("startTime"), open: 1, high: 1, low: 1, close: 1, volume: 1 }]
          )
        })
      ))
    ))

  const read = (symbol: string, interval: Candle.Interval, range: Candle.Range) =>
    Effect.flatMap(
      BitMex.MarketData,
      (market) => Effect.map(Stream.runCollect(market.candles(symbol, interval, range)), Chunk.toReadonlyArray)
    )

  it.effect("have their open time, and only the latest is open", () =>
    simulated(Effect.gen(function*() {
      yield* TestClock.adjust("150 seconds")
      for (const symbol of symbols) {
        const candles = yield* read(symbol, "1m", { from: now - 180_000 })
        assert.deepStrictEqual(
          candles.map(({ isOpen, openTime }) => [(openTime - now) / 60_000, isOpen]),
          [[-3, false], [-2, false], [-1, false], [0, false], [1, false], [2, true]]
        )
        for (const { high, low, open, close } of candles) {
          assert.isTrue([open, close].every((price) => BigDecimal.between(price, { minimum: low, maximum: high })))
        }
      }
      // The close of the latest candle is the price of the last trade.
      const [last] = (yield* read("BTC/USDT", "1m", { from: now + 120_000 })).slice(-1)
      const ticker = yield* Effect.flatMap(BitMex.MarketData, (market) => market.ticker("BTC/USDT"))
      assert(last !== undefined && ticker.last !== undefined)
      assert.strictEqual(Decimal.format(last.close), Decimal.format(ticker.last))
    })))

  it.effect("of a long range are requested in pages, with none lost or repeated between them", () =>
    simulated(Effect.gen(function*() {
      const pages = yield* Ref.make<ReadonlyArray<number>>([])
      const from = now - 2500 * 60_000
      const candles = yield* read("BTC/USDT:USDT", "1m", {
        from,
        to: now,
        onProgress: ({ candles }) => Ref.update(pages, (all) => [...all, candles])
      })
      assert.deepStrictEqual(candles.map(({ openTime }) => openTime), Array.from(candles, (_, i) => from + i * 60_000))
      assert.deepStrictEqual(yield* Ref.get(pages), [1000, 2000, 2500])
      assert.strictEqual((yield* requestLog).length, 4)
    })))

  it.effect("are supported for every interval BitMEX has, and for no other", () =>
    simulated(Effect.gen(function*() {
      for (const [interval, length] of [["5m", 300_000], ["1h", 3_600_000], ["1d", 86_400_000]] as const) {
        const candles = yield* read("BTC/USDT", interval, { from: now - 3 * length, to: now })
        assert.deepStrictEqual(candles.map(({ openTime }) => (openTime - now) / length), [-3, -2, -1], interval)
      }
      const unsupported = yield* Effect.flip(read("BTC/USDT", "15m", { from: 0 }))
      assert(unsupported._tag === "Unsupported")
      assert.include(unsupported.alternative, "1m, 5m, 1h, 1d")
    })))

  it.effect("are requested by the time they close", () =>
    Effect.gen(function*() {
      const from = Date.parse("2026-08-20T10:10:00Z")
      yield* TestClock.setTime(from + 60 * 60_000)
      const candles = yield* read("BTC/USDT:USDT", "1m", { from, to: from + 4 * 60_000 })
      assert.deepStrictEqual(candles.map(({ openTime }) => (openTime - from) / 60_000), [0, 3])
      assert.deepStrictEqual((yield* targets).slice(1), [
        "/trade/bucketed?symbol=XBTUSDT&binSize=1m&partial=true&count=1000" +
        "&startTime=2026-08-20T10:11:00.000Z&endTime=2026-08-20T10:14:00.000Z"
      ])
    }).pipe(Effect.provide(overScript([
      ScriptedHttp.text(fixture("instrument_active")),
      ScriptedHttp.text(fixture("trade_bucketed"))
    ]))))
})

describe("quanto contract", () => {
  it.effect("has a price, and no amounts in its base currency", () =>
    Effect.gen(function*() {
      const market = yield* BitMex.MarketData
      assert.strictEqual(Decimal.format((yield* market.price("ETH/USD:BTC")).amount), "3100.25")
      const refused = [
        yield* Effect.flip(market.orderBook("ETH/USD:BTC")),
        yield* Effect.flip(market.trades("ETH/USD:BTC")),
        yield* Effect.flip(Stream.runDrain(market.candles("ETH/USD:BTC", "1h", { from: 0, to: 7_200_000 })))
      ]
      for (const error of refused) {
        assert(error._tag === "Unsupported")
        assert.include(error.alternative, "contracts")
      }
      assert.strictEqual((yield* targets).length, 2)
    }).pipe(Effect.provide(overScript([
      ScriptedHttp.text(fixture("instrument_active")),
      ScriptedHttp.json([{
        symbol: "ETHUSD",
        typ: "FFWCSX",
        state: "Open",
        lastPrice: 3100.25,
        timestamp: "2026-08-20T10:15:30.123Z"
      }])
    ]))))
})

describe("status", () => {
  const status = Effect.flatMap(BitMex.MarketData, (market) => market.status)

  it.effect("is operational if nothing is announced", () =>
    simulated(Effect.gen(function*() {
      const { at, detail, exchange, status: word } = yield* status
      assert.deepStrictEqual([exchange, word, detail, at], ["bitmex", "operational", undefined, now])
      assert.deepStrictEqual(yield* requestLog, ["/api/v1/announcement/urgent 200"])
    })))

  it.effect("has the detail of the announcement", () =>
    Effect.gen(function*() {
      const announced = yield* status
      assert.deepStrictEqual([announced.status, announced.detail], ["operational", "Wallet maintenance at 14:00 UTC"])
    }).pipe(Effect.provide(overScript([ScriptedHttp.text(fixture("announcement_urgent"))]))))

  const failing = (body: string, code = 503) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(Effect.either(status))
      yield* TestClock.adjust("10 seconds")
      return yield* fiber
    }).pipe(Effect.provide(overScript(() => ScriptedHttp.text(body, { status: code }))))

  it.effect("is maintenance if the exchange reports to be down, and not if it is busy or broken", () =>
    Effect.gen(function*() {
      for (const body of [error("Service unavailable"), html]) {
        const down = yield* failing(body)
        assert(down._tag === "Right")
        assert.strictEqual(down.right.status, "maintenance")
      }
      const busy = yield* failing(error("The system is currently overloaded. Please try again later."))
      assert(busy._tag === "Left")
      assert.strictEqual(busy.left._tag, "ExchangeUnavailable")
      assert.strictEqual((yield* failing(error("Server Error"), 500))._tag, "Left")
    }))
})
