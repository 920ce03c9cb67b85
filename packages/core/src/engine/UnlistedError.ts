/**
 * Classifies errors in an exchange's own format whose code is not listed.
 *
 * @since 0.1.0
 */
import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Duration from "effect/Duration"
import * as ExchangeError from "../model/ExchangeError.js"
import type { Answer } from "./Protocol.js"

/**
 * Makes the error of a response in the exchange's own format whose code or text is not known, by its HTTP status:
 *
 * - 401: `AuthenticationFailed`; 403 and 451: `PermissionDenied`; 429: `RateLimited`, for a second unless `Retry-After`
 *   says otherwise;
 * - any other status from 400 to 499 except 408 and 499: `InvalidRequest`, because the exchange refused the request;
 * - 408, 499 and every other status: `ExchangeUnavailable` with an unknown outcome.
 *
 * The error keeps the code, and its detail says that the error is not known.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromStatus = (
  answer: Pick<Answer, "about" | "clean" | "headers" | "now" | "status">,
  body: { readonly code?: string | undefined; readonly text: string }
): ExchangeError.AccountError => {
  const { status } = answer
  const text = answer.clean(body.text)
  const about = {
    ...answer.about,
    code: body.code,
    detail: `unrecognized error: ${text === "" ? "the exchange gave no reason" : text}`
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
