/**
 * The exchange as a dialect sees it.
 *
 * @since 0.1.0
 */
import type { ApiKey } from "./engine/Account.js"
import type { Engine, Order } from "./engine/Engine.js"
import type { Candle, Listing, Quote, Trade } from "./engine/Market.js"

/**
 * What a dialect sees of the exchange while it answers one request.
 *
 * @since 0.1.0
 * @category models
 */
export interface World {
  /** The exchange's own clock in milliseconds since the epoch, which may be skewed. */
  readonly now: number
  readonly quote: (listing: Listing) => Quote
  readonly keys: ReadonlyArray<ApiKey>
  /** Orders, balances, positions and books at `now`. */
  readonly engine: Engine
  /** The last trades, oldest first. */
  readonly trades: (listing: Listing, limit: number) => ReadonlyArray<Trade>
  /**
   * The candles that opened from `from` to `to` (milliseconds, both included) and not after now, oldest first, aligned
   * to the epoch. The last may still be open.
   */
  readonly candles: (listing: Listing, intervalMillis: number, from: number, to: number) => ReadonlyArray<Candle>
  /** False while the exchange's order database does not know of an order that its engine has taken. */
  readonly isVisible: (order: Order) => boolean
}
