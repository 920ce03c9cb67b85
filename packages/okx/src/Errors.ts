/**
 * OKX's error codes, as errors of ours: by code and never by text. What went wrong with a single order stands in its row
 * (`sCode`) while the answer as a whole is HTTP 200; the rows of several orders are judged one by one, by
 * {@link fromAck}.
 *
 * Source: OKX API v5 documentation, "Error Code".
 *
 * @since 0.1.0
 */
import { ExchangeError } from "@effect-exchange/core"
import { type Protocol, UnlistedError } from "@effect-exchange/core/adapter"
import * as RetryAfter from "@effect-exchange/resilience/RetryAfter"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { Ack } from "./TradingWire.js"
import { Envelope } from "./Wire.js"

type Category =
  | "AuthenticationFailed"
  | "ClockSkew"
  | "DuplicateOrder"
  | "Ended"
  | "InsufficientFunds"
  | "InvalidRequest"
  | "OrderNotFound"
  | "OrderRejected"
  | "PermissionDenied"
  | "RateLimited"
  | "SymbolNotFound"
  | "Unavailable"

const table: ReadonlyArray<readonly [Category, codes: string]> = [
  // 50036 and 50037 refuse what would reach the matching engine after its `expTime`: the clocks differ, or the way was
  // long, and neither was carried out.
  ["ClockSkew", "50102 50112 50036 50037"],
  ["AuthenticationFailed", "50101 50103 50104 50105 50106 50107 50111 50113 50114 50119"],
  [
    "PermissionDenied",
    "50007 50008 50009 50027 50028 50029 50030 50035 50038 50110 50120 50121 51009 51010 51024 51155"
  ],
  ["RateLimited", "50011 50040 50061 51113"],
  ["SymbolNotFound", "51001 51002 51012 51014 51015 51026"],
  [
    "InvalidRequest",
    "50000 50002 50006 50012 50014 50015 50016 50024 50025 50115 51000 51003 51020 51063 51121"
  ],
  ["InsufficientFunds", "51008 51119 51127 51131 59200 59201"],
  [
    "OrderRejected",
    "51004 51005 51006 51007 51021 51022 51023 51025 51027 51028 51029 51030 51115 51116 51137 51138 51169 51170 51174 " +
    "51201 51202 51203 51204 51205 54084 54085"
  ],
  ["DuplicateOrder", "50042 50071 51011 51016"],
  ["OrderNotFound", "51400 51503 51603 52000"],
  ["Ended", "51401 51402 51410 51509 51510"],
  // Some were not carried out, some may have been: whoever sent a write has to look. 50013 is a busy system, which does not
  // say how far it got.
  ["Unavailable", "50001 50004 50005 50013 50026 51054 51149"]
]

const categories: ReadonlyMap<string, Category> = new Map(
  table.flatMap(([category, codes]) => codes.split(" ").map((code): readonly [string, Category] => [code, category]))
)

/**
 * Whether a code says that an order has ended, or is about to: there is nothing left to cancel.
 *
 * @since 0.1.0
 * @category predicates
 */
export const hasEnded = (code: string | undefined): boolean =>
  code !== undefined && (categories.get(code) === "Ended" || code === "51400")

const decodeEnvelope = Schema.decodeUnknownEither(Envelope)
const decodeAcks = Schema.decodeUnknownEither(Schema.Array(Ack))

/**
 * The error an answer of OKX's stands for; `undefined` leaves it to what HTTP says, or to the rows of several orders.
 *
 * @since 0.1.0
 * @category classification
 */
