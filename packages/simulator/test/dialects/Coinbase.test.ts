import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Clock, Effect, Redacted, TestClock } from "effect"
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto"
import { dialect, verifySignature } from "../../src/exchanges/coinbase/dialect.js"
import { type Account, Faults, Market, Simulator } from "../../src/index.js"
import { ask, field, isRecord, noon, rows } from "../utils.js"

const start = (options?: Simulator.Options) =>
  Effect.zipRight(TestClock.setTime(noon), Simulator.make("coinbase", { balances, ...options }))

const amount = BigDecimal.unsafeFromString
const balances: ReadonlyArray<Account.Balance> = [
  { asset: "BTC", free: amount("1.5"), locked: amount("0.25") },
  { asset: "USD", free: amount("100000"), locked: amount("0") },
  { asset: "USDT", free: amount("25000.5"), locked: amount("0") }
]

const prefix = "/api/v3/brokerage"
const host = "coinbase.localhost"
const demo = Simulator.credentials("coinbase")
const id = "6d1b345e-2821-40e2-ad83-4ecb18a06876"

const fromSeed = (secret: string): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([
      Buffer.from("302e020100300506032b657004220420", "hex"),
      Buffer.from(secret, "base64").subarray(0, 32)
    ]),
    format: "der",
    type: "pkcs8"
  })

const encode = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url")

interface Token {
  readonly header?: object
  readonly claims?: object
  readonly key?: KeyObject
}

/** The headers of a request with a token for it, with the given changes. */
const bearer = (
  method: string,
  path: string,
  at: number,
  { key: kid, secret }: Account.Credentials,
  { claims, header, key = fromSeed(Redacted.value(secret)) }: Token = {}
) => {
  const name = Redacted.value(kid)
  const edwards = key.asymmetricKeyType === "ed25519"
  const nonce = "00112233445566778899aabbccddeeff"
  const input = encode({ alg: edwards ? "EdDSA" : "ES256", typ: "JWT", kid: name, nonce, ...header }) + "." + encode({
    sub: name,
    iss: "cdp",
    nbf: at,
    exp: at + 120,
    uri: `${method} ${host}${prefix}${path}`,
    ...claims
  })
  const signature = edwards
    ? sign(null, Buffer.from(input), key)
    : sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" })
  return { host, authorization: `Bearer ${input}.${signature.toString("base64url")}` }
}

const seconds = noon / 1000

/** Calls private endpoints and returns the body, or status and error. */
const trader = (simulator: Simulator.Simulator, credentials = demo) => {
  const call = (method: string, target: string, body = "") =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      ask(simulator, prefix + target, {
        method,
        headers: bearer(method, target.replace(/\?.*/, ""), Math.floor(now / 1000), credentials),
        body: new TextEncoder().encode(body)
      }))
  return {
    get: (target: string) => Effect.map(call("GET", target), ({ json }) => json),
    post: (target: string, body: unknown) => Effect.map(call("POST", target, JSON.stringify(body)), ({ json }) => json),
    status: (method: string, target: string, body = "") =>
      Effect.map(call(method, target, body), ({ json, status }) => [status, field(json, "error")] as const)
  }
}

const shown = (simulator: Simulator.Simulator, target: string) =>
  Effect.map(ask(simulator, prefix + target), ({ json }) => json)

const bitcoin = dialect.listings.filter((listing) => listing.id === "BTC-USD")[0] ?? assert.fail("not listed")

const texts = (list: unknown, name: string) => rows(list).map((row) => String(row[name]))
const sorted = (list: ReadonlyArray<string>, direction = 1) =>
  list.toSorted((left, right) => direction * (Number(left) - Number(right)))

const limit = (sizes: object = {}) => ({
  client_order_id: id,
  product_id: "BTC-USD",
  side: "BUY",
  order_configuration: { limit_limit_gtc: { base_size: "0.01", limit_price: "30000", post_only: false, ...sizes } }
})
const orderId = (placed: unknown) => String(field(field(placed, "success_response"), "order_id"))
const reason = (placed: unknown) => {
  const error = field(placed, "error_response")
  return [field(placed, "success"), field(error, "error"), field(error, "preview_failure_reason")]
}

