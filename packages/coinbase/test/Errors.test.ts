import { assert, describe, it } from "@effect/vitest"
import { errors } from "../src/Errors.js"
import { answer, fixture, type Verdict, verdict } from "./utils.js"

interface Case {
  readonly status: number
  readonly body: string
  readonly operation?: string
  readonly headers?: { readonly [name: string]: string }
  readonly expected: Verdict
}

const rejected = (tag: Verdict["tag"], code?: string): Verdict => ({
  tag,
  outcome: "Rejected",
  ...code === undefined ? {} : { code }
})

/** `{"error", "error_details", "message"}`. */
const plain = (error: string, message: string, code?: number) =>
  JSON.stringify({ error, error_details: message, message, ...code === undefined ? {} : { code, details: [] } })

/** `{"errors":[{"id","message"}]}`. */
const listed = (id: string, message: string) => JSON.stringify({ errors: [{ id, message }] })

/** A refused order, with status 200. */
const order = (reason: string, where: "new" | "preview" | "error" = "new", message = "") =>
  JSON.stringify({
    success: false,
    failure_reason: "UNKNOWN_FAILURE_REASON",
    error_response: {
      error: where === "error" ? reason : "UNKNOWN_FAILURE_REASON",
      message,
      error_details: "",
      preview_failure_reason: where === "preview" ? reason : "UNKNOWN_PREVIEW_FAILURE_REASON",
      new_order_failure_reason: where === "new" ? reason : "UNKNOWN_FAILURE_REASON"
    },
    order_configuration: {}
  })

/** A refused amendment of an order, with status 200. */
const edit = (reason: string, preview = "UNKNOWN_PREVIEW_FAILURE_REASON") =>
  JSON.stringify({ success: false, errors: [{ edit_failure_reason: reason, preview_failure_reason: preview }] })

const refused = (tag: Verdict["tag"], ...codes: ReadonlyArray<string>): ReadonlyArray<Case> =>
  codes.map((code) => ({
    status: 200,
    body: order(code, code.startsWith("PREVIEW_") ? "preview" : "new"),
    operation: "createOrder",
    expected: rejected(tag, code)
  }))

const unknown = (code?: string): Verdict => ({
  tag: "ExchangeUnavailable",
  outcome: "Unknown",
  ...code === undefined ? {} : { code }
})

const limited = (retryAfter: number, code?: string): Verdict => ({ ...rejected("RateLimited", code), retryAfter })

