import { Decimal } from "@effect-exchange/core"
import { Feeds, Listing } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Either } from "effect"
import { register } from "../../exchanges/test/support/accountFeeds.js"
import { feeds } from "../src/Feeds.js"
import { expiresAfter } from "../src/Protocol.js"
import { account } from "./feeds.js"
import { documented, fixture, json } from "./utils.js"

register(account)

const { balances, fills, orders, protocol } = feeds
assert(orders !== undefined && fills !== undefined && balances?.reader !== undefined)
const { reader: balanceReader } = balances

const expires = 1_518_064_236
const signature = "6d459dc02866d35a2b965edeecc68063d488e296b77982235fc6eca24b934945"
const request = { op: "authKeyExpires", args: ["LAqUlngMIQkIUjXMUreyu3qn", expires, signature] }

/** Reads frames of a table with one reader. */
const readTable =
  <A>(read: (frame: unknown) => Listing.Rows<A> | undefined, table: string) =>
  (action: string, ...data: ReadonlyArray<object>): Listing.Listing<A> => {
    const [message] = protocol.read({ table, action, data, filter: { account: 395_724 } }) ?? []
    assert(message?._tag === "Data" && message.key === table)
    const rows = read(message.frame)
    return rows === undefined ? assert.fail("not understood") : Listing.from(rows)
  }

const shown = (value: BigDecimal.BigDecimal | undefined) => value && Decimal.format(BigDecimal.normalize(value))

describe("login to BitMEX", () => {
  it("signs the path of the socket and its expiry in seconds with the documented signature", () => {
    const now = (expires - expiresAfter) * 1000 + 999
    const login = protocol.sockets["private"]?.login?.(documented, { now, nonce: 1n, host: "host.invalid" })
    assert.deepStrictEqual(login, Either.right([request]))
    assert.isUndefined(protocol.sockets["realtime"]?.login)
  })

  it("is confirmed, or refused without revealing what was signed", () => {
    assert.deepStrictEqual(protocol.read({ success: true, request }), [{ _tag: "LoggedIn" }])
    const error = "Signature not valid."
    const refused = { _tag: "LoginRefused", error: { code: "401", text: error } } as const
    assert.deepStrictEqual(protocol.read({ status: 401, error, meta: {}, request }), [refused])
    const expired = "This request has expired - `expires` is in the past."
    assert.deepStrictEqual(protocol.read({ status: 400, error: expired, meta: {}, request }), [
      { _tag: "LoginRefused", error: { code: "400", text: expired } }
    ])
  })

  it("is reported as refused if a table of the account is refused", () => {
    const error = "User requested an account-locked subscription but no authorization was provided."
    const [message] = protocol.read({ status: 401, error, request: { op: "subscribe", args: ["order"] } }) ?? []
    assert.strictEqual(message?._tag, "LoginRefused")
  })
})

