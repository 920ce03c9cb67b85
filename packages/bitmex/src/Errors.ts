/**
 * Maps BitMEX's errors to `ExchangeError`s: by HTTP status and, since BitMEX has no error codes, by the text of the
 * message.
 *
 * Source: the API's documentation and connectors, as archived.
 *
 * @since 0.1.0
 */
import { Errors, type Protocol, Wire } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"

const { answer, at, blank, words } = Wire

const decodeError = Wire.ifAny(
  answer({ code: at("error.name", Schema.String), text: at("error.message", Schema.String) })
)
const textAt = (path: string) => at(path, blank(Schema.String))
const decodeRejected = Wire.ifAny(
  answer({ status: at("ordStatus", words({ Rejected: true })), reason: textAt("ordRejReason"), text: textAt("text") })
)
const decodeRows = Wire.ifAny(Schema.Array(answer({ error: textAt("error") })))

const ended = /unable to cancel order due to existing state|invalid ordstatus|not found|invalid orderid/i

/**
 * Returns the refusal in a response whose status is a success. A refused order has the status `Rejected`, and a refused
 * cancellation has an error in the row of its order. Orders that had already ended count only if there was nothing else
 * to cancel.
 */
const refusal = (json: unknown): Protocol.ErrorBody | undefined => {
  const order = decodeRejected(json)
  const rows = decodeRows(json) ?? []
  const failed = rows.flatMap(({ error }) => error ?? [])
  const text = order === undefined
    ? failed.find((error) => !ended.test(error)) ??
      (failed.length < rows.length ? undefined : failed[0])
    : order.reason ?? order.text ?? ""
  return text === undefined ? undefined : { code: "Rejected", text }
}

/**
 * The table of BitMEX's errors.
 *
 * @since 0.1.0
 * @category classification
 */
export const errors: Errors.Table = Errors.table({
  readError: ({ json, status }) => status < 400 ? refusal(json) : decodeError(json),
  codes: {},
  judge: ({ text }, { status }) => {
    if (status === 429) return "RateLimited"
    // Overloaded: the request did not reach the engine. After any other server error, the outcome is unknown.
    return status < 500 ? undefined : status === 503 && /overloaded/i.test(text) ? "Busy" : "Unknown"
  },
  texts: [
    [/`?expires`? is in the past|request has expired/i, "ClockSkew"],
    [/invalid api key|signature not valid/i, "AuthenticationFailed"],
    [/key is disabled|access denied|account is restricted|require all new traders to verify/i, "PermissionDenied"],
    [/insufficient available balance/i, "InsufficientFunds"],
    [/duplicate clordid/i, "DuplicateOrder"],
    [/invalid symbol|symbol is invalid/i, "SymbolNotFound"],
    [/invalid price|orderqty is invalid|invalid orderqty|invalid stoppx|too many open orders/i, "OrderRejected"],
    [ended, "OrderNotFound"]
  ],
  otherwise: (_, { status }) => status < 400 ? "OrderRejected" : status === 404 ? "OrderNotFound" : undefined,
  // It bans an address for at least an hour, for example after many errors in a short time.
  firewall: { kind: "Banned", wait: "1 hour" },
  unrecognized: ({ status }) => {
    const detail = "this address does not serve the BitMEX API; check the base URL"
    return status === 404 || status === 410 ? { kind: "Unknown", detail } : undefined
  }
})
