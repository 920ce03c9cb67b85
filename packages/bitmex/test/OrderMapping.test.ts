import { Telemetry } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Metric } from "effect"
import { BitMex, BitMexEndpoints } from "../src/index.js"
import { scripted, shown } from "./scripted.js"
import { fixture, json } from "./utils.js"

const account = BitMex.Account

const unknownRowCount = (operation: string) =>
  Telemetry.unknownRows.pipe(
    Metric.tagged("exchange", "bitmex"),
    Metric.tagged("operation", operation),
    Metric.value,
    Effect.map(({ count }) => count)
  )

const rows = json(fixture("order"))

const [, openOrderRow] = Array.isArray(rows) ? rows : []

describe("open orders on several pages", () => {
  it.effect("are complete although other orders end between two pages", () =>
    Effect.gen(function*() {
      let open = Array.from({ length: 1200 }, (_, index) => ({ ...openOrderRow, orderID: `order ${index}` }))
      const page = (query: URLSearchParams) => {
        const start = Number(query.get("start"))
        const found = open.slice(start, start + Number(query.get("count")))
        open = open.slice(200)
        return found
      }
      const found = yield* scripted(
        { "/order": [page] },
        Effect.flatMap(account, (account) => account.openOrders("BTC/USDT:USDT"))
      )
      const ids = new Set(found.map(({ id }) => id))
      assert.deepStrictEqual(open.filter(({ orderID }) => !ids.has(orderID)), [])
    }))
})

describe("orders", () => {
  const find = (symbol: string, last: string) =>
    Effect.map(
      scripted(
        { "/order": [rows] },
        Effect.flatMap(account, (account) => account.order({ symbol, id: `6f2d0c1e-4b7a-4c55-a1d3-1f0e5a9b7${last}` }))
      ),
      shown
    )

  it.effect("of spot are in coins, and a market order leaves out the price the exchange assigned", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* find("BTC/USDT", "c01"), {
        exchange: "bitmex",
        symbol: "BTC/USDT",
        id: "6f2d0c1e-4b7a-4c55-a1d3-1f0e5a9b7c01",
        clientOrderId: "spot-1",
        side: "sell",
        type: "market",
        status: "filled",
        amount: "0.0001",
        filled: "0.0001",
        averagePrice: "64020.5",
        timeInForce: "IOC",
        postOnly: false,
        reduceOnly: false,
        createdAt: 1_787_220_853_344,
        updatedAt: 1_787_220_853_350
      })
    }))

  it.effect("have their instructions, partial fills of linear contracts and times, and no empty client order ids", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* find("BTC/USDT:USDT", "c02"), {
        exchange: "bitmex",
        symbol: "BTC/USDT:USDT",
        id: "6f2d0c1e-4b7a-4c55-a1d3-1f0e5a9b7c02",
        side: "buy",
        type: "limit",
        status: "open",
        price: "60000.1",
        amount: "0.005",
        filled: "0.002",
        averagePrice: "60000.1",
        timeInForce: "GTC",
        postOnly: true,
        reduceOnly: true,
        createdAt: 1_787_220_853_344,
        updatedAt: 1_787_220_913_344
      })
    }))

  it.effect("of inverse contracts are in contracts, and leave out what the row leaves out", () =>
    Effect.gen(function*() {
      const canceled = yield* find("BTC/USD:BTC", "c03")
      assert.deepInclude(canceled, { status: "canceled", amount: "300", filled: "0" })
      assert.notProperty(canceled, "averagePrice")
      const stop = yield* find("BTC/USD:BTC", "c04")
      assert.deepInclude(stop, { type: "other", status: "open", reduceOnly: true })
      for (const name of ["amount", "price", "timeInForce", "createdAt"]) assert.notProperty(stop, name)
    }))

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

  it("have every documented status, and do not decode with another", () => {
    const row = { orderID: "1", symbol: "XBTUSD", side: "Buy", ordType: "Limit", cumQty: 1 }
    const decode = (fields: object) => BitMexEndpoints.placeOrder.decode({ ...row, ordStatus: "New", ...fields })
    const decodes = (fields: object) => Either.isRight(decode(fields))
    for (const [ordStatus, status] of Object.entries(statuses)) {
      assert.strictEqual(Either.getOrThrow(decode({ ordStatus })).status, status)
    }
    assert.isTrue(decodes({}))
    for (const ordStatus of ["Stopped", "new", "", null, "constructor"]) {
      assert.isFalse(decodes({ ordStatus }), String(ordStatus))
    }
    assert.isFalse(decodes({ side: "" }))
    assert.isFalse(decodes({ orderID: "" }))
    // The filled amount is missing or zero.
    for (const ordStatus of ["Filled", "PartiallyFilled"]) {
      assert.isTrue(decodes({ ordStatus }))
      assert.isFalse(decodes({ ordStatus, cumQty: undefined }))
      assert.isFalse(decodes({ ordStatus, cumQty: 0 }))
    }
  })

  it.effect("with an unknown status are counted, and hide no other", () =>
    Effect.gen(function*() {
      const odd = { orderID: "odd", symbol: "XBTUSD", side: "Buy", ordType: "Limit", ordStatus: "Stopped" }
      const before = yield* unknownRowCount("openOrders")
      const found = yield* scripted(
        { "/order": [[odd, { ...odd, orderID: "even", ordStatus: "New" }]] },
        Effect.flatMap(account, (account) => account.openOrders("BTC/USD:BTC"))
      )
      assert.deepStrictEqual(found.map(({ id }) => id), ["even"])
      assert.isAtLeast((yield* unknownRowCount("openOrders")) - before, 1)
    }))

  it.effect("of a quanto contract are counted, as their amounts cannot be converted", () =>
    Effect.gen(function*() {
      const row = { orderID: "1", symbol: "ETHUSD", side: "Buy", ordType: "Limit", ordStatus: "New" }
      const before = yield* unknownRowCount("openOrders")
      const found = yield* scripted(
        { "/order": [[row, { ...row, orderID: "2", symbol: "XBTUSD" }]] },
        Effect.flatMap(account, (account) => account.openOrders())
      )
      assert.deepStrictEqual(found.map(({ id }) => id), ["2"])
      assert.isAtLeast((yield* unknownRowCount("openOrders")) - before, 1)
    }))
})

