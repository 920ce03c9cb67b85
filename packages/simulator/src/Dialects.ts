/**
 * The exchanges that can be simulated. Which these are is written from `exchanges.json`.
 *
 * @since 0.1.0
 */
import * as Struct from "effect/Struct"
import type { Dialect } from "./Dialect.js"
import { registry } from "./internal/registry.js"

/**
 * Every dialect by its exchange's id.
 *
 * @since 0.1.0
 * @category dialects
 */
export const dialects = registry satisfies Record<string, Dialect>

/**
 * The id of an exchange that can be simulated.
 *
 * @since 0.1.0
 * @category models
 */
export type ExchangeId = keyof typeof dialects

/**
 * All ids, in the order of the table above.
 *
 * @since 0.1.0
 * @category dialects
 */
export const exchangeIds: ReadonlyArray<ExchangeId> = Struct.keys(dialects)
