import { Listing } from "@effect-exchange/core/adapter"
import { describe, expect, it } from "@effect/vitest"
import { register } from "../../exchanges/test/support/feeds.js"
import { feeds } from "../src/Feeds.js"
import { subject } from "./feeds.js"
import { envelope } from "./utils.js"

register(subject)

describe("frames of Coinbase", () => {
  const { read } = feeds.protocol
  const keys = (frame: unknown) => read(frame)?.map((message) => message._tag === "Data" ? message.key : message._tag)

  it("belong to a product and to the same order book in USDC, and confirm both", () => {
    const level2 = envelope("l2_data", [{ type: "update", product_id: "BTC-USD", updates: [] }])
    expect(keys(level2)).toEqual(["level2 BTC-USD", "level2 BTC-USDC"])
    expect(keys(envelope("l2_data", [{ type: "update", product_id: "ETH-EUR", updates: [] }]))).toEqual([
      "level2 ETH-EUR"
    ])
    expect(read(envelope("subscriptions", [{ subscriptions: { level2: ["BTC-USD"], heartbeats: ["heartbeats"] } }])))
      .toEqual([
        { _tag: "Acknowledged", keys: ["level2 BTC-USD", "level2 BTC-USDC"] }
      ])
  })

  it("decode trades oldest first, with the taker's side", () => {
    const trade = (id: string, side: string, time: string) => ({
      trade_id: id,
      product_id: "ETH-EUR",
      price: "1900.1",
      size: "0.25",
      side,
      time
    })
    const [message] = read(
      envelope("market_trades", [{
        type: "update",
        trades: [
          trade("1000000002", "BUY", "2026-04-07T14:30:00.2Z"),
          trade("999999999", "SELL", "2026-04-07T14:30:00.1Z")
        ]
      }])
    ) ?? []
    const market = { id: "ETH-EUR" } as never
    const rows = message?._tag === "Data" ? feeds.trades?.reader(market)(message.frame) : undefined
    const { rows: trades = [] } = rows !== undefined && "rows" in rows ? rows : {}
    expect(trades.map(({ id, side }) => `${id} ${side}`)).toEqual(["999999999 buy", "1000000002 sell"])
  })

  it("have the time at which they were sent in each candle", () => {
    const candle = {
      start: "1775571900",
      high: "2",
      low: "1",
      open: "1",
      close: "2",
      volume: "3",
      product_id: "ETH-EUR"
    }
    const [message] = read(envelope("candles", [{ type: "update", candles: [candle] }])) ?? []
    const market = { id: "ETH-EUR" } as never
    const rows = message?._tag === "Data" ? feeds.candles?.reader(market, "FIVE_MINUTE")(message.frame) : undefined
    expect(Listing.from(rows ?? []).rows.map(({ openTime, sentAt }) => [openTime, sentAt])).toEqual([
      [1_775_571_900_000, Date.UTC(2026, 3, 7, 14, 30, 0, 123)]
    ])
  })

  it("do not decode an unknown side of the order book", () => {
    const [update] = feeds.book?.reader({} as never)({
      type: "update",
      product_id: "ETH-EUR",
      updates: [{ side: "ask", event_time: "", price_level: "1", new_quantity: "1" }]
    }) ?? []
    expect(update?.bids).toBeUndefined()
  })

  it("are read as refusals for an error without a topic, and are not decoded if they are no object", () => {
    expect(keys({ type: "error", message: "channel books is not supported" })).toEqual(["Refused"])
    expect(read("pong")).toBeUndefined()
    expect(feeds.protocol.sequence?.(envelope("heartbeats", []))).toBe(7)
  })
})
