/**
 * Matching by price-time priority: an order takes the best price first, and at one price the oldest entry first.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as List from "effect/List"
import * as Option from "effect/Option"
import type { CloseReason, Instrument, Order } from "../model.js"
import * as Decimal from "./decimal.js"
import type { Market, State } from "./engineState.js"
import * as Ledger from "./ledger.js"
import * as OrderBook from "./orderBook.js"

/** @internal */
export const marketOf = (state: State, instrument: string): Market => state.markets.get(instrument) ?? silent

const silent: Market = { book: OrderBook.empty, top: undefined }

/** @internal */
export const withBook = (state: State, instrument: string, book: OrderBook.Book): State => ({
  ...state,
  markets: new Map(state.markets).set(instrument, { ...marketOf(state, instrument), book })
})

/** @internal */
export const orderOf = (state: State, id: number): Order | undefined =>
  Option.getOrUndefined(HashMap.get(state.orders, id))

/** @internal Records an order in its current state, and adjusts the hold on the account's funds. */
export const record = (state: State, instrument: Instrument, order: Order): State => {
  const orders = HashMap.set(state.orders, order.id, order)
  if (order.owner === "house") return { ...state, orders }
  const before = orderOf(state, order.id)
  const was = before?.status === "open" ? Ledger.need(instrument, before)[1] : Decimal.zero
  const [asset, needed] = Ledger.need(instrument, order)
  const change = BigDecimal.subtract(order.status === "open" ? needed : Decimal.zero, was)
  return {
    ...state,
    orders,
    open: order.status === "open" ? HashSet.add(state.open, order.id) : HashSet.remove(state.open, order.id),
    ledger: BigDecimal.isZero(change) ? state.ledger : Ledger.hold(state.ledger, asset, change)
  }
}

/** @internal Returns the order as canceled, for a reason. */
export const closed = (order: Order, because: CloseReason, at: number): Order => ({
  ...order,
  status: "canceled",
  closeReason: because,
  updatedAt: at
})

/** @internal Removes a resting order from its book and cancels it. */
export const withdraw = (
  state: State,
  instrument: Instrument,
  order: Order,
  because: CloseReason,
  at: number
): State => {
  const { book } = marketOf(state, instrument.id)
  const without = OrderBook.resize(book, order.side, order.price ?? Decimal.zero, order.id, Decimal.zero)
  return record(withBook(state, instrument.id, without), instrument, closed(order, because, at))
}

/**
 * Executes an order against the book, and adds the rest to the book if it may rest there.
 *
 * @internal
 */
export const execute = (
  state: State,
  instrument: Instrument,
  order: Order,
  at: number
): readonly [state: State, order: Order] => {
  const best = marketOf(state, instrument.id).book[OrderBook.opposite(order.side)][0]
  if (order.postOnly && best !== undefined && reaches(order, best.price)) {
    return conclude(state, instrument, closed(order, "postOnlyWouldCross", at))
  }
  const [taken, filled, stop] = take(state, instrument, order, at)
  const whole = order.quoteAmount === undefined ? filled : { ...filled, amount: filled.filled }
  if (isFilled(filled) || stop === "budgetSpent") return conclude(taken, instrument, { ...whole, status: "filled" })
  if (order.timeInForce === "FOK") return conclude(state, instrument, closed(order, "fillOrKill", at))
  if (stop === "nothingToReduce") return conclude(taken, instrument, closed(whole, "nothingToReduce", at))
  if (order.type === "market") return conclude(taken, instrument, closed(whole, "noLiquidity", at))
  if (order.timeInForce === "IOC") return conclude(taken, instrument, closed(whole, "immediateOrCancel", at))
  const entry = { id: order.id, owner: order.owner, amount: remainingOf(whole) }
  const { book } = marketOf(taken, instrument.id)
  const resting = OrderBook.add(book, order.side, order.price ?? Decimal.zero, entry)
  return conclude(withBook(taken, instrument.id, resting), instrument, whole)
}

const conclude = (state: State, instrument: Instrument, order: Order): readonly [State, Order] => [
  record(state, instrument, order),
  order
]

/** @internal Returns `true` if the order would trade at a price of the other side. */
export const reaches = (order: Pick<Order, "side" | "price">, price: BigDecimal.BigDecimal): boolean =>
  order.price === undefined || OrderBook.crosses(order.side, order.price, price)

/** @internal Returns the part of an order that is not filled. */
export const remainingOf = (order: Order): BigDecimal.BigDecimal => BigDecimal.subtract(order.amount, order.filled)

const isFilled = (order: Order): boolean =>
  order.quoteAmount === undefined && BigDecimal.equals(order.filled, order.amount)

type Stop = "bookExhausted" | "budgetSpent" | "nothingToReduce"

