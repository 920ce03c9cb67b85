import { Decimal, ExchangeSymbol, FeedItem, type Market } from "@effect-exchange/core"
import { Listing } from "@effect-exchange/core/adapter"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Fiber, Layer, Predicate, Stream, TestClock } from "effect"
import { register } from "../../exchanges/test/support/feeds.js"
import { feeds } from "../src/Feeds.js"
import { Bybit } from "../src/index.js"
import { subject } from "./feeds.js"

register(subject)

const market = (symbol: string, id: string, kind: Market.Kind, more: Partial<Market.Market> = {}): Market.Market => ({
  id,
  symbol: ExchangeSymbol.make(symbol),
  kind,
  status: "open",
  base: "BTC",
  quote: "USDT",
  ...more
})

const spot = market("BTC/USDT", "BTCUSDT", "spot")
const linear = market("BTC/USDT:USDT", "BTCUSDT", "perpetual")
const inverse = market("BTC/USD:BTC", "BTCUSD", "perpetual", { inverse: true, multiplier: Decimal.make("1") })

const { book, candles, protocol, ticker, trades } = feeds

/** Formats decimals as text, and removes `undefined` fields. */
const shown = (row: object): { readonly [name: string]: unknown } =>
  Object.fromEntries(
    Object.entries(row)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, plain(value)])
  )

const plain = (value: unknown): unknown => {
  if (BigDecimal.isBigDecimal(value)) return Decimal.format(value)
  return Predicate.isRecord(value) ? shown(value) : value
}

type Reader<A> = ((frame: unknown) => Listing.Rows<A> | undefined) | undefined

const read = <A extends object>(reader: Reader<A>, frame: unknown) => {
  const rows = reader?.(frame)
  return rows && Listing.from(rows).rows.map(shown)
}

describe("subscription requests", () => {
  it("name each stream by the market id, on the socket of its category", () => {
    const topics = [
      ticker?.topic(spot),
      trades?.topic(linear),
      candles?.topic(inverse, "D"),
      book?.topic(linear, 50)
    ].flatMap((topic) => topic ?? [])
    assert.deepStrictEqual(topics.map(({ key, socket }) => [socket, key]), [
      ["spot", "tickers.BTCUSDT"],
      ["linear", "publicTrade.BTCUSDT"],
      ["inverse", "kline.D.BTCUSD"],
      ["linear", "orderbook.50.BTCUSDT"]
    ])
    const context = { request: 7, token: undefined }
    const args = topics.map(({ key }) => key)
    assert.deepStrictEqual(protocol.subscribe(topics, context), [{ req_id: "7", op: "subscribe", args }])
    assert.deepStrictEqual(protocol.unsubscribe(topics, context), [{ req_id: "7", op: "unsubscribe", args }])
    assert.deepStrictEqual(protocol.ping?.message(8), { req_id: "8", op: "ping" })
  })

  it("go to the sockets of their environment, or to the live ones if a region or the demo has none", () => {
    const at = protocol.sockets["inverse"]?.at
    assert.strictEqual(at?.["testnet"], "wss://stream-testnet.bybit.com/v5/public/inverse")
    assert.strictEqual(at?.["tr"], "wss://stream.bybit.tr/v5/public/inverse")
    assert.strictEqual(at?.["demo"], at?.["live"])
    assert.strictEqual(at?.["eu"], at?.["live"])
  })
})

describe("frames", () => {
  const conn_id = "cejreaspqfm9se7usbrg-2xh"

  it("are assigned to their topic or to the request they answer", () => {
    const frame = { topic: "publicTrade.BTCUSDT", type: "snapshot", ts: 1_672_304_486_868, data: [] }
    assert.deepStrictEqual(protocol.read(frame), [{ _tag: "Data", key: "publicTrade.BTCUSDT", frame }])
    for (const ret_msg of ["subscribe", ""]) {
      const frame = { success: true, ret_msg, conn_id, req_id: "3", op: "subscribe" }
      assert.deepStrictEqual(protocol.read(frame), [{ _tag: "Acknowledged", request: 3 }])
    }
    assert.deepStrictEqual(protocol.read({ success: true, ret_msg: "", conn_id, req_id: "4", op: "unsubscribe" }), [])
  })

  it("confirm a subscription that already exists", () => {
    const ret_msg = "error:already subscribed,topic:tickers.ETHUSDT"
    assert.deepStrictEqual(protocol.read({ success: false, ret_msg, conn_id, req_id: "5", op: "subscribe" }), [
      { _tag: "Acknowledged", request: 5 }
    ])
  })

  it("are read as refusals with their text, with or without a request id", () => {
    const text = "Invalid topic: invalid.topic.BTCUSDT"
    const reason = { code: "", text }
    const frame = { success: false, ret_msg: text, conn_id, op: "subscribe" }
    assert.deepStrictEqual(protocol.read({ ...frame, req_id: "6" }), [{ _tag: "Refused", request: 6, error: reason }])
    assert.deepStrictEqual(protocol.read({ ...frame, req_id: "" }), [{
      _tag: "Refused",
      request: undefined,
      error: reason
    }])
  })

  it("are read as an answer to a ping in each of its shapes", () => {
    for (
      const frame of [
        { success: true, ret_msg: "pong", conn_id, op: "ping" },
        { success: true, ret_msg: "pong", conn_id, req_id: "", op: "ping" },
        { op: "pong", args: ["1675418560633"], req_id: "9", conn_id }
      ]
    ) assert.deepStrictEqual(protocol.read(frame), [{ _tag: "Pong" }])
  })

  it("of any other shape are not decoded", () => {
    for (const frame of [{}, [], "pong", 7, null, { op: "auth" }]) assert.isUndefined(protocol.read(frame))
  })
})

