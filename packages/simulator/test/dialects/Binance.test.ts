import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Redacted, TestClock } from "effect"
import { signedPayload, verifySignature } from "../../src/exchanges/binance/authentication.js"
import { Account, Simulator } from "../../src/index.js"
import { ask, binance, field, isRecord, noon, rows } from "../utils.js"

const start = (options?: Simulator.Options) =>
  Effect.zipRight(TestClock.setTime(noon), Simulator.make("binance", options))

const symbols = (body: unknown) => rows(body).map((row) => row["symbol"])

const docsSecret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"

const hmacKey: Account.ApiKey = {
  id: Redacted.make("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"),
  verifier: { _tag: "Hmac", secret: Redacted.make(docsSecret) },
  permissions: ["read"]
}

const ed25519Key: Account.ApiKey = {
  id: Redacted.make("E".repeat(64)),
  verifier: { _tag: "PublicKey", publicKey: "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" },
  permissions: ["read"]
}

describe("Binance", () => {
  describe("market data", () => {
    it.effect("returns ping, time and status", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        assert.strictEqual((yield* ask(simulator, "/api/v3/ping")).text, "{}")
        assert.strictEqual((yield* ask(simulator, "/api/v3/time")).text, `{"serverTime":${noon}}`)
        yield* TestClock.adjust("1500 millis")
        const time = yield* ask(simulator, "/api/v3/time")
        assert.strictEqual(time.text, `{"serverTime":${noon + 1500}}`)
        assert.strictEqual(time.headers["date"], "Mon, 25 Nov 2024 12:00:01 GMT")
        assert.strictEqual(time.headers["content-type"], "application/json; charset=utf-8")
        assert.strictEqual((yield* ask(simulator, "/sapi/v1/system/status")).text, "{\"status\":0,\"msg\":\"normal\"}")
      }))

    it.effect("describes its markets with filters as strings of eight decimals", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const { json } = yield* ask(simulator, "/api/v3/exchangeInfo")
        const [bitcoin] = rows(field(json, "symbols")).filter((row) => row["symbol"] === "BTCUSDT")
        assert(bitcoin !== undefined)
        assert.strictEqual(bitcoin["status"], "TRADING")
        assert.strictEqual(bitcoin["baseAsset"], "BTC")
        assert.strictEqual(bitcoin["quoteAsset"], "USDT")
        assert.deepStrictEqual(rows(bitcoin["filters"])[0], {
          filterType: "PRICE_FILTER",
          minPrice: "0.01000000",
          maxPrice: "1000000.00000000",
          tickSize: "0.01000000"
        })
        assert.deepStrictEqual(bitcoin["permissionSets"], [["SPOT", "MARGIN"]])
        assert.deepStrictEqual(rows(field(json, "rateLimits"))[0], {
          rateLimitType: "REQUEST_WEIGHT",
          interval: "MINUTE",
          intervalNum: 1,
          limit: 6000
        })
        assert.isTrue(symbols(field(json, "symbols")).includes("BTCBUSD"))
      }))

    it.effect("narrows exchangeInfo by symbol, symbols and status", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const listed = (query: string) =>
          Effect.map(ask(simulator, `/api/v3/exchangeInfo?${query}`), ({ json }) => symbols(field(json, "symbols")))
        assert.deepStrictEqual(yield* listed("symbol=ETHBTC"), ["ETHBTC"])
        assert.deepStrictEqual(yield* listed("symbols=%5B%22SOLUSDT%22,%22ETHBTC%22%5D"), ["SOLUSDT", "ETHBTC"])
        assert.deepStrictEqual(yield* listed("symbolStatus=BREAK"), ["BTCBUSD"])
        const without = yield* ask(simulator, "/api/v3/exchangeInfo?symbol=ETHBTC&showPermissionSets=false")
        assert.notProperty(rows(field(without.json, "symbols"))[0], "permissionSets")
        const both = yield* ask(simulator, "/api/v3/exchangeInfo?symbol=ETHBTC&symbolStatus=BREAK")
        assert.strictEqual(field(both.json, "code"), -1128)
      }))

    it.effect("returns a consistent 24-hour ticker", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const { json } = yield* ask(simulator, "/api/v3/ticker/24hr?symbol=BTCUSDT")
        assert(isRecord(json))
        const decimal = (name: string) => BigDecimal.unsafeFromString(String(json[name]))
        assert.strictEqual(json["symbol"], "BTCUSDT")
        assert.match(String(json["lastPrice"]), /^\d+\.\d{8}$/)
        assert.isTrue(BigDecimal.lessThan(decimal("bidPrice"), decimal("lastPrice")))
        assert.isTrue(BigDecimal.greaterThan(decimal("askPrice"), decimal("lastPrice")))
        assert.isTrue(BigDecimal.lessThanOrEqualTo(decimal("lowPrice"), decimal("openPrice")))
        assert.isTrue(BigDecimal.greaterThanOrEqualTo(decimal("highPrice"), decimal("lastPrice")))
        assert.isTrue(
          BigDecimal.equals(
            decimal("priceChange"),
            BigDecimal.subtract(decimal("lastPrice"), decimal("openPrice"))
          )
        )
        assert.match(String(json["priceChangePercent"]), /^-?\d+\.\d{3}$/)
        assert.strictEqual(json["closeTime"], noon)
        assert.strictEqual(json["openTime"], noon - 86_400_000)
        assert.strictEqual(Number(json["lastId"]) - Number(json["firstId"]) + 1, json["count"])
        assert.isAbove(Number(json["quoteVolume"]), Number(json["volume"]))
      }))

    it.effect("returns an object for one symbol and an array otherwise, and MINI tickers without bid and ask", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const mini = yield* ask(simulator, "/api/v3/ticker/24hr?symbol=BTCUSDT&type=MINI")
        assert.notProperty(mini.json, "bidPrice")
        assert.property(mini.json, "openPrice")
        for (const path of ["24hr", "price", "bookTicker"]) {
          const all = yield* ask(simulator, `/api/v3/ticker/${path}`)
          assert.strictEqual(rows(all.json).length, 8)
          const several = yield* ask(simulator, `/api/v3/ticker/${path}?symbols=%5B%22ETHUSDT%22%5D`)
          assert.deepStrictEqual(symbols(several.json), ["ETHUSDT"])
          const one = yield* ask(simulator, `/api/v3/ticker/${path}?symbol=ETHUSDT`)
          assert.strictEqual(field(one.json, "symbol"), "ETHUSDT")
        }
        const wrong = yield* ask(simulator, "/api/v3/ticker/24hr?symbol=BTCUSDT&type=HUGE")
        assert.strictEqual(field(wrong.json, "code"), -1139)
      }))

    it.effect("returns zeros for a market that no longer trades", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const { json } = yield* ask(simulator, "/api/v3/ticker/price?symbol=BTCBUSD")
        assert.deepStrictEqual(json, { symbol: "BTCBUSD", price: "0.00000000" })
      }))

    it.effect("returns the same last price in all tickers, as set by setPrice", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* simulator.setPrice("ETH/USDT", "1234.5")
        const price = yield* ask(simulator, "/api/v3/ticker/price?symbol=ETHUSDT")
        const day = yield* ask(simulator, "/api/v3/ticker/24hr?symbol=ETHUSDT")
        assert.strictEqual(field(price.json, "price"), "1234.50000000")
        assert.strictEqual(field(day.json, "lastPrice"), "1234.50000000")
        assert.strictEqual(field(day.json, "lowPrice"), "1234.50000000")
      }))
  })

  describe("bad input", () => {
    const cases: ReadonlyArray<readonly [target: string, status: number, code: number]> = [
      ["/api/v3/ticker/price?symbol=NOPEUSDT", 400, -1121],
      ["/api/v3/ticker/price?symbol=btcusdt", 400, -1100],
      ["/api/v3/ticker/price?symbol=BTC%2FUSDT", 400, -1100],
      ["/api/v3/ticker/price?symbol=..%2F..%0D%0A", 400, -1100],
      ["/api/v3/ticker/price?symbol=", 400, -1105],
      ["/api/v3/ticker/price?symbol=BTCUSDT&symbols=%5B%22ETHUSDT%22%5D", 400, -1128],
      ["/api/v3/ticker/price?symbol=BTCUSDT&symbol=ETHUSDT", 400, -1101],
      ["/api/v3/ticker/price?symbols=BTCUSDT", 400, -1100],
      ["/api/v3/ticker/price?symbols=%5B%5D", 400, -1100],
      ["/api/v3/ticker/price?symbols=%5B%22NOPE%22%5D", 400, -1121],
      ["/api/v3/ticker/price?symbols=%5B%22BTCUSDT%22,%22BTCUSDT%22%5D", 400, -1151],
      ["/api/v3/ticker/price?symbol=BTCUSDT&depth=5", 400, -1104],
      ["/api/v3/ping?x=1", 400, -1101]
    ]
    it.effect.each(cases)("%s is rejected with %s and code %s", ([target, status, code]) =>
      Effect.gen(function*() {
        const answer = yield* ask(yield* start(), target)
        assert.strictEqual(answer.status, status)
        assert.strictEqual(field(answer.json, "code"), code)
        assert.isString(field(answer.json, "msg"))
      }))

    it.effect("an unknown path returns a gateway's HTML page and still costs weight", () =>
      Effect.gen(function*() {
        const answer = yield* ask(yield* start(), "/api/v3/nothing")
        assert.strictEqual(answer.status, 404)
        assert.strictEqual(answer.headers["content-type"], "text/html")
        assert.strictEqual(answer.headers["x-mbx-used-weight-1m"], "1")
      }))
  })

  describe("signatures", () => {
    const query = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000" +
      "&timestamp=1499827319559"

    it("accepts the documentation's HMAC vectors and nothing else", () => {
      const wide = query.replace("LTCBTC", "%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96")
      const vectors = [
        [query, "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"],
        [wide, "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"]
      ] as const
      for (const [payload, signature] of vectors) {
        assert.isTrue(verifySignature(hmacKey, payload, signature))
        assert.isFalse(verifySignature(hmacKey, `${payload}0`, signature))
        assert.isFalse(verifySignature(hmacKey, payload, `0${signature.slice(1)}`))
      }
    })

    it("joins query and body without a separator", () => {
      const payload = signedPayload({
        target: "/api/v3/order?symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC",
        body: new TextEncoder().encode(
          "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559" +
            "&signature=0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"
        )
      })
      assert.isTrue(
        verifySignature(hmacKey, payload, "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77")
      )
    })

    it("accepts an Ed25519 signature of the registered public key", () => {
      const payload = "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=0.2" +
        "&timestamp=1668481559918&recvWindow=5000"
      const signature = "XtZirsmmi0noRzUfkqktvkVfxpkq/WtbLg2UOL3QGYdUBZVlqOBEMuEVw8zioY93N54NcKj9UuAXQEa9zgTDBg=="
      assert.isTrue(verifySignature(ed25519Key, payload, signature))
      assert.isFalse(verifySignature(ed25519Key, payload.replace("0.2", "0.3"), signature))
    })

    it.effect("returns the account for the demo key", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const demo = Simulator.credentials("binance")
        const all = yield* ask(simulator, ...binance("/api/v3/account", `timestamp=${noon}`, demo))
        assert.strictEqual(all.status, 200)
        assert.deepStrictEqual(rows(field(all.json, "balances"))[0], {
          asset: "BTC",
          free: "1.50000000",
          locked: "0.25000000"
        })
        assert.strictEqual(rows(field(all.json, "balances")).length, 4)
        const query = `omitZeroBalances=true&timestamp=${noon}&recvWindow=6000`
        const some = yield* ask(simulator, ...binance("/api/v3/account", query, demo))
        assert.deepStrictEqual(rows(field(some.json, "balances")).map((row) => row["asset"]), ["BTC", "ETH", "USDT"])
      }))

    it.effect("returns the permissions of each demo key", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        for (const permission of ["read", "trade", "withdraw"] as const) {
          const { json } = yield* ask(
            simulator,
            ...binance(
              "/sapi/v1/account/apiRestrictions",
              `timestamp=${noon}`,
              Simulator.credentials("binance", permission)
            )
          )
          assert.strictEqual(field(json, "enableReading"), true)
          assert.strictEqual(field(json, "enableSpotAndMarginTrading"), permission !== "read")
          assert.strictEqual(field(json, "enableWithdrawals"), permission === "withdraw")
        }
      }))

    it.effect("accepts a key registered by the caller", () =>
      Effect.gen(function*() {
        const simulator = yield* start({ keys: [hmacKey] })
        const owned = { key: hmacKey.id, secret: Redacted.make(docsSecret) }
        const ok = yield* ask(simulator, ...binance("/api/v3/account", `timestamp=${noon}`, owned))
        assert.strictEqual(ok.status, 200)
        const demo = Simulator.credentials("binance")
        const refused = yield* ask(simulator, ...binance("/api/v3/account", `timestamp=${noon}`, demo))
        assert.strictEqual(field(refused.json, "code"), -2015)
      }))

    const demo = Simulator.credentials("binance")
    const other = Simulator.credentials("binance", "read")
    const path = "/api/v3/account"
    const [signed, headers] = binance(path, `timestamp=${noon}`, demo)
    const refusals: ReadonlyArray<
      readonly [name: string, request: ReturnType<typeof binance>, status: number, code: number]
    > = [
      ["no key", [signed, { headers: {} }], 401, -2014],
      ["a key of the wrong length", [signed, { headers: { "x-mbx-apikey": "short" } }], 401, -2014],
      ["an unknown key", [signed, { headers: { "x-mbx-apikey": "A".repeat(64) } }], 401, -2015],
      ["another key's secret", binance(path, `timestamp=${noon}`, { key: demo.key, secret: other.secret }), 400, -1022],
      ["a changed query", [signed.replace("?", "?omitZeroBalances=true&"), headers], 400, -1022],
      [
        "a re-ordered query",
        [
          binance(path, `recvWindow=5000&timestamp=${noon}`, demo)[0].replace(
            `recvWindow=5000&timestamp=${noon}`,
            `timestamp=${noon}&recvWindow=5000`
          ),
          headers
        ],
        400,
        -1022
      ],
      ["a signature that is not hex", [signed.replace(/signature=.*/, "signature=zz"), headers], 400, -1100],
      ["no signature", [`${path}?timestamp=${noon}`, headers], 400, -1102],
      ["no timestamp", binance(path, "recvWindow=5000", demo), 400, -1102],
      ["a timestamp that is not a number", binance(path, "timestamp=now", demo), 400, -1100],
      ["a timestamp 1 s ahead", binance(path, `timestamp=${noon + 1000}`, demo), 400, -1021],
      ["a timestamp 5001 ms behind", binance(path, `timestamp=${noon - 5001}`, demo), 400, -1021],
      ["a window above a minute", binance(path, `timestamp=${noon}&recvWindow=60001`, demo), 400, -1131]
    ]
    it.effect.each(refusals)("rejects %s", ([, [target, options], status, code]) =>
      Effect.gen(function*() {
        const answer = yield* ask(yield* start(), target, options)
        assert.deepStrictEqual([answer.status, field(answer.json, "code")], [status, code])
      }))

    it.effect("accepts timestamps up to the limits of the window, and in microseconds", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        for (
          const query of [
            `timestamp=${noon + 999}`,
            `timestamp=${noon - 5000}`,
            `timestamp=${noon - 20_000}&recvWindow=20000`,
            `timestamp=${noon}000`
          ]
        ) {
          assert.strictEqual((yield* ask(simulator, ...binance(path, query, demo))).status, 200, query)
        }
      }))

    it.effect("rejects a disabled key", () =>
      Effect.gen(function*() {
        const keys = [{ ...Account.hmacKey("binance", { key: 64, secret: 64 })("trade").key, enabled: false }]
        const answer = yield* ask(yield* start({ keys }), signed, headers)
        assert.strictEqual(field(answer.json, "code"), -2015)
      }))
  })

  describe("limits", () => {
    const weights: ReadonlyArray<readonly [target: string, weight: string]> = [
      ["/api/v3/ping", "1"],
      ["/api/v3/time", "1"],
      ["/api/v3/exchangeInfo", "20"],
      ["/api/v3/ticker/24hr?symbol=BTCUSDT", "2"],
      ["/api/v3/ticker/24hr?symbols=%5B%22BTCUSDT%22,%22ETHUSDT%22%5D", "2"],
      ["/api/v3/ticker/24hr", "80"],
      ["/api/v3/ticker/price?symbol=BTCUSDT", "2"],
      ["/api/v3/ticker/price", "4"],
      ["/api/v3/ticker/bookTicker?symbols=%5B%22BTCUSDT%22%5D", "4"],
      ["/api/v3/account", "20"]
    ]
    it.effect.each(weights)("%s weighs %s", ([target, weight]) =>
      Effect.gen(function*() {
        const answer = yield* ask(yield* start(), target)
        assert.strictEqual(answer.headers["x-mbx-used-weight-1m"], weight)
      }))

    it.effect("counts weight per address and clock minute, and /sapi separately", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* ask(simulator, "/api/v3/ticker/24hr")
        const other = yield* ask(simulator, "/api/v3/ping", { remoteAddress: "192.0.2.2" })
        assert.strictEqual(other.headers["x-mbx-used-weight-1m"], "1")
        const sapi = yield* ask(simulator, "/sapi/v1/system/status")
        assert.strictEqual(sapi.headers["x-sapi-used-ip-weight-1m"], "1")
        assert.notProperty(sapi.headers, "x-mbx-used-weight-1m")
        yield* TestClock.adjust("59999 millis")
        assert.strictEqual((yield* ask(simulator, "/api/v3/ping")).headers["x-mbx-used-weight-1m"], "81")
        assert.deepInclude(yield* simulator.usage, { scope: "ip:192.0.2.1", used: 81, limit: 6000 })
        yield* TestClock.adjust("1 millis")
        assert.deepInclude(yield* simulator.usage, { scope: "ip:192.0.2.1", used: 0, limit: 6000 })
        assert.strictEqual((yield* ask(simulator, "/api/v3/ping")).headers["x-mbx-used-weight-1m"], "1")
      }))

    it.effect("responds with 429, then bans an address that continues, longer each time", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const heavy = ask(simulator, "/api/v3/ticker/24hr?type=MINI")
        yield* TestClock.adjust("15500 millis")
        for (let count = 0; count < 75; count++) assert.strictEqual((yield* heavy).status, 200)
        // 6000 used
        const refused = yield* ask(simulator, "/api/v3/ping")
        assert.strictEqual(refused.status, 429)
        assert.strictEqual(field(refused.json, "code"), -1003)
        assert.strictEqual(refused.headers["retry-after"], "45")
        for (let count = 0; count < 9; count++) {
          assert.strictEqual((yield* ask(simulator, "/api/v3/ping")).status, 429)
        }
        const banned = yield* ask(simulator, "/api/v3/ping")
        const until = noon + 15_500 + 120_000
        assert.strictEqual(banned.status, 418)
        assert.strictEqual(banned.headers["retry-after"], "120")
        assert.include(String(field(banned.json, "msg")), `IP banned until ${until}`)
        const [usage] = yield* simulator.usage
        assert.strictEqual(usage?.bannedUntil, until)
        yield* TestClock.adjust("119999 millis")
        assert.strictEqual((yield* ask(simulator, "/api/v3/ping")).status, 418)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* ask(simulator, "/api/v3/ping")).status, 200)

        for (let count = 0; count < 75 + 10; count++) yield* heavy
        const again = yield* heavy
        assert.strictEqual(again.status, 418)
        assert.strictEqual(again.headers["retry-after"], "480")
      }))
  })
})
