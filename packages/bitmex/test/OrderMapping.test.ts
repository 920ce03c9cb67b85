import { Decimal, ExchangeSymbol, type Market } from "@effect-exchange/core"
import type { Endpoint } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { type BigDecimal, Either } from "effect"
import { BitMexMapping, BitMexOrderMapping, BitMexTradingEndpoints, BitMexTradingWire } from "../src/index.js"
import { fixture, json } from "./utils.js"

const decode = <C extends Endpoint.Capability, A>(endpoint: Endpoint.Endpoint<C, never, A>, body: unknown) =>
  Either.getOrThrow(endpoint.decode(body))

const text = (decimal: BigDecimal.BigDecimal | undefined) => decimal === undefined ? undefined : Decimal.format(decimal)

const market = (
  id: string,
  symbol: string,
  kind: Market.Kind,
  multiplier: string,
  inverse = false
): Market.Market => ({
  id,
  symbol: ExchangeSymbol.make(symbol),
  kind,
  status: "open",
  base: "BTC",
  quote: "USDT",
  inverse,
  multiplier: Decimal.make(multiplier)
})

const spot = market("XBT_USDT", "BTC/USDT", "spot", "0.00000001")
const linear = market("XBTUSDT", "BTC/USDT:USDT", "perpetual", "0.000001")
const inverse = market("XBTUSD", "BTC/USD:BTC", "perpetual", "1", true)

const unit = (market: Market.Market): BigDecimal.BigDecimal => {
  const found = BitMexMapping.unit(market)
  assert(found !== undefined)
  return found
}

const rows = json(fixture("order"))
const orders = decode(BitMexTradingEndpoints.orders, rows)

const order = (index: number, market: Market.Market) => {
  const row = orders[index]
  assert(row !== undefined)
  const { amount, averagePrice, filled, price, ...rest } = BitMexOrderMapping.order(market, unit(market), row)
  return { ...rest, amount: text(amount), averagePrice: text(averagePrice), filled: text(filled), price: text(price) }
}

describe("order", () => {
  it("reads a market order of spot in whole coins, without the price it was given afterwards", () => {
    assert.deepStrictEqual(order(0, spot), {
      exchange: "bitmex",
      symbol: spot.symbol,
      id: "6f2d0c1e-4b7a-4c55-a1d3-1f0e5a9b7c01",
      clientOrderId: "spot-1",
      side: "sell",
      type: "market",
      status: "filled",
      price: undefined,
      amount: "0.0001",
      filled: "0.0001",
      averagePrice: "64020.5",
      timeInForce: "IOC",
      postOnly: false,
      reduceOnly: false,
      createdAt: 1_787_220_853_344,
      updatedAt: 1_787_220_853_350
    })
  })

  it("reads instructions, partial fills of linear contracts, empty ids and microseconds", () => {
    const { amount, clientOrderId, createdAt, filled, postOnly, price, reduceOnly, status, timeInForce, updatedAt } =
      order(1, linear)
    assert.deepStrictEqual([amount, filled, price, status, timeInForce], ["0.005", "0.002", "60000.1", "open", "GTC"])
    assert.deepStrictEqual([postOnly, reduceOnly, clientOrderId], [true, true, undefined])
    assert.deepStrictEqual([createdAt, updatedAt], [1_787_220_853_344, 1_787_220_913_344])
  })

  it("reads inverse contracts as contracts, and what is left out as nothing", () => {
    const canceled = order(2, inverse)
    assert.deepStrictEqual([canceled.status, canceled.amount, canceled.filled], ["canceled", "300", "0"])
    assert.isUndefined(canceled.averagePrice)
    const stop = order(3, inverse)
    assert.deepStrictEqual([stop.type, stop.status, stop.amount, stop.price], ["other", "open", undefined, undefined])
    assert.deepStrictEqual([stop.timeInForce, stop.reduceOnly, stop.createdAt], [undefined, true, undefined])
  })

  const statuses = {
    PendingNew: "pending",
    New: "open",
    PartiallyFilled: "open",
    PendingCancel: "open",
    PendingReplace: "open",
    Triggered: "open",
    Filled: "filled",
    Canceled: "canceled",
    Rejected: "rejected",
    Expired: "expired"
  } as const

  it("knows every status there is, and guesses at no other", () => {
    const first = orders[0]
    assert(first !== undefined)
    assert.deepStrictEqual([...BitMexTradingWire.OrderStatus.literals].toSorted(), Object.keys(statuses).toSorted())
    for (const ordStatus of BitMexTradingWire.OrderStatus.literals) {
      const { status } = BitMexOrderMapping.order(spot, unit(spot), { ...first, ordStatus })
      assert.strictEqual(status, statuses[ordStatus])
    }
    const row = { orderID: "1", symbol: "XBTUSD", side: "Buy", ordType: "Limit", cumQty: 1 }
    const decodes = (fields: object) =>
      Either.isRight(BitMexTradingEndpoints.placeOrder.decode({ ...row, ordStatus: "New", ...fields }))
    assert.isTrue(decodes({}))
    for (const ordStatus of ["Stopped", "new", "", null]) assert.isFalse(decodes({ ordStatus }), String(ordStatus))
    assert.isFalse(decodes({ side: "" }))
    assert.isFalse(decodes({ orderID: "" }))
    // Filled by how much?
    for (const ordStatus of ["Filled", "PartiallyFilled"]) {
      assert.isTrue(decodes({ ordStatus }))
      assert.isFalse(decodes({ ordStatus, cumQty: undefined }))
      assert.isFalse(decodes({ ordStatus, cumQty: 0 }))
    }
  })
})

