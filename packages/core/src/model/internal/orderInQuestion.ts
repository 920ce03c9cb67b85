import * as Schema from "effect/Schema"

const terms = {
  symbol: Schema.String,
  side: Schema.optional(Schema.Literal("buy", "sell")),
  amount: Schema.optional(Schema.String),
  price: Schema.optional(Schema.String),
  sentAt: Schema.optional(Schema.Number)
}

/**
 * The order that an error is about, with everything that is known and needed to find it later. At least one of its ids
 * is set, so you can pass it to `account.order` and `trading.cancel` unchanged. Instants are in epoch milliseconds, and
 * amounts are plain decimals.
 *
 * @since 0.1.0
 * @category models
 */
export type OrderInQuestion = typeof OrderInQuestion.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const OrderInQuestion = Schema.Union(
  Schema.Struct({ ...terms, id: Schema.String, clientOrderId: Schema.optional(Schema.String) }),
  Schema.Struct({ ...terms, id: Schema.optional(Schema.String), clientOrderId: Schema.String })
)
