/**
 * Maps Bybit's error codes to `ExchangeError`s. Most errors have HTTP status 200. Where a code has several meanings,
 * the message decides.
 *
 * Source: Bybit API v5 documentation, "Error Codes".
 *
 * @since 0.1.0
 */
import { ExchangeError } from "@effect-exchange/core"
import { Errors, Wire } from "@effect-exchange/core/adapter"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

// The result of an error may be `{}` or `null`, so it is not read.
const envelope = Wire.ifAny(Wire.answer({
  code: Wire.at("retCode", Schema.Int),
  text: Wire.at("retMsg", Wire.lenient(Schema.String)),
  // In the response to the cancellation of all orders: a failure in a response that otherwise looks successful.
  failed: Wire.at("result.success", Wire.wordsOr({ 0: true }, false))
}))

const tooFrequent = /access too frequent/i
const ban = "10 minutes"

/**
 * The table of Bybit's errors.
 *
 * @since 0.1.0
 * @category classification
 */
export const errors: Errors.Table = Errors.table({
  readError: ({ json }) => {
    const body = envelope(json)
    if (body?.failed === true) return { code: "0", text: "the orders could not be canceled; cancel them one by one" }
    return body && body.code !== 0 ? { code: String(body.code), text: body.text ?? "" } : undefined
  },
  codes: {
    ClockSkew: "10002 -1",
    AuthenticationFailed: "10003 10004 10007 33004 -2015",
    PermissionDenied: "10005 10008 10009 10010 10024 10027 10028 110066 110123 110125 110132 170219",
    RateLimited: "10006 10429 10403 20003 429 170222 170005",
    Banned: "10018",
    SymbolNotFound: "170121 10029",
    // 10032: demo trading does not have the endpoint.
    InvalidRequest:
      "10001 10017 10032 110003 110017 110094 170115 170116 170117 170124 170130 170132 170133 170134 170135 170136 " +
      "170137 170140 170192 170193 170194 170381 170382",
    InsufficientFunds: "110004 110006 110007 110012 110014 110044 110045 110051 110052 110053 170131 170033",
    OrderRejected:
      "0 110009 110020 170810 110021 110023 110042 30228 110063 110074 170151 170157 110090 110103 170149 170210 170218 " +
      "30208 30209",
    Busy: "110079",
    DuplicateOrder: "110072 170141 110030 10014",
    // Bybit has many codes for orders that have ended.
    OrderNotFound: "110001 170213 170143 110008 110010 170139 170142 170190",
    // 170035 and 170212 are about requests that are still being processed.
    Unknown: "10000 10016 10019 3400214 170001 170007 170032 170035 170146 170147 170212 170234 170310",
    // The request asked for what is already the case.
    None: "110025 110026 110027 110043 34040"
  },
  ranges: { OrderRejected: "30000-30999 110000-110999 170100-170999" },
  wait: { Banned: ban },
  // The header is by the exchange's clock. It has the current time unless the limit is exceeded.
  waitOf: (_, { headers, now, skew = 0 }) => {
    const left = Number(headers["x-bapi-limit-reset-timestamp"]) - (now + skew)
    return left > 0 && left <= 60_000 ? Duration.millis(left) : undefined
  },
  judge: ({ text }, { status }) => status === 403 && tooFrequent.test(text) ? "Banned" : undefined,
  // 10001 is the code for any wrong parameter, including the signature and the symbol.
  texts: [[/\bsign\b|signature/i, "AuthenticationFailed", "10001"], [/symbol/i, "SymbolNotFound", "10001"]],
  unrecognized: ({ about, json, status, text = "" }) => {
    if (status === 403 && tooFrequent.test(text)) {
      const detail = "this address sent too many requests and is banned; no request is sent for ten minutes"
      // These words are the exchange's own, although they are not JSON.
      return { kind: "Banned", outcome: "Rejected", detail, wait: ban }
    }
    // A response without its code is never a success, least of all for an order.
    return status < 300 && json !== undefined && envelope(json) === undefined
      ? new ExchangeError.MalformedResponse({ ...about, detail: "the response has no `retCode`" })
      : undefined
  }
})
