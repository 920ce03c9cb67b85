import { ExchangeSymbol, type Market } from "@effect-exchange/core"
import { Listing } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { register } from "../../exchanges/test/support/feeds.js"
import { feeds } from "../src/Feeds.js"
import { subject } from "./feeds.js"
import { shown } from "./utils.js"

register(subject)

const market: Market.Market = {
  id: "BNBBTC",
  symbol: ExchangeSymbol.make("BNB/BTC"),
  kind: "spot",
  status: "open",
  base: "BNB",
  quote: "BTC"
}

const { book, candles, protocol, ticker, trades } = feeds

/** Reads a frame with a channel. Decimals are formatted as text. */
const read = <A extends object>(
  reader: ((frame: unknown) => Listing.Rows<A> | undefined) | undefined,
  frame: unknown
) => {
  const rows = reader?.(frame)
  return rows && Listing.from(rows).rows.map((row) => shown(row))
}

describe("subscription requests", () => {
  it("name each stream by the market id in lower case, in any script", () => {
    const topics = [
      ticker?.topic(market),
      trades?.topic({ ...market, id: "币安人生USDT" }),
      candles?.topic(market, "1m"),
      book?.topic(market, 1000)
    ].flatMap((topic) => topic ?? [])
    const params = ["bnbbtc@ticker", "币安人生usdt@trade", "bnbbtc@kline_1m", "bnbbtc@depth@100ms"]
    assert.deepStrictEqual(topics.map(({ key }) => key), params)
    const context = { request: 7, token: undefined }
    assert.deepStrictEqual(protocol.subscribe(topics, context), [{ method: "SUBSCRIBE", params, id: 7 }])
    assert.deepStrictEqual(protocol.unsubscribe(topics, context), [{ method: "UNSUBSCRIBE", params, id: 7 }])
  })

  it("go to the sockets of their own environment", () => {
    assert.deepStrictEqual(protocol.sockets["market"]?.at, {
      live: "wss://stream.binance.com:9443/stream",
      testnet: "wss://stream.testnet.binance.vision/stream",
      demo: "wss://demo-stream.binance.com/stream",
      us: "wss://stream.binance.us:9443/stream"
    })
    assert.deepStrictEqual(protocol.sockets["account"]?.at, {
      live: "wss://ws-api.binance.com:443/ws-api/v3",
      testnet: "wss://ws-api.testnet.binance.vision/ws-api/v3",
      demo: "wss://demo-ws-api.binance.com/ws-api/v3",
      us: "wss://ws-api.binance.us:443/ws-api/v3"
    })
  })
})

describe("frames", () => {
  it("are assigned to the stream they name or to the request they answer", () => {
    const data = { u: 400900217, s: "BNBUSDT", b: "25.35190000", B: "31.21000000", a: "25.36520000", A: "40.66000000" }
    assert.deepStrictEqual(protocol.read({ stream: "bnbusdt@bookTicker", data }), [
      { _tag: "Data", key: "bnbusdt@bookTicker", frame: data }
    ])
    assert.deepStrictEqual(protocol.read({ result: null, id: 3 }), [{ _tag: "Acknowledged", request: 3 }])
    assert.deepStrictEqual(protocol.read({ result: ["bnbbtc@trade"], id: 4 }), [{ _tag: "Pong" }])
  })

  it("are read as refusals with their code, nested in an error or not, with or without a request id", () => {
    const [code, msg] = [2, "Invalid request: too many parameters"]
    const reason = { code: "2", text: msg }
    assert.deepStrictEqual(protocol.read({ code, msg, id: 5 }), [{ _tag: "Refused", request: 5, error: reason }])
    assert.deepStrictEqual(protocol.read({ error: { code, msg }, id: 5 }), [{
      _tag: "Refused",
      request: 5,
      error: reason
    }])
    assert.deepStrictEqual(protocol.read({ code, msg }), [{ _tag: "Refused", request: undefined, error: reason }])
  })

  it("are read as a notice that the server will shut down", () => {
    const data = { e: "serverShutdown", E: 1_770_123_456_789 }
    assert.deepStrictEqual(protocol.read({ stream: "!serverShutdown", data }), [{ _tag: "Leaving" }])
    assert.deepStrictEqual(protocol.read(data), [{ _tag: "Leaving" }])
  })

  it("of any other shape are not decoded", () => {
    for (const frame of [{}, [], "pong", 7, null, { event: "unheard of" }]) assert.isUndefined(protocol.read(frame))
  })
})

