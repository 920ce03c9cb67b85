import { Decimal, type Market } from "@effect-exchange/core"
import { type Adapter, Endpoint } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import { OkxOrderMapping, OkxTradingEndpoints } from "../src/index.js"
import { envelope, fixture, inverse, json, linear, now, rows, spot, text } from "./utils.js"

const decode = <C extends Endpoint.Capability, A>(endpoint: Endpoint.Endpoint<C, never, A>, body: unknown) =>
  Either.getOrThrow(endpoint.decode(body))

describe("order", () => {
  const [standing, partial] = decode(OkxTradingEndpoints.ordersPending, json(fixture("orders_pending")))
  assert(standing !== undefined && partial !== undefined)

  it("reads one that stands, with its name", () => {
    assert.deepStrictEqual(OkxOrderMapping.order(spot, standing), {
      exchange: "okx",
      symbol: spot.symbol,
      // Beyond what a number holds.
      id: "2497956918703120384",
      clientOrderId: "0123456789abcdef0123456789abcdef",
      side: "buy",
      type: "limit",
      status: "open",
      price: Decimal.make("60000.5"),
      amount: Decimal.make("0.01"),
      filled: Decimal.make("0"),
      averagePrice: undefined,
      timeInForce: "GTC",
      postOnly: false,
      reduceOnly: false,
      createdAt: 1_763_942_300_000,
      updatedAt: 1_763_942_300_500
    })
  })

  it("reads one of contracts, in amounts", () => {
    const { amount, averagePrice, clientOrderId, filled, ...order } = OkxOrderMapping.order(linear, partial)
    assert.deepStrictEqual([amount, filled, averagePrice].map(text), ["0.035", "0.015", "95000"])
    assert.deepStrictEqual([order.status, order.postOnly, order.reduceOnly, clientOrderId], [
      "open",
      true,
      true,
      undefined
    ])
    assert.strictEqual(text(OkxOrderMapping.order(inverse, partial).amount), "3.5")
  })

  it("reads how they ended, and leaves out the amount of one sized in the quote currency", () => {
    const ended = decode(OkxTradingEndpoints.ordersHistory, json(fixture("orders_history")))
    assert.deepStrictEqual(
      ended.map((wire) => OkxOrderMapping.order(spot, wire)).map(({ amount, filled, status, timeInForce, type }) => [
        type,
        timeInForce,
        status,
        text(amount),
        text(filled)
      ]),
      [
        ["market", "IOC", "filled", undefined, "0.01145"],
        ["market", "IOC", "filled", undefined, "0.01145"],
        ["market", "IOC", "filled", "0.01", "0.01"],
        ["market", "IOC", "filled", "0.01", "0.01"],
        ["limit", "GTC", "canceled", "0.01", "0"],
        ["limit", "IOC", "canceled", "0.01", "0.004"],
        ["limit", "FOK", "filled", "0.01", "0.01"],
        ["other", undefined, "canceled", "0.01", "0"]
      ]
    )
    const [, , , , postOnly, , , average] = ended.map((wire) => OkxOrderMapping.order(spot, wire))
    assert.deepStrictEqual([postOnly?.postOnly, average?.averagePrice], [true, undefined])
    // Contracts are always counted as such.
    const [quoteSized] = ended
    assert(quoteSized !== undefined)
    assert.strictEqual(text(OkxOrderMapping.order(linear, quoteSized).amount), "10.00")
  })

  it("fails on what it does not know of an order that matters", () => {
    const [row] = rows("orders_pending")
    for (
      const wrong of [{ state: "resting" }, { side: "hold" }, { sz: "" }, { accFillSz: "some" }, { ordId: "" }, {
        cTime: "x"
      }]
    ) {
      const body = envelope({ ...row, ...wrong })
      assert.isTrue(Either.isLeft(OkxTradingEndpoints.ordersPending.decode(body)), JSON.stringify(wrong))
      assert.isTrue(Either.isLeft(OkxTradingEndpoints.order.decode(body)), JSON.stringify(wrong))
    }
    assert.isTrue(Either.isRight(OkxTradingEndpoints.order.decode(envelope({ ...row, somethingNew: {} }))))
    assert.isTrue(Either.isLeft(OkxTradingEndpoints.order.decode(envelope(row, row))))
  })
})

