/**
 * The rows of an exchange, read into our words: one constructor for each kind of row. Each wants every field said, or said
 * to be `Wire.none`, so that one that is misspelt or forgotten does not compile.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type * as Balance from "../model/Balance.js"
import type * as Candle from "../model/Candle.js"
import type * as Fills from "../model/Fill.js"
import type * as Orders from "../model/Order.js"
import type * as OrderBook from "../model/OrderBook.js"
import type * as Positions from "../model/Position.js"
import type * as Tickers from "../model/Ticker.js"
import type * as Trades from "../model/Trade.js"
import * as Wire from "./Wire.js"

/**
 * What the exchange says of one market: who says it, and of what, is added by core.
 *
 * @since 0.1.0
 * @category models
 */
export type Said<A> = Omit<A, "exchange" | "symbol">

/**
 * The same in a row that names its market, as the exchange calls it.
 *
 * @since 0.1.0
 * @category models
 */
export type Of<A> = Said<A> & { readonly market: string }

/**
 * A field for each property, those that may be left out among them.
 *
 * @since 0.1.0
 * @category models
 */
export type Fields<A> = { readonly [K in keyof A]-?: Wire.Field<A[K]> }

/**
 * Of a ticker without an instant `at` is when the answer came.
 *
 * @since 0.1.0
 * @category models
 */
export type Ticker = Omit<Said<Tickers.Ticker>, "at"> & { readonly at: number | undefined }

/**
 * @since 0.1.0
 * @category models
 */
export type TickerOf = Ticker & { readonly market: string }

/**
 * @since 0.1.0
 * @category models
 */
export type Trade = Said<Trades.Trade>

/**
 * @since 0.1.0
 * @category models
 */
export type Bar = Pick<Candle.Candle, "openTime" | "open" | "high" | "low" | "close" | "volume">

/**
 * @since 0.1.0
 * @category models
 */
export type Level = OrderBook.Level

/**
 * Amounts are in what the exchange counts in (see `unit` of a declaration).
 *
 * @since 0.1.0
 * @category models
 */
export type Order = Of<Orders.Order>

/**
 * @since 0.1.0
 * @category models
 */
export type Fill = Of<Fills.Fill>

/**
 * @since 0.1.0
 * @category models
 */
export type Position = Of<Positions.Position>

/**
 * Reads a ticker.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ticker = (fields: Fields<Ticker>): Wire.Row<Ticker> => row(fields, {})

/**
 * Reads a ticker in a list, which names its market.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tickerOf = (fields: Fields<TickerOf>): Wire.Row<TickerOf> => row(fields, { market: fields.market })

/**
 * Reads a public trade.
 *
 * @since 0.1.0
 * @category constructors
 */
export const trade = (fields: Fields<Trade>): Wire.Row<Trade> => row(fields, { id: fields.id })

/**
 * Reads a candle.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bar = (fields: Fields<Bar>): Wire.Row<Bar> => row(fields, {})

/**
 * Reads a level of an order book.
 *
 * @since 0.1.0
 * @category constructors
 */
export const level = (fields: Fields<Level>): Wire.Row<Level> => row(fields, {})

/**
 * Reads an order.
 *
 * @since 0.1.0
 * @category constructors
 */
export const order = (fields: Fields<Order>): Wire.Row<Order> => row(fields, fields)

/**
 * Reads a fill.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fill = (fields: Fields<Fill>): Wire.Row<Fill> => row(fields, fields)

/**
 * Reads a position.
 *
 * @since 0.1.0
 * @category constructors
 */
export const position = (fields: Fields<Position>): Wire.Row<Position> => row(fields, { market: fields.market })

/**
 * Reads a balance.
 *
 * @since 0.1.0
 * @category constructors
 */
export const balance = (fields: Fields<Balance.Balance>): Wire.Row<Balance.Balance> => row(fields, { id: fields.asset })

/**
 * Reads a row of the author's own, of a listing for example.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = <const F extends { readonly [name: string]: Wire.Field<unknown> }>(
  fields: F
): Wire.Row<Wire.Values<F>> => row(fields, {})

interface Names {
  readonly id?: Wire.Field<string>
  readonly market?: Wire.Field<string>
  readonly clientOrderId?: Wire.Field<string | undefined>
  readonly createdAt?: Wire.Field<number | undefined>
}

const row = <const F extends { readonly [name: string]: Wire.Field<unknown> }>(
  fields: F,
  names: Names
): Wire.Row<Wire.Values<F>> => ({
  read: Wire.record(fields),
  identify: (value) => {
    const found = <A>(field: Wire.Field<A | undefined> = Wire.none): A | undefined =>
      Either.getOrUndefined(field.read(value))
    return {
      id: found(names.id),
      market: found(names.market),
      clientOrderId: found(names.clientOrderId),
      createdAt: found(names.createdAt)
    }
  }
})
