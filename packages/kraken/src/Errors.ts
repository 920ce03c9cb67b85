/**
 * Maps Kraken's errors to `ExchangeError`s. Errors have status 200 and are texts such as `EOrder:Insufficient funds`.
 * The first text that does not begin with `W` (a warning) counts. It is matched with the longest prefix in the table.
 *
 * Source: docs.kraken.com, "Spot REST errors".
 *
 * @since 0.1.0
 */
import { ExchangeError } from "@effect-exchange/core"
import { Errors, type Protocol, Wire } from "@effect-exchange/core/adapter"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

const errorsOf = Wire.ifAny(Wire.within("error", Schema.Array(Schema.String)))

/**
 * Splits an error text into code and message. The code is the whole text without blanks after colons, and the message
 * is what follows the first colon.
 *
 * @since 0.1.0
 * @category parsing
 */
export const errorBody = (text: string): Protocol.ErrorBody => {
  const code = text.replace(/:\s+/g, ":")
  return { code, text: code.slice(code.indexOf(":") + 1).trim() }
}

/**
 * The table of Kraken's errors.
 *
 * @since 0.1.0
 * @category classification
 */
export const errors: Errors.Table = Errors.table({
  readError: ({ json, status }) => {
    // From 500 on, the response is the proxy's: the request did not reach the exchange, or its outcome is unknown.
    const texts = status >= 500 ? undefined : errorsOf(json)
    const text = texts?.find((text) => !text.startsWith("W"))
    return text === undefined ? undefined : errorBody(text)
  },
  match: "beginning",
  codes: {
    RateLimited: "EAPI:Rate limit exceeded, EOrder:Rate limit exceeded, EOrder:Domain rate limit exceeded, " +
      "EGeneral:Too many requests, EAuth:Rate limit exceeded, EAuth:Too many requests, EService:Throttled",
    Banned: "EGeneral:Temporary lockout",
    AuthenticationFailed: "EAPI:Invalid key, EAPI:Invalid signature, EAuth:Account temporary disabled, " +
      "EAuth:Account unconfirmed, ESession:Invalid session",
    PermissionDenied: "EGeneral:Permission denied, EAccount:Invalid permissions, EOrder:Trading agreement required, " +
      "EAPI:Feature disabled, ETrade:User Locked",
    // The last text is sent by a socket.
    SymbolNotFound: "EQuery:Unknown asset pair, EQuery:Invalid asset pair, EQuery:Unknown asset, " +
      "EGeneral:Unknown asset pair, Currency pair not supported",
    DuplicateOrder: "EGeneral:Invalid arguments:cl_ord_id not unique, EOrder:Duplicate order",
    InvalidRequest: "EGeneral:Invalid arguments, EGeneral:Unknown method, EQuery:Invalid, ETrade:Invalid request, " +
      "EOrder:Invalid price",
    InsufficientFunds: "EOrder:Insufficient funds, EOrder:Insufficient margin, EFunding:Insufficient funds",
    // The mode of one market says nothing about the health of the exchange. An outage would open the circuit breaker
    // for all markets, and block cancellations where a market accepts nothing else.
    // `EBM:limit exceeded` is the yearly limit of a Canadian account for an asset.
    OrderRejected: "EOrder:, EService:Deadline elapsed, EGeneral:Invalid arguments:Index unavailable, " +
      "EService:Market in , EBM:limit exceeded",
    Unknown: "EService:, EGeneral:Internal error, EDatabase:Internal error"
  },
  wait: { RateLimited: "5 seconds" },
  // `EService:Throttled:1700000000` has the time, in seconds, from which on requests are accepted.
  waitOf: ({ code }, { now, skew = 0 }) => {
    const until = /^EService:Throttled:(\d+)\s*$/i.exec(code)?.[1]
    return until === undefined ? undefined : Duration.millis(Math.max(0, Number(until) * 1000 - (now + skew)))
  },
  judge: ({ code, text }, { about, signedLate = 0 }) => {
    // Matches "Unknown order" and "Unknown order:" before other words, but not a longer word.
    if (/^EOrder:(?:Unknown|Invalid) order(?::|$)/i.test(code)) return "OrderNotFound"
    if (!/^EAPI:Invalid nonce/i.test(code)) return undefined
    // A clock that is far enough behind also produces nonces that are too low. Comparing the clocks fixes that. In all
    // other cases a new nonce does not help, and retries end in a lockout.
    const error = {
      ...about,
      code,
      detail: `${text}: this key was used with higher nonces, by another program or by a clock that was ahead; give ` +
        "each program and each machine its own key, and replace a key that was used with a wrong clock"
    }
    return signedLate > 2000 ? new ExchangeError.ClockSkew(error) : new ExchangeError.AuthenticationFailed(error)
  },
  firewall: { kind: "Banned" }
})
