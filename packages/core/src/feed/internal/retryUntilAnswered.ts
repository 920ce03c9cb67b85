import * as Backoff from "@effect-exchange/resilience/Backoff"
import * as Effect from "effect/Effect"

/**
 * Repeats a request until it succeeds, with full jitter up to 30 seconds, unless the error would be the same each time.
 * Meanwhile the consumers know that earlier data may no longer hold.
 *
 * @internal
 */
export const retryUntilAnswered = <A, E extends { readonly _tag: string }>(
  self: Effect.Effect<A, E>
): Effect.Effect<A, E> => Effect.retry(self, { schedule: fetching, while: ({ _tag }) => !final.has(_tag) })

const fetching = Backoff.full({ base: "500 millis", max: "30 seconds" })

const final: ReadonlySet<string> = new Set([
  "InvalidRequest",
  "SymbolNotFound",
  "OrderNotFound",
  "PermissionDenied",
  "AuthenticationFailed",
  "Unsupported",
  "ExchangeClosed"
])
