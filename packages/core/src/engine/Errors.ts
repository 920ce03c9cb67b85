/**
 * Builds the error table of an exchange, which maps its error codes to the errors of this library.
 *
 * @since 0.1.0
 */
import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Duration from "effect/Duration"
import * as Struct from "effect/Struct"
import * as ExchangeError from "../model/ExchangeError.js"
import { clean } from "../model/internal/text.js"
import type { Answer, Circumstances, ErrorBody } from "./Protocol.js"
import * as UnlistedError from "./UnlistedError.js"

const refusals = {
  AuthenticationFailed: ExchangeError.AuthenticationFailed,
  ClockSkew: ExchangeError.ClockSkew,
  PermissionDenied: ExchangeError.PermissionDenied,
  SymbolNotFound: ExchangeError.SymbolNotFound,
  InvalidRequest: ExchangeError.InvalidRequest,
  InsufficientFunds: ExchangeError.InsufficientFunds,
  OrderRejected: ExchangeError.OrderRejected,
  DuplicateOrder: ExchangeError.DuplicateOrder,
  OrderNotFound: ExchangeError.OrderNotFound
} as const

/**
 * The meaning of an error code. `Busy`: the request was refused and may be retried. `Unknown`: the request may have
 * been carried out. `None`: not an error, because the requested state already holds.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = Refusal | "RateLimited" | "Banned" | "Busy" | "Unknown" | "None"

/**
 * The kinds of error that prove that nothing was carried out.
 *
 * @since 0.1.0
 * @category models
 */
export type Refusal = keyof typeof refusals

/**
 * The options of {@link table}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts {
  /**
   * Reads the error code and text from a response. Returns `undefined` for a success and for a response that is not in
   * the exchange's error format.
   */
  readonly readError: (answer: Answer) => ErrorBody | undefined
  /**
   * The error codes of each kind, case-insensitive. A string separates codes by whitespace, or by a comma and a space
   * if `match` is `beginning`. Use an array for codes that contain these separators. A code under two kinds is a
   * `RangeError`.
   */
  readonly codes: { readonly [K in Kind]?: string | ReadonlyArray<string> }
  /**
   * Ranges of codes (`"51000-51999 54000-54999"`) in which every code that is not listed counts as a refusal. An order
   * that is refused with a new code is then known not to have been placed. The error's detail says that the code is not
   * known.
   */
  readonly ranges?: { readonly [K in Refusal]?: string } | undefined
  /**
   * How codes are compared. `beginning` compares the start of the exchange's code with the listed codes, and the
   * longest match wins. Defaults to `whole`.
   */
  readonly match?: "whole" | "beginning" | undefined
  /**
   * How long to wait, by code or by kind (`RateLimited`, `Banned`), if neither `Retry-After` nor `waitOf` gives a time.
   * Defaults to 1 second for `RateLimited` and 15 minutes for `Banned`. The time of `RateLimited` also holds for status
   * 429 without an error of the exchange.
   */
  readonly wait?: { readonly [codeOrKind: string]: Duration.DurationInput } | undefined
  /** Reads how long to wait from a response that states it in the exchange's own way, if it has no `Retry-After`. */
  readonly waitOf?: ((body: ErrorBody, circumstances: Circumstances) => Duration.Duration | undefined) | undefined
  /**
   * Decides errors that neither the code nor the text determines alone. Runs before `texts` and `codes`, and may return
   * the error itself; `undefined` leaves the decision to them.
   */
  readonly judge?:
    | ((body: ErrorBody, circumstances: Circumstances) => Kind | ExchangeError.TradingError | undefined)
    | undefined
  /**
   * Patterns that read the kind from the text of codes that are ambiguous. A third element restricts a pattern to that
   * code. The first match wins and takes precedence over `codes`.
   */
  readonly texts?: ReadonlyArray<readonly [pattern: RegExp, kind: Kind, code?: string]> | undefined
  /** Returns the kind of a code that is neither listed nor in a range. Defaults to a decision by the HTTP status. */
  readonly otherwise?: ((body: ErrorBody, circumstances: Circumstances) => Kind | undefined) | undefined
  /**
   * What a firewall in front of the exchange means by status 403 without JSON, and how long its block lasts if it does
   * not say. Defaults to an unavailable exchange.
   */
  readonly firewall?: Pick<Unrecognized, "wait"> & { readonly kind: "RateLimited" | "Banned" } | undefined
  /** Recognizes any other response that is not in the exchange's error format. */
  readonly unrecognized?: ((answer: Answer) => Unrecognized | ExchangeError.ExchangeError | undefined) | undefined
}

