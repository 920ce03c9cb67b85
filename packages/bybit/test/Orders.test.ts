import { Fill, Order, Position, Telemetry } from "@effect-exchange/core"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric, Schema } from "effect"
import { Bybit } from "../src/index.js"
import { answering, elapsing, page } from "./support.js"
import { envelope, fixture, json, result, text } from "./utils.js"

const symbol = { spot: "BTC/USDT", linear: "BTC/USDT:USDT", inverse: "BTC/USD:BTC" } as const

const is = { order: Schema.is(Order.Order), fill: Schema.is(Fill.Fill), position: Schema.is(Position.Position) }

/** The number of fills that were counted as unknown. */
const unknownRowCount = Effect.map(
  Metric.value(Telemetry.unknownRows.pipe(Metric.tagged("exchange", "bybit"), Metric.tagged("operation", "fills"))),
  ({ count }) => count
)

const rowsOf = (name: string) => Schema.decodeUnknownSync(Schema.Array(Schema.Object))(result(name)["list"])

describe("orders", () => {
  const openOrders = (rows: ReadonlyArray<object>, of: string = symbol.linear) =>
    answering(
      { "order/realtime": () => page(rows.map((row) => ({ symbol: "BTCUSDT", ...row }))) },
      Effect.flatMap(Bybit.Account, ({ openOrders }) => openOrders(of))
    )
  const [open, postOnly, conditional] = rowsOf("get_order_realtime").map((row) => ({ ...row, symbol: "BTCUSDT" }))

  it.effect("that are open are decoded", () =>
    Effect.gen(function*() {
      const orders = yield* openOrders([open, postOnly, conditional].map((row) => ({ ...row })))
      for (const order of orders) assert.isTrue(is.order(order))
      const [first, second, third] = orders
      assert(first !== undefined && second !== undefined && third !== undefined)
      assert.deepStrictEqual(
        { ...first, price: text(first.price), amount: text(first.amount), filled: text(first.filled) },
        {
          exchange: "bybit",
          symbol: first.symbol,
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
      // An id of 19 digits, the last of which a JavaScript number would lose.
      assert.strictEqual(second.id, "1523347543495541248")
      assert.deepInclude(second, { status: "open", side: "sell", timeInForce: "GTC", postOnly: true })
      assert.isUndefined(second.clientOrderId)
      assert.deepStrictEqual([text(second.filled), text(second.averagePrice)], ["0.04", "1600.25"])
      assert.deepInclude(third, { status: "pending", type: "other", timeInForce: "IOC", reduceOnly: true })
      assert.isUndefined(third.price)
    }))

  it.effect("that have ended are decoded", () =>
    answering(
      {
        "order/realtime": () => page([]),
        "order/history": ({ query }) => query.has("cursor") ? page([]) : json(fixture("get_order_history"))
      },
      Effect.gen(function*() {
        const orders = yield* Effect.flatMap(Bybit.Account, ({ orderHistory }) => orderHistory(symbol.spot))
        for (const order of orders) assert.isTrue(is.order(order))
        assert.deepStrictEqual(
          orders.toReversed().map(({ amount, averagePrice, filled, id, price, status, timeInForce, type }) => [
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
            // Sized in the quote coin, so its amount is not known. The price that Bybit assigned is left out.
            ["a2", "market", "filled", "IOC", undefined, undefined, "0.0016", "60000.5"],
            ["a3", "market", "filled", "IOC", undefined, "0.0016", "0.0016", "60000.5"],
            ["a4", "limit", "canceled", "IOC", "1600.00", "0.10", "0.05", undefined],
            ["a5", "limit", "rejected", "FOK", "1600.00", "0.10", "0.00", undefined],
            ["a6", "other", "canceled", undefined, "1600.00", "0.10", "0.00", undefined]
          ]
        )
        assert.isUndefined(orders.find(({ id }) => id === "a5")?.updatedAt)
      })
    ))

  it.effect("to buy at market on spot have no amount if their unit is unspecified; others have one", () =>
    Effect.gen(function*() {
      const amountOf = (row: object, of: string) =>
        Effect.map(
          openOrders([{ ...open, orderType: "Market", marketUnit: "", ...row }], of),
          ([order]) => order?.amount
        )
      assert.isUndefined(yield* amountOf({ side: "Buy" }, symbol.spot))
      // Conditional orders have no unit.
      assert.isUndefined(yield* amountOf({ side: "Buy", stopOrderType: "tpslOrder" }, symbol.spot))
      assert.isDefined(yield* amountOf({ side: "Sell" }, symbol.spot))
      assert.isDefined(yield* amountOf({ side: "Buy", marketUnit: "baseCoin" }, symbol.spot))
      assert.isDefined(yield* amountOf({ side: "Buy" }, symbol.linear))
    }))

  it.effect("that cannot be decoded are left out, and hide no other", () =>
    Effect.gen(function*() {
      for (
        const wrong of [
          { orderStatus: "Created" },
          { orderStatus: "" },
          { side: "" },
          { cumExecQty: "" },
          { cumExecQty: 0 },
          { qty: null },
          { orderId: "" },
          { createdTime: "" },
          { price: "1e50" },
          { avgPrice: 1600.25 }
        ]
      ) {
        const orders = yield* openOrders([{ ...open, ...wrong }, { ...postOnly }])
        assert.deepStrictEqual(orders.map(({ id }) => id), ["1523347543495541248"], JSON.stringify(wrong))
      }
    }))
})

describe("request to place an order", () => {
  const body = (change: object) =>
    answering(
      {
        "order/create": () => envelope({ orderId: "1", orderLinkId: "" }),
        "order/realtime": () => page([])
      },
      Effect.gen(function*() {
        const { place } = yield* Bybit.Trading
        yield* elapsing(Effect.either(place({
          type: "limit",
          symbol: symbol.spot,
          side: "buy",
          amount: "0.00100000",
          price: "60000.00",
          clientOrderId: "mine-1",
          ...change
        })))
        const requests = yield* Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests)
        const sent = json(requests.find(({ url }) => url.endsWith("/v5/order/create"))?.body ?? "")
        return Schema.decodeUnknownSync(Schema.Record({ key: Schema.String, value: Schema.Unknown }))(sent)
      })
    )

  const limit = {
    category: "spot",
    symbol: "BTCUSDT",
    side: "Buy",
    orderType: "Limit",
    qty: "0.001",
    price: "60000",
    timeInForce: "GTC",
    orderLinkId: "mine-1"
  }

  it.effect("has no trailing zeros", () => Effect.map(body({}), (sent) => assert.deepStrictEqual(sent, limit)))

  it.effect("has the unit of the base coin for a market order on spot only", () =>
    Effect.gen(function*() {
      const given = { type: "market", price: undefined }
      const market = yield* body(given)
      assert.deepInclude(market, { orderType: "Market", marketUnit: "baseCoin", timeInForce: "IOC" })
      assert.notProperty(market, "price")
      for (const  of of[symbol.linear, symbol.inverse]) {
        assert.notProperty(yield* body({ ...given, symbol: of, amount: "10" }), "marketUnit")
      }
    }))

  it.effect("has post-only as its time in force, and reduce-only if requested", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* body({ postOnly: true }), { ...limit, timeInForce: "PostOnly" })
      for (const timeInForce of ["IOC", "FOK"] as const) {
        assert.deepStrictEqual(yield* body({ timeInForce }), { ...limit, timeInForce })
      }
      assert.deepStrictEqual(yield* body({ symbol: symbol.linear, reduceOnly: true, side: "sell" }), {
        ...limit,
        category: "linear",
        side: "Sell",
        reduceOnly: true
      })
    }))
})

