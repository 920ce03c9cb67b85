import * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"
import type * as Balance from "../../model/Balance.js"
import type { ExchangeStatus } from "../../model/ExchangeStatus.js"
import type * as Fills from "../../model/Fill.js"
import type * as Markets from "../../model/Market.js"
import type * as Orders from "../../model/Order.js"
import type * as Positions from "../../model/Position.js"
import * as Wire from "../Wire.js"
import { type Fields, found, type Of, row } from "./row.js"

/**
 * An order. Its amounts are in the exchange's unit (see `unit` of a declaration).
 *
 * @since 0.1.0
 * @category models
 */
export type Order = Of<Orders.Order>

/**
 * A fill. Its amount is in the exchange's unit.
 *
 * @since 0.1.0
 * @category models
 */
export type Fill = Of<Fills.Fill>

/**
 * A position. Its amount is in the exchange's unit.
 *
 * @since 0.1.0
 * @category models
 */
export type Position = Of<Positions.Position>

/**
 * The paths of the identifiers of an order or a fill. `clientOrderId` is `undefined` if no row has one.
 *
 * @since 0.1.0
 * @category models
 */
export type Named = { readonly [N in "id" | "market"]: Wire.Path } & { readonly clientOrderId: Wire.Path | undefined }

/**
 * Reads the identifiers of an order or a fill at the given paths: its id, its market, and its client order id, which
 * may be missing.
 *
 * @since 0.1.0
 * @category fields
 */
export const names = ({ clientOrderId, id, market }: Named): Pick<Fields<Order>, keyof Named> => ({
  id: Wire.at(id, Wire.text),
  market: Wire.at(market, Wire.text),
  clientOrderId: clientOrderId === undefined ? Wire.none : Wire.at(clientOrderId, Wire.blank(Wire.text))
})

/**
 * Reads the identifiers of a fill as {@link names} does, and the id of its order.
 *
 * @since 0.1.0
 * @category fields
 */
export const namesOfFill = (
  { orderId, ...named }: Named & { readonly orderId: Wire.Path }
): Pick<Fields<Fill>, keyof Named | "orderId"> => ({ ...names(named), orderId: Wire.at(orderId, Wire.text) })

/**
 * Reads the status of an order. The table has the exchange's words for each status of the library, separated by spaces.
 * A word that is not in the table cannot be decoded.
 *
 * @since 0.1.0
 * @category fields
 */
export const status = <const S extends Orders.Status>(
  path: Wire.Path,
  table: { readonly [K in S]: string }
): Wire.Field<S> => Wire.at(path, Wire.meaning(table))

/**
 * Reads the status of a market or of the exchange. The table has the exchange's words for each status of the library,
 * separated by spaces. A word that is not in the table is read as `unknown`.
 *
 * @since 0.1.0
 * @category fields
 */
export const statusOrUnknown = <const S extends Markets.Market["status"] | ExchangeStatus["status"]>(
  path: Wire.Path,
  table: { readonly [K in S]: string }
): Wire.Field<S | "unknown"> => Wire.at(path, Wire.meaningOr(table, "unknown"))

/**
 * Reads the filled amount of an order. A missing amount is zero, unless `isFilled` reads `true`: the amount is then
 * required and must be positive.
 *
 * @since 0.1.0
 * @category fields
 */
export const filled = <D>(
  path: Wire.Path,
  decimal: Schema.Schema<BigDecimal.BigDecimal, D>,
  isFilled: Wire.Field<boolean>
): Wire.Field<BigDecimal.BigDecimal> =>
  Wire.orElse(
    Wire.when(isFilled, true, Wire.at(path, decimal.pipe(Schema.positiveBigDecimal()))),
    Wire.at(path, Wire.orZero(decimal))
  )

/**
 * Reads an order. Its average price is kept only if some of it is filled, and its price only if it is not a market
 * order.
 *
 * @since 0.1.0
 * @category constructors
 */
export const order = (fields: Fields<Order>): Wire.Row<Order> => {
  const read = row(fields, fields)
  return {
    ...read,
    ...Wire.map(read, (order) => ({
      ...order,
      price: order.type === "market" ? undefined : order.price,
      averagePrice: BigDecimal.isPositive(order.filled) ? order.averagePrice : undefined
    }))
  }
}

/**
 * Reads a fill.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fill = (fields: Fields<Fill>): Wire.Row<Fill> => row(fields, fields)

/**
 * Reads a row that contains a fill if `isFill` reads `true` (by default always). The `id` must be unique: pages are
 * merged by it, and a trade with yourself has two fills with one trade id.
 *
 * @since 0.1.0
 * @category constructors
 */
export const entry = (
  id: Wire.Field<string | undefined>,
  fill: Wire.Row<Fill>,
  isFill: Wire.Field<boolean> = Wire.always(true)
): Wire.Row<Entry> => ({
  ...Wire.all({ id, fill: Wire.when(isFill, true, fill) }, (entry) => entry),
  identify: (value) => ({ ...fill.identify(value), id: found(id, value) })
})

/**
 * A row of a history: with its fill, or without one if the row is about something else.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  readonly id: string | undefined
  readonly fill: Fill | undefined
}

/**
 * Reads a position. The side may be missing in a closed position, which the exchange may still report.
 *
 * @since 0.1.0
 * @category constructors
 */
export const position = (fields: Fields<Position>): Wire.Row<Position> => {
  const isClosed = Wire.map(fields.amount, BigDecimal.isZero)
  const side = Wire.orElse(Wire.unless(isClosed, true, fields.side), Wire.always("long"))
  return row({ ...fields, side }, { market: fields.market })
}

/**
 * Reads a balance.
 *
 * @since 0.1.0
 * @category constructors
 */
export const balance = (fields: Fields<Balance.Balance>): Wire.Row<Balance.Balance> => row(fields, { id: fields.asset })
