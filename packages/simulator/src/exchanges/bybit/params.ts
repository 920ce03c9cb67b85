import * as Either from "effect/Either"
import type * as Engine from "../../engine/Engine.js"
import * as Hash from "../../engine/internal/hash.js"
import { type Input, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import { type BybitListing, type Category, find } from "./markets.js"

/** @internal An error answer: HTTP 200 with a `retCode` that is not 0. */
export interface Refusal {
  readonly code: number
  readonly msg: string
}

/** @internal */
export const refuse = (code: number, msg: string): Either.Either<never, Refusal> => Either.left({ code, msg })

/** @internal What an endpoint answers with, and the engine after it when it traded. */
export interface Answer {
  readonly result: Json
  readonly extra?: Json | undefined
  readonly engine?: Engine.Engine | undefined
}

/** @internal */
export type Answered = Either.Either<Answer, Refusal>

/** @internal */
export const categoryOf = (input: Input): Either.Either<Category, Refusal> => {
  const category = text(input, "category")
  return category === "spot" || category === "linear" || category === "inverse" || category === "option"
    ? Either.right(category)
    : refuse(10001, "params error: Category is invalid")
}

/** @internal A listing of market data; those that no longer trade have none. */
export const listingOf = (category: Category, input: Input): Either.Either<BybitListing, Refusal> => {
  const listing = find(category, text(input, "symbol") ?? "")
  return listing === undefined || listing.status !== "Trading"
    ? refuse(10001, "Not supported symbols")
    : Either.right(listing)
}

/** @internal A `limit` from 1 to `largest`. */
export const limitOf = (input: Input, otherwise: number, largest: number): Either.Either<number, Refusal> => {
  const value = text(input, "limit") ?? String(otherwise)
  return /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= largest
    ? Either.right(Number(value))
    : refuse(10001, "params error: limit is invalid")
}

/** @internal One page of rows, and the cursor of the next: percent text already, as Bybit gives it. */
export interface Page<A> {
  readonly rows: ReadonlyArray<A>
  readonly nextPageCursor: string
}

/**
 * The page a cursor asks for. It is understood as it was given and also when it was encoded once more on its way.
 *
 * `after` is the number of the last row seen, so that rows added in between do not shift the page.
 *
 * @internal
 */
export const page = <A>(
  rows: ReadonlyArray<A>,
  input: Input,
  limit: number,
  number: (row: A) => number
): Either.Either<Page<A>, Refusal> => {
  const cursor = text(input, "cursor")
  const token = cursor === undefined ? undefined : /^page_token(?:=|%3D)(\d{1,15})(?:&|%26)$/.exec(cursor)
  if (token === null) return refuse(10001, "params error: cursor is invalid")
  const start = token === undefined ? 0 : rows.findIndex((row) => number(row) === Number(token[1])) + 1
  const shown = rows.slice(start, start + limit)
  const last = shown.at(-1)
  return Either.right({
    rows: shown,
    nextPageCursor: last === undefined || start + limit >= rows.length ? "" : `page_token%3D${number(last)}%26`
  })
}

// --- ids: 19 digits for spot, beyond what a double holds; UUIDs for contracts

const spotOrders = 1_523_347_543_495_541_248n
const spotFills = 2_100_000_000_007_764_263n

/** @internal */
export const orderId = (listing: BybitListing, id: number): string =>
  listing.category === "spot" ? String(spotOrders + BigInt(id) * 256n) : uuid("order", id)

/** @internal */
export const execId = (listing: BybitListing, id: number): string =>
  listing.category === "spot" ? String(spotFills + BigInt(id)) : uuid("execution", id)

/** @internal The engine's number of an order of this category, or `undefined` when the id is of none. */
export const parseOrderId = (category: Category, wire: string): number | undefined => {
  if (category === "spot") {
    const offset = /^\d{19}$/.test(wire) ? BigInt(wire) - spotOrders : -1n
    return offset > 0n && offset % 256n === 0n ? Number(offset / 256n) : undefined
  }
  const id = Number.parseInt(wire.slice(-12), 16)
  return uuid("order", id) === wire ? id : undefined
}

const uuid = (kind: string, id: number): string => {
  const word = (salt: number): string => Hash.pair(Hash.text(`bybit/${kind}`), salt, id).toString(16).padStart(8, "0")
  const middle = word(2)
  return `${word(1)}-${middle.slice(0, 4)}-4${middle.slice(4, 7)}-8${word(3).slice(0, 3)}-${
    id.toString(16).padStart(12, "0")
  }`
}
