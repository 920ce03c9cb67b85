import * as BigDecimal from "effect/BigDecimal"
import * as Dialect from "../Dialect.js"
import * as Json from "./json.js"

/** @internal What a request asks with: the parameters of its query, or the members of its JSON body. */
export type Input = Readonly<Record<string, unknown>>

/** @internal */
export const fromQuery = (target: string): Input => Object.fromEntries(new URLSearchParams(Dialect.queryOf(target)))

/** @internal The JSON value of a body, or `undefined` when there is none. */
export const fromBody = (body: Uint8Array): unknown => Json.parse(decoder.decode(body))

/** @internal */
export const isInput = (value: unknown): value is Input =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** @internal A text that is there and not empty. */
export const text = (input: Input, name: string): string | undefined => {
  const value = input[name]
  return typeof value === "string" && value !== "" ? value : undefined
}

/** @internal A positive decimal in plain digits; exchanges refuse `1e-3` and so does this. */
export const amount = (input: Input, name: string): BigDecimal.BigDecimal | undefined => {
  const value = text(input, name)
  if (value === undefined || !/^\d{1,20}(\.\d{1,20})?$/.test(value)) return undefined
  const decimal = BigDecimal.unsafeFromString(value)
  return BigDecimal.isPositive(decimal) ? decimal : undefined
}

/** @internal A flag as a JSON boolean or as its text. */
export const flag = (input: Input, name: string): boolean => input[name] === true || input[name] === "true"

/** @internal An integer of at most 15 digits, `otherwise` when the parameter is absent, `undefined` when malformed. */
export const integer = <A>(input: Input, name: string, otherwise: A): number | A | undefined => {
  const value = text(input, name)
  if (value === undefined) return otherwise
  return /^\d{1,15}$/.test(value) ? Number(value) : undefined
}

const decoder = new TextDecoder()
