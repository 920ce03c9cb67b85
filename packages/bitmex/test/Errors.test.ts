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

const refused = (tag: Verdict["tag"], code = "HTTPError"): Verdict => ({ tag, outcome: "Rejected", code })
const limited = (retryAfter: number): Verdict => ({ ...refused("RateLimited", "RateLimitError"), retryAfter })
const unavailable = (outcome: Verdict["outcome"]): Verdict => ({ ...refused("ExchangeUnavailable"), outcome })
const plain = (tag: Verdict["tag"], outcome: Verdict["outcome"] = "Rejected"): Verdict => ({ tag, outcome })

const expired = "This request has expired - `expires` is in the past. Current time: 1763942400"

const access: ReadonlyArray<Row> = [
  [400, error(expired), refused("ClockSkew")],
  [401, error(expired), refused("ClockSkew")],
  [400, error("`expires` is in the past"), refused("ClockSkew")],
  [401, error("REQUEST HAS EXPIRED"), refused("ClockSkew")],
  [401, error("Invalid API Key."), refused("AuthenticationFailed")],
  [401, error("Signature not valid."), refused("AuthenticationFailed")],
  [401, error("Authorization Required"), refused("AuthenticationFailed")],
  // The same texts occur with other statuses.
  [400, error("Invalid API Key."), refused("AuthenticationFailed")],
  [403, error("Signature not valid."), refused("AuthenticationFailed")],
  [403, error("This key is disabled."), refused("PermissionDenied")],
  [403, error("Access Denied"), refused("PermissionDenied")],
  [401, error("Access Denied"), refused("PermissionDenied")],
  [403, error("Account is restricted"), refused("PermissionDenied")],
  [403, error("We require all new traders to verify their identity."), refused("PermissionDenied")],
  [403, error("Something to come"), refused("PermissionDenied")]
]

const orders: ReadonlyArray<Row> = [
  [
    400,
    error("Account has insufficient Available Balance, 86 XBt required", "ValidationError"),
    refused("InsufficientFunds", "ValidationError")
  ],
  [400, error("Duplicate clOrdID"), refused("DuplicateOrder")],
  [400, error("Invalid symbol"), refused("SymbolNotFound")],
  [400, error("symbol is invalid", "ValidationError"), refused("SymbolNotFound", "ValidationError")],
  [400, error("Invalid price"), refused("OrderRejected")],
  [400, error("Invalid price tickSize"), refused("OrderRejected")],
  [400, error("orderQty is invalid"), refused("OrderRejected")],
  [400, error("Invalid orderQty"), refused("OrderRejected")],
  [400, error("Invalid stopPx for ordType"), refused("OrderRejected")],
  [400, error("Too many open orders"), refused("OrderRejected")],
  [400, error("Unable to cancel order due to existing state: Filled"), refused("OrderNotFound")],
  [400, error("Invalid ordStatus"), refused("OrderNotFound")],
  [404, error("Not Found"), refused("OrderNotFound")],
  [400, error("Not Found"), refused("OrderNotFound")],
  [400, error("orderID not found"), refused("OrderNotFound")],
  [400, error("Invalid orderID"), refused("OrderNotFound")],
  [400, error("`count` must be an integer", "ValidationError"), refused("InvalidRequest", "ValidationError")],
  [422, error("Something to come", "constructor"), refused("InvalidRequest", "constructor")]
]

const tooMany: ReadonlyArray<Row> = [
  [429, error("Rate limit exceeded, retry in 7 seconds.", "RateLimitError"), limited(7000), { "retry-after": "7" }],
  [429, error("Rate limit exceeded, retry in 1 seconds.", "RateLimitError"), limited(1000)],
  [429, error("Invalid API Key.", "RateLimitError"), limited(1000)],
  [
    429,
    error("Rate limit exceeded.", "RateLimitError"),
    limited(90_000),
    { "retry-after": "Mon, 24 Nov 2025 00:01:30 GMT" }
  ]
]

const failing: ReadonlyArray<Row> = [
  [503, error("The system is currently overloaded. Please try again later."), unavailable("Rejected")],
  [503, error("Service unavailable"), unavailable("Unknown")],
  [502, error("Bad Gateway"), unavailable("Unknown")],
  [504, error("Gateway timeout"), unavailable("Unknown")],
  [500, error("Server Error"), unavailable("Unknown")],
  // Only a 503 means that nothing was done.
  [500, error("The system is currently overloaded."), unavailable("Unknown")],
  [503, error("Duplicate clOrdID"), unavailable("Unknown")]
]

const unlike: ReadonlyArray<Row> = [
  [403, html, { ...plain("Banned", "Unknown"), until: now + 3_600_000 }],
  [403, "", { ...plain("Banned", "Unknown"), until: now + 3_600_000 }],
  [403, "Forbidden", { ...plain("Banned", "Unknown"), until: now + 60_000 }, { "retry-after": "60" }],
  [404, html, plain("ExchangeUnavailable", "Unknown")],
  [404, "", plain("ExchangeUnavailable", "Unknown")],
  [410, "Gone", plain("ExchangeUnavailable", "Unknown")],
  [404, "{}", plain("ExchangeUnavailable", "Unknown")]
]

const id = "6f2d0c1e-4b7a-4c55-a1d3-1f0e5a9b7c01"
const rejected = (fields: object) => JSON.stringify({ orderID: id, ordStatus: "Rejected", ...fields })
const row = (...messages: ReadonlyArray<string>) =>
  JSON.stringify(messages.map((error) => ({ orderID: id, ordStatus: "Filled", error })))

