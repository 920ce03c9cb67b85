/**
 * The last known price of each symbol, for when no new one is available.
 *
 * @internal
 */
import * as Fallback from "@effect-exchange/resilience/Fallback"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import { ExchangeUnavailable, type MarketDataError } from "../../model/ExchangeError.js"
import { dropOldest } from "../../model/internal/dropOldest.js"
import type { Price } from "../../model/Price.js"
import * as Telemetry from "../Telemetry.js"

interface Memory {
  readonly last: Fallback.LastKnown<Price, MarketDataError>
  /** Whether the last result was an old price. */
  isStale: boolean
}

/** @internal */
export interface Options {
  /** The name of the composite. */
  readonly exchange: string
  readonly maxAge: Duration.DurationInput
  /** How many symbols are remembered: those served most recently. */
  readonly capacity: number
}

/** @internal */
export type Serve = (
  symbol: string,
  ask: Effect.Effect<Price, MarketDataError>
) => Effect.Effect<Price, MarketDataError>

/** @internal */
export const make = ({ capacity, exchange, maxAge }: Options): Serve => {
  // The least recently served symbol comes first.
  const memories = new Map<string, Memory>()
  const options = { maxAge, when: ({ _tag }: MarketDataError) => _tag === "ExchangeUnavailable" }
  const count = Metric.increment(Telemetry.lastKnownPrices).pipe(Effect.tagMetrics({ exchange }))

  const remember = (symbol: string, memory: Memory): void => {
    memories.delete(symbol)
    memories.set(symbol, memory)
    dropOldest(memories, capacity)
  }

  return (symbol, ask) =>
    Effect.gen(function*() {
      // Only symbols that have had a price are remembered. Otherwise, symbols that no source lists would evict the
      // others.
      const memory = memories.get(symbol) ??
        { last: yield* Fallback.lastKnown<Price, MarketDataError>(options), isStale: false }
      let because: string | undefined
      const { age, stale, value } = yield* memory.last.serve(
        Effect.tapError(ask, ({ message }) => Effect.sync(() => because = message))
      )
      const wasStale = memory.isStale
      memory.isStale = stale
      if (stale) {
        yield* count
        if (wasStale) return value
        const about = { symbol, source: value.source, age: Duration.format(Duration.millis(Duration.toMillis(age))) }
        yield* Effect.logWarning("No source is available; serving the last known price", { ...about, because })
        return value
      }
      remember(symbol, memory)
      if (wasStale) yield* Effect.logInfo("A current price is available again", { symbol, source: value.source })
      return value
    })
}

/**
 * Serves several prices from one response. A price that is missing there is replaced by the last known one, if any.
 *
 * @internal
 */
export const serveAll = (
  serve: Serve,
  exchange: string,
  symbols: ReadonlyArray<string>,
  ask: Effect.Effect<ReadonlyArray<Price>, MarketDataError>
): Effect.Effect<ReadonlyArray<Price>, MarketDataError> =>
  Effect.gen(function*() {
    const answer = yield* Effect.either(ask)
    const bySymbol = new Map<string, Price>(
      Either.getOrElse(answer, () => []).map((price) => [price.symbol, price])
    )
    const found = yield* Effect.forEach(Arr.dedupe(symbols), (symbol) => {
      const price = bySymbol.get(symbol)
      const asked = price === undefined
        ? Either.flatMap(answer, () => Either.left(lacking(exchange, symbol)))
        : Either.right(price)
      return Effect.option(Effect.map(serve(symbol, asked), (price) => bySymbol.set(symbol, price)))
    })
    return found.every(Option.isNone)
      ? yield* answer
      : Arr.filterMap(symbols, (symbol) => Option.fromNullable(bySymbol.get(symbol)))
  })

const lacking = (exchange: string, symbol: string): ExchangeUnavailable =>
  new ExchangeUnavailable({
    exchange,
    operation: "prices",
    outcome: "NotSent",
    detail: `no source has a price for ${symbol}`
  })