/**
 * The meaning of a response that is not in the exchange's error format.
 *
 * @since 0.1.0
 * @category models
 */
export interface Unrecognized {
  readonly kind: "AuthenticationFailed" | "RateLimited" | "Banned" | "Unknown"
  readonly detail: string
  /** How long to wait if there is no `Retry-After`. Defaults to 1 second, and to 15 minutes for `Banned`. */
  readonly wait?: Duration.DurationInput | undefined
  /** `Rejected` if the response proves that nothing was carried out. Defaults to `Unknown`. */
  readonly outcome?: "Rejected" | "Unknown" | undefined
}

/**
 * The error functions of a protocol, see {@link table}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Table {
  readonly classify: (answer: Answer) => ExchangeError.ExchangeError | undefined
  /** Returns the error of one row of a batch, in which other rows may have been carried out. */
  readonly ofRow: (body: ErrorBody, circumstances: Circumstances) => ExchangeError.TradingError
}

/**
 * Makes a table of errors.
 *
 * **Gotchas**
 *
 * A code that is neither listed nor in a range is classified by the HTTP status. With a status of 300 or above,
 * `UnlistedError` decides: a refusal for most of 4xx, `RateLimited` for 429, and an `ExchangeUnavailable` with an
 * unknown outcome otherwise. With a status below 300 it is a `MalformedResponse`, which leaves the outcome of a write
 * unknown and does not count for the circuit breaker.
 *
 * @since 0.1.0
 * @category constructors
 */
export const table = (facts: Facts): Table => {
  const find = finder(facts)

  const waitOf = (body: ErrorBody, circumstances: Circumstances, kind: keyof typeof waits): Duration.Duration =>
    RetryAfter.parse(circumstances.headers["retry-after"], circumstances.now) ??
      facts.waitOf?.(body, circumstances) ??
      Duration.decode(facts.wait?.[body.code] ?? facts.wait?.[kind] ?? waits[kind])

  const of = (body: ErrorBody, circumstances: Circumstances): ExchangeError.TradingError | "None" | undefined => {
    const found = find(body)
    const judged = facts.judge?.(body, circumstances) ?? byText(facts, body) ??
      (found === undefined ? facts.otherwise?.(body, circumstances) : undefined)
    const kind = judged ?? found?.kind
    if (kind === undefined || kind === "None" || typeof kind !== "string") return kind
    const text = clean(body.text) || "the exchange gave no reason"
    const isKnown = judged !== undefined || found?.isListed === true
    const about = {
      ...circumstances.about,
      code: codeOf(body),
      detail: isKnown ? text : `unrecognized error: ${text}`
    }
    switch (kind) {
      case "RateLimited":
        return new ExchangeError.RateLimited({ ...about, retryAfter: waitOf(body, circumstances, kind) })
      case "Banned": {
        const until = circumstances.now + Duration.toMillis(waitOf(body, circumstances, kind))
        return new ExchangeError.Banned({
          ...about,
          detail: `${about.detail}; no request is sent until the ban ends`,
          until
        })
      }
      case "Busy":
        return new ExchangeError.ExchangeUnavailable({ ...about, outcome: "Rejected" })
      case "Unknown":
        return new ExchangeError.ExchangeUnavailable({ ...about, outcome: "Unknown" })
      default:
        return new refusals[kind](about)
    }
  }

  const unlisted = (body: ErrorBody, { about, headers, now, status }: Circumstances): ExchangeError.TradingError =>
    status >= 300
      ? UnlistedError.fromStatus({ about, clean, headers, now, status }, { ...body, code: codeOf(body) })
      : new ExchangeError.MalformedResponse({
        ...about,
        code: codeOf(body),
        detail: `unrecognized error, so the outcome is unknown: ${clean(body.text) || "the exchange gave no reason"}`
      })

  return {
    classify: (answer) => {
      const body = facts.readError(answer)
      if (body === undefined) {
        const unrecognized = facts.unrecognized?.(answer) ?? inFront(facts, answer)
        return unrecognized !== undefined && "kind" in unrecognized
          ? ofUnrecognized(answer, unrecognized)
          : unrecognized
      }
      const error = of(body, answer) ?? unlisted(body, answer)
      return error === "None" ? undefined : error
    },
    ofRow: (body, circumstances) => {
      const error = of(body, circumstances)
      return error === undefined || error === "None" ? unlisted(body, circumstances) : error
    }
  }
}

