/**
 * The leaves of the model's schemas that Effect 4 calls otherwise: here once, so that a line for it changes one file.
 */
import * as Schema from "effect/Schema"

/**
 * An instant in epoch milliseconds.
 *
 * @internal
 */
export const Instant = Schema.NonNegativeInt

/**
 * A step or a bound of a market's.
 *
 * @internal
 */
export const PositiveDecimal = Schema.PositiveBigDecimalFromSelf