const take = (
  before: State,
  instrument: Instrument,
  order: Order,
  at: number
): readonly [state: State, order: Order, stop: Stop | undefined] => {
  let state = before
  let taker = order
  while (!isFilled(taker)) {
    const queue = marketOf(state, instrument.id).book[OrderBook.opposite(order.side)][0]
    const entry = queue?.entries[0]
    if (queue === undefined || entry === undefined || !reaches(order, queue.price)) {
      return [state, taker, "bookExhausted"]
    }
    const wanted = wantedAt(taker, instrument, queue.price)
    if (BigDecimal.isZero(wanted)) return [state, taker, "budgetSpent"]
    const allowed = capped(state, instrument, taker, wanted)
    if (BigDecimal.isZero(allowed)) return [state, taker, "nothingToReduce"]
    const maker = orderOf(state, entry.id)
    const amount = BigDecimal.min(
      allowed,
      maker === undefined ? entry.amount : capped(state, instrument, maker, entry.amount)
    )
    if (maker !== undefined && BigDecimal.isZero(amount)) {
      state = withdraw(state, instrument, maker, "nothingToReduce", at)
      continue
    }
    const execution = { price: queue.price, amount, at }
    const [took, next] = fill(state, instrument, taker, { ...execution, liquidity: "taker" })
    taker = next
    state = give(took, instrument, entry, maker, { ...execution, side: OrderBook.opposite(order.side) })
    state = { ...state, nextFill: state.nextFill + 1 }
  }
  return [state, taker, undefined]
}

const wantedAt = (order: Order, instrument: Instrument, price: BigDecimal.BigDecimal): BigDecimal.BigDecimal => {
  if (order.quoteAmount === undefined) return remainingOf(order)
  const budget = BigDecimal.subtract(order.quoteAmount, order.notional)
  return Decimal.ofSteps(Decimal.steps(budget, BigDecimal.multiply(price, instrument.lotSize)), instrument.lotSize)
}

/** @internal Returns the part of an amount that a reduce-only order can still reduce; the amount for other orders. */
export const capped = (
  state: State,
  instrument: Instrument,
  order: Order,
  amount: BigDecimal.BigDecimal
): BigDecimal.BigDecimal =>
  order.reduceOnly ? BigDecimal.min(amount, Ledger.reducible(state.ledger, instrument, order.side)) : amount

type Part = Pick<Ledger.Execution, "price" | "amount" | "at">

/**
 * Applies the maker's side of an execution, for a resting order or for a quote of the house, which has no order.
 *
 * @internal
 */
export const give = (
  state: State,
  instrument: Instrument,
  entry: OrderBook.Entry,
  maker: Order | undefined,
  part: Part & Pick<Ledger.Execution, "side">
): State => {
  const rest = BigDecimal.subtract(entry.amount, part.amount)
  const { book } = marketOf(state, instrument.id)
  const shrunk = withBook(state, instrument.id, OrderBook.resize(book, part.side, part.price, entry.id, rest))
  if (maker === undefined) return quoted(shrunk, instrument, part)
  const [settled, filled] = fill(shrunk, instrument, maker, { ...part, liquidity: "maker" })
  return record(settled, instrument, isFilled(filled) ? { ...filled, status: "filled" } : filled)
}

/** @internal Applies the house's side of an execution against its quotes. */
export const quoted = (state: State, instrument: Instrument, part: Part & Pick<Ledger.Execution, "side">): State => {
  const [ledger] = Ledger.settle(state.ledger, instrument, { ...part, owner: "house", liquidity: "maker" })
  return { ...state, ledger }
}

const fill = (
  state: State,
  instrument: Instrument,
  order: Order,
  part: Part & Pick<Ledger.Execution, "liquidity">
): readonly [state: State, order: Order] => {
  const { amount, at, liquidity, price } = part
  const { owner, side } = order
  const [ledger, fee] = Ledger.settle(state.ledger, instrument, { owner, side, price, amount, liquidity, at })
  const filled: Order = {
    ...order,
    filled: BigDecimal.sum(order.filled, amount),
    notional: BigDecimal.sum(order.notional, BigDecimal.multiply(price, amount)),
    fee: BigDecimal.sum(order.fee, fee),
    updatedAt: at
  }
  if (owner === "house") return [{ ...state, ledger }, filled]
  const { clientOrderId, feeAsset, id: orderId } = order
  const entry = {
    id: state.nextFill,
    orderId,
    clientOrderId,
    owner,
    instrument: instrument.id,
    side,
    ...part,
    fee,
    feeAsset
  }
  return [{ ...state, ledger, fills: List.prepend(state.fills, entry) }, filled]
}

/** @internal Cancels the reduce-only orders whose position is closed. */
export const sweep = (before: State, state: State, instrument: Instrument, at: number): State => {
  if (before.ledger.purses.account.positions === state.ledger.purses.account.positions) return state
  return [...state.open].reduce((swept, id) => {
    const order = orderOf(swept, id)
    return order === undefined || !order.reduceOnly || order.instrument !== instrument.id ||
        !BigDecimal.isZero(Ledger.reducible(swept.ledger, instrument, order.side))
      ? swept
      : withdraw(swept, instrument, order, "nothingToReduce", at)
  }, state)
}
