/**
 * Converts rows of public data to the library's model.
 *
 * Rows come by the thousand, so each property is written out. Candles are copied: V8 may allocate the objects of a
 * literal in the old generation, but never their copies. See decision 12.
 */
import type * as BigDecimal from "effect/BigDecimal"
import * as Predicate from "effect/Predicate"
import type { Candle, Interval } from "../../model/Candle.js"
import { plain } from "../../model/internal/exact.js"
import type { Market } from "../../model/Market.js"
import type { Level } from "../../model/OrderBook.js"
import type { Ticker } from "../../model/Ticker.js"
import type { Trade } from "../../model/Trade.js"
import type { Bar } from "../../ports/Adapter.js"
import type * as Row from "../Row.js"
import type { Sizing } from "./sizing.js"

type Sized = (size: BigDecimal.BigDecimal) => BigDecimal.BigDecimal

/**
 * Converts a ticker to the library's model. Where the exchange sends no timestamp, `at` is `now`. Where the unit of the
 * volume cannot be determined, the volume is left out.
 *
 * @internal
 */
export const ticker = (
  row: Row.Ticker,
  exchange: string,
  market: Market,
  now: number,
  volumes: Sizing | undefined
): Ticker => ({
  exchange,
  symbol: market.symbol,
  last: plain(row.last),
  bid: plain(row.bid),
  ask: plain(row.ask),
  open24h: plain(row.open24h),
  high24h: plain(row.high24h),
  low24h: plain(row.low24h),
  volume24h: tickerVolume(row.volume24h, market, volumes),
  at: row.at ?? now
})

const tickerVolume = (stated: Row.Ticker["volume24h"], market: Market, volumes: Sizing | undefined) => {
  const volume = ofMarket(stated, market)
  return volume && volumes?.amount(volume)
}

const ofMarket = <A>(volume: Row.Volume<A>, { inverse }: Market): A =>
  isByContract(volume) ? volume[inverse === true ? "inverse" : "linear"] : volume

const isByContract = <A>(volume: Row.Volume<A>): volume is Row.ByContract<A> => Predicate.hasProperty(volume, "inverse")

/** @internal */
export const trade = (
  { amount, at, id, price, side }: Row.Trade,
  exchange: string,
  { symbol }: Market,
  sized: Sized
): Trade => ({ exchange, symbol, id, side, price: plain(price), amount: sized(amount), at })

/** @internal */
export const bar = (
  { close, high, low, open, openTime, volume }: Row.Bar,
  market: Market,
  { amount }: Sizing
): Bar => {
  const bar = {
    openTime,
    open: plain(open),
    high: plain(high),
    low: plain(low),
    close: plain(close),
    volume: amount(ofMarket(volume, market))
  }
  return { ...bar }
}

/** @internal */
export const candle = (
  { close, high, low, open, openTime, volume }: Bar,
  exchange: string,
  { symbol }: Market,
  interval: Interval,
  isOpen: boolean
): Candle => {
  const candle = { exchange, symbol, interval, openTime, open, high, low, close, volume, isOpen }
  return { ...candle }
}

/** @internal */
export const levels = (levels: ReadonlyArray<Level>, sized: Sized): ReadonlyArray<Level> =>
  levels.map(({ amount, price }) => ({ price: plain(price), amount: sized(amount) }))
