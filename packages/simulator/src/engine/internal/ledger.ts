/**
 * The ledger of balances and positions. Every execution moves the same amount out of one purse into another, or into
 * the fees.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import type { Balance, Fill, Instrument, Order, Owner, Position } from "../model.js"
import * as Decimal from "./decimal.js"

/** @internal One side of a trade. */
export interface Execution {
  readonly owner: Owner
  readonly side: Order["side"]
  readonly price: BigDecimal.BigDecimal
  readonly amount: BigDecimal.BigDecimal
  readonly liquidity: Fill["liquidity"]
  readonly at: number
}

/**
 * A position. `amount` is negative for a short position. `cost` is the value of the amount when it was opened.
 *
 * @internal
 */
export interface Holding {
  readonly amount: BigDecimal.BigDecimal
  readonly cost: BigDecimal.BigDecimal
  readonly realizedPnl: BigDecimal.BigDecimal
  readonly openedAt: number
  readonly updatedAt: number
}

/** @internal */
export interface Purse {
  readonly totals: Amounts
  readonly positions: ReadonlyMap<string, Holding>
}

/** @internal Amounts, keyed by asset. */
export type Amounts = ReadonlyMap<string, BigDecimal.BigDecimal>

/** @internal */
export interface Ledger {
  readonly purses: Readonly<Record<Owner, Purse>>
  readonly fees: Amounts
  /** The amounts of the account that were locked from the start. */
  readonly kept: Amounts
  /** The amounts that the account's open orders hold. */
  readonly held: Amounts
}

/** @internal */
export const make = (balances: ReadonlyArray<Balance>): Ledger => ({
  purses: {
    account: {
      totals: new Map(balances.map(({ asset, free, locked }) => [asset, BigDecimal.sum(free, locked)])),
      positions: new Map()
    },
    house: { totals: new Map(), positions: new Map() }
  },
  fees: new Map(),
  kept: new Map(balances.map(({ asset, locked }) => [asset, locked])),
  held: new Map()
})

/**
 * Returns the value of an amount: in the settlement currency for inverse contracts, in the quote currency otherwise.
 *
 * @internal
 */
export const valueOf = (
  instrument: Instrument,
  price: BigDecimal.BigDecimal,
  amount: BigDecimal.BigDecimal
): BigDecimal.BigDecimal =>
  instrument.inverse
    ? Decimal.ratio(BigDecimal.multiply(amount, instrument.multiplier), price, defaultScale)
    : BigDecimal.multiply(price, amount)

/** Returns the margin of a contract position with the given value. */
const marginOf = (value: BigDecimal.BigDecimal): BigDecimal.BigDecimal => BigDecimal.multiply(value, tenth)

/**
 * Returns the asset that an open order holds, and how much of it. Reduce-only orders of contracts hold nothing.
 *
 * @internal
 */
export const need = (
  instrument: Instrument,
  order: Pick<Order, "side" | "price" | "amount" | "filled" | "reduceOnly">
): readonly [asset: string, amount: BigDecimal.BigDecimal] => {
  const remaining = BigDecimal.subtract(order.amount, order.filled)
  if (instrument.kind !== "spot") {
    return [
      instrument.settle,
      order.reduceOnly ? Decimal.zero : marginOf(valueOf(instrument, order.price ?? Decimal.zero, remaining))
    ]
  }
  return order.side === "buy"
    ? [instrument.quote, BigDecimal.multiply(remaining, order.price ?? Decimal.zero)]
    : [instrument.base, remaining]
}

/** @internal Increases the held amount of an asset, or decreases it by a negative amount. */
export const hold = (ledger: Ledger, asset: string, amount: BigDecimal.BigDecimal): Ledger => ({
  ...ledger,
  held: plus(ledger.held, asset, amount)
})

/**
 * Returns the amount of an asset that the account can use. Negative when losses have consumed part of its margins.
 *
 * @internal
 */
