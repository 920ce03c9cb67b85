import type { HashMap } from "effect/HashMap"
import type { HashSet } from "effect/HashSet"
import type { List } from "effect/List"
import type { Top } from "../Market.js"
import type { Fill, Instrument, Order } from "../model.js"
import type { Ledger } from "./ledger.js"
import type { Book } from "./orderBook.js"

/** @internal What the house quotes of an instrument, and everything that rests in its book. */
export interface Market {
  readonly book: Book
  readonly top: Top | undefined
}

/** @internal */
export interface State {
  readonly instruments: ReadonlyMap<string, Instrument>
  readonly markets: ReadonlyMap<string, Market>
  /** Every order there ever was, but for the house's quotes, which have no order. */
  readonly orders: HashMap<number, Order>
  /** The account's orders that rest in a book. */
  readonly open: HashSet<number>
  /** The account's latest order with each client order id. */
  readonly byClientId: HashMap<string, number>
  /** The account's, newest first. */
  readonly fills: List<Fill>
  readonly nextOrder: number
  readonly nextFill: number
  readonly ledger: Ledger
}