describe("ticker", () => {
  const wire = {
    symbol: "BTCUSDT",
    tickDirection: "PlusTick",
    price24hPcnt: "0.017103",
    lastPrice: "17216.00",
    prevPrice24h: "16926.50",
    highPrice24h: "17281.50",
    lowPrice24h: "16915.00",
    turnover24h: "1570383121.943499",
    volume24h: "91705.276",
    bid1Price: "17215.50",
    bid1Size: "84.489",
    ask1Price: "17216.00",
    ask1Size: "83.020"
  }
  const expected = {
    last: "17216.00",
    bid: "17215.50",
    ask: "17216.00",
    open24h: "16926.50",
    high24h: "17281.50",
    low24h: "16915.00",
    // Core chooses one of the two by the market.
    volume24h: { linear: "91705.276", inverse: "1570383121.943499" },
    at: 1_673_272_861_686
  }
  const frame = (type: "snapshot" | "delta", data: object, ts = 1_673_272_861_686) => ({
    topic: "tickers.BTCUSDT",
    type,
    data,
    cs: 24_987_956_059,
    ts
  })

  it("is a snapshot with the changes since", () => {
    const reader = ticker?.reader(linear)
    assert.deepStrictEqual(read(reader, frame("snapshot", wire)), [expected])
    const delta = { symbol: "BTCUSDT", bid1Price: "17215.00", bid1Size: "1.000" }
    assert.deepStrictEqual(read(reader, frame("delta", delta, 1_673_272_861_786)), [
      { ...expected, bid: "17215.00", at: 1_673_272_861_786 }
    ])
    assert.deepStrictEqual(read(reader, frame("delta", { symbol: "BTCUSDT", lastPrice: "17215.50" }))?.[0], {
      ...expected,
      bid: "17215.00",
      last: "17215.50"
    })
  })

  it("is missing before its snapshot, and is replaced by a new snapshot", () => {
    const delta = frame("delta", { symbol: "BTCUSDT", lastPrice: "17215.50" })
    assert.deepStrictEqual(read(ticker?.reader(linear), delta), [])
    assert.deepStrictEqual(read(ticker?.reader(linear), delta), [])
    const reader = ticker?.reader(linear)
    read(reader, frame("snapshot", wire))
    const { bid1Price: _, bid1Size: __, ...withoutBid } = wire
    const { bid: ___, ...expectedWithoutBid } = expected
    assert.deepStrictEqual(read(reader, frame("snapshot", withoutBid)), [expectedWithoutBid])
  })

  it("has the turnover of an inverse contract as its volume in the base coin", () => {
    const data = { ...wire, symbol: "BTCUSD", turnover24h: "812.345", volume24h: "13984123" }
    const volume24h = { linear: "13984123", inverse: "812.345" }
    assert.deepStrictEqual(read(ticker?.reader(inverse), frame("snapshot", data))?.[0]?.["volume24h"], volume24h)
  })

  it("has neither bid nor ask on spot", () => {
    const { ask1Price: _, ask1Size: __, bid1Price: ___, bid1Size: ____, ...data } = wire
    const { ask: _____, bid: ______, ...row } = expected
    assert.deepStrictEqual(read(ticker?.reader(spot), frame("snapshot", data)), [row])
  })

  it("is not decoded without its data", () => {
    assert.isUndefined(ticker?.reader(linear)({ topic: "tickers.BTCUSDT", type: "delta" }))
  })
})

describe("trades", () => {
  const trade = {
    T: 1_672_304_486_865,
    s: "BTCUSDT",
    S: "Buy",
    v: "0.001",
    p: "16578.50",
    L: "PlusTick",
    i: "20f43950-d8dd-5b31-9112-a178eb6023af",
    BT: false,
    RPI: false,
    seq: 1_783_284_617
  }
  const expected = { id: trade.i, side: "buy", price: "16578.50", amount: "0.001", at: trade.T }
  const frame = (...data: ReadonlyArray<object>) => ({ topic: "publicTrade.BTCUSDT", type: "snapshot", ts: 0, data })

  it("are decoded several at a time, oldest first, with the taker's side", () => {
    const { L: _, ...later } = { ...trade, S: "Sell", i: "2100000000007764263" }
    assert.deepStrictEqual(read(trades?.reader(linear), frame(trade, later)), [
      expected,
      { ...expected, side: "sell", id: "2100000000007764263" }
    ])
  })

  it("hide no other if one cannot be decoded", () => {
    const rows = trades?.reader(linear)(frame({ ...trade, S: "Both" }, trade)) ?? []
    const { rows: known, unknown } = Listing.from(rows)
    assert.deepStrictEqual(known.map(shown), [expected])
    assert.strictEqual(unknown.length, 1)
  })
})

