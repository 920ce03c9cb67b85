import * as Wire from "../Wire.js"

/**
 * The part of a value that the exchange's row contains. Core adds the exchange and the symbol.
 *
 * @since 0.1.0
 * @category models
 */
export type Payload<A> = Omit<A, "exchange" | "symbol">

/**
 * The same for a row that contains the exchange's name of its market.
 *
 * @since 0.1.0
 * @category models
 */
export type Of<A> = Payload<A> & { readonly market: string }

/**
 * A field for each property, including the optional ones.
 *
 * @since 0.1.0
 * @category models
 */
export type Fields<A> = { readonly [K in keyof A]-?: Wire.Field<A[K]> }

/**
 * Reads a custom row, such as one of a listing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = <const F extends { readonly [name: string]: Wire.Field<unknown> }>(
  fields: F
): Wire.Row<Wire.Values<F>> => row(fields, {})

/**
 * Reads a row, and further fields next to it: `{ row, ...fields }`. Its identifiers are those of the row.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withFields = <A, const F extends { readonly [name: string]: Wire.Field<unknown> }>(
  row: Wire.Row<A>,
  fields: F
): Wire.Row<Wire.Values<F & { readonly row: Wire.Row<A> }>> => ({
  ...Wire.record({ ...fields, row }),
  identify: row.identify
})

/**
 * The fields that identify a row.
 *
 * @internal
 */
export interface Names {
  readonly id?: Wire.Field<string>
  readonly market?: Wire.Field<string>
  readonly clientOrderId?: Wire.Field<string | undefined>
  readonly createdAt?: Wire.Field<number | undefined>
}

/**
 * Reads a row that is identified by the given fields.
 *
 * @internal
 */
export const row = <const F extends { readonly [name: string]: Wire.Field<unknown> }>(
  fields: F,
  names: Names
): Wire.Row<Wire.Values<F>> => ({
  ...Wire.record(fields),
  identify: (value) => ({
    id: found(names.id, value),
    market: found(names.market, value),
    clientOrderId: found(names.clientOrderId, value),
    createdAt: found(names.createdAt, value)
  })
})

/**
 * Reads a field, `undefined` if there is none or it cannot be decoded.
 *
 * @internal
 */
export const found = <A>(field: Wire.Field<A | undefined> | undefined, value: unknown): A | undefined => {
  const taken = field?.take(value)
  return taken === Wire.unread ? undefined : taken
}