const execution = {
  execID: "1",
  orderID: "2",
  symbol: "XBTUSD",
  side: "Buy",
  lastQty: 100,
  lastPx: 60_000,
  execType: "Trade",
  transactTime: "2026-08-20T10:14:13.344Z"
}

const fillsOf = (symbol: string, history: unknown, assets: unknown = []) =>
  scripted(
    { "/execution/tradeHistory": [history], "/wallet/assets": [assets] },
    Effect.map(Effect.flatMap(account, (account) => account.fills(symbol)), (fills) => fills.map(shown))
  )

describe("fills", () => {
  const history = json(fixture("execution_tradeHistory"))
  const of = (symbol: string) =>
    Array.isArray(history)
      ? history.filter((row) => row.symbol === undefined || row.symbol === symbol)
      : assert.fail("no list")

  it.effect("have price, amount and fee in coins, with the currency the fee was charged in", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* fillsOf("BTC/USDT", of("XBT_USDT")), [{
        exchange: "bitmex",
        symbol: "BTC/USDT",
        id: "0b9a3d1c-0000-4000-a000-000000000001",
        orderId: "6f2d0c1e-4b7a-4c55-a1d3-1f0e5a9b7c01",
        clientOrderId: "spot-1",
        side: "buy",
        price: "64020.5",
        amount: "0.0001",
        fee: "0.00000005",
        feeAsset: "BTC",
        liquidity: "taker",
        at: 1_787_220_853_344
      }])
    }))

  it.effect("have a negative fee for a rebate, in the settlement currency if no other is named", () =>
    Effect.gen(function*() {
      // Payments of funding and settlements are not fills, and do not count as unknown rows.
      const fills = yield* fillsOf("BTC/USD:BTC", of("XBTUSD"))
      assert.deepStrictEqual(
        fills.map(({ amount, clientOrderId, fee, feeAsset, liquidity }) => [
          amount,
          fee,
          feeAsset,
          liquidity,
          clientOrderId
        ]),
        [["1000", "-0.00000310", "BTC", "maker", undefined]]
      )
      const { rows, unknown } = Either.getOrThrow(BitMexEndpoints.tradeHistory.decode(history))
      assert.deepStrictEqual([rows.length, unknown], [4, []])
    }))

  it.effect("with a fee in an unknown unit or of a fraction of it are counted, and hide no other", () =>
    Effect.gen(function*() {
      const before = yield* unknownRowCount("fills")
      const fills = yield* fillsOf("BTC/USD:BTC", [
        { ...execution, execID: "obscure", execComm: 5, execCommCcy: "NEWc" },
        { ...execution, execID: "nowhere", execComm: 5 },
        { execType: "Trade", execID: "broken" },
        { ...execution, execID: "half", execComm: 0.5, execCommCcy: "XBt" },
        { ...execution, execID: "free" }
      ])
      assert.deepStrictEqual(fills.map(({ fee, feeAsset, id }) => [id, fee, feeAsset]), [
        ["free", undefined, undefined]
      ])
      assert.isAtLeast((yield* unknownRowCount("fills")) - before, 4)
    }))

  it.effect("request the scale of an unknown unit", () =>
    Effect.gen(function*() {
      const row = { ...execution, execComm: 1500, execCommCcy: "NEWc" }
      const fills = yield* fillsOf("BTC/USD:BTC", [row], json(fixture("wallet_assets")))
      assert.deepStrictEqual(fills.map(({ fee, feeAsset }) => [fee, feeAsset]), [["1.500", "NEW"]])
    }))
})

describe("positions", () => {
  const positionsOf = (rows: unknown) =>
    scripted(
      { "/position": [rows], "/wallet/assets": [[]] },
      Effect.map(Effect.flatMap(account, ({ positions }) => positions), (all) => all.map(shown))
    )

  it.effect("have sides, amounts in contracts or coins, and profit in the settlement currency", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* positionsOf(json(fixture("position"))), [
        {
          exchange: "bitmex",
          symbol: "BTC/USD:BTC",
          side: "short",
          amount: "300",
          entryPrice: "64000.5",
          markPrice: "64040.07",
          liquidationPrice: "98000.5",
          unrealizedPnl: "-0.00000290"
        },
        {
          exchange: "bitmex",
          symbol: "BTC/USDT:USDT",
          side: "long",
          amount: "0.025",
          entryPrice: "63000",
          markPrice: "64040.07",
          leverage: "12.5",
          unrealizedPnl: "26.001750"
        }
      ])
    }))

  it.effect("with a profit in an unknown unit are counted, and hide no other", () =>
    Effect.gen(function*() {
      const before = yield* unknownRowCount("positions")
      const row = { symbol: "XBTUSD", currency: "NEWc", currentQty: 100 }
      const found = yield* positionsOf([{ ...row, unrealisedPnl: 5 }, row])
      assert.deepStrictEqual(found, [{ exchange: "bitmex", symbol: "BTC/USD:BTC", side: "long", amount: "100" }])
      assert.isAtLeast((yield* unknownRowCount("positions")) - before, 1)
    }))
})
