import { Credentials, ExchangeState } from "@effect-exchange/core"
import { Endpoint, ExchangeClient } from "@effect-exchange/core/adapter"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, TestClock } from "effect"
import { errors } from "../src/Errors.js"
import { protocol } from "../src/Protocol.js"
import { answer, documented, error, html, now, type Verdict, verdict } from "./utils.js"

type Row = readonly [
  status: number,
  body: string,
  expected: Verdict,
  headers?: { readonly [name: string]: string }
]

const refused = (tag: Verdict["tag"], code: number): Verdict => ({ tag, outcome: "Rejected", code: String(code) })
const limited = (code: number, retryAfter: number): Verdict => ({ ...refused("RateLimited", code), retryAfter })
const unavailable = (code: number, outcome: Verdict["outcome"] = "Unknown"): Verdict => ({
  ...refused("ExchangeUnavailable", code),
  outcome
})

const invalid = (
  "1100 1101 1102 1103 1104 1105 1106 1107 1108 1111 1112 1114 1115 1116 1117 1118 1119 1120 1127 1128 1130 1134 " +
  "1135 1139 1145 1151 1220 1014 1020"
).split(" ").map((code) => -Number(code))

const orders: ReadonlyArray<Row> = [
  [400, error(-1013, "Filter failure: LOT_SIZE"), refused("OrderRejected", -1013)],
  [400, error(-2010, "Filter failure: PRICE_FILTER"), refused("OrderRejected", -2010)],
  [400, error(-2010, "Market is closed."), refused("OrderRejected", -2010)],
  [400, error(-2010, "Order would immediately match and take."), refused("OrderRejected", -2010)],
  [400, error(-2010, "Stop price would trigger immediately."), refused("OrderRejected", -2010)],
  [
    400,
    error(-2010, "Account has insufficient balance for requested action."),
    refused("InsufficientFunds", -2010)
  ],
  [400, error(-2010, "Duplicate order sent."), refused("DuplicateOrder", -2010)],
  [400, error(-2010, "This action is disabled on this account."), refused("PermissionDenied", -2010)],
  [400, error(-2010, "This symbol is not permitted for this account."), refused("PermissionDenied", -2010)],
  [400, error(-2010, "This account may not place or cancel orders."), refused("PermissionDenied", -2010)],
  [400, error(-2011, "Unknown order sent."), refused("OrderNotFound", -2011)],
  [
    400,
    error(-2011, "Order was not canceled due to cancel restrictions."),
    refused("OrderRejected", -2011)
  ],
  [400, error(-2013, "Order does not exist."), refused("OrderNotFound", -2013)],
  [400, error(-2026, "Order was canceled or expired with no executed qty."), refused("OrderNotFound", -2026)],
  [400, error(-2039, "Client order ID is not correct for this order ID"), refused("OrderNotFound", -2039)],
  [409, error(-2021, "Order cancel-replace partially failed."), refused("OrderRejected", -2021)],
  [400, error(-2022, "Order cancel-replace failed."), refused("OrderRejected", -2022)]
]

const access: ReadonlyArray<Row> = [
  [400, error(-1121, "Invalid symbol."), refused("SymbolNotFound", -1121)],
  [400, error(-1022, "Signature for this request is not valid."), refused("AuthenticationFailed", -1022)],
  [401, error(-2014, "API-key format invalid."), refused("AuthenticationFailed", -2014)],
  [401, error(-2015, "Invalid API-key, IP, or permissions for action."), refused("PermissionDenied", -2015)],
  [401, error(-1002, "You are not authorized to execute this request."), refused("PermissionDenied", -1002)],
  [451, error(0, "Service unavailable from a restricted location"), refused("PermissionDenied", 0)],
  [
    400,
    error(-1021, "Timestamp for this request is outside of the recvWindow."),
    refused("ClockSkew", -1021)
  ]
]

