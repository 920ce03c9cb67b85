/**
 * The changes on an exchange since the last message, from which the feeds of every dialect are built.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Engine from "../engine/Engine.js"
import * as Bars from "../engine/internal/bars.js"
import * as Decimal from "../engine/internal/decimal.js"
import type { Candle, Listing, Quote, Trade } from "../engine/Market.js"
import type { World } from "../World.js"
import * as Executions from "./executions.js"
import { type Holding, holdings } from "./holdings.js"
import { encode } from "./json.js"

/** @internal The subject of a subscription. */
export type Subject =
  | { readonly _tag: "Ticker"; readonly listing: Listing }
  | { readonly _tag: "Trades"; readonly listing: Listing; readonly recent: number }
  | { readonly _tag: "Book"; readonly listing: Listing; readonly depth: number }
  | { readonly _tag: "Candles"; readonly listing: Listing; readonly bars: Bars.Bars }
  | { readonly _tag: "Executions" }
  | { readonly _tag: "Balances" }
  | { readonly _tag: "Holdings" }

/** @internal A price level. An amount of zero means that the level was removed. */
export type Level = Pick<Engine.Level, "price" | "amount">

/** @internal A price level, and what happened to it. */
export interface ChangedLevel extends Level {
  readonly what: "new" | "change" | "delete"
}

/**
 * A change to send. The first change of a subscription (`isFirst`) contains everything. A change of a book has the
 * changed levels, the `whole` book, its `sequence`, and the `previous` sequence that was sent. Trades are
 * never empty if the subscription asks for no `recent` ones. Holdings change with the value of positions too, balances
 * do not.
 *
 * @internal
 */
export type Change =
  | { readonly _tag: "Ticker"; readonly isFirst: boolean; readonly quote: Quote; readonly book: Engine.Book }
  | { readonly _tag: "Trades"; readonly isFirst: boolean; readonly trades: ReadonlyArray<Trade> }
  | {
    readonly _tag: "Book"
    readonly isFirst: boolean
    readonly bids: ReadonlyArray<ChangedLevel>
    readonly asks: ReadonlyArray<ChangedLevel>
    readonly whole: Engine.Book
    readonly sequence: number
    readonly previous: number
  }
  | { readonly _tag: "Candles"; readonly isFirst: boolean; readonly candles: ReadonlyArray<Candle> }
  /** `open` contains the open orders in the first change, and is empty in later ones. */
  | {
    readonly _tag: "Executions"
    readonly isFirst: boolean
    readonly open: ReadonlyArray<Engine.Order>
    readonly events: ReadonlyArray<Executions.Event>
  }
  | {
    readonly _tag: "Balances"
    readonly isFirst: boolean
    readonly balances: ReadonlyArray<Engine.Balance>
    readonly changed: ReadonlyArray<Engine.Balance>
  }
  | { readonly _tag: "Holdings"; readonly isFirst: boolean; readonly changed: ReadonlyArray<Holding> }

/** @internal A change of one kind of subject. */
export type ChangeOf<T extends Change["_tag"]> = Extract<Change, { readonly _tag: T }>

/** @internal The state that was last sent to a subscription. */
export interface Sent {
  readonly text: string
  readonly id: number
  readonly book: Engine.Book | undefined
  readonly executions: Executions.Snapshot | undefined
  /** The rows by their assets, as text. */
  readonly assets: ReadonlyMap<string, string>
}

const nothing: Sent = { text: "", id: -1, book: undefined, executions: undefined, assets: new Map() }

/**
 * @internal Returns the change to send to a subscription now, if there is one, and the state that is then sent. A new
 * subscription has none.
 */
