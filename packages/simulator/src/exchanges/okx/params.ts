import * as Either from "effect/Either"
import type { World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import { reading } from "../../internal/fields.js"
import * as Ids from "../../internal/ids.js"
import type { Input } from "../../internal/inputs.js"
import type { Json } from "../../internal/json.js"
import type * as Table from "../../internal/table.js"
import * as Markets from "./markets.js"

/** @internal An error response: an HTTP status and a `code` other than "0". */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly msg: string
}

/** @internal */
export type Read<A> = Either.Either<A, Refusal>

/**
 * @internal Refuses a request. Business errors have HTTP status 200, malformed requests 400, and authentication errors
 * 401.
 */
export const refuse = (code: string, msg: string, status = 200): Read<never> => Either.left({ status, code, msg })

/** @internal */
export const missing = (name: string): Read<never> => refuse("50014", `Parameter ${name} can not be empty`, 400)

/** @internal */
export const wrong = (name: string): Read<never> => refuse("51000", `Parameter ${name} error`, 400)

/** @internal */
export const {
  all,
  amount,
  between,
  byMember,
  byName,
  does,
  integer,
  mapped,
  oneOf,
  optional,
  optionalAmount,
  required,
  shows
} = reading<Refusal, Body>(wrong, missing)

/** @internal The result of an endpoint. Its code is "0" unless some ("2") or all ("1") of the operations failed. */
export interface Body {
  readonly data: ReadonlyArray<Json>
  readonly code?: string | undefined
  readonly msg?: string | undefined
}

/** @internal Answers a request. `input` is empty if the body is not a JSON object. */
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
export const listing = byName("instId", Markets.find, noInstrument)

/**
 * @internal Reads the instrument that `instId` names, which must be live: suspended instruments have no market data.
 */
export const live = byName("instId", Markets.live, noInstrument)

/** @internal Reads a count from 1 to `largest`. */
export const count = (otherwise: number, largest: number, name = "limit") => integer(name, otherwise, largest, 1)

/** @internal Larger than the integers that a double holds exactly. */
export const orderIds = Ids.numbers(2_497_956_918_703_120_384n, 65_536n)

/** @internal */
export const billIds = Ids.numbers(2_498_000_000_000_000_000n, 1024n)

const ids = /^\d{1,19}$/

/**
 * @internal Reads a page of rows between two ids, both excluded. The rows are passed oldest first and returned newest
 * first.
 */
export const page = mapped(
  { limit: count(100, 100), after: optional("after", ids), before: optional("before", ids) },
  ({ after, before, limit }) => <A>(rows: ReadonlyArray<A>, idOf: (row: A) => string): ReadonlyArray<A> =>
    rows.toReversed().filter((row) =>
      (after === undefined || BigInt(idOf(row)) < BigInt(after)) &&
      (before === undefined || BigInt(idOf(row)) > BigInt(before))
    ).slice(0, limit)
)
