/**
 * Rows of a listing that comes page by page: until there are enough, or no more, and never more pages than a cap.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { Unsupported } from "../model/ExchangeError.js"

/**
 * One page: its rows, and by what the next one is asked for, if there is one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Page<out Row, out Next> {
  readonly rows: ReadonlyArray<Row>
  readonly next: Next | undefined
}

/**
 * How many pages an operation reads unless its exchange says otherwise.
 *
 * @since 0.1.0
 * @category constants
 */
export const most = 100

/**
 * Says that an operation would have to read more pages than it may. Part of a list would pass for the whole, so there is
 * none.
 *
 * @since 0.1.0
 * @category errors
 */
export const tooMany = (
  about: { readonly exchange: string; readonly operation: string },
  pages: number = most
): Unsupported =>
  new Unsupported({
    ...about,
    detail: `after ${pages} pages there are more, and no more are read for one call`,
    alternative: "ask for less: a later `since`, a smaller `limit`, or one market at a time"
  })

/**
 * Reads page after page until there are `enough` rows or no more pages, and gives them in their order.
 *
 * Fails with `Unsupported` where `most` pages (by default {@link most}) hold neither.
 *
 * @since 0.1.0
 * @category reading
 */
export const collect = <Row, Next, E>(options: {
  readonly exchange: string
  readonly operation: string
  /** The page asked for so; the first one without. */
  readonly read: (next: Next | undefined) => Effect.Effect<Page<Row, Next>, E>
  /** What makes rows the same: one that comes twice, as others were added meanwhile, is one, as it was read last. */
  readonly id?: ((row: Row) => string) | undefined
  /** Defaults to all there are. */
  readonly enough?: number | undefined
  readonly most?: number | undefined
}): Effect.Effect<ReadonlyArray<Row>, E | Unsupported> =>
  Effect.gen(function*() {
    const { enough = Number.POSITIVE_INFINITY, id, read } = options
    const cap = options.most ?? most
    const found = new Map<unknown, Row>()
    let next: Next | undefined = undefined
    for (let pages = 0; pages < cap; pages++) {
      const page: Page<Row, Next> = yield* read(next)
      for (const row of page.rows) found.set(id === undefined ? found.size : id(row), row)
      if (page.next === undefined || found.size >= enough) return [...found.values()]
      next = page.next
    }
    return yield* tooMany(options, cap)
  })
