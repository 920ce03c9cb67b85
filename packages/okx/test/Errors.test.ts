import { ExchangeState } from "@effect-exchange/core"
import { Endpoint, ExchangeClient } from "@effect-exchange/core/adapter"
import { ScriptedHttp } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, TestClock } from "effect"
import { errors } from "../src/Errors.js"
import { protocol } from "../src/Protocol.js"
import { answer, error, fixture, html, now, refusedOrder, type Verdict, verdict } from "./utils.js"

type Row = readonly [status: number, body: string, expected: Verdict, headers?: { readonly [name: string]: string }]

/** A row of the table: codes with one meaning, in a response about the whole request. */
const codes = (
  tag: Verdict["tag"],
  list: string,
  rest: Omit<Verdict, "tag" | "code" | "outcome"> & { readonly outcome?: Verdict["outcome"] } = {}
): ReadonlyArray<Row> =>
  list.split(" ").map((
    code
  ): Row => [200, error(code, "What went wrong. "), { tag, outcome: "Rejected", code, ...rest }])

const table: { readonly [title: string]: ReadonlyArray<Row> } = {
  ClockSkew: codes("ClockSkew", "50102 50112"),
  "expired before the engine": codes("ClockSkew", "50036 50037"),
  AuthenticationFailed: codes(
    "AuthenticationFailed",
    "50101 50103 50104 50105 50106 50107 50111 50113 50114 50119"
  ),
  PermissionDenied: codes(
    "PermissionDenied",
    "50030 50120 50110 50121 50035 50007 50008 50009 51009 51024 50027 50028 50029 50038 51010 51155"
  ),
  RateLimited: codes("RateLimited", "50011 50040 50061 51113", { retryAfter: 2000 }),
  SymbolNotFound: codes("SymbolNotFound", "51001 51002 51012 51014 51015 51026"),
  InvalidRequest: codes(
    "InvalidRequest",
    "50000 50002 50006 50012 50014 50015 50016 50024 50025 50115 51000 51003 51020 51121 51063"
  ),
  InsufficientFunds: codes("InsufficientFunds", "51008 51119 51127 51131 59200 59201"),
  OrderRejected: codes(
    "OrderRejected",
    "51004 51005 51006 51007 51115 51021 51022 51027 51028 51029 51030 51023 51025 51137 51138 51116 51169 51170 51174 " +
      "51201 51202 51203 51204 51205 54084 54085"
  ),
  DuplicateOrder: codes("DuplicateOrder", "51016 50071 51011 50042"),
  OrderNotFound: codes("OrderNotFound", "51603 51400 52000 51503"),
  "already closed": codes("OrderRejected", "51401 51402 51410 51509 51510"),
  "unavailable or unknown": codes("ExchangeUnavailable", "50001 50005 50004 50013 50026 51054 51149 60016 63999", {
    outcome: "Unknown"
  }),
  "of the socket": [
    ...codes("SymbolNotFound", "60018"),
    ...codes("RateLimited", "60014 60023", { retryAfter: 2000 }),
    ...codes("AuthenticationFailed", "60005 60007 60009 60024 60032"),
    ...codes("ClockSkew", "60004 60006"),
    ...codes("PermissionDenied", "60011 60029 60030 64003"),
    ...codes("InvalidRequest", "60012 60013 60019 64000 64001 64002 64004")
  ],
  "codes to come": [
    ...codes("OrderRejected", "51999 54999 55000 55999"),
    ...codes("PermissionDenied", "4000 4088 4999"),
    ...codes("InvalidRequest", "58000 58350"),
    // The outcome is unknown. The response is well-formed, so it opens no circuit.
    ...codes("MalformedResponse", "50999 1 2 -1 52999 59999 5100 40888", { outcome: "Unknown" })
  ]
}