describe("fill", () => {
  it("a fee that was paid is above zero, and a rebate below", () => {
    const fills = decode(OkxTradingEndpoints.fills, json(fixture("fills")))
    const summary = (index: number, market: Market.Market) => {
      const wire = fills[index]
      assert(wire !== undefined)
      const { amount, at, clientOrderId, fee, feeAsset, id, liquidity } = OkxOrderMapping.fill(market, wire)
      return [id, clientOrderId, text(amount), text(fee), feeAsset, liquidity, at]
    }
    assert.deepStrictEqual(summary(0, spot), [
      "834864333",
      "mine",
      "0.0000217",
      "0.0000000217",
      "BTC",
      "taker",
      now - 100_002
    ])
    assert.deepStrictEqual(summary(1, linear), ["7", undefined, "0.015", "-0.0123", "USDT", "maker", now - 99_999])
    assert.deepStrictEqual(summary(2, spot).slice(3, 6), [undefined, undefined, "unknown"])
  })

  it("fails on a fill without price or size", () => {
    const [row] = rows("fills")
    assert.isTrue(Either.isLeft(OkxTradingEndpoints.fills.decode(envelope({ ...row, fillPx: "" }))))
    assert.isTrue(Either.isLeft(OkxTradingEndpoints.fills.decode(envelope({ ...row, fillSz: "" }))))
  })
})

describe("newOrder", () => {
  const base: Adapter.NewOrder = {
    market: spot,
    side: "buy",
    type: "limit",
    amount: Decimal.make("0.0150"),
    price: Decimal.make("60000.50"),
    timeInForce: "GTC",
    postOnly: false,
    reduceOnly: false,
    clientOrderId: "b15"
  }

  const body = (order: Partial<Adapter.NewOrder>): unknown => {
    const input = OkxOrderMapping.newOrder({ ...base, ...order })
    const parameters = Either.getOrThrow(OkxTradingEndpoints.placeOrder.encode(input))
    return json(Endpoint.prepare(OkxTradingEndpoints.placeOrder, parameters).body)
  }

  const limit = { instId: "BTC-USDT", tdMode: "cash", side: "buy", sz: "0.0150", px: "60000.50", clOrdId: "b15" }

  it("says what kind of limit order it is", () => {
    assert.deepStrictEqual(body({}), { ...limit, ordType: "limit" })
    assert.deepStrictEqual(body({ postOnly: true }), { ...limit, ordType: "post_only" })
    assert.deepStrictEqual(body({ timeInForce: "IOC" }), { ...limit, ordType: "ioc" })
    assert.deepStrictEqual(body({ timeInForce: "FOK" }), { ...limit, ordType: "fok" })
  })

  it("sizes market orders of spot in the base currency, both ways", () => {
    const { px: _, ...market } = limit
    const given = { type: "market", price: undefined, timeInForce: "IOC" } as const
    assert.deepStrictEqual(body(given), { ...market, ordType: "market", tgtCcy: "base_ccy" })
    assert.deepStrictEqual(body({ ...given, side: "sell" }), {
      ...market,
      side: "sell",
      ordType: "market",
      tgtCcy: "base_ccy"
    })
    assert.notProperty(body({ ...given, market: linear }), "tgtCcy")
  })

  it("sizes contracts in contracts, on cross margin", () => {
    const contracts = { ...limit, instId: "BTC-USDT-SWAP", tdMode: "cross", ordType: "limit" }
    assert.deepStrictEqual(body({ market: linear }), { ...contracts, sz: "1.5" })
    assert.deepStrictEqual(body({ market: linear, amount: Decimal.make("12"), reduceOnly: true }), {
      ...contracts,
      sz: "1200",
      reduceOnly: true
    })
    assert.deepStrictEqual(body({ market: inverse, amount: Decimal.make("7") }), {
      ...contracts,
      instId: "BTC-USD-SWAP",
      sz: "7"
    })
  })

  it("sends several as a list and nothing else", () => {
    const orders = [OkxOrderMapping.newOrder(base)]
    const parameters = Either.getOrThrow(OkxTradingEndpoints.placeOrders.encode({ orders }))
    assert.deepStrictEqual(json(Endpoint.prepare(OkxTradingEndpoints.placeOrders, parameters).body), [
      { ...limit, ordType: "limit" }
    ])
  })
})

describe("acknowledgements", () => {
  it("are read for one order and for several", () => {
    assert.strictEqual(
      decode(OkxTradingEndpoints.placeOrder, json(fixture("place_order"))).ordId,
      "2497956918703120384"
    )
    const acks = decode(OkxTradingEndpoints.placeOrders, json(fixture("batch_orders")))
    assert.deepStrictEqual(acks.map(({ sCode }) => sCode), ["0", "51119", "0"])
    const [row] = rows("place_order")
    assert.isTrue(Either.isLeft(OkxTradingEndpoints.placeOrder.decode(envelope({ ...row, sCode: "51008" }))))
    assert.isTrue(Either.isLeft(OkxTradingEndpoints.placeOrder.decode(envelope({ ...row, ordId: "" }))))
  })
})
