import * as Either from "effect/Either"
import * as Record from "effect/Record"
import type { SimulatedRequest, World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import { reading } from "../../internal/fields.js"
import { fromForm, fromQuery, type Input, isInput, textOf } from "../../internal/inputs.js"
import * as Json from "../../internal/json.js"
import type { Meters } from "../../internal/meters.js"
import type * as Table from "../../internal/table.js"

/** @internal A value or a Kraken error, which is a text of severity, category and message. */
export type Read<A> = Either.Either<A, string>

/** @internal The caller of a private endpoint: its key and the nonce of the request. */
export interface Caller {
  readonly key: ApiKey
  readonly nonce: bigint
}

/** @internal */
export type Answering = (input: Input, world: World, meters: Meters, caller?: Caller) => Read<Table.Answer>

/** @internal */
export const refuse = (error: string): Read<never> => Either.left(error)

/** @internal */
export const invalid = (name: string): Read<never> => refuse(`EGeneral:Invalid arguments:${name}`)

/** @internal */
export const { all, amount, integer, oneOf, optional, optionalAmount, required, shows } = reading(invalid)

/**
 * @internal Reads the parameters: the query of a public request, or the body of a private one, which is a form unless
 * its content type is JSON.
 */
export const inputOf = (request: SimulatedRequest): Input => {
  if (request.method === "GET") return fromQuery(request.target)
  const body = textOf(request.body)
  if (!(request.headers["content-type"] ?? "").startsWith("application/json")) return fromForm(body)
  const json = inTexts(Json.parse(body))
  return isInput(json) ? json : {}
}

// Numbers and booleans are equivalent to their texts.
const inTexts = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inTexts)
  if (isInput(value)) return Record.map(value, inTexts)
  return typeof value === "number" || typeof value === "boolean" ? String(value) : value
}

/** @internal Returns the digits of the nonce as sent, as a JSON number beyond 2^53 would lose digits. */
export const nonceOf = (body: string): string | undefined =>
  /(?:^|&)nonce=(\d{1,20})(?:&|$)/.exec(body)?.[1] ?? /"nonce"\s*:\s*"?(\d{1,20})"?\s*[,}]/.exec(body)?.[1]
