/**
 * Coinbase's errors, as errors of ours. They come in several shapes, a refused order with status 200; the code is looked at
 * first, then the text, then the status.
 *
 * Source: Coinbase Advanced Trade API, error responses and the failure reasons of orders (docs.cdp.coinbase.com).
 *
 * @since 0.1.0
 */
import { ExchangeError } from "@effect-exchange/core"
import { type Protocol, UnlistedError } from "@effect-exchange/core/adapter"
import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

const Text = Schema.optional(Schema.NullOr(Schema.String))

const Body = Schema.Struct({
  success: Schema.optional(Schema.Boolean),
  error: Text,
  error_details: Text,
  message: Text,
  code: Schema.optional(Schema.Unknown),
  failure_reason: Schema.optional(Schema.Unknown),
  error_response: Schema.optional(Schema.NullOr(Schema.Struct({
    error: Text,
    message: Text,
    error_details: Text,
    preview_failure_reason: Text,
    new_order_failure_reason: Text
  }))),
  errors: Schema.optional(Schema.NullOr(Schema.Array(Schema.Struct({
    id: Text,
    message: Text,
    edit_failure_reason: Text,
    preview_failure_reason: Text
  }))))
})

type Body = typeof Body.Type

const decode = Schema.decodeUnknownEither(Body)

/** What an answer says, whatever its shape. */
interface Said {
  /** The first code that says something. */
  readonly code: string | undefined
  readonly text: string
}

/**
 * The error an answer of Coinbase's stands for; `undefined` leaves it to what HTTP says.
 *
 * @since 0.1.0
 * @category classification
 */
export const classify = (answer: Protocol.Answer): ExchangeError.ExchangeError | undefined => {
  const body = Either.getOrUndefined(decode(answer.json))
  if (answer.status < 300) return body?.success === false ? refusal(answer, saidOf(body)) : undefined
  if (body === undefined || !isOwn(body)) return bare(answer)
  const said = saidOf(body)
  // Every 401 is about the token, whatever its body says.
  if (answer.status === 401) return unauthorized(answer, said)
  if (answer.status === 429) return make(answer, said, "RateLimited")
  const kind = kindOf(said, answer)
  return kind === undefined ? UnlistedError.fromStatus(answer, said) : make(answer, said, kind)
}

// A message, and an error in some word or other, are what gateways write, too.
const isOwn = ({ code, error, error_details, error_response, errors, success }: Body): boolean =>
  (typeof error === "string" && (error_details != null || isCode.test(error))) || typeof code === "number" ||
  success !== undefined || error_response != null || errors != null

const isCode = /^[A-Z][A-Z0-9_]+$/

const bare = (answer: Protocol.Answer): ExchangeError.ExchangeError | undefined => {
  // The one word that the exchange says without JSON.
  if (answer.status === 401 && answer.text?.trim() === "Unauthorized") {
    return new ExchangeError.AuthenticationFailed({ ...answer.about, detail: "Unauthorized", outcome: "Rejected" })
  }
  return answer.status === 403 && isHtml(answer) ? blocked(answer) : undefined
}

/** An order, or a change of one, that was refused: nothing was done, if the exchange says why. */
const refusal = (answer: Protocol.Answer, said: Said): ExchangeError.ExchangeError =>
  make(answer, said, kindOf(said, answer) ?? (said.code === undefined ? "Unknown" : "OrderRejected"))

const saidOf = (body: Body): Said => {
  const order = body.error_response
  const first = body.errors?.[0]
  const codes = [
    order?.new_order_failure_reason,
    order?.preview_failure_reason,
    order?.error,
    body.failure_reason,
    first?.edit_failure_reason,
    first?.preview_failure_reason,
    first?.id,
    body.error,
    grpc.get(body.code)
  ].filter((code) => typeof code === "string")
  const texts = [order?.message, order?.error_details, first?.message, body.message, body.error_details]
    .filter((text) => typeof text === "string" && text !== "")
  return { code: codes.find((code) => !saysNothing.test(code)), text: [...new Set(texts)].join("; ") }
}

const saysNothing = /^$|^unknown$|^UNKNOWN_(?:\w+_)?FAILURE_REASON$/

// What the gateway in front of the exchange writes beside its own words: the numbers of gRPC.
const grpc: ReadonlyMap<unknown, string> = new Map([
  [3, "INVALID_ARGUMENT"],
  [5, "NOT_FOUND"],
  [7, "PERMISSION_DENIED"],
  [8, "RESOURCE_EXHAUSTED"],
  [13, "INTERNAL_SERVER_ERROR"],
  [14, "UNAVAILABLE"],
  [16, "UNAUTHENTICATED"]
])

type Kind =
  | "InvalidRequest"
  | "SymbolNotFound"
  | "OrderNotFound"
  | "AuthenticationFailed"
  | "PermissionDenied"
  | "RateLimited"
  | "InsufficientFunds"
  | "OrderRejected"
  | "DuplicateOrder"
  /** Refused, as the exchange takes no orders now. */
  | "Halted"
  /** Nobody can know. */
  | "Unknown"

const all = (kind: Kind, ...codes: ReadonlyArray<string>): ReadonlyArray<readonly [string, Kind]> =>
  codes.map((code) => [code, kind])

