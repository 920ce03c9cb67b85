/**
 * What BitMEX's markets have in common: what a contract and a minor unit are worth, and what an interval's row is as a candle.
 *
 * @since 0.1.0
 */
import { Candle, Decimal, type Market } from "@effect-exchange/core"
import type { Row, Wire } from "@effect-exchange/core/adapter"
import * as BigDecimal from "effect/BigDecimal"
import * as Struct from "effect/Struct"
import type * as Rows from "./Rows.js"

/**
 * One.
 *
 * @since 0.1.0
 * @category constants
 */
export const one = Decimal.make("1")

/**
 * Tells what one of BitMEX's unit of quantity is in our amounts.
 *
 * @since 0.1.0
 * @category units
 */
export const unit = ({ inverse, multiplier }: Market.Market): BigDecimal.BigDecimal | undefined =>
  inverse === true ? one : multiplier

/**
 * Tells what a count of a minor unit is in whole coins, of which it has so many decimal places.
 *
 * @since 0.1.0
 * @category units
 */
export const counted = ({ scale, value }: BigDecimal.BigDecimal, places: number): BigDecimal.BigDecimal =>
  BigDecimal.make(value, scale + places)

/**
 * Says that a minor unit is not known.
 *
 * @since 0.1.0
 * @category units
 */
export const unheard = (currency: string): string =>
  `the minor unit "${currency.slice(0, 20)}" is not known, so what it is worth cannot be told`

/**
 * The intervals there are, by what BitMEX calls them.
 *
 * @since 0.1.0
 * @category candles
 */
export const binSizes = { "1m": "1m", "5m": "5m", "1h": "1h", "1d": "1d" } as const

const lengths = new Map<string, number>(Struct.keys(binSizes).map((size) => [size, Candle.closeTime(size, 0)]))

/**
 * Tells how many milliseconds an interval lasts.
 *
 * @since 0.1.0
 * @category candles
 */
export const lengthOf = (binSize: string): number => lengths.get(binSize) ?? 0

/**
 * Makes a candle of an interval's row, or none where nothing was traded in it. An interval opens at the close of the one
 * before, which may never have been traded in it: then at the nearest price that was.
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
