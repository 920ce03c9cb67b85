import { Decimal, ExchangeSymbol, Fill, type Market, Order } from "@effect-exchange/core"
import { ClientOrderId, type Endpoint } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Random, Schema } from "effect"
import { BinanceEndpoints, BinanceOrderMapping } from "../src/index.js"
import { fixture, json, record } from "./utils.js"

const decode = <C extends Endpoint.Capability, A>(endpoint: Endpoint.Endpoint<C, never, A>, body: unknown) =>
  Either.getOrThrow(endpoint.decode(body))

const market: Market.Market = {
  symbol: ExchangeSymbol.make("BTC/USDT"),
  id: "BTCUSDT",
  kind: "spot",
  status: "open",
  base: "BTC",
  quote: "USDT"
}

const printed = Schema.encodeSync(Order.Order)

const open = decode(BinanceEndpoints.openOrders, json(fixture("openOrders")))
  .map((wire) => printed(BinanceOrderMapping.order(market, wire)))
const ended = decode(BinanceEndpoints.allOrders, json(fixture("allOrders")))
  .map((wire) => printed(BinanceOrderMapping.order(market, wire)))

describe("order", () => {
  it("reads an order that is filled in part", () => {
    assert.deepStrictEqual(open[0], {
      exchange: "binance",
      symbol: "BTC/USDT",
      id: "4293153",
      clientOrderId: "9f2c5d0e4b1a4c7d8e6f0a1b2c3d4e5f",
      side: "buy",
      type: "limit",
      status: "open",
      price: "60000.00000000",
      amount: "0.50000000",
      filled: "0.12500000",
      averagePrice: "59999.9",
      timeInForce: "GTC",
      postOnly: false,
      createdAt: 1_763_942_300_000,
      updatedAt: 1_763_942_350_123
    })
  })

  it("knows a post-only order, and calls a stop something else", () => {
    assert.deepInclude(open[1], { side: "sell", type: "limit", status: "open", postOnly: true, filled: "0.00000000" })
    assert.isUndefined(open[1]?.averagePrice)
    assert.deepInclude(open[2], { type: "other", price: "58000.00000000", postOnly: false })
  })

  it("leaves out what is zero or not known: a market order's price, an amount in the quote currency, a lost cost", () => {
    const [old, byQuote, expired] = ended
    assert.deepInclude(old, { type: "market", status: "filled", amount: "3.00000000", filled: "3.00000000" })
    for (const field of ["price", "averagePrice", "timeInForce"] as const) assert.isUndefined(old?.[field], field)
    assert.isUndefined(byQuote?.amount)
    // 190.00000001 / 0.003, of which the last place is rounded.
    assert.strictEqual(byQuote?.averagePrice, "63333.3333366666666667")
    assert.deepInclude(expired, { status: "expired", timeInForce: "IOC" })
    assert.isUndefined(expired?.clientOrderId)
  })

  const statuses = [
    ["NEW", "open"],
    ["PENDING_NEW", "pending"],
    ["PARTIALLY_FILLED", "open"],
    ["FILLED", "filled"],
    ["CANCELED", "canceled"],
    ["PENDING_CANCEL", "open"],
    ["REJECTED", "rejected"],
    ["EXPIRED", "expired"],
    ["EXPIRED_IN_MATCH", "expired"]
  ] as const

  const answer = { ...record(fixture("order", "post")), time: 1, updateTime: 2 }

  for (const [status, ours] of statuses) {
    it(`calls ${status} ${ours}`, () => {
      const wire = decode(BinanceEndpoints.order, { ...answer, status })
      assert.strictEqual(BinanceOrderMapping.order(market, wire).status, ours)
    })
  }

  it("takes no answer for one that is not documented so", () => {
    for (
      const wrong of [
        { ...answer, status: "CONSTRUCTOR" },
        { ...answer, status: "filled" },
        { ...answer, side: "" },
        { ...answer, timeInForce: "GTD" },
        { ...answer, orderId: "4293200" },
        // Beyond 2^53 its last digits are lost.
        { ...answer, orderId: 2 ** 53 + 2 },
        { ...answer, executedQty: 0.003 },
        { ...answer, executedQty: "" },
        { ...answer, cummulativeQuoteQty: undefined },
        { ...answer, time: undefined }
      ]
    ) {
      assert.isTrue(Either.isLeft(BinanceEndpoints.order.decode(wrong)), JSON.stringify(wrong))
    }
    assert.isTrue(Either.isRight(BinanceEndpoints.order.decode(answer)))
  })
})

describe("placed", () => {
  it("reads an order as it stands after matching", () => {
    const wire = decode(BinanceEndpoints.newOrder, json(fixture("order", "post")))
    assert.deepStrictEqual(printed(BinanceOrderMapping.placed(market, wire)), {
      exchange: "binance",
      symbol: "BTC/USDT",
      id: "4293200",
      clientOrderId: "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
      side: "sell",
      type: "market",
      status: "filled",
      price: undefined,
      amount: "0.00300000",
      filled: "0.00300000",
      averagePrice: "64043.2100033333333333",
      timeInForce: undefined,
      postOnly: false,
      createdAt: 1_763_942_400_456,
      updatedAt: 1_763_942_400_456
    })
  })

  it("takes no bare acknowledgement, as more was asked for", () => {
    const ack = { symbol: "BTCUSDT", orderId: 28, orderListId: -1, clientOrderId: "mine", transactTime: 1 }
    assert.isTrue(Either.isLeft(BinanceEndpoints.newOrder.decode(ack)))
  })
})