export const poll = (
  subject: Subject,
  sent: Sent | undefined,
  world: World
): readonly [Change | undefined, Sent | undefined] => {
  const isFirst = sent === undefined
  const before = sent ?? nothing
  const after = (next: Partial<Sent>): Sent => ({ ...before, ...next })
  switch (subject._tag) {
    case "Ticker": {
      const book = Engine.book(world.engine, subject.listing.id, 1)
      const second = Math.floor(world.now / 1000)
      if (!isFirst && before.id === second && before.book?.sequence === book.sequence) return [undefined, sent]
      const quote = world.quote(subject.listing)
      const text = [quote.last, quote.bid, quote.ask, quote.volume, ...topOf(book)].map(Decimal.plain).join()
      const next = after({ text, id: second, book })
      return [text === before.text ? undefined : { _tag: "Ticker", isFirst, quote, book }, next]
    }
    case "Trades": {
      const known = world.trades(subject.listing, isFirst ? Math.max(1, subject.recent) : 100)
      const fresh = isFirst ? known.slice(known.length - subject.recent) : known.filter(({ id }) => id > before.id)
      const next = after({ id: known.at(-1)?.id ?? before.id })
      return [
        fresh.length === 0 && (!isFirst || subject.recent === 0)
          ? undefined
          : { _tag: "Trades", isFirst, trades: fresh },
        next
      ]
    }
    case "Book": {
      const whole = Engine.book(world.engine, subject.listing.id, subject.depth)
      if (before.book?.sequence === whole.sequence) return [undefined, sent]
      const bids = differences(before.book?.bids ?? [], whole.bids)
      const asks = differences(before.book?.asks ?? [], whole.asks)
      // A change that is not sent leaves no gap between the sequences that are sent.
      if (!isFirst && bids.length + asks.length === 0) return [undefined, sent]
      const sequences = { sequence: whole.sequence, previous: before.book?.sequence ?? -1 }
      return [{ _tag: "Book", isFirst, bids, asks, whole, ...sequences }, after({ book: whole })]
    }
    case "Candles": {
      const { bars, listing } = subject
      const running = bars.openOf(world.now)
      const candles = Bars.between(bars, listing, world, { from: isFirst ? running : before.id, to: running })
      const text = candles.map(({ close, trades, volume }) => [close, volume].map(Decimal.plain).join() + trades).join()
      const next = after({ id: running, text })
      return [text === before.text ? undefined : { _tag: "Candles", isFirst, candles }, next]
    }
    case "Executions": {
      const events = before.executions === undefined ? [] : Executions.since(world.engine, before.executions)
      if (!isFirst && events.length === 0) return [undefined, sent]
      const open = isFirst ? Engine.openOrders(world.engine) : []
      const next = after({ executions: Executions.snapshot(world.engine) })
      return [{ _tag: "Executions", isFirst, open, events }, next]
    }
    case "Balances": {
      const balances = Engine.balances(world.engine)
      const [changed, assets] = changedSince(before.assets, balances)
      return [changed.length === 0 ? undefined : { _tag: "Balances", isFirst, balances, changed }, after({ assets })]
    }
    case "Holdings": {
      const [changed, assets] = changedSince(before.assets, holdings(world))
      return [changed.length === 0 ? undefined : { _tag: "Holdings", isFirst, changed }, after({ assets })]
    }
  }
}

/** @internal Returns a change after which the best bid is among the asks too. */
export const crossed = (change: ChangeOf<"Book">): ChangeOf<"Book"> => {
  const { asks, whole } = change
  const crossing = whole.bids.slice(0, 1)
  return {
    ...change,
    asks: [...asks, ...crossing.map(({ amount, price }) => ({ what: "new", price, amount } as const))],
    whole: { ...whole, asks: [...crossing, ...whole.asks] }
  }
}

const topOf = ({ asks, bids }: Engine.Book): ReadonlyArray<BigDecimal.BigDecimal> =>
  [asks[0], bids[0]].flatMap((level) => level === undefined ? [] : [level.price, level.amount])

const differences = (before: ReadonlyArray<Level>, after: ReadonlyArray<Level>): ReadonlyArray<ChangedLevel> => {
  const known = new Map(before.map((level) => [Decimal.plain(level.price), level]))
  const changed = after.flatMap(({ amount, price }): ReadonlyArray<ChangedLevel> => {
    const key = Decimal.plain(price)
    const was = known.get(key)
    known.delete(key)
    if (was === undefined) return [{ what: "new", price, amount }]
    return BigDecimal.equals(was.amount, amount) ? [] : [{ what: "change", price, amount }]
  })
  const removed = Array.from(known.values(), ({ price }) => ({ what: "delete", price, amount: Decimal.zero } as const))
  return [...removed, ...changed]
}

const changedSince = <A extends Engine.Balance>(before: Sent["assets"], rows: ReadonlyArray<A>) => {
  const textOf = ({ free, locked, margin = free, unrealized = free }: Engine.Balance & Partial<Holding>) =>
    encode([free, locked, margin, unrealized])
  const assets = new Map(rows.map((row) => [row.asset, textOf(row)]))
  return [rows.filter(({ asset }) => before.get(asset) !== assets.get(asset)), assets] as const
}
