import { Decimal, type Fill, type Market, Order } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"

/**
 * The account on a mock exchange: its orders, oldest first, and the balance of each asset. `free` of a balance ignores
 * the holds of open orders, which are computed from the orders.
 *
 * @internal
 */
export interface Venue {
  readonly exchange: string
  /** The fee as a ratio of the received amount. */
  readonly fee: BigDecimal.BigDecimal
  readonly nextId: number
  readonly orders: ReadonlyMap<string, Entry>
  readonly fills: ReadonlyArray<Fill.Fill>
  readonly balances: ReadonlyMap<string, Holding>
}

/** @internal */
export interface Entry {
  readonly market: Market.Market
  readonly order: Order.Order
}

/** @internal */
export interface Holding {
  readonly total: BigDecimal.BigDecimal
  readonly free: BigDecimal.BigDecimal
}

/**
 * The prices at which the house trades any amount.
 *
 * @internal
 */
export interface Quote {
  readonly bid?: BigDecimal.BigDecimal | undefined
  readonly ask?: BigDecimal.BigDecimal | undefined
  readonly last?: BigDecimal.BigDecimal | undefined
}

/** @internal */
export interface Refusal {
  readonly tag: "InsufficientFunds" | "DuplicateOrder" | "OrderRejected"
  readonly detail: string
}

type Placed = Either.Either<readonly [Order.Order, Venue], Refusal>

/** @internal */
export const place = (
  venue: Venue,
  checked: Order.Checked,
  clientOrderId: string,
  quote: Quote,
  now: number
): Placed => {
  const refuse = (tag: Refusal["tag"], detail: string): Placed => Either.left({ tag, detail })
  const { amount, market, price, side, timeInForce, type } = checked
  if (entriesOf(venue).some(({ order }) => order.clientOrderId === clientOrderId)) {
    return refuse("DuplicateOrder", `an order with the client order id ${clientOrderId} already exists`)
  }
  const counter = counterOf(side, quote)
  const taken = counter !== undefined && (price === undefined || crosses(side, price, counter)) ? counter : undefined
  const ended = taken === undefined ? timeInForce !== "GTC" : checked.postOnly
  if (type === "market" && taken === undefined) {
    return refuse("OrderRejected", `the market has no ${side === "buy" ? "ask" : "bid"} to trade against`)
  }
  const id = unused(venue, venue.nextId)
  const order: Order.Order = {
    exchange: venue.exchange,
    symbol: market.symbol,
    id: String(id),
    clientOrderId,
    side,
    type,
    status: ended ? "canceled" : "open",
    price,
    amount,
    filled: Decimal.zero,
    timeInForce,
    postOnly: checked.postOnly,
    reduceOnly: false,
    createdAt: now,
    updatedAt: now
  }
  const entry = { market, order }
  const [asset, needed] = needs(entry, taken ?? price ?? Decimal.zero)
  if (!ended && BigDecimal.lessThan(freeOf(venue, asset), needed)) {
    return refuse("InsufficientFunds", `the order costs more ${asset} than is free`)
  }
  const next = put({ ...venue, nextId: id + 1 }, entry)
  return Either.right(
    ended || taken === undefined ? [order, next] : fill(next, entry, taken, "taker", now)
  )
}

/**
 * Cancels an order. Returns an order that has already ended unchanged.
 *
 * @internal
 */
export const cancel = (venue: Venue, { market, order }: Entry, now: number): readonly [Order.Order, Venue] => {
  const current = venue.orders.get(order.id)?.order ?? order
  if (Order.isClosed(current)) return [current, venue]
  const canceled: Order.Order = { ...current, status: "canceled", updatedAt: now }
  return [canceled, put(venue, { market, order: canceled })]
}

/** @internal */
export const amend = (
  venue: Venue,
  entry: Entry,
  change: { readonly price: BigDecimal.BigDecimal | undefined; readonly amount: BigDecimal.BigDecimal | undefined },
  quote: Quote,
  now: number
): Placed => {
  const { market } = entry
  const price = change.price ?? entry.order.price ?? Decimal.zero
  const order: Order.Order = {
    ...entry.order,
    price,
    amount: change.amount ?? entry.order.amount,
    updatedAt: now
  }
  if (!BigDecimal.isPositive(leftOf(order))) {
    return Either.left({ tag: "OrderRejected", detail: "the new amount must be larger than the filled amount" })
  }
  const changed = { market, order }
  const [asset, needed] = needs(changed, price)
  const [, held] = needs(entry, entry.order.price ?? Decimal.zero)
  if (BigDecimal.lessThan(BigDecimal.sum(freeOf(venue, asset), held), needed)) {
    return Either.left({ tag: "InsufficientFunds", detail: `the amended order would cost more ${asset} than is free` })
  }
  const next = put(venue, changed)
  const counter = counterOf(order.side, quote)
  if (counter === undefined || !crosses(order.side, price, counter)) return Either.right([order, next])
  return Either.right(
    order.postOnly === true ? cancel(next, changed, now) : fill(next, changed, counter, "taker", now)
  )
}

