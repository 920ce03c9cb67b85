import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import type { Engine } from "../../engine/Engine.js"
import type { Json } from "../../internal/json.js"
import { type DeribitListing, find } from "./markets.js"

/** @internal What a method is called with, each value as text. */
export type Params = Readonly<Record<string, string>>

/** @internal */
export interface Refusal {
  readonly code: number
  readonly message: string
  readonly data?: Json | undefined
}

/** @internal */
export type Read<A> = Either.Either<A, Refusal>

/** @internal What a method gives, and the engine after it when it traded. */
export type Answer = (params: Params, world: World) => Read<readonly [result: Json, engine?: Engine]>

/** @internal */
export const refuse = (code: number, message: string, data?: Json): Read<never> => Either.left({ code, message, data })

/** @internal */
export const invalid = (param: string, reason: string): Read<never> =>
  refuse(-32602, "Invalid params", { reason, param })

/** @internal */
export const required = (params: Params, name: string): Read<string> => {
  const value = params[name] ?? ""
  return value === "" ? invalid(name, "value required") : Either.right(value)
}

/** @internal One of a few words, `otherwise` when the parameter is absent. */
export const oneOf = <A extends string>(
  params: Params,
  name: string,
  words: ReadonlyArray<A>,
  otherwise?: NoInfer<A>
): Read<A> => {
  const word = words.find((one) => one === (params[name] ?? otherwise))
  return word === undefined ? invalid(name, `invalid ${name}`) : Either.right(word)
}

/** @internal A whole number up to `most`. */
export const integer = (params: Params, name: string, otherwise: number, most = Infinity): Read<number> => {
  const value = params[name]
  if (value === undefined) return Either.right(otherwise)
  return /^\d{1,15}$/.test(value) && Number(value) <= most ? Either.right(Number(value)) : invalid(name, "out of range")
}

/** @internal A positive number, which JSON may write as `1e-7`. */
export const decimal = (params: Params, name: string): Read<BigDecimal.BigDecimal | undefined> => {
  const value = params[name]
  if (value === undefined) return Either.right(undefined)
  if (!/^\d{1,20}(\.\d{1,20})?(e[+-]?\d{1,2})?$/i.test(value)) return invalid(name, "must be a number")
  const number = BigDecimal.unsafeFromString(value)
  return BigDecimal.isPositive(number) ? Either.right(number) : invalid(name, "must be positive")
}

/** @internal */
export const flag = (params: Params, name: string): boolean => params[name] === "true"

/** @internal The instrument that is named: market data and trading say differently that there is none. */
export const listingOf = (params: Params, as: "shown" | "traded" = "shown"): Read<DeribitListing> =>
  Either.flatMap(required(params, "instrument_name"), (name) => {
    const listing = find(name)
    if (listing !== undefined) return Either.right(listing)
    return as === "shown" ? refuse(13020, "not_found") : refuse(10020, "invalid_or_unsupported_instrument")
  })

/** @internal What has to be said; an instrument has to exist too. */
export const needed = (params: Params, names: ReadonlyArray<string>): Read<unknown> =>
  Either.all(names.map((name) => name === "instrument_name" ? listingOf(params, "traded") : required(params, name)))

interface Row {
  readonly at: number
}

/** @internal A page of rows that come oldest first: from its start when ascending from one, the latest otherwise. */
export const page = <A extends Row>(params: Params, all: ReadonlyArray<A>, row: (one: A) => Json): Read<[Json]> =>
  Either.gen(function*() {
    const count = yield* integer(params, "count", 10, 1000)
    const isRising = (yield* oneOf(params, "sorting", ["default", "asc", "desc"], "default")) === "asc"
    const from = yield* integer(params, "start_timestamp", 0)
    const to = yield* integer(params, "end_timestamp", Infinity)
    const within = all.filter(({ at }) => from <= at && at <= to)
    const shown = isRising && from > 0 ? within.slice(0, count) : within.slice(-count)
    return [{ trades: (isRising ? shown : shown.toReversed()).map(row), has_more: within.length > shown.length }]
  })
