/**
 * What BitMEX's endpoints have in common: refusals, parameters and the tables that can be filtered.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Dialect from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import type { Engine } from "../../engine/Engine.js"
import * as Json from "../../internal/json.js"

/** @internal */
export interface Refusal {
  readonly status: number
  readonly message: string
  readonly name: string
}

/** @internal */
export const refuse = (status: number, message: string, name = "HTTPError"): Either.Either<never, Refusal> =>
  Either.left({ status, message, name })

/** @internal What an endpoint answers, and the engine after it when something was traded. */
export interface Answer {
  readonly body: Json.Json
  readonly engine?: Engine | undefined
}

/** @internal The fields of a JSON object or a form. */
export type Fields = Readonly<Record<string, unknown>>

/** @internal What was sent: the query, and the body or else the query as fields. */
export interface Input {
  readonly params: URLSearchParams
  readonly fields: Fields
}

/** @internal What a key must be allowed to do. */
export type Right = "read" | "order"

/** @internal */
export interface Endpoint {
  /** Absent where no key is needed. */
  readonly signed?: Right | undefined
  /** Metered a second time, by the second. */
  readonly ordering?: boolean | undefined
  readonly answer: (input: Input, world: Dialect.World, key: ApiKey | undefined) => Either.Either<Answer, Refusal>
}

/** @internal Endpoints by method and path. */
export type Endpoints = Readonly<Record<string, Endpoint>>

/** @internal */
export type Row = { readonly [column: string]: Json.Json | undefined }

const isRecord = (json: unknown): json is Fields => typeof json === "object" && json !== null && !Array.isArray(json)

/** @internal */
export const inputOf = (request: Dialect.SimulatedRequest): Either.Either<Input, Refusal> => {
  const params = new URLSearchParams(Dialect.queryOf(request.target))
  const text = decoder.decode(request.body)
  if (text === "") return Either.right({ params, fields: Object.fromEntries(params) })
  if (!text.trimStart().startsWith("{") && text.includes("=")) {
    return Either.right({ params, fields: Object.fromEntries(new URLSearchParams(text)) })
  }
  const fields = Json.parse(text)
  return isRecord(fields)
    ? Either.right({ params, fields })
    : refuse(400, "The request body is not a JSON object", "SyntaxError")
}

const integer = (
  params: URLSearchParams,
  name: string,
  otherwise: number,
  largest: number
): Either.Either<number, Refusal> => {
  const text = params.get(name) ?? String(otherwise)
  return /^\d{1,9}$/.test(text) && Number(text) <= largest
    ? Either.right(Number(text))
    : refuse(400, `\`${name}\` must be an integer between 0 and ${largest}`, "ValidationError")
}

/** @internal */
export const depthOf = (params: URLSearchParams): Either.Either<number, Refusal> =>
  integer(params, "depth", 25, 999_999_999)

const instant = (params: URLSearchParams, name: string): Either.Either<number | undefined, Refusal> => {
  const text = params.get(name)
  if (text === null || text === "") return Either.right(undefined)
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at)
    ? refuse(400, `\`${name}\` must be an ISO-8601 date`, "ValidationError")
    : Either.right(at)
}

/** @internal The part of a table that is asked for. */
export interface Page {
  readonly count: number
  readonly start: number
  readonly reverse: boolean
  readonly startTime: number | undefined
  readonly endTime: number | undefined
}

/** @internal */
export const pageOf = (params: URLSearchParams, largest = 500): Either.Either<Page, Refusal> =>
  Either.gen(function*() {
    return {
      count: yield* integer(params, "count", 100, largest),
      start: yield* integer(params, "start", 0, 999_999_999),
      reverse: params.get("reverse") === "true",
      startTime: yield* instant(params, "startTime"),
      endTime: yield* instant(params, "endTime")
    }
  })

const objectOf = (text: unknown): unknown => typeof text === "string" ? text === "" ? {} : Json.parse(text) : text

/** @internal The value of `filter`, wherever it was sent. */
export const filterOf = (filter: unknown): Either.Either<Fields, Refusal> => {
  const value = objectOf(filter ?? {})
  return isRecord(value) ? Either.right(value) : refuse(400, "`filter` must be a JSON object", "ValidationError")
}

const columnsOf = (params: URLSearchParams): Either.Either<ReadonlyArray<string> | undefined, Refusal> => {
  const text = params.get("columns")
  if (text === null || text === "") return Either.right(undefined)
  const columns = text.startsWith("[") ? Json.parse(text) : text.split(",")
  return Array.isArray(columns) && columns.every((column) => typeof column === "string")
    ? Either.right(columns)
    : refuse(400, "`columns` must be a JSON array of column names", "ValidationError")
}

/** @internal Whether a row has the values of a filter; `hidden` are columns that only filters see. */
export const matches = (filter: Fields, hidden: (row: Row) => Row = () => ({})) => (row: Row): boolean => {
  const seen = { ...row, ...hidden(row) }
  return Object.entries(filter).every(([column, wanted]) => {
    const value: unknown = Json.parse(Json.encode(seen[column] ?? null))
    return Array.isArray(wanted) ? wanted.includes(value) : wanted === value
  })
}

/** @internal A page of a table whose rows are given from the oldest on. */
export const table = (
  params: URLSearchParams,
  rows: ReadonlyArray<Row>,
  options: {
    readonly largest?: number | undefined
    readonly keys?: ReadonlyArray<string> | undefined
    readonly hidden?: ((row: Row) => Row) | undefined
  } = {}
): Either.Either<Answer, Refusal> =>
  Either.gen(function*() {
    const filter = yield* filterOf(params.get("filter"))
    const columns = yield* columnsOf(params)
    const { count, endTime, reverse, start, startTime } = yield* pageOf(params, options.largest)
    const timely = ({ timestamp }: Row): boolean => {
      const at = typeof timestamp === "string" ? Date.parse(timestamp) : 0
      return (startTime === undefined || startTime <= at) && (endTime === undefined || at <= endTime)
    }
    const found = rows.filter((row) => timely(row) && matches(filter, options.hidden)(row))
    const ordered = reverse ? found.toReversed() : found
    const keys = options.keys ?? ["symbol"]
    return {
      body: ordered.slice(start, start + count).map((row) =>
        columns === undefined
          ? row
          : Object.fromEntries(
            Object.entries(row).filter(([column]) => keys.includes(column) || columns.includes(column))
          )
      )
    }
  })

const decoder = new TextDecoder()
