import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import type { Engine } from "../../Engine.js"
import type { Json } from "../../internal/json.js"
import { type DeribitListing, find } from "./markets.js"

/** @internal What a method is called with, each value as text. */
export type Params = Readonly<Record<string, string>>

/** @internal The code and the HTTP status of each message that an error can have. */
const errors = {
  "Parse error": [-32700, 400],
  "Invalid Request": [-32600, 400],
  "Method not found": [-32601, 400],
  "Invalid params": [-32602, 400],
  authorization_required: [10000, 401],
  qty_too_low: [10002, 400],
  order_not_found: [10004, 400],
  price_too_low: [10005, 400],
  price_too_high: [10007, 400],
  not_enough_funds: [10009, 400],
  book_closed: [10012, 400],
  invalid_or_unsupported_instrument: [10020, 400],
  too_many_requests: [10028, 429],
  must_be_websocket_request: [10030, 400],
  price_wrong_tick: [10043, 400],
  already_filled: [11008, 400],
  other_reject: [11030, 400],
  not_open_order: [11044, 400],
  system_maintenance: [11051, 503],
  post_only_reject: [11054, 400],
  internal_server_error: [11094, 500],
  invalid_credentials: [13004, 400],
  unauthorized: [13009, 401],
  not_found: [13020, 400],
  forbidden: [13021, 403],
  timed_out: [13888, 400]
} as const

/** @internal */
export interface Refusal {
  readonly reason: keyof typeof errors
  /** What stands behind the message, such as the limit that was passed. */
  readonly detail?: string | undefined
  readonly data?: Json | undefined
}

/** @internal The HTTP status of a refusal, and the error object in the body. */
export const errorOf = ({ data, detail, reason }: Refusal): readonly [status: number, error: Json] => {
  const [code, status] = errors[reason]
  return [status, { message: detail === undefined ? reason : `${reason} ${detail}`, data, code }]
}

/** @internal What a method gives, and the engine after it when it traded. */
export type Answered = Either.Either<readonly [result: Json, engine?: Engine], Refusal>

/** @internal */
export type Answer = (params: Params, world: World) => Answered

/** @internal */
export const refuse = (reason: Refusal["reason"], more: Omit<Refusal, "reason"> = {}): Either.Either<never, Refusal> =>
  Either.left({ reason, ...more })

/** @internal */
export const invalid = (param: string, reason: string): Either.Either<never, Refusal> =>
  refuse("Invalid params", { data: { reason, param } })

/** @internal */
export const required = (params: Params, name: string): Either.Either<string, Refusal> => {
  const value = params[name] ?? ""
  return value === "" ? invalid(name, "value required") : Either.right(value)
}

/** @internal One of a few words, `otherwise` when the parameter is absent. */
export const oneOf = <A extends string>(
  params: Params,
  name: string,
  words: ReadonlyArray<A>,
  otherwise?: NoInfer<A>
): Either.Either<A, Refusal> => {
  const word = words.find((one) => one === (params[name] ?? otherwise))
  return word === undefined ? invalid(name, `invalid ${name}`) : Either.right(word)
}

/** @internal A whole number up to `most`. */
export const integer = <A>(
  params: Params,
  name: string,
  otherwise: A,
  most = Number.MAX_SAFE_INTEGER
): Either.Either<number | A, Refusal> => {
  const value = params[name]
  if (value === undefined) return Either.right(otherwise)
  return /^\d{1,16}$/.test(value) && Number(value) <= most ? Either.right(Number(value)) : invalid(name, "out of range")
}

/** @internal A positive number, which JSON may write as `1e-7`. */
export const decimal = (
  params: Params,
  name: string
): Either.Either<BigDecimal.BigDecimal | undefined, Refusal> => {
  const value = params[name]
  if (value === undefined) return Either.right(undefined)
  if (!/^\d{1,20}(\.\d{1,20})?(e[+-]?\d{1,2})?$/i.test(value)) return invalid(name, "must be a number")
  const number = BigDecimal.unsafeFromString(value)
  return BigDecimal.isPositive(number) ? Either.right(number) : invalid(name, "must be positive")
}

/** @internal */
export const flag = (params: Params, name: string): boolean => params[name] === "true"

/** @internal The instrument that is named; `unknown` is what is said when there is none of that name. */
export const listingOf = (
  params: Params,
  unknown: Refusal["reason"] = "not_found"
): Either.Either<DeribitListing, Refusal> =>
  Either.flatMap(required(params, "instrument_name"), (name) => {
    const listing = find(name)
    return listing === undefined ? refuse(unknown) : Either.right(listing)
  })

const sortings = ["default", "asc", "desc"] as const

/** @internal The order and the number of rows, with what narrows them to a stretch of time. */
export interface Page {
  readonly count: number
  readonly sorting: (typeof sortings)[number]
  readonly from: number | undefined
  readonly to: number | undefined
}

/** @internal */
export const pageOf = (params: Params): Either.Either<Page, Refusal> =>
  Either.all({
    count: integer(params, "count", 10, 1000),
    sorting: oneOf(params, "sorting", sortings, "default"),
    from: integer(params, "start_timestamp", undefined),
    to: integer(params, "end_timestamp", undefined)
  })

/** @internal Rows of a page out of all, oldest first: from its start when ascending from one, the latest otherwise. */
export const paged = <A extends { readonly at: number }>(
  all: ReadonlyArray<A>,
  { count, from = 0, sorting, to = Number.MAX_SAFE_INTEGER }: Page,
  row: (one: A) => Json
): Json => {
  const within = all.filter(({ at }) => from <= at && at <= to)
  const shown = sorting === "asc" && from > 0
    ? within.slice(0, count)
    : within.slice(Math.max(0, within.length - count))
  return { trades: (sorting === "asc" ? shown : shown.toReversed()).map(row), has_more: within.length > shown.length }
}
