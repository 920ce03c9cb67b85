import type { ExchangeError } from "@effect-exchange/core"
import { Pages } from "@effect-exchange/core/adapter"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/** @internal What every page says of the next one. */
export interface Page {
  readonly cursor?: string | undefined
  readonly has_next?: boolean | undefined
}

/**
 * The rows of a listing, page by page, each asked for when the one before it is used up, and no more pages than a cap.
 * Some listings say whether there is another page, some only give its cursor.
 *
 * @internal
 */
export const rows = <P extends Page, A, E>(
  operation: string,
  page: (cursor: string | undefined) => Effect.Effect<P, E>,
  rowsOf: (page: P) => ReadonlyArray<A>
): Stream.Stream<A, E | ExchangeError.Unsupported> =>
  Stream.paginateChunkEffect({ cursor: undefined, pages: 0 }, ({ cursor, pages }: Place): Effect.Effect<
    readonly [Chunk.Chunk<A>, Option.Option<Place>],
    E | ExchangeError.Unsupported
  > =>
    pages === Pages.most
      ? Pages.tooMany({ exchange: "coinbase", operation })
      : Effect.map(page(cursor), (page) => [
        Chunk.fromIterable(rowsOf(page)),
        page.has_next === false || page.cursor === undefined || page.cursor === cursor
          ? Option.none<Place>()
          : Option.some({ cursor: page.cursor, pages: pages + 1 })
      ]))

interface Place {
  readonly cursor: string | undefined
  readonly pages: number
}

/** @internal */
export const toArray = <A, E>(self: Stream.Stream<A, E>): Effect.Effect<ReadonlyArray<A>, E> =>
  Effect.map(Stream.runCollect(self), Chunk.toReadonlyArray)
