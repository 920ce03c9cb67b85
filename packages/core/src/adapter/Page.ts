/**
 * Questions whose answers come in pages. The pages are read one after the other until there are enough rows, or no
 * more.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { Capability, Endpoint } from "../engine/Endpoint.js"
import { type ExchangeClient, exchangeTime } from "../engine/ExchangeClient.js"
import * as ExchangeError from "../model/ExchangeError.js"
import * as Listing from "../model/Listing.js"
import type { History, Window } from "../ports/Adapter.js"
import type { Question } from "./Question.js"

/**
 * The maximum number of pages that a question reads, unless its declaration sets another.
 *
 * @since 0.1.0
 * @category constants
 */
export const most = 100

/**
 * Marks a listing with more rows than can be requested, such as more rows at one instant than a page holds.
 *
 * @since 0.1.0
 * @category places
 */
export const unreachable: unique symbol = Symbol.for("@effect-exchange/core/Page/unreachable")

/**
 * A page that was read. `count` is its number of rows. `lastId` is the id of its last decoded row or, failing that, of
 * its last row that could not be decoded.
 *
 * @since 0.1.0
 * @category models
 */
export interface Read<out A, out Place> {
  readonly answer: A
  /** The place that this page was requested with; `undefined` for the first page. */
  readonly place: Place | undefined
  readonly count: number
  readonly lastId: string | undefined
}

/**
 * The declaration of a listing in pages. A `Place` identifies a page in a request: a cursor, an offset, or the id of a
 * row. `asked` are the arguments of the question.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts<C extends Capability, I, A, Args extends ReadonlyArray<unknown>, Row, Place> {
  readonly endpoint: Endpoint<C, I, A>
  readonly input: (place: Place | undefined, ...args: Args) => NoInfer<I>
  readonly rows: (answer: A, asked: Args) => Listing.Rows<Row>
  /**
   * Returns the place of the next page, `undefined` if there is none, or {@link unreachable} if there are more rows
   * that cannot be requested.
   */
  readonly next: (page: Read<A, Place>, asked: Args) => Place | typeof unreachable | undefined
  /** Returns the key by which two rows are the same row. Defaults to `Listing.keyOf`. */
  readonly key?: ((row: Row) => string) | undefined
  /**
   * Returns `true` for a row behind which none is wanted: a page that ends with it is the last one. Defaults to reading
   * all pages.
   */
  readonly isPast?: ((row: Row, ...args: Args) => boolean) | undefined
  /** Selects the rows that are kept and counted. Defaults to all. */
  readonly wanted?: ((row: Row, ...args: Args) => boolean) | undefined
  /** Returns how many rows are enough. Defaults to the `limit` of a history request, and otherwise to all rows. */
  readonly enough?: ((...args: Args) => number) | undefined
  /** The maximum number of pages. Defaults to {@link most}. */
  readonly most?: number | undefined
}