describe("Coinbase", () => {
  describe("market data", () => {
    it.effect("returns the time in three formats", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* shown(yield* start(), "/time"), {
          iso: "2024-11-25T12:00:00Z",
          epochSeconds: "1732536000",
          epochMillis: "1732536000000"
        })
      }))

    it.effect("lists open products, and all products on request", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const trading = yield* shown(simulator, "/market/products")
        const all = yield* shown(simulator, "/market/products?get_all_products=true&product_type=SPOT")
        assert.deepStrictEqual(texts(field(trading, "products"), "product_id"), [
          "BTC-USD",
          "ETH-USD",
          "SOL-USD",
          "BTC-USDT",
          "ETH-BTC"
        ])
        assert.strictEqual(field(trading, "num_products"), 5)
        const offline = rows(field(all, "products")).at(-1)
        assert.deepStrictEqual(
          [offline?.["product_id"], offline?.["status"], offline?.["price"], offline?.["is_disabled"]],
          ["XRP-USD", "offline", "", true]
        )
        const two = yield* shown(simulator, "/market/products?product_ids=ETH-BTC&product_ids=XRP-USD")
        assert.deepStrictEqual(texts(field(two, "products"), "product_id"), ["ETH-BTC", "XRP-USD"])
        const futures = yield* shown(simulator, "/market/products?product_type=FUTURE")
        assert.deepStrictEqual(futures, { products: [], num_products: 0 })
      }))

    it.effect("returns one product with numbers as strings", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* simulator.setPrice("BTC/USD", "68923.6")
        const product = yield* shown(simulator, "/market/products/BTC-USD")
        assert.deepStrictEqual(
          ["price", "price_increment", "base_increment", "base_min_size", "quote_min_size", "mid_market_price"].map(
            (name) => field(product, name)
          ),
          ["68923.6", "0.01", "0.00000001", "0.00000001", "1", ""]
        )
        assert.match(String(field(product, "price_percentage_change_24h")), /^-?\d+\.\d+$/)
        const missing = yield* ask(simulator, `${prefix}/market/products/NO-PE`)
        assert.deepStrictEqual([missing.status, missing.json], [404, {
          error: "NOT_FOUND",
          error_details: "valid product_id is required",
          message: "valid product_id is required"
        }])
      }))

    it.effect("returns a book that is not crossed, best price first", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const answer = yield* shown(simulator, "/market/product_book?product_id=BTC-USD&limit=5")
        const book = field(answer, "pricebook")
        const asks = texts(field(book, "asks"), "price")
        const bids = texts(field(book, "bids"), "price")
        assert.deepStrictEqual([asks.length, bids.length], [5, 5])
        assert.deepStrictEqual([asks, bids], [sorted(asks), sorted(bids, -1)])
        assert.isBelow(Number(bids[0]), Number(asks[0]))
        assert.strictEqual(field(book, "time"), "2024-11-25T12:00:00.000Z")
        assert.isBelow(Number(field(answer, "mid_market")), Number(asks[0]))
        const whole = field(yield* shown(simulator, "/market/product_book?product_id=BTC-USD"), "pricebook")
        assert.isAbove(rows(field(whole, "asks")).length, 5)
        const unknown = yield* ask(simulator, `${prefix}/market/product_book?product_id=X`)
        assert.strictEqual(unknown.status, 404)
      }))

    it.effect("returns trades newest first, with the best bid and ask", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const ticker = yield* shown(simulator, "/market/products/BTC-USD/ticker?limit=20")
        const ids = texts(field(ticker, "trades"), "trade_id")
        assert.deepStrictEqual([ids.length, ids], [20, sorted(ids, -1)])
        assert.isBelow(Number(field(ticker, "best_bid")), Number(field(ticker, "best_ask")))
        const tape = Market.trades("simulator", bitcoin, noon, 20).map(({ side }) => side === "buy" ? "SELL" : "BUY")
        assert.deepStrictEqual(texts(field(ticker, "trades"), "side"), tape.toReversed())
        const [newest] = rows(field(ticker, "trades"))
        assert.deepStrictEqual([newest?.["bid"], newest?.["exchange"]], ["", "coinbase"])
        const until = seconds - 5
        const older = yield* shown(simulator, `/market/products/BTC-USD/ticker?limit=3&start=0&end=${until}`)
        const times = texts(field(older, "trades"), "time").map((time) => Date.parse(time))
        assert.strictEqual(times.length, 3)
        assert.isTrue(times.every((time) => time <= until * 1000))
        assert.strictEqual((yield* ask(simulator, `${prefix}/market/products/BTC-USD/ticker`)).status, 400)
      }))

    it.effect("returns candles newest first, including both ends", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const target = (granularity: string, hours: number) =>
          `/market/products/BTC-USD/candles?granularity=${granularity}&start=${seconds - hours * 3600}&end=${seconds}`
        const candles = rows(field(yield* shown(simulator, target("ONE_HOUR", 4)), "candles"))
        assert.deepStrictEqual(
          texts(candles, "start"),
          [0, 1, 2, 3, 4].map((hours) => String(seconds - hours * 3600)).slice(-candles.length)
        )
        assert.isAtLeast(candles.length, 4)
        assert.isTrue(candles.every((candle) => Number(candle["low"]) <= Number(candle["high"])))
        assert.deepStrictEqual(Object.keys(candles[0] ?? {}), ["start", "low", "high", "open", "close", "volume"])
        const refused = (target: string) =>
          Effect.map(ask(simulator, prefix + target), ({ json, status }) => [status, field(json, "message")])
        assert.deepStrictEqual(yield* refused(target("ONE_HOUR", 350)), [
          400,
          "start and end argument is invalid - number of candles requested should be less than 350"
        ])
        assert.deepStrictEqual((yield* refused(target("ONE_HOUR", 349)))[0], 200)
        for (const granularity of ["ONE_WEEK", "constructor"]) {
          assert.deepStrictEqual(yield* refused(target(granularity, 1)), [400, "granularity argument is invalid"])
        }
        assert.deepStrictEqual((yield* refused("/market/products/BTC-USD/candles?granularity=ONE_DAY"))[0], 400)
      }))

    it.effect("returns the same from private endpoints, and the best bid and ask of several products", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const { get } = trader(simulator)
        for (
          const target of [
            "/products",
            "/products/BTC-USD",
            "/product_book?product_id=BTC-USD",
            "/products/BTC-USD/ticker?limit=1",
            `/products/BTC-USD/candles?granularity=ONE_HOUR&start=${seconds - 7200}&end=${seconds}`
          ]
        ) {
          assert.deepStrictEqual(yield* get(target), yield* shown(simulator, `/market${target}`))
          assert.strictEqual((yield* ask(simulator, prefix + target)).status, 401)
        }
        const best = yield* get("/best_bid_ask?product_ids=BTC-USD&product_ids=ETH-USD")
        assert.deepStrictEqual(texts(field(best, "pricebooks"), "product_id"), ["BTC-USD", "ETH-USD"])
        assert.strictEqual(rows(rows(field(best, "pricebooks"))[0]?.["bids"]).length, 1)
      }))
  })

  describe("signatures", () => {
    const spki =
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ=="
    const edwards = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

    it("accepts the vectors of the RFCs and of a Coinbase token", () => {
      const header =
        "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6Im9yZ2FuaXphdGlvbnMvMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwL2FwaUtleXMvMTExMTExMTEtMTExMS0xMTExLTExMTEtMTExMTExMTExMTExIiwibm9uY2UiOiIwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZiJ9"
      const payload =
        "eyJzdWIiOiJvcmdhbml6YXRpb25zLzAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMC9hcGlLZXlzLzExMTExMTExLTExMTEtMTExMS0xMTExLTExMTExMTExMTExMSIsImlzcyI6ImNkcCIsIm5iZiI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAwMTIwLCJ1cmkiOiJHRVQgYXBpLmNvaW5iYXNlLmNvbS9hcGkvdjMvYnJva2VyYWdlL2FjY291bnRzIn0"
      const vectors = [
        [
          spki,
          "ES256",
          "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
          "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        ],
        [
          edwards,
          "EdDSA",
          "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
          "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        ],
        [
          edwards,
          "EdDSA",
          `${header}.${payload}`,
          "fc8JDW6w9d2xHLicnkduzbA_hCdxh3P9lHD2WPTePKphKcGLh1OAsQg2oL39s_uPRp4hc8BhY_RdBZJx7oMXBg"
        ]
      ] as const
      for (const [publicKey, algorithm, input, signature] of vectors) {
        assert.isTrue(verifySignature(publicKey, algorithm, input, signature))
        assert.isFalse(verifySignature(publicKey, algorithm, `${input}x`, signature))
        assert.isFalse(verifySignature(publicKey, "none", input, signature))
        assert.isFalse(verifySignature(publicKey, algorithm, input, signature.slice(0, -2)))
      }
    })

    it("has demo secrets in the format of the portal: seed and public key", () => {
      const secret = Buffer.from(Redacted.value(demo.secret), "base64")
      const spki = createPublicKey(fromSeed(Redacted.value(demo.secret))).export({ format: "der", type: "spki" })
      assert.strictEqual(secret.length, 64)
      assert.isTrue(secret.subarray(32).equals(spki.subarray(-32)))
      assert.match(Redacted.value(demo.key), /^organizations\/[0-9a-f-]{36}\/apiKeys\/[0-9a-f-]{36}$/)
    })

    const path = "/key_permissions"
    const answer = (simulator: Simulator.Simulator, headers: Readonly<Record<string, string>>) =>
      Effect.map(ask(simulator, prefix + path, { headers }), ({ status, text }) => [status, text])

    const pem = createPrivateKey({
      key: Buffer.from(
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIffH1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt",
        "base64"
      ),
      format: "der",
      type: "pkcs8"
    })

    it.effect("accepts ES256 signatures as 64 raw bytes, not as DER", () =>
      Effect.gen(function*() {
        const key: Account.ApiKey = {
          id: demo.key,
          verifier: { _tag: "PublicKey", publicKey: spki },
          permissions: ["read"]
        }
        const simulator = yield* start({ keys: [key] })
        const headers = bearer("GET", path, seconds, demo, { key: pem })
        assert.strictEqual((yield* answer(simulator, headers))[0], 200)
        const input = headers.authorization.split(".").slice(0, 2).join(".")
        const der = sign("sha256", Buffer.from(input.replace("Bearer ", "")), pem).toString("base64url")
        assert.deepStrictEqual(yield* answer(simulator, { host, authorization: `${input}.${der}` }), [
          401,
          "Unauthorized\n"
        ])
      }))

    const good = () => bearer("GET", path, seconds, demo)
    const uri = `GET ${host}${prefix}${path}`
    const other = Simulator.credentials("coinbase", "read")
    const wrong: ReadonlyArray<readonly [name: string, headers: Readonly<Record<string, string>>]> = [
      ["no token", { host }],
      ["an invalid token", { host, authorization: "Bearer a.b.c" }],
      ["another scheme", { ...good(), authorization: good().authorization.replace("Bearer", "Basic") }],
      ["an unknown key", bearer("GET", path, seconds, { ...demo, key: Redacted.make("x") })],
      ["another secret", bearer("GET", path, seconds, { ...demo, secret: other.secret })],
      ["another method", bearer("POST", path, seconds, demo)],
      ["another path", bearer("GET", "/accounts", seconds, demo)],
      ["another host", { ...good(), host: "127.0.0.1:80" }],
      ["a uri with its query", bearer("GET", path, seconds, demo, { claims: { uri: `${uri}?x=1` } })],
      ["a uri with its scheme", bearer("GET", path, seconds, demo, { claims: { uri: `GET https://${uri.slice(4)}` } })],
      ["another issuer", bearer("GET", path, seconds, demo, { claims: { iss: "coinbase-cloud" } })],
      ["another subject", bearer("GET", path, seconds, demo, { claims: { sub: "x" } })],
      ["no nonce", bearer("GET", path, seconds, demo, { header: { nonce: "" } })],
      ["the wrong algorithm", bearer("GET", path, seconds, demo, { header: { alg: "ES256" } })],
      ["a lifetime above two minutes", bearer("GET", path, seconds, demo, { claims: { exp: seconds + 121 } })]
    ]
    it.effect.each(wrong)("rejects %s", ([, headers]) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* answer(yield* start(), headers), [401, "Unauthorized\n"])
      }))

    const accepted: ReadonlyArray<readonly [name: string, claims: Readonly<Record<string, unknown>>]> = [
      ["its uri in a list", { uri: undefined, uris: [uri] }],
      ["a uri with the scheme of a host without TLS", { uri: undefined, uris: [`GET http://${uri.slice(4)}`] }]
    ]
    it.effect.each(accepted)("accepts %s", ([, claims]) =>
      Effect.gen(function*() {
        const [status] = yield* answer(yield* start(), bearer("GET", path, seconds, demo, { claims }))
        assert.strictEqual(status, 200)
        const more = { ...claims, uris: [uri, uri] }
        assert.strictEqual(
          (yield* answer(yield* start(), bearer("GET", path, seconds, demo, { claims: more })))[0],
          401
        )
      }))

    it.effect("verifies the host when it runs in memory", () =>
      Effect.gen(function*() {
        const client = yield* HttpClient.HttpClient
        const { baseUrl } = Simulator.environment("coinbase")
        const now = Math.floor(yield* Clock.currentTimeMillis) / 1000
        const headers = { authorization: bearer("GET", path, now, demo).authorization }
        const response = yield* client.get(baseUrl + prefix + path, { headers })
        assert.strictEqual(response.status, 200)
        const elsewhere = yield* client.get(`${baseUrl}${prefix}/accounts`, { headers })
        assert.strictEqual(elsewhere.status, 401)
      }).pipe(Effect.provide(Simulator.layer("coinbase"))))

    it.effect("rejects tokens two minutes old or more than a minute ahead", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const at = (seconds: number) =>
          Effect.map(answer(simulator, bearer("GET", path, seconds, demo)), ([status, text]) => [
            status,
            String(text).includes("request timestamp expired")
          ])
        assert.deepStrictEqual(yield* at(seconds - 119), [200, false])
        assert.deepStrictEqual(yield* at(seconds - 120), [401, true])
        assert.deepStrictEqual(yield* at(seconds + 60), [200, false])
        assert.deepStrictEqual(yield* at(seconds + 61), [401, true])
      }))
  })

  describe("the account", () => {
    it.effect("pages balances", () =>
      Effect.gen(function*() {
        const { get, post } = trader(yield* start())
        yield* post("/orders", limit())
        const one = yield* get("/accounts?limit=2")
        assert.deepStrictEqual(texts(field(one, "accounts"), "currency"), ["BTC", "USD"])
        assert.deepStrictEqual([field(one, "has_next"), field(one, "size")], [true, 2])
        const two = yield* get(`/accounts?limit=2&cursor=${String(field(one, "cursor"))}`)
        assert.deepStrictEqual(texts(field(two, "accounts"), "currency"), ["USDT"])
        assert.deepStrictEqual([field(two, "has_next"), field(two, "cursor")], [false, ""])
        const [bitcoin, dollar] = rows(field(one, "accounts"))
        assert.deepStrictEqual(bitcoin?.["available_balance"], { value: "1.5", currency: "BTC" })
        assert.deepStrictEqual(bitcoin?.["hold"], { value: "0.25", currency: "BTC" })
        assert.deepStrictEqual(dollar?.["available_balance"], { value: "99700", currency: "USD" })
        assert.deepStrictEqual([dollar?.["hold"], dollar?.["type"]], [
          { value: "300", currency: "USD" },
          "ACCOUNT_TYPE_FIAT"
        ])
      }))

    it.effect.each(
      [["read", [true, false, false]], ["trade", [true, true, false]], ["withdraw", [true, true, true]]] as const
    )("returns the permissions of the %s key", ([permission, expected]) =>
      Effect.gen(function*() {
        const { get } = trader(yield* start(), Simulator.credentials("coinbase", permission))
        const permissions = yield* get("/key_permissions")
        assert.deepStrictEqual(["can_view", "can_trade", "can_transfer"].map((name) => field(permissions, name)), [
          ...expected
        ])
        assert.strictEqual(field(permissions, "portfolio_type"), "DEFAULT")
      }))

    it.effect("does not let a read-only key trade", () =>
      Effect.gen(function*() {
        const { get, post, status } = trader(yield* start(), Simulator.credentials("coinbase", "read"))
        assert.deepStrictEqual(yield* post("/orders", limit()), {
          error: "PERMISSION_DENIED",
          error_details: "Missing required scopes",
          message: "Missing required scopes"
        })
        assert.deepStrictEqual((yield* status("POST", "/orders/batch_cancel", "{}"))[0], 403)
        assert.deepStrictEqual(field(yield* get("/orders/historical/batch"), "orders"), [])
      }))

    it.effect("returns the fees", () =>
      Effect.gen(function*() {
        const { get } = trader(yield* start())
        const tier = field(yield* get("/transaction_summary"), "fee_tier")
        assert.deepStrictEqual([field(tier, "maker_fee_rate"), field(tier, "taker_fee_rate")], ["0.006", "0.012"])
      }))
  })

  describe("orders", () => {
    it.effect("go from open to filled", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const { get, post } = trader(simulator)
        const placed = yield* post("/orders", limit())
        const order = orderId(placed)
        assert.match(order, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
        assert.deepStrictEqual(placed, {
          success: true,
          success_response: { order_id: order, product_id: "BTC-USD", side: "BUY", client_order_id: id },
          order_configuration: limit().order_configuration
        })
        const open = field(yield* get(`/orders/historical/${order}`), "order")
        assert.deepStrictEqual(
          ["status", "client_order_id", "time_in_force", "order_type", "filled_size", "created_time", "fee"].map(
            (name) => field(open, name)
          ),
          ["OPEN", id, "GOOD_UNTIL_CANCELLED", "LIMIT", "0", "2024-11-25T12:00:00.000Z", ""]
        )
        assert.deepStrictEqual([field(open, "outstanding_hold_amount"), field(open, "last_fill_time")], ["300", null])

        yield* TestClock.adjust("1 seconds")
        yield* simulator.setPrice("BTC-USD", "29000")
        const filled = field(yield* get(`/orders/historical/${order}`), "order")
        assert.deepStrictEqual(
          [
            "status",
            "filled_size",
            "average_filled_price",
            "filled_value",
            "total_fees",
            "total_value_after_fees",
            "number_of_fills",
            "completion_percentage"
          ].map((name) => field(filled, name)),
          ["FILLED", "0.01", "30000", "300", "1.8", "301.8", "1", "100"]
        )
        assert.deepStrictEqual(field(yield* get("/orders/historical/batch?order_status=OPEN"), "orders"), [])
        const fills = yield* get(`/orders/historical/fills?order_ids=${order}`)
        const [fill, ...others] = rows(field(fills, "fills"))
        assert.deepStrictEqual([others, field(fills, "cursor")], [[], ""])
        assert.deepStrictEqual(
          ["order_id", "price", "size", "commission", "liquidity_indicator", "side", "trade_time"].map((name) =>
            fill?.[name]
          ),
          [order, "30000", "0.01", "1.8", "MAKER", "BUY", "2024-11-25T12:00:01.000Z"]
        )
      }))

    it.effect("are placed once per client order id, whatever their status", () =>
      Effect.gen(function*() {
        const { get, post } = trader(yield* start())
        const placed = yield* post("/orders", limit())
        assert.deepStrictEqual(yield* post("/orders", limit()), placed)
        assert.deepStrictEqual(yield* post("/orders", limit({ limit_price: "31000" })), placed)
        yield* post("/orders/batch_cancel", { order_ids: [orderId(placed)] })
        assert.deepStrictEqual(yield* post("/orders", limit()), placed)
        assert.deepStrictEqual(texts(field(yield* get("/orders/historical/batch"), "orders"), "status"), ["CANCELLED"])
      }))

    it.effect("are canceled with a result for each", () =>
      Effect.gen(function*() {
        const { get, post } = trader(yield* start())
        const order = orderId(yield* post("/orders", limit()))
        const market = orderId(
          yield* post("/orders", {
            ...limit(),
            client_order_id: "m",
            order_configuration: { market_market_ioc: { base_size: "0.001" } }
          })
        )
        const unknown = order.replace(/.$/, "f")
        const canceled = yield* post("/orders/batch_cancel", { order_ids: [order, order, market, unknown] })
        assert.deepStrictEqual(field(canceled, "results"), [
          { success: true, failure_reason: "UNKNOWN_CANCEL_FAILURE_REASON", order_id: order },
          { success: false, failure_reason: "DUPLICATE_CANCEL_REQUEST", order_id: order },
          { success: false, failure_reason: "INVALID_CANCEL_REQUEST", order_id: market },
          { success: false, failure_reason: "UNKNOWN_CANCEL_ORDER", order_id: unknown }
        ])
        const row = field(yield* get(`/orders/historical/${order}`), "order")
        assert.deepStrictEqual([field(row, "status"), field(row, "outstanding_hold_amount")], ["CANCELLED", "0"])
        const many = Array.from({ length: 101 }, () => order)
        assert.strictEqual(field(yield* post("/orders/batch_cancel", { order_ids: many }), "error"), "INVALID_ARGUMENT")
      }))

    it.effect("are edited with both price and size", () =>
      Effect.gen(function*() {
        const { get, post } = trader(yield* start())
        const order = orderId(yield* post("/orders", limit()))
        const edit = (change: object) =>
          post("/orders/edit", { order_id: order, price: "31000", size: "0.02", ...change })
        const failure = (edited: unknown) => rows(field(edited, "errors"))[0]?.["edit_failure_reason"]
        assert.deepStrictEqual(yield* edit({}), { success: true, errors: [] })
        const row = field(yield* get(`/orders/historical/${order}`), "order")
        assert.deepStrictEqual(field(row, "order_configuration"), {
          limit_limit_gtc: { base_size: "0.02", limit_price: "31000", post_only: false }
        })
        assert.strictEqual(failure(yield* edit({ size: undefined })), "INVALID_EDITED_SIZE")
        assert.strictEqual(failure(yield* edit({ price: "0.001" })), "INVALID_EDITED_PRICE")
        assert.strictEqual(failure(yield* edit({ order_id: id })), "ORDER_NOT_FOUND")
        yield* post("/orders/batch_cancel", { order_ids: [order] })
        assert.strictEqual(failure(yield* edit({})), "ONLY_OPEN_ORDERS_CAN_BE_EDITED")
      }))

    it.effect("are filled or canceled immediately when they are market, IOC or FOK orders", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        yield* simulator.setPrice("BTC/USD", "64000")
        const { get, post } = trader(simulator)
        const placed = (client_order_id: string, order_configuration: object, side = "BUY") =>
          Effect.gen(function*() {
            const placed = yield* post("/orders", { ...limit(), client_order_id, order_configuration, side })
            return field(yield* get(`/orders/historical/${orderId(placed)}`), "order")
          })
        const base = yield* placed("a", { market_market_ioc: { base_size: "0.001" } }, "SELL")
        assert.deepStrictEqual(
          ["status", "order_type", "time_in_force", "filled_size", "size_in_quote"].map((name) => field(base, name)),
          ["FILLED", "MARKET", "IMMEDIATE_OR_CANCEL", "0.001", false]
        )
        assert.isBelow(Number(field(base, "average_filled_price")), 64000)
        const quote = yield* placed("b", { market_market_ioc: { quote_size: "100" } })
        assert.deepStrictEqual(field(quote, "order_configuration"), { market_market_ioc: { quote_size: "100" } })
        assert.deepStrictEqual([field(quote, "status"), field(quote, "size_in_quote")], ["FILLED", true])
        assert.approximately(Number(field(quote, "filled_value")), 100, 0.001)
        const sizes = { base_size: "0.01", limit_price: "30000" }
        const missed = yield* placed("c", { sor_limit_ioc: sizes })
        assert.deepStrictEqual(
          [field(missed, "status"), field(missed, "time_in_force"), field(missed, "order_configuration")],
          ["CANCELLED", "IMMEDIATE_OR_CANCEL", { sor_limit_ioc: sizes }]
        )
        const killed = yield* placed("d", { limit_limit_fok: sizes })
        assert.deepStrictEqual([field(killed, "status"), field(killed, "filled_size")], ["CANCELLED", "0"])
        assert.strictEqual(field(killed, "time_in_force"), "FILL_OR_KILL")
      }))

    it.effect("are listed newest first, in pages, and by status, product and time", () =>
      Effect.gen(function*() {
        const { get, post } = trader(yield* start())
        yield* post("/orders", { ...limit(), client_order_id: "a" })
        yield* TestClock.adjust("1 seconds")
        yield* post("/orders", { ...limit(), client_order_id: "b", product_id: "BTC-USDT" })
        const listed = (query: string) =>
          Effect.map(
            get(`/orders/historical/batch?${query}`),
            (page) => texts(field(page, "orders"), "client_order_id")
          )
        assert.deepStrictEqual(yield* listed("order_status=OPEN"), ["b", "a"])
        assert.deepStrictEqual(yield* listed("product_ids=BTC-USD&product_ids=ETH-USD"), ["a"])
        assert.deepStrictEqual(yield* listed("start_date=2024-11-25T12:00:01Z"), ["b"])
        assert.deepStrictEqual(yield* listed("end_date=2024-11-25T12:00:01Z"), ["a"])
        assert.deepStrictEqual(yield* listed("order_side=SELL"), [])
        const page = yield* get("/orders/historical/batch?limit=1")
        assert.deepStrictEqual([field(page, "has_next"), field(page, "sequence")], [true, "0"])
        assert.deepStrictEqual(yield* listed(`limit=1&cursor=${String(field(page, "cursor"))}`), ["a"])
        const both = yield* get("/orders/historical/batch?order_status=OPEN&order_status=FILLED")
        assert.strictEqual(field(both, "error"), "INVALID_ARGUMENT")
      }))

    const refusals: ReadonlyArray<readonly [name: string, body: object, error: string, preview?: string]> = [
      [
        "a post-only order that crosses",
        limit({ limit_price: "90000", post_only: true }),
        "INVALID_LIMIT_PRICE_POST_ONLY",
        "PREVIEW_INVALID_LIMIT_PRICE_POSTONLY"
      ],
      ["a price off tick", limit({ limit_price: "30000.001" }), "INVALID_PRICE_PRECISION"],
      ["a size off lot", limit({ base_size: "0.010000001" }), "INVALID_SIZE_PRECISION"],
      [
        "a value below the minimum",
        limit({ limit_price: "1" }),
        "UNKNOWN_FAILURE_REASON",
        "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL"
      ],
      [
        "a size below the minimum",
        limit({ base_size: "0.000000001" }),
        "UNKNOWN_FAILURE_REASON",
        "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"
      ],
      [
        "an amount beyond the free balance",
        limit({ base_size: "4" }),
        "INSUFFICIENT_FUND",
        "PREVIEW_INSUFFICIENT_FUND"
      ],
      ["an unknown product", { ...limit(), product_id: "NO-PE" }, "INVALID_PRODUCT_ID"],
      ["an offline product", { ...limit(), product_id: "XRP-USD" }, "UNTRADABLE_PRODUCT"]
    ]
    it.effect.each(refusals)(
      "are rejected with status 200 for %s",
      ([, body, error, preview]) =>
        Effect.gen(function*() {
          const { get, post } = trader(yield* start())
          const placed = yield* post("/orders", body)
          assert.deepStrictEqual(reason(placed), [false, error, preview ?? "UNKNOWN_PREVIEW_FAILURE_REASON"])
          assert.isTrue(isRecord(field(placed, "order_configuration")))
          assert.deepStrictEqual(field(yield* get("/orders/historical/batch"), "orders"), [])
          // The client order id of a rejected order can be used again.
          assert.strictEqual(field(yield* post("/orders", limit()), "success"), true)
        })
    )

    const malformed: ReadonlyArray<readonly [name: string, body: object]> = [
      ["no client order id", { ...limit(), client_order_id: "" }],
      ["a client order id of 129 characters", { ...limit(), client_order_id: "x".repeat(129) }],
      ["an invalid side", { ...limit(), side: "buy" }],
      ["no configuration", { ...limit(), order_configuration: {} }],
      ["a stop order", { ...limit(), order_configuration: { stop_limit_stop_limit_gtc: {} } }],
      ["a size as a number", limit({ base_size: 0.01 })],
      ["a sell order with a quote size", {
        ...limit(),
        side: "SELL",
        order_configuration: { market_market_ioc: { quote_size: "5" } }
      }]
    ]
    it.effect.each(malformed)("are rejected as malformed with %s", ([, body]) =>
      Effect.gen(function*() {
        const { status } = trader(yield* start())
        assert.deepStrictEqual(yield* status("POST", "/orders", JSON.stringify(body)), [400, "INVALID_ARGUMENT"])
      }))

    it.effect("are not found by an unknown id", () =>
      Effect.gen(function*() {
        const { get, status } = trader(yield* start())
        assert.deepStrictEqual(yield* status("GET", `/orders/historical/${id}`), [404, "unknown"])
        const body = yield* get(`/orders/historical/${id}`)
        assert.strictEqual(field(body, "error_details"), "order with this orderID was not found")
        assert.deepStrictEqual((yield* status("GET", "/nothing"))[0], 404)
        assert.deepStrictEqual((yield* status("POST", "/orders", "nonsense"))[0], 400)
      }))

    it.effect("cannot be looked up during the order lag, but are not placed twice", () =>
      Effect.gen(function*() {
        const { get, post, status } = trader(yield* start({ faults: Faults.make({ orderLag: "2 seconds" }) }))
        const placed = yield* post("/orders", limit())
        const target = `/orders/historical/${orderId(placed)}`
        yield* TestClock.adjust("1999 millis")
        assert.deepStrictEqual((yield* status("GET", target))[0], 404)
        assert.deepStrictEqual(field(yield* get("/orders/historical/batch"), "orders"), [])
        assert.deepStrictEqual(yield* post("/orders", limit()), placed)
        yield* TestClock.adjust("1 millis")
        assert.deepStrictEqual((yield* status("GET", target))[0], 200)
      }))
  })

  describe("limits", () => {
    it.effect("allow 10 public requests a second per address", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const time = (remoteAddress = "192.0.2.1") => ask(simulator, `${prefix}/time`, { remoteAddress })
        for (let made = 0; made < 9; made++) yield* time()
        const tenth = yield* time()
        assert.deepStrictEqual([tenth.status, tenth.headers["x-ratelimit-remaining"]], [200, "0"])
        const refused = yield* time()
        assert.deepStrictEqual([refused.status, refused.json], [429, {
          errors: [{ id: "rate_limit_exceeded", message: "Too many requests" }]
        }])
        assert.strictEqual((yield* time("192.0.2.2")).status, 200)
        yield* TestClock.adjust("99 millis")
        assert.strictEqual((yield* time()).status, 429)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* time()).status, 200)
      }))

    it.effect("allow 30 private requests a second, whatever the key", () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const { status } = trader(simulator)
        for (let made = 0; made < 30; made++) assert.strictEqual((yield* status("GET", "/accounts"))[0], 200)
        const { status: reading } = trader(simulator, Simulator.credentials("coinbase", "read"))
        assert.strictEqual((yield* reading("GET", "/accounts"))[0], 429)
        assert.deepStrictEqual(yield* simulator.usage, [{ scope: "account", used: 30, limit: 30 }])
        yield* TestClock.adjust("1 seconds")
        assert.strictEqual((yield* status("GET", "/accounts"))[0], 200)
      }))
  })
})
