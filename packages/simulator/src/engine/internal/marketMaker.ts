/**
 * The house, which is the market maker: a ladder of quotes around the bid and ask of the walk.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import type { Top } from "../Market.js"
import type { FillRefusal, Instrument, Order, Side } from "../model.js"
import * as Decimal from "./decimal.js"
import type { State } from "./engineState.js"
import type * as Ledger from "./ledger.js"
import * as Matching from "./matching.js"
import * as OrderBook from "./orderBook.js"
import { tickAt } from "./ticks.js"

const levels = 20

/** @internal Replaces the quotes of the house, after filling the account's orders that the new quotes cross. */
export const requote = (state: State, instrument: Instrument, top: Top, at: number): State => {
  const market = Matching.marketOf(state, instrument.id)
  if (market.top !== undefined && isSame(market.top, top)) return state
  const [book, removed] = OrderBook.clear(market.book, "house")
  const cleared = removed.reduce<State>((next, id) => {
    const order = Matching.orderOf(next, id)
    return order === undefined ? next : Matching.record(next, instrument, Matching.closed(order, "user", at))
  }, { ...state, markets: new Map(state.markets).set(instrument.id, { book, top }) })
  const crossed = fillCrossed(fillCrossed(cleared, instrument, "buy", top.ask, at), instrument, "sell", top.bid, at)
  const swept = Matching.sweep(state, crossed, instrument, at)
  const quoted = ladder(instrument, top).reduce(
    (next, { amount, price, side }) => OrderBook.add(next, side, price, { id: 0, owner: "house", amount }),
    Matching.marketOf(swept, instrument.id).book
  )
  return Matching.withBook(swept, instrument.id, { ...quoted, sequence: market.book.sequence + 1 })
}

const isSame = (left: Top, right: Top): boolean =>
  BigDecimal.equals(left.last, right.last) &&
  BigDecimal.equals(left.bid, right.bid) &&
  BigDecimal.equals(left.bidSize, right.bidSize) &&
  BigDecimal.equals(left.ask, right.ask) &&
  BigDecimal.equals(left.askSize, right.askSize)

// The price has moved through these orders, so they are filled in full, whatever size the quote has.
const fillCrossed = (
  before: State,
  instrument: Instrument,
  side: Side,
  quote: BigDecimal.BigDecimal,
  at: number
): State => {
  let state = before
  for (;;) {
    const queue = Matching.marketOf(state, instrument.id).book[side][0]
    const entry = queue?.entries[0]
    if (queue === undefined || entry === undefined || !OrderBook.crosses(side, queue.price, quote)) return state
    const maker = Matching.orderOf(state, entry.id)
    const amount = maker === undefined ? entry.amount : Matching.capped(state, instrument, maker, entry.amount)
    if (maker !== undefined && BigDecimal.isZero(amount)) {
      state = Matching.withdraw(state, instrument, maker, "nothingToReduce", at)
      continue
    }
    state = trade(state, instrument, entry, maker, { side, price: queue.price, amount, at })
  }
}

// Trades the house against a resting order, at the price of the order.
const trade = (
  state: State,
  instrument: Instrument,
  entry: OrderBook.Entry,
  maker: Order | undefined,
  part: Omit<Ledger.Execution, "owner" | "liquidity">
): State => {
  const sold = Matching.quoted(state, instrument, { ...part, side: OrderBook.opposite(part.side) })
  const given = Matching.give(sold, instrument, entry, maker, part)
  return { ...given, nextFill: given.nextFill + 1 }
}

/** @internal Fills an open order of the account at its own price, by the given amount or in full. */
export const fill = (
  state: State,
  id: number,
  wanted: BigDecimal.BigDecimal | undefined,
  at: number
): Either.Either<readonly [Order, State], FillRefusal> => {
  const order = Matching.orderOf(state, id)
  const instrument = order && state.instruments.get(order.instrument)
  if (order === undefined || instrument === undefined || order.owner === "house") return Either.left("NotFound")
  const { price, side } = order
  const queues = Matching.marketOf(state, instrument.id).book[side]
  const entry = queues.flatMap(({ entries }) => entries).find((one) => one.id === id)
  if (price === undefined || entry === undefined) return Either.left("NotOpen")
  const most = Matching.capped(state, instrument, order, entry.amount)
  const amount = wanted ?? most
  if (!BigDecimal.isPositive(amount) || !Decimal.isMultiple(amount, instrument.lotSize)) return Either.left("OffLot")
  if (BigDecimal.greaterThan(amount, most)) return Either.left("TooMuch")
  const traded = Matching.sweep(
    state,
    trade(state, instrument, entry, order, { side, price, amount, at }),
    instrument,
    at
  )
  return Either.right([Matching.orderOf(traded, id) ?? order, traded])
}

interface Level {
  readonly side: Side
  readonly price: BigDecimal.BigDecimal
  readonly amount: BigDecimal.BigDecimal
}

// The first level has the size of the quote. The sizes grow from there, so that there is always liquidity to take.
const ladder = (instrument: Instrument, { ask, askSize, bid, bidSize }: Top): ReadonlyArray<Level> => {
  const { lotSize } = instrument
  const tickSize = tickAt(instrument, bid)
  const first = Decimal.steps(bid, tickSize)
  const step = atLeastOne(first * 20n / 1_000_000n)
  const lots = (size: BigDecimal.BigDecimal): bigint => {
    const amount = instrument.inverse
      ? Decimal.ratio(BigDecimal.multiply(size, bid), instrument.multiplier, 8)
      : size
    return atLeastOne(Decimal.steps(amount, lotSize))
  }
  const growth = lots(BigDecimal.sum(bidSize, askSize))
  const sideOf = (side: Side, start: bigint, size: bigint, direction: bigint): ReadonlyArray<Level> =>
    Array.from({ length: levels }, (_, index) => ({
      side,
      ticks: start + direction * step * BigInt(index),
      lots: index === 0 ? size : growth * BigInt(index + 1)
    })).filter(({ ticks }) => ticks > 0n).map(({ lots, ticks }) => ({
      side,
      price: Decimal.ofSteps(ticks, tickSize),
      amount: Decimal.ofSteps(lots, lotSize)
    }))
  return [
    ...sideOf("buy", first, lots(bidSize), -1n),
    ...sideOf("sell", Decimal.steps(ask, tickSize), lots(askSize), 1n)
  ]
}

const atLeastOne = (count: bigint): bigint => count < 1n ? 1n : count
