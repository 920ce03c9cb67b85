/**
 * The exchange as its dialect sees it.
 *
 * @since 0.1.0
 */
import type { ApiKey } from "./engine/Account.js"
import type { Engine, Order } from "./engine/Engine.js"
import type { Candle, Listing, Quote, Trade } from "./engine/Market.js"

/**
 * The view of the exchange that a dialect has while it responds to one request.
 *
 * @since 0.1.0
 * @category models
 */
export interface World {
  /** The exchange's own clock in milliseconds since the epoch. A fault may skew it. */
  readonly now: number
  readonly quote: (listing: Listing) => Quote
  readonly keys: ReadonlyArray<ApiKey>
  /** The orders, balances, positions and books at `now`. */
  readonly engine: Engine
  /** Returns the last trades, oldest first. */
  readonly trades: (listing: Listing, limit: number) => ReadonlyArray<Trade>
  /**
   * Returns the candles that opened from `from` to `to` (milliseconds, both included) and not after `now`, oldest first
   * and aligned to the epoch. The last candle may still be open.
   */
  readonly candles: (listing: Listing, intervalMillis: number, from: number, to: number) => ReadonlyArray<Candle>
  /**
   * Returns `false` while the order database of the exchange does not yet show an order that its engine has accepted.
   */
  readonly isVisible: (order: Order) => boolean
}