/**
 * Reads page after page. A row may appear on two pages if others were added in the meantime; it is returned once, as it
 * was last read.
 *
 * Fails with `Unsupported` if the pages that can be read contain neither enough rows nor all of them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const all = <
  C extends Capability,
  I,
  A,
  Args extends ReadonlyArray<unknown>,
  Row extends Listing.Identified,
  Place
>(facts: Facts<C, I, A, Args, Row, Place>): Question<C, Args, Listing.Listing<Row>> =>
(client: ExchangeClient<C>) =>
(...args): Effect.Effect<Listing.Listing<Row>, ExchangeError.For<C>> =>
  Effect.gen(function*() {
    const { endpoint, enough = limitOf, input, isPast, most: cap = most, next, wanted = () => true } = facts
    const { key = Listing.keyOf } = facts
    const limit = enough(...args)
    // Fails rather than return a partial list, which would look like the complete one.
    const partly = (detail: string) =>
      new ExchangeError.Unsupported({
        exchange: client.exchange,
        operation: endpoint.name,
        detail,
        alternative: "request less: a later `since`, a smaller `limit`, or one market at a time"
      })
    const rows = new Map<unknown, Row>()
    const unknown = new Map<unknown, Listing.Unknown>()
    let place: Place | undefined = undefined
    for (let pages = 0; pages < cap; pages++) {
      const answer: A = yield* client.request(endpoint, input(place, ...args))
      const page = Listing.from(facts.rows(answer, args))
      for (const row of page.rows) {
        if (wanted(row, ...args)) rows.set(key(row) ?? rows.size, row)
      }
      for (const row of page.unknown) unknown.set(row.id ?? unknown.size, row)
      const last = page.rows.at(-1)
      const behind: Place | typeof unreachable | undefined = last !== undefined && isPast?.(last, ...args) === true ?
        undefined :
        next({
          answer,
          place,
          count: page.rows.length + page.unknown.length,
          lastId: last?.id ?? page.unknown.at(-1)?.id
        }, args)
      if (behind === undefined || rows.size >= limit) {
        return { rows: [...rows.values()], unknown: [...unknown.values()] }
      }
      if (behind === unreachable) return yield* partly("there are more rows than can be requested")
      place = behind
    }
    return yield* partly(`there are more than ${cap} pages, the maximum that one call reads`)
  })

const limitOf = (...asked: ReadonlyArray<unknown>): number => {
  const history = asked.at(-1)
  return Predicate.hasProperty(history, "limit") && Predicate.isNumber(history.limit)
    ? history.limit
    : Number.POSITIVE_INFINITY
}

/**
 * Continues at an offset, which is the number of rows read so far, or `step` behind that of this page. A page with
 * fewer than `size` rows is the last one.
 *
 * @since 0.1.0
 * @category places
 */
export const offset =
  (size: number, step: number = size) => ({ count, place = 0 }: Read<unknown, number>): number | undefined =>
    count < size ? undefined : place + step

/**
 * Continues after the last row of the page, by its id. A page with fewer than `size` rows is the last one. Returns
 * {@link unreachable} if no row has an id.
 *
 * @since 0.1.0
 * @category places
 */
export const afterLast =
  (size: number) => ({ count, lastId }: Read<unknown, string>): string | typeof unreachable | undefined =>
    count < size ? undefined : lastId ?? unreachable

/**
 * Continues with the cursor in the answer. A missing or empty cursor ends the listing. If the cursor is the one that
 * this page was requested with, the listing ends after an empty page, and is {@link unreachable} after a page with
 * rows.
 *
 * @since 0.1.0
 * @category places
 */
export const cursor =
  <A>(of: (answer: A) => string | null | undefined) =>
  ({ answer, count, place }: Read<A, string>): string | typeof unreachable | undefined => {
    const next = of(answer)
    if (next === null || next === undefined || next === "") return undefined
    if (next !== place) return next
    return count === 0 ? undefined : unreachable
  }

/**
 * A page of a listing, and the cursor of the next one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Part<out Row> {
  readonly list: Listing.Rows<Row>
  readonly next: string | undefined
}

/**
 * Reads a listing by {@link all} whose pages contain the cursor of the next page.
 *
 * @since 0.1.0
 * @category constructors
 */
export const byCursor = <
  C extends Capability,
  I,
  Args extends ReadonlyArray<unknown>,
  Row extends Listing.Identified
>(
  facts: Omit<Facts<C, I, Part<Row>, Args, Row, string>, "rows" | "next">
): Question<C, Args, Listing.Listing<Row>> =>
  all({ ...facts, rows: ({ list }) => list, next: cursor(({ next }) => next) })

/**
 * Continues with the cursor in the answer, except after an empty page: a listing may end with a cursor that leads
 * nowhere.
 *
 * @since 0.1.0
 * @category places
 */
export const cursorOfFull = (page: Read<Part<unknown>, string>): string | typeof unreachable | undefined =>
  page.count === 0 ? undefined : cursor<Part<unknown>>(({ next }) => next)(page)