const cases: { readonly [row: string]: ReadonlyArray<Case> } = {
  "InvalidRequest": [
    {
      status: 400,
      body: plain("INVALID_ARGUMENT", "limit argument is invalid"),
      expected: rejected("InvalidRequest", "INVALID_ARGUMENT")
    },
    { status: 400, body: listed("invalid_request", "?"), expected: rejected("InvalidRequest", "invalid_request") },
    { status: 400, body: listed("param_required", "?"), expected: rejected("InvalidRequest", "param_required") },
    { status: 400, body: listed("validation_error", "?"), expected: rejected("InvalidRequest", "validation_error") },
    {
      status: 400,
      body: JSON.stringify({ code: 3, message: "bad", details: [] }),
      expected: rejected("InvalidRequest", "3")
    },
    ...refused("InvalidRequest", "UNSUPPORTED_ORDER_CONFIGURATION", "INVALID_SIDE", "INVALID_REQUEST")
  ],
  "SymbolNotFound": [
    {
      status: 404,
      body: listed("not_found", "Not found"),
      operation: "product",
      expected: rejected("SymbolNotFound", "not_found")
    },
    {
      status: 404,
      body: plain("NOT_FOUND", "valid product_id is required"),
      expected: rejected("SymbolNotFound", "NOT_FOUND")
    },
    {
      status: 400,
      body: plain("INVALID_ARGUMENT", "product_id is invalid"),
      expected: rejected("SymbolNotFound", "INVALID_ARGUMENT")
    },
    ...refused("SymbolNotFound", "INVALID_PRODUCT_ID", "PREVIEW_INVALID_PRODUCT_ID")
  ],
  "AuthenticationFailed": [
    { status: 401, body: "Unauthorized\n", expected: rejected("AuthenticationFailed") },
    // A 401 is always about the token.
    {
      status: 401,
      body: plain("PERMISSION_DENIED", "?"),
      expected: rejected("AuthenticationFailed", "PERMISSION_DENIED")
    },
    {
      status: 400,
      body: JSON.stringify({ code: 16, message: "no" }),
      expected: rejected("AuthenticationFailed", "16")
    },
    ...["authentication_error", "unauthorized", "invalid_token", "expired_token", "revoked_token"].flatMap((id) => [
      { status: 401, body: listed(id, "?"), expected: rejected("AuthenticationFailed", id) },
      { status: 400, body: listed(id, "?"), expected: rejected("AuthenticationFailed", id) }
    ])
  ],
  "ClockSkew": [
    {
      status: 401,
      body: listed("authentication_error", "request timestamp expired"),
      expected: rejected("ClockSkew", "authentication_error")
    }
  ],
  "PermissionDenied": [
    {
      status: 403,
      body: plain("PERMISSION_DENIED", "Missing required scopes"),
      expected: rejected("PermissionDenied", "PERMISSION_DENIED")
    },
    { status: 400, body: plain("unknown", "Missing required scopes"), expected: rejected("PermissionDenied") },
    { status: 403, body: listed("invalid_scope", "?"), expected: rejected("PermissionDenied", "invalid_scope") },
    {
      status: 400,
      body: plain("INVALID_ARGUMENT", "account is not available"),
      expected: rejected("PermissionDenied", "INVALID_ARGUMENT")
    },
    {
      status: 200,
      body: order("UNKNOWN_FAILURE_REASON", "error", "account is not available"),
      expected: rejected("PermissionDenied")
    },
    {
      status: 403,
      body: JSON.stringify({ code: 7, message: "no" }),
      expected: rejected("PermissionDenied", "7")
    },
    ...refused("PermissionDenied", "GEOFENCING_RESTRICTION")
  ],
  "RateLimited": [
    {
      status: 429,
      body: listed("rate_limit_exceeded", "Too many requests"),
      expected: limited(1000, "rate_limit_exceeded")
    },
    {
      status: 429,
      body: listed("rate_limit_exceeded", "Too many requests"),
      headers: { "retry-after": "7" },
      expected: limited(7000, "rate_limit_exceeded")
    },
    { status: 403, body: listed("resource_exhausted", "?"), expected: limited(1000, "resource_exhausted") },
    { status: 200, body: order("resource_exhausted", "error"), expected: limited(1000, "resource_exhausted") },
    { status: 403, body: JSON.stringify({ code: 8, message: "no" }), expected: limited(1000, "8") },
    {
      status: 403,
      body: "<html></html>",
      headers: { "content-type": "text/html" },
      expected: { ...limited(300_000), outcome: "Unknown" }
    },
    { status: 403, body: "error code: 1020", expected: { ...limited(300_000), outcome: "Unknown" } }
  ],
  "InsufficientFunds": [
    ...refused("InsufficientFunds", "INSUFFICIENT_FUND", "INSUFFICIENT_FUNDS", "PREVIEW_INSUFFICIENT_FUND"),
    ...refused("InsufficientFunds", "PREVIEW_INSUFFICIENT_FUNDS", "PREVIEW_INSUFFICIENT_FUNDS_FOR_FUTURES"),
    {
      status: 200,
      body: order("INSUFFICIENT_FUND", "error"),
      expected: rejected("InsufficientFunds", "INSUFFICIENT_FUND")
    },
    {
      status: 200,
      body: order("UNKNOWN_FAILURE_REASON", "error", "Insufficient balance in source account"),
      expected: rejected("InsufficientFunds")
    },
    {
      status: 200,
      body: edit("UNKNOWN_EDIT_ORDER_FAILURE_REASON", "PREVIEW_INSUFFICIENT_FUND"),
      expected: rejected("InsufficientFunds", "PREVIEW_INSUFFICIENT_FUND")
    }
  ],
  "OrderRejected": [
    ...refused("OrderRejected", "INVALID_SIZE_PRECISION", "INVALID_PRICE_PRECISION", "INVALID_LIMIT_PRICE"),
    ...refused("OrderRejected", "INVALID_LIMIT_PRICE_POST_ONLY", "PREVIEW_INVALID_LIMIT_PRICE_POSTONLY"),
    ...refused("OrderRejected", "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL", "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE"),
    ...refused("OrderRejected", "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL", "PREVIEW_INVALID_QUOTE_SIZE_TOO_LARGE"),
    ...refused("OrderRejected", "LIMIT_PRICE_TOO_FAR_FROM_MARKET", "INVALID_NO_LIQUIDITY"),
    ...refused("OrderRejected", "COMMANDER_REJECTED_NEW_ORDER", "BREACHED_RISK_LIMIT", "INELIGIBLE_PAIR"),
    // One product's halt does not affect the others, whose orders can still be canceled.
    ...refused("OrderRejected", "PRODUCT_TRADING_HALTED"),
    ...refused("OrderRejected", "UNTRADABLE_PRODUCT", "INVALID_LEDGER_BALANCE", "PREVIEW_OF_TOMORROW", "OF_TOMORROW"),
    {
      status: 400,
      body: plain("PREVIEW_OF_TOMORROW", "?"),
      expected: rejected("OrderRejected", "PREVIEW_OF_TOMORROW")
    },
    {
      status: 200,
      body: edit("ONLY_OPEN_ORDERS_CAN_BE_EDITED"),
      expected: rejected("OrderRejected", "ONLY_OPEN_ORDERS_CAN_BE_EDITED")
    }
  ],
  "ExchangeUnavailable, outcome Rejected": ["TRADING_DISABLED", "ORDER_ENTRY_DISABLED"].map((
    code
  ) => ({ status: 200, body: order(code), expected: rejected("ExchangeUnavailable", code) })),
  "DuplicateOrder": refused("DuplicateOrder", "DUPLICATE_CLIENT_ORDER_ID"),
  "OrderNotFound": [
    {
      status: 404,
      body: listed("not_found", "Not found"),
      operation: "order",
      expected: rejected("OrderNotFound", "not_found")
    },
    {
      status: 404,
      body: listed("not_found", "Not found"),
      operation: "editOrder",
      expected: rejected("OrderNotFound", "not_found")
    },
    {
      status: 400,
      body: plain("unknown", "order with this orderID was not found"),
      expected: rejected("OrderNotFound")
    },
    {
      status: 404,
      body: plain("unknown", "order with this orderID was not found", 5),
      operation: "test",
      expected: rejected("OrderNotFound", "5")
    },
    {
      status: 400,
      body: plain("UNKNOWN_CANCEL_ORDER", "?"),
      expected: rejected("OrderNotFound", "UNKNOWN_CANCEL_ORDER")
    },
    { status: 200, body: edit("ORDER_NOT_FOUND"), expected: rejected("OrderNotFound", "ORDER_NOT_FOUND") }
  ],
  "outcome Unknown": [
    { status: 500, body: listed("internal_server_error", "?"), expected: unknown("internal_server_error") },
    { status: 400, body: plain("internal_server_error", "?"), expected: unknown("internal_server_error") },
    { status: 400, body: JSON.stringify({ code: 13, message: "no" }), expected: unknown("13") },
    { status: 400, body: JSON.stringify({ code: 14, message: "no" }), expected: unknown("14") },
    { status: 200, body: order("UNKNOWN_FAILURE_REASON"), expected: unknown() },
    { status: 200, body: JSON.stringify({ success: false }), expected: unknown() },
    { status: 200, body: edit("UNKNOWN_EDIT_ORDER_FAILURE_REASON"), expected: unknown() }
  ]
}

