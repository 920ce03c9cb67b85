import * as Backoff from "@effect-exchange/resilience/Backoff"
import * as Effect from "effect/Effect"

/**
 * Asks as long as it is needed, with full jitter up to half a minute, unless the answer would be the same each time: whoever
 * listens is told all the while that what was said may not hold.
 *
 * @internal
 */
export const untilAnswered = <A, E extends { readonly _tag: string }>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.retry(self, { schedule: fetching, while: ({ _tag }) => !final.has(_tag) })

const fetching = Backoff.full({ base: "500 millis", max: "30 seconds" })

const final: ReadonlySet<string> = new Set([
  "InvalidRequest",
  "SymbolNotFound",
  "PermissionDenied",
  "AuthenticationFailed",
  "Unsupported",
  "ExchangeClosed"
])
