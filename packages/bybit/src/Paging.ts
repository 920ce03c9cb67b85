/**
 * Bybit's pages, and histories that are read week by week.
 *
 * @since 0.1.0
 */
import type { Market } from "@effect-exchange/core"
import { type Declaration, type Endpoint, type Listing, Page, type Question } from "@effect-exchange/core/adapter"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Endpoints from "./Endpoints.js"
import { named } from "./Markets.js"

/**
 * A page of a list.
 *
 * @since 0.1.0
 * @category models
 */
export interface Part<Row> {
  readonly list: Listing.Listing<Row>
  readonly next: string | undefined
}

/**
 * Finds the next page, but none behind an empty one: a list may end with a cursor that leads nowhere.
 *
 * @since 0.1.0
 * @category pages
 */
export const next = ({ answer, count, place }: Page.Read<{ readonly next: string | undefined }, string>) =>
  count === 0 || answer.next === place ? undefined : answer.next

const [minute, day] = [60_000, 86_400_000]
/**
 * How much of a history one request reads, in milliseconds.
 *
 * @since 0.1.0
 * @category constants
 */
export const week = 7 * day

interface At {
  readonly week: number
  readonly cursor: string | undefined
}

/**
 * Spans of a week that reach back from now to `since`, the latest first; without `since`, the one that Bybit takes when none
 * is given. The first ends a minute from now, in case our clock is behind.
 */
const weeksSince = (since: number | undefined, now: number): ReadonlyArray<Endpoints.Span> => {
  if (since === undefined) return [{}]
  // Nothing is kept for longer than two years.
  const first = Math.min(Math.max(Math.floor(since), now - 730 * day), now)
  return Array.from({ length: Math.ceil((now + minute - first + 1) / week) }, (_, index) => {
    const endTime = now + minute - index * week
    return { startTime: Math.max(first, endTime - week + 1), endTime }
  })
}

/**
 * Reads a history week after week, the latest first, until there is enough.
 *
 * @since 0.1.0
 * @category pages
 */
export const history = <A, Row extends { readonly id: string }>(
  limit: number,
  endpoint: Endpoint.Endpoint<"account", Endpoints.Named & Endpoints.Span & Endpoints.Part, Part<A>>,
  rows: (market: Market.Market, page: Part<A>) => Listing.Listing<Row>
): Question.Question<"account", [Market.Market, Declaration.History], Listing.Listing<Row>> =>
(client) =>
(market, query) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const weeks = weeksSince(query.since, now)
    const first: At = { week: 0, cursor: undefined }
    return Page.all({
      endpoint,
      input: ({ cursor, week }: At = first) => ({ ...named(market), ...weeks[week], limit, cursor }),
      rows: (page) => rows(market, page),
      next: ({ answer, count, place: { cursor, week } = first }): At | undefined =>
        count > 0 && answer.next !== undefined && answer.next !== cursor
          ? { week, cursor: answer.next }
          : week + 1 < weeks.length
          ? { week: week + 1, cursor: undefined }
          : undefined,
      enough: () => query.limit,
      // As many as there are weeks that Bybit keeps, and some more.
      most: 150
    })(client)()
  })