describe("candle", () => {
  it("has its open time, and is open until the exchange confirms it", () => {
    const candle = {
      start: 1_672_324_800_000,
      end: 1_672_325_099_999,
      interval: "5",
      open: "16649.5",
      close: "16677",
      high: "16677",
      low: "16608",
      volume: "2.081",
      turnover: "34666.4005",
      confirm: false,
      timestamp: 1_672_324_988_882
    }
    const frame = { topic: "kline.5.BTCUSDT", data: [candle], ts: 1_672_324_988_882, type: "snapshot" }
    assert.deepStrictEqual(read(candles?.reader(linear, "5"), frame), [{
      openTime: 1_672_324_800_000,
      open: "16649.5",
      high: "16677",
      low: "16608",
      close: "16677",
      volume: "2.081",
      isOpen: true
    }])
    const ended = read(candles?.reader(linear, "5"), { ...frame, data: [{ ...candle, confirm: true }] })
    assert.containSubset(ended, [{ close: "16677", isOpen: false }])
  })
})

describe("order book", () => {
  type Level = readonly [price: string, amount: string]

  const message = (type: "snapshot" | "delta", u: unknown, b: ReadonlyArray<Level>, a: ReadonlyArray<Level> = []) => ({
    topic: "orderbook.50.BTCUSDT",
    type,
    ts: 1_687_940_967_466,
    data: { s: "BTCUSDT", b, a, u, seq: 66_544_703_342 },
    cts: 1_687_940_967_464
  })

  /** Returns for each message whether it is a snapshot, or the verdict of `follows` after the last accepted one. */
  const verdicts = (...messages: ReadonlyArray<readonly ["snapshot" | "delta", u: number]>) => {
    let known: number | undefined
    return messages.map(([type, u]) => {
      const [update] = book?.reader(linear)(message(type, u, [])) ?? []
      const verdict = update?.kind === "update" ? book?.rules(linear, 50).follows?.(known, update) : update?.kind
      if (verdict === "next" || verdict === "snapshot") known = update?.last
      return verdict
    })
  }

  it("follows consecutive numbers, drops old updates, and reports a gap", () => {
    assert.deepStrictEqual(
      verdicts(["snapshot", 177], ["delta", 177], ["delta", 176], ["delta", 178], ["delta", 179], ["delta", 181]),
      ["snapshot", "old", "old", "next", "next", "gap"]
    )
  })

  it("is replaced by every snapshot, also if its number is lower", () => {
    assert.deepStrictEqual(
      verdicts(["snapshot", 177_400_507], ["snapshot", 1], ["delta", 2], ["snapshot", 900], ["delta", 901]),
      ["snapshot", "snapshot", "next", "snapshot", "next"]
    )
    // An update with the number 1 is a snapshot, whatever its type.
    assert.deepStrictEqual(verdicts(["snapshot", 177], ["delta", 1], ["delta", 2]), ["snapshot", "snapshot", "next"])
  })

  it("keeps the depth requested, and levels as they were sent", () => {
    const levels: ReadonlyArray<Level> = [["30240.00", "0"], ["30239.90", "0.892"]]
    assert.deepStrictEqual(book?.reader(linear)(message("delta", 177, levels, levels)), [
      { kind: "update", bids: levels, asks: levels, last: 177 }
    ])
    assert.strictEqual(book?.rules(linear, 200).maximumDepth, 200)
  })

  it("is not decoded without its number", () => {
    for (const u of [undefined, "", 1.5]) assert.isUndefined(book?.reader(linear)(message("delta", u, [])))
  })
})

describe("markets with the same id", () => {
  it.effect("are told apart by their category", () =>
    Effect.gen(function*() {
      const data = yield* Bybit.MarketData
      const simulator = yield* Effect.flatMap(Simulator.Simulators, ({ get }) => get("bybit"))
      const latest = new Map<string, string>()
      const listen = (symbol: string) =>
        Effect.fork(Stream.runForEach(FeedItem.data(data.streamTrades(symbol)), (trade) =>
          Effect.sync(() =>
            latest.set(symbol, `${trade.symbol} ${trade.id}`)
          )))
      const symbols = ["BTC/USDT", "BTC/USDT:USDT", "BTC/USD:BTC"]
      const fibers = yield* Effect.forEach(symbols, listen)
      yield* Effect.repeatN(TestClock.adjust("500 millis"), 60)
      assert.strictEqual(yield* simulator.connections, 3)
      for (const symbol of symbols) {
        const [last] = (yield* data.trades(symbol)).slice(-1)
        assert.strictEqual(latest.get(symbol), `${symbol} ${last?.id}`)
      }
      yield* Fiber.interruptAll(fibers)
    }).pipe(Effect.provide(Layer.provideMerge(
      Bybit.layerMarketData({ environment: Simulator.environment("bybit") }),
      Simulator.layer("bybit")
    ))))
})
