import { expect, it } from "@effect/vitest"
import { Struct } from "effect"
import { register } from "../../exchanges/test/support/accountFeeds.js"
import { feeds } from "../src/Feeds.js"
import { account } from "./feeds.js"
import { shown } from "./utils.js"

register(account)

const { balances, fills, orders, protocol } = feeds

it("private channels are subscribed to with a token, one per request", () => {
  const topics = [orders, balances].flatMap((channel) => channel?.topic() ?? [])
  const context = { request: 7, token: "G38a1tGF" }
  expect(protocol.subscribe(topics, context)).toEqual([
    {
      method: "subscribe",
      params: { channel: "executions", token: "G38a1tGF", snap_orders: true, snap_trades: false },
      req_id: 7
    },
    { method: "subscribe", params: { channel: "balances", token: "G38a1tGF" }, req_id: 7 }
  ])
  expect(protocol.unsubscribe(topics.slice(0, 1), context)).toEqual([
    { method: "unsubscribe", params: { channel: "executions", token: "G38a1tGF" }, req_id: 7 }
  ])
})

it("a confirmation belongs to its channel and a refusal to its request; a temporary error ends the connection", () => {
  const answer = (more: object) => protocol.read({ method: "subscribe", req_id: 7, ...more })
  const result = { channel: "executions", maxratecount: 180, snap_orders: true, snap_trades: false }
  expect(answer({ success: true, result })).toEqual([{ _tag: "Acknowledged", keys: ["executions"] }])
  const refusal = "EGeneral:Permission denied"
  expect(answer({ success: false, error: refusal })).toEqual([
    { _tag: "Refused", request: 7, keys: undefined, error: { code: refusal, text: refusal } }
  ])
  for (const error of ["ESession:Invalid session", "EService:Unavailable", "EAPI:Rate limit exceeded"]) {
    expect(answer({ success: false, error })?.map(({ _tag }) => _tag)).toEqual(["Ended"])
  }
})

it("each private channel has its own sequence, which restarts with its snapshot", () => {
  const of = (frame: object) => protocol.sequence?.(frame)
  expect(of({ channel: "executions", type: "update", data: [], sequence: 10 }))
    .toEqual({ series: "executions", number: 10, begins: false })
  expect(of({ channel: "balances", type: "snapshot", data: [], sequence: 1 }))
    .toEqual({ series: "balances", number: 1, begins: true })
  expect(of({ channel: "heartbeat" })).toBeUndefined()
  expect(of({ channel: "book", type: "update", data: [], sequence: 3 })).toBeUndefined()
})

// In the shapes of docs.kraken.com, "Executions": each row has only what changed.
const pendingRow = {
  order_id: "OK4GJX-KSTLS-7DZZO5",
  cl_ord_id: "6d1b345e-2821-40e2-ad83-4ecb18a06876",
  order_userref: 0,
  symbol: "BTC/USD",
  order_qty: 0.005,
  cum_cost: 0,
  time_in_force: "GTC",
  exec_type: "pending_new",
  side: "sell",
  order_type: "limit",
  limit_price_type: "static",
  limit_price: 26500,
  order_status: "pending_new",
  fee_ccy_pref: "fciq",
  timestamp: "2026-09-22T10:33:05.709950Z"
}
const named = { order_id: pendingRow.order_id, order_userref: 0 }
const openRow = { ...named, exec_type: "new", order_status: "new", timestamp: "2026-09-22T10:33:05.709982Z" }
const trade = (exec_id: string, last_qty: number, cum_qty: number) => ({
  ...named,
  exec_id,
  exec_type: "trade",
  trade_id: 62887576,
  symbol: "BTC/USD",
  side: "sell",
  last_qty,
  last_price: 26599.9,
  liquidity_ind: "t",
  cost: 79.7997,
  order_type: "limit",
  order_status: "partially_filled",
  cum_qty,
  cum_cost: 79.7997,
  avg_price: 26599.9,
  fees: [{ asset: "USD", qty: 0.00000001 }],
  timestamp: "2026-09-22T10:33:06.709993Z"
})
const filledRow = { ...named, exec_type: "filled", order_status: "filled", timestamp: "2026-09-22T10:33:06.709993Z" }

const readBy = <A>(channel: { readonly reader: () => (frame: unknown) => A | undefined } | undefined) => {
  const read = channel?.reader()
  return (row: unknown) => {
    const [message] = protocol.read({ channel: "executions", type: "update", data: [row], sequence: 1 }) ?? []
    return message?._tag === "Data" ? read?.(message.frame) : undefined
  }
}
const rowsOf = (listing: unknown): ReadonlyArray<object> =>
  typeof listing === "object" && listing !== null && "rows" in listing && Array.isArray(listing.rows)
    ? listing.rows
    : []

