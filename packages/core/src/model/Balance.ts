/**
 * The balance of an account in one asset.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Decimal from "./Decimal.js"

/**
 * A balance in whole units of the asset, never in satoshis or other minor units. `free` is available now; `total`
 * includes the amount held by orders and positions.
 *
 * @since 0.1.0
 * @category models
 */
export interface Balance extends Schema.Schema.Type<typeof Balance> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Balance = Schema.Struct({
  asset: Schema.NonEmptyString,
  free: Decimal.FromString,
  total: Decimal.FromString
})
