/**
 * What a dialect lists: an instrument's terms in texts, and the account's orders and fills with their listings.
 *
 * @internal
 */
import type { World } from "../Dialect.js"
import * as Engine from "../engine/Engine.js"
import * as Decimal from "../engine/internal/decimal.js"
import type { Listing } from "../engine/Market.js"

/** @internal What of an instrument differs from what is usual: settled in the quote, a lot at least, no least notional. */
export interface Terms
  extends
    Pick<Engine.Instrument, "id" | "kind" | "base" | "quote">,
    Partial<Pick<Engine.Instrument, "settle" | "inverse" | "feesInQuote" | "scales">>
{
  readonly symbol: string
  readonly underlying: Listing["underlying"]
  readonly tick: string
  readonly lot: string
  readonly least?: string | undefined
  readonly leastNotional?: string | undefined
  readonly multiplier?: string | undefined
  readonly makerFee: string
  readonly takerFee: string
  /** Whether it is traded. Unless given: yes. */
  readonly traded?: boolean | undefined
}

/** @internal A listing and its instrument, which are there even when it is not traded. */
export const list = (terms: Terms): Listing & { readonly terms: Engine.Instrument } => {
  const { id, lot, quote, symbol, underlying } = terms
  const instrument: Engine.Instrument = {
    id,
    kind: terms.kind,
    base: terms.base,
    quote,
    settle: terms.settle ?? quote,
    inverse: terms.inverse ?? false,
    feesInQuote: terms.feesInQuote,
    scales: terms.scales,
    multiplier: Decimal.literal(terms.multiplier ?? "1"),
    tickSize: Decimal.literal(terms.tick),
    lotSize: Decimal.literal(lot),
    minAmount: Decimal.literal(terms.least ?? lot),
    minNotional: Decimal.literal(terms.leastNotional ?? "0"),
    makerFee: Decimal.literal(terms.makerFee),
    takerFee: Decimal.literal(terms.takerFee)
  }
  const { tickSize } = instrument
  return {
    id,
    symbol,
    underlying,
    tickSize,
    instrument: terms.traded === false ? undefined : instrument,
    terms: instrument
  }
}

/** @internal An order and what it is of. */
export interface Listed<L> {
  readonly listing: L
  readonly order: Engine.Order
}

/** @internal Orders with their listings, oldest first. */
export const withListings = <L>(
  orders: ReadonlyArray<Engine.Order>,
  find: (instrument: string) => L | undefined
): ReadonlyArray<Listed<L>> =>
  orders.flatMap((order) => {
    const listing = find(order.instrument)
    return listing === undefined ? [] : [{ order, listing }]
  })

/** @internal The account's fills whose orders can be looked up, oldest first. */
export const visibleFills = <L>(
  world: World,
  find: (instrument: string) => L | undefined
): ReadonlyArray<Listed<L> & { readonly fill: Engine.Fill; readonly at: number }> =>
  Engine.fills(world.engine).flatMap((fill) => {
    const order = Engine.order(world.engine, fill.orderId)
    const listing = find(fill.instrument)
    return order === undefined || listing === undefined || !world.isVisible(order)
      ? []
      : [{ fill, order, listing, at: fill.at }]
  })
