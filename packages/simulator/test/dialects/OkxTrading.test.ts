import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, TestClock } from "effect"
import { type Account, Faults, Simulator } from "../../src/index.js"
import { type Answer, field, noon, rows } from "../utils.js"
import { data, decimal, failed, type Fields, place, refused, spot, start, swap, text } from "./support/okx.js"

describe("Okx trading", () => {
  describe("account", () => {
    it.effect("returns the permissions of each demo key", () =>
      Effect.gen(function*() {
        const { read } = yield* start()
        const perm = (permission: Account.Permission) =>
          Effect.map(
            read("/api/v5/account/config", Simulator.credentials("okx", permission)),
            (answer) => data(answer)[0]?.["perm"]
          )
        assert.strictEqual(yield* perm("read"), "read_only")
        assert.strictEqual(yield* perm("trade"), "read_only,trade")
        assert.strictEqual(yield* perm("withdraw"), "read_only,withdraw,trade")
        assert.deepInclude(data(yield* read("/api/v5/account/config"))[0], { ip: "", posMode: "net_mode", acctLv: "2" })
      }))

    it.effect("returns balances other than zero, and locks what open orders require", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        const details = (query = "") =>
          Effect.map(read(`/api/v5/account/balance${query}`), (answer) => rows(data(answer)[0]?.["details"]))
        assert.deepStrictEqual((yield* details()).map((row) => row["ccy"]), ["BTC", "ETH", "USDT"])
        assert.deepInclude((yield* details("?ccy=USDT"))[0], {
          eq: "26000.5",
          cashBal: "26000.5",
          availBal: "25000.5",
          frozenBal: "1000"
        })
        data(yield* post(place, spot()))
        assert.deepInclude((yield* details("?ccy=USDT,BTC"))[1], { availBal: "24950.5", frozenBal: "1050" })
      }))

    it.effect("returns positions in contracts, negative when short", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        const open = Effect.map(read("/api/v5/account/positions"), data)
        assert.deepStrictEqual(yield* open, [])
        data(yield* post(place, swap({ side: "sell", ordType: "market", px: undefined, sz: "1.5" })))
        assert.deepInclude((yield* open)[0], { instId: "BTC-USDT-SWAP", pos: "-1.5", posSide: "net", mgnMode: "cross" })
        const inverse = { instId: "BTC-USD-SWAP", ordType: "market", px: undefined, sz: "3" }
        data(yield* post(place, swap(inverse)))
        assert.deepInclude(data(yield* read("/api/v5/account/positions?instId=BTC-USD-SWAP"))[0], {
          pos: "3",
          notionalUsd: "300",
          ccy: "BTC"
        })
        data(yield* post(place, swap({ side: "buy", ordType: "market", sz: "1.5", reduceOnly: true })))
        assert.deepStrictEqual((yield* open).map((row) => row["instId"]), ["BTC-USD-SWAP"])
        refused(yield* read("/api/v5/account/positions?instId=NOPE"), 200, "51001")
      }))
  })

  describe("orders", () => {
    const one = (query: string) => `/api/v5/trade/order?instId=BTC-USDT&${query}`

    it.effect("acknowledges a resting order, finds it by either id, and cancels it", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        const placed = yield* post(place, spot({ clOrdId: "b15", tag: "t" }))
        const [ack] = data(placed)
        const ordId = text(ack, "ordId")
        assert.deepStrictEqual(ack, { clOrdId: "b15", ordId, sCode: "0", sMsg: "", tag: "t", ts: String(noon) })
        assert.isTrue(BigInt(ordId) > BigInt(Number.MAX_SAFE_INTEGER))
        assert.strictEqual(text(placed.json, "inTime"), `${noon}000`)
        for (const target of [one(`ordId=${ordId}`), one("clOrdId=b15"), "/api/v5/trade/orders-pending"]) {
          assert.deepInclude(data(yield* read(target))[0], {
            ordId,
            clOrdId: "b15",
            instType: "SPOT",
            instId: "BTC-USDT",
            px: "50000",
            sz: "0.001",
            accFillSz: "0",
            avgPx: "",
            state: "live",
            ordType: "limit",
            side: "buy",
            tdMode: "cash",
            reduceOnly: "false",
            cTime: String(noon)
          })
        }
        const pending = (types: string) =>
          Effect.map(read(`/api/v5/trade/orders-pending?ordType=${types}`), (answer) => data(answer).length)
        assert.deepStrictEqual([yield* pending("ioc,limit"), yield* pending("post_only,ioc")], [1, 0])
        const cancel = post("/api/v5/trade/cancel-order", { instId: "BTC-USDT", clOrdId: "b15" })
        assert.deepInclude(data(yield* cancel)[0], { ordId, sCode: "0" })
        assert.deepStrictEqual(data(yield* read("/api/v5/trade/orders-pending")), [])
        assert.deepInclude(data(yield* read(one("clOrdId=b15")))[0], { state: "canceled", cancelSource: "1" })
        failed(yield* cancel, "51401")
      }))

    it.effect("leaves orders that were canceled without a fill out of the history of three months", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        data(yield* post(place, spot({ clOrdId: "canceled" })))
        data(yield* post("/api/v5/trade/cancel-order", { instId: "BTC-USDT", clOrdId: "canceled" }))
        data(yield* post(place, spot({ clOrdId: "filled", ordType: "market", px: undefined, tgtCcy: "base_ccy" })))
        const ids = (path: string) =>
          Effect.map(read(`${path}?instType=SPOT`), (answer) => data(answer).map(({ clOrdId }) => clOrdId))
        assert.deepStrictEqual(yield* ids("/api/v5/trade/orders-history"), ["filled", "canceled"])
        assert.deepStrictEqual(yield* ids("/api/v5/trade/orders-history-archive"), ["filled"])
      }))

    it.effect("deletes orders that were canceled without a fill after two hours", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        data(yield* post(place, spot({ clOrdId: "gone" })))
        data(yield* post("/api/v5/trade/cancel-order", { instId: "BTC-USDT", clOrdId: "gone" }))
        failed(yield* post(place, spot({ clOrdId: "gone" })), "51016")
        yield* TestClock.adjust("7199999 millis")
        assert.strictEqual(data(yield* read(one("clOrdId=gone"))).length, 1)
        assert.strictEqual(data(yield* read("/api/v5/trade/orders-history?instType=SPOT")).length, 1)
        yield* TestClock.adjust("1 millis")
        refused(yield* read(one("clOrdId=gone")), 200, "51603")
        assert.deepStrictEqual(data(yield* read("/api/v5/trade/orders-history?instType=SPOT")), [])
        data(yield* post(place, spot({ clOrdId: "gone" })))
      }))

    it.effect("fills a resting order when the price reaches it, with negative fees", () =>
      Effect.gen(function*() {
        const { post, read, simulator } = yield* start()
        yield* simulator.setPrice("BTC/USDT", "60000")
        const [ack] = data(yield* post(place, spot({ px: "55000", clOrdId: "f" })))
        yield* TestClock.adjust("2 seconds")
        yield* simulator.setPrice("BTC/USDT", "54000")
        const filled = { state: "filled", accFillSz: "0.001", avgPx: "55000", fee: "-0.0000008", feeCcy: "BTC" }
        assert.deepInclude(data(yield* read(one("clOrdId=f")))[0], filled)
        assert.deepInclude(data(yield* read("/api/v5/trade/orders-history?instType=SPOT"))[0], filled)
        for (const target of ["/api/v5/trade/fills", "/api/v5/trade/fills-history?instType=SPOT"]) {
          const [fill] = data(yield* read(target))
          assert.deepInclude(fill, {
            ordId: text(ack, "ordId"),
            clOrdId: "f",
            fillPx: "55000",
            fillSz: "0.001",
            execType: "M",
            fee: "-0.0000008"
          })
          assert.match(text(fill, "billId"), /^\d{19}$/)
        }
        refused(yield* read("/api/v5/trade/fills-history"), 400, "50014")
        failed(yield* post("/api/v5/trade/cancel-order", { instId: "BTC-USDT", clOrdId: "f" }), "51402")
        failed(yield* post("/api/v5/trade/amend-order", { instId: "BTC-USDT", clOrdId: "f", newSz: "1" }), "51510")
      }))

    it.effect("takes the size of a spot market buy in the quote currency by default", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        const market = { ordType: "market", px: undefined }
        data(yield* post(place, spot({ ...market, sz: "100", clOrdId: "quote" })))
        const [quote] = data(yield* read(one("clOrdId=quote")))
        assert.deepInclude(quote, { sz: "100", tgtCcy: "quote_ccy", ordType: "market" })
        assert.isTrue(BigDecimal.lessThan(decimal(quote, "accFillSz"), BigDecimal.unsafeFromString("0.01")))
        data(yield* post(place, spot({ ...market, sz: "0.01", tgtCcy: "base_ccy", clOrdId: "base" })))
        assert.deepInclude(data(yield* read(one("clOrdId=base")))[0], { state: "filled", accFillSz: "0.01" })
      }))

    it.effect("takes sizes of contracts in contracts", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        data(yield* post(place, swap({ px: "80000", sz: "2.5", clOrdId: "c" })))
        const [order] = data(yield* read("/api/v5/trade/order?instId=BTC-USDT-SWAP&clOrdId=c"))
        assert.deepInclude(order, { state: "filled", sz: "2.5", accFillSz: "2.5", tdMode: "cross", posSide: "net" })
        const [position] = data(yield* read("/api/v5/account/positions"))
        // 2.5 contracts of 0.01 BTC: a margin of a tenth of some 1600 USDT.
        const margin = decimal(position, "imr")
        assert.isTrue(BigDecimal.between(margin, {
          minimum: BigDecimal.unsafeFromString("140"),
          maximum: BigDecimal.unsafeFromString("180")
        }))
      }))

    it.effect("acknowledges orders that cannot rest and cancels them with the cancel source", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        for (
          const [ordType, px, cancelSource] of [
            ["post_only", "80000", "31"],
            ["ioc", "50000", "14"],
            ["fok", "50000", "13"]
          ] as const
        ) {
          const clOrdId = ordType.replace("_", "")
          data(yield* post(place, spot({ ordType, px, clOrdId })))
          assert.deepInclude(data(yield* read(one(`clOrdId=${clOrdId}`)))[0], {
            state: "canceled",
            ordType,
            cancelSource,
            accFillSz: "0"
          })
        }
      }))

    it.effect("amends price and size under the same id", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        data(yield* post(place, swap({ clOrdId: "a" })))
        const amend = (fields: Fields) =>
          post("/api/v5/trade/amend-order", { instId: "BTC-USDT-SWAP", clOrdId: "a", ...fields })
        assert.deepInclude(data(yield* amend({ newPx: "50001.5", newSz: "0.2", reqId: "r1" }))[0], {
          sCode: "0",
          reqId: "r1"
        })
        assert.deepInclude(data(yield* read("/api/v5/trade/order?instId=BTC-USDT-SWAP&clOrdId=a"))[0], {
          px: "50001.5",
          sz: "0.2",
          state: "live"
        })
        failed(yield* amend({}), "51000")
        failed(yield* amend({ newSz: "0.205" }), "51121")
        failed(yield* amend({ clOrdId: "nope", newSz: "1" }), "51503")
        data(yield* post("/api/v5/trade/cancel-order", { instId: "BTC-USDT-SWAP", clOrdId: "a" }))
        failed(yield* amend({ newSz: "1" }), "51509")
      }))

    const mistakes: ReadonlyArray<readonly [name: string, order: Fields, code: string]> = [
      ["an unknown instrument", spot({ instId: "NOPE-USDT" }), "51001"],
      ["no trade mode", spot({ tdMode: undefined }), "51000"],
      ["a spot order on margin", spot({ tdMode: "cross" }), "51010"],
      ["a contract order in cash mode", swap({ tdMode: "cash" }), "51010"],
      ["an invalid side", spot({ side: "Buy" }), "51000"],
      ["an invalid type", spot({ ordType: "LIMIT" }), "51000"],
      ["a size as a number", spot({ sz: 1 }), "51000"],
      ["no price", spot({ px: "" }), "51000"],
      ["a client id with a dash", spot({ clOrdId: "a-b" }), "51000"],
      ["a client id of 33 characters", spot({ clOrdId: "x".repeat(33) }), "51000"],
      ["a hedge position", swap({ posSide: "long" }), "51000"],
      ["a suspended instrument", spot({ instId: "SOL-USDC", px: "150", sz: "1" }), "51022"],
      ["a price off tick", spot({ px: "50000.05" }), "51000"],
      ["a size off lot", swap({ sz: "0.105" }), "51121"],
      ["too small a size", spot({ sz: "0.000001" }), "51020"],
      ["an amount beyond the free balance", spot({ sz: "1" }), "51008"],
      ["a reduce-only order without a position", swap({ reduceOnly: true }), "51169"]
    ]
    it.effect.each(mistakes)(
      "rejects %s with HTTP 200 and the code in the row",
      ([, order, code]) =>
        Effect.gen(function*() {
          const { post, read } = yield* start()
          failed(yield* post(place, order), code)
          assert.deepStrictEqual(data(yield* read("/api/v5/trade/orders-pending")), [])
        })
    )

    it.effect("returns the result of each order of a batch, and code 2 when some failed", () =>
      Effect.gen(function*() {
        const { post } = yield* start()
        const some = yield* post("/api/v5/trade/batch-orders", [
          spot({ clOrdId: "b1" }),
          spot({ clOrdId: "b1" }),
          spot({ clOrdId: "b2" })
        ])
        const codes = (answer: Answer) => [
          field(answer.json, "code"),
          ...rows(field(answer.json, "data")).map((row) => row["sCode"])
        ]
        assert.deepStrictEqual(codes(some), ["2", "0", "51016", "0"])
        const target = (clOrdId: string, more: Fields = {}) => ({ instId: "BTC-USDT", clOrdId, ...more })
        const amended = yield* post("/api/v5/trade/amend-batch-orders", [
          target("b1", { newSz: "0.002" }),
          target("b2", { newPx: "49000" })
        ])
        assert.deepStrictEqual(codes(amended), ["0", "0", "0"])
        const canceled = yield* post("/api/v5/trade/cancel-batch-orders", [target("b1"), target("b2")])
        assert.deepStrictEqual(codes(canceled), ["0", "0", "0"])
        const again = yield* post("/api/v5/trade/cancel-batch-orders", [target("b1"), target("nope")])
        assert.deepStrictEqual(codes(again), ["1", "51401", "51400"])
        const many = Array.from({ length: 21 }, () => target("b1"))
        refused(yield* post("/api/v5/trade/cancel-batch-orders", many), 400, "51000")
      }))

    it.effect("pages open orders by id, newest first", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        for (const clOrdId of ["p1", "p2", "p3"]) data(yield* post(place, spot({ clOrdId })))
        const pending = "/api/v5/trade/orders-pending?instType=SPOT&limit=2"
        const first = data(yield* read(pending))
        assert.deepStrictEqual(first.map((row) => row["clOrdId"]), ["p3", "p2"])
        const second = data(yield* read(`${pending}&after=${text(first[1], "ordId")}`))
        assert.deepStrictEqual(second.map((row) => row["clOrdId"]), ["p1"])
        const newer = data(yield* read(`${pending}&before=${text(first[1], "ordId")}`))
        assert.deepStrictEqual(newer.map((row) => row["clOrdId"]), ["p3"])
        assert.deepStrictEqual(data(yield* read("/api/v5/trade/orders-pending?instType=SWAP")), [])
      }))

    it.effect("returns an order only after the order lag", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start({ faults: Faults.make({ orderLag: "300 millis" }) })
        data(yield* post(place, spot({ clOrdId: "lag" })))
        yield* TestClock.adjust("299 millis")
        refused(yield* read(one("clOrdId=lag")), 200, "51603")
        yield* TestClock.adjust("1 millis")
        assert.strictEqual(data(yield* read(one("clOrdId=lag"))).length, 1)
      }))

    it.effect("rejects an order that arrives after its expiry", () =>
      Effect.gen(function*() {
        const { post, read } = yield* start()
        refused(yield* post(place, spot(), { exptime: String(noon - 1) }), 200, "50037")
        assert.deepStrictEqual(data(yield* read("/api/v5/trade/orders-pending")), [])
        data(yield* post(place, spot(), { exptime: String(noon) }))
      }))

    it.effect("requires a key with trade permission", () =>
      Effect.gen(function*() {
        const { post } = yield* start()
        refused(yield* post(place, spot(), {}, Simulator.credentials("okx", "read")), 401, "50120")
      }))
  })
})
