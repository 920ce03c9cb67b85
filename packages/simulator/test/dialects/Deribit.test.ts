import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, TestClock } from "effect"
import { dialect } from "../../src/exchanges/deribit/dialect.js"
import { Faults, Simulator } from "../../src/index.js"
import { hmac } from "../../src/internal/keys.js"
import { ask, field, noon, rows } from "../utils.js"
import { clientSignature, demo, list, names, refused, result, signed, start, targetOf } from "./support/deribit.js"

const bitcoin = { instrument_name: "BTC-PERPETUAL" }

describe("Deribit", () => {
  describe("envelope", () => {
    it.effect("contains the times of a request in microseconds, and no id for a GET", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        assert.deepStrictEqual((yield* get("public/get_time")).json, {
          jsonrpc: "2.0",
          result: noon,
          usIn: noon * 1000,
          usOut: noon * 1000 + 185,
          usDiff: 185,
          testnet: false
        })
        assert.deepStrictEqual(result(yield* get("public/test")), { version: "1.2.26" })
        assert.deepStrictEqual(result(yield* get("public/status")), { locked: "false", locked_indices: [] })
      }))

    it.effect("accepts JSON-RPC by POST and repeats its id, in errors too", () =>
      Effect.gen(function*() {
        const { post } = yield* start()
        const call = { jsonrpc: "2.0", id: 7, method: "public/ticker", params: bitcoin }
        const answer = yield* post("/api/v2", call)
        assert.strictEqual(field(answer.json, "id"), 7)
        assert.strictEqual(field(result(answer), "instrument_name"), "BTC-PERPETUAL")
        assert.strictEqual(field(result(yield* post("/api/v2/public/ticker", call)), "state"), "open")
        const unknown = yield* post("/api/v2", { ...call, method: "constructor" })
        refused(unknown, 400, -32601, "Method not found")
        assert.strictEqual(field(unknown.json, "id"), 7)
        refused(yield* post("/api/v2", "{"), 400, -32700, "Parse error")
        refused(yield* post("/api/v2", []), 400, -32600, "Invalid Request")
      }))

    it.effect("returns an error for unknown methods and paths", () =>
      Effect.gen(function*() {
        const { get, simulator } = yield* start()
        refused(yield* get("public/nothing"), 400, -32601, "Method not found")
        refused(yield* get("public/subscribe"), 400, -32601, "Method not found")
        assert.strictEqual((yield* ask(simulator, "/api/v1/public/ticker")).status, 404)
      }))

    const kinds = [
      ["http500", 500, 11094, "internal_server_error"],
      ["http503", 503, 11051, "system_maintenance"],
      ["http429", 429, 10028, "too_many_requests"]
    ] as const
    it.effect.each(kinds)(
      "returns the exchange's error for the fault %s",
      ([kind, status, code, message]) =>
        Effect.gen(function*() {
          const { get } = yield* start({ faults: Faults.make({ [kind]: 1 }) })
          refused(yield* get("public/get_time"), status, code, message)
        })
    )
  })

  describe("market data", () => {
    it.effect("lists instruments by currency and kind", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const listed = (params: Readonly<Record<string, string>>) =>
          Effect.map(
            get("public/get_instruments", params),
            (answer) => rows(result(answer)).map((row) => row["instrument_name"])
          )
        assert.deepStrictEqual(yield* listed({ currency: "BTC", kind: "future" }), ["BTC-PERPETUAL", "BTC-28JUN30"])
        assert.deepStrictEqual(yield* listed({ currency: "BTC", kind: "spot" }), ["BTC_USDC", "BTC_USDT", "ETH_BTC"])
        assert.include(yield* listed({ currency: "USDC" }), "ETH_USDC-PERPETUAL")
        assert.deepStrictEqual(yield* listed({ currency: "any", kind: "option" }), [])
        const all = yield* listed({ currency: "any" })
        assert.deepStrictEqual(all, dialect.listings.map(({ id }) => id))
      }))

    it.effect("returns inverse and linear perpetuals, a future and a spot pair", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const all = rows(result(yield* get("public/get_instruments")))
        const described = (name: string) => all.find((row) => row["instrument_name"] === name)
        assert.deepStrictEqual(described("BTC-PERPETUAL"), {
          kind: "future",
          instrument_name: "BTC-PERPETUAL",
          maker_commission: 0,
          taker_commission: 0.0005,
          instrument_type: "reversed",
          expiration_timestamp: 32_503_708_800_000,
          is_active: true,
          state: "open",
          tick_size: 0.5,
          tick_size_steps: [],
          contract_size: 10,
          min_trade_amount: 10,
          settlement_currency: "BTC",
          settlement_period: "perpetual",
          base_currency: "BTC",
          counter_currency: "USD",
          quote_currency: "USD"
        })
        assert.deepInclude(described("ETH_USDC-PERPETUAL"), {
          instrument_type: "linear",
          settlement_currency: "USDC",
          min_trade_amount: 0.001
        })
        assert.deepInclude(described("BTC-28JUN30"), {
          settlement_period: "month",
          expiration_timestamp: 1_908_864_000_000,
          tick_size: 2.5
        })
        const spot = described("BTC_USDT")
        assert.deepInclude(spot, { kind: "spot", base_currency: "BTC", quote_currency: "USDT" })
        assert.notInclude(names(spot), "settlement_currency")
      }))

    it.effect("returns the ticker with the best prices, and a summary of every ticker", () =>
      Effect.gen(function*() {
        const { get, simulator } = yield* start()
        yield* simulator.setPrice("BTC/USD:BTC", "60000")
        const ticker = result(yield* get("public/ticker", bitcoin))
        assert.deepStrictEqual(
          names(ticker),
          [
            "best_ask_amount",
            "best_ask_price",
            "best_bid_amount",
            "best_bid_price",
            "index_price",
            "instrument_name",
            "last_price",
            "mark_price",
            "state",
            "stats",
            "timestamp"
          ]
        )
        assert.deepInclude(ticker, { last_price: 60_000, state: "open" })
        assert.isBelow(Number(field(ticker, "best_bid_price")), 60_000)
        assert.isAbove(Number(field(ticker, "best_ask_price")), 60_000)
        assert.strictEqual(Number(field(ticker, "best_ask_amount")) % 10, 0)
        const stats = field(ticker, "stats")
        assert.deepStrictEqual(names(stats), ["high", "low", "volume", "volume_notional", "volume_usd"])
        const summaries = rows(result(yield* get("public/get_book_summary_by_currency", { currency: "BTC" })))
        const summary = summaries.find((row) => row["instrument_name"] === "BTC-PERPETUAL")
        assert.deepInclude(summary, {
          last: 60_000,
          bid_price: field(ticker, "best_bid_price"),
          ask_price: field(ticker, "best_ask_price")
        })
      }))

    it.effect("returns a book with the ticker, of the supported depths", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const book = result(yield* get("public/get_order_book", { ...bitcoin, depth: 10 }))
        const [bids, asks] = [list(field(book, "bids")), list(field(book, "asks"))]
        assert.deepStrictEqual([bids.length, asks.length], [10, 10])
        const prices = (levels: ReadonlyArray<unknown>) => levels.map((level) => Number(list(level)[0]))
        assert.deepStrictEqual(prices(bids), prices(bids).toSorted((a, b) => b - a))
        assert.deepStrictEqual(prices(asks), prices(asks).toSorted((a, b) => a - b))
        assert.strictEqual(prices(bids)[0], field(book, "best_bid_price"))
        assert.isNumber(field(book, "change_id"))
        assert.strictEqual(list(field(result(yield* get("public/get_order_book", bitcoin)), "bids")).length, 5)
        refused(yield* get("public/get_order_book", { ...bitcoin, depth: 7 }), 400, -32602, "Invalid params", {
          reason: "invalid depth",
          param: "depth"
        })
      }))

    it.effect("returns the latest trades newest first, or those from a time on", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const trades = (params: Readonly<Record<string, string | number>>) =>
          Effect.map(get("public/get_last_trades_by_instrument", { ...bitcoin, ...params }), result)
        const sequence = (value: unknown) => rows(field(value, "trades")).map((row) => Number(row["trade_seq"]))
        const latest = yield* trades({})
        const newest = sequence(latest)
        assert.deepStrictEqual(newest, Array.from({ length: 10 }, (_, index) => (newest[0] ?? 0) - index))
        assert.strictEqual(field(latest, "has_more"), true)
        assert.deepStrictEqual(sequence(yield* trades({ sorting: "asc" })), newest.toReversed())
        const minute = noon - 60_000
        const since = yield* trades({ start_timestamp: minute, sorting: "asc", count: 5 })
        assert.isTrue(rows(field(since, "trades")).every((row) => Number(row["timestamp"]) <= minute + 5000))
        const within = yield* trades({ start_timestamp: minute, end_timestamp: minute + 1999, count: 1000 })
        assert.isAbove(sequence(within).length, 1)
        assert.isTrue(rows(field(within, "trades")).every((row) => Number(row["timestamp"]) < minute + 2000))
        assert.strictEqual(field(within, "has_more"), false)
        const [trade] = rows(field(latest, "trades"))
        assert.strictEqual(Number(trade?.["amount"]) % 10, 0)
        assert.deepStrictEqual(names(trade), [
          "amount",
          "direction",
          "instrument_name",
          "price",
          "timestamp",
          "trade_id",
          "trade_seq"
        ])
        assert.match(String(trade?.["trade_id"]), /^\d+$/)
        const ether = yield* get("public/get_last_trades_by_instrument", { instrument_name: "ETH-PERPETUAL", count: 1 })
        assert.match(String(rows(field(result(ether), "trades"))[0]?.["trade_id"]), /^ETH-\d+$/)
      }))

    it.effect("returns candles in columns by open time, and no_data when there are none", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const chart = (params: Readonly<Record<string, string | number>>) =>
          Effect.map(get("public/get_tradingview_chart_data", { ...bitcoin, ...params }), result)
        const hours = yield* chart({ resolution: "60", start_timestamp: noon - 7_200_000, end_timestamp: noon })
        assert.strictEqual(field(hours, "status"), "ok")
        assert.deepStrictEqual(field(hours, "ticks"), [noon - 7_200_000, noon - 3_600_000, noon])
        for (const column of ["open", "high", "low", "close", "volume", "cost"]) {
          assert.strictEqual(list(field(hours, column)).length, 3, column)
        }
        const minutes = yield* chart({ resolution: "1", start_timestamp: 0, end_timestamp: noon })
        assert.strictEqual(list(field(minutes, "ticks")).length, 5000)
        const day = yield* chart({ resolution: "1D", start_timestamp: noon - 86_400_000, end_timestamp: noon })
        // The candles of a day open at 08:00.
        assert.deepStrictEqual(field(day, "ticks"), [noon - 14_400_000])
        const none = yield* chart({ resolution: "1", start_timestamp: noon + 60_000, end_timestamp: noon + 120_000 })
        assert.deepInclude(none, { status: "no_data", ticks: [], open: [] })
      }))

    const refusals = [
      ["public/ticker", {}, 400, -32602, { reason: "value required", param: "instrument_name" }],
      ["public/get_instruments", { currency: "DOGE" }, 400, -32602, { reason: "invalid currency", param: "currency" }],
      ["public/get_instruments", { currency: "BTC", kind: "swap" }, 400, -32602, {
        reason: "invalid kind",
        param: "kind"
      }],
      ["public/get_last_trades_by_instrument", { ...bitcoin, count: 1001 }, 400, -32602, {
        reason: "out of range",
        param: "count"
      }],
      [
        "public/get_tradingview_chart_data",
        { ...bitcoin, resolution: "7", start_timestamp: 1, end_timestamp: 2 },
        400,
        -32602,
        {
          reason: "invalid resolution",
          param: "resolution"
        }
      ],
      ["public/get_tradingview_chart_data", { ...bitcoin, resolution: "1", start_timestamp: 1 }, 400, -32602, {
        reason: "value required",
        param: "end_timestamp"
      }]
    ] as const
    it.effect.each(refusals)("rejects %s with %o", ([method, params, status, code, data]) =>
      Effect.gen(function*() {
        const { get } = yield* start()
        refused(yield* get(method, params), status, code, "Invalid params", data)
      }))

    it.effect("fails with not_found for an instrument that is not listed", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        for (const method of ["public/ticker", "public/get_order_book", "public/get_last_trades_by_instrument"]) {
          refused(yield* get(method, { instrument_name: "DOGE-PERPETUAL" }), 400, 13020, "not_found")
        }
      }))
  })

  describe("access", () => {
    it("matches the signatures in the documentation", () => {
      const secret = Redacted.make("AMANDASECRECT")
      const stamp = "1576074319000\n1iqt2wls\n"
      assert.strictEqual(
        hmac(secret, stamp),
        "56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1"
      )
      assert.strictEqual(
        hmac(secret, `${stamp}GET\n/api/v2/private/get_account_summary?currency=BTC\n\n`),
        "9bfbc51a2bc372d72cc396cf1a213dc78d42eb74cb7dc272351833ad0de276ab"
      )
    })

    const method = "private/get_account_summaries"
    const target = targetOf(method)

    it.effect("accepts a signature over method, target and body within a minute", () =>
      Effect.gen(function*() {
        const { call, get, post } = yield* start()
        result(yield* call(method))
        for (const at of [noon - 60_000, noon + 60_000]) result(yield* get(method, {}, signed(demo, at, target)))
        const spaced = signed(demo, noon, target).authorization.replaceAll(",", ", ")
        result(yield* get(method, {}, { authorization: spaced }))
        const body = { jsonrpc: "2.0", id: 1, method, params: {} }
        const headers = signed(demo, noon, "/api/v2", "POST", JSON.stringify(body))
        result(yield* post("/api/v2", body, headers))
        refused(yield* post("/api/v2", { ...body, id: 2 }, headers), 400, 13004, "invalid_credentials")
      }))

    it.effect("rejects a stale, wrong or missing signature", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const good = signed(demo, noon, target).authorization
        const wrong = [
          signed(demo, noon - 60_001, target).authorization,
          signed(demo, noon + 60_001, target).authorization,
          signed(demo, noon, `${target}?extended=true`).authorization,
          signed(demo, "", target).authorization,
          signed(demo, noon, target, "GET", "", "").authorization,
          good.replace(/id=../, "id=--"),
          good.replace(/,nonce=[^,]*/, ""),
          good.replace(/sig=.*/, "")
        ]
        for (const authorization of wrong) {
          refused(yield* get(method, {}, { authorization }), 400, 13004, "invalid_credentials")
        }
        refused(yield* get(method), 401, 10000, "authorization_required")
        refused(yield* get(method, {}, { authorization: "Digest x" }), 401, 10000, "authorization_required")
      }))

    it.effect("issues tokens that expire for credentials and signatures", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const credentials = {
          grant_type: "client_credentials",
          client_id: Redacted.value(demo.key),
          client_secret: Redacted.value(demo.secret)
        }
        const granted = result(yield* get("public/auth", credentials))
        assert.deepStrictEqual(names(granted), [
          "access_token",
          "enabled_features",
          "expires_in",
          "scope",
          "token_type"
        ])
        const scope = "connection mainaccount account:read trade:read_write wallet:none"
        assert.deepInclude(granted, { expires_in: 900, scope, token_type: "bearer" })
        const authorization = `Bearer ${String(field(granted, "access_token"))}`
        result(yield* get(method, {}, { authorization }))
        refused(yield* get(method, {}, { authorization: `${authorization}0` }), 401, 13009, "unauthorized", {
          reason: "invalid_token"
        })
        yield* TestClock.adjust("899999 millis")
        result(yield* get(method, {}, { authorization }))
        yield* TestClock.adjust("1 millis")
        refused(yield* get(method, {}, { authorization }), 401, 13009, "unauthorized", { reason: "token_expired" })
        const signature = clientSignature(demo, noon + 900_000, "x")
        assert.strictEqual(field(result(yield* get("public/auth", { ...signature, state: "s" })), "state"), "s")
        for (
          const wrong of [
            { ...signature, data: "y" },
            clientSignature(demo, noon + 839_999, "x"),
            { ...credentials, client_secret: "x" },
            { ...credentials, client_id: "x" }
          ]
        ) {
          refused(yield* get("public/auth", wrong), 400, 13004, "invalid_credentials")
        }
        for (const grant_type of ["password", "refresh_token"]) {
          refused(yield* get("public/auth", { grant_type }), 400, -32602, "Invalid params", {
            reason: "invalid grant_type",
            param: "grant_type"
          })
        }
      }))

    it.effect("grants the requested scope within the permissions of the key", () =>
      Effect.gen(function*() {
        const { call, get } = yield* start()
        const grant = (permission: "read" | "trade" | "withdraw", scope: string) =>
          Effect.map(
            get("public/auth", { ...clientSignature(Simulator.credentials("deribit", permission), noon), scope }),
            result
          )
        const scope = (permission: "read" | "trade" | "withdraw", wanted: string) =>
          Effect.map(grant(permission, wanted), (granted) => field(granted, "scope"))
        assert.strictEqual(
          yield* scope("read", "trade:read_write"),
          "connection mainaccount account:read trade:read wallet:none"
        )
        assert.strictEqual(
          yield* scope("withdraw", ""),
          "connection mainaccount account:read trade:read_write wallet:read_write"
        )
        const reader = yield* grant("withdraw", "trade:read wallet:read account:none expires:60")
        assert.deepInclude(reader, {
          scope: "connection mainaccount account:none trade:read wallet:read",
          expires_in: 60
        })
        const headers = { authorization: `bearer ${String(field(reader, "access_token"))}` }
        result(yield* get("private/get_positions", {}, headers))
        refused(yield* get(method, {}, headers), 403, 13021, "forbidden")
        refused(yield* get("private/cancel", {}, headers), 403, 13021, "forbidden")
        const reading = Simulator.credentials("deribit", "read")
        result(yield* call("private/get_open_orders", {}, reading))
        refused(yield* call("private/cancel", {}, reading), 403, 13021, "forbidden")
      }))

    it.effect("records neither tokens nor secrets", () =>
      Effect.gen(function*() {
        const { get, simulator } = yield* start()
        const { secret } = demo
        const asked = { grant_type: "client_credentials", client_id: Redacted.value(demo.key) }
        const granted = result(yield* get("public/auth", { ...asked, client_secret: Redacted.value(secret) }))
        const access_token = String(field(granted, "access_token"))
        yield* get(method, { access_token }, { authorization: `bearer ${access_token}` })
        yield* get("public/auth", { grant_type: "refresh_token", refresh_token: access_token })
        const written = JSON.stringify(yield* simulator.requests)
        for (const one of [Redacted.value(secret), access_token]) assert.notInclude(written, one)
      }))
  })

  describe("limits", () => {
    it.effect("allow a hundred calls at once and twenty a second, separately per account and IP", () =>
      Effect.gen(function*() {
        const { call, get, simulator } = yield* start()
        for (let index = 0; index < 100; index++) result(yield* get("public/get_time"))
        refused(yield* get("public/get_time"), 429, 10028, "too_many_requests")
        result(yield* call("private/get_positions"))
        yield* TestClock.adjust("49 millis")
        refused(yield* get("public/get_time"), 429, 10028, "too_many_requests")
        yield* TestClock.adjust("1 millis")
        result(yield* get("public/get_time"))
        refused(yield* get("public/get_time"), 429, 10028, "too_many_requests")
        const usage = yield* simulator.usage
        assert.deepInclude(usage, { scope: "ip:192.0.2.1/ordinary", used: 50_000, limit: 50_000 })
        assert.deepInclude(usage, { scope: "account/ordinary", used: 0, limit: 50_000 })
      }))

    it.effect("allow listing instruments fifty times at once and then once a second, in a separate pool", () =>
      Effect.gen(function*() {
        const { get } = yield* start()
        const listed = get("public/get_instruments", { currency: "any" })
        for (let index = 0; index < 50; index++) result(yield* listed)
        refused(yield* listed, 429, 10028, "too_many_requests")
        result(yield* get("public/get_time"))
        yield* TestClock.adjust("1 seconds")
        result(yield* listed)
        refused(yield* listed, 429, 10028, "too_many_requests")
      }))

    it.effect("allow twenty orders at once and five a second, cancel-all separately", () =>
      Effect.gen(function*() {
        const { call } = yield* start()
        const cancel = call("private/cancel", { order_id: "104819327099" })
        for (let index = 0; index < 20; index++) refused(yield* cancel, 400, 10004, "order_not_found")
        refused(yield* cancel, 429, 10028, "too_many_requests")
        refused(yield* call("private/buy", { instrument_name: "BTC_USDT" }), 429, 10028, "too_many_requests")
        assert.strictEqual(result(yield* call("private/cancel_all_by_instrument", bitcoin)), 0)
        yield* TestClock.adjust("200 millis")
        refused(yield* cancel, 400, 10004, "order_not_found")
        refused(yield* cancel, 429, 10028, "too_many_requests")
      }))
  })
})
