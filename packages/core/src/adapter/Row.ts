/**
 * Readers for the rows of an exchange: one constructor for each kind of row. Each requires a field for every property,
 * or `Wire.none`, so that a misspelled or forgotten property does not compile.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Schema from "effect/Schema"
import type * as Balance from "../model/Balance.js"
import type * as Candle from "../model/Candle.js"
import type { ExchangeStatus } from "../model/ExchangeStatus.js"
import type * as Fills from "../model/Fill.js"
import type * as Markets from "../model/Market.js"
import type * as Orders from "../model/Order.js"
import type * as OrderBook from "../model/OrderBook.js"
import type * as Positions from "../model/Position.js"
import type * as Tickers from "../model/Ticker.js"
import type * as Trades from "../model/Trade.js"
import * as Wire from "./Wire.js"

/**
 * The part of a value that the exchange's row contains. Core adds the exchange and the symbol.
 *
 * @since 0.1.0
 * @category models
 */
export type Said<A> = Omit<A, "exchange" | "symbol">

/**
 * The same for a row that contains the exchange's name of its market.
 *
 * @since 0.1.0
 * @category models
 */
export type Of<A> = Said<A> & { readonly market: string }

/**
 * A field for each property, including the optional ones.
 *
 * @since 0.1.0
 * @category models
 */
export type Fields<A> = { readonly [K in keyof A]-?: Wire.Field<A[K]> }

/**
 * A market without its symbol, which core builds from the assets and `expiry` (`YYMMDD`, or an instant on that day in
 * epoch milliseconds). A market is left out, because it could be mistaken for another one, if its kind is unknown, if
 * its assets do not fit the symbol notation, if it is a contract without a settlement asset, or if it is a future
 * without an expiry.
 *
 * @since 0.1.0
 * @category models
 */
export type Market = Omit<Markets.Market, "symbol" | "kind"> & {
  readonly kind: Markets.Kind | undefined
  readonly expiry?: string | number | undefined
}

/**
 * A volume, or one volume for linear and one for inverse contracts where the exchange reports them in different fields:
 * `Row.of({ linear: at("volume", decimal), inverse: at("turnover", decimal) })`.
 *
 * @since 0.1.0
 * @category models
 */
export type Volume<A> = A | ByContract<A>

/**
 * The value for linear (and spot) contracts, and the value for inverse contracts, where the exchange reports them in
 * different fields.
 *
 * @since 0.1.0
 * @category models
 */
export interface ByContract<out A> {
  readonly linear: A
  readonly inverse: A
}

/**
 * A ticker. Where the exchange sends no timestamp, `at` is the time the response was received.
 *
 * @since 0.1.0
 * @category models
 */
export type Ticker = Omit<Said<Tickers.Ticker>, "at" | "volume24h"> & {
  readonly at: number | undefined
  readonly volume24h?: Volume<BigDecimal.BigDecimal | undefined>
}

/**
 * A ticker in a list, with the exchange's name of its market.
 *
 * @since 0.1.0
 * @category models
 */
export type TickerOf = Ticker & { readonly market: string }

/**
 * A public trade.
 *
 * @since 0.1.0
 * @category models
 */
export type Trade = Said<Trades.Trade>

/**
 * A candle.
 *
 * @since 0.1.0
 * @category models
 */
export type Bar = Pick<Candle.Candle, "openTime" | "open" | "high" | "low" | "close"> & {
  readonly volume: Volume<BigDecimal.BigDecimal>
}

/**
 * A candle of a feed. `isOpen` says whether it may still change, where the exchange reports that.
 *
 * @since 0.1.0
 * @category models
 */
export type BarSoFar = Bar & { readonly isOpen?: boolean | undefined }

/**
 * A level of an order book.
 *
 * @since 0.1.0
 * @category models
 */
export type Level = OrderBook.Level

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
 * Reads a ticker.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ticker = (fields: Fields<Ticker>): Wire.Row<Ticker> => row(fields, {})

