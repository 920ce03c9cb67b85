import { Decimal, ExchangeSymbol, type Market } from "@effect-exchange/core"
import { Listing } from "@effect-exchange/core/adapter"
import * as OrderBookSync from "@effect-exchange/core/feed/OrderBookSync"
import { assert, describe, it } from "@effect/vitest"
import { register } from "../../exchanges/test/support/feeds.js"
import { feeds } from "../src/Feeds.js"
import { subject } from "./feeds.js"

register(subject)

const { book, candles, protocol, ticker, trades } = feeds
assert(book !== undefined && candles !== undefined && ticker !== undefined && trades !== undefined)

const linear: Market.Market = {
  id: "SOLUSDT",
  symbol: ExchangeSymbol.make("SOL/USDT:USDT"),
  kind: "perpetual",
  status: "open",
  base: "SOL",
  quote: "USDT",
  settle: "USDT",
  inverse: false,
  multiplier: Decimal.make("0.0001")
}

const dataOf = (frame: unknown): unknown => {
  const [message] = protocol.read(frame) ?? []
  return message?._tag === "Data" ? message.frame : assert.fail("no data")
}

describe("frames of BitMEX", () => {
  const key = "orderBookL2:SOLUSDT"
  const request = { op: "subscribe", args: [key] }

  it("subscribe to a table of a symbol, and confirm it by its name", () => {
    assert.deepStrictEqual(protocol.subscribe([book.topic(linear, 20)], { request: 1, token: undefined }), [request])
    assert.deepStrictEqual(protocol.read({ success: true, subscribe: key, request }), [
      { _tag: "Acknowledged", keys: [key] }
    ])
    assert.deepStrictEqual(protocol.read({ success: true, unsubscribe: key, request }), [])
    assert.deepStrictEqual(protocol.read({ info: "Welcome to the BitMEX Realtime API.", version: "2.0.0" }), [])
    assert.deepStrictEqual(protocol.read("pong"), [{ _tag: "Pong" }])
    assert.isUndefined(protocol.read("<html>"))
  })

  it("refuse the topics of the request they name, as a list or a text, and accept a repeated subscription", () => {
    const error = "Unknown or expired symbol."
    const refused = [{ _tag: "Refused", keys: [key], error: { code: "", text: error } }] as const
    assert.deepStrictEqual(protocol.read({ status: 400, error, meta: {}, request }), refused)
    assert.deepStrictEqual(protocol.read({ status: 400, error, request: { op: "subscribe", args: key } }), refused)
    const twice = `You are already subscribed to this topic: ${key}`
    assert.deepStrictEqual(protocol.read({ status: 400, error: twice, request }), [
      { _tag: "Acknowledged", keys: [key] }
    ])
    assert.deepStrictEqual(protocol.read({ status: 400, error, request: { op: "unsubscribe", args: [key] } }), [])
  })

  it("end the connection if the rate limit is exceeded", () => {
    const because = "Rate limit exceeded, retry in 29 seconds."
    assert.deepStrictEqual(protocol.read({ error: because }), [{ _tag: "Ended", because }])
    assert.deepStrictEqual(protocol.read({ status: 429, error: because, meta: { retryAfter: 1 }, request }), [
      { _tag: "Ended", because }
    ])
  })

  it("belong to the symbols of their rows, or to that of their filter if they are empty", () => {
    const keys = (frame: unknown) =>
      protocol.read(frame)?.map((message) => message._tag === "Data" ? message.key : message._tag)
    const rows = [{ symbol: "SOLUSDT" }, { symbol: "XBTUSD" }, { symbol: "SOLUSDT" }]
    assert.deepStrictEqual(keys({ table: "trade", action: "insert", data: rows }), ["trade:SOLUSDT", "trade:XBTUSD"])
    assert.deepStrictEqual(keys({ table: "trade", action: "partial", filter: { symbol: "SOLUSDT" }, data: [] }), [
      "trade:SOLUSDT"
    ])
  })

  it("of an instrument hold only what changed after the first, and make a whole ticker", () => {
    const frame = (action: string, row: object) =>
      dataOf({ table: "instrument", action, data: [{ symbol: "SOLUSDT", ...row }] })
    const read = ticker.reader(linear)
    const found = (frame: unknown) => {
      const rows = read(frame)
      return rows && Listing.from(rows).rows.map(({ ask, at, bid, last }) => [
        ...[last, bid, ask].map((price) => price && Decimal.format(price)),
        at
      ])
    }
    const timestamp = "2025-11-24T00:00:01.000Z"
    assert.deepStrictEqual(found(frame("update", { bidPrice: 1, timestamp })), [])
    const all = {
      typ: "FFWCSX",
      lastPrice: 27.5,
      bidPrice: 27.47,
      askPrice: 27.503,
      timestamp: "2025-11-24T00:00:00.000Z"
    }
    assert.deepStrictEqual(found(frame("partial", all)), [["27.5", "27.47", "27.503", 1_763_942_400_000]])
    assert.deepStrictEqual(found(frame("update", { bidPrice: 27.48, timestamp })), [
      ["27.5", "27.48", "27.503", 1_763_942_401_000]
    ])
    // BitMEX leaves out what is null. A renewed subscription begins with whole rows again.
    const { bidPrice: _, ...rest } = all
    assert.deepStrictEqual(found(frame("partial", rest)), [["27.5", undefined, "27.503", 1_763_942_400_000]])
  })

  it("of candles have the end of their interval, and their volume in contracts", () => {
    const row = { timestamp: "2025-11-24T01:00:00.000Z", symbol: "SOLUSDT", open: 27, high: 28, low: 26, close: 27.5 }
    const data = [{ ...row, volume: 25_000 }, { timestamp: "2025-11-24T02:00:00.000Z", symbol: "SOLUSDT", volume: 0 }]
    const found = candles.reader(linear, "tradeBin1h")(dataOf({ table: "tradeBin1h", action: "insert", data }))
    assert.deepStrictEqual(
      found && Listing.from(found).rows.map(({ openTime, volume }) => [openTime, String(volume)]),
      [[1_763_942_400_000, String(Decimal.make("25000"))]]
    )
  })

  it("of trades leave out index prints", () => {
    const row = { symbol: "SOLUSDT", price: 27.5, timestamp: "2025-11-24T00:00:00.000Z", trdMatchID: "a" }
    const data = [{ ...row, side: "Sell", size: 1000 }, row]
    const found = trades.reader(linear)(dataOf({ table: "trade", action: "insert", data }))
    assert.deepStrictEqual(found && Listing.from(found).rows.map(({ id, side }) => [id, side]), [["a", "sell"]])
  })
})

