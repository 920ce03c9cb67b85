import * as Either from "effect/Either"
import { type Fields, type Readers, reading } from "../../internal/fields.js"
import type { Json } from "../../internal/json.js"
import type { Call, Fault } from "../../internal/jsonRpc.js"
import { bucket } from "../../internal/meters.js"
import type { Answer } from "../../internal/table.js"
import type { World } from "../../World.js"
import { find } from "./markets.js"

/** @internal */
export type Refusal = Fault

/** @internal */
export type Read<A> = Either.Either<A, Refusal>

/** @internal */
export const refuse = (code: number, message: string, data?: Json): Read<never> => Either.left({ code, message, data })

/** @internal */
export const tooMany: Refusal = { code: 10028, message: "too_many_requests" }

/** @internal */
export const invalid = (param: string, reason: string) => refuse(-32602, "Invalid params", { reason, param })

/** @internal */
export const readers = reading(invalid)

const { between, byName, integer, mapped, oneOf, optional, required, routing } = readers

/** @internal Encodes the response to a request that took 185 microseconds. Failures of the gateway have no times. */
export const response = (id: Call["id"], outcome: Read<Json>, now?: number): Json => ({
  jsonrpc: "2.0",
  id,
  ...Either.match(outcome, { onLeft: (error) => ({ error: { ...error } }), onRight: (result) => ({ result }) }),
  ...now === undefined ? {} : { usIn: now * 1000, usOut: now * 1000 + 185, usDiff: 185 },
  testnet: false
})

/**
 * @internal The token buckets of the account. An IP address without a key has buckets of the same size, which Deribit
 * does not document.
 */
export const limits = {
  ordinary: { rule: bucket(50_000, 10_000), cost: 500 },
  subscribe: { rule: bucket(30_000, 10_000), cost: 3000 },
  instruments: { rule: bucket(500_000, 10_000), cost: 10_000 },
  trading: { rule: bucket(20, 5), cost: 1 },
  cancel_all: { rule: bucket(20, 5), cost: 1 }
}

/** @internal A method, the bucket that pays for it, and the scope that it needs: private ones do even if they read. */
export interface Route {
  readonly meter: keyof typeof limits
  readonly needs?: string | undefined
  readonly answer: (params: Fields, world: World) => Read<Answer>
}

/** @internal */
export const { shows: open } = routing({ meter: "ordinary" })

/** @internal */
export const { shows: read } = routing({ meter: "ordinary", needs: "trade:read" })

/**
 * @internal Reads the instrument of a request. Market data and trading have different errors for an unknown instrument.
 */
export const listing = byName("instrument_name", find, refuse(13020, "not_found"))

/** @internal */
export const traded = byName("instrument_name", find, refuse(10020, "invalid_or_unsupported_instrument"))

/** @internal */
export const currency = required("currency")

/** @internal The parameters that a request must have. */
export type Needed<A> = Readers<A, Refusal>

/**
 * @internal Reads a page of trades, which are passed oldest first. The page is the beginning of an ascending range that
 * has a start, and otherwise the latest trades.
 */
export const page = mapped(
  {
    count: integer("count", 10, 1000),
    sorting: oneOf("sorting", ["default", "asc", "desc"], "default"),
    start: optional("start_timestamp"),
    isWithin: between("start_timestamp", "end_timestamp")
  },
  ({ count, isWithin, sorting, start }) =>
  <A extends { readonly at: number }>(all: ReadonlyArray<A>, row: (one: A) => Json) => {
    const within = all.filter(({ at }) => isWithin(at))
    const fromStart = sorting === "asc" && start !== undefined
    const trades = (fromStart ? within.slice(0, count) : within.slice(-count)).map(row)
    return { trades: sorting === "asc" ? trades : trades.toReversed(), has_more: within.length > trades.length }
  }
)
