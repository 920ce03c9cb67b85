import * as Schema from "effect/Schema"
import { TimeInForce } from "../Order.js"
import { Side } from "../Trade.js"

/** @internal */
export const unnamed = "unnamed"

/** @internal */
export const shared = {
  exchange: Schema.NonEmptyString,
  environment: Schema.NonEmptyString,
  account: Schema.optionalWith(Schema.NonEmptyString, { default: () => unnamed }),
  clientOrderId: Schema.NonEmptyString
}

/** @internal */
export const Worth = Schema.Struct({ currency: Schema.NonEmptyString, amount: Schema.NonEmptyString })

/** @internal */
export interface Intent extends Schema.Schema.Type<typeof Intent> {}

/** @internal */
export const Intent = Schema.TaggedStruct("Intent", {
  ...shared,
  symbol: Schema.NonEmptyString,
  /** The exchange's id of the market. */
  market: Schema.optional(Schema.NonEmptyString),
  side: Side,
  type: Schema.Literal("limit", "market"),
  amount: Schema.NonEmptyString,
  price: Schema.optional(Schema.NonEmptyString),
  timeInForce: TimeInForce,
  worth: Schema.optional(Worth),
  /** The exchange's id of the open order that is amended to this one. */
  amends: Schema.optional(Schema.NonEmptyString),
  /** The exchange's clock minus ours at that time, in milliseconds. */
  skew: Schema.optional(Schema.Number),
  at: Schema.Number
})