describe("newOrder", () => {
  const encode = (fields: Partial<Parameters<typeof BitMexOrderMapping.newOrder>[0]>, quantity: string) =>
    Either.getOrThrow(BitMexTradingEndpoints.placeOrder.encode(BitMexOrderMapping.newOrder({
      market: linear,
      side: "buy",
      type: "limit",
      amount: Decimal.make("0.001"),
      price: Decimal.make("60000.1"),
      timeInForce: "GTC",
      postOnly: false,
      reduceOnly: false,
      clientOrderId: "mine",
      ...fields
    }, Decimal.make(quantity))))

  it("is written as the exchange reads it", () => {
    const common = { symbol: "XBTUSDT", side: "Buy", orderQty: 1000, clOrdID: "mine" }
    const limit = { ...common, ordType: "Limit", price: 60000.1 }
    const plain = JSON.parse(JSON.stringify(encode({}, "1000")))
    assert.deepStrictEqual(plain, { ...limit, timeInForce: "GoodTillCancel" })
    assert.deepInclude(encode({ timeInForce: "IOC" }, "1000"), { timeInForce: "ImmediateOrCancel" })
    assert.deepInclude(encode({ timeInForce: "FOK", side: "sell" }, "1"), { timeInForce: "FillOrKill", side: "Sell" })
    assert.deepInclude(encode({ postOnly: true }, "1000"), { execInst: "ParticipateDoNotInitiate" })
    assert.deepInclude(encode({ postOnly: true, reduceOnly: true }, "1000"), {
      execInst: "ParticipateDoNotInitiate,ReduceOnly"
    })
    const market = encode({ type: "market", price: undefined, timeInForce: "IOC", reduceOnly: true }, "1000")
    assert.deepStrictEqual(JSON.parse(JSON.stringify(market)), {
      ...common,
      ordType: "Market",
      execInst: "ReduceOnly"
    })
  })

  it("is refused rather than rounded to what a JSON number carries", () => {
    assert.throws(() => encode({ price: Decimal.make("0.12345678901234567") }, "1000"))
    assert.throws(() => encode({}, "9007199254740993"))
  })
})

describe("fill", () => {
  const rows = decode(BitMexTradingEndpoints.tradeHistory, json(fixture("execution_tradeHistory")))
  const fill = (index: number, market: Market.Market, units = BitMexMapping.minorUnits) => {
    const row = rows[index]
    assert(row !== undefined && "execID" in row)
    return BitMexOrderMapping.fill(market, unit(market), units, row)
  }

  it("reads price, amount and fee in whole coins, of the currency the fee was charged in", () => {
    const spotFill = fill(0, spot)
    assert(spotFill !== undefined)
    const { amount, fee, price, ...rest } = spotFill
    assert.deepStrictEqual([text(amount), text(fee), text(price)], ["0.0001", "0.00000005", "64020.5"])
    assert.deepStrictEqual(rest, {
      exchange: "bitmex",
      symbol: spot.symbol,
      id: "0b9a3d1c-0000-4000-a000-000000000001",
      orderId: "6f2d0c1e-4b7a-4c55-a1d3-1f0e5a9b7c01",
      clientOrderId: "spot-1",
      side: "buy",
      feeAsset: "BTC",
      liquidity: "taker",
      at: 1_787_220_853_344
    })
  })

  it("takes a rebate for a fee below zero, and the settlement currency where no other is named", () => {
    const rebate = fill(1, inverse)
    assert.deepStrictEqual(
      [text(rebate?.amount), text(rebate?.fee), rebate?.feeAsset, rebate?.liquidity, rebate?.clientOrderId],
      ["1000", "-0.00000310", "BTC", "maker", undefined]
    )
  })

  it("is none where it is not known what the fee is worth", () => {
    assert.isUndefined(fill(0, spot, new Map()))
  })

  it("is no payment of funding and no settlement; a trade that is not whole fails", () => {
    assert.deepStrictEqual(rows.map((row) => "execID" in row), [true, true, false, false])
    assert.isTrue(Either.isLeft(BitMexTradingEndpoints.tradeHistory.decode([{ execType: "Trade", execID: "1" }])))
  })
})

describe("position", () => {
  const positions = decode(BitMexTradingEndpoints.positions, json(fixture("position")))
  const position = (index: number, market: Market.Market, units = BitMexMapping.minorUnits) => {
    const row = positions[index]
    assert(row !== undefined)
    return BitMexOrderMapping.position(market, unit(market), units, row)
  }

  const printed = (found: ReturnType<typeof position>) => [
    found?.side,
    ...[
      found?.amount,
      found?.entryPrice,
      found?.markPrice,
      found?.liquidationPrice,
      found?.leverage,
      found?.unrealizedPnl
    ].map(text)
  ]

  it("reads sides, contracts or coins, and profit in the currency of settlement", () => {
    const short = ["short", "300", "64000.5", "64040.07", "98000.5", undefined, "-0.00000290"]
    assert.deepStrictEqual(printed(position(0, inverse)), short)
    const long = ["long", "0.025", "63000", "64040.07", undefined, "12.5", "26.001750"]
    assert.deepStrictEqual(printed(position(1, linear)), long)
    assert.isUndefined(position(0, inverse, new Map()))
  })
})