for (const [row, each] of Object.entries(cases)) {
  describe(row, () => {
    each.forEach(({ body, expected, headers, operation, status }, index) => {
      it(`${index + 1}: ${status} ${body.slice(0, 120)}`, () => {
        const error = errors.classify(answer(status, body, { headers, operation }))
        assert.deepStrictEqual(error === undefined ? undefined : verdict(error), expected)
      })
    })
  })
}

describe("responses left to HTTP", () => {
  for (const status of [500, 502, 503, 504, 520, 524, 404, 400]) {
    it(`status ${status} without JSON`, () => {
      assert.isUndefined(errors.classify(answer(status, "upstream connect error")))
    })
  }

  // A gateway's 404 proves nothing about an order or a product.
  for (
    const body of [
      "",
      "{}",
      "{\"message\":\"Not Found\"}",
      "{\"message\":\"Forbidden\",\"error\":\"none\"}",
      "<html></html>"
    ]
  ) {
    it(`status 404 for an order with a body of another shape: ${body}`, () => {
      for (const operation of ["order", "cancelOrders", "editOrder", "product", "candles"]) {
        assert.isUndefined(errors.classify(answer(404, body, { operation })))
      }
      assert.isUndefined(errors.classify(answer(401, "{}")))
      assert.isUndefined(errors.classify(answer(429, body)))
    })
  }
})

describe("unknown code", () => {
  it("of a 404 for another path is kept", () => {
    const error = errors.classify(answer(404, listed("not_found", "Not found"), { operation: "orders" }))
    assert.deepStrictEqual(error === undefined ? undefined : verdict(error), rejected("InvalidRequest", "not_found"))
    assert.include(error?.detail, "unrecognized error: Not found")
  })
})

describe("no error", () => {
  for (const name of ["products", "product_book", "accounts", "order", "fills", "order_created"]) {
    it(name, () => assert.isUndefined(errors.classify(answer(200, fixture(name)))))
  }

  it("a body that is no object", () => {
    for (const body of ["[]", "\"success\"", "", "null"]) {
      assert.isUndefined(errors.classify(answer(200, body)))
    }
  })

  it("a list of cancellations with their own results", () => {
    assert.isUndefined(errors.classify(answer(200, JSON.stringify({ results: [{ success: false }] }))))
  })
})

describe("message", () => {
  it("is cut to 200 characters", () => {
    const error = errors.classify(answer(403, plain("PERMISSION_DENIED", "x".repeat(300))))
    assert.strictEqual(error?.message.includes(`${"x".repeat(199)}…`), true)
    assert.strictEqual(error?.message.includes("x".repeat(200)), false)
  })
})
