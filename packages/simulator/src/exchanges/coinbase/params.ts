import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import { reading } from "../../internal/fields.js"
import type { Input } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import type * as Table from "../../internal/table.js"

/** @internal An error response: the status, and a body with the reason unless only the status is sent. */
export interface Refusal {
  readonly status: number
  readonly body?: Json | undefined
}

/** @internal */
export type Read<A> = Either.Either<A, Refusal>

/** @internal */
export type Answering = (input: Input, world: World, key: ApiKey | undefined) => Read<Table.Answer>

/** @internal */
export const refuse = (status: number, error: string, message: string): Read<never> =>
  Either.left({ status, body: { error, error_details: message, message } })

/** @internal */
export const invalid = (message: string): Read<never> => refuse(400, "INVALID_ARGUMENT", message)

/** @internal */
export const { between, byMember, does, instant, integer, mapped, shows } = reading<Refusal>((name) =>
  invalid(`${name} argument is invalid`)
)

/** @internal Reads a page of rows. The cursor is the position of the next page, or empty if there is none. */
export const page = (standard: number, largest: number) =>
  mapped(
    { limit: integer("limit", standard), start: integer("cursor", 0) },
    ({ limit, start }) => <A>(rows: ReadonlyArray<A>) => {
      const end = start + (limit === 0 ? standard : Math.min(limit, largest))
      return { rows: rows.slice(start, end), cursor: end < rows.length ? String(end) : "" }
    }
  )
