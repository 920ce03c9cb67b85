/**
 * The schemas of the model whose names differ in Effect 4, in one place, so that a release line for Effect 4 changes
 * only this file.
 */
import * as Schema from "effect/Schema"

/**
 * An instant in epoch milliseconds.
 *
 * @internal
 */
export const Instant = Schema.NonNegativeInt

/**
 * A step or a bound of a market, such as its tick size.
 *
 * @internal
 */
export const PositiveDecimal = Schema.PositiveBigDecimalFromSelf