describe("ticker", () => {
  const frame = {
    e: "24hrTicker",
    E: 1_672_515_782_136,
    s: "BNBBTC",
    p: "0.00150000",
    P: "250.000",
    w: "0.00180000",
    x: "0.00090000",
    c: "0.00250000",
    Q: "10.00000000",
    b: "0.00240000",
    B: "10.00000000",
    a: "0.00260000",
    A: "100.00000000",
    o: "0.00100000",
    h: "0.00250000",
    l: "0.00100000",
    v: "10000.00000000",
    q: "18.00000000",
    O: 1_672_429_382_130,
    C: 1_672_515_782_130,
    F: 0,
    L: 18_150,
    n: 18_151
  }

  it("has the best bid and ask and the figures of the last 24 hours", () => {
    assert.deepStrictEqual(read(ticker?.reader(market), frame), [{
      last: "0.00250000",
      bid: "0.00240000",
      ask: "0.00260000",
      open24h: "0.00100000",
      high24h: "0.00250000",
      low24h: "0.00100000",
      volume24h: "10000.00000000",
      at: 1_672_515_782_130
    }])
  })

  it("has no bid when the bid is zero", () => {
    const [row] = read(ticker?.reader(market), { ...frame, b: "0.00000000" }) ?? []
    assert.isDefined(row)
    assert.notProperty(row, "bid")
  })
})

describe("trade", () => {
  it("has the taker's side", () => {
    const frame = {
      e: "trade",
      E: 1_672_515_782_136,
      s: "BNBBTC",
      t: 12_345,
      p: "0.001",
      q: "100",
      T: 1_672_515_782_130,
      M: true
    }
    const trade = { id: "12345", price: "0.001", amount: "100", at: 1_672_515_782_130 }
    assert.deepStrictEqual(read(trades?.reader(market), { ...frame, m: true }), [{ ...trade, side: "sell" }])
    assert.deepStrictEqual(read(trades?.reader(market), { ...frame, m: false }), [{ ...trade, side: "buy" }])
  })
})

describe("candle", () => {
  it("has its open time, and is open until the exchange closes it", () => {
    const k = {
      t: 1_672_515_780_000,
      T: 1_672_515_839_999,
      s: "BNBBTC",
      i: "1m",
      f: 100,
      L: 200,
      o: "0.0010",
      c: "0.0020",
      h: "0.0025",
      l: "0.0015",
      v: "1000",
      n: 100,
      x: false,
      q: "1.0000",
      V: "500",
      Q: "0.500",
      B: "123456"
    }
    const frame = { e: "kline", E: 1_672_515_782_136, s: "BNBBTC", k }
    assert.deepStrictEqual(read(candles?.reader(market, "1m"), frame), [{
      openTime: 1_672_515_780_000,
      open: "0.0010",
      high: "0.0025",
      low: "0.0015",
      close: "0.0020",
      volume: "1000",
      isOpen: true
    }])
    const ended = read(candles?.reader(market, "1m"), { ...frame, k: { ...k, x: true } })
    assert.containSubset(ended, [{ close: "0.0020", isOpen: false }])
  })
})

describe("order book", () => {
  /** An event of the stream, with one bid that identifies it. */
  const event = (U: number, u: number) => ({
    e: "depthUpdate",
    E: 1_672_515_782_136,
    s: "BNBBTC",
    U,
    u,
    b: [["0.0024", String(u)]],
    a: []
  })

  /** Returns the verdict of each event after the last accepted one. `last` is the number of the snapshot. */
  const verdicts = (last: number, ...events: ReadonlyArray<readonly [U: number, u: number]>) => {
    let known = last
    return events.map(([U, u]) => {
      const [update] = book?.reader(market)(event(U, u)) ?? []
      const verdict = update && book?.rules(market, 1000).follows?.(known, update)
      if (verdict === "next") known = update?.last ?? known
      return verdict
    })
  }

  it("drops updates older than the snapshot, starts with the update that covers it, and reports a gap", () => {
    assert.deepStrictEqual(verdicts(160, [155, 158], [159, 162], [163, 165], [167, 170]), [
      "old",
      "next",
      "next",
      "gap"
    ])
  })

  it("needs a snapshot that is not older than the first update", () => {
    assert.deepStrictEqual(verdicts(157, [159, 162]), ["gap"])
    assert.deepStrictEqual(verdicts(158, [159, 162]), ["next"])
    assert.isTrue(book?.rules(market, 1000).asksForSnapshot)
  })

  it("ignores a repeated update, and accepts one that begins before the last number", () => {
    assert.deepStrictEqual(verdicts(10, [1, 10], [9, 12], [9, 12], [13, 13]), ["old", "next", "old", "next"])
  })

  it("keeps the levels as they were sent", () => {
    assert.deepStrictEqual(book?.reader(market)(event(157, 160)), [
      { kind: "update", bids: [["0.0024", "160"]], asks: [], first: 157, last: 160 }
    ])
  })

  it("does not decode an update without its numbers", () => {
    for (const numbers of [{ U: undefined }, { u: "" }, { u: 1.5 }]) {
      assert.isUndefined(book?.reader(market)({ ...event(1, 2), ...numbers }))
    }
  })
})
