import { Decimal } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { KrakenEndpoints, KrakenMapping, KrakenOrderMapping } from "../src/index.js"
import { decode, fails, fixture, market, shown } from "./utils.js"

describe("account", () => {
  const assets = new Map(
    decode(KrakenEndpoints.assets, fixture("Assets")).map((
      [id, { altname }]
    ) => [id, KrakenMapping.assetName(altname)])
  )

  it("reads balances, what orders hold, and credit; staked assets stay apart", () => {
    const balances = KrakenOrderMapping.balances(
      decode(KrakenEndpoints.balanceEx, fixture("BalanceEx")),
      (id) => assets.get(id) ?? id
    )
    assert.deepStrictEqual(balances.map((balance) => shown(balance)), [
      { asset: "USD", free: "17185.45", total: "25435.21" },
      { asset: "BTC", free: "1.5000000000", total: "1.5000000000" },
      { asset: "XBT.M", free: "0.2500000000", total: "0.2500000000" },
      { asset: "SOL", free: "12.00", total: "13.00" },
      { asset: "NEW", free: "7", total: "7" }
    ])
    assert.deepStrictEqual(
      KrakenOrderMapping.balances(decode(KrakenEndpoints.balanceEx, { error: [], result: [] }), String),
      []
    )
  })

  it("reads what a key may do", () => {
    const wire = decode(KrakenEndpoints.getApiKeyInfo, fixture("GetApiKeyInfo"))
    assert.deepStrictEqual(KrakenOrderMapping.permissions(wire), {
      read: true,
      trade: true,
      withdraw: false,
      ipRestricted: true,
      expiresAt: 1_795_478_400_000
    })
    const withNames = (...permissions: ReadonlyArray<string>) =>
      KrakenOrderMapping.permissions({ permissions, validUntil: 0, ipAllowlist: [] })
    assert.deepStrictEqual(withNames("query-funds", "withdraw-funds"), {
      read: true,
      trade: false,
      withdraw: true,
      ipRestricted: false
    })
    assert.isTrue(withNames("withdraw-to-anyone", "something-new").withdraw)
    // Nobody knows what it allows.
    assert.strictEqual(withNames("query-funds", "something-new").withdraw, "unknown")
    assert.isFalse(withNames().read)
  })

  it("reads orders that stand", () => {
    const open = decode(KrakenEndpoints.openOrders, fixture("OpenOrders"))
    assert.deepStrictEqual(KrakenOrderMapping.ordersOf(market, open).map((order) => shown(order)), [
      {
        exchange: "kraken",
        symbol: "BTC/USD",
        id: "OAAAAA-BBBBB-000001",
        clientOrderId: "6d1b345e-2821-40e2-ad83-4ecb18a06876",
        side: "buy",
        type: "limit",
        status: "open",
        price: "59000.0",
        amount: "0.50000000",
        filled: "0.12500000",
        averagePrice: "58992.00000",
        postOnly: true,
        createdAt: 1_763_942_390_865
      },
      {
        exchange: "kraken",
        symbol: "BTC/USD",
        id: "OAAAAA-BBBBB-000002",
        side: "sell",
        type: "other",
        status: "pending",
        amount: "0.10000000",
        filled: "0.00000000",
        postOnly: false,
        createdAt: 1_763_942_391_500
      }
    ])
  })

  it("reads orders that ended; one for an amount of the quote currency has no amount", () => {
    const closed = decode(KrakenEndpoints.closedOrders, fixture("ClosedOrders"))
    const orders = KrakenOrderMapping.ordersOf(market, closed)
    assert.deepStrictEqual(orders.map(({ status }) => status), ["filled", "canceled", "expired"])
    assert.deepStrictEqual(shown(orders[0] ?? {}), {
      exchange: "kraken",
      symbol: "BTC/USD",
      id: "OAAAAA-BBBBB-000009",
      side: "buy",
      type: "market",
      status: "filled",
      filled: "0.01562500",
      averagePrice: "64000.00000",
      postOnly: false,
      createdAt: 1_763_942_300_250,
      updatedAt: 1_763_942_300_543
    })
    assert.strictEqual(shown(orders[1] ?? {})["filled"], "0.05000000")
  })

  it("does not guess at a status or a side that is new, nor at money it cannot read", () => {
    const { closed } = Object(Object(fixture("ClosedOrders")).result)
    const order = Object(closed)["OAAAAA-BBBBB-000008"]
    const body = (change: object) => ({ error: [], result: { O: { ...order, ...change } } })
    assert.isFalse(fails(KrakenEndpoints.queryOrders, body({})))
    assert.isTrue(fails(KrakenEndpoints.queryOrders, body({ status: "replaced" })))
    assert.isTrue(fails(KrakenEndpoints.queryOrders, body({ vol: 0.2 })))
    assert.isTrue(fails(KrakenEndpoints.queryOrders, body({ vol_exec: "" })))
    assert.isTrue(fails(KrakenEndpoints.queryOrders, body({ opentm: "yesterday" })))
    assert.isTrue(fails(KrakenEndpoints.queryOrders, body({ descr: { ...order.descr, type: "short" } })))
    assert.deepStrictEqual(decode(KrakenEndpoints.openOrders, { error: [], result: { open: [] } }), [])
  })

  it("reads orders with a price that is relative, such as trailing stops, which stand beside those placed here", () => {
    const { open } = Object(Object(fixture("OpenOrders")).result)
    const order = Object(open)["OAAAAA-BBBBB-000001"]
    const withPrice = (ordertype: string, price: string) => ({
      error: [],
      result: { open: { ...open, T: { ...order, descr: { ...order.descr, ordertype, price } } } }
    })
    for (const price of ["+15.0000%", "-5.0%", "#3%", "+500.0", "#12.5"]) {
      const orders = KrakenOrderMapping.ordersOf(
        market,
        decode(KrakenEndpoints.openOrders, withPrice("trailing-stop", price))
      )
      const [trailing] = orders.filter(({ id }) => id === "T")
      assert.deepInclude(trailing, { type: "other", price: undefined, side: "buy" }, price)
      assert.strictEqual(orders.length, 3)
    }
    for (const price of ["", "%", "+", "1e50", "5%", "a lot"]) {
      assert.isTrue(fails(KrakenEndpoints.openOrders, withPrice("trailing-stop", price)), price)
    }
    // What a limit order stands at is not for us to work out.
    for (const price of ["+15.0000%", "#12.5"]) {
      assert.isTrue(fails(KrakenEndpoints.openOrders, withPrice("limit", price)), price)
    }
  })

  it("reads fills by either name of their pair, with the fee in the quote currency", () => {
    const fills = Object.entries(decode(KrakenEndpoints.tradesHistory, fixture("TradesHistory")))
    assert.deepStrictEqual(fills.map(([, { pair }]) => KrakenMapping.isOf(market, pair)), [true, true])
    assert.deepStrictEqual(fills.map(([id, row]) => shown(KrakenOrderMapping.fill(market, id, row))), [
      {
        exchange: "kraken",
        symbol: "BTC/USD",
        id: "TAAAAA-BBBBB-000002",
        orderId: "OAAAAA-BBBBB-000001",
        side: "buy",
        price: "58992.00000",
        amount: "0.12500000",
        fee: "18.43500",
        feeAsset: "USD",
        liquidity: "maker",
        at: 1_763_942_395_892
      },
      {
        exchange: "kraken",
        symbol: "BTC/USD",
        id: "TAAAAA-BBBBB-000001",
        orderId: "OAAAAA-BBBBB-000009",
        side: "buy",
        price: "64000.00000",
        amount: "0.01562500",
        fee: "4.00000",
        feeAsset: "USD",
        liquidity: "unknown",
        at: 1_763_942_300_500
      }
    ])
  })

  it("writes new orders", () => {
    const order = {
      market,
      side: "buy",
      type: "limit",
      amount: Decimal.make("0.010"),
      price: Decimal.make("59000.5"),
      timeInForce: "GTC",
      postOnly: true,
      reduceOnly: false,
      clientOrderId: "mine"
    } as const
    assert.deepStrictEqual(shown(KrakenOrderMapping.newOrder(order)), {
      ordertype: "limit",
      type: "buy",
      volume: "0.010",
      cl_ord_id: "mine",
      price: "59000.5",
      timeinforce: "GTC",
      oflags: "post"
    })
    assert.deepStrictEqual(
      shown(
        KrakenOrderMapping.newOrder({
          ...order,
          type: "market",
          price: undefined,
          timeInForce: "IOC",
          postOnly: false
        })
      ),
      { ordertype: "market", type: "buy", volume: "0.010", cl_ord_id: "mine" }
    )
  })
})
