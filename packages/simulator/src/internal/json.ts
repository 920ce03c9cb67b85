import * as BigDecimal from "effect/BigDecimal"
import * as Decimal from "../engine/internal/decimal.js"

/** @internal A JSON document whose numbers may be exact: a `bigint` and a `BigDecimal` print as number literals. */
export type Json =
  | null
  | boolean
  | number
  | string
  | bigint
  | BigDecimal.BigDecimal
  | ReadonlyArray<Json>
  | { readonly [key: string]: Json | undefined }

/** @internal The text of a document; members that are `undefined` are left out. */
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

/** @internal A document parsed from text, or `undefined` when the text is not JSON. */
export const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isArray = (json: object): json is ReadonlyArray<Json> => Array.isArray(json)
