/**
 * Errors in an exchange's own words whose code nobody has listed.
 *
 * @since 0.1.0
 */
import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Duration from "effect/Duration"
import * as ExchangeError from "../model/ExchangeError.js"
import type { Answer } from "./Protocol.js"

/**
 * The error of an answer that is in the exchange's own form, under a code or text that is not known, by its HTTP status: the
 * exchange itself refused what has a status below 500, while what became of the rest is unknown. It keeps the code, and
 * says in words that it is not known.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromStatus = (
  answer: Pick<Answer, "about" | "clean" | "headers" | "now" | "status">,
  said: { readonly code?: string | undefined; readonly text: string }
): ExchangeError.AccountError => {
  const { status } = answer
  const text = answer.clean(said.text)
  const about = {
    ...answer.about,
    code: said.code,
    detail: `an error that is not known here: ${text === "" ? "the exchange gave no reason" : text}`
  }
  if (status === 429) {
    return new ExchangeError.RateLimited({
      ...about,
      retryAfter: RetryAfter.parse(answer.headers["retry-after"], answer.now) ?? Duration.seconds(1)
    })
  }
  if (status < 400 || status >= 500 || status === 408 || status === 499) {
    return new ExchangeError.ExchangeUnavailable({ ...about, outcome: "Unknown" })
  }
  if (status === 401) return new ExchangeError.AuthenticationFailed(about)
  return status === 403 || status === 451
    ? new ExchangeError.PermissionDenied(about)
    : new ExchangeError.InvalidRequest(about)
}
