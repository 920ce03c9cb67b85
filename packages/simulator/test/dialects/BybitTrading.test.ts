import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, TestClock } from "effect"
import { type Account, Faults, Simulator } from "../../src/index.js"
import { type Answer, field, noon, rows } from "../utils.js"
import { contract, decimal, type Fields, limit, list, refused, result, start, text } from "./support/bybit.js"

describe("Bybit trading", () => {
  describe("account", () => {
    it.effect("returns the permissions of each demo key", () =>
      Effect.gen(function*() {
        const { read } = yield* start()
        const facts = (permission: Account.Permission) =>
          Effect.map(read("/v5/user/query-api", Simulator.credentials("bybit", permission)), (answer) => {
            const row = result(answer)
            const permissions = field(row, "permissions")
            return [field(row, "readOnly"), field(permissions, "Spot"), field(permissions, "Wallet")]
          })
        // A read-only key lists the permissions it may read.
        assert.deepStrictEqual(yield* facts("read"), [1, ["SpotTrade"], ["AccountTransfer"]])
        assert.deepStrictEqual(yield* facts("trade"), [0, ["SpotTrade"], []])
        assert.deepStrictEqual(yield* facts("withdraw"), [0, ["SpotTrade"], [
          "AccountTransfer",
          "SubMemberTransfer",
          "Withdraw"
        ]])
        assert.deepInclude(result(yield* read("/v5/user/query-api")), { ips: ["*"], uta: 1 })
      }))

    it.effect("returns balances of the unified account, and locks what open orders require", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        const usdt = Effect.map(read("/v5/account/wallet-balance?accountType=UNIFIED"), (answer) => {
          const [account] = list(answer)
          assert.strictEqual(account?.["accountType"], "UNIFIED")
          const coins = rows(account?.["coin"])
          assert.deepStrictEqual(coins.map((coin) => coin["coin"]), ["BTC", "ETH", "USDT"])
          return coins.find((coin) => coin["coin"] === "USDT")
        })
        assert.deepInclude(yield* usdt, { walletBalance: "26000.5", locked: "1000", free: "", availableToWithdraw: "" })
        result(yield* post("/v5/order/create", limit()))
        assert.deepInclude(yield* usdt, { walletBalance: "26000.5", locked: "1050" })
        refused(yield* read("/v5/account/wallet-balance?accountType=CONTRACT"), 10001)
      }))

    it.effect("opens, returns and closes a position", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        const flat = list(yield* read("/v5/position/list?category=linear&symbol=BTCUSDT"))
        assert.deepInclude(flat[0], { symbol: "BTCUSDT", side: "", size: "0", liqPrice: "" })
        assert.deepStrictEqual(list(yield* read("/v5/position/list?category=linear&settleCoin=USDT")), [])
        result(yield* post("/v5/order/create", contract({ orderType: "Market", side: "Sell", qty: "0.01" })))
        const [short] = list(yield* read("/v5/position/list?category=linear&settleCoin=USDT"))
        assert.deepInclude(short, { symbol: "BTCUSDT", side: "Sell", size: "0.010", positionIdx: 0 })
        assert.isTrue(BigDecimal.isPositive(decimal(short, "positionIM")))
        result(
          yield* post(
            "/v5/order/create",
            contract({ orderType: "Market", side: "Buy", qty: "0.01", reduceOnly: true })
          )
        )
        assert.deepStrictEqual(list(yield* read("/v5/position/list?category=linear&settleCoin=USDT")), [])
        refused(yield* read("/v5/position/list?category=linear"), 10001)
        refused(yield* read("/v5/position/list?category=spot&symbol=BTCUSDT"), 10001)
      }))

    it.effect("counts inverse contracts in dollars and settles them in coins", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        const order = { category: "inverse", symbol: "BTCUSD", side: "Buy", orderType: "Market", qty: "1000" }
        result(yield* post("/v5/order/create", order))
        const [fill] = list(yield* read("/v5/execution/list?category=inverse&symbol=BTCUSD"))
        assert.isTrue(BigDecimal.lessThan(decimal(fill, "execValue"), BigDecimal.unsafeFromString("0.1")))
        const [position] = list(yield* read("/v5/position/list?category=inverse&symbol=BTCUSD"))
        assert.deepInclude(position, { side: "Buy", size: "1000" })
      }))
  })

  describe("orders", () => {
    it.effect("acknowledges a resting order, finds it by either id, and cancels it", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        const created = result(yield* post("/v5/order/create", limit({ orderLinkId: "one-1" })))
        const orderId = text(created, "orderId")
        assert.deepStrictEqual(created, { orderId, orderLinkId: "one-1" })
        assert.match(orderId, /^\d{19}$/)
        for (const query of [`orderId=${orderId}`, "orderLinkId=one-1", "symbol=BTCUSDT"]) {
          const found = list(yield* read(`/v5/order/realtime?category=spot&${query}`))
          assert.strictEqual(found.length, 1, query)
          assert.deepInclude(found[0], {
            orderId,
            orderLinkId: "one-1",
            symbol: "BTCUSDT",
            price: "50000.0",
            qty: "0.001000",
            side: "Buy",
            orderStatus: "New",
            avgPrice: "",
            leavesQty: "0.001000",
            cumExecQty: "0.000000",
            timeInForce: "GTC",
            orderType: "Limit",
            reduceOnly: false,
            createdTime: String(noon)
          })
          // Only contracts have this field, by which ccxt recognizes them.
          assert.notProperty(found[0], "tpslMode")
        }
        assert.deepStrictEqual(list(yield* read("/v5/order/realtime?category=linear&symbol=BTCUSDT")), [])
        yield* TestClock.adjust("5 seconds")
        const canceled = yield* post("/v5/order/cancel", { category: "spot", symbol: "BTCUSDT", orderLinkId: "one-1" })
        assert.deepStrictEqual(result(canceled), { orderId, orderLinkId: "one-1" })
        assert.deepStrictEqual(list(yield* read("/v5/order/realtime?category=spot")), [])
        const closed = {
          orderStatus: "Cancelled",
          cancelType: "CancelByUser",
          leavesQty: "0.000000",
          updatedTime: String(noon + 5000)
        }
        assert.deepInclude(list(yield* read(`/v5/order/realtime?category=spot&orderId=${orderId}`))[0], closed)
        assert.deepInclude(list(yield* read("/v5/order/history?category=spot"))[0], closed)
        const inState = (status: string) =>
          Effect.map(read(`/v5/order/history?category=spot&orderStatus=${status}`), (answer) => list(answer).length)
        assert.deepStrictEqual([yield* inState("Cancelled"), yield* inState("Filled")], [1, 0])
        assert.deepInclude(list(yield* read("/v5/order/realtime?category=spot&openOnly=1"))[0], closed)
      }))

    it.effect("fills a resting order when the price reaches it", () =>
      Effect.gen(function*() {
        const { post, read, simulator } = yield* start()
        yield* simulator.setPrice("BTC/USDT", "60000")
        const created = result(yield* post("/v5/order/create", limit({ price: "55000" })))
        yield* TestClock.adjust("2 seconds")
        yield* simulator.setPrice("BTC/USDT", "54000")
        const [order] = list(yield* read(`/v5/order/realtime?category=spot&orderId=${text(created, "orderId")}`))
        assert.deepInclude(order, {
          orderStatus: "Filled",
          cumExecQty: "0.001000",
          cumExecValue: "55",
          avgPrice: "55000"
        })
        const [fill] = list(yield* read("/v5/execution/list?category=spot"))
        assert.deepInclude(fill, {
          orderId: text(created, "orderId"),
          execPrice: "55000.0",
          execQty: "0.001000",
          execValue: "55",
          execType: "Trade",
          isMaker: true,
          feeCurrency: "BTC",
          execFee: "0.000001"
        })
        assert.deepInclude(field(order, "cumFeeDetail"), { BTC: "0.000001" })
      }))

    it.effect("takes the amount of a spot market buy in the quote coin by default", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        const market = (fields: Fields) => limit({ orderType: "Market", price: undefined, ...fields })
        result(yield* post("/v5/order/create", market({ qty: "100", orderLinkId: "quote" })))
        const [quote] = list(yield* read("/v5/order/realtime?category=spot&orderLinkId=quote"))
        assert.deepInclude(quote, { qty: "100", orderType: "Market", timeInForce: "IOC" })
        assert.isTrue(BigDecimal.lessThan(decimal(quote, "cumExecQty"), BigDecimal.unsafeFromString("0.01")))
        result(
          yield* post(
            "/v5/order/create",
            market({ qty: "0.01", marketUnit: "baseCoin", orderLinkId: "base" })
          )
        )
        const [base] = list(yield* read("/v5/order/realtime?category=spot&orderLinkId=base"))
        assert.deepInclude(base, { orderStatus: "Filled", cumExecQty: "0.010000" })
      }))

    it.effect("cancels IOC and FOK orders that cannot be filled", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        for (
          const [timeInForce, rejectReason] of [
            ["IOC", "EC_NoImmediateQtyToFill"],
            ["FOK", "EC_CancelForNoFullFill"]
          ] as const
        ) {
          result(yield* post("/v5/order/create", contract({ timeInForce, orderLinkId: timeInForce })))
          const [order] = list(
            yield* read(`/v5/order/realtime?category=linear&symbol=BTCUSDT&orderLinkId=${timeInForce}`)
          )
          assert.deepInclude(order, { orderStatus: "Cancelled", timeInForce, rejectReason, cumExecQty: "0.000" })
        }
      }))

    it.effect("cancels a post-only contract order that would cross, and rejects a spot one", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        const crossing = { price: "70000", timeInForce: "PostOnly", orderLinkId: "po" }
        const created = result(yield* post("/v5/order/create", contract(crossing)))
        assert.match(text(created, "orderId"), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
        const [order] = list(yield* read("/v5/order/history?category=linear&symbol=BTCUSDT"))
        assert.deepInclude(order, {
          orderStatus: "Cancelled",
          rejectReason: "EC_PostOnlyWillTakeLiquidity",
          timeInForce: "PostOnly"
        })
        refused(yield* post("/v5/order/create", limit({ ...crossing, orderLinkId: "po-spot" })), 170218)
        assert.deepStrictEqual(list(yield* read("/v5/order/history?category=spot")), [])
      }))

    it.effect("amends price and quantity under the same id", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        result(yield* post("/v5/order/create", contract({ orderLinkId: "a" })))
        const amend = (fields: Fields) =>
          post("/v5/order/amend", { category: "linear", symbol: "BTCUSDT", orderLinkId: "a", ...fields })
        result(yield* amend({ price: "50001.5", qty: "0.002" }))
        const [order] = list(yield* read("/v5/order/realtime?category=linear&symbol=BTCUSDT"))
        assert.deepInclude(order, { price: "50001.50", qty: "0.002", orderStatus: "New" })
        refused(yield* amend({ price: "50001.55" }), 10001)
        refused(yield* amend({ price: "50001.50" }), 10001)
        refused(yield* amend({ orderLinkId: "b", qty: "0.003" }), 110001)
      }))

    const mistakes: ReadonlyArray<readonly [name: string, order: Fields, code: number]> = [
      ["an unknown spot symbol", limit({ symbol: "NOPE" }), 170121],
      ["an unknown contract", contract({ symbol: "NOPE" }), 10001],
      ["no category", limit({ category: undefined }), 10001],
      ["an invalid side", limit({ side: "buy" }), 10001],
      ["an invalid type", limit({ orderType: "LIMIT" }), 10001],
      ["a number for a quantity", limit({ qty: 0.001 }), 10001],
      ["a quantity of zero", limit({ qty: "0" }), 10001],
      ["an exponent", limit({ qty: "1e-3" }), 10001],
      ["no price", limit({ price: undefined }), 10001],
      ["an invalid time in force", limit({ timeInForce: "GTX" }), 10001],
      ["a link id of 37 characters", limit({ orderLinkId: "x".repeat(37) }), 10001],
      ["a link id with a dot", limit({ orderLinkId: "a.b" }), 10001],
      ["a hedge position", contract({ positionIdx: 1 }), 10001],
      ["a contract that no longer trades", contract({ symbol: "XRPUSDT", qty: "100", price: "0.5" }), 110074],
      ["a price off tick on spot", limit({ price: "50000.05" }), 170134],
      ["a price off tick of a contract", contract({ price: "50000.05" }), 10001],
      ["a quantity off lot on spot", limit({ qty: "0.0010001" }), 170137],
      ["a quantity off lot of a contract", contract({ qty: "0.0015" }), 10001],
      ["a spot order below the minimum value", limit({ price: "100" }), 170140],
      ["a contract order below the minimum value", contract({ price: "100" }), 110094],
      ["a spot order beyond the free balance", limit({ qty: "1" }), 170131],
      ["a contract order beyond the free balance", contract({ qty: "100" }), 110007],
      ["a reduce-only order without a position", contract({ reduceOnly: true }), 110017]
    ]
    it.effect.each(mistakes)("rejects %s", ([, order, code]) =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        refused(yield* post("/v5/order/create", order), code)
        assert.deepStrictEqual(list(yield* read("/v5/order/realtime?category=spot")), [])
        assert.deepStrictEqual(list(yield* read("/v5/order/realtime?category=linear&settleCoin=USDT")), [])
      }))

    it.effect("rejects a used link id, even after the order is closed", () =>
      Effect.gen(function*() {
        const { post } = yield* start()
        result(yield* post("/v5/order/create", limit({ orderLinkId: "x" })))
        refused(yield* post("/v5/order/create", limit({ orderLinkId: "x" })), 170141)
        refused(yield* post("/v5/order/create", contract({ orderLinkId: "x" })), 110072)
        result(yield* post("/v5/order/cancel", { category: "spot", symbol: "BTCUSDT", orderLinkId: "x" }))
        refused(yield* post("/v5/order/create", limit({ orderLinkId: "x" })), 170141)
      }))

    it.effect("fails differently for canceling unknown, canceled and filled orders", () =>
      Effect.gen(function*() {
        const { post } = yield* start()
        const cancel = (category: string, orderLinkId: string) =>
          post("/v5/order/cancel", { category, symbol: "BTCUSDT", orderLinkId })
        for (
          const [category, unknown, canceled, filled] of [
            ["spot", 170213, 170142, 170139],
            ["linear", 110001, 110010, 110008]
          ] as const
        ) {
          refused(yield* cancel(category, "nope"), unknown)
          result(yield* post("/v5/order/create", limit({ category, orderLinkId: `${category}-c` })))
          result(yield* cancel(category, `${category}-c`))
          refused(yield* cancel(category, `${category}-c`), canceled)
          result(yield* post("/v5/order/create", limit({ category, price: "80000", orderLinkId: `${category}-f` })))
          refused(yield* cancel(category, `${category}-f`), filled)
        }
        refused(yield* post("/v5/order/cancel", { category: "spot", symbol: "BTCUSDT" }), 10001)
      }))

    it.effect("cancels all orders of a scope, which is required for contracts", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        result(yield* post("/v5/order/create", limit({ orderLinkId: "s" })))
        result(yield* post("/v5/order/create", contract({ orderLinkId: "l1" })))
        result(
          yield* post("/v5/order/create", contract({ symbol: "ETHUSDT", qty: "0.1", price: "2000", orderLinkId: "l2" }))
        )
        refused(yield* post("/v5/order/cancel-all", { category: "linear" }), 10001)
        const one = result(yield* post("/v5/order/cancel-all", { category: "linear", symbol: "ETHUSDT" }))
        assert.strictEqual(field(one, "success"), "1")
        assert.deepStrictEqual(rows(field(one, "list")).map((row) => row["orderLinkId"]), ["l2"])
        const rest = result(yield* post("/v5/order/cancel-all", { category: "linear", settleCoin: "USDT" }))
        assert.deepStrictEqual(rows(field(rest, "list")).map((row) => row["orderLinkId"]), ["l1"])
        assert.strictEqual(list(yield* read("/v5/order/realtime?category=spot")).length, 1)
        const stops = result(yield* post("/v5/order/cancel-all", { category: "spot", orderFilter: "StopOrder" }))
        assert.deepStrictEqual(rows(field(stops, "list")), [])
        refused(yield* post("/v5/order/cancel-all", { category: "spot", orderFilter: "order" }), 170202)
        const spot = result(yield* post("/v5/order/cancel-all", { category: "spot" }))
        assert.deepStrictEqual(rows(field(spot, "list")).map((row) => row["orderLinkId"]), ["s"])
      }))

    it.effect("returns the result of each order of a batch", () =>
      Effect.gen(function*() {
        const { post } = yield* start()
        const { category: _, ...order } = limit()
        const created = yield* post("/v5/order/create-batch", {
          category: "spot",
          request: [{ ...order, orderLinkId: "b1" }, { ...order, side: "up" }, { ...order, orderLinkId: "b1" }]
        })
        const placed = list(created)
        assert.deepInclude(placed[0], { symbol: "BTCUSDT", orderLinkId: "b1", createAt: String(noon) })
        assert.deepInclude(placed[1], { orderId: "", createAt: "" })
        const codes = (answer: Answer) =>
          rows(field(field(answer.json, "retExtInfo"), "list")).map((row) => row["code"])
        assert.deepStrictEqual(codes(created), [0, 10001, 170141])
        yield* TestClock.adjust("1 second")
        const target = { symbol: "BTCUSDT", orderLinkId: "b1" }
        const amended = yield* post("/v5/order/amend-batch", {
          category: "spot",
          request: [{ ...target, qty: "0.002" }]
        })
        assert.deepStrictEqual(codes(amended), [0])
        const canceled = yield* post("/v5/order/cancel-batch", { category: "spot", request: [target, target] })
        assert.deepStrictEqual(codes(canceled), [0, 170142])
      }))

    it.effect("pages open orders, newest first", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        for (const orderLinkId of ["p1", "p2", "p3"]) result(yield* post("/v5/order/create", limit({ orderLinkId })))
        const first = yield* read("/v5/order/realtime?category=spot&limit=2")
        assert.deepStrictEqual(list(first).map((row) => row["orderLinkId"]), ["p3", "p2"])
        const cursor = text(result(first), "nextPageCursor")
        const second = yield* read(`/v5/order/realtime?category=spot&limit=2&cursor=${cursor}`)
        assert.deepStrictEqual(list(second).map((row) => row["orderLinkId"]), ["p1"])
        assert.strictEqual(text(result(second), "nextPageCursor"), "")
        refused(yield* read("/v5/order/realtime?category=linear"), 10001)
        refused(yield* read("/v5/order/realtime?category=spot&limit=51"), 10001)
      }))

    it.effect("returns an order only after the order lag", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start({ faults: Faults.make({ orderLag: "300 millis" }) })
        result(yield* post("/v5/order/create", limit({ orderLinkId: "lag" })))
        const found = Effect.map(read("/v5/order/realtime?category=spot&orderLinkId=lag"), (answer) =>
          list(answer).length)
        assert.strictEqual(yield* found, 0)
        yield* TestClock.adjust("299 millis")
        assert.strictEqual(yield* found, 0)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual(yield* found, 1)
      }))

    it.effect("requires a key with trade permission", () =>
      Effect.gen(function*() {
        const { post } = yield* start()
        refused(yield* post("/v5/order/create", limit(), Simulator.credentials("bybit", "read")), 10005)
      }))

    it.effect("returns executions of at most seven days", () =>
      Effect.gen(function*() {
        const { read } = yield* start()
        const day = 86_400_000
        const span = (days: number) => `startTime=${noon - days * day}&endTime=${noon}`
        assert.deepStrictEqual(list(yield* read(`/v5/execution/list?category=spot&${span(7)}`)), [])
        refused(yield* read(`/v5/execution/list?category=spot&${span(8)}`), 10001)
      }))
  })
})
