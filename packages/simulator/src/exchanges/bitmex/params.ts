/**
 * The parts that BitMEX's endpoints share: errors, parameters and filtered tables.
 *
 * @internal
 */
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import type { SimulatedRequest } from "../../Dialect.js"
import { reading } from "../../internal/fields.js"
import { flag, fromForm, fromQuery, type Input, instantOf, isInput, text, textOf } from "../../internal/inputs.js"
import * as Json from "../../internal/json.js"
import type * as Table from "../../internal/table.js"

/** @internal */
export interface Refusal {
  readonly status: number
  readonly message: string
  readonly name: string
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** @internal */
export type Read<A> = Either.Either<A, Refusal>

/** @internal */
export const refuse = (status: number, message: string, name = "HTTPError"): Read<never> =>
  Either.left({ status, message, name })

/** @internal */
export const invalid = (message: string): Read<never> => refuse(400, message, "ValidationError")

/**
 * @internal The parameters of a request. `params` are those of the query, and `fields` those of a JSON or form body, or
 * else of the query.
 */
export interface Asked {
  readonly params: Input
  readonly fields: Input
}

/** @internal */
export type Answering = (asked: Asked, world: World) => Read<Table.Answer>

/** @internal Reads the parameters. Returns `undefined` if the body is neither a JSON object nor a form. */
export const asked = (request: SimulatedRequest): Asked | undefined => {
  const params = fromQuery(request.target)
  const body = textOf(request.body)
  if (body === "") return { params, fields: params }
  if (!body.trimStart().startsWith("{") && body.includes("=")) return { params, fields: fromForm(body) }
  const fields = Json.parse(body)
  return isInput(fields) ? { params, fields } : undefined
}

/** @internal */
export type Row = { readonly [column: string]: Json.Json | undefined }

/** @internal */
export const { instant } = reading((name, reason) => invalid(`\`${name}\` ${reason}`))

/** @internal */
export const integer = (params: Input, name: string, otherwise: number, most = 999_999_999): Read<number> => {
  const value = text(params, name) ?? String(otherwise)
  return /^\d{1,9}$/.test(value) && Number(value) <= most
    ? Either.right(Number(value))
    : invalid(`\`${name}\` must be an integer between 0 and ${most}`)
}

/** @internal Reads the requested range of a table. */
export const pageOf = (params: Input, largest = 500) =>
  Either.gen(function*() {
    return {
      count: yield* integer(params, "count", 100, largest),
      start: yield* integer(params, "start", 0),
      reverse: flag(params, "reverse"),
      startTime: yield* instant("startTime")(params),
      endTime: yield* instant("endTime")(params)
    }
  })

/** @internal Parses the value of `filter`, from a query or a body. */
export const filterOf = (filter: unknown): Read<Input> => {
  const value = typeof filter === "string" && filter !== "" ? Json.parse(filter) : filter || {}
  return isInput(value) ? Either.right(value) : invalid("`filter` must be a JSON object")
}

const columnsOf = (params: Input): Read<ReadonlyArray<string> | undefined> => {
  const names = text(params, "columns")
  if (names === undefined) return Either.right(undefined)
  const columns = names.startsWith("[") ? Json.parse(names) : names.split(",")
  return Array.isArray(columns) && columns.every((column) => typeof column === "string")
    ? Either.right(columns)
    : invalid("`columns` must be a JSON array of column names")
}

/** @internal Returns `true` if a row has the values of a filter. `hidden` adds columns that only filters see. */
export const matches = (filter: Input, hidden: (row: Row) => Row = () => ({})) => (row: Row): boolean => {
  const seen = { ...row, ...hidden(row) }
  return Object.entries(filter).every(([column, wanted]) => {
    const value: unknown = Json.parse(Json.encode(seen[column] ?? null))
    return Array.isArray(wanted) ? wanted.includes(value) : wanted === value
  })
}

/** @internal Returns a page of a table. The rows are passed oldest first. */
export const table = (
  params: Input,
  rows: ReadonlyArray<Row>,
  options: {
    readonly largest?: number | undefined
    readonly keys?: ReadonlyArray<string> | undefined
    readonly hidden?: ((row: Row) => Row) | undefined
  } = {}
): Read<Table.Answer> =>
  Either.gen(function*() {
    const filter = yield* filterOf(params["filter"])
    const columns = yield* columnsOf(params)
    const { count, endTime = Infinity, reverse, start, startTime = -Infinity } = yield* pageOf(params, options.largest)
    const timely = ({ timestamp }: Row): boolean => {
      const at = typeof timestamp === "string" ? instantOf(timestamp) ?? 0 : 0
      return startTime <= at && at <= endTime
    }
    const found = rows.filter((row) => timely(row) && matches(filter, options.hidden)(row))
    const ordered = reverse ? found.toReversed() : found
    const keys = options.keys ?? ["symbol"]
    const shows = (column: string) => columns === undefined || keys.includes(column) || columns.includes(column)
    return [
      ordered.slice(start, start + count)
        .map((row): Row => Object.fromEntries(Object.entries(row).filter(([column]) => shows(column))))
    ]
  })
