import { Candle, Decimal, OrderBook, Trade } from "@effect-exchange/core"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Schema, Stream } from "effect"
import { Binance } from "../src/index.js"
import { scripted, sent, simulated } from "./support.js"
import { error, fixture, html, now } from "./utils.js"

const symbol = "BTC/USDT"

const market = Binance.MarketData

describe("order book", () => {
  it.effect("has the best levels first, the exchange's sequence number and the time of the response", () =>
    scripted(() => ScriptedHttp.text(fixture("depth")))(Effect.gen(function*() {
      const book = yield* Effect.flatMap(market, (market) => market.orderBook(symbol, { depth: 2 }))
      assert.deepStrictEqual(Schema.encodeSync(OrderBook.OrderBook)(book), {
        exchange: "binance",
        symbol,
        bids: [{ price: "64043.20000000", amount: "3.10250000" }, { price: "64043.19000000", amount: "0.00009000" }],
        asks: [{ price: "64043.21000000", amount: "0.71999000" }, { price: "64043.55000000", amount: "2.00000000" }],
        at: now,
        sequence: "68210554021"
      })
      assert.deepStrictEqual(yield* sent, ["GET /api/v3/depth?symbol=BTCUSDT&limit=2"])
    })))

  it.effect("is requested with the greatest limit if a greater depth is asked for", () =>
    scripted(() => ScriptedHttp.text(fixture("depth")))(Effect.gen(function*() {
      yield* Effect.flatMap(market, (market) => market.orderBook(symbol, { depth: 100_000 }))
      assert.deepStrictEqual(yield* sent, ["GET /api/v3/depth?symbol=BTCUSDT&limit=5000"])
    })))

  it.effect("is empty for a market that does not trade", () =>
    simulated(Effect.gen(function*() {
      const { asks, bids } = yield* Effect.flatMap(market, (market) => market.orderBook("BTC/BUSD"))
      assert.deepStrictEqual([bids, asks], [[], []])
    })))
})

describe("trades", () => {
  it.effect("have the taker's side", () =>
    scripted(() => ScriptedHttp.text(fixture("trades")))(Effect.gen(function*() {
      const trades = yield* Effect.flatMap(market, (market) => market.trades(symbol, { limit: 2 }))
      assert.deepStrictEqual(trades.map((trade) => Schema.encodeSync(Trade.Trade)(trade)), [
        {
          exchange: "binance",
          symbol,
          id: "5500001233",
          side: "sell",
          price: "64043.20000000",
          amount: "0.00042000",
          at: 1_763_942_399_120
        },
        {
          exchange: "binance",
          symbol,
          id: "5500001234",
          side: "buy",
          price: "64043.21000000",
          amount: "0.71000000",
          at: 1_763_942_399_870
        }
      ])
      yield* Effect.flatMap(market, (market) => market.trades(symbol, { limit: 5000 }))
      assert.deepStrictEqual(yield* sent, [
        "GET /api/v3/trades?symbol=BTCUSDT&limit=2",
        "GET /api/v3/trades?symbol=BTCUSDT&limit=1000"
      ])
    })))
})

describe("candles", () => {
  it.effect("have their open time, and those outside the range are left out", () =>
    scripted(() => ScriptedHttp.text(fixture("klines")))(Effect.gen(function*() {
      const candles = yield* Effect.flatMap(
        market,
        (market) => Stream.runCollect(market.candles(symbol, "1h", { from: now - 3_600_000 }))
      )
      assert.deepStrictEqual(
        Chunk.toReadonlyArray(candles).map(({ close, openTime, volume, ...candle }) => [
          openTime - now,
          candle.isOpen,
          Decimal.format(candle.open),
          Decimal.format(candle.high),
          Decimal.format(candle.low),
          Decimal.format(close),
          Decimal.format(volume)
        ]),
        [[
          -3_600_000,
          false,
          "63900.10000000",
          "64100.00000000",
          "63850.00000000",
          "64011.50000000",
          "812.44120000"
        ]]
      )
      assert.deepStrictEqual(yield* sent, [
        `GET /api/v3/klines?symbol=BTCUSDT&interval=1h&startTime=${now - 3_600_000}&endTime=${now - 1}&limit=1000`
      ])
    })))

  // Intervals whose pages take the simulator seconds.
  const long: ReadonlyArray<Candle.Interval> = ["6h", "12h", "1d", "1w", "1M"]

  for (const interval of Binance.features.candles) {
    it.effect(`of ${interval} cover the whole range, over several pages where needed`, () =>
      simulated(Effect.gen(function*() {
        const [to, count] = [Candle.openTime(interval, now), long.includes(interval) ? 30 : 1001]
        const from = Candle.shift(interval, to, -count)
        const candles = yield* Effect.flatMap(
          market,
          (market) => Stream.runCollect(market.candles(symbol, interval, { from, to }))
        )
        assert.deepStrictEqual(
          Chunk.toReadonlyArray(candles).map(({ openTime }) => openTime),
          Array.from({ length: count }, (_, index) => Candle.shift(interval, from, index))
        )
      })))
  }
})

describe("status", () => {
  const words = [
    [{ status: 0, msg: "normal" }, "operational"],
    [{ status: 1, msg: "system_maintenance" }, "maintenance"],
    [{ status: 2, msg: "something to come" }, "unknown"]
  ] as const

  for (const [wire, status] of words) {
    it.effect(`is ${status}: ${wire.msg}`, () =>
      scripted(() => ScriptedHttp.json(wire))(Effect.gen(function*() {
        assert.deepStrictEqual(yield* Effect.flatMap(market, (market) => market.status), {
          exchange: "binance",
          status,
          detail: wire.msg,
          at: now
        })
        assert.deepStrictEqual(yield* sent, ["GET /sapi/v1/system/status"])
      })))
  }

  for (const environment of ["testnet", "demo", "us"] as const) {
    it.effect(`of ${environment} is operational if its clock answers, as there is no status endpoint`, () =>
      scripted(
        ({ path }) =>
          path === "/api/v3/time" ? ScriptedHttp.text(fixture("time")) : ScriptedHttp.text(html, { status: 404 }),
        { environment }
      )(Effect.gen(function*() {
        const status = yield* Effect.flatMap(market, (market) => market.status)
        assert.deepStrictEqual(status, { exchange: "binance", status: "operational", at: 1_763_942_400_123 })
      })))
  }

  it.effect("fails with the error of the response", () =>
    scripted(() => ScriptedHttp.text(error(-1121, "Invalid symbol."), { status: 400 }))(Effect.gen(function*() {
      assert.strictEqual(
        (yield* Effect.flip(Effect.flatMap(market, (market) => market.status)))._tag,
        "SymbolNotFound"
      )
    })))
})
