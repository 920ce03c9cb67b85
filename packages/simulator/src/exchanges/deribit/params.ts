import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import { type Fields, reading } from "../../internal/fields.js"
import type { Json } from "../../internal/json.js"
import type { Answer } from "../../internal/table.js"
import { type DeribitListing, find } from "./markets.js"

/** @internal */
export interface Refusal {
  readonly code: number
  readonly message: string
  readonly data?: Json | undefined
}

/** @internal */
export type Read<A> = Either.Either<A, Refusal>

/** @internal */
export type Answering = (params: Fields, world: World) => Read<Answer>

/** @internal */
export const refuse = (code: number, message: string, data?: Json): Read<never> => Either.left({ code, message, data })

/** @internal When a request came and went, in microseconds. */
export const timed = (now: number) => ({ usIn: now * 1000, usOut: now * 1000 + 185, usDiff: 185, testnet: false })

/** @internal */
export const tooMany: Refusal = { code: 10028, message: "too_many_requests" }

/** @internal */
export const invalid = (param: string, reason: string) => refuse(-32602, "Invalid params", { reason, param })

/** @internal */
export const { decimal, integer, oneOf, required } = reading(invalid)

/** @internal The instrument that is named; market data and trading say differently that there is none. */
export const listingOf = (params: Fields, absent = refuse(13020, "not_found")): Read<DeribitListing> =>
  Either.flatMap(required(params, "instrument_name"), (name) => {
    const listing = find(name)
    return listing === undefined ? absent : Either.right(listing)
  })

/** @internal */
export const traded = (params: Fields) => listingOf(params, refuse(10020, "invalid_or_unsupported_instrument"))

/** @internal What has to be said; an instrument has to exist too. */
export const needed = (params: Fields, names: ReadonlyArray<string>): Read<unknown> =>
  Either.all(names.map((name) => name === "instrument_name" ? traded(params) : required(params, name)))

/** @internal A page of rows that come oldest first: from its start when ascending from one, the latest otherwise. */
export const page = <A extends { readonly at: number }>(params: Fields, all: ReadonlyArray<A>, row: (one: A) => Json) =>
  Either.gen(function*() {
    const count = yield* integer(params, "count", 10, 1000)
    const isRising = (yield* oneOf(params, "sorting", ["default", "asc", "desc"], "default")) === "asc"
    const from = yield* integer(params, "start_timestamp", 0)
    const to = yield* integer(params, "end_timestamp", Infinity)
    const within = all.filter(({ at }) => from <= at && at <= to)
    const shown = isRising && from > 0 ? within.slice(0, count) : within.slice(-count)
    const trades = (isRising ? shown : shown.toReversed()).map(row)
    return [{ trades, has_more: within.length > shown.length }] as const
  })
