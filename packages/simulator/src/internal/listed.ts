/**
 * The markets that a dialect lists, and the account's orders, fills and positions in them.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import type { World } from "../Dialect.js"
import * as Engine from "../engine/Engine.js"
import * as Decimal from "../engine/internal/decimal.js"
import { tickAt } from "../engine/internal/ticks.js"
import { type Listing, referencePrice, type Underlying } from "../engine/Market.js"
import type * as Executions from "./executions.js"

/** @internal */
export type Coin = Exclude<Underlying, "ETH/BTC">

/**
 * The terms of an instrument. By default, the minimum amount is one lot and there is no minimum notional. Contracts
 * quoted in USD are inverse and settle in their base currency.
 *
 * @internal
 */
export interface Terms
  extends
    Pick<Engine.Instrument, "id" | "kind" | "quote">,
    Partial<Pick<Engine.Instrument, "feesInQuote" | "scales" | "crossing">>
{
  readonly base: Coin
  readonly tick: string
  /** The ticks from higher prices on, lowest first. The market is quoted in the tick of its usual price. */
  readonly tickSteps?: ReadonlyArray<{ readonly fromPrice: string; readonly tick: string }> | undefined
  readonly lot: string
  readonly least?: string | undefined
  readonly leastNotional?: string | undefined
  readonly multiplier?: string | undefined
  readonly makerFee: string
  readonly takerFee: string
  /** The suffix of a contract's symbol after the settlement currency, for example `-300628`. */
  readonly term?: string | undefined
  /** Whether the market is traded. Defaults to `true`. */
  readonly traded?: boolean | undefined
}

/** @internal Creates a listing. Its `terms` are the instrument even if the market is not traded. */
export const list = (terms: Terms): Listing & { readonly terms: Engine.Instrument } => {
  const { base, id, kind, lot, quote, term = "" } = terms
  const inverse = kind !== "spot" && quote === "USD"
  const settle = inverse ? base : quote
  const instrument: Engine.Instrument = {
    id,
    kind,
    base,
    quote,
    settle,
    inverse,
    crossing: terms.crossing,
    feesInQuote: terms.feesInQuote,
    scales: terms.scales,
    multiplier: Decimal.literal(terms.multiplier ?? "1"),
    tickSize: Decimal.literal(terms.tick),
    tickSizeSteps: terms.tickSteps?.map(({ fromPrice, tick }) => ({
      fromPrice: Decimal.literal(fromPrice),
      tickSize: Decimal.literal(tick)
    })),
    lotSize: Decimal.literal(lot),
    minAmount: Decimal.literal(terms.least ?? lot),
    minNotional: Decimal.literal(terms.leastNotional ?? "0"),
    makerFee: Decimal.literal(terms.makerFee),
    takerFee: Decimal.literal(terms.takerFee)
  }
  const underlying = quote === "BTC" ? "ETH/BTC" : base
  return {
    id,
    symbol: `${base}/${quote}${kind === "spot" ? "" : `:${settle}${term}`}`,
    underlying,
    tickSize: tickAt(instrument, referencePrice(underlying)),
    instrument: terms.traded === false ? undefined : instrument,
    terms: instrument
  }
}

/** @internal Converts coins of the base currency to an amount of the engine: whole lots at a price, at least one. */
export const wholeLots = (
  { inverse, lotSize, multiplier }: Engine.Instrument,
  coins: BigDecimal.BigDecimal,
  price: BigDecimal.BigDecimal
): BigDecimal.BigDecimal => {
  const amount = inverse ? Decimal.ratio(BigDecimal.multiply(coins, price), multiplier, lotSize.scale) : coins
  const count = Decimal.steps(amount, lotSize)
  return Decimal.ofSteps(count < 1n ? 1n : count, lotSize)
}

/** @internal An order and the listing of its market. */
export interface Listed<L> {
  readonly listing: L
  readonly order: Engine.Order
}

/** @internal Creates look-ups of listings by id, and of the account's orders, fills and positions in them. */
export const catalogue = <L extends Listing>(listings: ReadonlyArray<L>) => {
  const byId = new Map(listings.map((listing) => [listing.id, listing]))
  const find = (id: string): L | undefined => byId.get(id)
  const withListing = <A extends { readonly instrument: string }>(one: A) => {
    const listing = find(one.instrument)
    return listing === undefined ? [] : [{ ...one, listing }]
  }
  const listed = (order: Engine.Order | undefined): ReadonlyArray<Listed<L>> => {
    const listing = order && find(order.instrument)
    return order === undefined || listing === undefined ? [] : [{ order, listing }]
  }
  return {
    find,
    /** Finds a listing whose market is traded. */
    live: (id: string): L | undefined => [find(id)].find((listing) => listing?.instrument !== undefined),
    /** Returns the order with a number, if there is one, even if look-ups do not show it yet (`isVisible`). */
    order: (engine: Engine.Engine, id: number): Listed<L> | undefined => listed(Engine.order(engine, id))[0],
    open: (engine: Engine.Engine): ReadonlyArray<Listed<L>> => Engine.openOrders(engine).flatMap(listed),
    /** Returns the orders that look-ups show, oldest first. */
    orders: ({ engine, isVisible }: World): ReadonlyArray<Listed<L>> =>
      Engine.orders(engine).filter(isVisible).flatMap(listed),
    /** Returns the fills whose orders look-ups show, oldest first. */
    fills: ({ engine, isVisible }: World) =>
      Engine.fills(engine).flatMap((fill) =>
        listed(Engine.order(engine, fill.orderId)).filter(({ order }) => isVisible(order))
          .map((one) => ({ ...one, fill, at: fill.at }))
      ),
    /** Returns the events of orders in them. */
    events: (all: ReadonlyArray<Executions.Event>) =>
      all.flatMap((event) => listed(event.order).map((one) => ({ ...event, ...one }))),
    positions: ({ engine }: World) => Engine.positions(engine).flatMap(withListing)
  }
}
