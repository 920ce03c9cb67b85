/**
 * The rows of an exchange, read into our words: one constructor for each kind of row. Each wants every field said, or said
 * to be `Wire.none`, so that one that is misspelt or forgotten does not compile.
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
 * A market but for its symbol, which core makes of its assets and its `expiry` (`YYMMDD`, or an instant of the day in epoch
 * milliseconds). One is left out whose kind is not said, whose assets are not in our notation, or that is a contract without
 * what it settles in or a future without its day: it would pass for another.
 *
 * @since 0.1.0
 * @category models
 */
export type Market = Omit<Markets.Market, "symbol" | "kind"> & {
  readonly kind: Markets.Kind | undefined
  readonly expiry?: string | number | undefined
}

/**
 * A volume, or that of linear and of inverse contracts where the exchange tells them in two places:
 * `Row.of({ linear: at("volume", decimal), inverse: at("turnover", decimal) })`.
 *
 * @since 0.1.0
 * @category models
 */
export type Volume<A> = A | ByContract<A>

/**
 * What is told of linear contracts, and of spot, in one place, and of inverse contracts in another.
 *
 * @since 0.1.0
 * @category models
 */
export interface ByContract<out A> {
  readonly linear: A
  readonly inverse: A
}

/**
 * Of a ticker without an instant `at` is when the answer came.
 *
 * @since 0.1.0
 * @category models
 */
export type Ticker = Omit<Said<Tickers.Ticker>, "at" | "volume24h"> & {
  readonly at: number | undefined
  readonly volume24h?: Volume<BigDecimal.BigDecimal | undefined>
}

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
export type Bar = Pick<Candle.Candle, "openTime" | "open" | "high" | "low" | "close"> & {
  readonly volume: Volume<BigDecimal.BigDecimal>
}

/**
 * A candle that a feed tells of: whether it may change still, where the exchange says so.
 *
 * @since 0.1.0
 * @category models
 */
export type BarSoFar = Bar & { readonly isOpen?: boolean | undefined }

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
export const trade = (fields: Fields<Trade>): Wire.Row<Trade> => ({
  ...row(fields, { id: fields.id }),
  // These come by the thousand: objects of one shape, made at once, cost half of those made name by name.
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
 * Reads a public trade whose id, price, amount and instant stand in these places.
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
 * Reads a candle whose open time, open, high, low, close and volume stand in these places.
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
 * Reads a candle that says of itself whether it may change still: by the clock one would seem to have ended that was sent just
 * before.
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
 * Reads one side of an order book: levels whose price and amount stand in these places.
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
 * Reads an order book: the levels of both sides under these names, and what else is said of it.
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
 * Where the names of an order or a fill stand: `undefined` for a client order id that no row has.
 *
 * @since 0.1.0
 * @category models
 */
export type Named = { readonly [N in "id" | "market"]: Wire.Path } & { readonly clientOrderId: Wire.Path | undefined }

/**
 * Reads the names of an order or a fill, which stand in these places: its id, its market, and the client order id, which may be
 * missing.
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
 * Reads the names of a fill as {@link names} does, and the id of the order it is of.
 *
 * @since 0.1.0
 * @category fields
 */
export const namesOfFill = (
  { orderId, ...named }: Named & { readonly orderId: Wire.Path }
): Pick<Fields<Fill>, keyof Named | "orderId"> => ({ ...names(named), orderId: Wire.at(orderId, Wire.text) })

/**
 * Reads the status of an order: our words, each with the exchange's for it, separated by blanks. One that is not in the table is
 * not understood.
 *
 * @since 0.1.0
 * @category fields
 */
export const status = <const S extends Orders.Status>(
  path: Wire.Path,
  table: { readonly [K in S]: string }
): Wire.Field<S> => Wire.at(path, Wire.meaning(table))

/**
 * Reads how a market or the exchange is: our words, each with the exchange's for it, separated by blanks, and `unknown` for all
 * others.
 *
 * @since 0.1.0
 * @category fields
 */
export const statusOrUnknown = <const S extends Markets.Market["status"] | ExchangeStatus["status"]>(
  path: Wire.Path,
  table: { readonly [K in S]: string }
): Wire.Field<S | "unknown"> => Wire.at(path, Wire.meaningOr(table, "unknown"))

/**
 * Reads how much of an order is filled: nothing where that is not said, but one that `isFilled` says how much.
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
 * Reads an order. What it was filled at counts only where some of it was, and the price only where it is no market order.
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
 * Reads a row that has a fill, where it `isFill` (always unless said), under an id that tells it from others: pages go by
 * that, and who trades with himself has two fills of one trade.
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
 * A row of a history: a fill, or none where it is about something else.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  readonly id: string | undefined
  readonly fill: Fill | undefined
}

/**
 * Reads a position. Of one that was closed, which may be told of still, the side need not be said.
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
 * Reads a row of the author's own, of a listing for example.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = <const F extends { readonly [name: string]: Wire.Field<unknown> }>(
  fields: F
): Wire.Row<Wire.Values<F>> => row(fields, {})

/**
 * Reads a row, and fields that stand beside what is read of it: `{ row, ...fields }`. It is named as the row is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const beside = <A, const F extends { readonly [name: string]: Wire.Field<unknown> }>(
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
