/**
 * The errors of an exchange as a table: its codes, and what each stands for among ours.
 *
 * @since 0.1.0
 */
import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Duration from "effect/Duration"
import * as ExchangeError from "../model/ExchangeError.js"
import { clean } from "../model/internal/text.js"
import type { Answer, Circumstances, Said } from "./Protocol.js"
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
 * What a code stands for. `Busy` was refused and may be tried again; `Unknown` may have been carried out; `None` is an
 * error in name only: what was asked for is so already.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = Refusal | "RateLimited" | "Banned" | "Busy" | "Unknown" | "None"

/**
 * Kinds that say that nothing was done.
 *
 * @since 0.1.0
 * @category models
 */
export type Refusal = keyof typeof refusals

/**
 * @since 0.1.0
 * @category models
 */
export interface Facts {
  /** The exchange's words in an answer: none in a success, and in what is not in the exchange's form. */
  readonly said: (answer: Answer) => Said | undefined
  /**
   * Codes by what they stand for, in any case: separated by blanks, or by a comma and a blank where they are beginnings, or in a
   * list where they have either themselves.
   */
  readonly codes: { readonly [K in Kind]?: string | ReadonlyArray<string> }
  /**
   * Ranges of codes (`"51000-51999 54000-54999"`) of which those that are not listed refuse, so that an order refused
   * under a new code is one that was not placed. Its error says in words that the code is not known.
   */
  readonly ranges?: { readonly [K in Refusal]?: string } | undefined
  /** `beginning` where codes are texts that go on: the longest beginning counts. Defaults to `whole`. */
  readonly match?: "whole" | "beginning" | undefined
  /**
   * How long to wait, by code or by kind (`RateLimited`, `Banned`), where the answer does not say. Defaults to a second, and
   * for bans to 15 minutes.
   */
  readonly wait?: { readonly [codeOrKind: string]: Duration.DurationInput } | undefined
  /** How long to wait where the answer says so in a way of its own. */
  readonly waitOf?: ((said: Said, circumstances: Circumstances) => Duration.Duration | undefined) | undefined
  /** What neither the code nor the text alone tells, before either is looked at. */
  readonly judge?:
    | ((said: Said, circumstances: Circumstances) => Kind | ExchangeError.TradingError | undefined)
    | undefined
  /**
   * What the text says where the code says less, of that code alone where one is named: the first that is found counts, before
   * the table is looked at.
   */
  readonly texts?: ReadonlyArray<readonly [said: RegExp, kind: Kind, code?: string]> | undefined
  /** What a code means that is neither listed nor in a range. Defaults to what the status says. */
  readonly otherwise?: ((said: Said, circumstances: Circumstances) => Kind | undefined) | undefined
  /** What is not in the exchange's words, but known all the same: a firewall's page. */
  readonly unspoken?: ((answer: Answer) => Unspoken | ExchangeError.ExchangeError | undefined) | undefined
}

/**
 * What an answer means that has none of the exchange's words.
 *
 * @since 0.1.0
 * @category models
 */
