/**
 * Binance's candles.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import type { World } from "../../Dialect.js"
import * as Bars from "../../engine/internal/bars.js"
import * as Decimal from "../../engine/internal/decimal.js"
import type { Candle } from "../../engine/Market.js"
import type { Json } from "../../internal/json.js"
import { type BinanceListing, coin } from "./markets.js"

const { day, hour, minute } = Bars

/** @internal The intervals by their Binance names, which are case-sensitive. */
export const intervals: Readonly<Record<string, Bars.Bars>> = {
  ...Bars.named(1000, "s", 1),
  ...Bars.named(minute, "m", 1, 3, 5, 15, 30),
  ...Bars.named(hour, "h", 1, 2, 4, 6, 8, 12),
  ...Bars.named(day, "d", 1),
  "3d": Bars.fixed(3 * day, 0, day),
  "1w": Bars.weeks(),
  "1M": Bars.months()
}

// The history begins with the day the exchange opened, or thirty days ago if that is earlier.
const beginning = 1_502_928_000_000
const shortHistory = 30 * day

/**
 * @internal Returns the oldest candles from `startTime` on, or else the newest ones. Candles in the future are never
 * returned.
 */
export const rows = (
  listing: BinanceListing,
  world: World,
  bars: Bars.Bars,
  range: { readonly startTime: number | undefined; readonly endTime: number | undefined; readonly limit: number }
): ReadonlyArray<Json> => {
  const { endTime = Infinity, limit, startTime } = range
  const earliest = bars.openOf(Math.min(beginning, world.now - shortHistory))
  const from = Math.max(startTime ?? -Infinity, earliest)
  const last = startTime === undefined ? Infinity : Bars.forward(bars, bars.openOf(from - 1), limit + 1) - 1
  return Bars.between(bars, listing, world, { from, to: Math.min(endTime, last), most: limit })
    .map((candle) => row(candle, bars.after(candle.openTime) - 1))
}

// The taker buy volume is half of the volume.
const half = Decimal.literal("0.5")

const row = ({ close, high, low, open, openTime, quoteVolume, trades, volume }: Candle, closeTime: number): Json => [
  openTime,
  ...[open, high, low, close, volume].map(coin),
  closeTime,
  coin(quoteVolume),
  trades,
  ...[volume, quoteVolume].map((all) => coin(BigDecimal.multiply(all, half))),
  "0"
]
