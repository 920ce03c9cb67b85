/**
 * Questions whose answers come in pages: read one after the other until there is enough, or no more.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { Capability, Endpoint } from "../engine/Endpoint.js"
import type { ExchangeClient } from "../engine/ExchangeClient.js"
import * as ExchangeError from "../model/ExchangeError.js"
import * as Listing from "../model/Listing.js"
import type { Market } from "../model/Market.js"
import type { History, Window } from "../ports/Adapter.js"
import type { Question } from "./Question.js"

/**
 * How many pages a question reads unless its exchange says otherwise.
 *
 * @since 0.1.0
 * @category constants
 */
export const most = 100

/**
 * Says that there are more rows than can be asked for: more of one instant than a page holds, for example.
 *
 * @since 0.1.0
 * @category places
 */
export const stuck: unique symbol = Symbol.for("@effect-exchange/core/Page/stuck")

/**
 * A page as it was read: how many rows it had, and which was the last that has an id.
 *
 * @since 0.1.0
 * @category models
 */
export interface Read<out A, out Place> {
  readonly answer: A
  /** What this page was asked for by; none for the first. */
  readonly place: Place | undefined
  readonly count: number
  readonly lastId: string | undefined
}

/**
 * What is told of a listing in pages. `Place` is what a page is asked for by: a cursor, an offset, the id of a row.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts<C extends Capability, I, A, Args extends ReadonlyArray<unknown>, Row, Place> {
  readonly endpoint: Endpoint<C, I, A>
  readonly input: (place: Place | undefined, ...args: Args) => NoInfer<I>
  readonly rows: (answer: A) => Listing.Rows<Row>
  /** What the next page is asked for by, if there is one: {@link stuck} where there are more that cannot be asked for. */
  readonly next: (page: Read<A, Place>) => Place | typeof stuck | undefined
  /** What makes rows the same. Defaults to their ids. */
  readonly key?: ((row: Row) => string) | undefined
  /** Those that count and are kept. Defaults to all. */
  readonly wanted?: ((row: Row, ...args: Args) => boolean) | undefined
  /** Defaults to the `limit` of a history that is asked for, and otherwise to all there are. */
  readonly enough?: ((...args: Args) => number) | undefined
  /** How many pages are read at most. Defaults to {@link most}. */
  readonly most?: number | undefined
}

/**
 * Reads page after page. A row that comes twice, as others were added meanwhile, is one, as it was read last.
 *
 * Fails with `Unsupported` where the pages that can be read hold neither enough nor all.
 *
 * @since 0.1.0
 * @category constructors
 */
export const all = <
  C extends Capability,
  I,
  A,
  Args extends ReadonlyArray<unknown>,
  Row extends { readonly id?: string | undefined },
  Place
>(facts: Facts<C, I, A, Args, Row, Place>): Question<C, Args, Listing.Listing<Row>> =>
(client: ExchangeClient<C>) =>
(...args): Effect.Effect<Listing.Listing<Row>, ExchangeError.For<C>> =>
  Effect.gen(function*() {
    const { endpoint, enough = limitOf, input, most: cap = most, next, wanted = () => true } = facts
    const { key = ({ id }: Row) => id } = facts
    const limit = enough(...args)
    // Part of a list would pass for the whole, so there is none.
    const partly = (detail: string) =>
      new ExchangeError.Unsupported({
        exchange: client.exchange,
        operation: endpoint.name,
        detail,
        alternative: "ask for less: a later `since`, a smaller `limit`, or one market at a time"
      })
    const rows = new Map<unknown, Row>()
    const unknown = new Map<unknown, Listing.Unknown>()
    let place: Place | undefined = undefined
    for (let pages = 0; pages < cap; pages++) {
      const answer: A = yield* client.request(endpoint, input(place, ...args))
      const page = Listing.from(facts.rows(answer))
      for (const row of page.rows) {
        if (wanted(row, ...args)) rows.set(key(row) ?? rows.size, row)
      }
      for (const row of page.unknown) unknown.set(row.id ?? unknown.size, row)
      const behind = next({
        answer,
        place,
        count: page.rows.length + page.unknown.length,
        lastId: page.rows.at(-1)?.id ?? page.unknown.at(-1)?.id
      })
      if (behind === undefined || rows.size >= limit) {
        return { rows: [...rows.values()], unknown: [...unknown.values()] }
      }
      if (behind === stuck) return yield* partly("there are more than can be asked for")
      place = behind
    }
    return yield* partly(`after ${cap} pages there are more, and no more are read for one call`)
  })

const limitOf = (...asked: ReadonlyArray<unknown>): number => {
  const history = asked.at(-1)
  return Predicate.hasProperty(history, "limit") && Predicate.isNumber(history.limit)
    ? history.limit
    : Number.POSITIVE_INFINITY
}

/**
 * The next page begins behind so many rows: none after a page that is not full.
 *
 * @since 0.1.0
 * @category places
 */
export const offset = (size: number) => ({ count, place = 0 }: Read<unknown, number>): number | undefined =>
  count < size ? undefined : place + size

/**
 * The next page begins behind the last row of this one, by its id: none after a page that is not full, and {@link stuck}
 * where no row says its id.
 *
 * @since 0.1.0
 * @category places
 */
export const afterLast =
  (size: number) => ({ count, lastId }: Read<unknown, string>): string | typeof stuck | undefined =>
    count < size ? undefined : lastId ?? stuck

