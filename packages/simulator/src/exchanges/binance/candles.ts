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

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** @internal The intervals by their Binance names, which are case-sensitive. */
export const intervals: Readonly<Record<string, Bars.Bars>> = {
  "1s": Bars.fixed(1000),
  "1m": Bars.fixed(minute),
  "3m": Bars.fixed(3 * minute),
  "5m": Bars.fixed(5 * minute),
  "15m": Bars.fixed(15 * minute),
  "30m": Bars.fixed(30 * minute),
  "1h": Bars.fixed(hour),
  "2h": Bars.fixed(2 * hour),
  "4h": Bars.fixed(4 * hour),
  "6h": Bars.fixed(6 * hour),
  "8h": Bars.fixed(8 * hour),
  "12h": Bars.fixed(12 * hour),
  "1d": Bars.fixed(day),
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
  const { endTime = world.now, limit, startTime } = range
  const last = Math.min(endTime, world.now)
  const earliest = bars.openOf(Math.min(beginning, world.now - shortHistory))
  const from = Math.max(startTime ?? Bars.back(bars, last, limit), earliest)
  const to = startTime === undefined ? last : Math.min(last, Bars.forward(bars, bars.openOf(from - 1), limit + 1) - 1)
  return Bars.between(bars, from, to, (unit, start, end) => world.candles(listing, unit, start, end))
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