it("an order combines all rows about it", () => {
  const read = readBy(orders)
  const received = [pendingRow, openRow, trade("TGBB7L", 0.003, 0.003), trade("TXYZ7L", 0.002, 0.005), filledRow]
    .map((row) => rowsOf(read(row)).map((order) => shown(order))[0])
  expect(received[0]).toEqual({
    id: pendingRow.order_id,
    market: "BTC/USD",
    clientOrderId: pendingRow.cl_ord_id,
    side: "sell",
    type: "limit",
    status: "pending",
    price: "26500",
    amount: "0.005",
    filled: "0",
    timeInForce: "GTC",
    postOnly: false,
    updatedAt: Date.parse("2026-09-22T10:33:05.709Z")
  })
  expect(received.map((order) => [order?.["status"], order?.["filled"], order?.["price"]])).toEqual([
    ["pending", "0", "26500"],
    ["open", "0", "26500"],
    ["open", "0.003", "26500"],
    // A completely filled order is filled, before its status says so.
    ["filled", "0.005", "26500"],
    ["filled", "0.005", "26500"]
  ])
})

it("a row about an order that has ended is decoded", () => {
  const read = readBy(orders)
  for (const row of [pendingRow, openRow, { ...named, exec_type: "canceled", order_status: "canceled" }]) read(row)
  expect(rowsOf(read({ ...named, exec_type: "status", reason: "User requested" })).map((order) => shown(order)))
    .toMatchObject([{ status: "canceled", market: "BTC/USD" }])
})

it("a change of an order without earlier rows is reported as unknown", () => {
  expect(readBy(orders)(openRow)).toMatchObject({ rows: [], unknown: [{ id: pendingRow.order_id }] })
})

it("a trade decodes to a fill with the id of the history, and other executions to none", () => {
  const read = readBy(fills)
  const entries = [pendingRow, openRow, trade("TGBB7L-HT5LX-J3BZ4A", 0.003, 0.003), filledRow].flatMap((row) =>
    rowsOf(read(row))
  )
  const [fill, ...others] = entries.flatMap((entry) => "fill" in entry && entry.fill !== undefined ? [entry.fill] : [])
  expect(others).toEqual([])
  expect(typeof fill === "object" && fill !== null && shown(fill)).toEqual({
    id: "TGBB7L-HT5LX-J3BZ4A",
    orderId: pendingRow.order_id,
    market: "BTC/USD",
    clientOrderId: pendingRow.cl_ord_id,
    side: "sell",
    price: "26599.9",
    amount: "0.003",
    fee: "0.00000001",
    feeAsset: "USD",
    liquidity: "taker",
    at: Date.parse("2026-09-22T10:33:06.709Z")
  })
})

const feeOf = (...rows: ReadonlyArray<object>) => {
  const read = readBy(fills)
  const [entry] = [pendingRow, openRow, ...rows].map((row) => rowsOf(read(row))[0]).slice(-1)
  return entry !== undefined && "fill" in entry && typeof entry.fill === "object" && entry.fill !== null
    ? Struct.pick(shown(entry.fill), "fee", "feeAsset")
    : undefined
}
const charged = (fees: unknown) => ({ ...trade("TGBB7L", 0.003, 0.003), fees })

it("the fee of a fill is the sum of its fees, or missing if they are in several assets", () => {
  expect(feeOf(charged([{ asset: "USD", qty: 0.1 }, { asset: "USD", qty: 0.25 }]))).toEqual({
    fee: "0.35",
    feeAsset: "USD"
  })
  expect(feeOf(charged([{ asset: "USD", qty: 0.1 }, { asset: "BTC", qty: 0.00001 }]))).toEqual({})
  expect(feeOf(charged([{ asset: "BTC", qty: 0 }, { asset: "USD", qty: 0.1 }]))).toEqual({
    fee: "0.1",
    feeAsset: "USD"
  })
  expect(feeOf(charged([{ asset: "USD", qty: 0 }]))).toEqual({ fee: "0", feeAsset: "USD" })
  expect(feeOf(charged([]))).toEqual({})
})

it("the fee of a fill is not taken from an earlier fill", () => {
  expect(feeOf(trade("TGBB7L", 0.003, 0.003), Struct.omit(trade("TXYZ7L", 0.001, 0.004), "fees"))).toEqual({})
})
