import type { HashMap } from "effect/HashMap"
import type { HashSet } from "effect/HashSet"
import type { List } from "effect/List"
import type { Top } from "../Market.js"
import type { Fill, Instrument, Order } from "../model.js"
import type { Ledger } from "./ledger.js"
import type { Book } from "./orderBook.js"

/** @internal The house's quote of an instrument, and the book with all resting orders. */
export interface Market {
  readonly book: Book
  readonly top: Top | undefined
}

/** @internal */
export interface State {
  readonly instruments: ReadonlyMap<string, Instrument>
  readonly markets: ReadonlyMap<string, Market>
  /** Every order ever placed. The house's quotes are not included, because they have no order. */
  readonly orders: HashMap<number, Order>
  /** The ids of the account's orders that rest in a book. */
  readonly open: HashSet<number>
  /** The id of the account's latest order with each client order id. */
  readonly byClientId: HashMap<string, number>
  /** The account's fills, newest first. */
  readonly fills: List<Fill>
  readonly nextOrder: number
  readonly nextFill: number
  readonly ledger: Ledger
}