const tooMany: ReadonlyArray<Row> = [
  [429, error(-1003, "Too much request weight used."), limited(-1003, 17_000), { "retry-after": "17" }],
  [429, error(-1003, "Too much request weight used."), limited(-1003, 1000)],
  [
    429,
    error(-1003, "Too much request weight used."),
    limited(-1003, 90_000),
    { "retry-after": "Mon, 24 Nov 2025 00:01:30 GMT" }
  ],
  [429, error(-1003, "…"), limited(-1003, 0), { "retry-after": "Sun, 23 Nov 2025 23:59:00 GMT" }],
  [429, error(-1003, "…"), limited(-1003, 1000), { "retry-after": "soon" }],
  [429, error(-1015, "Too many new orders."), limited(-1015, 10_000), { "retry-after": "10" }],
  [429, error(-99_999, "A code to come."), limited(-99_999, 1000)],
  [400, error(-1003, "Too many requests queued."), limited(-1003, 1000)],
  [400, error(-1015, "Too many new orders."), limited(-1015, 1000)],
  [400, error(-1034, "Too many connections are in use."), limited(-1034, 1000)]
]

const bans: ReadonlyArray<Row> = [
  [
    418,
    error(-1003, `Way too much request weight used; IP banned until ${now + 12_345}. Please use WebSocket Streams.`),
    { ...refused("Banned", -1003), until: now + 12_345 },
    { "retry-after": "600" }
  ],
  // These two differ only in the message.
  [
    429,
    error(-1003, `Way too many requests; IP banned until ${now + 12_345}.`),
    { ...refused("Banned", -1003), until: now + 12_345 }
  ],
  [418, error(-1003, "Banned."), { ...refused("Banned", -1003), until: now + 600_000 }, { "retry-after": "600" }],
  [418, error(-1003, "Banned."), { ...refused("Banned", -1003), until: now + 120_000 }],
  [418, error(-2015, "Invalid API-key."), { ...refused("Banned", -2015), until: now + 120_000 }],
  [418, html, { tag: "Banned", outcome: "Rejected", until: now + 30_000 }, { "retry-after": "30" }],
  [418, "", { tag: "Banned", outcome: "Rejected", until: now + 120_000 }]
]

const firewall: ReadonlyArray<Row> = [
  [403, html, { tag: "RateLimited", outcome: "Unknown", retryAfter: 300_000 }],
  [403, "", { tag: "RateLimited", outcome: "Unknown", retryAfter: 300_000 }],
  [403, html, { tag: "RateLimited", outcome: "Unknown", retryAfter: 45_000 }, { "retry-after": "45" }]
]

const failing: ReadonlyArray<Row> = [
  [500, error(-1000, "An unknown error occurred while processing the request."), unavailable(-1000)],
  [503, error(-1001, "Internal error; unable to process your request."), unavailable(-1001)],
  [503, error(-1006, "An unexpected response was received from the message bus."), unavailable(-1006)],
  [504, error(-1007, "Timeout waiting for response from backend server."), unavailable(-1007)],
  [400, error(-1007, "Timeout waiting for response from backend server."), unavailable(-1007)],
  [503, error(-1008, "Server is currently overloaded with other requests."), unavailable(-1008, "Rejected")],
  [503, error(-1016, "This service is no longer available."), unavailable(-1016)]
]

// Not in the exchange's error shape: HTTP decides.
const country = "<html>The Amazon CloudFront distribution is configured to block access from your country.</html>"

// The exchange's error shape with an unknown code: the status decides, and the code is kept.
const unlisted: ReadonlyArray<Row> = [
  [400, error(-99_999, "A code to come."), refused("InvalidRequest", -99_999)],
  [401, error(-99_999, "A code to come."), refused("AuthenticationFailed", -99_999)],
  [403, error(-99_999, "A code to come."), refused("PermissionDenied", -99_999)],
  [520, error(-99_999, "A code to come."), unavailable(-99_999)]
]

