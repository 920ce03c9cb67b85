import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Redacted, TestClock } from "effect"
import { verifySignature } from "../../src/exchanges/okx/dialect.js"
import { type Account, Faults } from "../../src/index.js"
import { ask, field, noon } from "../utils.js"
import { data, decimal, demo, type Headers, headers, lists, place, refused, spot, start, text } from "./support/okx.js"

describe("Okx", () => {
  describe("market data", () => {
    it.effect("returns time and status with strings in an array", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        assert.strictEqual(
          (yield* get("/api/v5/public/time")).text,
          `{"code":"0","data":[{"ts":"${noon}"}],"msg":""}`
        )
        assert.deepStrictEqual(data(yield* get("/api/v5/system/status")), [])
      }))

    it.effect("lists spot and swap instruments, including a suspended one", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const all = data(yield* get("/api/v5/public/instruments?instType=SPOT"))
        assert.deepStrictEqual(all.map((row) => [row["instId"], row["state"]]), [
          ["BTC-USDT", "live"],
          ["ETH-USDT", "live"],
          ["XRP-USDT", "live"],
          ["SOL-USDT", "live"],
          ["ETH-BTC", "live"],
          ["SOL-USDC", "suspend"]
        ])
        assert.deepInclude(all[0], { baseCcy: "BTC", quoteCcy: "USDT", ctVal: "", lotSz: "0.00000001", tickSz: "0.1" })
        const swaps = data(yield* get("/api/v5/public/instruments?instType=SWAP"))
        assert.deepInclude(swaps.find((row) => row["instId"] === "BTC-USDT-SWAP"), {
          baseCcy: "",
          quoteCcy: "",
          settleCcy: "USDT",
          ctVal: "0.01",
          ctMult: "1",
          ctValCcy: "BTC",
          ctType: "linear",
          uly: "BTC-USDT",
          lotSz: "0.01",
          instIdCode: 10_459
        })
        assert.deepInclude(swaps.find((row) => row["instId"] === "BTC-USD-SWAP"), {
          settleCcy: "BTC",
          ctVal: "100",
          ctValCcy: "USD",
          ctType: "inverse"
        })
        assert.deepStrictEqual(data(yield* get("/api/v5/public/instruments?instType=FUTURES")), [])
      }))

    it.effect("returns tickers with the bid and ask of the order book, and volumes in contracts", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const [ticker] = data(yield* get("/api/v5/market/ticker?instId=BTC-USDT"))
        const [book] = data(yield* get("/api/v5/market/books?instId=BTC-USDT"))
        assert.deepInclude(field(book, "bids"), [text(ticker, "bidPx"), text(ticker, "bidSz"), "0", "1"])
        assert.deepInclude(field(book, "asks"), [text(ticker, "askPx"), text(ticker, "askSz"), "0", "1"])
        assert.isNumber(field(book, "seqId"))
        assert.isTrue(BigDecimal.greaterThan(decimal(ticker, "volCcy24h"), decimal(ticker, "vol24h")))
        const [linear] = data(yield* get("/api/v5/market/ticker?instId=BTC-USDT-SWAP"))
        const hundredfold = BigDecimal.multiply(decimal(linear, "volCcy24h"), BigDecimal.unsafeFromString("100"))
        assert.isTrue(BigDecimal.lessThan(
          BigDecimal.abs(BigDecimal.subtract(hundredfold, decimal(linear, "vol24h"))),
          BigDecimal.unsafeFromString("0.01")
        ))
        assert.notProperty(linear, "markPx")
        assert.deepStrictEqual(
          data(yield* get("/api/v5/market/tickers?instType=SWAP")).map((row) => row["instId"]),
          ["BTC-USDT-SWAP", "ETH-USDT-SWAP", "BTC-USD-SWAP"]
        )
        const [mark] = data(yield* get("/api/v5/public/mark-price?instType=SWAP&instId=BTC-USDT-SWAP"))
        assert.strictEqual(field(mark, "markPx"), field(linear, "last"))
      }))

    it.effect("returns one level of the book by default, at most 400", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const depth = (query: string) =>
          Effect.map(get(`/api/v5/market/books?instId=BTC-USDT-SWAP${query}`), (answer) => {
            const bids = field(data(answer)[0], "bids")
            return Array.isArray(bids) ? bids.length : 0
          })
        assert.strictEqual(yield* depth(""), 1)
        assert.strictEqual(yield* depth("&sz=5"), 5)
        refused(yield* get("/api/v5/market/books?instId=BTC-USDT&sz=401"), 400, "51000")
      }))

    it.effect("returns books of up to 5000 levels of price, size and count", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const [book] = data(yield* get("/api/v5/market/books-full?instId=BTC-USDT&sz=5000"))
        const [part] = data(yield* get("/api/v5/market/books?instId=BTC-USDT&sz=400"))
        const [bids, first] = [field(book, "bids"), field(part, "bids")]
        assert(Array.isArray(bids) && Array.isArray(first))
        assert.isAtLeast(bids.length, first.length)
        const [price, size, zero, count] = Array.isArray(first[0]) ? first[0] : []
        assert.deepStrictEqual([bids[0], zero], [[price, size, count], "0"])
        refused(yield* get("/api/v5/market/books-full?instId=BTC-USDT&sz=5001"), 400, "51000")
      }))

    it.effect("returns trades newest first, with decreasing ids", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const trades = data(yield* get("/api/v5/market/trades?instId=BTC-USDT&limit=30"))
        assert.strictEqual(trades.length, 30)
        const ids = trades.map((trade) => Number(text(trade, "tradeId")))
        assert.deepStrictEqual(ids.toSorted((x, y) => y - x), ids)
        assert.isTrue(trades.every(({ side }) => side === "buy" || side === "sell"))
      }))

    it.effect("returns candles newest first, older than `after` and newer than `before`", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        yield* TestClock.adjust("90 seconds")
        const opens = (query: string, path = "candles") =>
          Effect.map(
            get(`/api/v5/market/${path}?instId=BTC-USDT&${query}`),
            (answer) => lists(answer).map((bar) => Number(bar[0]))
          )
        const minute = 60_000
        const hour = 60 * minute
        const bars = lists(yield* get("/api/v5/market/candles?instId=BTC-USDT&limit=2"))
        assert.deepStrictEqual(bars.map((bar) => [bar.length, bar[0], bar[8]]), [
          [9, String(noon + minute), "0"],
          [9, String(noon), "1"]
        ])
        assert.strictEqual((yield* opens("bar=1m")).length, 100)
        assert.deepStrictEqual(yield* opens(`bar=1H&after=${noon}&limit=2`), [noon - hour, noon - 2 * hour])
        assert.deepStrictEqual(yield* opens(`bar=1H&before=${noon - hour}`), [noon])
        assert.deepStrictEqual(
          yield* opens(`bar=1H&after=${noon}&before=${noon - 3 * hour}`),
          [noon - hour, noon - 2 * hour]
        )
        assert.deepStrictEqual(yield* opens("bar=1m&limit=1", "history-candles"), [noon])
        assert.deepStrictEqual(yield* opens(`bar=1m&after=${noon - 1440 * minute}`), [])
        assert.strictEqual((yield* opens(`bar=1m&after=${noon - 1440 * minute}`, "history-candles")).length, 100)
      }))

    it.effect("opens daily candles at 16:00 UTC, and at midnight with the utc suffix", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const first = (bar: string) =>
          Effect.map(
            get(`/api/v5/market/candles?instId=BTC-USDT&bar=${bar}&limit=1`),
            (answer) => new Date(Number(lists(answer)[0]?.[0])).toISOString()
          )
        assert.strictEqual(yield* first("1D"), "2024-11-24T16:00:00.000Z")
        assert.strictEqual(yield* first("1Dutc"), "2024-11-25T00:00:00.000Z")
        assert.strictEqual(yield* first("6H"), "2024-11-25T10:00:00.000Z")
        assert.strictEqual(yield* first("1W"), "2024-11-24T16:00:00.000Z")
        assert.strictEqual(yield* first("1Mutc"), "2024-11-01T00:00:00.000Z")
        assert.strictEqual(yield* first("1M"), "2024-10-31T16:00:00.000Z")
      }))

    it.effect("returns long candles that match their shorter ones", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const [day] = lists(yield* get("/api/v5/market/history-candles?instId=BTC-USDT&bar=1D&limit=1"))
        const end = Number(day?.[0]) + 86_400_000
        const parts = lists(
          yield* get(`/api/v5/market/history-candles?instId=BTC-USDT&bar=4H&after=${end}&limit=6`)
        ).map((bar) => bar.map(Number))
        assert.strictEqual(parts.at(-1)?.[0], Number(day?.[0]))
        assert.strictEqual(parts.at(-1)?.[1], Number(day?.[1]))
        assert.strictEqual(Math.max(...parts.map((bar) => bar[2] ?? 0)), Number(day?.[2]))
        assert.strictEqual(Math.min(...parts.map((bar) => bar[3] ?? 0)), Number(day?.[3]))
        assert.strictEqual(parts[0]?.[4], Number(day?.[4]))
      }))

    const wrong: ReadonlyArray<readonly [target: string, status: number, code: string]> = [
      ["/api/v5/public/instruments", 400, "50014"],
      ["/api/v5/public/instruments?instType=NOPE", 400, "51000"],
      ["/api/v5/public/instruments?instType=OPTION", 400, "50015"],
      ["/api/v5/market/ticker", 400, "50014"],
      ["/api/v5/market/ticker?instId=NOPE-USDT", 200, "51001"],
      ["/api/v5/market/ticker?instId=btc-usdt", 200, "51001"],
      ["/api/v5/market/ticker?instId=SOL-USDC", 200, "51001"],
      ["/api/v5/market/candles?instId=BTC-USDT&bar=1h", 400, "51000"],
      ["/api/v5/market/candles?instId=BTC-USDT&bar=constructor", 400, "51000"],
      ["/api/v5/market/candles?instId=BTC-USDT&limit=301", 400, "51000"],
      ["/api/v5/market/candles?instId=BTC-USDT&after=x", 400, "51000"],
      ["/api/v5/trade/cancel-order", 405, "50115"]
    ]
    it.effect.each(wrong)("%s is rejected with %s and %s", ([target, status, code]) =>
      Effect.gen(function*() {
        const { get } = yield* start()
        refused(yield* get(target), status, code)
      }))

    it.effect("responds to an unknown path with the gateway's error, whose code is a number", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const answer = yield* get("/api/v5/nothing")
        assert.strictEqual(answer.status, 404)
        assert.deepInclude(answer.json, { code: 404, data: {}, error_code: "404" })
      }))
  })

  describe("signatures", () => {
    const reference = "chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO"
    const order = "{\"instId\":\"BTC-USD-200925\",\"tdMode\":\"isolated\",\"side\":\"buy\",\"ordType\":\"limit\"," +
      "\"px\":\"432.11\",\"sz\":\"2\"}"
    const vectors = [
      [reference, "GET", "/api/v5/account/balance", "", "PJ61e1nb2F2Qd7D8SPiaIcx2gjdELc+o0ygzre9z33k="],
      [reference, "GET", "/api/v5/account/balance?ccy=BTC", "", "ebNz0sDoc3LoFm1hqjP8LDT0fnRlDERj5C+I4ZqB4Cw="],
      [reference, "POST", "/api/v5/trade/order", order, "nEpHMx6gZYYjWVfzXtwccJAPmWrrmDHvV4cNsi10d6o="],
      [
        "22582BD0CFF14C41EDBF1AB98506286D",
        "GET",
        "/api/v5/account/balance?ccy=BTC",
        "",
        "HiZhvSfMtWJA3uUIVXV3a/bSXNPCWvYFXoGCVS8V4zY="
      ]
    ] as const
    it.each(vectors)("accepts the vector %s of %s %s and nothing else", (secret, method, target, body, signature) => {
      const sent = (sign: string, path: string = target) => ({
        method,
        target: path,
        body: new TextEncoder().encode(body),
        headers: { "ok-access-timestamp": "2020-12-08T09:08:57.715Z", "ok-access-sign": sign }
      })
      assert.isTrue(verifySignature(Redacted.make(secret), sent(signature)))
      assert.isFalse(verifySignature(Redacted.make(secret), sent(signature, `${target}x`)))
      assert.isFalse(verifySignature(Redacted.make(secret), sent(signature.toLowerCase())))
      assert.isFalse(verifySignature(Redacted.make("other"), sent(signature)))
    })

    const target = "/api/v5/account/balance?ccy=BTC"
    const good = headers(demo, noon, "GET", target)
    const without = (name: string) => ({ ...good, [name]: "" })
    const unknown = { ...demo, key: Redacted.make("00000000-0000-0000-0000-000000000000") }
    const refusals: ReadonlyArray<readonly [name: string, headers: Headers, code: string]> = [
      ["no headers", {}, "50103"],
      ["no passphrase", without("ok-access-passphrase"), "50104"],
      ["no signature", without("ok-access-sign"), "50106"],
      ["no timestamp", without("ok-access-timestamp"), "50107"],
      ["a timestamp without milliseconds", headers(demo, "2024-11-25T12:00:00Z", "GET", target), "50112"],
      ["a timestamp in milliseconds", headers(demo, String(noon), "GET", target), "50112"],
      ["a timestamp 30001 ms behind", headers(demo, noon - 30_001, "GET", target), "50102"],
      ["a timestamp 30001 ms ahead", headers(demo, noon + 30_001, "GET", target), "50102"],
      ["a key in the wrong format", { ...good, "ok-access-key": "short" }, "50111"],
      ["an unknown key", headers(unknown, noon, "GET", target), "50119"],
      ["another passphrase", { ...good, "ok-access-passphrase": "other" }, "50105"],
      ["another key's secret", headers({ ...demo, secret: Redacted.make("x") }, noon, "GET", target), "50113"],
      ["a signature of another target", headers(demo, noon, "GET", "/api/v5/account/balance"), "50113"]
    ]
    it.effect.each(refusals)("rejects %s with 401", ([, sent, code]) =>
      Effect.gen(function*() {
        const { simulator } = yield* start()
        const answer = yield* ask(simulator, target, { headers: sent })
        refused(answer, 401, code)
        assert.notProperty(answer.json, "data")
      }))

    it.effect("accepts timestamps 30 seconds off, and demo keys with any demo mode header", () =>
      Effect.gen(function*() {
        const { simulator } = yield* start()
        for (
          const sent of [
            headers(demo, noon - 30_000, "GET", target),
            headers(demo, noon + 30_000, "GET", target),
            { ...good, "x-simulated-trading": "1" },
            { ...good, "x-simulated-trading": "0" }
          ]
        ) data(yield* ask(simulator, target, { headers: sent }))
      }))

    it.effect("rejects a live key in demo mode, and one that is disabled", () =>
      Effect.gen(function*() {
        const live = { ...demo, key: Redacted.make("5e9f2b6c-0000-4000-8000-000000000001") }
        const key: Account.ApiKey = {
          id: live.key,
          verifier: { _tag: "Hmac", secret: live.secret },
          passphrase: live.passphrase,
          permissions: ["read"]
        }
        const signed = headers(live, noon, "GET", target)
        const { simulator } = yield* start({ keys: [key] })
        data(yield* ask(simulator, target, { headers: signed }))
        refused(yield* ask(simulator, target, { headers: { ...signed, "x-simulated-trading": "1" } }), 401, "50101")
        const closed = yield* start({ keys: [{ ...key, enabled: false }] })
        refused(yield* ask(closed.simulator, target, { headers: signed }), 401, "50119")
      }))

    it.effect("accepts only JSON", () =>
      Effect.gen(function*() {
        const { post } = yield* start()
        refused(yield* post(place, spot(), { "content-type": "text/plain" }), 400, "50006")
        refused(yield* post(place, "text"), 400, "50002")
      }))
  })

  describe("limits", () => {
    it.effect("responds with 429 without data or rate limit headers until the window has passed", () =>
      Effect.gen(function*() {
        const { get, simulator } = yield* start()
        const time = get("/api/v5/public/time")
        yield* time
        yield* TestClock.adjust("500 millis")
        for (let count = 0; count < 9; count++) data(yield* time)
        const refusal = yield* time
        assert.strictEqual(refusal.status, 429)
        assert.strictEqual(refusal.text, "{\"msg\":\"Too Many Requests\",\"code\":\"50011\"}")
        assert.notProperty(refusal.headers, "retry-after")
        const other = yield* ask(simulator, "/api/v5/public/time", { remoteAddress: "192.0.2.2" })
        data(other)
        assert.deepInclude(yield* simulator.usage, {
          scope: "ip:192.0.2.1 GET /api/v5/public/time",
          used: 10,
          limit: 10
        })
        yield* TestClock.adjust("1499 millis")
        assert.strictEqual((yield* time).status, 429)
        yield* TestClock.adjust("1 millis")
        data(yield* time)
      }))

    it.effect("limits cancellations per instrument, and batches by their number of orders", () =>
      Effect.gen(function*() {
        const { post, simulator } = yield* start()
        const cancels = Array.from({ length: 20 }, () => ({ instId: "BTC-USDT", clOrdId: "nope" }))
        const batch = post("/api/v5/trade/cancel-batch-orders", cancels)
        for (let count = 0; count < 15; count++) assert.strictEqual((yield* batch).status, 200)
        assert.strictEqual((yield* batch).status, 429)
        const other = yield* post("/api/v5/trade/cancel-batch-orders", [{ instId: "ETH-USDT", clOrdId: "nope" }])
        assert.strictEqual(other.status, 200)
        assert.deepInclude(yield* simulator.usage, {
          scope: "account/BTC-USDT POST /api/v5/trade/cancel-batch-orders",
          used: 300,
          limit: 300
        })
      }))
  })

  describe("failures", () => {
    it.effect("have the format of OKX", () =>
      Effect.gen(function*() {
        const broken = yield* start({ faults: Faults.make({ http500: 1 }) })
        const answer = yield* broken.get("/api/v5/public/time")
        assert.strictEqual(answer.status, 500)
        assert.deepInclude(answer.json, { code: 500, data: {}, msg: "Internal Server Error" })
        const busy = yield* start({ faults: Faults.make({ http503: 1 }) })
        refused(yield* busy.get("/api/v5/public/time"), 503, "50001")
        const limited = yield* start({ faults: Faults.make({ http429: 1 }) })
        refused(yield* limited.get("/api/v5/public/time"), 429, "50011")
      }))
  })
})