const statuses: ReadonlyArray<Row> = [
  [401, error("50113", "Invalid Sign"), { tag: "AuthenticationFailed", outcome: "Rejected", code: "50113" }],
  [401, error("50102", "Timestamp request expired"), { tag: "ClockSkew", outcome: "Rejected", code: "50102" }],
  [
    401,
    error("50101", "APIKey does not match current environment."),
    { tag: "AuthenticationFailed", outcome: "Rejected", code: "50101" }
  ],
  [403, error("50035", "…"), { tag: "PermissionDenied", outcome: "Rejected", code: "50035" }],
  [405, error("50115", "Invalid request method."), { tag: "InvalidRequest", outcome: "Rejected", code: "50115" }],
  [
    503,
    error("50001", "Service temporarily unavailable."),
    { tag: "ExchangeUnavailable", outcome: "Unknown", code: "50001" }
  ],
  [410, error("50005", "API is offline."), { tag: "ExchangeUnavailable", outcome: "Unknown", code: "50005" }],
  [
    429,
    error("50011", "Too Many Requests"),
    { tag: "RateLimited", outcome: "Rejected", code: "50011", retryAfter: 2000 }
  ],
  [
    429,
    error("50011", "Too Many Requests"),
    { tag: "RateLimited", outcome: "Rejected", code: "50011", retryAfter: 7000 },
    { "retry-after": "7" }
  ],
  // The busy exchange may have carried out the request.
  [
    429,
    error("50013", "Systems are busy. Please try again later."),
    { tag: "ExchangeUnavailable", outcome: "Unknown", code: "50013" }
  ],
  [429, error("50999", "…"), { tag: "RateLimited", outcome: "Rejected", code: "50999", retryAfter: 2000 }],
  // The exchange's error shape with an unknown code: the status decides, and the code is kept.
  [400, error("59999", "…"), { tag: "InvalidRequest", outcome: "Rejected", code: "59999" }],
  [500, error("59999", "…"), { tag: "ExchangeUnavailable", outcome: "Unknown", code: "59999" }],
  [429, html, { tag: "RateLimited", outcome: "Unknown", retryAfter: 2000 }],
  [403, html, { tag: "Banned", outcome: "Unknown", until: now + 300_000 }],
  [403, "", { tag: "Banned", outcome: "Unknown", until: now + 45_000 }, { "retry-after": "45" }]
]

const orders: ReadonlyArray<Row> = [
  [
    200,
    refusedOrder("51119", "Order placement failed due to insufficient balance. "),
    { tag: "InsufficientFunds", outcome: "Rejected", code: "51119" }
  ],
  [
    200,
    refusedOrder("51155", "You can't trade this pair due to local compliance restrictions. "),
    { tag: "PermissionDenied", outcome: "Rejected", code: "51155" }
  ],
  [200, refusedOrder("51016", "Duplicated client order ID"), {
    tag: "DuplicateOrder",
    outcome: "Rejected",
    code: "51016"
  }],
  [200, refusedOrder("51400", "Cancellation failed."), { tag: "OrderNotFound", outcome: "Rejected", code: "51400" }],
  [200, refusedOrder("50004", "Endpoint request timeout."), {
    tag: "ExchangeUnavailable",
    outcome: "Unknown",
    code: "50004"
  }],
  // A successful response can contain a refused order.
  [
    200,
    refusedOrder("51008", "Order failed.").replace("\"code\":\"1\"", "\"code\":\"0\""),
    { tag: "InsufficientFunds", outcome: "Rejected", code: "51008" }
  ]
]

const check = (title: string, rows: ReadonlyArray<Row>) => {
  for (const [status, body, expected, headers] of rows) {
    const { code = "" } = expected
    it(`${title}: ${status} ${code === "" ? JSON.stringify(body.slice(0, 6)) : code} is ${expected.tag} ${headers === undefined ? "" : JSON.stringify(headers)}`, () => {
      const error = errors.classify(answer(status, body, headers))
      assert(error !== undefined)
      assert.deepStrictEqual(verdict(error), expected)
    })
  }
}

describe("classify", () => {
  for (const [title, rows] of Object.entries(table)) check(title, rows)
  check("status", statuses)
  check("order", orders)

  it("trims the reason of an order, and has a detail if there is none", () => {
    const failed = errors.classify(answer(200, refusedOrder("51119", "Insufficient balance. ")))
    assert.strictEqual(failed?.detail, "Insufficient balance.")
    assert.strictEqual(
      errors.classify(answer(200, refusedOrder("51119", "")))?.detail,
      "the exchange gave no reason"
    )
  })

  it("returns no error for a success", () => {
    for (const name of ["ticker", "place_order", "orders_pending", "status"]) {
      assert.isUndefined(errors.classify(answer(200, fixture(name))), name)
    }
    assert.isUndefined(errors.classify(answer(200, JSON.stringify({ code: "0", data: [], msg: "" }))))
    assert.isUndefined(errors.classify(answer(200, "not JSON")))
    assert.isUndefined(errors.classify(answer(200, "{\"data\":[]}")))
  })

  it("leaves the rows of a batch alone, also of a single one", () => {
    assert.isUndefined(errors.classify(answer(200, fixture("batch_orders"))))
    const one = answer(200, refusedOrder("51008", "Order failed."))
    for (const operation of ["placeOrders", "cancelOrders"]) {
      assert.isUndefined(errors.classify({ ...one, about: { ...one.about, operation } }))
      const whole = { ...answer(200, error("50011", "Too Many Requests")), about: { ...one.about, operation } }
      assert.strictEqual(errors.classify(whole)?._tag, "RateLimited")
    }
  })

  it("leaves the gateway's own errors to HTTP", () => {
    const body = {
      code: 500,
      data: {},
      detailMsg: "",
      error_code: "500",
      error_message: "Internal Server Error",
      msg: "Internal Server Error"
    }
    assert.isUndefined(errors.classify(answer(500, JSON.stringify(body))))
    assert.isUndefined(errors.classify(answer(502, html)))
    assert.isUndefined(errors.classify(answer(404, JSON.stringify({ ...body, code: 404 }))))
  })
})

