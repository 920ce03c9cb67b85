import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { SimulatedRequest } from "../../Dialect.js"
import { queryOf } from "../../Dialect.js"
import * as Json from "../../internal/json.js"

/** @internal What a request says, from its query, its form or its JSON body. */
export type Fields = Readonly<Record<string, unknown>>

/** @internal A Kraken error: severity, category and message in one text. */
export type Refused = Either.Either<never, string>

/** @internal */
export const refuse = (error: string): Refused => Either.left(error)

/** @internal */
export const invalid = (name: string): Refused => refuse(`EGeneral:Invalid arguments:${name}`)

/** @internal */
export const isRecord = (json: unknown): json is Fields =>
  typeof json === "object" && json !== null && !Array.isArray(json)

/** @internal The query of a public request. */
export const queryFields = (request: SimulatedRequest): Fields =>
  Object.fromEntries(new URLSearchParams(queryOf(request.target)))

/** @internal The body of a private request: a form, unless its content type says JSON. */
export const bodyFields = (request: SimulatedRequest, body: string): Fields => {
  if (!(request.headers["content-type"] ?? "").startsWith("application/json")) {
    return Object.fromEntries(new URLSearchParams(body))
  }
  const json = Json.parse(body)
  return isRecord(json) ? json : {}
}

/** @internal The nonce's digits as sent: a JSON number beyond 2^53 keeps all of them. */
export const nonceOf = (body: string): string | undefined =>
  /(?:^|&)nonce=(\d{1,20})(?:&|$)/.exec(body)?.[1] ?? /"nonce"\s*:\s*"?(\d{1,20})"?\s*[,}]/.exec(body)?.[1]

/** @internal A field as text; absent when empty. */
export const text = (fields: Fields, name: string): string | undefined => {
  const value = fields[name]
  if (typeof value === "string") return value === "" ? undefined : value
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined
}

/** @internal */
export const flag = (fields: Fields, name: string): boolean => text(fields, name) === "true"

/** @internal A whole number between two bounds, both included. */
export const integer = (
  fields: Fields,
  name: string,
  otherwise: number,
  lowest: number,
  highest: number
): Either.Either<number, string> => {
  const value = text(fields, name) ?? String(otherwise)
  return /^\d{1,15}$/.test(value) && Number(value) >= lowest && Number(value) <= highest
    ? Either.right(Number(value))
    : invalid(name)
}

/** @internal A positive plain decimal. */
export const decimal = (fields: Fields, name: string): Either.Either<BigDecimal.BigDecimal, string> => {
  const value = text(fields, name) ?? ""
  const parsed = /^\d{1,20}(\.\d{1,20})?$/.test(value) ? BigDecimal.fromString(value) : Option.none()
  return Option.isSome(parsed) && BigDecimal.isPositive(parsed.value) ? Either.right(parsed.value) : invalid(name)
}

/** @internal The items of a comma list or of a JSON array of texts. */
export const list = (fields: Fields, name: string): ReadonlyArray<string> => {
  const value = fields[name]
  if (Array.isArray(value)) return value.map(String)
  return (text(fields, name) ?? "").split(",").map((item) => item.trim()).filter((item) => item !== "")
}