/**
 * Continues at the instant of the page's last row. Returns {@link unreachable} if this page began at the same instant,
 * or if no row has an instant.
 *
 * @since 0.1.0
 * @category places
 */
export const atInstant = (last: number | undefined, place: number | undefined): number | typeof unreachable =>
  last === undefined || last === place ? unreachable : last

/**
 * The declaration of a history whose requests cover at most `span` milliseconds each. The `Subject`, such as a market,
 * is what the history is about.
 *
 * @since 0.1.0
 * @category models
 */
export interface Spans<C extends Capability, I, A, Row, Place, Subject> {
  readonly endpoint: Endpoint<C, I, A>
  readonly span: number
  /** How far back the history goes, in milliseconds. Defaults to no bound. */
  readonly kept?: number | undefined
  /** The span that is read first. With `oldest first`, all spans have to be read. */
  readonly order: "newest first" | "oldest first"
  /** A `span` of `undefined` requests the span that is the exchange's default. */
  readonly input: (subject: Subject, place: Place | undefined, span: Window | undefined) => NoInfer<I>
  readonly rows: (subject: Subject, answer: A) => Listing.Rows<Row>
  /** Returns the place of the next page within the span. */
  readonly next: (page: Read<A, Place>) => Place | typeof unreachable | undefined
}

/**
 * Reads a history span by span, and each span page by page, until there are enough rows. Without `since`, it requests
 * the exchange's default span. The latest span ends a minute from now by the exchange's clock, as far as that is known.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bySpan = <C extends Capability, I, A, Row extends Listing.Identified, Place, Subject>(
  { endpoint, input, kept = Number.POSITIVE_INFINITY, next, order, rows, span }: Spans<C, I, A, Row, Place, Subject>
): Question<C, [Subject, History], Listing.Listing<Row>> =>
(client) =>
(subject, { limit, since }) =>
  Effect.flatMap(exchangeTime(client), (now) => {
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
      input: ({ index, place }: At = begin) => input(subject, place, since === undefined ? undefined : spanOf(index)),
      rows: (answer) => rows(subject, answer),
      next: ({ place: { index, place } = begin, ...page }): At | typeof unreachable | undefined => {
        const behind = next({ ...page, place })
        if (behind === unreachable) return unreachable
        if (behind !== undefined) return { index, place: behind }
        return index + 1 < count ? { index: index + 1, place: undefined } : undefined
      },
      enough: () => order === "newest first" ? limit : Number.POSITIVE_INFINITY,
      // One page per span, plus a margin for spans with several pages.
      most: Number.isFinite(kept) ? Math.ceil(kept / span) + 45 : most
    })(client)()
  })

/**
 * Reads a listing by {@link all} in pages of `size` rows, by offset. `step` is how much further each page begins, less
 * than `size` where rows may move forward between two pages.
 *
 * @since 0.1.0
 * @category constructors
 */
export const byOffset = <
  C extends Capability,
  I,
  Args extends ReadonlyArray<unknown>,
  Row extends Listing.Identified
>(
  size: number,
  facts: Omit<Facts<C, I, Listing.Listing<Row>, Args, Row, number>, "rows" | "next">,
  step: number = size
): Question<C, Args, Listing.Listing<Row>> =>
  all({
    ...facts,
    rows: (rows) => rows,
    next: offset(size, step)
  })

/**
 * Reads a listing by {@link all} in pages of `size` rows, each of which continues after the last row of the previous
 * one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const byLast = <
  C extends Capability,
  I,
  Args extends ReadonlyArray<unknown>,
  Row extends Listing.Identified
>(
  size: number,
  facts: Omit<Facts<C, I, Listing.Listing<Row>, Args, Row, string>, "rows" | "next">
): Question<C, Args, Listing.Listing<Row>> => all({ ...facts, rows: (rows) => rows, next: afterLast(size) })
