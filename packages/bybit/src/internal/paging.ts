import type { ExchangeError } from "@effect-exchange/core"
import { Pages } from "@effect-exchange/core/adapter"
import * as Effect from "effect/Effect"
import { given } from "../Wire.js"

/** @internal */
export interface Page<A> {
  readonly list: ReadonlyArray<A>
  readonly nextPageCursor?: string | null | undefined
}

/** How many pages one call reads: as many weeks as Bybit keeps, and some more. */
const most = 150

/**
 * The rows of page after page, until there are no more.
 *
 * @internal
 */
export const collect = <A, E>(
  operation: string,
  read: (cursor: string | undefined) => Effect.Effect<Page<A>, E>
): Effect.Effect<ReadonlyArray<A>, E | ExchangeError.Unsupported> =>
  reachBack(operation, [{}], (_, cursor) => read(cursor), Number.POSITIVE_INFINITY)

/** @internal */
export const week = 7 * 86_400_000

const minute = 60_000
const kept = 730 * 86_400_000

/** @internal */
export interface Span {
  readonly startTime?: number | undefined
  readonly endTime?: number | undefined
}

/**
 * Spans of a week that reach back from now to `since`, the latest first; without `since`, the one that Bybit takes when
 * none is given. The first ends a minute from now, in case our clock is behind.
 *
 * @internal
 */
export const spans = (since: number | undefined, now: number): ReadonlyArray<Span> => {
  if (since === undefined) return [{}]
  const first = Math.min(Math.max(Math.floor(since), now - kept), now)
  return Array.from({ length: Math.ceil((now + minute - first + 1) / week) }, (_, index) => {
    const endTime = now + minute - index * week
    return { startTime: Math.max(first, endTime - week + 1), endTime }
  })
}

/**
 * The rows of span after span, the latest first, until there are `enough`.
 *
 * @internal
 */
export const reachBack = <A, E>(
  operation: string,
  all: ReadonlyArray<Span>,
  read: (span: Span, cursor: string | undefined) => Effect.Effect<Page<A>, E>,
  enough: number
): Effect.Effect<ReadonlyArray<A>, E | ExchangeError.Unsupported> =>
  Pages.collect<A, Place, E>({
    exchange: "bybit",
    operation,
    enough,
    most,
    read: ({ cursor, span } = { span: 0, cursor: undefined }) =>
      Effect.map(read(all[span] ?? {}, cursor), ({ list, nextPageCursor }) => {
        const next = given(nextPageCursor)
        // A list may end with a cursor that leads to an empty page.
        if (next !== undefined && next !== cursor && list.length > 0) {
          return { rows: list, next: { span, cursor: next } }
        }
        return { rows: list, next: span + 1 < all.length ? { span: span + 1, cursor: undefined } : undefined }
      })
  })

interface Place {
  readonly span: number
  readonly cursor: string | undefined
}
