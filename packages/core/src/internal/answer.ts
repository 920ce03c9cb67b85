import * as Duration from "effect/Duration"
import * as ParseResult from "effect/ParseResult"
import * as ExchangeError from "../ExchangeError.js"
import type { Answer, Protocol } from "../Protocol.js"
import { retryAfter } from "../RetryAfter.js"

/**
 * The error an answer stands for: what the protocol knows first, then what HTTP says, then whether there is JSON.
 *
 * @internal
 */
export const classify = (protocol: Protocol, answer: Answer, text: string): ExchangeError.ExchangeError | undefined => {
  const { about, status } = answer
  if (status < 200 || (status >= 300 && status < 400)) {
    return new ExchangeError.ExchangeUnavailable({
      ...about,
      outcome: "Unknown",
      detail: "the answer was a redirect, which is never followed; check that the base URL is the exchange's own"
    })
  }
  return protocol.classify(answer) ?? byStatus(answer, text)
}

const byStatus = (answer: Answer, text: string): ExchangeError.ExchangeError | undefined => {
  const { about, clean, headers, json, now, status } = answer
  if (status < 300) {
    return json === undefined
      ? new ExchangeError.MalformedResponse({ ...about, detail: `expected JSON, was ${excerpt(text, clean)}` })
      : undefined
  }
  if (status === 429) {
    return new ExchangeError.RateLimited({
      ...about,
      detail: "too many requests",
      retryAfter: retryAfter(headers, now) ?? Duration.seconds(1)
    })
  }
  const detail = `the exchange answered ${excerpt(text, clean)}`
  // 408 and 499: a gateway gave up waiting, perhaps for what was carried out.
  if (status >= 500 || status === 408 || status === 499) {
    return new ExchangeError.ExchangeUnavailable({ ...about, detail, outcome: "Unknown" })
  }
  if (status === 401) return new ExchangeError.AuthenticationFailed({ ...about, detail })
  if (status === 403 || status === 451) return new ExchangeError.PermissionDenied({ ...about, detail })
  return new ExchangeError.InvalidRequest({ ...about, detail })
}

const excerpt = (text: string, clean: (text: string) => string): string => {
  const cleaned = clean(text)
  if (cleaned === "") return "an empty body"
  return /^<(?:!doctype|html)/i.test(cleaned) ? "an HTML page" : `"${cleaned.slice(0, 80)}"`
}

/**
 * What did not fit, for an error: where, and for public data also what. Private data stays out of errors.
 *
 * @internal
 */
export const describeMismatch = (
  error: ParseResult.ParseError,
  options: { readonly values: boolean; readonly clean: (text: string) => string }
): string => {
  const issue = firstIssue(error)
  const where = issue === undefined || issue.path.length === 0
    ? ""
    : ` at ${options.clean(issue.path.map(String).join("."))}`
  const what = issue === undefined || !options.values ? "" : `: ${options.clean(issue.message)}`
  return `${where}${what}`
}

const firstIssue = (error: ParseResult.ParseError): ParseResult.ArrayFormatterIssue | undefined => {
  try {
    return ParseResult.ArrayFormatter.formatErrorSync(error)[0]
  } catch {
    // The formatter prints the value by recursion: JSON nested some thousand levels deep overflows its stack.
    return undefined
  }
}

/** @internal */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
