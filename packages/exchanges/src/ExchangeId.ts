/**
 * The ids of all exchanges, without their code.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { ids as all } from "./internal/ids.js"

/**
 * @since 0.1.0
 * @category models
 */
export type ExchangeId = typeof all[number]

/**
 * The ids, in alphabetical order.
 *
 * @since 0.1.0
 * @category constants
 */
export const ids: ReadonlyArray<ExchangeId> = all

/**
 * @since 0.1.0
 * @category schemas
 */
export const ExchangeId: Schema.Schema<ExchangeId> = Schema.Literal(...ids)
