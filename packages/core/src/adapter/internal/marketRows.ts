/**
 * Rows of public data in our words.
 *
 * Made name by name, as they come by the thousand: V8 takes a microsecond and more for each property that follows a spread
 * (`{ ...row, exchange }`, as of Node 20), several times what it costs to read the whole row.
 */
import type * as BigDecimal from "effect/BigDecimal"
import type { Candle, Interval } from "../../model/Candle.js"
import type { Market } from "../../model/Market.js"
import type { Level } from "../../model/OrderBook.js"
import type { Ticker } from "../../model/Ticker.js"
import type { Trade } from "../../model/Trade.js"
import type * as Row from "../Row.js"

/** @internal Of a ticker without an instant it is `now`. */
export const ticker = (row: Row.Ticker, exchange: string, { symbol }: Pick<Market, "symbol">, now: number): Ticker => ({
  exchange,
  symbol,
  last: row.last,
  bid: row.bid,
  ask: row.ask,
  open24h: row.open24h,
  high24h: row.high24h,
  low24h: row.low24h,
  volume24h: row.volume24h,
  at: row.at ?? now
})

/** @internal */
export const trade = (
  { amount, at, id, price, side }: Row.Trade,
  exchange: string,
  { symbol }: Market,
  sized: (size: BigDecimal.BigDecimal) => BigDecimal.BigDecimal
): Trade => ({ exchange, symbol, id, side, price, amount: sized(amount), at })

/** @internal */
export const candle = (
  { close, high, low, open, openTime, volume }: Row.Bar,
  exchange: string,
  { symbol }: Market,
  interval: Interval,
  isOpen: boolean
): Candle => ({ exchange, symbol, interval, openTime, open, high, low, close, volume, isOpen })

/** @internal */
export const levels = (
  levels: ReadonlyArray<Level>,
  sized: (size: BigDecimal.BigDecimal) => BigDecimal.BigDecimal
): ReadonlyArray<Level> => levels.map(({ amount, price }) => ({ price, amount: sized(amount) }))
