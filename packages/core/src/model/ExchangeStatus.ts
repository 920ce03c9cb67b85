/**
 * The status that an exchange reports for itself.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Instant } from "./internal/leaves.js"

/**
 * The status that an exchange reports for itself. `limited` means that it accepts only some kinds of orders; `unknown`
 * means that this library does not know the reported status. `detail` is the exchange's own text, shortened. `at` is in
 * epoch milliseconds.
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
