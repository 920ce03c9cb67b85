import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, TestClock } from "effect"
import { verifySignature } from "../../src/exchanges/bitmex/dialect.js"
import { Account, Simulator } from "../../src/index.js"
import { ask, bitmex, field, isRecord, noon, rows } from "../utils.js"

const start = (options?: Simulator.Options) =>
  Effect.zipRight(TestClock.setTime(noon), Simulator.make("bitmex", options))

const inHalfAMinute = noon / 1000 + 30
const demo = Simulator.credentials("bitmex")
const symbols = (body: unknown) => rows(body).map((row) => row["symbol"])
const message = (body: unknown) => String(field(field(body, "error"), "message"))
const query = (params: Readonly<Record<string, string>>) => new URLSearchParams(params).toString()

describe("BitMEX", () => {
  describe("market data", () => {
    it.effect("returns its name and time at the root", () =>
      Effect.gen(function*() {
        const { text } = yield* ask(yield* start(), "/api/v1")
        assert.strictEqual(text, `{"name":"BitMEX API","version":"2.0.0","timestamp":${noon}}`)
      }))

    it.effect("has no urgent announcements", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* ask(yield* start(), "/api/v1/announcement/urgent")).text, "[]")
      }))

    it.effect("lists open markets as active, and all markets as instruments", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const active = symbols((yield* ask(simulator, "/api/v1/instrument/active")).json)
        const all = symbols((yield* ask(simulator, "/api/v1/instrument?count=500")).json)
        for (const symbol of ["XBTUSD", "XBTUSDT", "ETHUSDT", "XBT_USDT", "ETH_USDT", "SOL_USDT"]) {
          assert.include(active, symbol)
        }
        assert.notInclude(active, "XBTH25")
        assert.notInclude(active, ".BXBT")
        assert.deepStrictEqual(all.filter((symbol) => !active.includes(symbol)), ["XBTH25", ".BXBT"])
      }))

    it.effect("returns numbers as numbers and omits fields without a value", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* simulator.setPrice("XBTUSD", "97893.7")
        const answer = yield* ask(simulator, "/api/v1/instrument?symbol=XBTUSD")
        const [perpetual] = rows(answer.json)
        assert(isRecord(perpetual))
        assert.include(answer.text, "\"lastPrice\":97893.7,")
        assert.strictEqual(perpetual["typ"], "FFWCSX")
        assert.strictEqual(perpetual["isInverse"], true)
        assert.strictEqual(perpetual["multiplier"], -100_000_000)
        assert.strictEqual(perpetual["settlCurrency"], "XBt")
        assert.strictEqual(perpetual["tickSize"], 0.1)
        assert.strictEqual(perpetual["timestamp"], "2024-11-25T12:00:00.000Z")
        assert.strictEqual(perpetual["fundingTimestamp"], "2024-11-25T16:00:00.000Z")
        assert.isBelow(Number(perpetual["bidPrice"]), 97893.7)
        assert.isAbove(Number(perpetual["askPrice"]), 97893.7)
        const [spot] = rows((yield* ask(simulator, "/api/v1/instrument?symbol=XBT_USDT")).json)
        assert.strictEqual(spot?.["typ"], "IFXXXP")
        assert.strictEqual(spot?.["underlyingToPositionMultiplier"], 100_000_000)
        assert.notProperty(spot, "settlCurrency")
        const [settled] = rows((yield* ask(simulator, "/api/v1/instrument?symbol=XBTH25")).json)
        assert.strictEqual(settled?.["state"], "Settled")
        assert.strictEqual(settled?.["expiry"], "2025-03-28T12:00:00.000Z")
        assert.notProperty(settled, "bidPrice")
      }))

    it.effect("returns totals beyond 2^53 exactly", () =>
      Effect.gen(function*() {
        const { text } = yield* ask(yield* start(), "/api/v1/instrument?symbol=XBT_USDT")
        const digits = /"totalTurnover":(\d+)/.exec(text)?.[1] ?? ""
        assert.isTrue(BigInt(digits) > BigInt(Number.MAX_SAFE_INTEGER))
        assert.strictEqual(/"turnover24h":(\d+)/.exec(text)?.[1], digits.slice(0, -6))
      }))

    const selections: ReadonlyArray<readonly [query: string, symbols: ReadonlyArray<string>]> = [
      ["symbol=xbtusd", ["XBTUSD"]],
      ["symbol=ETH", ["ETHUSDT"]],
      ["symbol=XBT:perpetual", ["XBTUSD", "XBTUSDT"]],
      ["symbol=NOPE", []],
      [query({ filter: "{\"typ\":\"IFXXXP\",\"rootSymbol\":\"XBT\"}" }), ["XBT_USDT", "XBT_USDC"]],
      [query({ filter: "{\"symbol\":[\"XBTUSD\",\"SOL_USDT\"]}" }), ["XBTUSD", "SOL_USDT"]],
      [query({ filter: "{\"symbol\":[\"XBTUSD\",\"SOL_USDT\"]}", reverse: "true" }), ["SOL_USDT", "XBTUSD"]],
      ["count=2&start=1", ["XBTUSDT", "ETHUSDT"]]
    ]
    it.effect.each(selections)("selects instruments with %s", ([query, expected]) =>
      Effect.gen(function*() {
        const answer = yield* ask(yield* start(), `/api/v1/instrument?${query}`)
        assert.strictEqual(answer.status, 200)
        assert.deepStrictEqual(symbols(answer.json), [...expected])
      }))

    it.effect("returns the requested columns and always the symbol", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        for (const columns of ["[\"state\",\"typ\"]", "state,typ"]) {
          const target = `/api/v1/instrument?${query({ symbol: "XBTUSD", columns })}`
          assert.deepStrictEqual((yield* ask(simulator, target)).json, [
            { symbol: "XBTUSD", state: "Open", typ: "FFWCSX" }
          ])
        }
      }))

    it.effect.each(["count=501", "count=-1", "filter=nonsense", "filter=%5B%5D", "columns=%5B1%5D"])(
      "rejects %s",
      (query) =>
        Effect.gen(function*() {
          const answer = yield* ask(yield* start(), `/api/v1/instrument?${query}`)
          assert.strictEqual(answer.status, 400)
          assert.strictEqual(field(field(answer.json, "error"), "name"), "ValidationError")
        })
    )

    it.effect("responds with 404 to other paths and methods", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const path = yield* ask(simulator, "/api/v1/nothing")
        assert.deepStrictEqual([path.status, path.json], [404, { error: { message: "Not Found", name: "HTTPError" } }])
        assert.strictEqual((yield* ask(simulator, "/api/v1/instrument", { method: "POST" })).status, 404)
      }))
  })

  describe("signatures", () => {
    it("accepts the documentation's vectors, byte for byte", () => {
      const secret = Redacted.make("chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO")
      const body =
        "{\"symbol\":\"XBTM15\",\"price\":219.0,\"clOrdID\":\"mm_bitmex_1a/oemUeQ4CAJZgP3fjHsA\",\"orderQty\":98}"
      const vectors = [
        [
          "GET",
          "/api/v1/instrument",
          "1518064236",
          "",
          "c7682d435d0cfe87c16098df34ef2eb5a549d4c5a3c2b1f0f77b8af73423bf00"
        ],
        [
          "GET",
          "/api/v1/instrument?filter=%7B%22symbol%22%3A+%22XBTM15%22%7D",
          "1518064237",
          "",
          "e2f422547eecb5b3cb29ade2127e21b858b235b386bfa45e1c1756eb3383919f"
        ],
        [
          "POST",
          "/api/v1/order",
          "1518064238",
          body,
          "1749cd2ccae4aa49048ae09f0b95110cee706e0944e6a14ad0b3a8cb45bd336b"
        ]
      ] as const
      for (const [method, target, expires, body, signature] of vectors) {
        const request = { method, target, body: new TextEncoder().encode(body) }
        assert.isTrue(verifySignature(secret, request, expires, signature))
        assert.isFalse(
          verifySignature(secret, { ...request, target: target.replace("+", "%20") + "x" }, expires, signature)
        )
        assert.isFalse(verifySignature(secret, request, "1518064239", signature))
      }
    })

    it.effect("returns margin, wallet and keys for the demo key", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const get = (target: string) => ask(simulator, target, bitmex(target, inHalfAMinute, demo))
        const margin = yield* get("/api/v1/user/margin?currency=XBt")
        assert.strictEqual(margin.status, 200)
        assert.strictEqual(field(margin.json, "walletBalance"), 175_000_000)
        assert.strictEqual(field(margin.json, "availableMargin"), 150_000_000)
        assert.deepStrictEqual((yield* get("/api/v1/user/margin")).json, margin.json)
        const all = rows((yield* get("/api/v1/user/margin?currency=all")).json)
        assert.deepStrictEqual(all.map((row) => row["currency"]), ["XBt", "Gwei", "USDt"])
        assert.strictEqual(all[2]?.["marginBalance"], 26_000_500_000)
        const wallet = yield* get("/api/v1/user/wallet?currency=USDt")
        assert.strictEqual(field(wallet.json, "amount"), 26_000_500_000)
        assert.strictEqual((yield* get("/api/v1/user/margin?currency=xbt")).status, 400)
        const keys = rows((yield* get("/api/v1/apiKey")).json)
        const permissions = (permission: Account.Permission) =>
          keys.find((key) => key["id"] === Redacted.value(Simulator.credentials("bitmex", permission).key))
            ?.["permissions"]
        assert.deepStrictEqual(permissions("trade"), ["order"])
        assert.deepStrictEqual(permissions("read"), [])
        assert.deepStrictEqual(permissions("withdraw"), ["order", "withdraw"])
        assert.notInclude(JSON.stringify(keys), Redacted.value(demo.secret))
      }))

    const target = "/api/v1/user/margin"
    const good = bitmex(target, inHalfAMinute, demo).headers
    const other = Simulator.credentials("bitmex", "read")
    const refusals: ReadonlyArray<
      readonly [name: string, headers: Readonly<Record<string, string>>, status: number, message: string]
    > = [
      ["no headers", {}, 401, "Authorization Required"],
      ["a missing signature", { ...good, "api-signature": "" }, 401, "Signature not valid."],
      ["only a key", { "api-key": Redacted.value(demo.key) }, 401, "Authorization Required"],
      ["an unknown key", { ...good, "api-key": "x" }, 401, "Invalid API Key."],
      [
        "another secret",
        bitmex(target, inHalfAMinute, { ...demo, secret: other.secret }).headers,
        401,
        "Signature not valid."
      ],
      ["a decoded target", bitmex(`${target}?x`, inHalfAMinute, demo).headers, 401, "Signature not valid."],
      ["an expiry in the current second", bitmex(target, noon / 1000, demo).headers, 400, "`expires` is in the past"],
      ["an expiry that is not a number", bitmex(target, "soon", demo).headers, 400, "expired"]
    ]
    it.effect.each(refusals)("rejects %s", ([, headers, status, text]) =>
      Effect.gen(function*() {
        const answer = yield* ask(yield* start(), target, { headers })
        assert.strictEqual(answer.status, status)
        assert.include(message(answer.json), text)
      }))

    it.effect("rejects a disabled key, and invalid headers on public endpoints too", () =>
      Effect.gen(function*() {
        const keys = [{ ...Account.hmacKey("bitmex", { key: 24, secret: 48 })("trade").key, enabled: false }]
        const disabled = yield* ask(yield* start({ keys }), target, { headers: good })
        assert.deepStrictEqual([disabled.status, message(disabled.json)], [403, "This key is disabled."])
        const open = yield* ask(yield* start(), "/api/v1", { headers: { ...good, "api-key": "x" } })
        assert.strictEqual(open.status, 401)
      }))

    it.effect("rejects a signature from its expiry on", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* TestClock.adjust("29999 millis")
        assert.strictEqual((yield* ask(simulator, target, { headers: good })).status, 200)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* ask(simulator, target, { headers: good })).status, 400)
      }))

    it.effect("verifies method and body", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const body = "{\"a\":1.0}"
        const headers = bitmex(target, inHalfAMinute, demo, "POST", body).headers
        const post = { method: "POST", headers, body: new TextEncoder().encode(body) }
        // The signature is valid, but there is no such route.
        assert.strictEqual((yield* ask(simulator, target, post)).status, 404)
        const changed = { ...post, body: new TextEncoder().encode("{\"a\":1}") }
        assert.strictEqual((yield* ask(simulator, target, changed)).status, 401)
      }))
  })

  describe("limits", () => {
    it.effect("allows an anonymous address 30 requests a minute, one more every two seconds", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const get = ask(simulator, "/api/v1")
        const first = yield* get
        assert.strictEqual(first.headers["x-ratelimit-limit"], "30")
        assert.strictEqual(first.headers["x-ratelimit-remaining"], "29")
        assert.strictEqual(first.headers["x-ratelimit-reset"], String(noon / 1000 + 2))
        for (let count = 1; count < 30; count++) assert.strictEqual((yield* get).status, 200)
        const refused = yield* get
        assert.strictEqual(refused.status, 429)
        assert.strictEqual(refused.headers["retry-after"], "2")
        assert.strictEqual(refused.headers["x-ratelimit-remaining"], "0")
        assert.deepStrictEqual(refused.json, {
          error: { message: "Rate limit exceeded, retry in 2 seconds.", name: "RateLimitError" }
        })
        assert.strictEqual((yield* ask(simulator, "/api/v1", { remoteAddress: "192.0.2.2" })).status, 200)
        yield* TestClock.adjust("1999 millis")
        assert.strictEqual((yield* get).status, 429)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* get).status, 200)
        assert.strictEqual((yield* get).status, 429)
        yield* TestClock.adjust("2 hours")
        assert.deepInclude(yield* simulator.usage, { scope: "ip:192.0.2.1", used: 0, limit: 30 })
      }))

    it.effect("allows a key 120 requests a minute", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const get = ask(simulator, "/api/v1", bitmex("/api/v1", inHalfAMinute, demo))
        assert.strictEqual((yield* get).headers["x-ratelimit-limit"], "120")
        for (let count = 1; count < 120; count++) assert.strictEqual((yield* get).status, 200)
        assert.strictEqual((yield* get).status, 429)
        assert.deepStrictEqual(yield* simulator.usage, [{ scope: "account", used: 120, limit: 120 }])
      }))

    it.effect("bans an address for an hour after many errors, then for a week", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const wrong = ask(simulator, "/api/v1/nothing")
        for (let count = 0; count < 50; count++) assert.include([404, 429], (yield* wrong).status)
        const banned = yield* ask(simulator, "/api/v1")
        assert.strictEqual(banned.status, 403)
        assert.strictEqual(banned.headers["content-type"], "text/html")
        assert.strictEqual(banned.headers["server"], "awselb/2.0")
        assert.include(banned.text, "403 Forbidden")
        assert.strictEqual((yield* ask(simulator, "/api/v1", { remoteAddress: "192.0.2.2" })).status, 200)
        assert.strictEqual((yield* simulator.usage)[0]?.bannedUntil, noon + 3_600_000)
        yield* TestClock.adjust("3599999 millis")
        assert.strictEqual((yield* ask(simulator, "/api/v1")).status, 403)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* ask(simulator, "/api/v1")).status, 200)
        for (let count = 0; count < 50; count++) yield* wrong
        yield* TestClock.adjust("6 days")
        assert.strictEqual((yield* ask(simulator, "/api/v1")).status, 403)
        yield* TestClock.adjust("1 days")
        assert.strictEqual((yield* ask(simulator, "/api/v1")).status, 200)
      }))

    it.effect("does not ban an address whose errors are spread out", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        for (let count = 0; count < 100; count++) {
          yield* ask(simulator, "/api/v1/nothing")
          yield* TestClock.adjust("2 seconds")
        }
        assert.strictEqual((yield* ask(simulator, "/api/v1")).status, 200)
      }))
  })
})