export interface Unspoken {
  readonly kind: "AuthenticationFailed" | "RateLimited" | "Banned" | "Unknown"
  readonly detail: string
  /** How long to wait, where the answer does not say. Defaults to a second, and for bans to 15 minutes. */
  readonly wait?: Duration.DurationInput | undefined
  /** Whether it proves that nothing was done. Defaults to `Unknown`. */
  readonly outcome?: "Rejected" | "Unknown" | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Table {
  readonly classify: (answer: Answer) => ExchangeError.ExchangeError | undefined
  /** The error of one row among several, of which some may have been carried out. */
  readonly ofRow: (said: Said, circumstances: Circumstances) => ExchangeError.TradingError
}

/**
 * Makes a table of errors.
 *
 * **Gotchas**
 *
 * A code that is neither listed nor in a range is judged by the status of the answer (see `UnlistedError`): a refusal where
 * that is 4xx, and otherwise a `MalformedResponse`, which leaves open what became of a write and opens no circuit.
 *
 * @since 0.1.0
 * @category constructors
 */
export const table = (facts: Facts): Table => {
  const find = finder(facts)

  const waitOf = (said: Said, circumstances: Circumstances, kind: keyof typeof waits): Duration.Duration =>
    RetryAfter.parse(circumstances.headers["retry-after"], circumstances.now) ??
      facts.waitOf?.(said, circumstances) ??
      Duration.decode(facts.wait?.[said.code] ?? facts.wait?.[kind] ?? waits[kind])

  const of = (said: Said, circumstances: Circumstances): ExchangeError.TradingError | "None" | undefined => {
    const found = find(said)
    const judged = facts.judge?.(said, circumstances) ?? told(facts, said) ??
      (found === undefined ? facts.otherwise?.(said, circumstances) : undefined)
    const kind = judged ?? found?.kind
    if (kind === undefined || kind === "None" || typeof kind !== "string") return kind
    const text = clean(said.text) || "the exchange gave no reason"
    const isKnown = judged !== undefined || found?.isListed === true
    const about = {
      ...circumstances.about,
      code: codeOf(said),
      detail: isKnown ? text : `an error that is not known here: ${text}`
    }
    switch (kind) {
      case "RateLimited":
        return new ExchangeError.RateLimited({ ...about, retryAfter: waitOf(said, circumstances, kind) })
      case "Banned": {
        const until = circumstances.now + Duration.toMillis(waitOf(said, circumstances, kind))
        return new ExchangeError.Banned({ ...about, detail: `${about.detail}; nothing is sent before it ends`, until })
      }
      case "Busy":
        return new ExchangeError.ExchangeUnavailable({ ...about, outcome: "Rejected" })
      case "Unknown":
        return new ExchangeError.ExchangeUnavailable({ ...about, outcome: "Unknown" })
      default:
        return new refusals[kind](about)
    }
  }

  const unlisted = (said: Said, { about, headers, now, status }: Circumstances): ExchangeError.TradingError =>
    status >= 300
      ? UnlistedError.fromStatus({ about, clean, headers, now, status }, { ...said, code: codeOf(said) })
      : new ExchangeError.MalformedResponse({
        ...about,
        code: codeOf(said),
        detail: `an error that is not known here, so that nobody can say what was done: ${
          clean(said.text) || "the exchange gave no reason"
        }`
      })

  return {
    classify: (answer) => {
      const said = facts.said(answer)
      if (said === undefined) {
        const unspoken = facts.unspoken?.(answer)
        return unspoken !== undefined && "kind" in unspoken ? ofUnspoken(answer, unspoken) : unspoken
      }
      const error = of(said, answer) ?? unlisted(said, answer)
      return error === "None" ? undefined : error
    },
    ofRow: (said, circumstances) => {
      const error = of(said, circumstances)
      return error === undefined || error === "None" ? unlisted(said, circumstances) : error
    }
  }
}

const told = ({ texts = [] }: Facts, { code, text }: Said): Kind | undefined =>
  texts.find(([said, _, of = code]) => of === code && said.test(text))?.[1]

const ofUnspoken = (
  { about, headers, now }: Answer,
  { detail, kind, outcome = "Unknown", wait }: Unspoken
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

// Some errors are said in words alone.
const codeOf = ({ code }: Said): string | undefined => clean(code) || undefined

const waits = { RateLimited: "1 second", Banned: "15 minutes" } as const

interface Found {
  readonly kind: Kind
  /** Of one that is only in a range nobody here knows more than that it refuses. */
  readonly isListed: boolean
}

const finder = ({ codes, match = "whole", ranges = {} }: Facts): (said: Said) => Found | undefined => {
  const listed = new Map<string, Kind>()
  const separator = match === "whole" ? blanks : ", "
  for (const kind of kinds) {
    for (const code of listOf(codes[kind], separator)) listed.set(code.toLowerCase(), kind)
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
    // A blank code is no zero.
    const number = /^-?\d+$/.test(code) ? Number(code) : Number.NaN
    return known === undefined
      ? spans.find(({ from, to }) => number >= from && number <= to)
      : { kind: known, isListed: true }
  }
}

const refusalKinds: ReadonlyArray<Refusal> = [
  "AuthenticationFailed",
  "ClockSkew",
  "PermissionDenied",
  "SymbolNotFound",
  "InvalidRequest",
  "InsufficientFunds",
  "OrderRejected",
  "DuplicateOrder",
  "OrderNotFound"
]

const kinds: ReadonlyArray<Kind> = [...refusalKinds, "RateLimited", "Banned", "Busy", "Unknown", "None"]

const blanks = /\s+/

const listOf = (
  codes: string | ReadonlyArray<string> = [],
  separator: RegExp | string
): ReadonlyArray<string> => typeof codes === "string" ? codes.split(separator).filter((code) => code !== "") : codes
