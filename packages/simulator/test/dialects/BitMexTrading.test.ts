import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, TestClock } from "effect"
import { Faults, Simulator } from "../../src/index.js"
import { ask, bitmex, field, noon, rows } from "../utils.js"

const start = (options?: Simulator.Options) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(noon)
    const simulator = yield* Simulator.make("bitmex", options)
    for (const market of ["XBTUSD", "XBTUSDT", "XBT_USDT"]) yield* simulator.setPrice(market, "60000")
    return simulator
  })

const demo = Simulator.credentials("bitmex")

type Fields = Readonly<Record<string, unknown>>

const send = (
  simulator: Simulator.Simulator,
  method: string,
  path: string,
  body: Fields | string | undefined,
  credentials = demo
) =>
  Effect.gen(function*() {
    const expires = Math.floor((yield* Clock.currentTimeMillis) / 1000) + 30
    const target = `/api/v1${path}`
    const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body)
    const { headers } = bitmex(target, expires, credentials, method, text)
    return yield* ask(simulator, target, { method, headers, body: new TextEncoder().encode(text) })
  })

const get = (simulator: Simulator.Simulator, path: string, fields: Readonly<Record<string, string>> = {}) => {
  const query = new URLSearchParams(fields).toString()
  return send(simulator, "GET", query === "" ? path : `${path}?${query}`, undefined)
}

const place = (simulator: Simulator.Simulator, fields: Fields) => send(simulator, "POST", "/order", fields)

const limit = (fields: Fields = {}): Fields => ({
  symbol: "XBTUSDT",
  side: "Buy",
  ordType: "Limit",
  orderQty: 10_000,
  price: 50_000,
  ...fields
})

const message = (body: unknown) => field(field(body, "error"), "message")

const found = (simulator: Simulator.Simulator, filter: Fields) =>
  Effect.map(get(simulator, "/order", { filter: JSON.stringify(filter) }), ({ json }) => rows(json))

const margin = (simulator: Simulator.Simulator, currency: string) =>
  Effect.map(get(simulator, "/user/margin", { currency }), ({ json }) => json)

