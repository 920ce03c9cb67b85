import type * as BigDecimal from "effect/BigDecimal"
import type * as ConfigError from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Ref from "effect/Ref"
import type { Markets } from "../../engine/Markets.js"
import type * as ExchangeError from "../../model/ExchangeError.js"
import { dropOldest } from "../../model/internal/dropOldest.js"
import type { Intent } from "../../model/internal/intent.js"
import type { Market } from "../../model/Market.js"
import type * as Adapter from "../../ports/Adapter.js"
import type * as OrderGuards from "../OrderGuards.js"
import type * as OrderJournal from "../OrderJournal.js"
import type { DailyTotals } from "./dailyTotals.js"
import type { SeenOrders } from "./seenOrders.js"

/**
 * The services and the state for placing, changing and reconciling orders on one account.
 *
 * @internal
 */
export interface Desk {
  readonly exchange: string
  readonly environment: string
  readonly features: Adapter.Features
  readonly adapter: Adapter.Trading
  readonly account: Adapter.Account
  /** The orders that the account's feeds report, while the feeds have subscribers. */
  readonly seen: SeenOrders
  readonly markets: Markets
  readonly lastPrice: (market: Market) => Effect.Effect<BigDecimal.BigDecimal, ExchangeError.MarketDataError>
  readonly guards: OrderGuards.Guards
  readonly spent: Ref.Ref<DailyTotals>
  /** The intents whose worth was given back while they were still open in the journal. */
  readonly givenBack: Set<string>
  readonly journal: Ledger
  /** The client order ids of the latest orders that were amended, whose terms are no longer those requested. */
  readonly amended: Set<string>
  /** The latest orders, by {@link orderKey}, with an amendment that may still take effect, as its outcome is unknown. */
  readonly unsettled: Set<string>
  /** The latest orders that were placed, by {@link orderKey}. */
  readonly placed: Map<string, Placed>
  readonly patience: Duration.DurationInput
  /** The exchange's clock minus ours, in milliseconds. */
  readonly skew: Effect.Effect<number>
  /**
   * The calls in progress, whose orders must not be reconciled by others. Two calls may have the same client order id.
   */
  readonly underWay: Set<Begun>
}

/**
 * An order that is ready to be sent: checked, counted by the guards, and recorded in the journal.
 *
 * @internal
 */
export interface Ready {
  readonly order: Adapter.NewOrder
  /** Whether the caller chose the client order id, which may then have been used before. */
  readonly isNamed: boolean
  readonly worth: BigDecimal.BigDecimal
  readonly at: number
  /** The exchange's clock minus ours at that time, in milliseconds. */
  readonly skew: number
}

/**
 * What identifies an intent of an account. Two intents may have the same client order id.
 *
 * @internal
 */
export type Begun = Pick<Intent, "clientOrderId" | "at">

/** @internal */
export const begunOf = ({ at, order: { clientOrderId } }: Ready): Begun => ({ clientOrderId, at })

/**
 * Returns the key of an intent in `givenBack` and `written`.
 *
 * @internal
 */
export const intentOf = ({ at, clientOrderId }: Begun): string => `${clientOrderId} ${at}`

/**
 * An order that was placed, with the intent that it fulfilled.
 *
 * @internal
 */
export interface Placed extends Begun {
  readonly symbol: string
  readonly id: string
  /** When its id became known, in epoch milliseconds: a call that began later did not place it. */
  readonly knownAt: number
}

/**
 * Returns the key of an order in `placed`.
 *
 * @internal
 */
export const orderKey = ({ id, symbol }: Pick<Placed, "id" | "symbol">): string => `${symbol} ${id}`

/**
 * The maximum number of orders that `amended` and `placed` hold.
 *
 * @internal
 */
export const maxRecent = 1000

/**
 * Adds an order to `placed`, and drops the oldest ones beyond {@link maxRecent}.
 *
 * @internal
 */
export const notePlaced = (placed: Desk["placed"], order: Placed): void => {
  const key = orderKey(order)
  placed.delete(key)
  placed.set(key, order)
  dropOldest(placed, maxRecent)
}

/**
 * The journal as one Layer uses it, under the names of its account.
 *
 * @internal
 */
export interface Ledger extends Pick<OrderJournal.OrderJournal["Type"], "append" | "open"> {
  /** The name of the account for an order that is sent now: the fingerprint of the current key. */
  readonly account: Effect.Effect<string, ConfigError.ConfigError>
  /** Every name of this account: the current key, the keys that the Layer used before, and its `formerAccounts`. */
  readonly accounts: Effect.Effect<ReadonlySet<string>, ConfigError.ConfigError>
  /** Returns the orders of this account that were begun since an instant (epoch milliseconds), with their outcomes. */
  readonly since: (
    exchange: string,
    environment: string,
    epochMillis: number
  ) => Effect.Effect<ReadonlyArray<OrderJournal.Begun>, OrderJournal.JournalFailed | ConfigError.ConfigError>
  /**
   * The account under which each intent without an outcome was recorded, by `intentOf`, because the key may have been
   * rotated since.
   */
  readonly written: Map<string, string>
}
