import { assert, describe, it } from "@effect/vitest"
import { Either, Redacted } from "effect"
import { createHmac } from "node:crypto"
import { register } from "../../exchanges/test/support/accountFeeds.js"
import { feeds } from "../src/Feeds.js"
import { account } from "./feeds.js"
import { documented, orderRow, shownOf, times } from "./utils.js"

register(account)

const { balances, fills, orders, protocol } = feeds
assert(balances !== undefined && fills !== undefined && orders !== undefined)

describe("login to Deribit's private socket", () => {
  it("is signed with a read-only scope, after heartbeats are set", () => {
    const { login, welcome } = protocol.sockets["private"] ?? {}
    const signature = createHmac("sha256", Redacted.value(documented.secret)).update("1576074319000\n7\n").digest("hex")
    const moment = { now: 1_576_074_319_000, nonce: 7n, host: "www.deribit.com" }
    assert.deepStrictEqual(login?.(documented, moment).pipe(Either.getOrThrow), [{
      jsonrpc: "2.0",
      id: "login",
      method: "public/auth",
      params: {
        grant_type: "client_signature",
        client_id: "AMANDA",
        timestamp: 1_576_074_319_000,
        nonce: "7",
        data: "",
        signature,
        scope: "connection account:read trade:read wallet:none expires:31536000"
      }
    }])
    assert.strictEqual(welcome?.length, 1)
    assert.isUndefined(protocol.sockets["public"]?.login)
  })

  it("is confirmed, or refused", () => {
    const result = { access_token: "a", refresh_token: "r", expires_in: 31_536_000, scope: "connection trade:read" }
    assert.deepStrictEqual(protocol.read({ jsonrpc: "2.0", id: "login", result, ...times }), [{ _tag: "LoggedIn" }])
    const error = { code: 13_004, message: "invalid_credentials" }
    assert.deepStrictEqual(protocol.read({ jsonrpc: "2.0", id: "login", error, ...times }), [
      { _tag: "LoginRefused", error: { code: "13004", text: "invalid_credentials" } }
    ])
  })

  it("is repeated after it has expired", () => {
    const error = { code: 13_009, message: "unauthorized" }
    assert.deepStrictEqual(protocol.read({ jsonrpc: "2.0", id: 3, error, ...times }), [
      { _tag: "Ended", because: "unauthorized" }
    ])
  })
})

describe("frames of a Deribit account", () => {
  it("are subscribed to privately, for all markets at once", () => {
    const topics = [orders.topic(), fills.topic(), balances.topic()]
    const channels = ["user.orders.any.any.raw", "user.trades.any.any.raw", "user.portfolio.any"]
    assert.deepStrictEqual(topics.map(({ key, socket }) => [socket, key]), channels.map((key) => ["private", key]))
    const [subscription] = protocol.subscribe(topics, { request: 2, token: undefined })
    assert.deepStrictEqual(subscription, { jsonrpc: "2.0", id: 2, method: "private/subscribe", params: { channels } })
    const [unsubscription] = protocol.unsubscribe(topics, { request: 3, token: undefined })
    assert.deepStrictEqual(unsubscription, {
      jsonrpc: "2.0",
      id: -3,
      method: "private/unsubscribe",
      params: { channels }
    })
  })

  it("hold one order or several, and none of an option or a combination", () => {
    const id = "USDC-104819327443"
    assert.deepStrictEqual(shownOf(orders.reader()(orderRow()))?.map(({ id }) => id), [id])
    const others = ["BTC-26DEC25-100000-C", "XRP_USDC-30JUN23-0d625-P", "BTC-FS-27DEC24_PERP"]
    const rows = others.map((instrument_name) => orderRow({ instrument_name }))
    assert.deepStrictEqual(shownOf(orders.reader()([...rows, orderRow(), orderRow()]))?.map(({ id }) => id), [id, id])
    for (const instrument_name of ["BTC-PERPETUAL", "BTC_USDC-PERPETUAL", "BTC-5JUN26", "BTC_USDC"]) {
      assert.strictEqual(shownOf(orders.reader()(orderRow({ instrument_name })))?.[0]?.["market"], instrument_name)
    }
  })

  it("hold fills in their order, with every digit", () => {
    const fill = (number: number, change: object = {}) => ({
      trade_seq: number,
      trade_id: `ETH-${number}`,
      order_id: "ETH-349249",
      instrument_name: "ETH-PERPETUAL",
      label: "mine",
      direction: "sell",
      price: 3010.05,
      amount: 6.55e-6,
      fee: -1e-8,
      fee_currency: "ETH",
      liquidity: "M",
      order_type: "limit",
      self_trade: false,
      matching_id: null,
      state: "filled",
      timestamp: 1_765_541_474_086,
      ...change
    })
    const row = {
      orderId: "ETH-349249",
      market: "ETH-PERPETUAL",
      clientOrderId: "mine",
      side: "sell",
      price: "3010.05",
      amount: "0.00000655",
      fee: "-0.00000001",
      feeAsset: "ETH",
      liquidity: "maker",
      at: 1_765_541_474_086
    }
    const option = fill(11, { instrument_name: "ETH-26DEC25-3000-P" })
    assert.deepStrictEqual(shownOf(fills.reader()([fill(10), option, fill(9)])), [
      { ...row, id: "ETH-9" },
      { ...row, id: "ETH-10" }
    ])
    assert.isUndefined(fills.reader()({ trades: [] }))
  })

  it("hold the balance of one currency", () => {
    const portfolio = {
      currency: "BTC",
      balance: 302.6,
      equity: 302.68,
      available_funds: 301.353_961_72,
      total_pl: -0.33
    }
    assert.deepStrictEqual(shownOf(balances.reader?.()(portfolio)), [
      { asset: "BTC", free: "301.35396172", total: "302.68" }
    ])
  })

  it("have no more free in a currency than its total, although cross collateral adds the other currencies", () => {
    const portfolio = { currency: "BTC", balance: 1, equity: 1, available_funds: 2.5 }
    assert.deepStrictEqual(shownOf(balances.reader?.()(portfolio)), [{ asset: "BTC", free: "1", total: "1" }])
  })
})
