/**
 * BitMEX's errors, as errors of ours: by HTTP status and, as it has no codes, by what the message contains.
 *
 * @since 0.1.0
 */
import { ExchangeError } from "@effect-exchange/core"
import type { Protocol } from "@effect-exchange/core/adapter"
import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.js"

const decode = Schema.decodeUnknownEither(Wire.ErrorBody)
const decodeRejected = Schema.decodeUnknownOption(Wire.Rejected)
const decodeFailed = Schema.decodeUnknownOption(Wire.Failed)

/**
 * The error an answer of BitMEX's stands for; `undefined` leaves it to what HTTP says.
 *
 * @since 0.1.0
 * @category classification
 */
export const classify = (answer: Protocol.Answer): ExchangeError.ExchangeError | undefined => {
  const { about, clean, headers, now, status } = answer
  if (status < 400) return inSuccess(answer)
  const body = Either.getOrUndefined(decode(answer.json))?.error
  // A ban comes from the load balancer in front of the exchange, as a page and not as JSON; it lasts at least an hour.
  if (status === 403 && answer.json === undefined) {
    return new ExchangeError.Banned({
      ...about,
      outcome: "Unknown",
      detail: "this address is banned, as after many errors in a short time; nothing is sent before the ban ends",
      until: now + Duration.toMillis(RetryAfter.parse(headers["retry-after"], now) ?? Duration.hours(1))
    })
  }
  if ((status === 404 || status === 410) && body === undefined) {
    return new ExchangeError.ExchangeUnavailable({
      ...about,
      outcome: "Unknown",
      detail: "nothing answers at this address as BitMEX did; check the base URL"
    })
  }
  if (body === undefined) return undefined
  const facts = { ...about, code: clean(body.name), detail: clean(body.message) }
  if (status === 429) {
    return new ExchangeError.RateLimited({
      ...facts,
      retryAfter: RetryAfter.parse(headers["retry-after"], now) ?? Duration.seconds(1)
    })
  }
  if (status >= 500) {
    // Overloaded: the request did not reach the engine. Any other failure leaves open what became of it.
    return new ExchangeError.ExchangeUnavailable({
      ...facts,
      outcome: status === 503 && /overloaded/i.test(body.message) ? "Rejected" : "Unknown"
    })
  }
  const known = ofMessage(body.message)
  if (known !== undefined) return known(facts)
  if (status === 401) return new ExchangeError.AuthenticationFailed(facts)
  if (status === 403) return new ExchangeError.PermissionDenied(facts)
  return status === 404 ? new ExchangeError.OrderNotFound(facts) : new ExchangeError.InvalidRequest(facts)
}

// An order may be refused by its status, and a cancellation in the row of its order, both under a status of success.
const inSuccess = ({ about, clean, json }: Protocol.Answer): ExchangeError.ExchangeError | undefined => {
  const rejected = Option.getOrUndefined(decodeRejected(json))
  if (rejected !== undefined) {
    const reason = rejected.ordRejReason ?? rejected.text ?? ""
    return (ofMessage(reason) ?? orderRejected)({
      ...about,
      detail: reason === "" ? "the exchange rejected the order without a reason" : clean(reason)
    })
  }
  const failed = Option.getOrUndefined(decodeFailed(json))?.[0].error
  return failed === undefined ? undefined : (ofMessage(failed) ?? orderRejected)({ ...about, detail: clean(failed) })
}

type Make = (about: ExchangeError.About) => ExchangeError.ExchangeError

const orderRejected: Make = (about) => new ExchangeError.OrderRejected(about)

const ofMessage = (message: string): Make | undefined => messages.find(([pattern]) => pattern.test(message))?.[1]

const messages: ReadonlyArray<readonly [pattern: RegExp, make: Make]> = [
  [/`?expires`? is in the past|request has expired/i, (about) => new ExchangeError.ClockSkew(about)],
  [/invalid api key|signature not valid/i, (about) => new ExchangeError.AuthenticationFailed(about)],
  [
    /key is disabled|access denied|account is restricted|require all new traders to verify/i,
    (about) => new ExchangeError.PermissionDenied(about)
  ],
  [/insufficient available balance/i, (about) => new ExchangeError.InsufficientFunds(about)],
  [/duplicate clordid/i, (about) => new ExchangeError.DuplicateOrder(about)],
  [/invalid symbol|symbol is invalid/i, (about) => new ExchangeError.SymbolNotFound(about)],
  [/invalid price|orderqty is invalid|invalid orderqty|invalid stoppx|too many open orders/i, orderRejected],
  [
    /unable to cancel order due to existing state|invalid ordstatus|not found|invalid orderid/i,
    (about) => new ExchangeError.OrderNotFound(about)
  ]
]
