import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, TestClock } from "effect"
import { Faults, Simulator } from "../../src/index.js"
import { ask, binance, field, isRecord, noon, rows } from "../utils.js"

const start = (options?: Simulator.Options) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(noon)
    const simulator = yield* Simulator.make("binance", options)
    yield* simulator.setPrice("BTC/USDT", "60000")
    return simulator
  })

const demo = Simulator.credentials("binance")

type Fields = Readonly<Record<string, string>>

const call = (
  simulator: Simulator.Simulator,
  method: string,
  path: string,
  fields: Fields = {},
  credentials = demo
) =>
  Effect.gen(function*() {
    const at = yield* Clock.currentTimeMillis
    const query = new URLSearchParams({ ...fields, timestamp: String(at) }).toString()
    const [target, { headers }] = binance(path, query, credentials)
    return yield* ask(simulator, target, { method, headers })
  })

const limit = (fields: Fields = {}): Fields => ({
  symbol: "BTCUSDT",
  side: "BUY",
  type: "LIMIT",
  timeInForce: "GTC",
  quantity: "0.01",
  price: "50000",
  ...fields
})

const without = (fields: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name))

const place = (simulator: Simulator.Simulator, fields: Fields) => call(simulator, "POST", "/api/v3/order", fields)

const balance = (simulator: Simulator.Simulator, asset: string) =>
  Effect.map(
    call(simulator, "GET", "/api/v3/account"),
    ({ json }) => rows(field(json, "balances")).find((row) => row["asset"] === asset)
  )

