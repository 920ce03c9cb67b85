import { Decimal, ExchangeSymbol, Fill, type Market, Order, Position } from "@effect-exchange/core"
import type { Adapter, Endpoint } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { type BigDecimal, Either, Schema } from "effect"
import { BybitEndpoints, BybitOrderMapping } from "../src/index.js"
import { envelope, fixture, json, result } from "./utils.js"

const decode = <C extends Endpoint.Capability, A>(endpoint: Endpoint.Endpoint<C, never, A>, body: unknown) =>
  Either.getOrThrow(endpoint.decode(body))

const { fill } = BybitOrderMapping

const text = (decimal: BigDecimal.BigDecimal | undefined) => decimal === undefined ? undefined : Decimal.format(decimal)

const spot: Market.Market = {
  symbol: ExchangeSymbol.make("BTC/USDT"),
  id: "BTCUSDT",
  kind: "spot",
  status: "open",
  base: "BTC",
  quote: "USDT"
}

const linear: Market.Market = {
  ...spot,
  symbol: ExchangeSymbol.make("BTC/USDT:USDT"),
  kind: "perpetual",
  settle: "USDT"
}

const inverse: Market.Market = {
  ...spot,
  symbol: ExchangeSymbol.make("BTC/USD:BTC"),
  id: "BTCUSD",
  kind: "perpetual",
  quote: "USD",
  settle: "BTC",
  inverse: true,
  multiplier: Decimal.make("1")
}

const is = { order: Schema.is(Order.Order), fill: Schema.is(Fill.Fill), position: Schema.is(Position.Position) }

describe("order", () => {
  const open = decode(BybitEndpoints.orderRealtime, json(fixture("get_order_realtime")))
  const ended = decode(BybitEndpoints.orderHistory, json(fixture("get_order_history")))

  it("reads orders that stand", () => {
    const [first, second, third] = open.list.map((wire) => BybitOrderMapping.order(linear, wire))
    assert(first !== undefined && second !== undefined && third !== undefined)
    for (const order of [first, second, third]) assert.isTrue(is.order(order))
    assert.deepStrictEqual(
      { ...first, price: text(first.price), amount: text(first.amount), filled: text(first.filled) },
      {
        exchange: "bybit",
        symbol: linear.symbol,
        id: "fd4300ae-7847-404e-b947-b46980a4d140",
        clientOrderId: "test-000005",
        side: "buy",
        type: "limit",
        status: "open",
        price: "1600.00",
        amount: "0.10",
        filled: "0.00",
        averagePrice: undefined,
        timeInForce: "GTC",
        postOnly: false,
        reduceOnly: false,
        createdAt: 1_684_738_540_559,
        updatedAt: 1_684_738_540_561
      }
    )
    // An id of 19 digits, of which a number would lose the last.
    assert.strictEqual(second.id, "1523347543495541248")
    assert.deepInclude(second, { status: "open", side: "sell", timeInForce: "GTC", postOnly: true })
    assert.isUndefined(second.clientOrderId)
    assert.deepStrictEqual([text(second.filled), text(second.averagePrice)], ["0.04", "1600.25"])
    assert.deepInclude(third, { status: "pending", type: "other", timeInForce: "IOC", reduceOnly: true })
    assert.isUndefined(third.price)
  })

  it("reads orders that ended", () => {
    const orders = ended.list.map((wire) => BybitOrderMapping.order(spot, wire))
    for (const order of orders) assert.isTrue(is.order(order))
    assert.deepStrictEqual(
      orders.map(({ amount, averagePrice, filled, id, price, status, timeInForce, type }) => [
        id,
        type,
        status,
        timeInForce,
        text(price),
        text(amount),
        text(filled),
        text(averagePrice)
      ]),
      [
        ["a1", "limit", "canceled", "GTC", "1600.00", "0.10", "0.00", undefined],
        // Sized in the quote coin, so that its amount is not known; the limit Bybit gave it is no price of its own.
        ["a2", "market", "filled", "IOC", undefined, undefined, "0.0016", "60000.5"],
        ["a3", "market", "filled", "IOC", undefined, "0.0016", "0.0016", "60000.5"],
        ["a4", "limit", "canceled", "IOC", "1600.00", "0.10", "0.05", undefined],
        ["a5", "limit", "rejected", "FOK", "1600.00", "0.10", "0.00", undefined],
        ["a6", "other", "canceled", undefined, "1600.00", "0.10", "0.00", undefined]
      ]
    )
    assert.isUndefined(orders[4]?.updatedAt)
  })

  it("takes a market buy on spot that does not say its unit for one in the quote coin, and nothing else", () => {
    const [wire] = ended.list
    assert(wire !== undefined)
    const market = { ...wire, orderType: "Market", marketUnit: "" } as const
    assert.isUndefined(BybitOrderMapping.order(spot, { ...market, side: "Buy" }).amount)
    assert.isDefined(BybitOrderMapping.order(spot, { ...market, side: "Sell" }).amount)
    assert.isDefined(BybitOrderMapping.order(linear, { ...market, side: "Buy" }).amount)
  })

  it("knows no status that is not documented, and no money that is none", () => {
    const [row] = Schema.decodeUnknownSync(Schema.Array(Schema.Object))(result("get_order_realtime")["list"])
    const decodeWith = (change: { readonly [name: string]: unknown }) =>
      BybitEndpoints.orderRealtime.decode(envelope({ list: [{ ...row, ...change }] }))
    assert.isTrue(Either.isRight(decodeWith({})))
    for (
      const wrong of [
        { orderStatus: "Created" },
        { orderStatus: "" },
        { side: "" },
        { cumExecQty: "" },
        { cumExecQty: 0 },
        { qty: null },
        { orderId: "" },
        { orderId: 1_523_347_543_495_541_248n.toString().length },
        { createdTime: "" },
        { price: "1e50" },
        { avgPrice: 1600.25 }
      ]
    ) {
      assert.isTrue(Either.isLeft(decodeWith(wrong)), JSON.stringify(wrong))
    }
    // One bad row fails the whole list.
    assert.isTrue(Either.isLeft(BybitEndpoints.orderRealtime.decode(envelope({ list: [row, { ...row, qty: "" }] }))))
  })
})

