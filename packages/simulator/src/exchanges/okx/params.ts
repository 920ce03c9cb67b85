import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import { reading } from "../../internal/fields.js"
import * as Ids from "../../internal/ids.js"
import { type Input, text } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import type * as Table from "../../internal/table.js"
import { find, type OkxListing } from "./markets.js"

/** @internal An error answer: a status, and a `code` that is not "0". */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly msg: string
}

/** @internal */
export type Read<A> = Either.Either<A, Refusal>

/** @internal Business errors come with HTTP 200, malformed requests with 400, those that may not ask with 401. */
export const refuse = (code: string, msg: string, status = 200): Read<never> => Either.left({ status, code, msg })

/** @internal */
export const missing = (name: string): Read<never> => refuse("50014", `Parameter ${name} can not be empty`, 400)

/** @internal */
export const wrong = (name: string): Read<never> => refuse("51000", `Parameter ${name} error`, 400)

/** @internal */
export const { integer } = reading(wrong)

/** @internal What an endpoint answers with: its code is "0" unless some ("2") or all ("1") of what was asked failed. */
export interface Body {
  readonly data: ReadonlyArray<Json>
  readonly code?: string | undefined
  readonly msg?: string | undefined
}

/** @internal `input` is empty where the body is no JSON object. */
export type Answering = (
  input: Input,
  world: World,
  key: ApiKey | undefined,
  body: unknown
) => Read<Table.Answer<Body>>

/** @internal */
export const noInstrument: Read<never> = refuse(
  "51001",
  "Instrument ID, Instrument ID code, or Spread ID doesn't exist."
)

/** @internal */
export const listingOf = (input: Input): Read<OkxListing> => {
  const instId = text(input, "instId")
  if (instId === undefined) return missing("instId")
  const listing = find(instId)
  return listing === undefined ? noInstrument : Either.right(listing)
}

/** @internal A listing of market data; those that are suspended have none. */
export const liveOf = (input: Input): Read<OkxListing> =>
  Either.flatMap(
    listingOf(input),
    (listing) => listing.state === "live" ? Either.right(listing) : noInstrument
  )

/** @internal A count from 1 to `largest`. */
export const countOf = (input: Input, otherwise: number, largest: number, name = "limit"): Read<number> =>
  integer(input, name, otherwise, largest, 1)

/** @internal Beyond what a double holds. */
export const orderIds = Ids.numbers(2_497_956_918_703_120_384n, 65_536n)

/** @internal */
export const billIds = Ids.numbers(2_498_000_000_000_000_000n, 1024n)

/** @internal The part of `rows`, newest first, that lies between two ids, both excluded. */
export const page = <A>(
  rows: ReadonlyArray<A>,
  input: Input,
  limit: number,
  id: (row: A) => string
): Read<ReadonlyArray<A>> => {
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
