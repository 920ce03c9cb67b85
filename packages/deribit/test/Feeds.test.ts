import { Decimal, ExchangeSymbol, type Market, MarketData } from "@effect-exchange/core"
import { Listing } from "@effect-exchange/core/adapter"
import * as OrderBookSync from "@effect-exchange/core/feed/OrderBookSync"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { FeedSuite } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, TestClock } from "effect"
import { register } from "../../exchanges/test/support/feeds.js"
import { feeds } from "../src/Feeds.js"
import { subject } from "./feeds.js"
import { shown, shownOf, times } from "./utils.js"

register(subject)

it.effect("a streamed candle of Deribit is open by the exchange's clock, though the local clock is ahead", () =>
  Effect.gen(function*() {
    const { get } = yield* Simulator.Simulators
    const simulator = yield* get("deribit")
    yield* simulator.setFaults(Faults.make({ clockSkew: { behind: "30 seconds" } }))
    const { streamCandles } = yield* MarketData.MarketData
    const candles = yield* FeedSuite.recordItems(streamCandles("BTC/USD:BTC", "1m"))
    yield* TestClock.adjust("20 seconds")
    const last = candles.values().at(-1)
    assert.strictEqual(last?.openTime, Date.UTC(2026, 10, 1, 23, 59))
    assert.isTrue(last?.isOpen)
  }).pipe(
    Effect.provide(
      Layer.provideMerge(
        subject.layer({ environment: Simulator.environment("deribit") }),
        Simulator.layer("deribit")
      )
    ),
    (self) => Effect.zipRight(TestClock.setTime(Date.UTC(2026, 10, 2)), self)
  ))

const { book, candles, protocol, ticker, trades } = feeds
assert(book !== undefined && candles !== undefined && ticker !== undefined && trades !== undefined)

const inverse: Market.Market = {
  symbol: ExchangeSymbol.make("BTC/USD:BTC"),
  id: "BTC-PERPETUAL",
  kind: "perpetual",
  status: "open",
  base: "BTC",
  quote: "USD",
  settle: "BTC",
  inverse: true
}

describe("frames of Deribit", () => {
  const context = { request: 7, token: undefined }
  const topics = [book.topic(inverse, 10_000), trades.topic(inverse)]
  const channels = ["book.BTC-PERPETUAL.100ms", "trades.BTC-PERPETUAL.100ms"]

  it("subscribe to several channels at once, with positive ids for subscriptions only", () => {
    const call = (id: number, method: string) => ({ jsonrpc: "2.0", id, method, params: { channels } })
    assert.deepStrictEqual(protocol.subscribe(topics, context), [call(7, "public/subscribe")])
    assert.deepStrictEqual(protocol.unsubscribe(topics, context), [call(-7, "public/unsubscribe")])
  })

  it("confirm the channels that exist", () => {
    assert.deepStrictEqual(protocol.read({ jsonrpc: "2.0", id: 7, result: channels.slice(0, 1), ...times }), [
      { _tag: "Acknowledged", request: 7, keys: channels.slice(0, 1) }
    ])
    assert.deepStrictEqual(protocol.read({ jsonrpc: "2.0", id: -7, result: channels, ...times }), [])
    assert.deepStrictEqual(protocol.read({ jsonrpc: "2.0", id: 0, result: "ok", ...times }), [])
  })

  it("refuse a request by its id, and end the connection if the rate limit is exceeded", () => {
    const error = (id: number, code: number, message: string) =>
      protocol.read({ jsonrpc: "2.0", id, error: { code, message }, ...times })
    assert.deepStrictEqual(error(7, 13_778, "raw_subscriptions_not_available_for_unauthorized"), [{
      _tag: "Refused",
      request: 7,
      error: { code: "13778", text: "raw_subscriptions_not_available_for_unauthorized" }
    }])
    assert.deepStrictEqual(error(0, -32_602, "Invalid params"), [])
    assert.deepStrictEqual(error(-7, 10_028, "too_many_requests"), [{ _tag: "Ended", because: "too_many_requests" }])
  })

  it("set heartbeats first, and answer test requests", () => {
    const heartbeat = (type: string) => protocol.read({ jsonrpc: "2.0", method: "heartbeat", params: { type } })
    assert.deepStrictEqual(protocol.sockets["public"]?.welcome, [
      { jsonrpc: "2.0", id: 0, method: "public/set_heartbeat", params: { interval: 10 } }
    ])
    assert.deepStrictEqual(heartbeat("heartbeat"), [])
    assert.deepStrictEqual(heartbeat("test_request"), [
      { _tag: "Reply", message: { jsonrpc: "2.0", id: 0, method: "public/test", params: {} } }
    ])
  })

  it("hold data under the name of its channel, and are not decoded if they are something else", () => {
    const channel = book.topic(inverse, 10_000).key
    const params = { channel, data: { type: "change" } }
    assert.deepStrictEqual(protocol.read({ jsonrpc: "2.0", method: "subscription", params }), [
      { _tag: "Data", key: channel, frame: params.data }
    ])
    assert.isUndefined(protocol.read({ jsonrpc: "2.0", method: "news", params }))
    assert.isUndefined(protocol.read("<html>"))
  })

  /** Core chooses one of the two by the market. */
  const volumes = (volume: object | undefined) => volume && shown(volume)

  it("of tickers have the volume in the base currency, and no price of an empty side", () => {
    const frame = {
      timestamp: 1_765_541_474_086,
      state: "open",
      stats: {
        high: 93_612.0,
        low: 89_277.5,
        price_change: 2.3275,
        volume: 11_897.27640428,
        volume_usd: 1_092_371_540.0
      },
      instrument_name: "BTC-PERPETUAL",
      last_price: 92_283.5,
      best_ask_price: 0,
      best_ask_amount: 0,
      best_bid_price: 92_283.5,
      best_bid_amount: 117_660.0
    }
    const row = { last: "92283.5", bid: "92283.5", high24h: "93612", low24h: "89277.5", at: 1_765_541_474_086 }
    const [read = {}] = Listing.from(ticker.reader(inverse)(frame) ?? []).rows
    assert.deepStrictEqual(shown(read), { ...row, volume24h: "11897.27640428" })
  })

  it("of candles have the volume in the base currency and the cost in the quote currency", () => {
    const frame = {
      tick: 1_767_200_040_000,
      open: 87_490.0,
      high: 87_500.0,
      low: 87_465.0,
      close: 87_474.0,
      volume: 0.95978896,
      cost: 83_970.0
    }
    const row = { openTime: 1_767_200_040_000, open: "87490", high: "87500", low: "87465", close: "87474" }
    const [{ volume, ...others } = { volume: undefined }] = Listing.from(candles.reader(inverse, "1")(frame) ?? []).rows
    assert.deepStrictEqual(shown(others), row)
    assert.deepStrictEqual(volumes(volume), { linear: "0.95978896", inverse: "83970" })
    assert.strictEqual(candles.topic(inverse, "720").key, "chart.trades.BTC-PERPETUAL.720")
  })

  it("of trades are sorted, with the taker's side", () => {
    const trade = (number: number, direction: string) => ({
      trade_seq: number,
      trade_id: `ETH-${number}`,
      timestamp: 1_765_541_474_086,
      price: 3010.05,
      amount: 6.55e-6,
      direction,
      instrument_name: "ETH-PERPETUAL"
    })
    const row = { price: "3010.05", amount: "0.00000655", at: 1_765_541_474_086 }
    assert.deepStrictEqual(shownOf(trades.reader(inverse)([trade(10, "sell"), trade(9, "buy")])), [
      { ...row, id: "ETH-9", side: "buy" },
      { ...row, id: "ETH-10", side: "sell" }
    ])
    assert.isUndefined(trades.reader(inverse)({ trades: [] }))
  })
})