/**
 * The answer says by what the next page is asked for: none where it says nothing. Where it says what this page was asked for by,
 * that is the end after an empty page, and {@link stuck} after one with rows.
 *
 * @since 0.1.0
 * @category places
 */
export const cursor =
  <A>(of: (answer: A) => string | null | undefined) =>
  ({ answer, count, place }: Read<A, string>): string | typeof stuck | undefined => {
    const next = of(answer)
    if (next === null || next === undefined || next === "") return undefined
    if (next !== place) return next
    return count === 0 ? undefined : stuck
  }

/**
 * A page of a listing, and by what the next one is asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Part<out Row> {
  readonly list: Listing.Rows<Row>
  readonly next: string | undefined
}

/**
 * {@link all} of a listing whose pages say by what the next one is asked for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const byCursor = <
  C extends Capability,
  I,
  Args extends ReadonlyArray<unknown>,
  Row extends { readonly id?: string | undefined }
>(
  facts: Omit<Facts<C, I, Part<Row>, Args, Row, string>, "rows" | "next">
): Question<C, Args, Listing.Listing<Row>> =>
  all({ ...facts, rows: ({ list }) => list, next: cursor(({ next }) => next) })

/**
 * The next page is what the answer says, but none behind an empty one: a list may end with a cursor that leads nowhere.
 *
 * @since 0.1.0
 * @category places
 */
export const cursorOfFull = (page: Read<Part<unknown>, string>): string | typeof stuck | undefined =>
  page.count === 0 ? undefined : cursor<Part<unknown>>(({ next }) => next)(page)

/**
 * The next page begins at the instant of the last row of this one: {@link stuck} where this one began there as well, or no row says
 * its instant.
 *
 * @since 0.1.0
 * @category places
 */
export const atInstant = (last: number | undefined, place: number | undefined): number | typeof stuck =>
  last === undefined || last === place ? stuck : last

/**
 * A history of which one request reads a span at most (in milliseconds).
 *
 * @since 0.1.0
 * @category models
 */
export interface Spans<C extends Capability, I, A, Row, Place> {
  readonly endpoint: Endpoint<C, I, A>
  readonly span: number
  /** How far it goes back, in milliseconds. Defaults to all there ever was. */
  readonly kept?: number | undefined
  /** Which span is read first. `oldest first` has to read all of them. */
  readonly order: "newest first" | "oldest first"
  /** No span is the one that the exchange takes by itself. */
  readonly input: (market: Market, place: Place | undefined, span: Window | undefined) => NoInfer<I>
  readonly rows: (market: Market, answer: A) => Listing.Rows<Row>
  /** What the next page of the span is asked for by. */
  readonly next: (page: Read<A, Place>) => Place | typeof stuck | undefined
}

/**
 * Reads a history span after span and each page by page, until there is enough. Without `since` it is the span that the exchange
 * takes by itself. The latest ends a minute from now, in case our clock is behind.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bySpan = <C extends Capability, I, A, Row extends { readonly id?: string | undefined }, Place>(
  { endpoint, input, kept = Number.POSITIVE_INFINITY, next, order, rows, span }: Spans<C, I, A, Row, Place>
): Question<C, [Market, History], Listing.Listing<Row>> =>
(client) =>
(market, { limit, since }) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const end = now + 60_000
    const first = since === undefined ? end : Math.min(Math.max(Math.floor(since), now - kept), now)
    const count = Math.ceil((end - first + 1) / span)
    const spanOf = (index: number): Window => {
      if (order === "oldest first") return { from: first + index * span, to: first + (index + 1) * span - 1 }
      const to = end - index * span
      return { from: Math.max(first, to - span + 1), to }
    }
    interface At {
      readonly index: number
      readonly place: Place | undefined
    }
    const begin: At = { index: 0, place: undefined }
    return all({
      endpoint,
      input: ({ index, place }: At = begin) => input(market, place, since === undefined ? undefined : spanOf(index)),
      rows: (answer) => rows(market, answer),
      next: ({ place: { index, place } = begin, ...page }): At | typeof stuck | undefined => {
        const behind = next({ ...page, place })
        if (behind === stuck) return stuck
        if (behind !== undefined) return { index, place: behind }
        return index + 1 < count ? { index: index + 1, place: undefined } : undefined
      },
      enough: () => order === "newest first" ? limit : Number.POSITIVE_INFINITY,
      // As many as there are spans, and some more.
      most: Number.isFinite(kept) ? Math.ceil(kept / span) + 45 : most
    })(client)()
  })

/**
 * {@link all} of a listing whose pages of that size begin behind so many rows.
 *
 * @since 0.1.0
 * @category constructors
 */
export const byOffset = <
  C extends Capability,
  I,
  Args extends ReadonlyArray<unknown>,
  Row extends { readonly id?: string | undefined }
>(
  size: number,
  facts: Omit<Facts<C, I, Listing.Listing<Row>, Args, Row, number>, "rows" | "next">
): Question<C, Args, Listing.Listing<Row>> => all({ ...facts, rows: (rows) => rows, next: offset(size) })

/**
 * {@link all} of a listing whose pages of that size begin behind the last row of the one before.
 *
 * @since 0.1.0
 * @category constructors
 */
export const byLast = <
  C extends Capability,
  I,
  Args extends ReadonlyArray<unknown>,
  Row extends { readonly id?: string | undefined }
>(
  size: number,
  facts: Omit<Facts<C, I, Listing.Listing<Row>, Args, Row, string>, "rows" | "next">
): Question<C, Args, Listing.Listing<Row>> => all({ ...facts, rows: (rows) => rows, next: afterLast(size) })
