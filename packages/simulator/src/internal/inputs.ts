import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Dialect from "../Dialect.js"
import * as Json from "./json.js"

/** @internal The input of a request: the parameters of its query, or the members of its JSON body. */
export type Input = Readonly<Record<string, unknown>>

/** @internal Parses URL-encoded parameters. A parameter that occurs more than once becomes a list. */
export const fromForm = (form: string): Input => {
  const params = new URLSearchParams(form)
  return Object.fromEntries([...params].map(([name, value]) => {
    const all = params.getAll(name)
    return [name, all.length > 1 ? all : value]
  }))
}

/** @internal */
export const fromQuery = (target: string): Input => fromForm(Dialect.queryOf(target))

/** @internal Parses a body as JSON. Returns `undefined` if the body is empty or not JSON. */
export const fromBody = (body: Uint8Array): unknown => Json.parse(textOf(body))

/** @internal */
export const textOf = (body: Uint8Array): string => decoder.decode(body)

/** @internal */
export const isInput = (value: unknown): value is Input =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** @internal Returns a string, or `undefined` if it is missing, empty or of another type. */
export const text = (input: Input, name: string): string | undefined => {
  const value = input[name]
  return typeof value === "string" && value !== "" ? value : undefined
}

/** @internal Returns the strings of a JSON list, of a repeated parameter, or of a comma-separated parameter. */
export const list = (input: Input, name: string): ReadonlyArray<string> => {
  const value = input[name]
  const all = Array.isArray(value) ? value.map(String) : (text(input, name) ?? "").split(",")
  return all.map((item) => item.trim()).filter((item) => item !== "")
}

/** @internal Returns a positive decimal in plain notation, or `undefined`: exchanges refuse `1e-3`. */
export const amount = (input: Input, name: string): BigDecimal.BigDecimal | undefined => {
  const value = text(input, name)
  if (value === undefined || !/^\d{1,20}(\.\d{1,20})?$/.test(value)) return undefined
  const decimal = BigDecimal.unsafeFromString(value)
  return BigDecimal.isPositive(decimal) ? decimal : undefined
}

/** @internal Reads a flag that is a JSON boolean or a string. */
export const flag = (input: Input, name: string): boolean => input[name] === true || input[name] === "true"

/** @internal Parses an ISO 8601 date, or date and time, to milliseconds since the epoch. */
export const instantOf = (iso: string): number | undefined =>
  /^\d{4}-\d\d-\d\d/.test(iso)
    ? Option.getOrUndefined(Option.map(DateTime.make(iso), DateTime.toEpochMillis))
    : undefined

/** @internal */
export const iso = (at: number): string => DateTime.formatIso(DateTime.unsafeMake(at))

const decoder = new TextDecoder()