describe("order books of Deribit", () => {
  type Level = readonly [word: string, price: number, amount: number]

  const frame = (type: string, change_id: unknown, prev_change_id: unknown, bids: ReadonlyArray<Level> = []) => ({
    type,
    timestamp: 1_699_999_999_000,
    instrument_name: "BTC-PERPETUAL",
    change_id,
    ...prev_change_id === undefined ? {} : { prev_change_id },
    bids,
    asks: [["new", 42_501, 800]]
  })

  const first = frame("snapshot", 13_169_025_645, undefined, [["new", 42_500, 1000], ["new", 42_499.5, 500]])

  /** Returns the bids after the last of these frames, or the fault of the book. */
  const after = (...frames: ReadonlyArray<unknown>) => {
    const { read } = OrderBookSync.make({
      exchange: "deribit",
      symbol: inverse.symbol,
      rules: book.rules(inverse, 10_000),
      read: book.reader(inverse)
    })
    const [last] = frames.map((frame) => read(frame, 0)).slice(-1)
    const [view] = last?.values ?? []
    return last?.fault ??
      view?.depth(5).bids.map(({ amount, price }) => `${Decimal.format(price)} ${Decimal.format(amount)}`)
  }

  const change = frame("change", 13_169_025_700, 13_169_025_645, [
    ["delete", 42_499.5, 0],
    ["change", 42_500, 950],
    ["new", 42_498.5, 300]
  ])

  it("follow each update that names the previous one, whatever numbers are skipped", () => {
    assert.deepStrictEqual(after(first, change), ["42500 950", "42498.5 300"])
    const next = frame("change", 13_169_025_701, 13_169_025_700, [["delete", 42_498.5, 0]])
    assert.deepStrictEqual(after(first, change, next), ["42500 950"])
  })

  it("report a gap if an update names another previous one, or none", () => {
    const lost = "an update of the order book was lost"
    assert.strictEqual(after(first, frame("change", 13_169_025_701, 13_169_025_700)), lost)
    assert.strictEqual(after(first, frame("change", 13_169_025_701, undefined)), lost)
  })

  it("ignore a repeated update, and are replaced by each snapshot", () => {
    assert.deepStrictEqual(after(first, change, change, frame("change", 13_169_025_701, 13_169_025_700)), [
      "42500 950",
      "42498.5 300"
    ])
    assert.deepStrictEqual(after(first, change, first), ["42500 1000", "42499.5 500"])
    assert.isUndefined(after(change))
  })

  it("do not decode an update without a number or of an unknown type", () => {
    const notDecoded = "a frame of the order book could not be decoded"
    assert.strictEqual(after(first, frame("change", 1.5, 13_169_025_645)), notDecoded)
    assert.strictEqual(after(first, frame("reset", 13_169_025_700, 13_169_025_645)), notDecoded)
  })
})
