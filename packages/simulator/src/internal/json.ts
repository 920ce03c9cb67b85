import * as BigDecimal from "effect/BigDecimal"
import * as Record from "effect/Record"
import * as Decimal from "../engine/internal/decimal.js"

/** @internal A JSON document with exact numbers: a `bigint` and a `BigDecimal` are encoded as number literals. */
export type Json =
  | null
  | boolean
  | number
  | string
  | bigint
  | BigDecimal.BigDecimal
  | ReadonlyArray<Json>
  | { readonly [key: string]: Json | undefined }

/** @internal Encodes a document as text. Leaves out members that are `undefined`. */
export const encode = (json: Json): string => {
  if (typeof json === "bigint") return json.toString()
  if (json === null || typeof json !== "object") return JSON.stringify(json)
  if (BigDecimal.isBigDecimal(json)) return Decimal.plain(json)
  if (isArray(json)) return `[${json.map(encode).join(",")}]`
  return `{${
    Object.entries(json)
      .flatMap(([key, value]) => value === undefined ? [] : [`${JSON.stringify(key)}:${encode(value)}`])
      .join(",")
  }}`
}

/** @internal Returns an object with the same value under each of the space-separated names. */
export const columns = <A>(names: string, value: A): Readonly<Record<string, A>> =>
  Object.fromEntries(names.split(/\s+/).map((name) => [name, value]))

/**
 * @internal Returns a document with its decimals as strings, for exchanges that send no number literals for them. `write`
 * defaults to plain digits without trailing zeros.
 */
export const quoted = (json: Json, write: (decimal: BigDecimal.BigDecimal) => string = Decimal.plain): Json => {
  if (json === null || typeof json !== "object") return json
  if (BigDecimal.isBigDecimal(json)) return write(json)
  return isArray(json)
    ? json.map((item) => quoted(item, write))
    : Record.map(json, (value) => value === undefined ? undefined : quoted(value, write))
}

/** @internal Parses a document. Returns `undefined` if the text is not JSON. */
export const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isArray = (json: object): json is ReadonlyArray<Json> => Array.isArray(json)
