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
): Effect.Effect<A, E> => Effect.retry(self, { schedule: fetching, until: isFinal })

const fetching = Backoff.full({ base: "500 millis", max: "30 seconds" })

/**
 * Returns `true` if the same request would fail again with this error. A ban ends, and a gateway's page is temporary.
 *
 * @internal
 */
export const isFinal = ({ _tag }: { readonly _tag: string }): boolean => final.has(_tag)

const final: ReadonlySet<string> = new Set([
  "InvalidRequest",
  "SymbolNotFound",
  "OrderNotFound",
  "PermissionDenied",
  "AuthenticationFailed",
  "Unsupported",
  "ExchangeClosed"
])
