/**
 * The permissions of an API key.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Instant } from "./internal/leaves.js"

/**
 * The permissions of the key in use. `"unknown"` means that the exchange does not report the permission; it does not
 * mean "no". `expiresAt` is in epoch milliseconds, and left out if the key does not expire or the exchange does not
 * report it.
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
 * The permissions of a key that is only known to be able to read.
 *
 * @since 0.1.0
 * @category constants
 */
export const readable: KeyPermissions = { read: true, trade: "unknown", withdraw: "unknown", ipRestricted: "unknown" }
