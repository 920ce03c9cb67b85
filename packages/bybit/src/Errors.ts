/**
 * Bybit's error codes, as errors of ours. Most come with HTTP 200; a message is looked at only where a code means several
 * things.
 *
 * Source: Bybit API v5 documentation, "Error Codes".
 *
 * @since 0.1.0
 */
import { ExchangeError } from "@effect-exchange/core"
import { type Protocol, UnlistedError } from "@effect-exchange/core/adapter"
import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.js"

const decode = Schema.decodeUnknownEither(Wire.ErrorBody)

/**
 * The error an answer of Bybit's stands for; `undefined` leaves it to what HTTP says, and what is well alone.
 *
 * @since 0.1.0
 * @category classification
 */
export const classify = (answer: Protocol.Answer): ExchangeError.TradingError | undefined => {
  const { about, clean, status } = answer
  const body = Either.getOrUndefined(decode(answer.json))
  const msg = body?.retMsg ?? ""
  if (status === 403 && tooFrequent.test(answer.text ?? msg)) return banned(answer)
  if (body?.retCode === 10018) return banned(answer)
  if (body === undefined || body.retCode === 0 || unchanged.has(body.retCode)) return undefined
  const detailed = { ...about, code: String(body.retCode), detail: clean(msg) || "the exchange gave no reason" }
  return byCode(detailed, body.retCode, waitOf(answer, body.time)) ?? (status < 300
    ? new ExchangeError.MalformedResponse({
      ...detailed,
      detail: `an error that is not documented, so that nobody can say what was done: ${detailed.detail}`
    })
    : UnlistedError.fromStatus(answer, { code: detailed.code, text: msg }))
}

/**
 * The error a code stands for, also that of one order in a batch; `undefined` for codes that are not documented.
 *
 * @since 0.1.0
 * @category classification
 */
export const byCode = (
  about: ExchangeError.About,
  code: number,
  wait: Duration.Duration = Duration.seconds(1)
): ExchangeError.TradingError | undefined => {
  if (code === 10001) return parameters(about)
  switch (categories.get(code)) {
    case "ClockSkew":
      return new ExchangeError.ClockSkew(about)
    case "AuthenticationFailed":
      return new ExchangeError.AuthenticationFailed(about)
    case "PermissionDenied":
      return new ExchangeError.PermissionDenied(about)
    case "RateLimited":
      return new ExchangeError.RateLimited({ ...about, retryAfter: wait })
    case "SymbolNotFound":
      return new ExchangeError.SymbolNotFound(about)
    case "InvalidRequest":
      return new ExchangeError.InvalidRequest(about)
    case "InsufficientFunds":
      return new ExchangeError.InsufficientFunds(about)
    case "OrderRejected":
      return new ExchangeError.OrderRejected(about)
    case "DuplicateOrder":
      return new ExchangeError.DuplicateOrder(about)
    case "OrderNotFound":
      return new ExchangeError.OrderNotFound(about)
    case "Busy":
      return new ExchangeError.ExchangeUnavailable({ ...about, outcome: "Rejected" })
    case "Unknown":
      return new ExchangeError.ExchangeUnavailable({ ...about, outcome: "Unknown" })
    case undefined:
      return undefined
  }
}

const numbers = (text: string): ReadonlyArray<number> => text.split(" ").map(Number)

// `Busy` was refused and may be tried again, `Unknown` may have been carried out. Of orders that have ended Bybit speaks in
// many ways: they count as not found.
const codes = {
  ClockSkew: numbers("10002 -1"),
  AuthenticationFailed: numbers("10003 10004 10007 33004 -2015"),
  PermissionDenied: numbers("10005 10008 10009 10010 10024 10027 10028 110066 110123 110125 110132 170219"),
  RateLimited: numbers("10006 10429 10403 20003 429 170222 170005"),
  SymbolNotFound: numbers("170121 10029"),
  InvalidRequest: numbers(
    "10017 110003 110017 110094 170115 170116 170117 170124 170130 170132 170133 170134 170135 170136 170137 170140 " +
      "170192 170193 170194 170381 170382"
  ),
  InsufficientFunds: numbers(
    "110004 110006 110007 110012 110014 110044 110045 110051 110052 110053 170131 170033"
  ),
  OrderRejected: numbers(
    "110009 110020 170810 110021 110023 110042 30228 110063 110074 170151 170157 110090 110103 170149 170210 170218 " +
      "30208 30209"
  ),
  Busy: numbers("110079"),
  DuplicateOrder: numbers("110072 170141 110030 10014"),
  OrderNotFound: numbers("110001 170213 170143 110008 110010 170139 170142 170190"),
  Unknown: numbers("10000 10016 10019 3400214 170001 170007 170032 170146 170147 170234 170310")
}

const categories: ReadonlyMap<number, keyof typeof codes> = new Map(
  Record.toEntries(codes).flatMap(([category, codes]) => codes.map((code) => [code, category] as const))
)

// Errors in name only: what was asked for is so already.
const unchanged: ReadonlySet<number> = new Set([110025, 110026, 110027, 110043, 34_040])

// The code of whatever is wrong with the parameters, of which the signature and the symbol are two.
const parameters = (about: ExchangeError.About): ExchangeError.TradingError => {
  if (/\bsign\b|signature/i.test(about.detail)) return new ExchangeError.AuthenticationFailed(about)
  return /symbol/i.test(about.detail)
    ? new ExchangeError.SymbolNotFound(about)
    : new ExchangeError.InvalidRequest(about)
}

const tooFrequent = /access too frequent/i

const banned = ({ about, now }: Protocol.Answer): ExchangeError.Banned =>
  new ExchangeError.Banned({
    ...about,
    // The exchange's own words, though they are no JSON.
    outcome: "Rejected",
    detail: "this address sent too many requests and is banned; nothing is sent for ten minutes",
    until: now + 600_000
  })

// The reset is by the exchange's clock, as is the time of the answer. It says "now" unless the limit is exceeded.
const waitOf = ({ headers, now }: Protocol.Answer, time: unknown): Duration.Duration => {
  const reset = Number(headers["x-bapi-limit-reset-timestamp"])
  const left = typeof time === "number" ? reset - time : 0
  return RetryAfter.parse(headers["retry-after"], now) ??
    (left > 0 && left <= 60_000 ? Duration.millis(left) : Duration.seconds(1))
}
