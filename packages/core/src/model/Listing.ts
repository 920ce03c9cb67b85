/**
 * A list as an exchange gave it: the rows that were understood, and what could be read of those that were not.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"

/**
 * A list in which no row hides another.
 *
 * @since 0.1.0
 * @category models
 */
export interface Listing<out A> {
  readonly rows: ReadonlyArray<A>
  readonly unknown: ReadonlyArray<Unknown>
}

/**
 * A row that was not understood: why, and the names in it that could be read all the same. `market` is the exchange's own
 * name of one.
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
 * A plain list, or a listing where some rows may not have been understood.
 *
 * @since 0.1.0
 * @category models
 */
export type Rows<A> = ReadonlyArray<A> | Listing<A>

/**
 * Makes a listing of either.
 *
 * @since 0.1.0
 * @category constructors
 */
export const from = <A>(rows: Rows<A>): Listing<A> => "unknown" in rows ? rows : of(rows)

/**
 * Makes a listing of rows that were all understood.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = <A>(rows: ReadonlyArray<A>): Listing<A> => ({ rows, unknown: [] })

/**
 * Joins listings, in their order.
 *
 * @since 0.1.0
 * @category combining
 */
export const flatten = <A>(listings: ReadonlyArray<Listing<A>>): Listing<A> => ({
  rows: listings.flatMap(({ rows }) => rows),
  unknown: listings.flatMap(({ unknown }) => unknown)
})

/**
 * Keeps one of the rows that are the same, by their ids unless it is said by what: the last, as it was read last.
 *
 * @since 0.1.0
 * @category filtering
 */
export const unique = <A extends { readonly id: string }>(
  listing: Listing<A>,
  key: (row: A) => string = ({ id }) => id
): Listing<A> => ({
  rows: [...new Map(listing.rows.map((row) => [key(row), row])).values()],
  unknown: listing.unknown
})

/**
 * Changes the rows that were understood.
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
 * Makes of each row none, one or several, as `Array.prototype.flatMap` does; what was not understood stays as it is.
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
 * Keeps the rows for which it holds, and all that were not understood.
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
 * Turns a listing around that begins with the newest, so that rows of one instant stay in the order of time.
 *
 * @since 0.1.0
 * @category ordering
 */
export const inOrder = <A>(listing: Listing<A>, order: "newest first" | "oldest first"): Listing<A> =>
  order === "oldest first" ? listing : { ...listing, rows: listing.rows.toReversed() }
