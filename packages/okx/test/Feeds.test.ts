import { LocalOrderBook, type Market } from "@effect-exchange/core"
import { Listing } from "@effect-exchange/core/adapter"
import * as OrderBookSync from "@effect-exchange/core/feed/OrderBookSync"
import { assert, describe, it } from "@effect/vitest"
import { register } from "../../exchanges/test/support/feeds.js"
import { checksum, feeds } from "../src/Feeds.js"
import { subject } from "./feeds.js"
import { inverse, linear, rows, shown, spot } from "./utils.js"

register(subject)

const { book, candles, protocol, ticker, trades } = feeds
assert(book !== undefined && candles !== undefined && ticker !== undefined && trades !== undefined)

const connId = "a4d3ae55"

describe("frames of OKX", () => {
  const context = { request: 7, token: undefined }

  it("subscribe to one topic at a time, with the id of the request", () => {
    const topic = book.topic(spot, 400)
    const args = [{ channel: "books", instId: "BTC-USDT" }]
    assert.deepStrictEqual(protocol.subscribe([topic], context), [{ id: "7", op: "subscribe", args }])
    assert.deepStrictEqual(protocol.unsubscribe([topic], context), [{ id: "7", op: "unsubscribe", args }])
    assert.strictEqual(protocol.batch, 1)
  })

  it("confirm a subscription under the key of its data", () => {
    const topic = candles.topic(spot, "1H")
    const arg = { channel: "candle1H", instId: "BTC-USDT" }
    assert.strictEqual(topic.socket, "business")
    assert.deepStrictEqual(protocol.read({ id: "7", event: "subscribe", arg, connId }), [
      { _tag: "Acknowledged", keys: [topic.key] }
    ])
    assert.deepStrictEqual(protocol.read({ arg, data: [] }), [{ _tag: "Data", key: topic.key, frame: [] }])
    assert.deepStrictEqual(protocol.read({ id: "8", event: "unsubscribe", arg, connId }), [])
  })

  it("refuse a request by its id, and end the connection if the rate limit is exceeded", () => {
    const reason = { code: "60018", text: "Wrong URL or channel:books,instId:NO-NO doesn't exist." }
    assert.deepStrictEqual(protocol.read({ event: "error", code: reason.code, msg: reason.text, connId, id: "7" }), [
      { _tag: "Refused", request: 7, error: reason }
    ])
    assert.deepStrictEqual(protocol.read({ event: "error", code: "60014", msg: "Requests too frequent", connId }), [
      { _tag: "Ended", because: "Requests too frequent" }
    ])
  })

  it("refuse a login, also because of its timestamp", () => {
    for (const code of ["60004", "60005", "60006", "60007", "60009", "60024", "60032"]) {
      assert.deepStrictEqual(protocol.read({ event: "error", code, msg: "no", connId }), [
        { _tag: "LoginRefused", error: { code, text: "no" } }
      ])
    }
  })

  it("announce the end of a connection or of a subscription, count connections and answer pings", () => {
    const notice = { event: "notice", code: "64008", msg: "The connection will soon be closed.", connId }
    assert.deepStrictEqual(protocol.read(notice), [{ _tag: "Leaving" }])
    const count = { event: "channel-conn-count", channel: "orders", connCount: "2", connId }
    assert.deepStrictEqual(protocol.read(count), [])
    const { key } = feeds.orders?.topic() ?? assert.fail("no orders")
    const ended = { event: "channel-conn-count-error", channel: "orders", connCount: "30", connId }
    assert.deepStrictEqual(protocol.read(ended), [
      {
        _tag: "Ended",
        keys: [key],
        because: "the account has too many connections with the channel orders"
      }
    ])
    assert.deepStrictEqual(protocol.read("pong"), [{ _tag: "Pong" }])
    assert.isUndefined(protocol.read({ event: "news", connId }))
    assert.isUndefined(protocol.read("<html>"))
  })

  const shownOf = <A extends object>(found: Listing.Rows<A> | undefined) => found && Listing.from(found).rows.map(shown)

  // Core converts contracts to amounts, and chooses by the market.
  it("of tickers have the volume in contracts and in the base currency", () => {
    const [row] = rows("ticker")
    const volume = (market: Market.Market) =>
      Listing.from(ticker.reader(market)([{ ...row, vol24h: "250", volCcy24h: "2.5" }]) ?? []).rows.map((
        { volume24h }
      ) => volume24h && shown(volume24h))
    const both = [{ linear: "250", inverse: "2.5" }]
    assert.deepStrictEqual([spot, linear, inverse].map(volume), [both, both, both])
  })

  it("of candles have the volume in contracts", () => {
    const row = ["1763942400000", "85000", "85100.5", "84900", "85050", "250", "2.5", "212625", "0"]
    const candle = {
      openTime: 1_763_942_400_000,
      open: "85000",
      high: "85100.5",
      low: "84900",
      close: "85050",
      volume: "250"
    }
    const read = candles.reader(linear, "candle1H")
    assert.deepStrictEqual(shownOf(read([row])), [{ ...candle, isOpen: true }])
    assert.deepStrictEqual(shownOf(read([row.with(8, "1")])), [{ ...candle, isOpen: false }])
  })

  it("of trades have the taker's side", () => {
    const row = {
      instId: "BTC-USDT",
      tradeId: "734864333",
      px: "102537.9",
      sz: "0.00013669",
      side: "sell",
      source: "0"
    }
    assert.deepStrictEqual(shownOf(trades.reader(spot)([{ ...row, ts: "1747087163557" }])), [
      { id: "734864333", side: "sell", price: "102537.9", amount: "0.00013669", at: 1_747_087_163_557 }
    ])
  })
})

