/**
 * A snapshot of an order book, and the prices an order would get in it.
 *
 * @since 0.1.0
 */
import type * as BigDecimal from "effect/BigDecimal"
import type * as Option from "effect/Option"
import type { ExchangeSymbol } from "../model/ExchangeSymbol.js"
import type { Level, OrderBook } from "../model/OrderBook.js"

/**
 * A side of an order book.
 *
 * @since 0.1.0
 * @category models
 */
export type Side = "bids" | "asks"

/**
 * A read-only view of a local order book as it was when the view was taken: later updates do not change it. Decimals
 * are computed on access, so a view that is never read costs almost nothing.
 *
 * **Gotchas**
 *
 * A view of a crossed book is crossed too: its `spread` is negative. Check `LocalOrderBook.isCrossed` before handing
 * out a view.
 *
 * @since 0.1.0
 * @category models
 */
export interface BookView {
  readonly exchange: string
  readonly symbol: ExchangeSymbol
  /** The number of bids. */
  readonly bids: number
  /** The number of asks. */
  readonly asks: number
  /** The highest bid; none if there are no bids. */
  readonly bestBid: Option.Option<Level>
  /** The lowest ask; none if there are no asks. */
  readonly bestAsk: Option.Option<Level>
  /** The midpoint between the best bid and the best ask; none if a side is empty. */
  readonly mid: Option.Option<BigDecimal.BigDecimal>
  /** The best ask minus the best bid; none if a side is empty. */
  readonly spread: Option.Option<BigDecimal.BigDecimal>
  /** Returns up to `levels` levels of each side, best first. */
  readonly depth: (levels: number) => Pick<OrderBook, "bids" | "asks">
  /**
   * Returns the volume-weighted average price (VWAP) of filling `amount` from the best levels of a side: what buying
   * `amount` costs per unit on `asks`, and what selling it yields per unit on `bids`. Rounded to 20 decimal places,
   * half to even. None if `amount` is not above zero or exceeds the total amount of the side.
   */
  readonly vwap: (side: Side, amount: BigDecimal.BigDecimal) => Option.Option<BigDecimal.BigDecimal>
  /**
   * Returns the distance of the average price of `amount` (`vwap`) from the best price of the side, as a fraction of
   * the best price: `0.001` is ten basis points, and zero means that the best level covers `amount`. Never negative;
   * rounded to 20 decimal places, half to even. None where `vwap` is none.
   */
  readonly impact: (side: Side, amount: BigDecimal.BigDecimal) => Option.Option<BigDecimal.BigDecimal>
}
