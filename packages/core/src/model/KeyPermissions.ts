/**
 * What an API key may do.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Instant } from "./internal/leaves.js"

/**
 * The permissions of the key in use. `"unknown"` is said where the exchange does not tell: it is not a "no". `expiresAt`
 * is epoch milliseconds, and left out when the key does not expire or the exchange does not say.
 *
 * @since 0.1.0
 * @category models
 */
export interface KeyPermissions extends Schema.Schema.Type<typeof KeyPermissions> {}

const Permission = Schema.Union(Schema.Boolean, Schema.Literal("unknown"))

/**
 * @since 0.1.0
 * @category schemas
 */
export const KeyPermissions = Schema.Struct({
  read: Permission,
  trade: Permission,
  withdraw: Permission,
  ipRestricted: Permission,
  expiresAt: Schema.optional(Instant)
})

/**
 * The permissions of a key that may read, of which nobody knows what else it may.
 *
 * @since 0.1.0
 * @category constants
 */
export const readable: KeyPermissions = { read: true, trade: "unknown", withdraw: "unknown", ipRestricted: "unknown" }
