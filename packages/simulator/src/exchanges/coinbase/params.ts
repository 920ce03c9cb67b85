import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Json } from "../../internal/json.js"

/** @internal A request that was not served: the status and the body that says why. */
export interface Refusal {
  readonly status: number
  readonly body: Json
}

/** @internal */
export type Answer = Either.Either<Json, Refusal>

/** @internal */
export const refuse = (status: number, error: string, message: string): Either.Either<never, Refusal> =>
  Either.left({ status, body: { error, error_details: message, message } })

/** @internal */
export const invalid = (message: string): Either.Either<never, Refusal> => refuse(400, "INVALID_ARGUMENT", message)

/** @internal The values of a parameter that may be repeated. */
export const all = (query: URLSearchParams, name: string): ReadonlyArray<string> =>
  query.getAll(name).filter((value) => value !== "")

/** @internal A whole number, `otherwise` when it is absent. */
export const integer = <A>(
  query: URLSearchParams,
  name: string,
  otherwise: A
): Either.Either<number | A, Refusal> => {
  const value = query.get(name) ?? ""
  if (value === "") return Either.right(otherwise)
  return /^\d{1,12}$/.test(value) ? Either.right(Number(value)) : invalid(`${name} argument is invalid`)
}

/** @internal An RFC 3339 time in milliseconds since the epoch. */
export const instant = (query: URLSearchParams, name: string): Either.Either<number | undefined, Refusal> => {
  const value = query.get(name) ?? ""
  if (value === "") return Either.right(undefined)
  const at = /^\d{4}-\d\d-\d\dT/.test(value) ? DateTime.make(value) : Option.none()
  return Option.isSome(at) ? Either.right(at.value.epochMillis) : invalid(`${name} argument is invalid`)
}

/** @internal */
export const iso = (now: number): string => DateTime.formatIso(DateTime.unsafeMake(now))

/** @internal A page of rows; the cursor is the place of the next one, empty when there is none. */
export const page = <A>(
  rows: ReadonlyArray<A>,
  query: URLSearchParams,
  standard: number,
  largest: number
): Either.Either<{ readonly rows: ReadonlyArray<A>; readonly cursor: string }, Refusal> =>
  Either.gen(function*() {
    const limit = Math.min(yield* integer(query, "limit", standard), largest)
    const start = yield* integer(query, "cursor", 0)
    const end = start + (limit === 0 ? standard : limit)
    return { rows: rows.slice(start, end), cursor: end < rows.length ? String(end) : "" }
  })
