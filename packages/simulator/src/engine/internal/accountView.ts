/**
 * The account's view of an engine.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as List from "effect/List"
import * as Option from "effect/Option"
import type { Book, Fill, Level, Order, Position } from "../model.js"
import type { State } from "./engineState.js"
import * as Ledger from "./ledger.js"
import * as Matching from "./matching.js"
import type { Queue } from "./orderBook.js"

/** @internal */
export const order = (state: State, id: number): Order | undefined => {
  const found = Matching.orderOf(state, id)
  return found?.owner === "account" ? found : undefined
}

/** @internal */
export const orderByClientId = (state: State, clientOrderId: string): Order | undefined => {
  const id = HashMap.get(state.byClientId, clientOrderId)
  return Option.isNone(id) ? undefined : order(state, id.value)
}

/** @internal */
export const openOrders = (state: State, instrument?: string): ReadonlyArray<Order> =>
  select(state, HashSet.toValues(state.open).toSorted((left, right) => left - right), instrument)

/** @internal */
export const orders = (state: State, instrument?: string): ReadonlyArray<Order> =>
  select(state, Array.from({ length: state.nextOrder - 1 }, (_, index) => index + 1), instrument)

const select = (state: State, ids: ReadonlyArray<number>, instrument: string | undefined): ReadonlyArray<Order> =>
  ids.flatMap((id) => {
    const found = order(state, id)
    return found === undefined || (instrument !== undefined && found.instrument !== instrument) ? [] : [found]
  })

/** @internal */
export const fills = (state: State, instrument?: string): ReadonlyArray<Fill> =>
  List.toArray(state.fills).filter((fill) => instrument === undefined || fill.instrument === instrument).toReversed()

/** @internal */
export const positions = (state: State): ReadonlyArray<Position> =>
  [...state.ledger.purses.account.positions].flatMap(([id, holding]) => {
    const instrument = state.instruments.get(id)
    return instrument === undefined ? [] : [Ledger.position(instrument, holding, state.markets.get(id)?.top?.last)]
  })

/** @internal */
export const book = (state: State, instrument: string, depth: number): Book => {
  const { buy, sell, sequence } = Matching.marketOf(state, instrument).book
  return { bids: buy.slice(0, depth).map(level), asks: sell.slice(0, depth).map(level), sequence }
}

const level = ({ entries, price }: Queue): Level => ({
  price,
  amount: BigDecimal.sumAll(entries.map(({ amount }) => amount)),
  orders: entries.length
})
