/**
 * A matching engine and its ledger, as one pure value: price-time priority, holds, fees, positions.
 *
 * Amounts are in the base currency; those of inverse contracts are in contracts, each worth `multiplier` units of the
 * quote currency.
 *
 * @since 0.1.0
 */
import type * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as List from "effect/List"
import type { State } from "./internal/engineState.js"
import * as House from "./internal/house.js"
import * as Ledger from "./internal/ledger.js"
import * as Placing from "./internal/placing.js"
import * as Reading from "./internal/reading.js"
import type { Top } from "./Market.js"
import type {
  Balance,
  Book,
  CancelRefusal,
  Fill,
  FillRefusal,
  Instrument,
  NewOrder,
  Order,
  Position,
  Refusal
} from "./model.js"

export type * from "./model.js"

/**
 * The books, orders and accounts of an exchange at an instant. What is in it is read with the functions below.
 *
 * @since 0.1.0
 * @category models
 */
export type Engine = State

/**
 * An engine without orders. What `balances` say is locked stays locked.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly instruments: ReadonlyArray<Instrument>
  readonly balances: ReadonlyArray<Balance>
}): Engine => ({
  instruments: new Map(options.instruments.map((one) => [one.id, one])),
  markets: new Map(),
  orders: HashMap.empty(),
  open: HashSet.empty(),
  byClientId: HashMap.empty(),
  fills: List.empty(),
  nextOrder: 1,
  nextFill: 1,
  ledger: Ledger.make(options.balances)
})

/**
 * The engine at an instant: the house replaces all it quotes by 20 levels a side from each bid and ask that is new. The
 * account's resting orders that the new quotes cross are filled whole at their own price, as maker.
 *
 * @since 0.1.0
 * @category combinators
 */
export const advance = (engine: Engine, now: number, quotes: (instrument: string) => Top | undefined): Engine => {
  let state = engine
  for (const instrument of engine.instruments.values()) {
    const top = quotes(instrument.id)
    if (top !== undefined) state = House.requote(state, instrument, top, now)
  }
  return state
}

/**
 * Places an order.
 *
 * An order that is taken and cannot stay is returned as `canceled` and says why, filled as far as it went: a post-only
 * order that would cross (unless its instrument or itself says otherwise), what is left of an IOC or market order, a FOK order that cannot be filled at once. A market
 * order that finds nobody at all is refused. An account may trade with itself. Client order ids are not checked: each
 * exchange has its own rule.
 *
 * @since 0.1.0
 * @category combinators
 */
export const place: (
  engine: Engine,
  order: NewOrder,
  now: number
) => Either.Either<readonly [Order, Engine], Refusal> = Placing.place

/**
 * Cancels an open order of the account.
 *
 * @since 0.1.0
 * @category combinators
 */
export const cancel: (
  engine: Engine,
  id: number,
  now: number
) => Either.Either<readonly [Order, Engine], CancelRefusal> = Placing.cancel

/**
 * Cancels those of some orders that are open.
 *
 * @since 0.1.0
 * @category combinators
 */
export const cancelEach = (engine: Engine, orders: ReadonlyArray<Order>, now: number): Engine =>
  orders.reduce(
    (rest, { id }) => Either.match(cancel(rest, id, now), { onLeft: () => rest, onRight: ([, next]) => next }),
    engine
  )

/**
 * Changes the price or the amount (the filled part included) of an open order, which keeps its id. It keeps its place in
 * the queue only when the amount shrinks and the price stays; at a new price it may be filled at once, or end as when it
 * is placed when it is post-only.
 *
 * @since 0.1.0
 * @category combinators
 */
export const amend: (
  engine: Engine,
  id: number,
  change: Pick<NewOrder, "price" | "amount" | "crossing">,
  now: number
) => Either.Either<readonly [Order, Engine], CancelRefusal | Refusal> = Placing.amend

/**
 * Fills an open order of the account by hand, whole or so much of it: the house takes it at the order's own price, and
 * the order is the maker, as if the price had just reached it.
 *
 * @since 0.1.0
 * @category combinators
 */
export const fill: (
  engine: Engine,
  id: number,
  amount: BigDecimal.BigDecimal | undefined,
  now: number
) => Either.Either<readonly [Order, Engine], FillRefusal> = House.fill

/**
 * An instrument by its id.
 *
 * @since 0.1.0
 * @category getters
 */
export const instrument = (engine: Engine, id: string): Instrument | undefined => engine.instruments.get(id)

/**
 * An order of the account by its id.
 *
 * @since 0.1.0
 * @category getters
 */
export const order: (engine: Engine, id: number) => Order | undefined = Reading.order

/**
 * The account's latest order with a client order id.
 *
 * @since 0.1.0
 * @category getters
 */
export const orderByClientId: (engine: Engine, clientOrderId: string) => Order | undefined = Reading.orderByClientId

/**
 * The account's open orders, of one instrument or of all, oldest first.
 *
 * @since 0.1.0
 * @category getters
 */
export const openOrders: (engine: Engine, instrument?: string) => ReadonlyArray<Order> = Reading.openOrders

/**
 * All orders of the account, of one instrument or of all, oldest first.
 *
 * @since 0.1.0
 * @category getters
 */
export const orders: (engine: Engine, instrument?: string) => ReadonlyArray<Order> = Reading.orders

/**
 * The account's fills, of one instrument or of all, oldest first.
 *
 * @since 0.1.0
 * @category getters
 */
export const fills: (engine: Engine, instrument?: string) => ReadonlyArray<Fill> = Reading.fills

/**
 * The fills of one order of the account, oldest first.
 *
 * @since 0.1.0
 * @category getters
 */
export const fillsOf = (engine: Engine, orderId: number): ReadonlyArray<Fill> =>
  fills(engine).filter((fill) => fill.orderId === orderId)

/**
 * What the account holds, in the order it was given and first received. `free` is negative when the losses of contracts
 * have eaten into their margins: nothing is liquidated.
 *
 * @since 0.1.0
 * @category getters
 */
export const balances = (engine: Engine): ReadonlyArray<Balance> => Ledger.balances(engine.ledger, engine.instruments)

/**
 * The account's open positions, marked at the last price.
 *
 * @since 0.1.0
 * @category getters
 */
export const positions: (engine: Engine) => ReadonlyArray<Position> = Reading.positions

/**
 * The best levels of an instrument's book, `depth` of each side at most.
 *
 * @since 0.1.0
 * @category getters
 */
export const book: (engine: Engine, instrument: string, depth: number) => Book = Reading.book