/**
 * Reads a ticker in a list, with the name of its market.
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
export const trade = (fields: Fields<Trade>): Wire.Row<Trade> => ({
  ...row(fields, { id: fields.id }),
  // Trades come by the thousand: an object literal costs half as much as adding the properties one by one.
  take: (value) => {
    const id = fields.id.take(value)
    if (id === Wire.unread) return Wire.unread
    const side = fields.side.take(value)
    if (side === Wire.unread) return Wire.unread
    const price = fields.price.take(value)
    if (price === Wire.unread) return Wire.unread
    const amount = fields.amount.take(value)
    if (amount === Wire.unread) return Wire.unread
    const at = fields.at.take(value)
    return at === Wire.unread ? Wire.unread : { id, side, price, amount, at }
  }
})

/**
 * Reads a public trade whose id, price, amount and instant are at the given paths.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tradeAt = <T, D>(
  instant: Schema.Schema<number, T>,
  decimal: Schema.Schema<BigDecimal.BigDecimal, D>,
  { amount, at, id, price, side }:
    & { readonly [K in "id" | "price" | "amount" | "at"]: Wire.Path }
    & Pick<Fields<Trade>, "side">
): Wire.Row<Trade> =>
  trade({
    id: Wire.at(id, Wire.text),
    side,
    price: Wire.at(price, decimal),
    amount: Wire.at(amount, decimal),
    at: Wire.at(at, instant)
  })

/**
 * Reads a candle.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bar = (fields: Fields<Bar>): Wire.Row<Bar> => ({
  ...row(fields, {}),
  take: (value) => {
    const openTime = fields.openTime.take(value)
    if (openTime === Wire.unread) return Wire.unread
    const open = fields.open.take(value)
    if (open === Wire.unread) return Wire.unread
    const high = fields.high.take(value)
    if (high === Wire.unread) return Wire.unread
    const low = fields.low.take(value)
    if (low === Wire.unread) return Wire.unread
    const close = fields.close.take(value)
    if (close === Wire.unread) return Wire.unread
    const volume = fields.volume.take(value)
    return volume === Wire.unread ? Wire.unread : { openTime, open, high, low, close, volume }
  }
})

/**
 * Reads a candle whose open time, open, high, low, close and volume are at the given paths.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ohlcv = <T, D>(
  instant: Schema.Schema<number, T>,
  decimal: Schema.Schema<BigDecimal.BigDecimal, D>,
  [openTime, open, high, low, close, volume]: readonly [
    Wire.Path,
    Wire.Path,
    Wire.Path,
    Wire.Path,
    Wire.Path,
    Wire.Path
  ]
): Wire.Row<Bar> =>
  bar({
    openTime: Wire.at(openTime, instant),
    open: Wire.at(open, decimal),
    high: Wire.at(high, decimal),
    low: Wire.at(low, decimal),
    close: Wire.at(close, decimal),
    volume: Wire.at(volume, decimal)
  })

/**
 * Reads a candle together with the exchange's flag for whether it may still change. Without the flag, the clock would
 * report a candle as closed that was sent just before its end.
 *
 * @since 0.1.0
 * @category constructors
 */
export const barSoFar = (bar: Wire.Row<Bar>, isOpen: Wire.Field<boolean | undefined>): Wire.Row<BarSoFar> => ({
  ...Wire.all({ bar, isOpen }, ({ bar, isOpen }) => ({ ...bar, isOpen })),
  identify: bar.identify
})

/**
 * Reads a level of an order book.
 *
 * @since 0.1.0
 * @category constructors
 */
export const level = (fields: Fields<Level>): Wire.Row<Level> => ({
  ...row(fields, {}),
  take: (value) => {
    const price = fields.price.take(value)
    if (price === Wire.unread) return Wire.unread
    const amount = fields.amount.take(value)
    return amount === Wire.unread ? Wire.unread : { price, amount }
  }
})

/**
 * Reads one side of an order book: levels whose price and amount are at the given paths.
 *
 * @since 0.1.0
 * @category constructors
 */
export const levels = <D>(
  decimal: Schema.Schema<BigDecimal.BigDecimal, D>,
  price: Wire.Path,
  amount: Wire.Path
): Wire.Value<ReadonlyArray<Level>> =>
  Wire.every(level({ price: Wire.at(price, decimal), amount: Wire.at(amount, decimal) }))

/**
 * Reads an order book: the levels of both sides at the given paths, and further fields.
 *
 * @since 0.1.0
 * @category constructors
 */
export const book = <const F extends { readonly [name: string]: Wire.Field<unknown> }>(
  levels: Wire.Value<ReadonlyArray<Level>>,
  [bids, asks]: readonly [bids: Wire.Path, asks: Wire.Path],
  said: F
): Wire.Value<Wire.Values<{ readonly [S in "bids" | "asks"]: Wire.Field<ReadonlyArray<Level>> } & F>> =>
  Wire.answer({ bids: Wire.at(bids, levels), asks: Wire.at(asks, levels), ...said })

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
  const said = row(fields, fields)
  return {
    ...said,
    ...Wire.map(said, (order) => ({
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
  ...Wire.record(fields),
  identify: (value) => ({
    id: found(names.id, value),
    market: found(names.market, value),
    clientOrderId: found(names.clientOrderId, value),
    createdAt: found(names.createdAt, value)
  })
})

const found = <A>(field: Wire.Field<A | undefined> | undefined, value: unknown): A | undefined => {
  const taken = field?.take(value)
  return taken === Wire.unread ? undefined : taken
}