/**
 * Fills the open orders that a quote reaches, at their own prices.
 *
 * @internal
 */
export const requote = (venue: Venue, symbol: string, quote: Quote, now: number): Venue =>
  entriesOf(venue).reduce((venue, entry) => {
    const { price, side } = entry.order
    const counter = counterOf(side, quote)
    return Order.isClosed(entry.order) || entry.market.symbol !== symbol || price === undefined ||
        counter === undefined ||
        !crosses(side, price, counter)
      ? venue
      : fill(venue, entry, price, "maker", now)[1]
  }, venue)

/** @internal */
export const entriesOf = (venue: Venue): ReadonlyArray<Entry> => Array.from(venue.orders.values())

/**
 * Returns the amount of an asset that is free after the holds of open orders. Negative if balances were set too low for
 * the orders.
 *
 * @internal
 */
export const freeOf = (venue: Venue, asset: string): BigDecimal.BigDecimal => {
  const balance = (venue.balances.get(asset) ?? nothing).free
  return Decimal.of(
    entriesOf(venue).reduce((free, entry) => {
      const [held, amount] = needs(entry, entry.order.price ?? Decimal.zero)
      return Order.isClosed(entry.order) || held !== asset ? free : BigDecimal.subtract(free, amount)
    }, balance)
  )
}

// Skips ids that are taken, because an order given to the mock may have any id.
const unused = (venue: Venue, id: number): number => venue.orders.has(String(id)) ? unused(venue, id + 1) : id

const nothing: Holding = { total: Decimal.zero, free: Decimal.zero }

const leftOf = ({ amount = Decimal.zero, filled }: Order.Order): BigDecimal.BigDecimal =>
  Decimal.of(BigDecimal.subtract(amount, filled))

const put = (venue: Venue, entry: Entry): Venue => ({
  ...venue,
  orders: new Map(venue.orders).set(entry.order.id, entry)
})

const needs = (
  { market, order }: Entry,
  price: BigDecimal.BigDecimal
): readonly [asset: string, amount: BigDecimal.BigDecimal] => {
  const amount = leftOf(order)
  return order.side === "buy" ? [market.quote, BigDecimal.multiply(amount, price)] : [market.base, amount]
}

// A side without a quote trades at the last price.
const counterOf = (side: Order.Order["side"], { ask, bid, last }: Quote): BigDecimal.BigDecimal | undefined =>
  (side === "buy" ? ask : bid) ?? last

const crosses = (side: Order.Order["side"], price: BigDecimal.BigDecimal, counter: BigDecimal.BigDecimal): boolean =>
  side === "buy" ? BigDecimal.greaterThanOrEqualTo(price, counter) : BigDecimal.lessThanOrEqualTo(price, counter)

const fill = (
  venue: Venue,
  entry: Entry,
  price: BigDecimal.BigDecimal,
  liquidity: Fill.Fill["liquidity"],
  now: number
): readonly [Order.Order, Venue] => {
  const { market } = entry
  // An order given to the mock may already be partly filled.
  const { averagePrice, filled } = entry.order
  const amount = leftOf(entry.order)
  const worth = BigDecimal.multiply(amount, price)
  const whole = Decimal.of(BigDecimal.sum(filled, amount))
  const [given, spent, received, gained] = entry.order.side === "buy"
    ? [market.quote, worth, market.base, amount]
    : [market.base, amount, market.quote, worth]
  const fee = Decimal.of(BigDecimal.multiply(gained, venue.fee))
  const order: Order.Order = {
    ...entry.order,
    status: "filled",
    filled: whole,
    averagePrice: BigDecimal.isZero(filled)
      ? price
      : averagePrice && Decimal.unsafeQuotient(BigDecimal.sum(worth, BigDecimal.multiply(filled, averagePrice)), whole),
    updatedAt: now
  }
  const balances = new Map(venue.balances)
  const change = (asset: string, by: BigDecimal.BigDecimal) => {
    const before = balances.get(asset) ?? nothing
    const total = Decimal.of(BigDecimal.sum(before.total, by))
    balances.set(asset, { total, free: Decimal.of(BigDecimal.sum(before.free, by)) })
  }
  change(given, BigDecimal.negate(spent))
  change(received, BigDecimal.subtract(gained, fee))
  const fills = [...venue.fills, {
    exchange: venue.exchange,
    symbol: market.symbol,
    id: `${order.id}-${venue.fills.filter(({ orderId }) => orderId === order.id).length + 1}`,
    orderId: order.id,
    clientOrderId: order.clientOrderId,
    side: order.side,
    price,
    amount,
    fee,
    feeAsset: received,
    liquidity,
    at: now
  }]
  return [order, put({ ...venue, balances, fills }, { market, order })]
}
