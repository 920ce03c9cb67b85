import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import { type Fields, reading } from "../../internal/fields.js"
import type { Answer } from "../../internal/table.js"
import { find } from "./markets.js"

/** @internal The refusal of a request. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** @internal */
export type Read<A> = Either.Either<A, Refusal>

/** @internal */
export type Answering = (params: Fields, world: World, key: ApiKey | undefined) => Read<Answer>

/** @internal */
export const refuse = (status: number, code: string, message: string): Read<never> =>
  Either.left({ status, code, message })

/** @internal */
export const { byName, decimal, does, integer, oneOf, optional, required, shows } = reading((name, reason) =>
  refuse(400, "INVALID_PARAMETER", `${name}: ${reason}`)
)

/** @internal The market that a request names. */
export const market = byName("market", find, refuse(404, "NO_SUCH_MARKET", "there is no such market"))
