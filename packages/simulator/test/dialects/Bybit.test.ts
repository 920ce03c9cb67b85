import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Redacted, TestClock } from "effect"
import { verifySignature } from "../../src/exchanges/bybit/dialect.js"
import { type Account, Faults } from "../../src/index.js"
import { ask, field, isRecord, noon } from "../utils.js"
import { contract, decimal, demo, headers, limit, list, refused, result, start, text } from "./support/bybit.js"

describe("Bybit", () => {
  describe("market data", () => {
    it.effect("returns time and status in the envelope", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        assert.strictEqual(
          (yield* get("/v5/market/time")).text,
          `{"retCode":0,"retMsg":"OK","result":{"timeSecond":"1732536000","timeNano":"1732536000000000000"},` +
            `"retExtInfo":{},"time":${noon}}`
        )
        assert.deepStrictEqual(result(yield* get("/v5/system/status")), { list: [] })
      }))

    it.effect("lists spot, linear and inverse markets, only open ones by default", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const names = (category: string, more = "") =>
          Effect.map(
            get(`/v5/market/instruments-info?category=${category}${more}`),
            (answer) => list(answer).map((row) => row["symbol"])
          )
        assert.deepStrictEqual(yield* names("spot"), ["BTCUSDT", "ETHUSDT", "XRPUSDT", "SOLUSDT", "ETHBTC"])
        assert.deepStrictEqual(yield* names("linear"), ["BTCUSDT", "ETHUSDT"])
        assert.deepStrictEqual(yield* names("linear", "&status=Closed"), ["XRPUSDT"])
        assert.deepStrictEqual(yield* names("inverse"), ["BTCUSD"])
        const [spot] = list(yield* get("/v5/market/instruments-info?category=spot&symbol=BTCUSDT"))
        assert.deepInclude(field(spot, "lotSizeFilter"), { basePrecision: "0.000001", minOrderAmt: "5" })
        assert.deepStrictEqual(field(spot, "priceFilter"), { tickSize: "0.1" })
        assert.notProperty(spot, "contractType")
        const [linear] = list(yield* get("/v5/market/instruments-info?category=linear&symbol=BTCUSDT"))
        assert.deepInclude(linear, {
          contractType: "LinearPerpetual",
          settleCoin: "USDT",
          deliveryTime: "0",
          deliveryFeeRate: "",
          fundingInterval: 480
        })
        assert.deepInclude(field(linear, "lotSizeFilter"), { qtyStep: "0.001", minNotionalValue: "5" })
        assert.deepInclude(field(linear, "priceFilter"), { tickSize: "0.10" })
      }))

    it.effect("pages linear instruments by a cursor, which may be encoded again", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const first = yield* get("/v5/market/instruments-info?category=linear&limit=1")
        const cursor = text(result(first), "nextPageCursor")
        assert.match(cursor, /^page_token%3D\d+%26$/)
        for (const sent of [cursor, encodeURIComponent(cursor)]) {
          const second = yield* get(`/v5/market/instruments-info?category=linear&limit=1&cursor=${sent}`)
          assert.deepStrictEqual(list(second).map((row) => row["symbol"]), ["ETHUSDT"])
          assert.strictEqual(text(result(second), "nextPageCursor"), "")
        }
      }))

    it.effect("returns tickers with the bid and ask of the order book", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const [spot] = list(yield* get("/v5/market/tickers?category=spot&symbol=BTCUSDT"))
        assert.notProperty(spot, "markPrice")
        const book = result(yield* get("/v5/market/orderbook?category=spot&symbol=BTCUSDT"))
        assert.deepStrictEqual(field(book, "b"), [[text(spot, "bid1Price"), text(spot, "bid1Size")]])
        assert.deepStrictEqual(field(book, "a"), [[text(spot, "ask1Price"), text(spot, "ask1Size")]])
        assert.isTrue(BigDecimal.lessThan(decimal(spot, "bid1Price"), decimal(spot, "ask1Price")))
        const [linear] = list(yield* get("/v5/market/tickers?category=linear&symbol=BTCUSDT"))
        assert.deepInclude(linear, { fundingRate: "0.0001", nextFundingTime: String(noon + 4 * 3_600_000) })
        assert.isTrue(BigDecimal.greaterThan(decimal(linear, "turnover24h"), decimal(linear, "volume24h")))
        const [inverse] = list(yield* get("/v5/market/tickers?category=inverse&symbol=BTCUSD"))
        assert.isTrue(BigDecimal.greaterThan(decimal(inverse, "volume24h"), decimal(inverse, "turnover24h")))
        assert.strictEqual(list(yield* get("/v5/market/tickers?category=linear")).length, 2)
      }))

    it.effect("returns books of the requested depth, best price first, with sequence numbers", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const book = result(yield* get("/v5/market/orderbook?category=linear&symbol=ETHUSDT&limit=10"))
        const prices = (side: string) => {
          const levels = field(book, side)
          assert(Array.isArray(levels))
          return levels.map((level) => Number(level[0]))
        }
        assert.strictEqual(prices("b").length, 10)
        assert.deepStrictEqual(prices("b").toSorted((x, y) => y - x), prices("b"))
        assert.deepStrictEqual(prices("a").toSorted((x, y) => x - y), prices("a"))
        for (const name of ["ts", "u", "seq", "cts"]) assert.isNumber(field(book, name))
      }))

    it.effect("returns recent trades, newest first", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const trades = list(yield* get("/v5/market/recent-trade?category=linear&symbol=BTCUSDT&limit=50"))
        assert.strictEqual(trades.length, 50)
        const times = trades.map((trade) => Number(text(trade, "time")))
        assert.deepStrictEqual(times.toSorted((x, y) => y - x), times)
        assert.isTrue(trades.every((trade) => trade["side"] === "Buy" || trade["side"] === "Sell"))
        refused(yield* get("/v5/market/recent-trade?category=spot&symbol=BTCUSDT&limit=61"), 10001)
      }))

    it.effect("returns candles newest first, including both ends and the open one", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        yield* TestClock.adjust("90 seconds")
        const opens = (query: string) =>
          Effect.map(get(`/v5/market/kline?category=spot&symbol=BTCUSDT&${query}`), (answer) => {
            const bars = field(result(answer), "list")
            assert(Array.isArray(bars))
            assert.isTrue(bars.every((bar) => bar.length === 7))
            return bars.map((bar) => Number(bar[0]))
          })
        const minute = 60_000
        const hour = 60 * minute
        assert.deepStrictEqual(yield* opens("interval=1&limit=3"), [noon + minute, noon, noon - minute])
        assert.strictEqual((yield* opens("interval=60")).length, 200)
        assert.deepStrictEqual(
          yield* opens(`interval=60&start=${noon - 3 * hour}&end=${noon - hour}`),
          [noon - hour, noon - 2 * hour, noon - 3 * hour]
        )
        assert.deepStrictEqual(
          yield* opens(`interval=60&start=${noon - 30 * hour}&limit=2`),
          [noon - 29 * hour, noon - 30 * hour]
        )
        assert.deepStrictEqual(yield* opens(`interval=60&end=${noon - hour}&limit=1`), [noon - hour])
        assert.deepStrictEqual(yield* opens("interval=W&limit=1"), [Date.UTC(2024, 10, 25)])
        assert.deepStrictEqual(yield* opens("interval=M&limit=2"), [Date.UTC(2024, 10, 1), Date.UTC(2024, 9, 1)])
        for (const interval of ["2", "constructor"]) {
          refused(yield* get(`/v5/market/kline?category=spot&symbol=BTCUSDT&interval=${interval}`), 10001)
        }
      }))

    const wrong: ReadonlyArray<readonly [target: string, message: string]> = [
      ["/v5/market/tickers?symbol=BTCUSDT", "Category"],
      ["/v5/market/tickers?category=margin", "Category"],
      ["/v5/market/tickers?category=spot&symbol=NOPE", "Not supported symbols"],
      ["/v5/market/tickers?category=spot&symbol=btcusdt", "Not supported symbols"],
      ["/v5/market/tickers?category=linear&symbol=XRPUSDT", "Not supported symbols"],
      ["/v5/market/orderbook?category=spot&symbol=BTCUSDT&limit=0", "limit"],
      ["/v5/market/orderbook?category=spot&symbol=BTCUSDT&limit=1001", "limit"],
      ["/v5/market/instruments-info?category=spot&symbol=NOPE", "symbol invalid"]
    ]
    it.effect.each(wrong)("%s is rejected with HTTP 200 and 10001", ([target, message]) =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const answer = yield* get(target)
        refused(answer, 10001)
        assert.include(text(answer.json, "retMsg"), message)
        assert.deepStrictEqual(field(answer.json, "result"), {})
      }))

    it.effect("responds to an unknown path with 404, and to a GET with a body with 403", () =>
      Effect.gen(function*() {
        const { get, simulator } = yield* start()
        assert.strictEqual((yield* get("/v5/nothing")).status, 404)
        const bodied = yield* ask(simulator, "/v5/market/time", { body: new TextEncoder().encode("{}") })
        assert.strictEqual(bodied.status, 403)
        assert.strictEqual(bodied.json, undefined)
      }))
  })

  describe("signatures", () => {
    const vectors = [
      [
        "GET",
        "/v5/x?category=linear&symbol=BTCUSDT",
        "",
        "fd4f31228a46109dc6673062328693696df9a96c7ff04e6491a45e7f63a0fdd7"
      ],
      [
        "POST",
        "/v5/x",
        "{\"category\": \"linear\", \"symbol\": \"BTCUSDT\", \"orderLinkId\": \"test-order-1\"}",
        "2df4a0603d69c08d5dea29ba85b46eb7db64ce9e9ebd34a7802a3d69700cb2a1"
      ],
      [
        "POST",
        "/v5/x",
        "{\"category\":\"linear\",\"symbol\":\"BTCUSDT\",\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"0.001\"," +
        "\"price\":\"60000\",\"timeInForce\":\"PostOnly\",\"orderLinkId\":\"test-order-1\"}",
        "3cfe59b27bf570fe339dc569f0d005742c65d871e422f4fd709af40cd4fa26ee"
      ],
      ["GET", "/v5/x", "", "cfffd774219bfa1d400476f699f830daaedcd3c41faa1dbdda95a8f4dd8170cc"]
    ] as const
    it.each(vectors)("accepts the vector of %s %s and nothing else", (method, target, body, signature) => {
      const secret = Redacted.make("test_secret")
      const sent = (sign: string, timestamp = "1700000000000") => ({
        method,
        target,
        body: new TextEncoder().encode(body),
        headers: {
          "x-bapi-api-key": "test_api_key",
          "x-bapi-timestamp": timestamp,
          "x-bapi-recv-window": "5000",
          "x-bapi-sign": sign
        }
      })
      assert.isTrue(verifySignature(secret, sent(signature)))
      assert.isFalse(verifySignature(secret, sent(signature, "1700000000001")))
      assert.isFalse(verifySignature(secret, sent(`0${signature.slice(1)}`)))
      assert.isFalse(verifySignature(Redacted.make("other"), sent(signature)))
    })

    const target = "/v5/account/wallet-balance?accountType=UNIFIED"
    const payload = "accountType=UNIFIED"
    const good = headers(demo, noon, payload)
    const refusals: ReadonlyArray<readonly [name: string, headers: Readonly<Record<string, string>>, code: number]> = [
      ["no headers", {}, 10001],
      ["no signature", { ...good, "x-bapi-sign": "" }, 10001],
      ["a timestamp that is not a number", { ...good, "x-bapi-timestamp": "now" }, 10001],
      ["a timestamp 1 s ahead", headers(demo, noon + 1000, payload), 10002],
      ["a timestamp 5001 ms behind", headers(demo, noon - 5001, payload), 10002],
      ["an unknown key", headers({ ...demo, key: Redacted.make("A".repeat(18)) }, noon, payload), 10003],
      ["another key's secret", headers({ ...demo, secret: Redacted.make("x") }, noon, payload), 10004],
      ["a signature of another query", headers(demo, noon, `${payload}&coin=BTC`), 10004]
    ]
    it.effect.each(refusals)("rejects %s", ([, sent, code]) =>
      Effect.gen(function*() {
        const { simulator } = yield* start()
        const answer = yield* ask(simulator, target, { headers: sent })
        refused(answer, code)
        assert.notProperty(answer.headers, "x-bapi-limit")
      }))

    it.effect("reports both clocks when they differ, and null when no timestamp was sent", () =>
      Effect.gen(function*() {
        const { simulator } = yield* start()
        const late = yield* ask(simulator, target, { headers: headers(demo, noon + 1002, payload) })
        assert.include(
          text(late.json, "retMsg"),
          `req_timestamp[${noon + 1002}],server_timestamp[${noon}],recv_window[5000]`
        )
        const bare = yield* ask(simulator, target)
        assert.strictEqual(field(bare.json, "result"), null)
        assert.strictEqual(field(bare.json, "retExtInfo"), null)
      }))

    it.effect("accepts timestamps up to the limits of the window", () =>
      Effect.gen(function*() {
        const { simulator } = yield* start()
        for (
          const sent of [
            headers(demo, noon + 999, payload),
            headers(demo, noon - 5000, payload),
            headers(demo, noon - 20_000, payload, "20000")
          ]
        ) result(yield* ask(simulator, target, { headers: sent }))
      }))

    it.effect("rejects an expired key", () =>
      Effect.gen(function*() {
        const key: Account.ApiKey = {
          id: demo.key,
          verifier: { _tag: "Hmac", secret: demo.secret },
          permissions: ["read"],
          enabled: false
        }
        const { read } = yield* start({ keys: [key] })
        refused(yield* read(target), 33004)
      }))
  })

  describe("limits", () => {
    it.effect("counts each private endpoint per account and second, with headers", () =>
      Effect.gen(function*() {
        const { get, post, simulator } = yield* start()
        assert.notProperty((yield* get("/v5/market/time")).headers, "x-bapi-limit")
        const place = post("/v5/order/create", contract({ symbol: "NOPE" }))
        const first = yield* place
        assert.deepInclude(first.headers, { "x-bapi-limit": "10", "x-bapi-limit-status": "9" })
        yield* TestClock.adjust("400 millis")
        for (let count = 0; count < 9; count++) yield* place
        const late = yield* place
        refused(late, 10006)
        assert.deepInclude(late.headers, {
          "x-bapi-limit-status": "0",
          "x-bapi-limit-reset-timestamp": String(noon + 1000)
        })
        assert.deepInclude(yield* simulator.usage, { scope: "account:order/create/contracts", used: 10, limit: 10 })
        const spot = yield* post("/v5/order/create", limit({ symbol: "NOPE" }))
        assert.deepInclude(spot.headers, { "x-bapi-limit": "20", "x-bapi-limit-status": "19" })
        yield* TestClock.adjust("599 millis")
        refused(yield* place, 10006)
        yield* TestClock.adjust("1 millis")
        refused(yield* place, 10001)
      }))

    it.effect("bans an address for ten minutes after 600 requests in 5 seconds", () =>
      Effect.gen(function*() {
        const { get, simulator } = yield* start()
        for (let count = 0; count < 600; count++) assert.strictEqual((yield* get("/v5/market/time")).status, 200)
        const banned = yield* get("/v5/market/time")
        assert.strictEqual(banned.status, 403)
        assert.include(banned.text, "access too frequent")
        assert.notProperty(banned.headers, "retry-after")
        assert.strictEqual((yield* simulator.usage)[0]?.bannedUntil, noon + 600_000)
        const other = yield* ask(simulator, "/v5/market/time", { remoteAddress: "192.0.2.2" })
        assert.strictEqual(other.status, 200)
        yield* TestClock.adjust("599999 millis")
        assert.strictEqual((yield* get("/v5/market/time")).status, 403)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* get("/v5/market/time")).status, 200)
      }))
  })

  describe("failures", () => {
    it.effect("are gateway pages, and an envelope for 429", () =>
      Effect.gen(function*() {
        for (const status of [500, 503] as const) {
          const { get } = yield* start({ faults: Faults.make({ [`http${status}`]: 1 }) })
          const answer = yield* get("/v5/market/time")
          assert.strictEqual(answer.status, status)
          assert.strictEqual(answer.json, undefined)
        }
        const { get } = yield* start({ faults: Faults.make({ http429: 1 }) })
        const answer = yield* get("/v5/market/time")
        assert.strictEqual(answer.status, 429)
        assert(isRecord(answer.json))
        assert.strictEqual(answer.json["retCode"], 429)
      }))
  })
})