describe("tables of a BitMEX account", () => {
  const order = {
    orderID: "8f19a935-0000-4000-a000-000000000001",
    clOrdID: "mine",
    symbol: "XBTUSD",
    side: "Buy",
    orderQty: 200,
    price: 98_000,
    ordType: "Limit",
    timeInForce: "GoodTillCancel",
    ordStatus: "New",
    cumQty: 0,
    transactTime: "2025-11-24T00:00:00.000Z",
    timestamp: "2025-11-24T00:00:00.000Z"
  }

  it("are subscribed to once for all markets", () => {
    const topic = orders.topic()
    assert.deepStrictEqual(protocol.subscribe([topic], { request: 1, token: undefined }), [
      { op: "subscribe", args: ["order"] }
    ])
    assert.deepStrictEqual(
      protocol.read({ success: true, subscribe: "order", request: { op: "subscribe", args: ["order"] } }),
      [
        { _tag: "Acknowledged", keys: ["order"] }
      ]
    )
    assert.deepStrictEqual([orders, fills, balances].map((each) => each.topic().socket), Array(3).fill("private"))
  })

  it("report the whole order when an update holds only what changed", () => {
    const { orderID, symbol } = order
    const read = readTable(orders.reader(), "order")
    const reported = (action: string, row: object) =>
      read(action, row).rows.map(({ clientOrderId, filled, id, price, side, status }) =>
        [id, clientOrderId, side, shown(price), shown(filled), status].join(" ")
      )
    const timestamp = "2025-11-24T00:00:01.000Z"
    assert.deepStrictEqual(reported("update", { orderID, symbol, cumQty: 100, timestamp }), [])
    assert.deepStrictEqual(read("partial").rows, [])
    assert.deepStrictEqual(reported("insert", order), [`${orderID} mine buy 98000 0 open`])
    assert.deepStrictEqual(
      reported("update", { orderID, symbol, ordStatus: "PartiallyFilled", cumQty: 100, timestamp }),
      [`${orderID} mine buy 98000 100 open`]
    )
    assert.deepStrictEqual(reported("update", { orderID, symbol, price: 98_001, timestamp }), [
      `${orderID} mine buy 98001 100 open`
    ])
    assert.deepStrictEqual(reported("update", { orderID, symbol, ordStatus: "Canceled", timestamp }), [
      `${orderID} mine buy 98001 100 canceled`
    ])
    assert.deepStrictEqual(reported("delete", { orderID, symbol }), [])
  })

  it("remember an open order, however many other orders have ended since its last update", () => {
    const { orderID, symbol } = order
    const read = readTable(orders.reader(), "order")
    read("partial", order)
    for (let each = 0; each < 10_001; each++) {
      read("insert", { ...order, orderID: `other ${each}`, ordStatus: "Canceled" })
    }
    const { rows } = read("update", { orderID, symbol, ordStatus: "Filled", cumQty: 200 })
    assert.deepStrictEqual(rows.map(({ filled, id }) => [id, shown(filled)]), [[orderID, "200"]])
  })

  it("report an update of an order they have no snapshot of as unknown", () => {
    const read = readTable(orders.reader(), "order")
    read("partial", order)
    const { rows, unknown } = read("update", { orderID: "another", symbol: "XBTUSD", ordStatus: "Filled" }, {
      orderID: order.orderID,
      symbol: "XBTUSD",
      ordStatus: "Filled",
      cumQty: 200
    })
    assert.deepStrictEqual(rows.map(({ id, status }) => [id, status]), [[order.orderID, "filled"]])
    assert.deepStrictEqual(unknown.map(({ id }) => id), ["another"])
  })

  it("report fills with fees in coins, and neither earlier executions nor executions without a trade", () => {
    const executions = Feeds.list(json(fixture("execution_tradeHistory"))).map(Object)
    const reported = (action: string, ...rows: ReadonlyArray<object>) =>
      readTable(fills.reader(), "execution")(action, ...rows).rows.map((row) =>
        "price" in row ? [row.id, row.orderId, shown(row.amount), shown(row.fee), row.feeAsset, row.liquidity] : row
      )
    const [first = {}] = executions
    assert.deepStrictEqual(reported("partial", first), [])
    assert.deepStrictEqual(reported("insert", ...executions), [
      [
        "0b9a3d1c-0000-4000-a000-000000000001",
        "6f2d0c1e-4b7a-4c55-a1d3-1f0e5a9b7c01",
        "10000",
        "0.00000005",
        "BTC",
        "taker"
      ],
      [
        "0b9a3d1c-0000-4000-a000-000000000002",
        "6f2d0c1e-4b7a-4c55-a1d3-1f0e5a9b7c02",
        "1000",
        "-0.0000031",
        "BTC",
        "maker"
      ]
    ])
    assert.deepStrictEqual(reported("insert", { ...order, execID: "e", execType: "New" }), [])
    // The history can request the scale of its units.
    assert.deepStrictEqual(reported("insert", { ...first, execCommCcy: "SOl" }), [{ fillsOf: "XBT_USDT" }])
  })

  it("report whole balances in coins, also for partial updates, and none in an unknown unit", () => {
    const read = readTable(balanceReader(), "margin")
    const margin = (currency: string, marginBalance: number | undefined, availableMargin: number | undefined) => ({
      account: 395_724,
      currency,
      ...marginBalance === undefined ? {} : { marginBalance },
      ...availableMargin === undefined ? {} : { availableMargin }
    })
    const reported = (action: string, ...rows: ReadonlyArray<object>) => {
      const { rows: known, unknown } = read(action, ...rows)
      return [known.map(({ asset, free, total }) => `${asset} ${shown(free)} ${shown(total)}`), unknown.length]
    }
    assert.deepStrictEqual(reported("partial", margin("XBt", 150_000_000, 100_000_001), margin("USDt", 5_000_000, 0)), [
      ["BTC 1.00000001 1.5", "USDT 0 5"],
      0
    ])
    assert.deepStrictEqual(reported("update", margin("XBt", undefined, 2)), [["BTC 0.00000002 1.5"], 0])
    assert.deepStrictEqual(reported("update", margin("USDt", 0, 0)), [["USDT 0 0"], 0])
    assert.deepStrictEqual(reported("insert", margin("SOl", 7, 7), margin("DOGe", 0, 0)), [[], 1])
  })
})
