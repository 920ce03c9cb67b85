import * as Either from "effect/Either"
import { queryOf, type SimulatedRequest, type World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import { answering, type Fields, reading } from "../../internal/fields.js"
import { textOf } from "../../internal/inputs.js"
import * as Json from "../../internal/json.js"
import type * as Table from "../../internal/table.js"
import { type BinanceListing, listings } from "./markets.js"

/** @internal An error response. */
export interface Refusal {
  readonly status: number
  readonly code: number
  readonly msg: string
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** @internal */
export type Read<A> = Either.Either<A, Refusal>

/** @internal */
export type Answering = (params: Params, world: World, key: ApiKey | undefined) => Read<Table.Answer>

/** @internal */
export const refuse = (code: number, msg: string, status = 400): Read<never> => Either.left({ status, code, msg })

/** @internal The parameters of the query and the body together. */
export type Params = Fields

/** @internal */
export const parseParams = (request: SimulatedRequest): Read<Params> => {
  const sent = [queryOf(request.target), textOf(request.body)].flatMap((part) => [...new URLSearchParams(part)])
  const names = sent.map(([name]) => name)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  return twice === undefined
    ? Either.right(Object.fromEntries(sent))
    : refuse(-1101, `Duplicate values for parameter '${twice}'.`)
}

/** @internal */
export const illegal = (name: string, range: string): Read<never> =>
  refuse(-1100, `Illegal characters found in parameter '${name}'; legal range is '${range}'.`)

/** @internal */
export const missing = (name: string): Read<never> =>
  refuse(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`)

/** @internal */
export const { all, checked, does, shows } = answering<Refusal, Json.Json, Params>()

/** @internal */
export const { byMember } = reading(illegal, missing)

/** @internal Reads the required symbol of a request. */
export const symbol = (params: Params): Read<BinanceListing> =>
  params["symbol"] === undefined
    ? missing("symbol")
    : Either.flatMap(select(params), ({ listings: [found] }) =>
      found === undefined ? missing("symbol") : Either.right(found))

/** @internal Reads an optional whole number. */
export const whole = (name: string) => (params: Params): Read<number | undefined> => {
  const value = params[name]
  if (value === undefined) return Either.right(undefined)
  if (value === "") return refuse(-1105, `Parameter '${name}' was empty.`)
  return /^\d{1,20}$/.test(value) ? Either.right(Number(value)) : illegal(name, "^[0-9]{1,20}$")
}

/** @internal Reads the number of requested rows. A number above `largest` means `largest`. */
export const limit = (otherwise: number, largest: number) => (params: Params): Read<number> =>
  Either.flatMap(whole("limit")(params), (limit = otherwise) =>
    limit === 0
      ? refuse(-1130, "Data sent for parameter 'limit' is not valid.")
      : Either.right(Math.min(limit, largest)))

/** @internal A requested range of time. */
export interface Span {
  readonly startTime: number | undefined
  readonly endTime: number | undefined
}

/** @internal Reads the requested range of time, which is at most `longest` hours long if both ends are given. */
export const span = (longest = Infinity) =>
  checked({ startTime: whole("startTime"), endTime: whole("endTime") }, ({ endTime, startTime }): Read<Span> => {
    const length = (endTime ?? Infinity) - (startTime ?? -Infinity)
    if (length < 0) return refuse(-1130, "Data sent for parameter 'startTime' is not valid.")
    return length < Infinity && length > longest * 3_600_000
      ? refuse(-1127, `Lookup interval is too big. More than ${longest} hours between startTime and endTime.`)
      : Either.right({ startTime, endTime })
  })

/**
 * @internal Returns a page of rows: the oldest rows of a range that has a start time or a first id, otherwise the
 * newest rows.
 */
export const page = <Row>(rows: ReadonlyArray<Row>, limit: number, fromOldest: boolean): ReadonlyArray<Row> =>
  fromOldest ? rows.slice(0, limit) : rows.slice(-limit)

/** @internal */
export const within = ({ endTime, startTime }: Span, at: number): boolean =>
  (startTime === undefined || startTime <= at) && (endTime === undefined || at <= endTime)

const findSymbol = (symbol: string): Read<BinanceListing> => {
  const found = listings.find((listing) => listing.id === symbol)
  return found === undefined ? refuse(-1121, "Invalid symbol.") : Either.right(found)
}

/** @internal The symbols of a request. */
export interface Selection {
  readonly kind: "one" | "several" | "all"
  readonly listings: ReadonlyArray<BinanceListing>
}

/** @internal */
export const select = (params: Params): Read<Selection> => {
  const symbol = params["symbol"]
  const symbols = params["symbols"]
  if (symbol !== undefined && symbols !== undefined) {
    return refuse(-1128, "Combination of optional parameters invalid.")
  }
  if (symbol !== undefined) {
    if (symbol === "") return refuse(-1105, "Parameter 'symbol' was empty.")
    if (!/^[A-Z0-9_.\-\P{ASCII}]{1,50}$/u.test(symbol)) return illegal("symbol", "^[\\w\\-._&&[^a-z]]{1,50}$")
    return Either.map(findSymbol(symbol), (found): Selection => ({ kind: "one", listings: [found] }))
  }
  if (symbols !== undefined) {
    const names = Json.parse(symbols)
    if (!isNames(names)) return illegal("symbols", symbolsRange)
    if (new Set(names).size < names.length) return refuse(-1151, "Symbol is present multiple times in the list.")
    return Either.map(Either.all(names.map(findSymbol)), (found): Selection => ({ kind: "several", listings: found }))
  }
  return Either.right({ kind: "all", listings })
}

const symbolsRange = "^\\[(\"[\\w\\-._&&[^a-z]]{1,50}\"(,\"[\\w\\-._&&[^a-z]]{1,50}\"){0,}){0,1}\\]$"

const isNames = (names: unknown): names is ReadonlyArray<string> =>
  Array.isArray(names) && names.length > 0 &&
  names.every((name) => typeof name === "string" && /^[A-Z0-9_.\-\P{ASCII}]{1,50}$/u.test(name))

/** @internal */
export const flag = (name: string, otherwise: boolean) => (params: Params): Read<boolean> => {
  const value = params[name]
  if (value === undefined) return Either.right(otherwise)
  return value === "true" || value === "false" ? Either.right(value === "true") : illegal(name, "^(true|false)$")
}
