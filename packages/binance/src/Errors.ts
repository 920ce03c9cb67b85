/**
 * Maps Binance's errors to `ExchangeError`s. Most codes have one meaning; where a code has several, the message
 * decides.
 *
 * Source: binance-spot-api-docs, `errors.md`.
 *
 * @since 0.1.0
 */
import { ExchangeError } from "@effect-exchange/core"
import { Errors, type Protocol, Wire } from "@effect-exchange/core/adapter"
import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

const decode = Wire.ifAny(Schema.Struct({ code: Schema.Number, msg: Schema.String }))

// The message gives the end of the ban by the exchange's clock, more precisely than the `retry-after` header.
const banned = (
  { about, headers, now, skew = 0 }: Protocol.Circumstances,
  { code, text }: Partial<Protocol.ErrorBody>
): ExchangeError.Banned => {
  const named = /banned until (\d{13})/i.exec(text ?? "")?.[1]
  const wait = RetryAfter.parse(headers["retry-after"], now) ?? Duration.minutes(2)
  return new ExchangeError.Banned({
    ...about,
    code,
    detail: "this address is banned; no request is sent until the ban ends",
    // This is the exchange's own status for a ban: the request was rejected, whatever the body is.
    outcome: "Rejected",
    until: named === undefined ? now + Duration.toMillis(wait) : Number(named) - skew
  })
}

/**
 * The table of Binance's errors.
 *
 * @since 0.1.0
 * @category classification
 */
export const errors: Errors.Table = Errors.table({
  readError: ({ json, status }) => {
    const body = status < 400 ? undefined : decode(json)
    return body && { code: String(body.code), text: body.msg }
  },
  codes: {
    RateLimited: "-1003 -1015 -1034",
    ClockSkew: "-1021",
    AuthenticationFailed: "-1022 -2014",
    PermissionDenied: "-1002 -2015",
    SymbolNotFound: "-1121",
    InvalidRequest: "-1014 -1020",
    OrderRejected: "-1013 -2010 -2011 -2021 -2022",
    OrderNotFound: "-2013 -2026 -2039",
    // Overloaded: the request was refused before it was carried out.
    Busy: "-1008",
    Unknown: "-1000 -1001 -1006 -1007 -1016"
  },
  ranges: { InvalidRequest: "-1220--1100" },
  judge: (error, response) => {
    const { status } = response
    if (status === 418 || (error.code === "-1003" && /banned until/i.test(error.text))) return banned(response, error)
    return status === 429 ? "RateLimited" : undefined
  },
  texts: [
    [/insufficient balance/i, "InsufficientFunds", "-2010"],
    [/duplicate order/i, "DuplicateOrder", "-2010"],
    [/action is disabled|symbol is not permitted|account may not/i, "PermissionDenied", "-2010"],
    [/unknown order/i, "OrderNotFound", "-2011"]
  ],
  // It also blocks requests with suspicious words in parameters.
  firewall: { kind: "RateLimited", wait: "5 minutes" },
  unrecognized: (answer) => answer.status === 418 ? banned(answer, {}) : undefined
})