const byStatus: ReadonlyArray<Row> = [
  [500, html, { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [502, "", { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [503, "{\"code\":", { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [429, html, { tag: "RateLimited", outcome: "Unknown", retryAfter: 30_000 }, { "retry-after": "30" }],
  [429, "", { tag: "RateLimited", outcome: "Unknown", retryAfter: 1000 }],
  [451, html, { tag: "PermissionDenied", outcome: "Unknown" }],
  [401, html, { tag: "AuthenticationFailed", outcome: "Unknown" }],
  [404, html, { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [400, "", { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [405, html, { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [410, html, { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [421, html, { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [403, country, { tag: "PermissionDenied", outcome: "Unknown" }],
  // Not the documented shape, so the content is ignored.
  [400, error("-1121", "Invalid symbol."), { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [400, error({ code: -2010 }, "Duplicate order sent."), { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [400, "{\"error\":{\"code\":-1021,\"msg\":[\"nested\"]}}", { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [400, "{\"code\":-1021}", { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [400, "[]", { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [400, "null", { tag: "ExchangeUnavailable", outcome: "Unknown" }],
  [200, html, { tag: "MalformedResponse", outcome: "Unknown" }],
  [200, "", { tag: "MalformedResponse", outcome: "Unknown" }],
  [200, "{\"orderId\":", { tag: "MalformedResponse", outcome: "Unknown" }],
  [200, "{\"orderId\":\"28\"}", { tag: "MalformedResponse", outcome: "Unknown" }],
  [302, html, { tag: "ExchangeUnavailable", outcome: "Unknown" }]
]

const requests = invalid.map((code): Row => [400, error(code, "Illegal."), refused("InvalidRequest", code)])

const known: ReadonlyArray<Row> = [...orders, ...access, ...tooMany, ...bans, ...firewall, ...failing, ...unlisted]

const title = ([status, body, { tag }, headers]: Row) =>
  `${status} ${body.slice(0, 70).replaceAll("\r\n", "")} ${headers?.["retry-after"] ?? ""} is ${tag}`

// A write without idempotency, so that every error of the union may occur.
const placeOrder = Endpoint.make({
  capability: "trading",
  name: "placeOrder",
  method: "POST",
  path: "/api/v3/order",
  idempotency: "once",
  input: Endpoint.NoInput,
  response: Schema.pluck(Schema.Struct({ orderId: Schema.Number }), "orderId"),
  cost: { ip: 1 }
})

const place = ([status, body, , headers]: Row) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(now)
    const client = yield* ExchangeClient.make(protocol, {
      environment: { name: "scripted", baseUrl: "http://scripted.localhost" },
      credentials: Credentials.fixed(documented),
      retry: { attempts: 1 }
    }).pipe(Effect.provide(ExchangeState.layer))
    return yield* Effect.flip(client.request(placeOrder, {}))
  }).pipe(
    Effect.scoped,
    Effect.provide(ScriptedHttp.layer(() => ScriptedHttp.text(body, { status, headers })))
  )

describe("classify", () => {
  for (const row of [...requests, ...known]) {
    it(title(row), () => {
      const [status, body, expected, headers] = row
      const error = errors.classify(answer(status, body, headers))
      assert(error !== undefined)
      assert.deepStrictEqual(verdict(error), expected)
      assert.strictEqual(error.status, status)
      assert.strictEqual(error.operation, "test")
    })
  }

  for (const [status, body] of byStatus.filter(([status]) => status !== 403)) {
    it(`leaves ${status} ${body.slice(0, 50).replaceAll("\r\n", "")} to HTTP`, () => {
      assert.isUndefined(errors.classify(answer(status, body)))
    })
  }

  it("returns no error for a successful status, whatever the body", () => {
    assert.isUndefined(errors.classify(answer(200, error(-1121, "Invalid symbol."))))
  })

  it("converts the end of a ban in the message to the local clock", () => {
    const body = error(-1003, `Way too much request weight used; IP banned until ${now + 60_000}.`)
    const ban = errors.classify({ ...answer(418, body, { "retry-after": "600" }), skew: 5000 })
    assert.strictEqual(ban?._tag === "Banned" ? ban.until : undefined, now + 55_000)
  })

  it("keeps the exchange's message", () => {
    const symbol = errors.classify(answer(400, error(-1121, "Invalid symbol.")))
    assert.strictEqual(symbol?.message, "binance.test: Invalid symbol. (status 400, code -1121)")
  })
})

describe("client", () => {
  for (const row of [...known, ...byStatus]) {
    it.effect(`fails to place an order: ${title(row)}`, () =>
      Effect.map(place(row), (error) => {
        assert.deepStrictEqual(verdict(error), row[2])
        assert.strictEqual(error.operation, "placeOrder")
      }))
  }
})
