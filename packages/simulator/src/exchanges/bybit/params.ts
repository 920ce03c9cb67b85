import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import { reading } from "../../internal/fields.js"
import * as Ids from "../../internal/ids.js"
import { type Input, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import type * as Table from "../../internal/table.js"
import { type BybitListing, type Category, find } from "./markets.js"

/** @internal An error response: HTTP status 200 with a `retCode` other than 0. */
export interface Refusal {
  readonly code: number
  readonly msg: string
}

/** @internal */
export type Read<A> = Either.Either<A, Refusal>

/** @internal */
export const refuse = (code: number, msg: string): Read<never> => Either.left({ code, msg })

/** @internal */
export interface Body {
  readonly result: Json
  readonly extra?: Json | undefined
}

/** @internal */
export type Answering = (input: Input, world: World, key: ApiKey | undefined) => Read<Table.Answer<Body>>

/** @internal */
export const { byMember, byName, checked, does, integer, mapped, optional, required, shows } = reading<Refusal, Body>((
  name
) => refuse(10001, `params error: ${name} is invalid`))

const noCategory = refuse(10001, "params error: Category is invalid")

const categories = ["spot", "linear", "inverse", "option"] as const

/** @internal */
export const category = byName("category", (name) => categories.find((one) => one === name), noCategory, "")

/** @internal Reads the symbol of a request, which must be trading: other symbols have no market data. */
export const live = checked({ category }, ({ category }, _, input): Read<BybitListing> => {
  const listing = find(category, text(input, "symbol") ?? "")
  return listing?.status === "Trading" ? Either.right(listing) : refuse(10001, "Not supported symbols")
})

/** @internal Reads a `limit` from 1 to `largest`. */
export const limit = (otherwise: number, largest: number) => integer("limit", otherwise, largest, 1)

/**
 * @internal A page of rows, and the cursor of the next page. The cursor is already percent-encoded, as Bybit sends it.
 */
export interface Page<A> {
  readonly rows: ReadonlyArray<A>
  readonly nextPageCursor: string
}

const token = /^page_token(?:=|%3D)(\d{1,15})(?:&|%26)$/

/**
 * Reads the page that a cursor asks for. The cursor is accepted as it was sent, or percent-encoded once more.
 *
 * `after` is the number of the last row of the previous page, so that new rows do not shift the pages.
 *
 * @internal
 */
export const page = (otherwise: number, largest: number) =>
  mapped(
    { limit: limit(otherwise, largest), cursor: optional("cursor", token) },
    ({ cursor = "", limit }) => <A>(rows: ReadonlyArray<A>, number: (row: A) => number): Page<A> => {
      const [, after] = token.exec(cursor) ?? []
      const start = after === undefined ? 0 : rows.findIndex((row) => number(row) === Number(after)) + 1
      const shown = rows.slice(start, start + limit)
      const last = shown.at(-1)
      const isLast = last === undefined || start + limit >= rows.length
      return { rows: shown, nextPageCursor: isLast ? "" : `page_token%3D${number(last)}%26` }
    }
  )

// Spot ids have 19 digits, more than a double holds exactly. Contract ids are UUIDs.
const spotOrders = Ids.numbers(1_523_347_543_495_541_248n, 256n)
const spotFills = Ids.numbers(2_100_000_000_007_764_263n)
const [orders, fills] = [Ids.uuids("bybit/order"), Ids.uuids("bybit/execution")]

/** @internal */
export const orderId = ({ category }: Pick<BybitListing, "category">, id: number): string =>
  (category === "spot" ? spotOrders : orders).write(id)

/** @internal */
export const execId = ({ category }: BybitListing, id: number): string =>
  (category === "spot" ? spotFills : fills).write(id)

/**
 * @internal Returns the engine's number of an order of a category, or `undefined` if the id does not belong to the
 * category.
 */
export const parseOrderId = (category: Category, wire: string): number | undefined =>
  (category === "spot" ? spotOrders : orders).read(wire)
