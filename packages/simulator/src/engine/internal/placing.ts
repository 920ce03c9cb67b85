/**
 * Placing, canceling and amending of orders, with the checks that an order must pass to be accepted.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import type { CancelRefusal, Instrument, NewOrder, Order, Refusal } from "../model.js"
import * as Decimal from "./decimal.js"
import type { State } from "./engineState.js"
import * as Ledger from "./ledger.js"
import * as Matching from "./matching.js"
import * as OrderBook from "./orderBook.js"
import { tickAt } from "./ticks.js"

type Taken = readonly [order: Order, state: State]

/** @internal */
export const place = (state: State, request: NewOrder, at: number): Either.Either<Taken, Refusal> =>
  Either.gen(function*() {
    const instrument = state.instruments.get(request.instrument)
    if (instrument === undefined) return yield* Either.left<Refusal>("UnknownInstrument")
    const { crossing } = request
    const order = slid(state, instrument, draft(state, instrument, request, at), crossing)
    yield* fits(state, instrument, order)
    if (order.reduceOnly && BigDecimal.isZero(Ledger.reducible(state.ledger, instrument, order.side))) {
      return yield* Either.left<Refusal>("NothingToReduce")
    }
    if (order.owner === "account") yield* affords(state, instrument, order)
    const others = Matching.marketOf(state, instrument.id).book[OrderBook.opposite(order.side)]
    if (order.type === "market" && others.length === 0) return yield* Either.left<Refusal>("NoLiquidity")
    const [done, next] = yield* run(state, instrument, order, at, crossing)
    const { clientOrderId, id, owner } = done
    const byClientId = clientOrderId === undefined || owner === "house"
      ? next.byClientId
      : HashMap.set(next.byClientId, clientOrderId, id)
    return [done, { ...next, byClientId, nextOrder: id + 1 }]
  })

/** @internal */
export const cancel = (state: State, id: number, at: number): Either.Either<Taken, CancelRefusal> =>
  Either.map(openOrder(state, id), ([order, instrument]) => {
    const next = Matching.withdraw(state, instrument, order, "user", at)
    return [Matching.closed(order, "user", at), next]
  })

/** @internal */
export const amend = (
  state: State,
  id: number,
  change: Pick<NewOrder, "price" | "amount" | "crossing">,
  at: number
): Either.Either<Taken, CancelRefusal | Refusal> =>
  Either.gen(function*() {
    const [before, instrument] = yield* openOrder(state, id)
    const price = change.price ?? before.price ?? Decimal.zero
    const amount = change.amount ?? before.amount
    const wanted: Order = { ...before, price, amount, updatedAt: at }
    const after = slid(state, instrument, wanted, change.crossing)
    if (BigDecimal.lessThanOrEqualTo(amount, before.filled)) return yield* Either.left<Refusal>("TooSmall")
    yield* fits(state, instrument, after)
    yield* affords(state, instrument, after, before)
    const { book } = Matching.marketOf(state, instrument.id)
    const old = before.price ?? Decimal.zero
    if (BigDecimal.equals(after.price ?? old, old) && BigDecimal.lessThanOrEqualTo(amount, before.amount)) {
      const rest = BigDecimal.subtract(amount, before.filled)
      const resized = Matching.withBook(state, instrument.id, OrderBook.resize(book, before.side, old, id, rest))
      return [after, Matching.record(resized, instrument, after)]
    }
    const without = Matching.withBook(
      state,
      instrument.id,
      OrderBook.resize(book, before.side, old, id, Decimal.zero)
    )
    return yield* run(without, instrument, after, at, change.crossing)
  })

const draft = (state: State, instrument: Instrument, request: NewOrder, at: number): Order => ({
  id: state.nextOrder,
  owner: request.owner ?? "account",
  clientOrderId: request.clientOrderId,
  instrument: instrument.id,
  side: request.side,
  type: request.type,
  timeInForce: request.timeInForce ?? "GTC",
  postOnly: request.postOnly ?? false,
  reduceOnly: request.reduceOnly ?? false,
  price: request.type === "market" ? undefined : request.price ?? Decimal.zero,
  amount: request.amount ?? Decimal.zero,
  quoteAmount: isBudget(instrument, request) ? request.quoteAmount : undefined,
  filled: Decimal.zero,
  notional: Decimal.zero,
  fee: Decimal.zero,
  feeAsset: Ledger.feeAsset(instrument, request.side),
  status: "open",
  closeReason: undefined,
  createdAt: at,
  updatedAt: at
})

const isBudget = (instrument: Instrument, { amount, type }: NewOrder): boolean =>
  instrument.kind === "spot" && type === "market" && amount === undefined

