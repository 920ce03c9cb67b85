/**
 * Public trades, as the exchange publishes them.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Decimal from "./Decimal.js"
import { ExchangeSymbol } from "./ExchangeSymbol.js"
import { Instant } from "./internal/leaves.js"

/**
 * The direction of a trade or an order.
 *
 * @since 0.1.0
 * @category models
 */
export type Side = typeof Side.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Side = Schema.Literal("buy", "sell")

/**
 * A public trade. `side` is the taker's side, so a `buy` took an ask. `amount` is in the base currency (in contracts
 * for inverse markets), `at` in epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Trade extends Schema.Schema.Type<typeof Trade> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Trade = Schema.Struct({
  exchange: Schema.NonEmptyString,
  symbol: ExchangeSymbol,
  id: Schema.NonEmptyString,
  side: Side,
  price: Decimal.FromString,
  amount: Decimal.FromString,
  at: Instant
})
