import * as Either from "effect/Either"
import * as Dialect from "../../Dialect.js"
import * as Json from "../json.js"
import { type BinanceListing, listings } from "./markets.js"

/** @internal An error answer. */
export interface Refusal {
  readonly status: number
  readonly code: number
  readonly msg: string
}

/** @internal */
export const refuse = (code: number, msg: string, status = 400): Either.Either<never, Refusal> =>
  Either.left({ status, code, msg })

/** @internal Query and body together. */
export type Params = ReadonlyMap<string, string>

/** @internal */
export const parseParams = (request: Dialect.SimulatedRequest): Either.Either<Params, Refusal> => {
  const params = new Map<string, string>()
  for (const part of [Dialect.queryOf(request.target), decoder.decode(request.body)]) {
    for (const [name, value] of new URLSearchParams(part)) {
      if (params.has(name)) return refuse(-1101, `Duplicate values for parameter '${name}'.`)
      params.set(name, value)
    }
  }
  return Either.right(params)
}

/** @internal */
export const illegal = (name: string, range: string): Either.Either<never, Refusal> =>
  refuse(-1100, `Illegal characters found in parameter '${name}'; legal range is '${range}'.`)

/** @internal */
export const missing = (name: string): Either.Either<never, Refusal> =>
  refuse(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`)

const findSymbol = (symbol: string): Either.Either<BinanceListing, Refusal> => {
  const found = listings.find((listing) => listing.id === symbol)
  return found === undefined ? refuse(-1121, "Invalid symbol.") : Either.right(found)
}

/** @internal The symbols a request asks for. */
export interface Selection {
  readonly kind: "one" | "several" | "all"
  readonly listings: ReadonlyArray<BinanceListing>
}

/** @internal */
export const select = (params: Params): Either.Either<Selection, Refusal> => {
  const symbol = params.get("symbol")
  const symbols = params.get("symbols")
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
export const flag = (params: Params, name: string, otherwise: boolean): Either.Either<boolean, Refusal> => {
  const value = params.get(name)
  if (value === undefined) return Either.right(otherwise)
  return value === "true" || value === "false" ? Either.right(value === "true") : illegal(name, "^(true|false)$")
}

const decoder = new TextDecoder()