describe("order books of BitMEX", () => {
  type Row = readonly [id: number, side: string, size?: number | undefined, price?: number | undefined]

  const frame = (action: string, ...rows: ReadonlyArray<Row>) =>
    dataOf({
      table: "orderBookL2",
      action,
      filter: { symbol: "SOLUSDT" },
      data: rows.map(([id, side, size, price]) => ({ symbol: "SOLUSDT", id, side, size, price }))
    })

  const first = frame("partial", [9, "Sell", 5, 101], [2, "Buy", 7, 99], [7, "Buy", 8, 98])

  /** Returns the bids after the last of these frames, or the fault of the book. */
  const after = (...frames: ReadonlyArray<unknown>) => {
    const rules = book.rules(linear, 20)
    const { read } = OrderBookSync.make({ exchange: "bitmex", symbol: linear.symbol, rules, read: book.reader(linear) })
    const [last] = frames.map((frame) => read(frame, 0)).slice(-1)
    const [view] = last?.values ?? []
    return last?.fault ??
      view?.depth(5).bids.map(({ amount, price }) => `${Decimal.format(price)} ${Decimal.format(amount)}`)
  }

  it("are changed by the ids of levels, with or without a price in the row", () => {
    assert.deepStrictEqual(after(first), ["99 7", "98 8"])
    assert.deepStrictEqual(after(first, frame("insert", [1, "Buy", 3, 98.5])), ["99 7", "98.5 3", "98 8"])
    assert.deepStrictEqual(after(first, frame("update", [7, "Buy", 4])), ["99 7", "98 4"])
    assert.deepStrictEqual(after(first, frame("update", [7, "Buy", 4, 98])), ["99 7", "98 4"])
    assert.deepStrictEqual(after(first, frame("delete", [2, "Buy"])), ["98 8"])
    assert.deepStrictEqual(after(first, frame("delete", [2, "Buy", undefined, 99])), ["98 8"])
  })

  it("are corrupt if a row changes a level that is not on its side", () => {
    const corrupt = "a level of the order book could not be decoded"
    assert.strictEqual(after(first, frame("update", [3, "Buy", 4, 97])), corrupt)
    assert.strictEqual(after(first, frame("update", [2, "Sell", 4, 102])), corrupt)
    assert.strictEqual(after(first, frame("delete", [3, "Buy", undefined, 97])), corrupt)
    assert.strictEqual(after(first, frame("delete", [2, "Buy"]), frame("delete", [2, "Buy"])), corrupt)
  })

  it("are checked for being crossed after a whole message only", () => {
    const crossed = "the best bid is not below the best ask"
    assert.strictEqual(after(first, frame("insert", [1, "Buy", 3, 101])), crossed)
    const moved = frame("partial", [2, "Buy", 7, 105], [9, "Sell", 5, 106])
    assert.deepStrictEqual(after(first, moved), ["105 7"])
  })

  it("are empty until the first partial, and are replaced by each partial", () => {
    assert.isUndefined(after(frame("insert", [1, "Buy", 3, 98.5])))
    assert.deepStrictEqual(after(first, frame("partial")), [])
    assert.strictEqual(
      after(first, frame("partial"), frame("delete", [2, "Buy"])),
      "a level of the order book could not be decoded"
    )
  })
})
