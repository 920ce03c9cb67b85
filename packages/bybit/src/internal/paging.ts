import * as Effect from "effect/Effect"
import { given } from "../Wire.js"

/** @internal */
export interface Page<A> {
  readonly list: ReadonlyArray<A>
  readonly nextPageCursor?: string | null | undefined
}

/**
 * The rows of page after page, until there are no more, or `enough`.
 *
 * @internal
 */
export const collect = <A, E>(
  read: (cursor: string | undefined) => Effect.Effect<Page<A>, E>,
  enough: number = Number.MAX_SAFE_INTEGER
): Effect.Effect<ReadonlyArray<A>, E> => {
  const from = (cursor: string | undefined, found: ReadonlyArray<A>): Effect.Effect<ReadonlyArray<A>, E> =>
    Effect.flatMap(read(cursor), ({ list, nextPageCursor }) => {
      const all = [...found, ...list]
      const next = given(nextPageCursor)
      // A list may end with a cursor that leads to an empty page.
      return next === undefined || next === cursor || list.length === 0 || all.length >= enough
        ? Effect.succeed(all)
        : from(next, all)
    })
  return from(undefined, [])
}

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
  all: ReadonlyArray<Span>,
  read: (span: Span, cursor: string | undefined) => Effect.Effect<Page<A>, E>,
  enough: number
): Effect.Effect<ReadonlyArray<A>, E> =>
  Effect.reduce(all, [] as ReadonlyArray<A>, (found, span) =>
    found.length >= enough
      ? Effect.succeed(found)
      : Effect.map(
        collect((cursor) => read(span, cursor), enough - found.length),
        (rows) => [...found, ...rows]
      ))
