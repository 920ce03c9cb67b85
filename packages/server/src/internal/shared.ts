/**
 * Shares one call to an exchange between all requests for the same data within a moment.
 *
 * @internal
 */
import type { ExchangeError } from "@effect-exchange/core"
import * as SingleFlight from "@effect-exchange/resilience/SingleFlight"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/**
 * Runs the call, waits for the same call in flight, or returns its recent result.
 *
 * @internal
 */
export type Share<A> = (
  key: string,
  call: Effect.Effect<A, ExchangeError.MarketDataError>
) => Effect.Effect<A, ExchangeError.MarketDataError>

/** The maximum number of results that are kept. */
const maxResults = 1000

/**
 * Creates a share that reuses a result for `maxAge`.
 *
 * @internal
 */
export const make = <A>(name: string, maxAge: Duration.DurationInput): Effect.Effect<Share<A>> =>
  Effect.map(SingleFlight.make<A, ExchangeError.MarketDataError>({ name }), (flights) => {
    const results = new Map<string, { readonly value: A; readonly until: number }>()
    const millis = Duration.toMillis(maxAge)
    const keep = (key: string, value: A, now: number): void => {
      results.delete(key)
      results.set(key, { value, until: now + millis })
      for (const oldest of results.keys()) {
        if (results.size <= maxResults) return
        results.delete(oldest)
      }
    }
    return (key, call) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const known = results.get(key)
        // The last condition: a clock that is set back must not extend the lifetime of a result.
        if (known !== undefined && now < known.until && known.until - now <= millis) return Effect.succeed(known.value)
        return flights.run(
          key,
          Effect.tap(call, (value) => Effect.map(Clock.currentTimeMillis, (then) => keep(key, value, then)))
        )
      })
  })