const fits = (state: State, instrument: Instrument, order: Order): Either.Either<void, Refusal> => {
  const { amount, price, quoteAmount } = order
  if (price !== undefined && !(BigDecimal.isPositive(price) && Decimal.isMultiple(price, tickAt(instrument, price)))) {
    return Either.left("OffTick")
  }
  const expected = price ?? expectedPrice(state, order)
  if (quoteAmount !== undefined) {
    const lots = Decimal.steps(quoteAmount, BigDecimal.multiply(expected ?? Decimal.zero, instrument.lotSize))
    if (expected !== undefined && lots < 1n) return Either.left("TooSmall")
    return BigDecimal.lessThan(quoteAmount, instrument.minNotional) ? Either.left("NotionalTooSmall") : Either.void
  }
  if (!BigDecimal.isPositive(amount) || BigDecimal.lessThan(amount, instrument.minAmount)) {
    return Either.left("TooSmall")
  }
  if (!Decimal.isMultiple(amount, instrument.lotSize)) return Either.left("OffLot")
  const notional = instrument.inverse
    ? BigDecimal.multiply(amount, instrument.multiplier)
    : BigDecimal.multiply(amount, expected ?? Decimal.zero)
  const isKnown = instrument.inverse || expected !== undefined
  // What is left of a position can be closed, however small it is.
  return isKnown && !order.reduceOnly && BigDecimal.lessThan(notional, instrument.minNotional)
    ? Either.left("NotionalTooSmall")
    : Either.void
}

const expectedPrice = (state: State, { instrument, side }: Order): BigDecimal.BigDecimal | undefined => {
  const { book, top } = Matching.marketOf(state, instrument)
  return book[OrderBook.opposite(side)][0]?.price ?? top?.last
}

// An order with a price needs at most the amount that it holds while it rests, plus the fee if it is paid in the same
// asset.
const affords = (
  state: State,
  instrument: Instrument,
  order: Order,
  before?: Order
): Either.Either<void, Refusal> => {
  if (order.price === undefined) return Either.void
  const [asset, needed] = Ledger.need(instrument, order)
  const held = before === undefined ? Decimal.zero : Ledger.need(instrument, before)[1]
  const fee = Ledger.feeAsset(instrument, order.side) !== asset || order.reduceOnly
    ? Decimal.zero
    : Ledger.feeOf(instrument, asset, "taker", Ledger.valueOf(instrument, order.price, Matching.remainingOf(order)))
  const more = BigDecimal.subtract(needed, held)
  return BigDecimal.isPositive(more) &&
      BigDecimal.greaterThan(BigDecimal.sum(more, fee), Ledger.free(state.ledger, state.instruments, asset))
    ? Either.left("InsufficientFunds")
    : Either.void
}

const slid = (state: State, instrument: Instrument, order: Order, crossing = instrument.crossing): Order => {
  const best = Matching.marketOf(state, instrument.id).book[OrderBook.opposite(order.side)][0]
  if (!order.postOnly || crossing !== "slides" || best === undefined || !Matching.reaches(order, best.price)) {
    return order
  }
  const move = order.side === "buy" ? BigDecimal.subtract : BigDecimal.sum
  return { ...order, price: move(best.price, tickAt(instrument, best.price)) }
}

// The cost of a market order is known only once it is filled, so its funds are checked after the execution.
const run = (
  state: State,
  instrument: Instrument,
  order: Order,
  at: number,
  crossing = instrument.crossing
): Either.Either<Taken, Refusal> => {
  const [executed, done] = Matching.execute(state, instrument, order, at)
  if (done.closeReason === "postOnlyWouldCross" && crossing === "refuses") return Either.left("WouldCross")
  const next = Matching.sweep(state, executed, instrument, at)
  return order.type === "market" && order.owner === "account" && overdraws(state, next, instrument, order)
    ? Either.left("InsufficientFunds")
    : Either.right([done, next])
}

const overdraws = (before: State, after: State, instrument: Instrument, order: Order): boolean => {
  const [asset] = Ledger.need(instrument, order)
  const sizeOf = ({ ledger }: State): BigDecimal.BigDecimal => Ledger.reducible(ledger, instrument, order.side)
  const onlyReduced = BigDecimal.lessThan(sizeOf(after), sizeOf(before)) &&
    BigDecimal.isZero(Ledger.reducible(after.ledger, instrument, OrderBook.opposite(order.side)))
  return !onlyReduced && BigDecimal.isNegative(Ledger.free(after.ledger, after.instruments, asset))
}

const openOrder = (state: State, id: number): Either.Either<readonly [Order, Instrument], CancelRefusal> => {
  const order = Matching.orderOf(state, id)
  const instrument = order === undefined ? undefined : state.instruments.get(order.instrument)
  if (order === undefined || instrument === undefined || order.owner === "house") return Either.left("NotFound")
  if (order.status === "filled") return Either.left("AlreadyFilled")
  return order.status === "open" ? Either.right([order, instrument]) : Either.left("NotOpen")
}
