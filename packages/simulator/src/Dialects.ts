/**
 * The exchanges that can be simulated. The list is generated from `exchanges.json`.
 *
 * @since 0.1.0
 */
import * as Struct from "effect/Struct"
import type { Dialect } from "./Dialect.js"
import { registry } from "./internal/registry.js"

/**
 * All dialects, keyed by the id of their exchange.
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
 * The ids of all exchanges that can be simulated, in the order of {@link dialects}.
 *
 * @since 0.1.0
 * @category dialects
 */
export const exchangeIds: ReadonlyArray<ExchangeId> = Struct.keys(dialects)