describe("newOrder", () => {
  const base: Adapter.NewOrder = {
    market: spot,
    side: "buy",
    type: "limit",
    amount: Decimal.make("0.00100000"),
    price: Decimal.make("60000.00"),
    timeInForce: "GTC",
    postOnly: false,
    reduceOnly: false,
    clientOrderId: "mine-1"
  }

  const encoded = (change: Partial<Adapter.NewOrder>) => {
    const order = { ...base, ...change }
    const body = Either.getOrThrow(
      BybitEndpoints.orderCreate.encode({ category: "spot", ...BybitOrderMapping.newOrder(order) })
    )
    return JSON.parse(JSON.stringify(body))
  }

  it("writes no more decimals than there are, as those that are too many are refused", () => {
    assert.deepStrictEqual(encoded({}), {
      category: "spot",
      symbol: "BTCUSDT",
      side: "Buy",
      orderType: "Limit",
      qty: "0.001",
      price: "60000",
      timeInForce: "GTC",
      orderLinkId: "mine-1"
    })
  })

  it("says of a market order on spot that it is in the base coin, which Bybit would not take it for", () => {
    const market = { type: "market", price: undefined, timeInForce: "IOC" } as const
    assert.deepInclude(encoded(market), { orderType: "Market", marketUnit: "baseCoin", timeInForce: "IOC" })
    assert.notProperty(encoded(market), "price")
    assert.notProperty(encoded({ ...market, market: linear }), "marketUnit")
    assert.notProperty(encoded({ ...market, market: inverse }), "marketUnit")
  })

  it("writes post-only as a time in force, and reduce-only where it is asked for", () => {
    assert.strictEqual(encoded({ postOnly: true }).timeInForce, "PostOnly")
    for (const timeInForce of ["IOC", "FOK"] as const) {
      assert.strictEqual(encoded({ timeInForce }).timeInForce, timeInForce)
    }
    assert.deepInclude(encoded({ market: linear, reduceOnly: true, side: "sell" }), { reduceOnly: true, side: "Sell" })
    assert.notProperty(encoded({}), "reduceOnly")
  })
})

describe("fill", () => {
  const { list } = decode(BybitEndpoints.executionList, json(fixture("get_execution_list")))

  it("has the fee in the coin it says, else in that the contract settles in; a rebate is negative", () => {
    const fills = list.map((wire) => fill(linear, wire))
    for (const each of fills) assert.isTrue(is.fill(each))
    const [first, second] = fills
    assert.deepStrictEqual(
      { ...first, price: text(first?.price), amount: text(first?.amount), fee: text(first?.fee) },
      {
        exchange: "bybit",
        symbol: linear.symbol,
        id: "e0cbe81d-0f18-5866-9415-cf319b5dab3b",
        orderId: "8c065341-7b52-4ca9-ac2c-37e31ac55c94",
        clientOrderId: undefined,
        side: "buy",
        price: "1190.15",
        amount: "0.1",
        fee: "0.071409",
        feeAsset: "USDT",
        liquidity: "taker",
        at: 1_672_282_722_429
      }
    )
    assert.deepInclude(second, { side: "sell", clientOrderId: "mine-1", liquidity: "maker" })
    assert.strictEqual(text(second?.fee), "-0.0025")
    assert.strictEqual(fills[4]?.feeAsset, "BTC")
    const [wire] = list
    assert(wire !== undefined)
    assert.strictEqual(fill(inverse, wire).feeAsset, "BTC")
    assert.isUndefined(fill(spot, wire).feeAsset)
  })

  it("is strict about money", () => {
    const [row] = Schema.decodeUnknownSync(Schema.Array(Schema.Object))(result("get_execution_list")["list"])
    for (const wrong of [{ execPrice: "" }, { execQty: 1 }, { execId: "" }, { side: "None" }, { execTime: "now" }]) {
      assert.isTrue(
        Either.isLeft(BybitEndpoints.executionList.decode(envelope({ list: [{ ...row, ...wrong }] }))),
        JSON.stringify(wrong)
      )
    }
  })
})

describe("position", () => {
  it("reads what Bybit says, and leaves out what it does not", () => {
    const { list } = decode(BybitEndpoints.positionList, json(fixture("get_position_list")))
    const [long, short] = list.map((wire) => BybitOrderMapping.position(linear, wire))
    assert(long !== undefined && short !== undefined)
    assert.isTrue(is.position(long) && is.position(short))
    const printed = ({ amount, entryPrice, leverage, liquidationPrice, markPrice, unrealizedPnl }: typeof long) =>
      [amount, entryPrice, markPrice, liquidationPrice, leverage, unrealizedPnl].map(text)
    assert.strictEqual(long.side, "long")
    assert.deepStrictEqual(printed(long), ["0.010", "64000.5", "64100.25", undefined, "10", "-0.9975"])
    assert.strictEqual(short.side, "short")
    assert.deepStrictEqual(printed(short), ["1.5", "64000.5", "64100.25", "70000.1", undefined, undefined])
  })
})