describe("BitMEX trading", () => {
  describe("placing", () => {
    it.effect("rests a limit order and returns all its fields", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const { json, status } = yield* place(simulator, limit({ clOrdID: "first" }))
        assert.strictEqual(status, 200)
        assert.match(String(field(json, "orderID")), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
        assert.deepStrictEqual(json, {
          orderID: field(json, "orderID"),
          clOrdID: "first",
          account: 395_724,
          symbol: "XBTUSDT",
          side: "Buy",
          orderQty: 10_000,
          price: 50_000,
          currency: "USDT",
          settlCurrency: "USDt",
          ordType: "Limit",
          timeInForce: "GoodTillCancel",
          execInst: "",
          ordStatus: "New",
          workingIndicator: true,
          leavesQty: 10_000,
          cumQty: 0,
          text: "Submitted via API.",
          transactTime: "2024-11-25T12:00:00.000Z",
          timestamp: "2024-11-25T12:00:00.000Z"
        })
        assert.isBelow(Number(field(yield* margin(simulator, "USDt"), "availableMargin")), 25_000_500_000)
      }))

    it.effect("fills a market order of inverse contracts, whose position is valued in bitcoin", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const order = { symbol: "XBTUSD", side: "Sell", ordType: "Market", orderQty: 300, clOrdID: "short" }
        const { json } = yield* place(simulator, order)
        assert.deepInclude(json, {
          ordStatus: "Filled",
          cumQty: 300,
          leavesQty: 0,
          timeInForce: "ImmediateOrCancel",
          settlCurrency: "XBt"
        })
        const [position] = rows((yield* get(simulator, "/position", { filter: "{\"isOpen\":true}" })).json)
        assert.deepInclude(position, { symbol: "XBTUSD", currentQty: -300, currency: "XBt", isOpen: true })
        assert.closeTo(Number(position?.["avgEntryPrice"]), Number(field(json, "avgPx")), 0.1)
        yield* TestClock.adjust("2 seconds")
        yield* simulator.setPrice("XBTUSD", "30000")
        const [later] = rows((yield* get(simulator, "/position")).json)
        // At half the price, 300 dollars of bitcoin are worth twice as many coins.
        assert.closeTo(Number(later?.["unrealisedPnl"]), 500_000, 5000)
        assert.strictEqual(field(yield* margin(simulator, "XBt"), "unrealisedPnl"), later?.["unrealisedPnl"])
      }))

    it.effect("fills spot orders in minor units of the base coin", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const before = Number(field(yield* margin(simulator, "XBt"), "walletBalance"))
        const order = { symbol: "XBT_USDT", side: "Buy", ordType: "Market", orderQty: 100_000 }
        assert.deepInclude((yield* place(simulator, order)).json, { ordStatus: "Filled", cumQty: 100_000 })
        assert.strictEqual(field(yield* margin(simulator, "XBt"), "walletBalance"), before + 100_000 - 50)
      }))

    it.effect("accepts a sign instead of a side, text instead of a number and a form instead of JSON", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const signed = yield* place(simulator, { symbol: "XBTUSDT", orderQty: -10_000, price: "70000" })
        assert.deepInclude(signed.json, { side: "Sell", orderQty: 10_000, price: 70_000, ordType: "Limit" })
        const form = yield* send(simulator, "POST", "/order", "symbol=XBTUSDT&side=Buy&orderQty=10000&price=50000.1")
        assert.deepInclude(form.json, { side: "Buy", price: 50_000.1, ordStatus: "New" })
      }))

    it.effect("cancels a post-only order that would take, with status 200", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const maker = limit({ execInst: "ParticipateDoNotInitiate", clOrdID: "maker", price: 70_000 })
        const { json, status } = yield* place(simulator, maker)
        assert.strictEqual(status, 200)
        assert.deepInclude(json, { ordStatus: "Canceled", leavesQty: 0, cumQty: 0, workingIndicator: false })
        assert.include(String(field(json, "text")), "Order had execInst of ParticipateDoNotInitiate")
        const rests = yield* place(simulator, limit({ execInst: "ParticipateDoNotInitiate" }))
        assert.deepInclude(rests.json, { ordStatus: "New", execInst: "ParticipateDoNotInitiate" })
      }))

    it.effect("cancels IOC and FOK orders that cannot be filled immediately", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        for (const timeInForce of ["ImmediateOrCancel", "FillOrKill"]) {
          assert.deepInclude((yield* place(simulator, limit({ timeInForce }))).json, {
            ordStatus: "Canceled",
            timeInForce,
            cumQty: 0
          })
        }
        const near = yield* place(simulator, limit({ timeInForce: "FillOrKill", price: 61_000, orderQty: 1000 }))
        assert.deepInclude(near.json, { ordStatus: "Filled", cumQty: 1000 })
      }))

    it.effect("reduces a position only, and rejects a reduce-only order without one with status 200", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const reduce = { symbol: "XBTUSDT", side: "Sell", ordType: "Market", orderQty: 1000, execInst: "ReduceOnly" }
        const nothing = yield* place(simulator, { ...reduce, clOrdID: "nothing" })
        assert.strictEqual(nothing.status, 200)
        assert.deepInclude(nothing.json, { ordStatus: "Rejected", clOrdID: "nothing", cumQty: 0 })
        assert.isString(field(nothing.json, "ordRejReason"))
        assert.deepStrictEqual(yield* found(simulator, { clOrdID: "nothing" }), [])
        yield* place(simulator, { symbol: "XBTUSDT", side: "Buy", ordType: "Market", orderQty: 3000 })
        assert.deepInclude((yield* place(simulator, reduce)).json, { ordStatus: "Filled", cumQty: 1000 })
        const close = yield* place(simulator, { symbol: "XBTUSDT", ordType: "Market", execInst: "Close" })
        assert.deepInclude(close.json, { ordStatus: "Filled", side: "Sell", cumQty: 2000, execInst: "ReduceOnly" })
        assert.deepStrictEqual((yield* get(simulator, "/position", { filter: "{\"isOpen\":true}" })).json, [])
      }))
  })

  describe("rejections", () => {
    const cases: ReadonlyArray<readonly [name: string, fields: Fields, message: string]> = [
      ["no symbol", { ...limit(), symbol: undefined }, "'symbol' is a required arg."],
      ["an unknown symbol", limit({ symbol: "NOPE" }), "Invalid symbol"],
      ["a settled contract", limit({ symbol: "XBTH25" }), "Invalid symbol"],
      ["an invalid side", limit({ side: "buy" }), "Invalid side"],
      ["a stop order", limit({ ordType: "StopLimit", stopPx: 1 }), "Invalid ordType"],
      ["an invalid time in force", limit({ timeInForce: "GTC" }), "Invalid timeInForce"],
      ["an invalid instruction", limit({ execInst: "Fixed" }), "Invalid execInst"],
      ["no quantity", { ...limit(), orderQty: undefined }, "'orderQty' is a required arg."],
      ["a quantity of zero", limit({ orderQty: 0 }), "Invalid orderQty"],
      ["a quantity off the lot size", limit({ orderQty: 500 }), "Invalid orderQty"],
      ["a fractional quantity", limit({ orderQty: 1000.5 }), "Invalid orderQty"],
      ["too many contracts", limit({ orderQty: 10_001_000 }), "Invalid orderQty"],
      ["no price", { ...limit(), price: undefined }, "Invalid price"],
      ["a price of zero", limit({ price: 0 }), "Invalid price"],
      ["a price off the tick", limit({ price: 50_000.05 }), "Invalid price tickSize"],
      ["a price beyond the largest", limit({ price: 1_000_000.1 }), "Invalid price"],
      ["a long id", limit({ clOrdID: "x".repeat(37) }), "Invalid clOrdID"],
      ["reducing on spot", limit({ symbol: "XBT_USDT", execInst: "ReduceOnly" }), "Invalid execInst for instrument"],
      [
        "an amount beyond the free balance",
        limit({ symbol: "XBT_USDT", orderQty: 100_000_000 }),
        "Account has insufficient Available Balance"
      ]
    ]
    it.effect.each(cases)("%s", ([, fields, text]) =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const answer = yield* place(simulator, fields)
        assert.strictEqual(answer.status, 400)
        assert.include(String(message(answer.json)), text)
        assert.deepStrictEqual((yield* get(simulator, "/order")).json, [])
      }))

    it.effect("a body that is not valid JSON", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* send(yield* start(), "POST", "/order", "[1,2")).status, 400)
      }))

    it.effect("requests without a key and with a read-only key", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const reader = Simulator.credentials("bitmex", "read")
        const anonymous = yield* ask(simulator, "/api/v1/order", { method: "POST" })
        assert.deepStrictEqual([anonymous.status, message(anonymous.json)], [401, "Authorization Required"])
        for (const [method, path] of [["POST", ""], ["PUT", ""], ["DELETE", ""], ["DELETE", "/all"]] as const) {
          const answer = yield* send(simulator, method, `/order${path}`, limit(), reader)
          assert.deepStrictEqual([answer.status, message(answer.json)], [403, "Access Denied"])
        }
        assert.strictEqual((yield* send(simulator, "GET", "/order", undefined, reader)).status, 200)
      }))

    it.effect("a client order id that was used before", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const order = { symbol: "XBT_USDT", side: "Buy", ordType: "Market", orderQty: 100_000, clOrdID: "once" }
        assert.deepInclude((yield* place(simulator, order)).json, { ordStatus: "Filled" })
        const again = yield* place(simulator, order)
        assert.deepStrictEqual([again.status, again.json], [
          400,
          { error: { message: "Duplicate clOrdID", name: "HTTPError" } }
        ])
      }))

    it.effect("the 201st open order of a contract", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        for (let count = 0; count < 200; count++) {
          yield* TestClock.adjust("1 seconds")
          const price = 30_000 + count
          assert.strictEqual((yield* place(simulator, limit({ orderQty: 1000, price }))).status, 200)
        }
        yield* TestClock.adjust("1 seconds")
        const refused = yield* place(simulator, limit({ orderQty: 1000 }))
        assert.deepStrictEqual([refused.status, message(refused.json)], [400, "Too many open orders"])
        assert.strictEqual((yield* place(simulator, limit({ symbol: "ETHUSDT", price: 1000 }))).status, 200)
      }))
  })

  describe("amending", () => {
    it.effect("changes price and quantity and keeps the ids", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const placed = yield* place(simulator, limit({ clOrdID: "first" }))
        const orderID = field(placed.json, "orderID")
        yield* TestClock.adjust("1 seconds")
        const amended = yield* send(simulator, "PUT", "/order", { orderID, price: 51_000 })
        assert.deepInclude(amended.json, {
          orderID,
          clOrdID: "first",
          price: 51_000,
          orderQty: 10_000,
          timestamp: "2024-11-25T12:00:01.000Z"
        })
        const smaller = yield* send(simulator, "PUT", "/order", { origClOrdID: "first", orderQty: 4000 })
        assert.deepInclude(smaller.json, { price: 51_000, orderQty: 4000, leavesQty: 4000 })
        const left = yield* send(simulator, "PUT", "/order", { origClOrdID: "first", leavesQty: 6000 })
        assert.deepInclude(left.json, { orderQty: 6000 })
      }))

    it.effect("is rejected if it changes nothing, is invalid or the order is closed", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* place(simulator, limit({ clOrdID: "first" }))
        const amend = (fields: Fields) =>
          Effect.map(
            send(simulator, "PUT", "/order", { origClOrdID: "first", ...fields }),
            ({ json, status }) => [status, message(json)]
          )
        const unchanged = "Invalid amend: orderQty, leavesQty, price, stopPx unchanged"
        assert.deepStrictEqual(yield* amend({ price: 50_000 }), [400, unchanged])
        assert.deepStrictEqual(yield* amend({ price: 50_000.05 }), [400, "Invalid price tickSize"])
        assert.deepStrictEqual(yield* amend({ orderQty: 1500 }), [400, "Invalid orderQty"])
        assert.deepStrictEqual(yield* amend({ price: 1, clOrdID: "other" }), [400, "Invalid clOrdID"])
        assert.deepStrictEqual(yield* amend({ origClOrdID: "unknown", price: 1 }), [404, "Not Found"])
        assert.deepStrictEqual(yield* amend({ orderID: "unknown", price: 1 }), [400, "Invalid orderID"])
        yield* send(simulator, "DELETE", "/order", { clOrdID: "first" })
        assert.deepStrictEqual(yield* amend({ price: 51_000 }), [400, "Invalid ordStatus"])
      }))
  })

  describe("canceling", () => {
    it.effect("returns a list with an error for each order that could not be canceled", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* place(simulator, limit({ clOrdID: "a" }))
        const second = yield* place(simulator, limit({ clOrdID: "b" }))
        yield* place(simulator, { symbol: "XBT_USDT", side: "Buy", ordType: "Market", orderQty: 100_000, clOrdID: "c" })
        const one = yield* send(simulator, "DELETE", "/order", { orderID: field(second.json, "orderID") })
        assert.deepInclude(rows(one.json)[0], {
          clOrdID: "b",
          ordStatus: "Canceled",
          leavesQty: 0,
          text: "Canceled: Canceled via API.\nSubmitted via API."
        })
        const three = yield* send(simulator, "DELETE", "/order", { clOrdID: ["a", "b", "c", "d"] })
        assert.strictEqual(three.status, 200)
        assert.deepStrictEqual(rows(three.json).map((row) => [row["clOrdID"], row["ordStatus"], row["error"]]), [
          ["a", "Canceled", undefined],
          ["b", "Canceled", "Unable to cancel order due to existing state: Canceled"],
          ["c", "Filled", "Unable to cancel order due to existing state: Filled"],
          ["d", undefined, "Not Found"]
        ])
        assert.strictEqual(field(yield* margin(simulator, "USDt"), "initMargin"), 1_000_000_000)
      }))

    it.effect("fails for unknown, invalid and missing ids", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const cancel = (fields: Fields) =>
          Effect.map(send(simulator, "DELETE", "/order", fields), ({ json, status }) => [status, message(json)])
        assert.deepStrictEqual(yield* cancel({ clOrdID: "unknown" }), [404, "Not Found"])
        assert.deepStrictEqual(yield* cancel({ orderID: "550e8400-e29b-41d4-a716-446655440001" }), [404, "Not Found"])
        assert.deepStrictEqual(yield* cancel({ orderID: "1" }), [400, "Invalid orderID"])
        assert.deepStrictEqual(yield* cancel({}), [400, "'orderID' is a required arg."])
      }))

    it.effect("cancels all orders, those of a symbol, or those that match a filter", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* place(simulator, limit({ clOrdID: "a" }))
        yield* place(simulator, limit({ clOrdID: "b", side: "Sell", price: 70_000 }))
        yield* place(simulator, limit({ clOrdID: "c", symbol: "ETHUSDT", price: 1000 }))
        const all = (fields: Fields | undefined) =>
          Effect.map(
            send(simulator, "DELETE", "/order/all", fields),
            ({ json }) => rows(json).map((row) => row["clOrdID"])
          )
        assert.deepStrictEqual(yield* all({ symbol: "XBTUSDT", filter: { side: "Sell" } }), ["b"])
        assert.deepStrictEqual(yield* all({ symbol: "XBTUSDT" }), ["a"])
        assert.deepStrictEqual(yield* all(undefined), ["c"])
        assert.deepStrictEqual(yield* all(undefined), [])
      }))
  })

  describe("order state", () => {
    it.effect("each execution contains the state of the order at that time", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const orderID = String(field((yield* place(simulator, limit())).json, "orderID"))
        yield* simulator.fill(orderID, "0.004")
        yield* TestClock.adjust("2 seconds")
        yield* simulator.fill(orderID)
        const fills = rows((yield* get(simulator, "/execution/tradeHistory", { symbol: "XBTUSDT" })).json)
        assert.deepStrictEqual(
          fills.map(({ cumQty, lastQty, leavesQty, ordStatus }) => [lastQty, cumQty, leavesQty, ordStatus]),
          [
            [4000, 4000, 6000, "PartiallyFilled"],
            [6000, 10_000, 0, "Filled"]
          ]
        )
      }))

    it.effect("an order is filled as maker when the price reaches it", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const placed = yield* place(simulator, limit({ clOrdID: "first" }))
        yield* TestClock.adjust("2 seconds")
        yield* simulator.setPrice("XBTUSDT", "49000")
        const [order] = yield* found(simulator, { clOrdID: "first" })
        assert.deepInclude(order, { ordStatus: "Filled", cumQty: 10_000, avgPx: 50_000, leavesQty: 0 })
        const fills = rows((yield* get(simulator, "/execution/tradeHistory", { symbol: "XBTUSDT" })).json)
        assert.strictEqual(fills.length, 1)
        assert.deepInclude(fills[0], {
          orderID: field(placed.json, "orderID"),
          clOrdID: "first",
          execType: "Trade",
          lastQty: 10_000,
          lastPx: 50_000,
          lastLiquidityInd: "AddedLiquidity",
          execCost: 500_000_000,
          execComm: 250_000,
          execCommCcy: "USDt",
          settlCurrency: "USDt",
          homeNotional: 0.01,
          foreignNotional: -500,
          timestamp: "2024-11-25T12:00:02.000Z"
        })
        const [position] = rows((yield* get(simulator, "/position")).json)
        assert.deepInclude(position, { currentQty: 10_000, avgEntryPrice: 50_000, unrealisedPnl: -10_000_000 })
      }))

    it.effect("orders are found by id, state and time, newest first when reversed", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        for (const clOrdID of ["a", "b", "c"]) {
          yield* place(simulator, limit({ clOrdID }))
          yield* TestClock.adjust("1 seconds")
        }
        yield* send(simulator, "DELETE", "/order", { clOrdID: "b" })
        const ids = (orders: ReadonlyArray<Readonly<Record<string, unknown>>>) => orders.map((row) => row["clOrdID"])
        const [first] = yield* found(simulator, { clOrdID: "a" })
        assert.deepStrictEqual(ids(yield* found(simulator, { orderID: first?.["orderID"] })), ["a"])
        assert.deepStrictEqual(ids(yield* found(simulator, { open: true })), ["a", "c"])
        assert.deepStrictEqual(ids(yield* found(simulator, { open: false })), ["b"])
        assert.deepStrictEqual(ids(yield* found(simulator, { ordStatus: ["Canceled", "Filled"] })), ["b"])
        assert.deepStrictEqual(yield* found(simulator, { clOrdID: "unknown" }), [])
        assert.notProperty(first, "open")
        const newest = yield* get(simulator, "/order", { symbol: "XBTUSDT", reverse: "true", count: "2" })
        assert.deepStrictEqual(ids(rows(newest.json)), ["c", "b"])
        const late = yield* get(simulator, "/order", { startTime: "2024-11-25T12:00:02.000Z" })
        assert.deepStrictEqual(ids(rows(late.json)), ["b", "c"])
      }))

    it.effect("an order is found only after the order lag, but can be canceled immediately", () =>
      Effect.gen(function*() {
        const simulator = yield* start({ faults: Faults.make({ orderLag: "2 seconds" }) })
        yield* place(simulator, limit({ clOrdID: "late" }))
        assert.deepStrictEqual(yield* found(simulator, { clOrdID: "late" }), [])
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual((yield* found(simulator, { clOrdID: "late" })).length, 1)
        yield* place(simulator, limit({ clOrdID: "later" }))
        const canceled = yield* send(simulator, "DELETE", "/order", { clOrdID: "later" })
        assert.deepInclude(rows(canceled.json)[0], { ordStatus: "Canceled" })
      }))
  })

  it.effect("limits order requests per second too", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const cancel = send(simulator, "DELETE", "/order/all", undefined)
      const first = yield* cancel
      assert.strictEqual(first.headers["x-ratelimit-limit-1s"], "10")
      assert.strictEqual(first.headers["x-ratelimit-remaining-1s"], "9")
      assert.strictEqual(first.headers["x-ratelimit-remaining"], "119")
      for (let count = 1; count < 10; count++) assert.strictEqual((yield* cancel).status, 200)
      const refused = yield* cancel
      assert.deepStrictEqual([refused.status, refused.headers["retry-after"]], [429, "1"])
      assert.notProperty((yield* get(simulator, "/order")).headers, "x-ratelimit-remaining-1s")
      yield* TestClock.adjust("99 millis")
      assert.strictEqual((yield* cancel).status, 429)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* cancel).status, 200)
    }))
})
