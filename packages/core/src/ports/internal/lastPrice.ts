/**
 * The price given last of each symbol, for when there is none to be had.
 *
 * @internal
 */
import * as Fallback from "@effect-exchange/resilience/Fallback"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { MarketDataError } from "../../model/ExchangeError.js"
import type { Price } from "../../model/Price.js"
import * as Telemetry from "../Telemetry.js"

interface Memory {
  readonly last: Fallback.LastKnown<Price, MarketDataError>
  /** Whether what was given last was not new. */
  isOut: boolean
}

/** @internal */
export interface Options {
  /** Of which composite. */
  readonly exchange: string
  readonly maxAge: Duration.DurationInput
  /** How many symbols are remembered: those that were given last. */
  readonly capacity: number
}

type Serve = (symbol: string, ask: Effect.Effect<Price, MarketDataError>) => Effect.Effect<Price, MarketDataError>

/** @internal */
export const make = ({ capacity, exchange, maxAge }: Options): Serve => {
  // The one that was given least recently first.
  const memories = new Map<string, Memory>()
  const options = { maxAge, when: ({ _tag }: MarketDataError) => _tag === "ExchangeUnavailable" }
  const count = Metric.increment(Telemetry.lastKnownPrices).pipe(Effect.tagMetrics({ exchange }))

  const remember = (symbol: string, memory: Memory): void => {
    memories.delete(symbol)
    memories.set(symbol, memory)
    for (const oldest of memories.keys()) {
      if (memories.size <= capacity) return
      memories.delete(oldest)
    }
  }

  return (symbol, ask) =>
    Effect.gen(function*() {
      // Only what has had a price is remembered, or symbols that nobody lists would drive out those that somebody does.
      const memory = memories.get(symbol) ??
        { last: yield* Fallback.lastKnown<Price, MarketDataError>(options), isOut: false }
      let because: string | undefined
      const { age, stale, value } = yield* memory.last.serve(
        Effect.tapError(ask, ({ message }) => Effect.sync(() => because = message))
      )
      const wasOut = memory.isOut
      memory.isOut = stale
      if (stale) {
        yield* count
        if (wasOut) return value
        const about = { symbol, source: value.source, age: Duration.format(Duration.millis(Duration.toMillis(age))) }
        yield* Effect.logWarning("No source can serve; the last known price is given", { ...about, because })
        return value
      }
      remember(symbol, memory)
      if (wasOut) yield* Effect.logInfo("The price is a new one again", { symbol, source: value.source })
      return value
    })
}
