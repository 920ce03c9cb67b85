/**
 * The order book of a market at an instant.
 *
 * @since 0.1.0
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Decimal from "./Decimal.js"
import { ExchangeSymbol } from "./ExchangeSymbol.js"
import { Instant } from "./internal/leaves.js"

/**
 * A price, and the total amount offered at it in the base currency (in contracts for inverse markets).
 *
 * @since 0.1.0
 * @category models
 */
export interface Level extends Schema.Schema.Type<typeof Level> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Level = Schema.Struct({ price: Decimal.FromString, amount: Decimal.FromString })

/**
 * The bids and asks of a market, best first. `at` is the exchange's own timestamp in epoch milliseconds if it sends
 * one, otherwise the time of receipt. `sequence` is the exchange's number of this state of the book, if it sends one.
 *
 * @since 0.1.0
 * @category models
 */
export interface OrderBook extends Schema.Schema.Type<typeof OrderBook> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const OrderBook = Schema.Struct({
  exchange: Schema.NonEmptyString,
  symbol: ExchangeSymbol,
  bids: Schema.Array(Level),
  asks: Schema.Array(Level),
  at: Instant,
  sequence: Schema.optional(Schema.String)
})

/**
 * Returns the midpoint between the best bid and the best ask, or none if a side is empty.
 *
 * @since 0.1.0
 * @category getters
 */
export const mid = ({ asks, bids }: Pick<OrderBook, "asks" | "bids">): Option.Option<BigDecimal.BigDecimal> => {
  const [bid, ask] = [bids[0], asks[0]]
  return bid === undefined || ask === undefined
    ? Option.none()
    : Option.some(Decimal.of(BigDecimal.unsafeDivide(BigDecimal.sum(bid.price, ask.price), two)))
}

const two = BigDecimal.fromBigInt(2n)

/**
 * Returns `true` if the best bid is at or above the best ask. No exchange's order book stays crossed for long, so such
 * a snapshot is broken.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isCrossed = ({ asks, bids }: Pick<OrderBook, "asks" | "bids">): boolean => {
  const [bid, ask] = [bids[0], asks[0]]
  return bid !== undefined && ask !== undefined && BigDecimal.greaterThanOrEqualTo(bid.price, ask.price)
}

/**
 * Returns a description of what is wrong with a snapshot of an order book, or `undefined` if nothing is: a price that
 * is not above zero, a side that is not sorted from its best price, or bids that reach the asks. No exchange's order
 * book is like that, so the snapshot is broken and must not be traded on.
 *
 * @since 0.1.0
 * @category validation
 */
export const fault = (book: Pick<OrderBook, "asks" | "bids" | "symbol">): string | undefined => {
  const side = disorder("bids", book.bids, BigDecimal.lessThanOrEqualTo) ??
    disorder("asks", book.asks, BigDecimal.greaterThanOrEqualTo)
  const what = side ??
    (isCrossed(book)
      ? `is crossed: the best bid is ${priceOf(book.bids)} and the best ask ${priceOf(book.asks)}`
      : undefined)
  return what === undefined ? undefined : `the order book of ${book.symbol} ${what}`
}

const priceOf = ([level]: ReadonlyArray<Level>): string => level === undefined ? "nothing" : Decimal.format(level.price)

const disorder = (
  side: "bids" | "asks",
  levels: ReadonlyArray<Level>,
  follows: (price: BigDecimal.BigDecimal, before: BigDecimal.BigDecimal) => boolean
): string | undefined => {
  let before: BigDecimal.BigDecimal | undefined
  for (const { price } of levels) {
    if (!BigDecimal.isPositive(price)) return `has ${side} at ${Decimal.format(price)}, which is not above zero`
    if (before !== undefined && !follows(price, before)) {
      return `has its ${side} out of order: ${Decimal.format(price)} after ${Decimal.format(before)}`
    }
    before = price
  }
  return undefined
}