describe("order books of OKX", () => {
  const sync = () =>
    OrderBookSync.make({ exchange: "okx", symbol: spot.symbol, rules: book.rules(spot, 400), read: book.reader(spot) })

  type Levels = ReadonlyArray<readonly [price: string, size: string]>

  const frame = (
    action: string,
    prevSeqId: unknown,
    seqId: unknown,
    bids: Levels = [],
    asks: Levels = [],
    checksum?: number
  ) => {
    const levels = (side: Levels) => side.map((level) => [...level, "0", "1"])
    return {
      arg: { channel: "books", instId: "BTC-USDT" },
      action,
      data: [{ bids: levels(bids), asks: levels(asks), ts: "1763942400000", checksum, prevSeqId, seqId }]
    }
  }

  const first = frame("snapshot", -1, 10, [["99", "1"], ["98", "2"]], [["101", "3"]])

  /** Returns the bids after the last of these frames, or the fault of the book. */
  const after = (...frames: ReadonlyArray<unknown>) => {
    const { read } = sync()
    const [last] = frames.map((frame) => read(frame, 0)).slice(-1)
    const [view] = last?.values ?? []
    return last?.fault ?? view?.depth(5).bids.map((level) => shown(level))
  }

  it("follow OKX's example: an update, an empty one, and lower numbers after maintenance", () => {
    const frames = [
      first,
      frame("update", 10, 15, [["99", "0"]]),
      frame("update", 15, 15),
      frame("update", 15, 3, [["98.5", "4"]])
    ]
    assert.deepStrictEqual(after(...frames), [{ price: "98.5", amount: "4" }, { price: "98", amount: "2" }])
    assert.deepStrictEqual(after(...frames, frame("update", 3, 5, [["98", "0"]])), [{ price: "98.5", amount: "4" }])
  })

  it("ignore a repeated update", () => {
    const update = frame("update", 10, 15, [["99", "0"]])
    assert.deepStrictEqual(after(first, update, update, frame("update", 15, 16)), [{ price: "98", amount: "2" }])
  })

  it("report a gap if an update names another previous one", () => {
    const lost = "an update of the order book was lost"
    assert.strictEqual(after(first, frame("update", 12, 15)), lost)
    assert.strictEqual(after(first, frame("update", -1, 15)), lost)
  })

  it("do not decode an update without numbers", () => {
    assert.strictEqual(after(first, frame("update", 10, "")), "a frame of the order book could not be decoded")
    assert.strictEqual(after(first, frame("update", undefined, 15)), "a frame of the order book could not be decoded")
  })

  it("are replaced by each snapshot, and are missing before the first", () => {
    assert.isUndefined(after(frame("update", 10, 15)))
    assert.deepStrictEqual(after(first, frame("snapshot", -1, 4, [["90", "1"]])), [{ price: "90", amount: "1" }])
  })

  it("are checked against a checksum that is not zero", () => {
    const wrong = "the checksum of the order book does not match the exchange's"
    const update = (checksum: number | undefined) => frame("update", 10, 15, [["98", "0"]], [], checksum)
    assert.strictEqual(after(first, update(1)), wrong)
    assert.deepStrictEqual(after(first, update(0)), [{ price: "99", amount: "1" }])
    assert.deepStrictEqual(after(first, update(LocalOrderBook.crc32("99:1:101:3") | 0)), [{ price: "99", amount: "1" }])
  })

  it("have the checksum of OKX's layout: bids and asks in turn, then the rest of the longer side", () => {
    const local = LocalOrderBook.make({ exchange: "okx", symbol: spot.symbol })
    LocalOrderBook.replace(local, [["3366.1", "7"], ["3366", "6"]], [["3366.8", "9"], ["3368", "8"], ["3372", "8"]])
    assert.strictEqual(checksum(local), 1_362_239_393)
    LocalOrderBook.replace(local, [["99", "1"]], [])
    assert.strictEqual(checksum(local), LocalOrderBook.crc32("99:1") | 0)
  })
})
