/**
 * Whether an exchange says it is open.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Instant } from "./internal/leaves.js"

/**
 * What the exchange says of itself: `limited` is when it takes only some kinds of orders, `unknown` a word this library
 * has not heard of. `detail` is the exchange's own text, shortened. `at` is epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExchangeStatus extends Schema.Schema.Type<typeof ExchangeStatus> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const ExchangeStatus = Schema.Struct({
  exchange: Schema.NonEmptyString,
  status: Schema.Literal("operational", "limited", "maintenance", "unknown"),
  detail: Schema.optional(Schema.String),
  at: Instant
})
