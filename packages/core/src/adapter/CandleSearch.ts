/**
 * Finds where the candles of a market begin, on exchanges that do not tell: by longer candles, of which a few requests
 * cover years.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Window } from "../ports/Adapter.js"

/**
 * Candles of one length: `read` gives when those open that open in a window, in any order, of at most `page` lengths.
 *
 * @since 0.1.0
 * @category models
 */
export interface Step<out E> {
  /** In milliseconds. */
  readonly length: number
  readonly page: number
  readonly read: (window: Window) => Effect.Effect<ReadonlyArray<number>, E>
}

/**
 * Finds when the first candle opens that there is from an instant on, or at most `reach` milliseconds before it; none if
 * there is none.
 *
 * Reads the longest candles first, page by page from the beginning, and then shorter ones within the one found, until it
 * is no longer than `reach`. It looks at every page: a market that was closed for years and opened again begins where it
 * began at first, which a search by halves would miss.
 *
 * @since 0.1.0
 * @category search
 */
export const firstFrom = <E>(options: {
  /** The longest candles first. */
  readonly steps: ReadonlyArray<Step<E>>
  /** Before it there is nothing on the whole exchange (epoch milliseconds). */
  readonly since: number
  readonly from: number
  /** How near is near enough: what one page of the candles that are wanted covers. In milliseconds. */
  readonly reach: number
}): Effect.Effect<Option.Option<number>, E> => {
  const within = (
    steps: ReadonlyArray<Step<E>>,
    from: number,
    until: number
  ): Effect.Effect<Option.Option<number>, E> =>
    Effect.gen(function*() {
      const [step, ...shorter] = steps
      if (step === undefined) return Option.some(from)
      const { length, page, read } = step
      // A candle that began before may go on into the range, and weeks open on another day than the epoch's.
      for (let start = (Math.floor(from / length) - 1) * length; start < until; start += page * length) {
        const window = { from: start, to: Math.min(start + page * length, Math.ceil(until / length) * length) }
        const opens = (yield* read(window)).filter((open) => open + length > from && open < until)
        for (const open of opens.toSorted((one, other) => one - other)) {
          const [begin, end] = [Math.max(from, open), Math.min(until, open + length)]
          const found = length <= options.reach ? Option.some(begin) : yield* within(shorter, begin, end)
          if (Option.isSome(found)) return found
        }
      }
      return Option.none()
    })
  const from = Math.max(options.from, options.since)
  return Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => from > now ? Effect.succeedNone : within(options.steps, from, now + 1)
  )
}
