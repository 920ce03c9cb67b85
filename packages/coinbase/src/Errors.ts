/**
 * Maps Coinbase's errors to `ExchangeError`s. The errors have several shapes, and a refused order has status 200. The
 * text is matched first, then the code, then the status.
 *
 * Source: Coinbase Advanced Trade API, error responses and the failure reasons of orders (docs.cdp.coinbase.com).
 *
 * @since 0.1.0
 */
import { type Declaration, Errors, type Protocol, Wire } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import type * as Rows from "./Rows.js"

const textsIn = (paths: string) => {
  const reads = paths.split(" ").map((path) => Wire.ifAny(Wire.within(path, Wire.text)))
  return (json: unknown) => reads.map((read) => read(json))
}

// The paths of the error codes, most specific first, and of the texts. `code` is a number of gRPC, which the gateway in
// front of the exchange adds.
const codesOf = textsIn(
  "error_response.new_order_failure_reason error_response.preview_failure_reason error_response.error failure_reason " +
    "errors.0.edit_failure_reason errors.0.preview_failure_reason errors.0.id error code"
)
const textsOf = textsIn("error_response.message error_response.error_details errors.0.message message error_details")

const isCode = /^[A-Z][A-Z0-9_]+$/

// A `message`, or an `error` in free text, may also come from a gateway.
const hasOwnShape = Schema.is(Schema.Union(
  Schema.Struct({ error: Schema.String, error_details: Schema.String }),
  Schema.Struct({ error: Schema.String.pipe(Schema.pattern(isCode)) }),
  Schema.Struct({ code: Schema.Number }),
  Schema.Struct({ success: Schema.Boolean }),
  Schema.Struct({ error_response: Schema.Object }),
  Schema.Struct({ errors: Schema.Array(Schema.Object) })
))

const isFailure = Schema.is(Schema.Struct({ success: Schema.Literal(false) }))

/**
 * Returns the first code that is informative, or `""` if there is none, and the texts joined with semicolons.
 *
 * @since 0.1.0
 * @category parsing
 */
export const errorBody = (
  codes: ReadonlyArray<unknown>,
  texts: ReadonlyArray<string | undefined>
): Protocol.ErrorBody => ({
  code: codes.filter((code) => typeof code === "string").find((code) => !uninformative.test(code)) ?? "",
  text: [...new Set(texts.filter((text) => text !== undefined && text !== ""))].join("; ")
})

const uninformative = /^$|^unknown$|^UNKNOWN_(?:\w+_)?FAILURE_REASON$/

const absent: ReadonlyMap<string, Errors.Kind> = new Map([
  ...["order", "cancelOrders", "editOrder"].map((operation) => [operation, "OrderNotFound"] as const),
  ...["product", "productBook", "marketTrades", "candles"].map((operation) => [operation, "SymbolNotFound"] as const)
])

/**
 * The table of Coinbase's errors.
 *
 * @since 0.1.0
 * @category classification
 */
export const errors: Errors.Table = Errors.table({
  readError: ({ json, status }) =>
    (status < 300 ? isFailure : hasOwnShape)(json) ? errorBody(codesOf(json), textsOf(json)) : undefined,
  codes: {
    InvalidRequest:
      "INVALID_ARGUMENT INVALID_REQUEST PARAM_REQUIRED VALIDATION_ERROR UNSUPPORTED_ORDER_CONFIGURATION " +
      "INVALID_SIDE 3",
    SymbolNotFound: "INVALID_PRODUCT_ID PREVIEW_INVALID_PRODUCT_ID",
    AuthenticationFailed:
      "AUTHENTICATION_ERROR UNAUTHORIZED UNAUTHENTICATED INVALID_TOKEN EXPIRED_TOKEN REVOKED_TOKEN 16",
    PermissionDenied: "PERMISSION_DENIED INVALID_SCOPE GEOFENCING_RESTRICTION 7",
    RateLimited: "RATE_LIMIT_EXCEEDED RESOURCE_EXHAUSTED 8",
    InsufficientFunds: "INSUFFICIENT_FUND INSUFFICIENT_FUNDS PREVIEW_INSUFFICIENT_FUND PREVIEW_INSUFFICIENT_FUNDS " +
      "PREVIEW_INSUFFICIENT_FUNDS_FOR_FUTURES",
    // The halt of one product is not an outage: an outage would open the circuit breaker and block cancellations of
    // orders for the other products.
    OrderRejected: "INVALID_SIZE_PRECISION INVALID_PRICE_PRECISION INVALID_LIMIT_PRICE INVALID_LIMIT_PRICE_POST_ONLY " +
      "LIMIT_PRICE_TOO_FAR_FROM_MARKET INVALID_NO_LIQUIDITY COMMANDER_REJECTED_NEW_ORDER BREACHED_RISK_LIMIT " +
      "INELIGIBLE_PAIR UNTRADABLE_PRODUCT INVALID_LEDGER_BALANCE PRODUCT_TRADING_HALTED",
    Busy: "TRADING_DISABLED ORDER_ENTRY_DISABLED",
    DuplicateOrder: "DUPLICATE_CLIENT_ORDER_ID",
    OrderNotFound: "ORDER_NOT_FOUND UNKNOWN_CANCEL_ORDER",
    Unknown: "INTERNAL_SERVER_ERROR UNAVAILABLE 13 14"
  },
  judge: ({ text }, { status }) => {
    // Every 401 is about the token, whatever its body says.
    if (status === 401) return /timestamp expired/i.test(text) ? "ClockSkew" : "AuthenticationFailed"
    if (status === 429) return "RateLimited"
    return (status === 400 || status === 404) && /product_id/i.test(text) ? "SymbolNotFound" : undefined
  },
  // The texts are more specific than the codes next to them: one code stands for several of these errors.
  texts: [
    [/order with this orderid was not found/i, "OrderNotFound"],
    [/insufficient balance/i, "InsufficientFunds"],
    [/missing required scopes|account is not available/i, "PermissionDenied"]
  ],
  otherwise: ({ code }, { about: { operation }, status }) => {
    const missing = status === 404 ? absent.get(operation) : undefined
    if (missing !== undefined || code.startsWith("PREVIEW_")) return missing ?? "OrderRejected"
    // A refused order or amendment. If the exchange gives a reason, nothing was done.
    return status >= 300 ? undefined : code === "" ? "Unknown" : "OrderRejected"
  },
  firewall: { kind: "RateLimited", wait: "5 minutes" },
  // The only text that the exchange sends without JSON.
  unrecognized: ({ status, text }) =>
    status === 401 && text?.trim() === "Unauthorized"
      ? { kind: "AuthenticationFailed", detail: "Unauthorized", outcome: "Rejected" }
      : undefined
})

/**
 * Returns the outcome of the request to cancel an order. An order that is already being canceled counts as ended.
 *
 * @since 0.1.0
 * @category classification
 */
export const canceled = (
  { id, reason, success }: Wire.Type<typeof Rows.Cancellation>
): Declaration.Canceled => {
  const refused = errorBody([reason], ["the order was not canceled"])
  return { id, outcome: success ? "canceled" : reason === "DUPLICATE_CANCEL_REQUEST" ? "ended" : { refused } }
}
