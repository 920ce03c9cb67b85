import type * as BigDecimal from "effect/BigDecimal"
import type * as ConfigError from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Ref from "effect/Ref"
import type { Markets } from "../../engine/Markets.js"
import type * as ExchangeError from "../../model/ExchangeError.js"
import type { Market } from "../../model/Market.js"
import type * as Adapter from "../../ports/Adapter.js"
import type * as OrderGuards from "../OrderGuards.js"
import type * as OrderJournal from "../OrderJournal.js"
import type { SeenOrders } from "./seenOrders.js"

/**
 * What placing, changing and reconciling orders on one account need.
 *
 * @internal
 */
export interface Desk {
  readonly exchange: string
  readonly environment: string
  readonly features: Adapter.Features
  readonly adapter: Adapter.Trading
  readonly account: Adapter.Account
  /** Orders as the account's feeds tell of them, while they are listened to. */
  readonly seen: SeenOrders
  readonly markets: Markets
  readonly lastPrice: (market: Market) => Effect.Effect<BigDecimal.BigDecimal, ExchangeError.MarketDataError>
  readonly guards: OrderGuards.Guards
  readonly spent: Ref.Ref<OrderGuards.Spent>
  /** The intents that stood open in the journal when what they had counted was given back. */
  readonly givenBack: Set<string>
  readonly journal: Ledger
  readonly patience: Duration.DurationInput
  /** The exchange's clock minus ours, in milliseconds. */
  readonly skew: Effect.Effect<number>
  /** The calls that have not ended: what became of their orders is not for others to find out. Two may have one name. */
  readonly underWay: Set<{ readonly clientOrderId: string }>
}

/**
 * An order that may be sent: checked, counted by the guards, written down.
 *
 * @internal
 */
export interface Ready {
  readonly order: Adapter.NewOrder
  /** Whether the caller chose the client order id, which may then have been used before. */
  readonly isNamed: boolean
  readonly worth: BigDecimal.BigDecimal
  readonly at: number
}

/**
 * An intent as `givenBack` has it: of two of one name each counts.
 *
 * @internal
 */
export const intentOf = (clientOrderId: string, at: number): string => `${clientOrderId} ${at}`

/**
 * The journal as one Layer uses it: under the names that its account has.
 *
 * @internal
 */
export interface Ledger extends Pick<OrderJournal.OrderJournal["Type"], "append" | "open"> {
  /** The account of an order that is sent now: the fingerprint of the key in force. */
  readonly account: Effect.Effect<string, ConfigError.ConfigError>
  /** Every name of this account: of the key in force, of those the Layer has used before, and of those it was told of. */
  readonly accounts: Effect.Effect<ReadonlySet<string>, ConfigError.ConfigError>
  /** The orders of this account begun since then (epoch milliseconds), and what became of them. */
  readonly since: (
    exchange: string,
    environment: string,
    epochMillis: number
  ) => Effect.Effect<ReadonlyArray<OrderJournal.Begun>, OrderJournal.JournalFailed | ConfigError.ConfigError>
  /** Under which account an intent was written that has no outcome yet, by client order id: a key may be rotated. */
  readonly written: Map<string, string>
}
