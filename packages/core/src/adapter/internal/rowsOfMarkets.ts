import type * as BigDecimal from "effect/BigDecimal"
import type * as Schema from "effect/Schema"
import type * as Candle from "../../model/Candle.js"
import type * as Markets from "../../model/Market.js"
import type * as OrderBook from "../../model/OrderBook.js"
import type * as Tickers from "../../model/Ticker.js"
import type * as Trades from "../../model/Trade.js"
import * as Wire from "../Wire.js"
import { type Fields, type Payload, row } from "./row.js"

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
export type Ticker = Omit<Payload<Tickers.Ticker>, "at" | "volume24h"> & {
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
export type Trade = Payload<Trades.Trade>

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
 * A candle of a feed. `isOpen` says whether it may still change, where the exchange reports that. Elsewhere the candle
 * is open until it should have ended or a later one follows, and `sentAt` is when it was sent, by the exchange's clock,
 * if known.
 *
 * @since 0.1.0
 * @category models
 */
export type BarSoFar = Bar & { readonly isOpen?: boolean | undefined; readonly sentAt?: number | undefined }

/**
 * A level of an order book.
 *
 * @since 0.1.0
 * @category models
 */
export type Level = OrderBook.Level

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
    if (volume === Wire.unread) return Wire.unread
    // Copied: see `marketRows`.
    const bar = { openTime, open, high, low, close, volume }
    return { ...bar }
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
 * Reads a candle of a feed, with the exchange's flag for whether it may still change (`isOpen`) or, where it sends none,
 * the time it was sent (`sentAt`). Without either, the local clock would report a candle as closed that was sent just
 * before its end.
 *
 * @since 0.1.0
 * @category constructors
 */
export const barSoFar = (
  bar: Wire.Row<Bar>,
  { isOpen = Wire.none, sentAt = Wire.none }: {
    readonly isOpen?: Wire.Field<boolean | undefined>
    readonly sentAt?: Wire.Field<number | undefined>
  }
): Wire.Row<BarSoFar> => ({
  ...Wire.all({ bar, isOpen, sentAt }, ({ bar, isOpen, sentAt }) => ({ ...bar, isOpen, sentAt })),
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
  further: F
): Wire.Value<Wire.Values<{ readonly [S in "bids" | "asks"]: Wire.Field<ReadonlyArray<Level>> } & F>> =>
  Wire.answer({ bids: Wire.at(bids, levels), asks: Wire.at(asks, levels), ...further })