export const classify = (answer: Protocol.Answer): ExchangeError.ExchangeError | undefined => {
  const { about, clean, status } = answer
  const body = Either.getOrUndefined(decodeEnvelope(answer.json))
  if (body === undefined) {
    if (status === 429) return limited(answer, { ...about, detail: "too many requests" }, "Unknown")
    return status === 403 ? blocked(answer) : undefined
  }
  const acks = Either.getOrElse(decodeAcks(body.data), () => [])
  const [ack] = acks
  if (acks.length > 1) return undefined
  const code = ack === undefined ? String(body.code) : ack.sCode
  if (code === "0") return undefined
  const text = clean(ack?.sMsg ?? (typeof body.msg === "string" ? body.msg : ""))
  const known = byCode(answer, { ...about, code, detail: text === "" ? "the exchange gave no reason" : text })
  if (known !== undefined) return known
  if (status < 300) return unclear({ ...about, code }, text)
  // Numbers for codes are the gateway's, which knows nothing of what became of a request.
  return typeof body.code === "string" ? UnlistedError.fromStatus(answer, { code, text }) : undefined
}

const unclear = (
  about: Omit<ExchangeError.About, "detail">,
  text: string
): ExchangeError.ExchangeUnavailable =>
  new ExchangeError.ExchangeUnavailable({
    ...about,
    detail: `the exchange failed with a code that is not known here${text === "" ? "" : `: ${text}`}`,
    outcome: "Unknown"
  })

/**
 * The error of one order among several.
 *
 * @since 0.1.0
 * @category classification
 */
export const fromAck = (operation: string, { sCode, sMsg = "" }: Ack, now: number): ExchangeError.TradingError => {
  const about = { exchange: "okx", operation, code: sCode }
  const detail = printable(sMsg)
  return byCode({ status: 200, headers: {}, now }, { ...about, detail }) ?? unclear(about, detail)
}

// Nothing but words and numbers: whatever is longer than those has no place in an error.
const printable = (text: string): string =>
  text.replace(/[^\x20-\x7e]+/g, " ").replace(/\S{25,}/g, "…").trim().slice(0, 200) || "the exchange gave no reason"

const byCode = (
  answer: Pick<Protocol.Answer, "status" | "headers" | "now">,
  about: ExchangeError.About & { readonly code: string }
): ExchangeError.TradingError | undefined => {
  const category = categories.get(about.code)
  // What is busy comes with the status of a rate limit, and is none.
  if (answer.status === 429 && category !== "Unavailable") return limited(answer, about)
  switch (category) {
    case "ClockSkew":
      return new ExchangeError.ClockSkew(about)
    case "AuthenticationFailed":
      return new ExchangeError.AuthenticationFailed(about)
    case "PermissionDenied":
      return new ExchangeError.PermissionDenied(about)
    case "RateLimited":
      return limited(answer, about)
    case "SymbolNotFound":
      return new ExchangeError.SymbolNotFound(about)
    case "InvalidRequest":
      return new ExchangeError.InvalidRequest(about)
    case "InsufficientFunds":
      return new ExchangeError.InsufficientFunds(about)
    case "OrderRejected":
    case "Ended":
      return new ExchangeError.OrderRejected(about)
    case "DuplicateOrder":
      return new ExchangeError.DuplicateOrder(about)
    case "OrderNotFound":
      return new ExchangeError.OrderNotFound(about)
    case "Unavailable":
      return new ExchangeError.ExchangeUnavailable({ ...about, outcome: "Unknown" })
    case undefined:
      // 51xxx are about orders, 54xxx about what a market or an account allows: all of them refuse.
      return /^5[14]\d{3}$/.test(about.code) ? new ExchangeError.OrderRejected(about) : undefined
  }
}

// Windows are 2 seconds long, and OKX does not say when they end.
const limited = (
  { headers, now }: Pick<Protocol.Answer, "headers" | "now">,
  about: ExchangeError.About,
  outcome?: ExchangeError.Outcome
): ExchangeError.RateLimited =>
  new ExchangeError.RateLimited({
    ...about,
    outcome,
    retryAfter: RetryAfter.parse(headers["retry-after"], now) ?? Duration.seconds(2)
  })

// The firewall in front of the exchange answers with a page.
const blocked = ({ about, headers, now }: Protocol.Answer): ExchangeError.Banned =>
  new ExchangeError.Banned({
    ...about,
    outcome: "Unknown",
    detail: "the exchange's firewall refuses this address; nothing is sent for a while",
    until: now + Duration.toMillis(RetryAfter.parse(headers["retry-after"], now) ?? Duration.minutes(5))
  })
