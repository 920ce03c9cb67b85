import * as Schema from "effect/Schema"

const terms = {
  symbol: Schema.String,
  side: Schema.optional(Schema.Literal("buy", "sell")),
  amount: Schema.optional(Schema.String),
  price: Schema.optional(Schema.String),
  sentAt: Schema.optional(Schema.Number)
}

/**
 * The order that an error is about, as far as it is known: all that is needed to find it later. It has at least one of its
 * ids, so that it can be handed to `account.order` and `trading.cancel` as it is. Instants are epoch milliseconds, amounts
 * plain decimals.
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