describe("canceled", () => {
  it("names the order, and not its cancellation", () => {
    const wire = decode(BinanceEndpoints.cancelOrder, json(fixture("order", "delete")))
    const order = BinanceOrderMapping.canceled(market, wire)
    assert.strictEqual(order.clientOrderId, "9f2c5d0e4b1a4c7d8e6f0a1b2c3d4e5f")
    assert.strictEqual(order.status, "canceled")
    assert.strictEqual(Decimal.format(order.filled), "0.12500000")
    assert.strictEqual(order.updatedAt, 1_763_942_401_000)
    assert.isUndefined(order.createdAt)
  })

  it("names each order of a list that stood together", () => {
    const wire = decode(BinanceEndpoints.cancelOpenOrders, json(fixture("openOrders", "delete")))
    assert.deepStrictEqual(BinanceOrderMapping.canceledIds(wire), ["4293153", "20", "21"])
    assert.isTrue(Either.isLeft(BinanceEndpoints.cancelOpenOrders.decode([{ orderListId: 1929 }])))
  })
})

describe("fill", () => {
  const { fill } = BinanceOrderMapping

  it("reads side, liquidity and fee", () => {
    const fills = decode(BinanceEndpoints.myTrades, json(fixture("myTrades")))
      .map((wire) => Schema.encodeSync(Fill.Fill)(fill(market, wire)))
    assert.deepStrictEqual(fills, [
      {
        exchange: "binance",
        symbol: "BTC/USDT",
        id: "28457",
        orderId: "4293153",
        side: "buy",
        price: "59999.90000000",
        amount: "0.12500000",
        fee: "0.00012500",
        feeAsset: "BTC",
        liquidity: "maker",
        at: 1_763_942_350_123
      },
      {
        exchange: "binance",
        symbol: "BTC/USDT",
        id: "28460",
        orderId: "4293160",
        side: "sell",
        price: "64043.20000000",
        amount: "0.01000000",
        fee: "0.00081230",
        feeAsset: "BNB",
        liquidity: "taker",
        at: 1_763_942_399_999
      }
    ])
  })

  it("is strict about money: one bad row fails all", () => {
    const [row] = decode(BinanceEndpoints.myTrades, json(fixture("myTrades")))
    assert(row !== undefined)
    const wire = { ...row, price: "1", qty: "1", commission: "0" }
    assert.isTrue(Either.isRight(BinanceEndpoints.myTrades.decode([wire])))
    assert.isTrue(Either.isLeft(BinanceEndpoints.myTrades.decode([wire, { ...wire, commission: undefined }])))
  })
})

describe("client order ids", () => {
  it.effect("are 128 bits in what every version of the documents allows", () =>
    Effect.gen(function*() {
      const { clientOrderIds } = BinanceOrderMapping
      const id = yield* ClientOrderId.make(clientOrderIds)
      assert.match(id, /^[0-9a-f]{32}$/)
      assert.match(id, clientOrderIds.pattern)
      for (const wrong of ["", "x".repeat(37), "a b", "a.b", "a:b", "a/b", "ü", "a\n"]) {
        assert.notMatch(wrong, clientOrderIds.pattern)
      }
    }).pipe(Effect.withRandom(Random.make("ids"))))
})

describe("weights", () => {
  it("are those of what is asked for", () => {
    const { cancelOrder, depth, myTrades, newOrder, openOrders } = BinanceEndpoints
    const limits = [1, 100, 101, 500, 501, 1000, 1001, 5000]
    assert.deepStrictEqual(
      limits.map((limit) => depth.cost({ symbol: "BTCUSDT", limit })["ip"]),
      [5, 5, 25, 25, 50, 50, 250, 250]
    )
    assert.deepStrictEqual(openOrders.cost({}), { ip: 80 })
    assert.deepStrictEqual(openOrders.cost({ symbol: "BTCUSDT" }), { ip: 6 })
    assert.deepStrictEqual(myTrades.cost({ symbol: "BTCUSDT", limit: 1 }), { ip: 20 })
    assert.deepStrictEqual(myTrades.cost({ symbol: "BTCUSDT", limit: 1, orderId: "1" }), { ip: 5 })
    assert.deepStrictEqual(cancelOrder.cost({ symbol: "BTCUSDT", orderId: "1" }), { ip: 1 })
    assert.deepStrictEqual(
      newOrder.cost({
        symbol: "BTCUSDT",
        side: "BUY",
        type: "MARKET",
        quantity: Decimal.make("1"),
        newClientOrderId: "mine",
        newOrderRespType: "RESULT"
      }),
      { ip: 1, orders10s: 1, orders1d: 1 }
    )
  })

  it("may repeat a cancellation, and never a placement", () => {
    const { cancelOpenOrders, cancelOrder, newOrder, order } = BinanceEndpoints
    assert.deepStrictEqual(
      [order, newOrder, cancelOrder, cancelOpenOrders].map(({ idempotency }) => idempotency),
      ["safe", "once", "idempotent", "idempotent"]
    )
  })
})
