/**
 * A list from an exchange: the rows that were understood, and the readable parts of the rows that were not.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"

/**
 * A list in which a row that is not understood does not hide the others.
 *
 * @since 0.1.0
 * @category models
 */
export interface Listing<out A> {
  readonly rows: ReadonlyArray<A>
  readonly unknown: ReadonlyArray<Unknown>
}

/**
 * A row that was not understood. `detail` is the reason; the other fields are those that could still be read. `market`
 * is the exchange's own id of the market.
 *
 * @since 0.1.0
 * @category models
 */
export interface Unknown {
  readonly id: string | undefined
  readonly market: string | undefined
  readonly clientOrderId: string | undefined
  readonly createdAt: number | undefined
  readonly detail: string
}

/**
 * A plain list, or a listing in which some rows may not have been understood.
 *
 * @since 0.1.0
 * @category models
 */
export type Rows<A> = ReadonlyArray<A> | Listing<A>

/**
 * Creates a listing from a plain list or a listing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const from = <A>(rows: Rows<A>): Listing<A> => "unknown" in rows ? rows : of(rows)

/**
 * Creates a listing of rows that were all understood.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = <A>(rows: ReadonlyArray<A>): Listing<A> => ({ rows, unknown: [] })

/**
 * Joins listings in order.
 *
 * @since 0.1.0
 * @category combining
 */
export const flatten = <A>(listings: ReadonlyArray<Listing<A>>): Listing<A> => ({
  rows: listings.flatMap(({ rows }) => rows),
  unknown: listings.flatMap(({ unknown }) => unknown)
})

/**
 * The parts of a row by which it is recognized when it is read again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Identified {
  readonly id?: string | undefined
  /** The order of a fill. */
  readonly orderId?: string | undefined
}

/**
 * Returns the key by which two rows are the same row: their id, and that of a fill together with its order, because an
 * account that trades with itself has two fills with the id of one trade. Returns `undefined` for a row without an id.
 *
 * @since 0.1.0
 * @category getters
 */
export const keyOf = ({ id, orderId }: Identified): string | undefined =>
  id === undefined || orderId === undefined ? id : `${id} ${orderId}`

/**
 * Removes duplicate rows: of rows with the same {@link keyOf}, keeps the last, which was read most recently. A row
 * without a key is no duplicate.
 *
 * @since 0.1.0
 * @category filtering
 */
export const unique = <A extends Identified>(listing: Listing<A>): Listing<A> => ({
  rows: [...new Map(listing.rows.map((row, index) => [keyOf(row) ?? index, row])).values()],
  unknown: listing.unknown
})

/**
 * Maps the rows that were understood.
 *
 * @since 0.1.0
 * @category mapping
 */
export const map: {
  <A, B>(f: (row: A) => B): (listing: Listing<A>) => Listing<B>
  <A, B>(listing: Listing<A>, f: (row: A) => B): Listing<B>
} = dual(2, <A, B>(listing: Listing<A>, f: (row: A) => B): Listing<B> => ({
  rows: listing.rows.map((row) => f(row)),
  unknown: listing.unknown
}))

/**
 * Maps each row to zero, one or several rows, like `Array.prototype.flatMap`. Rows that were not understood are kept.
 *
 * @since 0.1.0
 * @category mapping
 */
export const flatMap: {
  <A, B>(f: (row: A) => B | ReadonlyArray<B>): (listing: Listing<A>) => Listing<B>
  <A, B>(listing: Listing<A>, f: (row: A) => B | ReadonlyArray<B>): Listing<B>
} = dual(2, <A, B>(listing: Listing<A>, f: (row: A) => B | ReadonlyArray<B>): Listing<B> => ({
  rows: listing.rows.flatMap((row) => f(row)),
  unknown: listing.unknown
}))

/**
 * Keeps the rows that satisfy a predicate, and all rows that were not understood.
 *
 * @since 0.1.0
 * @category filtering
 */
export const filter: {
  <A>(holds: (row: A) => boolean): (listing: Listing<A>) => Listing<A>
  <A>(listing: Listing<A>, holds: (row: A) => boolean): Listing<A>
} = dual(2, <A>(listing: Listing<A>, holds: (row: A) => boolean): Listing<A> => ({
  rows: listing.rows.filter((row) => holds(row)),
  unknown: listing.unknown
}))

/**
 * Returns a listing with the oldest row first. A listing with the newest row first is reversed, so that rows of the
 * same instant stay in chronological order.
 *
 * @since 0.1.0
 * @category ordering
 */
export const inOrder = <A>(listing: Listing<A>, order: "newest first" | "oldest first"): Listing<A> =>
  order === "oldest first" ? listing : { ...listing, rows: listing.rows.toReversed() }