const kinds: ReadonlyMap<string, Kind> = new Map([
  ...all("InvalidRequest", "INVALID_ARGUMENT", "INVALID_REQUEST", "PARAM_REQUIRED", "VALIDATION_ERROR"),
  ...all("InvalidRequest", "UNSUPPORTED_ORDER_CONFIGURATION", "INVALID_SIDE"),
  ...all("SymbolNotFound", "INVALID_PRODUCT_ID", "PREVIEW_INVALID_PRODUCT_ID"),
  ...all("AuthenticationFailed", "AUTHENTICATION_ERROR", "UNAUTHORIZED", "UNAUTHENTICATED", "INVALID_TOKEN"),
  ...all("AuthenticationFailed", "EXPIRED_TOKEN", "REVOKED_TOKEN"),
  ...all("PermissionDenied", "PERMISSION_DENIED", "INVALID_SCOPE", "GEOFENCING_RESTRICTION"),
  ...all("RateLimited", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"),
  ...all("InsufficientFunds", "INSUFFICIENT_FUND", "INSUFFICIENT_FUNDS"),
  ...all("InsufficientFunds", "PREVIEW_INSUFFICIENT_FUND", "PREVIEW_INSUFFICIENT_FUNDS"),
  ...all("InsufficientFunds", "PREVIEW_INSUFFICIENT_FUNDS_FOR_FUTURES"),
  ...all("OrderRejected", "INVALID_SIZE_PRECISION", "INVALID_PRICE_PRECISION", "INVALID_LIMIT_PRICE"),
  ...all("OrderRejected", "INVALID_LIMIT_PRICE_POST_ONLY", "LIMIT_PRICE_TOO_FAR_FROM_MARKET"),
  ...all("OrderRejected", "INVALID_NO_LIQUIDITY", "COMMANDER_REJECTED_NEW_ORDER", "BREACHED_RISK_LIMIT"),
  ...all("OrderRejected", "INELIGIBLE_PAIR", "UNTRADABLE_PRODUCT", "INVALID_LEDGER_BALANCE"),
  // An outage would open the circuit, and keep orders of the other products from being canceled.
  ...all("OrderRejected", "PRODUCT_TRADING_HALTED"),
  ...all("Halted", "TRADING_DISABLED", "ORDER_ENTRY_DISABLED"),
  ...all("DuplicateOrder", "DUPLICATE_CLIENT_ORDER_ID"),
  ...all("OrderNotFound", "ORDER_NOT_FOUND", "UNKNOWN_CANCEL_ORDER"),
  ...all("Unknown", "INTERNAL_SERVER_ERROR", "UNAVAILABLE")
])

const ofOneOrder: ReadonlySet<string> = new Set(["order", "cancelOrders", "editOrder"])
const ofOneProduct: ReadonlySet<string> = new Set(["product", "productBook", "marketTrades", "candles"])

const kindOf = ({ code, text }: Said, { about, status }: Protocol.Answer): Kind | undefined => {
  // Texts are more exact than the codes beside them: the same code stands for several of these.
  if (/order with this orderid was not found/i.test(text)) return "OrderNotFound"
  if (/insufficient balance/i.test(text)) return "InsufficientFunds"
  if (/missing required scopes|account is not available/i.test(text)) return "PermissionDenied"
  if ((status === 400 || status === 404) && /product_id/i.test(text)) return "SymbolNotFound"
  if (status === 404 && ofOneOrder.has(about.operation)) return "OrderNotFound"
  if (status === 404 && ofOneProduct.has(about.operation)) return "SymbolNotFound"
  const known = code === undefined ? undefined : kinds.get(code.toUpperCase())
  return known ?? (code?.startsWith("PREVIEW_") === true ? "OrderRejected" : undefined)
}

const make = (answer: Protocol.Answer, { code, text }: Said, kind: Kind): ExchangeError.ExchangeError => {
  const detail = text === "" ? code ?? `the exchange answered with status ${answer.status}` : text
  const about = {
    ...answer.about,
    ...code === undefined ? {} : { code: answer.clean(code) },
    detail: answer.clean(detail)
  }
  switch (kind) {
    case "RateLimited":
      return new ExchangeError.RateLimited({
        ...about,
        retryAfter: RetryAfter.parse(answer.headers["retry-after"], answer.now) ?? Duration.seconds(1)
      })
    case "Halted":
      return new ExchangeError.ExchangeUnavailable({ ...about, outcome: "Rejected" })
    case "Unknown":
      return new ExchangeError.ExchangeUnavailable({ ...about, outcome: "Unknown" })
    default:
      return new refusals[kind](about)
  }
}

const refusals = {
  InvalidRequest: ExchangeError.InvalidRequest,
  SymbolNotFound: ExchangeError.SymbolNotFound,
  OrderNotFound: ExchangeError.OrderNotFound,
  AuthenticationFailed: ExchangeError.AuthenticationFailed,
  PermissionDenied: ExchangeError.PermissionDenied,
  InsufficientFunds: ExchangeError.InsufficientFunds,
  OrderRejected: ExchangeError.OrderRejected,
  DuplicateOrder: ExchangeError.DuplicateOrder
}

const unauthorized = (answer: Protocol.Answer, said: Said): ExchangeError.ExchangeError =>
  /timestamp expired/i.test(said.text)
    ? new ExchangeError.ClockSkew({ ...answer.about, detail: answer.clean(said.text) })
    : make(answer, said, "AuthenticationFailed")

const isHtml = ({ headers, json }: Protocol.Answer): boolean =>
  json === undefined && /text\/html/i.test(headers["content-type"] ?? "")

const blocked = (answer: Protocol.Answer): ExchangeError.RateLimited =>
  new ExchangeError.RateLimited({
    ...answer.about,
    outcome: "Unknown",
    detail: "blocked by the exchange's firewall; slow down",
    retryAfter: RetryAfter.parse(answer.headers["retry-after"], answer.now) ?? Duration.minutes(5)
  })
