/**
 * A matching engine and its ledger as one pure value, with price-time priority, holds, fees and positions.
 *
 * Amounts are in the base currency. Amounts of inverse contracts are in contracts, each worth `multiplier` units of the
 * quote currency.
 *
 * @since 0.1.0
 */
import type * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as List from "effect/List"
import * as AccountView from "./internal/accountView.js"
import type { State } from "./internal/engineState.js"
import * as Ledger from "./internal/ledger.js"
import * as MarketMaker from "./internal/marketMaker.js"
import * as Placing from "./internal/placing.js"
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
 * The books, orders and accounts of an exchange at an instant. Read it with the functions below.
 *
 * @since 0.1.0
 * @category models
 */
export type Engine = State

/**
 * Creates an engine without orders. The locked part of `balances` stays locked.
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
 * Advances the engine to an instant. The house replaces its quotes, 20 levels per side, of each instrument whose quote
 * changed. Resting orders of the account that the new quotes cross are filled in full at their own price, as
 * maker.
 *
 * @since 0.1.0
 * @category combinators
 */
export const advance = (engine: Engine, now: number, quotes: (instrument: string) => Top | undefined): Engine => {
  let state = engine
  for (const instrument of engine.instruments.values()) {
    const top = quotes(instrument.id)
    if (top !== undefined) state = MarketMaker.requote(state, instrument, top, now)
  }
  return state
}

/**
 * Places an order.
 *
 * An order that is accepted but may not rest is returned as `canceled`, with its reason and the fills it got. This
 * happens to a post-only order that would cross (unless the instrument or the order sets another `crossing`), to the
 * rest of an IOC or market order, and to a FOK order that cannot be filled immediately. A market order that finds no
 * orders on the other side is refused. An account may trade with itself. Client order ids are not checked, because each
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
 * Cancels the given orders that are open, and ignores the others.
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
 * Changes the price or the amount (including the filled part) of an open order, which keeps its id. The order keeps its
 * place in the queue only if the price stays and the amount does not grow. At a new price it may be filled immediately,
 * or, if it is post-only, end as a new post-only order would.
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
 * Fills an open order of the account on request, in full or by the given amount. The house takes the amount at the
 * order's own price and the order is the maker, as if the price had just reached it.
 *
 * @since 0.1.0
 * @category combinators
 */
export const fill: (
  engine: Engine,
  id: number,
  amount: BigDecimal.BigDecimal | undefined,
  now: number
) => Either.Either<readonly [Order, Engine], FillRefusal> = MarketMaker.fill

/**
 * Returns an instrument by its id.
 *
 * @since 0.1.0
 * @category getters
 */
export const instrument = (engine: Engine, id: string): Instrument | undefined => engine.instruments.get(id)

/**
 * Returns an order of the account by its id.
 *
 * @since 0.1.0
 * @category getters
 */
export const order: (engine: Engine, id: number) => Order | undefined = AccountView.order

/**
 * Returns the account's latest order with the given client order id.
 *
 * @since 0.1.0
 * @category getters
 */
export const orderByClientId: (engine: Engine, clientOrderId: string) => Order | undefined = AccountView.orderByClientId

/**
 * Returns the account's open orders, of one instrument or of all, oldest first.
 *
 * @since 0.1.0
 * @category getters
 */
export const openOrders: (engine: Engine, instrument?: string) => ReadonlyArray<Order> = AccountView.openOrders

/**
 * Returns all orders of the account, of one instrument or of all, oldest first.
 *
 * @since 0.1.0
 * @category getters
 */
export const orders: (engine: Engine, instrument?: string) => ReadonlyArray<Order> = AccountView.orders

/**
 * Returns the account's fills, of one instrument or of all, oldest first.
 *
 * @since 0.1.0
 * @category getters
 */
export const fills: (engine: Engine, instrument?: string) => ReadonlyArray<Fill> = AccountView.fills

/**
 * Returns the fills of one order of the account, oldest first.
 *
 * @since 0.1.0
 * @category getters
 */
export const fillsOf = (engine: Engine, orderId: number): ReadonlyArray<Fill> =>
  fills(engine).filter((fill) => fill.orderId === orderId)

/**
 * Returns the account's balances: the initial assets in the order given, then others in the order they were first
 * received. `free` is negative when losses of contracts have consumed part of their margins, because nothing is
 * liquidated.
 *
 * @since 0.1.0
 * @category getters
 */
export const balances = (engine: Engine): ReadonlyArray<Balance> => Ledger.balances(engine.ledger, engine.instruments)

/**
 * Returns the account's open positions, marked at the last price.
 *
 * @since 0.1.0
 * @category getters
 */
export const positions: (engine: Engine) => ReadonlyArray<Position> = AccountView.positions

/**
 * Returns the best levels of an instrument's book, at most `depth` per side.
 *
 * @since 0.1.0
 * @category getters
 */
export const book: (engine: Engine, instrument: string, depth: number) => Book = AccountView.book
