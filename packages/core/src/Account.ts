/**
 * Private state of an account: read, never changed.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Balance } from "./Balance.js"
import type { AccountError } from "./ExchangeError.js"
import type { KeyPermissions } from "./KeyPermissions.js"

/**
 * The capability to read an account. A program whose requirements name only this one cannot place an order.
 *
 * @since 0.1.0
 * @category tags
 */
export class Account extends Context.Tag("@effect-exchange/core/Account")<Account, Account.Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace Account {
  interface Service {
    /** The exchange that answers. */
    readonly exchange: string
    /** What the account holds, without assets of which it holds nothing. */
    readonly balances: Effect.Effect<ReadonlyArray<Balance>, AccountError>
    /** What the key in use may do. */
    readonly keyPermissions: Effect.Effect<KeyPermissions, AccountError>
  }
}
