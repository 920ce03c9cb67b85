/**
 * The ids of all exchanges. This module does not load the adapters.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { ids as all } from "./internal/ids.js"

/**
 * The id of an exchange.
 *
 * @since 0.1.0
 * @category models
 */
export type ExchangeId = typeof all[number]

/**
 * The ids of all exchanges, in alphabetical order.
 *
 * @since 0.1.0
 * @category constants
 */
export const ids: ReadonlyArray<ExchangeId> = all

/**
 * The schema of an exchange's id.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ExchangeId: Schema.Schema<ExchangeId> = Schema.Literal(...ids)
