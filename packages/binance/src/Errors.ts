/**
 * Binance's error codes, as errors of ours. Codes are matched first, then the message for those that mean several things.
 *
 * Source: binance-spot-api-docs, `errors.md`.
 *
 * @since 0.1.0
 */
import { ExchangeError } from "@effect-exchange/core"
import { type Protocol, UnlistedError } from "@effect-exchange/core/adapter"
import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.js"

const decode = Schema.decodeUnknownEither(Wire.ErrorBody)

/**
 * The error an answer of Binance's stands for; `undefined` leaves it to what HTTP says.
 *
 * @since 0.1.0
 * @category classification
 */
export const classify = (answer: Protocol.Answer): ExchangeError.ExchangeError | undefined => {
  const { about, status } = answer
  if (status < 400) return undefined
  const body = Either.getOrUndefined(decode(answer.json))
  // The firewall in front of the exchange answers without JSON, also to suspicious words in parameters.
  if (body === undefined) {
    return status === 418
      ? banned(answer, "")
      : status === 403
      ? new ExchangeError.RateLimited({
        ...about,
        detail: "blocked by the exchange's firewall; slow down",
        outcome: "Unknown",
        retryAfter: RetryAfter.parse(answer.headers["retry-after"], answer.now) ?? Duration.minutes(5)
      })
      : undefined
  }
  return byCode({ ...answer, about: { ...about, code: String(body.code) } }, body.code, answer.clean(body.msg))
}

const byCode = (answer: Protocol.Answer, code: number, msg: string): ExchangeError.ExchangeError => {
  const about = { ...answer.about, detail: msg }
  if (answer.status === 418 || (code === -1003 && /banned until/i.test(msg))) return banned(answer, msg)
  if (answer.status === 429 || rateLimited.has(code)) {
    return new ExchangeError.RateLimited({
      ...about,
      retryAfter: RetryAfter.parse(answer.headers["retry-after"], answer.now) ?? Duration.seconds(1)
    })
  }
  switch (code) {
    case -1021:
      return new ExchangeError.ClockSkew(about)
    case -1022:
    case -2014:
      return new ExchangeError.AuthenticationFailed(about)
    case -2015:
    case -1002:
      return new ExchangeError.PermissionDenied(about)
    case -1121:
      return new ExchangeError.SymbolNotFound(about)
    case -1013:
      return new ExchangeError.OrderRejected(about)
    case -2010:
      return orderRefused(about)
    case -2011:
      return /unknown order/i.test(msg)
        ? new ExchangeError.OrderNotFound(about)
        : new ExchangeError.OrderRejected(about)
    case -2013:
    case -2026:
    case -2039:
      return new ExchangeError.OrderNotFound(about)
    case -2021:
    case -2022:
      return new ExchangeError.OrderRejected(about)
    // Overloaded: refused before it was carried out.
    case -1008:
      return new ExchangeError.ExchangeUnavailable({ ...about, outcome: "Rejected" })
    case -1000:
    case -1001:
    case -1006:
    case -1007:
    case -1016:
      return new ExchangeError.ExchangeUnavailable({ ...about, outcome: "Unknown" })
  }
  if (invalid(code)) return new ExchangeError.InvalidRequest(about)
  // Code 0 comes with HTTP 451: the country is blocked.
  return answer.status === 451
    ? new ExchangeError.PermissionDenied(about)
    : UnlistedError.fromStatus(answer, { code: answer.about.code, text: msg })
}

const rateLimited: ReadonlySet<number> = new Set([-1003, -1015, -1034])

const invalid = (code: number): boolean => (code <= -1100 && code >= -1220) || code === -1014 || code === -1020

const orderRefused = (about: ExchangeError.About): ExchangeError.ExchangeError => {
  if (/insufficient balance/i.test(about.detail)) return new ExchangeError.InsufficientFunds(about)
  if (/duplicate order/i.test(about.detail)) return new ExchangeError.DuplicateOrder(about)
  return /action is disabled|symbol is not permitted|account may not/i.test(about.detail)
    ? new ExchangeError.PermissionDenied(about)
    : new ExchangeError.OrderRejected(about)
}

const banned = (answer: Protocol.Answer, msg: string): ExchangeError.Banned => {
  const named = /banned until (\d{13})/i.exec(msg)?.[1]
  const wait = RetryAfter.parse(answer.headers["retry-after"], answer.now) ?? Duration.minutes(2)
  return new ExchangeError.Banned({
    ...answer.about,
    detail: "this address is banned; nothing is sent before the ban ends",
    // The status is the exchange's own for it, whatever the body is.
    outcome: "Rejected",
    until: named === undefined ? answer.now + Duration.toMillis(wait) : Number(named) - (answer.skew ?? 0)
  })
}
