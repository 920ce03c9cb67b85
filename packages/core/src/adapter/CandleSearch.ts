/**
 * Finds where the candles of a market begin, for exchanges that do not report it. The search reads longer candles
 * first, since a few requests for them cover years.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Window } from "../ports/Adapter.js"

/**
 * Candles of one length. `read` returns the open times of the candles that open in a window, in any order. The window
 * covers at most `page` candles.
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
 * Finds where the candles from `from` on begin: when the first one opens, or an instant at most `precision`
 * milliseconds earlier. Returns none if there is no candle.
 *
 * Reads the longest candles first, page by page from the beginning, and then shorter ones within the first candle
 * found, until a candle is no longer than `precision`. It reads every page rather than bisecting: a binary search would
 * miss the first period of a market that closed for years and then reopened.
 *
 * @since 0.1.0
 * @category search
 */
export const firstFrom = <E>(options: {
  /** The longest candles first. */
  readonly steps: ReadonlyArray<Step<E>>
  /** The instant before which the whole exchange has no candles (epoch milliseconds). */
  readonly since: number
  readonly from: number
  /** The current time by the exchange's clock (epoch milliseconds): no candle opens later. */
  readonly now: number
  /** The precision of the search, in milliseconds: the time that one page of the wanted candles covers. */
  readonly precision: number
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
      // Starts one candle early: a candle that opened before `from` may reach into the range, and weekly candles do not
      // open on the weekday of the epoch.
      for (let start = (Math.floor(from / length) - 1) * length; start < until; start += page * length) {
        const window = { from: start, to: Math.min(start + page * length, Math.ceil(until / length) * length) }
        const opens = (yield* read(window)).filter((open) => open + length > from && open < until)
        for (const open of opens.toSorted((one, other) => one - other)) {
          const [begin, end] = [Math.max(from, open), Math.min(until, open + length)]
          const found = length <= options.precision ? Option.some(begin) : yield* within(shorter, begin, end)
          if (Option.isSome(found)) return found
        }
      }
      return Option.none()
    })
  const from = Math.max(options.from, options.since)
  return from > options.now ? Effect.succeedNone : within(options.steps, from, options.now + 1)
}