/** Returns the meaning of a response that comes from something in front of the exchange. */
const inFront = ({ firewall, wait }: Facts, { json, status }: Answer): Unrecognized | undefined => {
  if (status === 429 && wait?.["RateLimited"] !== undefined) {
    return { kind: "RateLimited", detail: "too many requests", wait: wait["RateLimited"] }
  }
  if (status !== 403 || json !== undefined || firewall === undefined) return undefined
  const then = firewall.kind === "Banned" ? "no request is sent until the block ends" : "slow down"
  return { ...firewall, detail: `blocked by the exchange's firewall; ${then}` }
}

const byText = ({ texts = [] }: Facts, { code, text }: ErrorBody): Kind | undefined =>
  texts.find(([pattern, _, of = code]) => of === code && pattern.test(text))?.[1]

const ofUnrecognized = (
  { about, headers, now }: Answer,
  { detail, kind, outcome = "Unknown", wait }: Unrecognized
): ExchangeError.ExchangeError => {
  const error = { ...about, detail, outcome }
  const retryAfter = (usual: Duration.DurationInput) =>
    RetryAfter.parse(headers["retry-after"], now) ?? Duration.decode(wait ?? usual)
  switch (kind) {
    case "AuthenticationFailed":
      return new ExchangeError.AuthenticationFailed(error)
    case "RateLimited":
      return new ExchangeError.RateLimited({ ...error, retryAfter: retryAfter(waits.RateLimited) })
    case "Banned":
      return new ExchangeError.Banned({ ...error, until: now + Duration.toMillis(retryAfter(waits.Banned)) })
    case "Unknown":
      return new ExchangeError.ExchangeUnavailable(error)
  }
}

// Some errors have a text but no code.
const codeOf = ({ code }: ErrorBody): string | undefined => clean(code) || undefined

const waits = { RateLimited: "1 second", Banned: "15 minutes" } as const

interface Found {
  readonly kind: Kind
  /** `false` for a code that is only in a range: all that is known is that the exchange refused the request. */
  readonly isListed: boolean
}

const finder = ({ codes, match = "whole", ranges = {} }: Facts): (body: ErrorBody) => Found | undefined => {
  const listed = new Map<string, Kind>()
  const separator = match === "whole" ? blanks : ", "
  for (const kind of kinds) {
    for (const code of listOf(codes[kind], separator)) {
      const other = listed.get(code.toLowerCase())
      // One of them may prove that nothing was carried out, and the other not.
      if (other !== undefined && other !== kind) {
        throw new RangeError(`The error code ${code} has two kinds, ${other} and ${kind}.`)
      }
      listed.set(code.toLowerCase(), kind)
    }
  }
  const beginnings = [...listed.keys()].toSorted((one, other) => other.length - one.length)
  const spans = refusalKinds.flatMap((kind) =>
    listOf(ranges[kind], blanks).map((span) => {
      const [, from = "", to = from] = /^(-?\d+)(?:-(-?\d+))?$/.exec(span) ?? []
      return { kind, isListed: false, from: Number(from), to: Number(to) }
    })
  )
  return ({ code }) => {
    const folded = code.toLowerCase()
    const known = listed.get(match === "whole" ? folded : beginnings.find((each) => folded.startsWith(each)) ?? "")
    // `Number("")` would be 0.
    const number = /^-?\d+$/.test(code) ? Number(code) : Number.NaN
    return known === undefined
      ? spans.find(({ from, to }) => number >= from && number <= to)
      : { kind: known, isListed: true }
  }
}

const refusalKinds = Struct.keys(refusals)

const kinds: ReadonlyArray<Kind> = [...refusalKinds, "RateLimited", "Banned", "Busy", "Unknown", "None"]

const blanks = /\s+/

const listOf = (
  codes: string | ReadonlyArray<string> = [],
  separator: RegExp | string
): ReadonlyArray<string> => typeof codes === "string" ? codes.split(separator).filter((code) => code !== "") : codes