export const free = (
  ledger: Ledger,
  instruments: ReadonlyMap<string, Instrument>,
  asset: string
): BigDecimal.BigDecimal =>
  BigDecimal.subtract(of(ledger.purses.account.totals, asset), lockedOf(ledger, instruments, asset))

/** @internal */
export const balances = (ledger: Ledger, instruments: ReadonlyMap<string, Instrument>): ReadonlyArray<Balance> =>
  [...ledger.purses.account.totals].map(([asset, total]) => {
    const locked = lockedOf(ledger, instruments, asset)
    return { asset, free: BigDecimal.subtract(total, locked), locked }
  })

const lockedOf = (
  ledger: Ledger,
  instruments: ReadonlyMap<string, Instrument>,
  asset: string
): BigDecimal.BigDecimal =>
  [...ledger.purses.account.positions].reduce(
    (sum, [id, { cost }]) => instruments.get(id)?.settle === asset ? BigDecimal.sum(sum, marginOf(cost)) : sum,
    BigDecimal.sum(of(ledger.kept, asset), of(ledger.held, asset))
  )

/** @internal Returns how much of the account's position an order of this side can reduce. */
export const reducible = (ledger: Ledger, instrument: Instrument, side: Order["side"]): BigDecimal.BigDecimal => {
  const amount = ledger.purses.account.positions.get(instrument.id)?.amount ?? Decimal.zero
  const long = BigDecimal.isPositive(amount)
  return long === (side === "sell") ? BigDecimal.abs(amount) : Decimal.zero
}

/** @internal Returns a position, valued at the mark price, or at its entry price if there is no mark price. */
export const position = (
  instrument: Instrument,
  { amount, cost, openedAt, realizedPnl, updatedAt }: Holding,
  mark: BigDecimal.BigDecimal | undefined
): Position => {
  const size = BigDecimal.abs(amount)
  const entryPrice = instrument.inverse
    ? Decimal.ratio(BigDecimal.multiply(size, instrument.multiplier), cost, defaultScale)
    : Decimal.ratio(cost, size, defaultScale)
  const markPrice = mark ?? entryPrice
  return {
    instrument: instrument.id,
    amount,
    entryPrice,
    markPrice,
    margin: marginOf(cost),
    unrealizedPnl: profit(instrument, amount, cost, valueOf(instrument, markPrice, size)),
    realizedPnl,
    openedAt,
    updatedAt
  }
}

/** @internal Settles one side of an execution. The house pays no fees. */
export const settle = (
  ledger: Ledger,
  instrument: Instrument,
  execution: Execution
): readonly [ledger: Ledger, fee: BigDecimal.BigDecimal] => {
  const { owner, side } = execution
  const value = valueOf(instrument, execution.price, execution.amount)
  const asset = feeAsset(instrument, side)
  const received = instrument.kind === "spot" && asset === instrument.base ? execution.amount : value
  const fee = owner === "house" ? Decimal.zero : feeOf(instrument, asset, execution.liquidity, received)
  const before = ledger.purses[owner]
  const purse = instrument.kind === "spot"
    ? exchange(before, instrument, execution, value)
    : trade(before, instrument, execution, value)
  const paid = { ...purse, totals: plus(purse.totals, asset, BigDecimal.negate(fee)) }
  return [{
    ...ledger,
    purses: owner === "account" ? { ...ledger.purses, account: paid } : { ...ledger.purses, house: paid },
    fees: plus(ledger.fees, asset, fee)
  }, fee]
}

/** @internal Returns the asset in which the fees of an order are paid. */
export const feeAsset = (instrument: Instrument, side: Order["side"]): string => {
  if (instrument.kind !== "spot") return instrument.settle
  return side === "buy" && instrument.feesInQuote !== true ? instrument.base : instrument.quote
}

/** @internal Computes a fee, truncated to the decimals that accounts in its asset have. */
export const feeOf = (
  instrument: Instrument,
  asset: string,
  liquidity: Execution["liquidity"],
  value: BigDecimal.BigDecimal
): BigDecimal.BigDecimal => {
  const rate = liquidity === "maker" ? instrument.makerFee : instrument.takerFee
  return BigDecimal.scale(BigDecimal.multiply(value, rate), scaleOf(instrument, asset))
}

