/**
 * Fills: executions of the account's own orders.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Decimal from "./Decimal.js"
import { ExchangeSymbol } from "./ExchangeSymbol.js"
import { Instant } from "./internal/leaves.js"
import { Side } from "./Trade.js"

/**
 * A fill. `amount` is in the base currency (in contracts for inverse markets). `fee` is in `feeAsset`, and negative for
 * a rebate. `at` is in epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fill extends Schema.Schema.Type<typeof Fill> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Fill = Schema.Struct({
  exchange: Schema.NonEmptyString,
  symbol: ExchangeSymbol,
  id: Schema.NonEmptyString,
  orderId: Schema.NonEmptyString,
  clientOrderId: Schema.optional(Schema.NonEmptyString),
  side: Side,
  price: Decimal.FromString,
  amount: Decimal.FromString,
  fee: Schema.optional(Decimal.FromString),
  feeAsset: Schema.optional(Schema.NonEmptyString),
  liquidity: Schema.Literal("maker", "taker", "unknown"),
  at: Instant
})
