import * as Either from "effect/Either"
import { type Fields, type Readers, reading } from "../../internal/fields.js"
import type { Input } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import type { Fault } from "../../internal/jsonRpc.js"
import type { Answer } from "../../internal/table.js"
import type { World } from "../../World.js"
import { find } from "./markets.js"

/** @internal */
export type Refusal = Fault

/** @internal */
export type Read<A> = Either.Either<A, Refusal>

/** @internal */
export type Answering = (params: Fields, world: World) => Read<Answer>

/** @internal */
export const refuse = (code: number, message: string, data?: Json): Read<never> => Either.left({ code, message, data })

/** @internal Returns when a request was received and answered, in microseconds. */
export const timed = (now: number) => ({ usIn: now * 1000, usOut: now * 1000 + 185, usDiff: 185, testnet: false })

/** @internal */
export const tooMany: Refusal = { code: 10028, message: "too_many_requests" }

/** @internal */
export const invalid = (param: string, reason: string) => refuse(-32602, "Invalid params", { reason, param })

/** @internal */
export const { all, decimal, does, flag, integer, byName, oneOf, optional, required, shows } = reading(invalid)

/**
 * @internal Reads the instrument of a request. Market data and trading have different errors for an unknown instrument.
 */
export const listing = byName("instrument_name", find, refuse(13020, "not_found"))

/** @internal */
export const traded = byName("instrument_name", find, refuse(10020, "invalid_or_unsupported_instrument"))

/** @internal */
export const [currency, label] = [required("currency"), required("label")]

/** @internal The parameters that a request must have. */
export type Needed<A> = Readers<A, Refusal>

const span = all({
  count: integer("count", 10, 1000),
  sorting: oneOf("sorting", ["default", "asc", "desc"], "default"),
  from: integer("start_timestamp", 0),
  to: integer("end_timestamp", Infinity)
})

/**
 * @internal Reads a page of rows, which are passed oldest first. The page is the beginning of an ascending range that
 * has a start, and otherwise the latest rows.
 */
export const page = (input: Input, world: World) =>
  Either.map(
    span(input, world),
    ({ count, from, sorting, to }) =>
    <A extends { readonly at: number }>(all: ReadonlyArray<A>, row: (one: A) => Json) => {
      const isRising = sorting === "asc"
      const within = all.filter(({ at }) =>
        from <= at && at <= to
      )
      const shown = isRising && from > 0 ? within.slice(0, count) : within.slice(-count)
      const trades = (isRising ? shown : shown.toReversed()).map(row)
      return { trades, has_more: within.length > shown.length }
    }
  )