describe("fills", () => {
  const rows = rowsOf("get_execution_list")
  const fillsOf = (rows: ReadonlyArray<object>, of: string = symbol.linear) =>
    answering(
      {
        "execution/list": () =>
          page(rows.map((row) => ({ ...row, symbol: of === symbol.inverse ? "BTCUSD" : "BTCUSDT" })))
      },
      Effect.flatMap(Bybit.Account, ({ fills }) => fills(of))
    )
  const [plain] = rows
  const trade = { ...plain, execType: "Trade" }

  it.effect("have their fee in the named coin or else in the settlement coin, and a rebate is negative", () =>
    Effect.gen(function*() {
      const fills = yield* fillsOf(rows)
      for (const each of fills) assert.isTrue(is.fill(each))
      const first = fills.find(({ id }) => id === "e0cbe81d-0f18-5866-9415-cf319b5dab3b")
      const second = fills.find(({ id }) => id === "e2")
      assert.deepStrictEqual(
        { ...first, price: text(first?.price), amount: text(first?.amount), fee: text(first?.fee) },
        {
          exchange: "bybit",
          symbol: first?.symbol,
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
      const feeIn = (row: object, of: string) =>
        Effect.map(fillsOf([{ ...trade, ...row }], of), ([fill]) => fill?.feeAsset)
      assert.strictEqual(yield* feeIn({ feeCurrency: "BTC" }, symbol.spot), "BTC")
      assert.strictEqual(yield* feeIn({}, symbol.inverse), "BTC")
      assert.isUndefined(yield* feeIn({}, symbol.spot))
    }))

  it.effect("include liquidations and deleveraging, and leave out funding and settlement", () =>
    Effect.gen(function*() {
      const counted = (execType: string) => Effect.map(fillsOf([{ ...trade, execType }]), ({ length }) => length)
      for (const type of ["Trade", "AdlTrade", "BustTrade", "BlockTrade", "MovePosition", "FutureSpread"]) {
        assert.strictEqual(yield* counted(type), 1, type)
      }
      const before = yield* unknownRowCount
      const others = "Funding Delivery Settle CorporateAction ForwardSplitSettle ReverseSplitSettle Dividend".split(" ")
      for (const type of others) assert.strictEqual(yield* counted(type), 0, type)
      assert.strictEqual(yield* unknownRowCount, before)
    }))

  it.effect("that cannot be decoded hide no other", () =>
    Effect.gen(function*() {
      for (const wrong of [{ execPrice: "" }, { execQty: 1 }, { execId: "" }, { side: "None" }, { execTime: "now" }]) {
        const fills = yield* fillsOf([{ ...trade, ...wrong }, { ...trade, execId: "other" }])
        assert.deepStrictEqual(fills.map(({ id }) => id), ["other"], JSON.stringify(wrong))
      }
    }))
})

describe("positions", () => {
  it.effect("are decoded, and leave out empty values", () =>
    answering(
      {
        "position/list": ({ query }) =>
          query.get("settleCoin") === "USDT" ? json(fixture("get_position_list")) : page([])
      },
      Effect.gen(function*() {
        const [long, short] = yield* Effect.flatMap(Bybit.Account, ({ positions }) => positions)
        assert(long !== undefined && short !== undefined)
        assert.isTrue(is.position(long) && is.position(short))
        const printed = ({ amount, entryPrice, leverage, liquidationPrice, markPrice, unrealizedPnl }: typeof long) =>
          [amount, entryPrice, markPrice, liquidationPrice, leverage, unrealizedPnl].map(text)
        assert.strictEqual(long.side, "long")
        assert.deepStrictEqual(printed(long), ["0.010", "64000.5", "64100.25", undefined, "10", "-0.9975"])
        assert.strictEqual(short.side, "short")
        assert.deepStrictEqual(printed(short), ["1.5", "64000.5", "64100.25", "70000.1", undefined, undefined])
      })
    ))
})