// Refusals with the status of a success.
const inSuccess: ReadonlyArray<Row> = [
  [200, rejected({ ordRejReason: "No new positions during the wind-down" }), refused("OrderRejected", "Rejected")],
  [
    200,
    rejected({ text: "Rejected: current position is 0\nSubmitted via API." }),
    refused("OrderRejected", "Rejected")
  ],
  [200, rejected({ ordRejReason: null }), refused("OrderRejected", "Rejected")],
  [
    200,
    rejected({ ordRejReason: "Account has insufficient Available Balance" }),
    refused("InsufficientFunds", "Rejected")
  ],
  [200, row("Unable to cancel order due to existing state: Filled"), refused("OrderNotFound", "Rejected")],
  [200, row("Not Found", "Not Found"), refused("OrderNotFound", "Rejected")],
  [200, row("Something to come"), refused("OrderRejected", "Rejected")]
]

// Not in the exchange's error shape: only the status counts.
const byStatus: ReadonlyArray<Row> = [
  [500, html, plain("ExchangeUnavailable", "Unknown")],
  [502, "", plain("ExchangeUnavailable", "Unknown")],
  [503, "The system is currently overloaded.", plain("ExchangeUnavailable", "Unknown")],
  [503, "{\"error\":{\"message\":\"The system is curr", plain("ExchangeUnavailable", "Unknown")],
  [429, html, { ...plain("RateLimited", "Unknown"), retryAfter: 30_000 }, { "retry-after": "30" }],
  [429, "{\"error\":\"Rate limit exceeded, retry in 29 seconds.\"}", {
    ...plain("RateLimited", "Unknown"),
    retryAfter: 1000
  }],
  [401, html, plain("AuthenticationFailed", "Unknown")],
  [403, "null", plain("ExchangeUnavailable", "Unknown")],
  [451, html, plain("PermissionDenied", "Unknown")],
  [400, html, plain("ExchangeUnavailable", "Unknown")],
  [400, error({ message: "Duplicate clOrdID" }), plain("ExchangeUnavailable", "Unknown")],
  [400, error("Duplicate clOrdID", 7), plain("ExchangeUnavailable", "Unknown")],
  [
    400,
    "{\"error\":[{\"message\":\"Invalid symbol\",\"name\":\"HTTPError\"}]}",
    plain("ExchangeUnavailable", "Unknown")
  ],
  [400, "[]", plain("ExchangeUnavailable", "Unknown")],
  [200, html, plain("MalformedResponse", "Unknown")],
  [200, "", plain("MalformedResponse", "Unknown")],
  [200, "{\"orderID\":7}", plain("MalformedResponse", "Unknown")],
  [301, html, plain("ExchangeUnavailable", "Unknown")]
]

const known: ReadonlyArray<Row> = [...access, ...orders, ...tooMany, ...failing, ...unlike, ...inSuccess]

const title = ([status, body, { tag }, headers]: Row) =>
  `${status} ${body.slice(0, 90).replaceAll("\r\n", "")} ${headers?.["retry-after"] ?? ""} is ${tag}`

// A write without idempotency, so that every error of the union may occur.
const placeOrder = Endpoint.make({
  capability: "trading",
  name: "placeOrder",
  method: "POST",
  path: "/api/v1/order",
  body: "json",
  idempotency: "once",
  input: Endpoint.NoInput,
  response: Schema.pluck(Schema.Struct({ orderID: Schema.String }), "orderID"),
  cost: { key: 1 }
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
  for (const row of known) {
    it(title(row), () => {
      const [status, body, expected, headers] = row
      const error = errors.classify(answer(status, body, headers))
      assert(error !== undefined)
      assert.deepStrictEqual(verdict(error), expected)
      assert.strictEqual(error.status, status)
      assert.strictEqual(error.operation, "test")
    })
  }

  for (const [status, body] of byStatus) {
    it(`leaves ${status} ${body.slice(0, 90).replaceAll("\r\n", "")} to HTTP`, () => {
      assert.isUndefined(errors.classify(answer(status, body)))
    })
  }

  it("returns no error for a successful status with any other body", () => {
    const some = JSON.stringify([{ orderID: id, error: "Not Found" }, { orderID: id, ordStatus: "Canceled" }])
    for (const body of [error("Invalid API Key."), some, "[]", "[{\"error\":\"\"}]", "{\"ordStatus\":\"Canceled\"}"]) {
      assert.isUndefined(errors.classify(answer(200, body)), body)
    }
    // A list of orders may contain a rejected one.
    assert.isUndefined(errors.classify(answer(200, `[${rejected({})}]`)))
  })

  it("keep the exchange's reason for refusing an order", () => {
    const about = (body: string) => errors.classify(answer(200, body))?.detail
    assert.strictEqual(about(rejected({ ordRejReason: "No new positions", text: "Rejected" })), "No new positions")
    assert.strictEqual(about(rejected({ text: "Rejected" })), "Rejected")
    assert.strictEqual(about(row("Not Found")), "Not Found")
    assert.include(about(rejected({})) ?? "", "gave no reason")
  })

  it("keeps the exchange's message", () => {
    const key = errors.classify(answer(401, error("Invalid API Key.")))
    assert.strictEqual(key?.message, "bitmex.test: Invalid API Key. (status 401, code HTTPError)")
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
