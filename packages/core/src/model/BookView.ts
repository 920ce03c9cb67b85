/**
 * A book as it stood at one moment, and what an order would meet in it.
 *
 * @since 0.1.0
 */
import type * as BigDecimal from "effect/BigDecimal"
import type * as Option from "effect/Option"
import type { ExchangeSymbol } from "../model/ExchangeSymbol.js"
import type { Level, OrderBook } from "../model/OrderBook.js"

/**
 * @since 0.1.0
 * @category models
 */
export type Side = "bids" | "asks"

/**
 * Shows a local order book as it stood when the view was taken: no later update changes it. Decimals are made when they
 * are asked for, so that a view nobody looks into costs next to nothing.
 *
 * **Gotchas**
 *
 * A view of a crossed book is crossed: `spread` is then negative. Whoever hands views out asks
 * `LocalOrderBook.isCrossed` first.
 *
 * @since 0.1.0
 * @category models
 */
export interface BookView {
  readonly exchange: string
  readonly symbol: ExchangeSymbol
  /** How many bids there are. */
  readonly bids: number
  /** How many asks there are. */
  readonly asks: number
  /** The highest bid; none where there is no bid. */
  readonly bestBid: Option.Option<Level>
  /** The lowest ask; none where there is no ask. */
  readonly bestAsk: Option.Option<Level>
  /** The middle between the best bid and the best ask; none where a side is empty. */
  readonly mid: Option.Option<BigDecimal.BigDecimal>
  /** The best ask minus the best bid; none where a side is empty. */
  readonly spread: Option.Option<BigDecimal.BigDecimal>
  /** Lists up to `levels` levels of each side, the best of each first. */
  readonly depth: (levels: number) => Pick<OrderBook, "bids" | "asks">
  /**
   * Averages the prices of the best levels of a side that hold `amount` together, weighted by what is taken of each
   * (VWAP): what buying `amount` costs a unit on `asks`, what selling it brings on `bids`. Rounded to 20 places, half to
   * even. None where `amount` is not above zero, or more than the side holds.
   */
  readonly vwap: (side: Side, amount: BigDecimal.BigDecimal) => Option.Option<BigDecimal.BigDecimal>
  /**
   * Says how far the average price of `amount` (`vwap`) is from the best price of that side, as a fraction of the best:
   * `0.001` is ten basis points, and zero is what the best level has enough for. Never negative, rounded to 20 places, half
   * to even. None where `vwap` is.
   */
  readonly impact: (side: Side, amount: BigDecimal.BigDecimal) => Option.Option<BigDecimal.BigDecimal>
}