const exchange = (
  purse: Purse,
  instrument: Instrument,
  { amount, side }: Execution,
  value: BigDecimal.BigDecimal
): Purse => {
  const [base, quote] = side === "buy" ? [amount, BigDecimal.negate(value)] : [BigDecimal.negate(amount), value]
  return { ...purse, totals: plus(plus(purse.totals, instrument.base, base), instrument.quote, quote) }
}

// The part that closes the position is settled. Any excess opens a new position with the rest of the value.
const trade = (
  purse: Purse,
  instrument: Instrument,
  { amount, at, price, side }: Execution,
  value: BigDecimal.BigDecimal
): Purse => {
  const signed = side === "buy" ? amount : BigDecimal.negate(amount)
  const held = purse.positions.get(instrument.id)
  if (held === undefined) return holding(purse, instrument, opened(signed, value, at))
  const rest = BigDecimal.sum(held.amount, signed)
  if (BigDecimal.sign(held.amount) === BigDecimal.sign(signed)) {
    return holding(purse, instrument, { ...held, amount: rest, cost: BigDecimal.sum(held.cost, value), updatedAt: at })
  }
  const size = BigDecimal.abs(held.amount)
  const isPart = BigDecimal.lessThan(amount, size)
  const closing = BigDecimal.min(amount, size)
  const proceeds = isPart ? value : valueOf(instrument, price, closing)
  const released = isPart
    ? Decimal.ratio(BigDecimal.multiply(held.cost, closing), size, scaleOf(instrument, instrument.settle))
    : held.cost
  const pnl = profit(instrument, held.amount, released, proceeds)
  const settled = { ...purse, totals: plus(purse.totals, instrument.settle, pnl) }
  if (BigDecimal.isZero(rest)) {
    return { ...settled, positions: new Map([...purse.positions].filter(([id]) => id !== instrument.id)) }
  }
  if (!isPart) return holding(settled, instrument, opened(rest, BigDecimal.subtract(value, proceeds), at))
  const cost = BigDecimal.subtract(held.cost, released)
  const realizedPnl = BigDecimal.sum(held.realizedPnl, pnl)
  return holding(settled, instrument, { ...held, amount: rest, cost, realizedPnl, updatedAt: at })
}

const holding = (purse: Purse, { id }: Instrument, held: Holding): Purse => ({
  ...purse,
  positions: new Map(purse.positions).set(id, held)
})

const opened = (amount: BigDecimal.BigDecimal, cost: BigDecimal.BigDecimal, at: number): Holding => ({
  amount,
  cost,
  realizedPnl: Decimal.zero,
  openedAt: at,
  updatedAt: at
})

// A long position gains when its value rises. With an inverse contract, it gains when its value in coins falls.
const profit = (
  instrument: Instrument,
  amount: BigDecimal.BigDecimal,
  cost: BigDecimal.BigDecimal,
  value: BigDecimal.BigDecimal
): BigDecimal.BigDecimal =>
  BigDecimal.isPositive(amount) === instrument.inverse
    ? BigDecimal.subtract(cost, value)
    : BigDecimal.subtract(value, cost)

const of = (amounts: Amounts, asset: string): BigDecimal.BigDecimal => amounts.get(asset) ?? Decimal.zero

const plus = (amounts: Amounts, asset: string, amount: BigDecimal.BigDecimal): Amounts =>
  BigDecimal.isZero(amount) ? amounts : new Map(amounts).set(asset, BigDecimal.sum(of(amounts, asset), amount))

const scaleOf = ({ scales }: Instrument, asset: string): number => scales?.[asset] ?? defaultScale

// Quotients and fees have eight decimals by default, as on most exchanges.
const defaultScale = 8

const tenth = Decimal.literal("0.1")