describe("Binance trading", () => {
  describe("placing", () => {
    it.effect("rests a limit order, locks its cost, and returns all its fields", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const { json, status } = yield* place(simulator, limit({ newClientOrderId: "first" }))
        assert.strictEqual(status, 200)
        assert.deepStrictEqual(json, {
          symbol: "BTCUSDT",
          orderId: field(json, "orderId"),
          orderListId: -1,
          clientOrderId: "first",
          transactTime: noon,
          price: "50000.00000000",
          origQty: "0.01000000",
          executedQty: "0.00000000",
          origQuoteOrderQty: "0.00000000",
          cummulativeQuoteQty: "0.00000000",
          status: "NEW",
          timeInForce: "GTC",
          type: "LIMIT",
          side: "BUY",
          workingTime: noon,
          selfTradePreventionMode: "NONE",
          fills: []
        })
        assert.deepStrictEqual(yield* balance(simulator, "USDT"), {
          asset: "USDT",
          free: "24500.50000000",
          locked: "1500.00000000"
        })
      }))

    it.effect("fills a market order at the book's prices, and charges the fee in the received currency", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const order = { symbol: "BTCUSDT", side: "BUY", type: "MARKET", quantity: "0.002" }
        const { json } = yield* place(simulator, order)
        assert.deepInclude(json, { status: "FILLED", executedQty: "0.00200000", price: "0.00000000", type: "MARKET" })
        const fills = rows(field(json, "fills"))
        assert.isAtLeast(fills.length, 1)
        assert.hasAllKeys(fills[0], ["price", "qty", "commission", "commissionAsset", "tradeId"])
        assert.strictEqual(fills[0]?.["commissionAsset"], "BTC")
        const spent = fills.reduce((sum, fill) => sum + Number(fill["price"]) * Number(fill["qty"]), 0)
        assert.closeTo(Number(field(json, "cummulativeQuoteQty")), spent, 1e-6)
        assert.deepInclude(yield* balance(simulator, "BTC"), { free: "1.50199800" })
      }))

    it.effect("spends a quote amount, in whole steps of the base", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const order = { symbol: "BTCUSDT", side: "BUY", type: "MARKET", quoteOrderQty: "100" }
        const { json } = yield* place(simulator, order)
        assert.deepInclude(json, { status: "FILLED", origQuoteOrderQty: "100.00000000" })
        assert.isAtMost(Number(field(json, "cummulativeQuoteQty")), 100)
        assert.isAbove(Number(field(json, "cummulativeQuoteQty")), 98)
      }))

    it.effect("returns the requested response type, and an acknowledgement for a post-only order by default", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const brief = yield* place(simulator, limit({ newOrderRespType: "ACK" }))
        assert.hasAllKeys(brief.json, ["symbol", "orderId", "orderListId", "clientOrderId", "transactTime"])
        assert.match(String(field(brief.json, "clientOrderId")), /^[A-Za-z0-9]{22}$/)
        const result = yield* place(simulator, limit({ newOrderRespType: "RESULT" }))
        assert.notProperty(result.json, "fills")
        assert.property(result.json, "status")
        assert.notStrictEqual(field(result.json, "clientOrderId"), field(brief.json, "clientOrderId"))
        const maker = yield* place(simulator, without(limit({ type: "LIMIT_MAKER" }), "timeInForce"))
        assert.notProperty(maker.json, "status")
      }))

    it.effect("rests a post-only order, and rejects one that would take", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const maker = without(limit({ type: "LIMIT_MAKER", newOrderRespType: "FULL" }), "timeInForce")
        assert.deepInclude((yield* place(simulator, maker)).json, { status: "NEW", type: "LIMIT_MAKER" })
        const crossing = yield* place(simulator, { ...maker, price: "70000", newClientOrderId: "crossing" })
        assert.deepStrictEqual([crossing.status, crossing.json], [
          400,
          { code: -2010, msg: "Order would immediately match and take." }
        ])
        const query = { symbol: "BTCUSDT", origClientOrderId: "crossing" }
        assert.strictEqual(field((yield* call(simulator, "GET", "/api/v3/order", query)).json, "code"), -2013)
      }))

    it.effect("expires IOC and FOK orders that cannot be filled immediately", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const far = yield* place(simulator, limit({ timeInForce: "IOC" }))
        assert.deepInclude(far.json, { status: "EXPIRED", executedQty: "0.00000000", timeInForce: "IOC" })
        const all = yield* place(simulator, limit({ timeInForce: "FOK" }))
        assert.deepInclude(all.json, { status: "EXPIRED", executedQty: "0.00000000", timeInForce: "FOK" })
        const near = yield* place(simulator, limit({ timeInForce: "FOK", price: "61000", quantity: "0.0001" }))
        assert.deepInclude(near.json, { status: "FILLED", executedQty: "0.00010000" })
        assert.deepInclude(yield* balance(simulator, "USDT"), { locked: "1000.00000000" })
      }))

    it.effect("only validates a test order", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        assert.strictEqual((yield* call(simulator, "POST", "/api/v3/order/test", limit())).text, "{}")
        const wrong = yield* call(simulator, "POST", "/api/v3/order/test", limit({ price: "1.001" }))
        assert.strictEqual(field(wrong.json, "code"), -1013)
        assert.deepStrictEqual((yield* call(simulator, "GET", "/api/v3/openOrders")).json, [])
      }))

    it.effect("accepts parameters in the body", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const query = new URLSearchParams({ ...limit(), timestamp: String(noon) }).toString()
        const [target, { headers }] = binance("", query, demo)
        const answer = yield* ask(simulator, "/api/v3/order", {
          method: "POST",
          headers,
          body: new TextEncoder().encode(target.slice(1))
        })
        assert.strictEqual(answer.status, 200)
      }))
  })

  describe("rejections", () => {
    const market = { symbol: "BTCUSDT", side: "BUY", type: "MARKET" }
    const filter = (name: string) => `Filter failure: ${name}`
    const cases: ReadonlyArray<readonly [name: string, fields: Fields, code: number, msg: string]> = [
      ["no symbol", without(limit(), "symbol"), -1102, "'symbol'"],
      ["an unknown symbol", limit({ symbol: "NOPE" }), -1121, "Invalid symbol."],
      ["a market that does not trade", limit({ symbol: "BTCBUSD" }), -2010, "Market is closed."],
      ["an invalid side", limit({ side: "buy" }), -1117, "Invalid side."],
      ["an invalid type", limit({ type: "LIMITED" }), -1116, "Invalid orderType."],
      ["a stop order", limit({ type: "STOP_LOSS_LIMIT", stopPrice: "1" }), -2010, "not supported"],
      ["an invalid time in force", limit({ timeInForce: "GTX" }), -1115, "Invalid timeInForce."],
      ["no time in force", without(limit(), "timeInForce"), -1102, "'timeInForce'"],
      ["no price", without(limit(), "price"), -1102, "'price'"],
      ["no quantity", without(limit(), "quantity"), -1102, "'quantity'"],
      ["a market order with a price", { ...market, quantity: "1", price: "1" }, -1106, "'price'"],
      ["a market order with a time in force", { ...market, quantity: "1", timeInForce: "GTC" }, -1106, "'timeInForce'"],
      ["both quantities", { ...market, quantity: "1", quoteOrderQty: "1" }, -1128, "Combination"],
      ["neither quantity", market, -1102, "'quantity'"],
      ["an exponent", limit({ quantity: "1e-3" }), -1100, "'quantity'"],
      ["a negative price", limit({ price: "-1" }), -1100, "'price'"],
      ["nine decimals", limit({ quantity: "0.010000001" }), -1111, "'quantity'"],
      ["a quantity of zero", limit({ quantity: "0" }), -1013, "Invalid quantity."],
      ["a price of zero", limit({ price: "0.00" }), -1013, "Invalid price."],
      ["a price off the tick", limit({ price: "50000.001" }), -1013, filter("PRICE_FILTER")],
      ["a price beyond the largest", limit({ price: "1000000.01" }), -1013, filter("PRICE_FILTER")],
      ["a quantity off the step", limit({ quantity: "0.000015" }), -1013, filter("LOT_SIZE")],
      ["a quantity beyond the largest", limit({ quantity: "9000.1" }), -1013, filter("LOT_SIZE")],
      ["a market quantity beyond the largest", { ...market, quantity: "100.1" }, -1013, filter("MARKET_LOT_SIZE")],
      ["too small a cost", limit({ quantity: "0.00009" }), -1013, filter("NOTIONAL")],
      [
        "an amount beyond the free balance",
        limit({ quantity: "1" }),
        -2010,
        "Account has insufficient balance for requested action."
      ],
      ["an id with a blank", limit({ newClientOrderId: "a b" }), -1100, "'newClientOrderId'"],
      ["an id of 37", limit({ newClientOrderId: "x".repeat(37) }), -1100, "{1,36}"],
      ["an invalid response type", limit({ newOrderRespType: "ALL" }), -1130, "'newOrderRespType'"],
      ["an unknown parameter", limit({ leverage: "2" }), -1104, "Not all sent parameters were read"]
    ]
    it.effect.each(cases)("%s", ([, fields, code, msg]) =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const answer = yield* place(simulator, fields)
        assert.deepStrictEqual([answer.status, field(answer.json, "code")], [400, code])
        assert.include(String(field(answer.json, "msg")), msg)
        assert.deepStrictEqual((yield* call(simulator, "GET", "/api/v3/openOrders")).json, [])
      }))

    it.effect("a read-only key", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const reader = Simulator.credentials("binance", "read")
        for (const [method, path] of [["POST", "order"], ["DELETE", "order"], ["DELETE", "openOrders"]] as const) {
          const fields = method === "POST" ? limit() : { symbol: "BTCUSDT" }
          const answer = yield* call(simulator, method, `/api/v3/${path}`, fields, reader)
          assert.deepStrictEqual([answer.status, field(answer.json, "code")], [401, -2015])
        }
        assert.strictEqual((yield* call(simulator, "GET", "/api/v3/openOrders", {}, reader)).status, 200)
      }))

    it.effect("a client order id of an open order, until that order is closed", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const mine = limit({ newClientOrderId: "mine" })
        assert.strictEqual((yield* place(simulator, mine)).status, 200)
        const again = yield* place(simulator, mine)
        assert.deepStrictEqual(again.json, { code: -2010, msg: "Duplicate order sent." })
        yield* call(simulator, "DELETE", "/api/v3/order", { symbol: "BTCUSDT", origClientOrderId: "mine" })
        const market = { symbol: "BTCUSDT", side: "BUY", type: "MARKET", quantity: "0.001", newClientOrderId: "mine" }
        assert.deepInclude((yield* place(simulator, market)).json, { status: "FILLED" })
        assert.deepInclude((yield* place(simulator, market)).json, { status: "FILLED" })
      }))
  })

  describe("canceling", () => {
    it.effect("works by either id, and returns the id of the cancellation", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const placed = yield* place(simulator, limit({ newClientOrderId: "first" }))
        const orderId = String(field(placed.json, "orderId"))
        yield* TestClock.adjust("5 millis")
        const query = { symbol: "BTCUSDT", orderId }
        const canceled = yield* call(simulator, "DELETE", "/api/v3/order", { ...query, newClientOrderId: "cancel" })
        assert.deepStrictEqual(canceled.json, {
          symbol: "BTCUSDT",
          origClientOrderId: "first",
          orderId: Number(orderId),
          orderListId: -1,
          clientOrderId: "cancel",
          transactTime: noon + 5,
          price: "50000.00000000",
          origQty: "0.01000000",
          executedQty: "0.00000000",
          origQuoteOrderQty: "0.00000000",
          cummulativeQuoteQty: "0.00000000",
          status: "CANCELED",
          timeInForce: "GTC",
          type: "LIMIT",
          side: "BUY",
          selfTradePreventionMode: "NONE"
        })
        assert.deepInclude(yield* balance(simulator, "USDT"), { locked: "1000.00000000" })
        const again = yield* call(simulator, "DELETE", "/api/v3/order", query)
        assert.deepStrictEqual([again.status, again.json], [400, { code: -2011, msg: "Unknown order sent." }])
        const shown = yield* call(simulator, "GET", "/api/v3/order", query)
        assert.deepInclude(shown.json, { clientOrderId: "first", status: "CANCELED" })
      }))

    it.effect("requires an id of an order of the symbol", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* place(simulator, limit({ newClientOrderId: "first" }))
        const cancel = (fields: Fields) =>
          Effect.map(call(simulator, "DELETE", "/api/v3/order", fields), ({ json }) => field(json, "code"))
        assert.strictEqual(yield* cancel({ symbol: "ETHUSDT", origClientOrderId: "first" }), -2011)
        assert.strictEqual(yield* cancel({ symbol: "BTCUSDT" }), -1102)
        assert.strictEqual(yield* cancel({ symbol: "BTCUSDT", origClientOrderId: "" }), -1119)
        const restricted = {
          symbol: "BTCUSDT",
          origClientOrderId: "first",
          cancelRestrictions: "ONLY_PARTIALLY_FILLED"
        }
        assert.strictEqual(yield* cancel(restricted), -2011)
        assert.strictEqual(yield* cancel({ ...restricted, cancelRestrictions: "ONLY_NEW" }), undefined)
      }))

    it.effect("cancels all orders of a symbol, and fails when there are none", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* place(simulator, limit({ newClientOrderId: "a" }))
        yield* place(simulator, limit({ newClientOrderId: "b" }))
        yield* place(simulator, limit({ symbol: "ETHUSDT", price: "1000", newClientOrderId: "c" }))
        const canceled = yield* call(simulator, "DELETE", "/api/v3/openOrders", { symbol: "BTCUSDT" })
        assert.deepStrictEqual(rows(canceled.json).map((row) => row["origClientOrderId"]), ["a", "b"])
        const left = yield* call(simulator, "GET", "/api/v3/openOrders")
        assert.deepStrictEqual(rows(left.json).map((row) => row["clientOrderId"]), ["c"])
        const none = yield* call(simulator, "DELETE", "/api/v3/openOrders", { symbol: "BTCUSDT" })
        assert.deepStrictEqual(none.json, { code: -2011, msg: "Unknown order sent." })
      }))
  })

  describe("order state", () => {
    it.effect("an order is filled as maker when the price reaches it", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* place(simulator, limit({ newClientOrderId: "first" }))
        yield* TestClock.adjust("2 seconds")
        yield* simulator.setPrice("BTC/USDT", "49000")
        const query = { symbol: "BTCUSDT", origClientOrderId: "first" }
        const { json } = yield* call(simulator, "GET", "/api/v3/order", query)
        assert.deepInclude(json, {
          status: "FILLED",
          executedQty: "0.01000000",
          cummulativeQuoteQty: "500.00000000",
          time: noon,
          updateTime: noon + 2000,
          isWorking: true,
          stopPrice: "0.00000000"
        })
        const fills = yield* call(simulator, "GET", "/api/v3/myTrades", { symbol: "BTCUSDT" })
        assert.deepStrictEqual(
          rows(fills.json).map((row) => [row["price"], row["isMaker"], row["isBuyer"], row["time"]]),
          [
            ["50000.00000000", true, true, noon + 2000]
          ]
        )
        assert.deepInclude(rows(fills.json)[0], {
          orderId: field(json, "orderId"),
          qty: "0.01000000",
          quoteQty: "500.00000000",
          commission: "0.00001000",
          commissionAsset: "BTC",
          isBestMatch: true
        })
        assert.deepInclude(yield* balance(simulator, "USDT"), { free: "24500.50000000", locked: "1000.00000000" })
        assert.deepInclude(yield* balance(simulator, "BTC"), { free: "1.50999000" })
      }))

    it.effect("orders are listed from an id or a time on, for at most a day", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        for (const id of ["a", "b", "c"]) {
          yield* place(simulator, limit({ newClientOrderId: id }))
          yield* TestClock.adjust("1 seconds")
        }
        yield* call(simulator, "DELETE", "/api/v3/order", { symbol: "BTCUSDT", origClientOrderId: "b" })
        const all = (fields: Fields) =>
          Effect.map(
            call(simulator, "GET", "/api/v3/allOrders", { symbol: "BTCUSDT", ...fields }),
            ({ json }) => rows(json).map((row) => row["clientOrderId"])
          )
        assert.deepStrictEqual(yield* all({}), ["a", "b", "c"])
        assert.deepStrictEqual(yield* all({ limit: "2" }), ["b", "c"])
        assert.deepStrictEqual(yield* all({ startTime: String(noon), limit: "2" }), ["a", "b"])
        assert.deepStrictEqual(yield* all({ startTime: String(noon + 1), endTime: String(noon + 1000) }), ["b"])
        const first = yield* call(simulator, "GET", "/api/v3/order", { symbol: "BTCUSDT", origClientOrderId: "b" })
        assert.deepStrictEqual(yield* all({ orderId: String(field(first.json, "orderId")) }), ["b", "c"])
        const long = { symbol: "BTCUSDT", startTime: "0", endTime: "86400001" }
        assert.strictEqual(field((yield* call(simulator, "GET", "/api/v3/allOrders", long)).json, "code"), -1127)
        const open = yield* call(simulator, "GET", "/api/v3/openOrders", { symbol: "BTCUSDT" })
        assert.deepStrictEqual(rows(open.json).map((row) => row["clientOrderId"]), ["a", "c"])
      }))

    it.effect("fills can be listed by order, or from an id or a time on", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const market = { symbol: "BTCUSDT", side: "SELL", type: "MARKET", quantity: "0.0001" }
        const first = yield* place(simulator, market)
        yield* TestClock.adjust("1 seconds")
        const second = yield* place(simulator, market)
        const orderIds = (fields: Fields) =>
          Effect.map(
            call(simulator, "GET", "/api/v3/myTrades", { symbol: "BTCUSDT", ...fields }),
            ({ json }) => [...new Set(rows(json).map((row) => row["orderId"]))]
          )
        const [a, b] = [field(first.json, "orderId"), field(second.json, "orderId")]
        assert.deepStrictEqual(yield* orderIds({}), [a, b])
        assert.deepStrictEqual(yield* orderIds({ orderId: String(a) }), [a])
        assert.deepStrictEqual(yield* orderIds({ startTime: String(noon + 1) }), [b])
        const [fill] = rows(field(second.json, "fills"))
        assert.deepStrictEqual(yield* orderIds({ fromId: String(fill?.["tradeId"]) }), [b])
        const mixed = { symbol: "BTCUSDT", orderId: String(a), startTime: "1" }
        assert.strictEqual(field((yield* call(simulator, "GET", "/api/v3/myTrades", mixed)).json, "code"), -1128)
      }))

    it.effect("an order is found only after the order lag, but can be canceled immediately", () =>
      Effect.gen(function*() {
        const simulator = yield* start({ faults: Faults.make({ orderLag: "2 seconds" }) })
        yield* place(simulator, limit({ newClientOrderId: "late" }))
        const query = { symbol: "BTCUSDT", origClientOrderId: "late" }
        const early = yield* call(simulator, "GET", "/api/v3/order", query)
        assert.deepStrictEqual([early.status, early.json], [400, { code: -2013, msg: "Order does not exist." }])
        assert.deepStrictEqual((yield* call(simulator, "GET", "/api/v3/openOrders")).json, [])
        yield* TestClock.adjust("2 seconds")
        assert.deepInclude((yield* call(simulator, "GET", "/api/v3/order", query)).json, { status: "NEW" })
        yield* place(simulator, limit({ newClientOrderId: "later" }))
        const fence = yield* call(simulator, "DELETE", "/api/v3/order", {
          symbol: "BTCUSDT",
          origClientOrderId: "later"
        })
        assert.deepInclude(fence.json, { status: "CANCELED" })
      }))
  })

  describe("limits", () => {
    it.effect("accepted orders cost no weight, rejected ones and cancellations cost one", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const placed = yield* place(simulator, limit({ newClientOrderId: "first" }))
        assert.strictEqual(placed.headers["x-mbx-used-weight-1m"], "0")
        assert.strictEqual(placed.headers["x-mbx-order-count-10s"], "1")
        assert.strictEqual(placed.headers["x-mbx-order-count-1d"], "1")
        const refused = yield* place(simulator, limit({ newClientOrderId: "first" }))
        assert.strictEqual(refused.headers["x-mbx-used-weight-1m"], "1")
        const canceled = yield* call(simulator, "DELETE", "/api/v3/openOrders", { symbol: "BTCUSDT" })
        assert.strictEqual(canceled.headers["x-mbx-used-weight-1m"], "1")
      }))

    it.effect.each(
      [
        ["order", { symbol: "BTCUSDT", orderId: "1" }, "4"],
        ["openOrders", { symbol: "BTCUSDT" }, "6"],
        ["openOrders", {}, "80"],
        ["allOrders", { symbol: "BTCUSDT" }, "20"],
        ["myTrades", { symbol: "BTCUSDT" }, "20"],
        ["myTrades", { symbol: "BTCUSDT", orderId: "1" }, "5"],
        ["rateLimit/order", {}, "40"]
      ] as const
    )("%s with %s weighs %s", ([path, fields, weight]) =>
      Effect.gen(function*() {
        const answer = yield* call(yield* start(), "GET", `/api/v3/${path}`, fields)
        assert.strictEqual(answer.headers["x-mbx-used-weight-1m"], weight)
      }))

    it.effect("allow a hundred unfilled orders in ten seconds, and filled ones do not count", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* TestClock.adjust("3 seconds")
        const market = { symbol: "BTCUSDT", side: "SELL", type: "MARKET", quantity: "0.0001" }
        assert.strictEqual((yield* place(simulator, market)).headers["x-mbx-order-count-10s"], "0")
        const small = limit({ quantity: "0.0002" })
        for (let count = 1; count <= 100; count++) {
          assert.strictEqual((yield* place(simulator, small)).headers["x-mbx-order-count-10s"], String(count))
        }
        const refused = yield* place(simulator, small)
        assert.deepStrictEqual([refused.status, refused.headers["retry-after"], refused.json], [429, "7", {
          code: -1015,
          msg: "Too many new orders; current limit is 100 orders per TEN_SECONDS."
        }])
        const counts = yield* call(simulator, "GET", "/api/v3/rateLimit/order")
        assert.deepStrictEqual(counts.json, [
          { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: 100, count: 100 },
          { rateLimitType: "ORDERS", interval: "DAY", intervalNum: 1, limit: 200_000, count: 100 }
        ])
        yield* TestClock.adjust("6999 millis")
        assert.strictEqual((yield* place(simulator, small)).status, 429)
        yield* TestClock.adjust("1 millis")
        const next = yield* place(simulator, small)
        assert.deepStrictEqual([next.status, next.headers["x-mbx-order-count-10s"]], [200, "1"])
        assert(isRecord(next.json))
      }))
  })
})
