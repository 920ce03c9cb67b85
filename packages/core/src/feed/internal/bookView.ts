import * as BigDecimal from "effect/BigDecimal"
import * as Option from "effect/Option"
import type { BookView, Side } from "../../model/BookView.js"
import * as Decimal from "../../model/Decimal.js"
import type { ExchangeSymbol } from "../../model/ExchangeSymbol.js"
import * as OrderBook from "../../model/OrderBook.js"
import { decimal, type Figure } from "./figure.js"
import { type Shared, walk } from "./levels.js"

/** @internal */
export interface Sides {
  readonly bids: Shared
  readonly asks: Shared
  /** The amount of one unit of size as the exchange sends it, if the two differ. */
  readonly unit: BigDecimal.BigDecimal | undefined
}

const counted = (amount: Figure, unit: BigDecimal.BigDecimal | undefined): BigDecimal.BigDecimal =>
  unit === undefined ? decimal(amount) : Decimal.of(BigDecimal.normalize(BigDecimal.multiply(decimal(amount), unit)))

const ratio = (dividend: BigDecimal.BigDecimal, divisor: BigDecimal.BigDecimal): BigDecimal.BigDecimal =>
  BigDecimal.unsafeDivide(dividend, divisor).pipe(
    BigDecimal.round({ scale: 20, mode: "half-even" }),
    BigDecimal.normalize,
    Decimal.of
  )

const best = ({ unit, ...sides }: Sides, side: Side, count: number): ReadonlyArray<OrderBook.Level> => {
  const rows: Array<OrderBook.Level> = []
  if (count > 0) {
    walk(sides[side], (price, amount) => rows.push({ price: decimal(price), amount: counted(amount, unit) }) < count)
  }
  return rows
}

const vwap = (
  { unit, ...sides }: Sides,
  side: Side,
  amount: BigDecimal.BigDecimal
): Option.Option<BigDecimal.BigDecimal> => {
  if (!BigDecimal.isPositive(amount)) return Option.none()
  let left = amount
  let paid = Decimal.zero
  walk(sides[side], (price, offered) => {
    const taken = BigDecimal.min(left, counted(offered, unit))
    paid = BigDecimal.sum(paid, BigDecimal.multiply(decimal(price), taken))
    left = BigDecimal.subtract(left, taken)
    return BigDecimal.isPositive(left)
  })
  return BigDecimal.isPositive(left) ? Option.none() : Option.some(ratio(paid, amount))
}

class View implements BookView {
  readonly #sides: Sides
  readonly exchange: string
  readonly symbol: ExchangeSymbol

  constructor(exchange: string, symbol: ExchangeSymbol, sides: Sides) {
    this.#sides = sides
    this.exchange = exchange
    this.symbol = symbol
  }

  get bids() {
    return this.#sides.bids.count
  }

  get asks() {
    return this.#sides.asks.count
  }

  get bestBid() {
    return Option.fromNullable(best(this.#sides, "bids", 1)[0])
  }

  get bestAsk() {
    return Option.fromNullable(best(this.#sides, "asks", 1)[0])
  }

  get mid() {
    return OrderBook.mid(this.depth(1))
  }

  get spread() {
    return Option.zipWith(
      this.bestAsk,
      this.bestBid,
      (ask, bid) => Decimal.of(BigDecimal.subtract(ask.price, bid.price))
    )
  }

  depth(levels: number) {
    return { bids: best(this.#sides, "bids", levels), asks: best(this.#sides, "asks", levels) }
  }

  vwap(side: Side, amount: BigDecimal.BigDecimal) {
    return vwap(this.#sides, side, amount)
  }

  impact(side: Side, amount: BigDecimal.BigDecimal) {
    const first = Option.fromNullable(best(this.#sides, side, 1)[0])
    return Option.zipWith(
      vwap(this.#sides, side, amount),
      first,
      (average, { price }) => ratio(BigDecimal.abs(BigDecimal.subtract(average, price)), price)
    )
  }

  toJSON() {
    const { asks, bestAsk, bestBid, bids, exchange, symbol } = this
    return {
      _id: "BookView",
      exchange,
      symbol,
      bids,
      asks,
      bestBid: Option.getOrNull(bestBid),
      bestAsk: Option.getOrNull(bestAsk)
    }
  }
}

/** @internal */
export const make = (exchange: string, symbol: ExchangeSymbol, sides: Sides): BookView =>
  new View(exchange, symbol, sides)
