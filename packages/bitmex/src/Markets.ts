/**
 * The values of BitMEX's contracts and minor units, and the conversion of intervals to candles.
 *
 * @since 0.1.0
 */
import { Candle } from "@effect-exchange/core"
import type { Row, Wire } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Struct from "effect/Struct"
import type * as Rows from "./Rows.js"

/**
 * Converts a count of a minor unit to whole coins. `places` is the number of decimal places of the minor unit.
 *
 * @since 0.1.0
 * @category units
 */
export const fromMinorUnits = ({ scale, value }: BigDecimal.BigDecimal, places: number): BigDecimal.BigDecimal =>
  BigDecimal.make(value, scale + places)

/**
 * Returns the message that a minor unit is not known.
 *
 * @since 0.1.0
 * @category units
 */
export const unknownMinorUnit = (currency: string): string =>
  `unknown minor unit "${currency.slice(0, 20)}": its value cannot be determined`

/**
 * BitMEX's names for the candle intervals.
 *
 * @since 0.1.0
 * @category candles
 */
export const binSizes = { "1m": "1m", "5m": "5m", "1h": "1h", "1d": "1d" } as const

const lengths = new Map<string, number>(Struct.keys(binSizes).map((size) => [size, Candle.closeTime(size, 0)]))

/**
 * Returns the length of an interval in milliseconds, or 0 if the interval is not known.
 *
 * @since 0.1.0
 * @category candles
 */
export const lengthOf = (binSize: string): number => lengths.get(binSize) ?? 0

/**
 * Converts the row of an interval to a candle, or to an empty list if nothing was traded in the interval.
 *
 * BitMEX opens an interval at the close of the previous one. If the interval did not trade at that price, the candle
 * opens at the nearest price that it traded at.
 *
 * @since 0.1.0
 * @category candles
 */
export const bar =
  (binSize: string) =>
  ({ close, end, high, low, open, volume }: Wire.Type<typeof Rows.Bucket>): ReadonlyArray<Row.Bar> => {
    if (!open || !high || !low || !close) return []
    const within = BigDecimal.clamp(open, { minimum: low, maximum: high })
    return [{ openTime: end - lengthOf(binSize), open: within, high, low, close, volume }]
  }
