import * as Either from "effect/Either"
import type * as Engine from "../../engine/Engine.js"
import { type Input, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import { find, type OkxListing } from "./markets.js"

/** @internal An error answer: a status, and a `code` that is not "0". */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly msg: string
}

/** @internal Business errors come with HTTP 200, malformed requests with 400, those that may not ask with 401. */
export const refuse = (code: string, msg: string, status = 200): Either.Either<never, Refusal> =>
  Either.left({ status, code, msg })

/** @internal */
export const missing = (name: string): Either.Either<never, Refusal> =>
  refuse("50014", `Parameter ${name} can not be empty`, 400)

/** @internal */
export const wrong = (name: string): Either.Either<never, Refusal> => refuse("51000", `Parameter ${name} error`, 400)

/** @internal What an endpoint answers with, and the engine after it when it traded. */
export interface Answer {
  readonly data: ReadonlyArray<Json>
  /** "0" unless some ("2") or all ("1") of what was asked for failed. */
  readonly code?: string | undefined
  readonly msg?: string | undefined
  readonly engine?: Engine.Engine | undefined
}

/** @internal */
export type Answered = Either.Either<Answer, Refusal>

const unknownInstrument = "Instrument ID, Instrument ID code, or Spread ID doesn't exist."

/** @internal */
export const listingOf = (input: Input): Either.Either<OkxListing, Refusal> => {
  const instId = text(input, "instId")
  if (instId === undefined) return missing("instId")
  const listing = find(instId)
  return listing === undefined ? refuse("51001", unknownInstrument) : Either.right(listing)
}

/** @internal A listing of market data; those that are suspended have none. */
export const liveOf = (input: Input): Either.Either<OkxListing, Refusal> =>
  Either.flatMap(
    listingOf(input),
    (listing) => listing.state === "live" ? Either.right(listing) : refuse("51001", unknownInstrument)
  )

/** @internal A count from 1 to `largest`. */
export const countOf = (
  input: Input,
  otherwise: number,
  largest: number,
  name = "limit"
): Either.Either<number, Refusal> => {
  const value = text(input, name) ?? String(otherwise)
  return /^\d{1,4}$/.test(value) && Number(value) >= 1 && Number(value) <= largest
    ? Either.right(Number(value))
    : wrong(name)
}

/** @internal An instant, or undefined when none is given. */
export const instantOf = (input: Input, name: string): Either.Either<number | undefined, Refusal> => {
  const value = text(input, name)
  if (value === undefined) return Either.right(undefined)
  return /^\d{1,15}$/.test(value) ? Either.right(Number(value)) : wrong(name)
}

// --- ids: beyond what a double holds

const firstOrder = 2_497_956_918_703_120_384n
const firstBill = 2_498_000_000_000_000_000n

/** @internal */
export const orderId = (id: number): string => String(firstOrder + BigInt(id) * 65_536n)

/** @internal The engine's number of an order, or `undefined` when the id is of none. */
export const parseOrderId = (wire: string): number | undefined => {
  const offset = /^\d{1,19}$/.test(wire) ? BigInt(wire) - firstOrder : -1n
  return offset > 0n && offset % 65_536n === 0n ? Number(offset / 65_536n) : undefined
}

/** @internal */
export const billId = (id: number): string => String(firstBill + BigInt(id) * 1024n)

/** @internal The part of `rows`, newest first, that lies between two ids, both excluded. */
export const page = <A>(
  rows: ReadonlyArray<A>,
  input: Input,
  limit: number,
  id: (row: A) => string
): Either.Either<ReadonlyArray<A>, Refusal> => {
  const after = text(input, "after")
  const before = text(input, "before")
  if (after !== undefined && !/^\d{1,19}$/.test(after)) return wrong("after")
  if (before !== undefined && !/^\d{1,19}$/.test(before)) return wrong("before")
  return Either.right(
    rows
      .filter((row) =>
        (after === undefined || BigInt(id(row)) < BigInt(after)) &&
        (before === undefined || BigInt(id(row)) > BigInt(before))
      )
      .slice(0, limit)
  )
}
