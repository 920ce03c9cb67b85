import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as ExchangeError from "../../model/ExchangeError.js"
import type { Answer, Protocol } from "../Protocol.js"
import { refusalOf } from "./geoBlock.js"

/**
 * Returns the error that a response stands for. Refusals by something in front of the exchange come first, then the
 * protocol's `classify`, then the evidence of status and body. Left holds the same error if `classify` threw.
 *
 * @internal
 */
export const classify = (
  protocol: Pick<Protocol, "classify">,
  answer: Answer,
  auth: "none" | "signed"
): Either.Either<ExchangeError.ExchangeError | undefined, ExchangeError.ExchangeError> => {
  const { about, status } = answer
  if (status < 200 || (status >= 300 && status < 400)) {
    return Either.right(
      new ExchangeError.ExchangeUnavailable({
        ...about,
        outcome: "Unknown",
        detail:
          "the response is a redirect, and redirects are never followed; check that the base URL belongs to the exchange"
      })
    )
  }
  // A body that is not JSON may come from something in front of the exchange, so it is checked before any code or
  // status.
  const early = answer.json === undefined ? refusalOf(answer) : undefined
  if (early !== undefined) return Either.right(early)
  try {
    const known = protocol.classify(answer)
    return Either.right(known === undefined ? byEvidence(answer, auth) : withProvenOutcome(answer, known))
  } catch {
    return Either.left(byEvidence(answer, auth) ?? unreadable(answer))
  }
}

// A status without JSON may come from something in front of the exchange, even if the protocol assigns an error to it.
const withProvenOutcome = ({ json }: Answer, error: ExchangeError.ExchangeError): ExchangeError.ExchangeError => {
  if (json !== undefined) return error
  // Only an outcome that the protocol set on this error proves anything, not the default of its class.
  const outcome = Object.hasOwn(error, "outcome") ? error.outcome : "Unknown"
  switch (error._tag) {
    case "RateLimited":
      return new ExchangeError.RateLimited({ ...error, outcome })
    case "Banned":
      return new ExchangeError.Banned({ ...error, outcome })
    case "AuthenticationFailed":
      return new ExchangeError.AuthenticationFailed({ ...error, outcome })
    case "ClockSkew":
      return new ExchangeError.ClockSkew({ ...error, outcome })
    case "PermissionDenied":
      return new ExchangeError.PermissionDenied({ ...error, outcome })
    default:
      return error
  }
}

const unreadable = ({ about }: Answer): ExchangeError.MalformedResponse =>
  new ExchangeError.MalformedResponse({ ...about, detail: "the response could not be interpreted" })

const byEvidence = (answer: Answer, auth: "none" | "signed"): ExchangeError.ExchangeError | undefined => {
  const { about, headers, json, now, status } = answer
  if (status < 300 && json !== undefined) return undefined
  const what = excerpt(answer)
  if (status < 300) {
    return new ExchangeError.MalformedResponse({ ...about, reason: "NotJson", detail: `expected JSON, found ${what}` })
  }
  const refused = json === undefined ? undefined : refusalOf(answer)
  if (refused !== undefined) return refused
  if (status === 429) {
    return new ExchangeError.RateLimited({
      ...about,
      detail: "too many requests",
      retryAfter: RetryAfter.parse(headers["retry-after"], now) ?? Duration.seconds(1),
      outcome: "Unknown"
    })
  }
  if (status === 401 && auth === "signed") {
    return new ExchangeError.AuthenticationFailed({ ...about, detail: `the response was ${what}`, outcome: "Unknown" })
  }
  return new ExchangeError.ExchangeUnavailable({
    ...about,
    outcome: "Unknown",
    detail: status === 403
      ? `a firewall in front of the exchange refused the request: ${what}`
      : `the response is not in the exchange's error format: ${what}`
  })
}

const excerpt = ({ clean, text = "" }: Answer): string => {
  const cleaned = clean(text)
  if (cleaned === "") return "an empty body"
  return /^<(?:!doctype|html)/i.test(cleaned) ? "an HTML page" : `"${clean(cleaned.slice(0, 80))}"`
}