describe("ofRow", () => {
  const refused = (code: string, text = "") =>
    errors.ofRow({ code, text }, { about: { exchange: "okx", operation: "placeBatch" }, headers: {}, now, status: 200 })

  it("is the error of the code", () => {
    assert.deepStrictEqual(verdict(refused("51008", "Insufficient USDT balance. ")), {
      tag: "InsufficientFunds",
      outcome: "Rejected",
      code: "51008"
    })
    assert.deepStrictEqual(verdict(refused("50011")), {
      tag: "RateLimited",
      outcome: "Rejected",
      code: "50011",
      retryAfter: 2000
    })
    assert.deepStrictEqual(verdict(refused("50004")), { tag: "ExchangeUnavailable", outcome: "Unknown", code: "50004" })
  })

  it("has an unknown outcome for an unknown code, as for a single order", () => {
    for (const code of ["59999", "50099", "1", ""]) {
      const unclear: Verdict = { tag: "MalformedResponse", outcome: "Unknown", ...code === "" ? {} : { code } }
      assert.deepStrictEqual(verdict(refused(code, "Of tomorrow")), unclear, code)
    }
    assert.deepStrictEqual(verdict(refused("51999")), { tag: "OrderRejected", outcome: "Rejected", code: "51999" })
  })

  it("has the message without control characters", () => {
    assert.strictEqual(refused("51008", "Insufficient USDT balance. ").detail, "Insufficient USDT balance.")
    assert.strictEqual(refused("51008", "a\u0000\nb").detail, "a b")
    assert.isAtMost(refused("51008", "long ".repeat(100)).detail.length, 200)
    assert.strictEqual(refused("51008").detail, "the exchange gave no reason")
  })

  it("keeps an unknown code and reports it as unrecognized", () => {
    for (const code of ["51999", "54999", "55000", "4088", "58000"]) {
      const error = refused(code, "Of tomorrow.")
      assert.deepStrictEqual([error.code, error.detail], [code, "unrecognized error: Of tomorrow."])
    }
  })
})

describe("client", () => {
  const probe = Endpoint.make({
    capability: "marketData",
    name: "probe",
    path: "/api/v5/probe",
    input: Endpoint.NoInput,
    response: Schema.Unknown,
    cost: {}
  })

  const failing = (status: number, body: string) =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const client = yield* ExchangeClient.make(protocol, {
        environment: { name: "scripted", baseUrl: "http://scripted.localhost" },
        retry: { attempts: 1 }
      }).pipe(Effect.provide(ExchangeState.layer))
      return yield* Effect.flip(client.request(probe, {}))
    }).pipe(Effect.scoped, Effect.provide(ScriptedHttp.layer([ScriptedHttp.text(body, { status })])))

  it.effect("an error of the gateway fails with ExchangeUnavailable", () =>
    Effect.gen(function*() {
      const body = "{\"code\":500,\"data\":{},\"error_code\":\"500\",\"msg\":\"Internal Server Error\"}"
      assert.deepStrictEqual(verdict(yield* failing(500, body)), { tag: "ExchangeUnavailable", outcome: "Unknown" })
    }))

  it.effect("an order's error in a response to public data fails with MalformedResponse", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* failing(200, error("51008", "Insufficient balance")))._tag, "MalformedResponse")
    }))

  it.effect("a page instead of JSON fails with MalformedResponse", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* failing(200, html))._tag, "MalformedResponse")
    }))
})
