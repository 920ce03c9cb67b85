/**
 * Kraken's errors, as errors of ours. They come with status 200, as texts such as `EOrder:Insufficient funds`: the first
 * that begins with `E` counts, and the first row of the table that it begins like.
 *
 * Source: docs.kraken.com, "Spot REST errors".
 *
 * @since 0.1.0
 */
import { ExchangeError } from "@effect-exchange/core"
import type { Protocol } from "@effect-exchange/core/adapter"
import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.js"

const decode = Schema.decodeUnknownEither(Wire.ErrorBody)

/**
 * The error an answer of Kraken's stands for; `undefined` leaves it to what HTTP says.
 *
 * @since 0.1.0
 * @category classification
 */
export const classify = (answer: Protocol.Answer): ExchangeError.TradingError | undefined => {
  const { about, headers, now, status } = answer
  // The proxy's: the exchange was not reached, or what it did is not known.
  if (status >= 500) return undefined
  const texts = Either.match(decode(answer.json), { onLeft: () => [], onRight: ({ error }) => error })
  const text = texts.find((text) => !text.startsWith("W"))
  if (text !== undefined) return byClock(answer, ofText(answer.clean(text), about, now))
  if (status === 429) {
    return new ExchangeError.RateLimited({
      ...about,
      detail: "too many requests",
      outcome: "Unknown",
      retryAfter: RetryAfter.parse(headers["retry-after"], now) ?? moment
    })
  }
  return status === 403
    ? banned({ ...about, detail: "blocked by the exchange's firewall" }, now, "Unknown")
    : undefined
}

/**
 * The error that one text stands for; `now` is epoch milliseconds. A text that is not in the documents is a
 * `MalformedResponse`, which says nothing of what became of a write.
 *
 * @since 0.1.0
 * @category classification
 */
export const ofText = (
  text: string,
  about: Omit<ExchangeError.About, "detail" | "code">,
  now: number
): ExchangeError.TradingError => {
  const [code = text, category = ""] = /^([^:]*:)[^:]*/.exec(text) ?? []
  const said = { ...about, code, detail: text.slice(category.length).trim() }
  // Some have a blank behind the colon.
  const plain = text.replace(/:\s+/g, ":")
  const row = table.find(([beginnings]) => beginnings.some((beginning) => beginsLike(plain, beginning)))
  return row === undefined ? new ExchangeError.MalformedResponse(said) : row[1](said, now)
}

const usedElsewhere = ({ detail }: ExchangeError.About): string =>
  `${detail}: another program has used this key with higher numbers; give each program, and each machine, a key of its own`

// A clock far enough behind gives numbers that are too low as well. That is mended by comparing clocks; sending another
// number to a key that somebody else uses is not, and ends in a lockout.
const byClock = ({ headers, now }: Protocol.Answer, error: ExchangeError.TradingError): ExchangeError.TradingError => {
  if (error._tag !== "AuthenticationFailed" || !error.detail.startsWith("Invalid nonce")) return error
  const date = Date.parse(headers["date"] ?? "")
  return date - now > 2000
    ? new ExchangeError.ClockSkew({
      exchange: error.exchange,
      operation: error.operation,
      code: error.code,
      status: error.status,
      detail: error.detail
    })
    : error
}

const beginsLike = (text: string, beginning: string | RegExp): boolean =>
  typeof beginning === "string"
    ? text.toLowerCase().startsWith(beginning.toLowerCase())
    : beginning.test(text)

type Make = (about: ExchangeError.About, now: number) => ExchangeError.TradingError

const moment = Duration.seconds(5)
const lockout = Duration.minutes(15)

const banned = (
  about: ExchangeError.About,
  now: number,
  outcome?: ExchangeError.Outcome
): ExchangeError.Banned =>
  new ExchangeError.Banned({
    ...about,
    outcome,
    detail: `${about.detail}; nothing is sent before it has ended`,
    until: now + Duration.toMillis(lockout)
  })

const limited: Make = (about) => new ExchangeError.RateLimited({ ...about, retryAfter: moment })

const throttled: Make = (about, now) => {
  const until = Number(/(\d+)\s*$/.exec(about.detail)?.[1]) * 1000
  return new ExchangeError.RateLimited({ ...about, retryAfter: Duration.millis(Math.max(0, until - now)) })
}

const unknown: Make = (about) => new ExchangeError.ExchangeUnavailable({ ...about, outcome: "Unknown" })
const rejected: Make = (about) => new ExchangeError.OrderRejected(about)

const table: ReadonlyArray<readonly [beginnings: ReadonlyArray<string | RegExp>, Make]> = [
  [[/^EService:Throttled:\d+/i], throttled],
  [
    [
      "EAPI:Rate limit exceeded",
      "EOrder:Rate limit exceeded",
      "EOrder:Domain rate limit exceeded",
      "EGeneral:Too many requests",
      "EAuth:Rate limit exceeded",
      "EAuth:Too many requests",
      "EService:Throttled"
    ],
    limited
  ],
  [["EGeneral:Temporary lockout"], (about, now) => banned(about, now)],
  [
    ["EAPI:Invalid nonce"],
    (about) => new ExchangeError.AuthenticationFailed({ ...about, detail: usedElsewhere(about) })
  ],
  [
    [
      "EAPI:Invalid key",
      "EAPI:Invalid signature",
      "EAuth:Account temporary disabled",
      "EAuth:Account unconfirmed",
      "ESession:Invalid session"
    ],
    (about) => new ExchangeError.AuthenticationFailed(about)
  ],
  [
    [
      "EGeneral:Permission denied",
      "EAccount:Invalid permissions",
      "EOrder:Trading agreement required",
      "EAPI:Feature disabled",
      "ETrade:User Locked"
    ],
    (about) => new ExchangeError.PermissionDenied(about)
  ],
  [
    ["EQuery:Unknown asset pair", "EQuery:Invalid asset pair", "EQuery:Unknown asset", "EGeneral:Unknown asset pair"],
    (about) => new ExchangeError.SymbolNotFound(about)
  ],
  [
    ["EGeneral:Invalid arguments:cl_ord_id not unique", "EOrder:Duplicate order"],
    (about) => new ExchangeError.DuplicateOrder(about)
  ],
  [["EGeneral:Invalid arguments:Index unavailable"], rejected],
  [
    [
      "EGeneral:Invalid arguments",
      "EGeneral:Unknown method",
      "EQuery:Invalid",
      "ETrade:Invalid request",
      "EOrder:Invalid price"
    ],
    (about) => new ExchangeError.InvalidRequest(about)
  ],
  [
    ["EOrder:Insufficient funds", "EOrder:Insufficient margin", "EFunding:Insufficient funds"],
    (about) => new ExchangeError.InsufficientFunds(about)
  ],
  [[/^EOrder:(?:Unknown|Invalid) order(?::|$)/i], (about) => new ExchangeError.OrderNotFound(about)],
  // One market's mode says nothing of the exchange's health: as an outage it would open the circuit for all of them, and
  // keep orders from being canceled when that is all a market still does.
  [["EOrder:", "EService:Deadline elapsed", "EService:Market in "], rejected],
  [["EService:", "EGeneral:Internal error", "EDatabase:Internal error"], unknown]
]
