import * as Effect from "effect/Effect"
import * as ExchangeError from "../ExchangeError.js"

/** The errors that can have the outcome `NotSent`. */
type Unsent =
  | ExchangeError.AuthenticationFailed
  | ExchangeError.PermissionDenied
  | ExchangeError.ClockSkew
  | ExchangeError.RateLimited
  | ExchangeError.Banned
  | ExchangeError.TransportFailed
  | ExchangeError.ExchangeUnavailable

/**
 * Converts the error of a preliminary request to the error of the request that needed it, which was therefore never
 * sent. `because` is what failed, as the beginning of the detail.
 *
 * @internal
 */
export const beforeSending = (because: string) => <E extends ExchangeError.ExchangeError>(error: E): E | Unsent => {
  const failure: ExchangeError.ExchangeError = error
  if (failure.outcome === "NotSent") return error
  switch (failure._tag) {
    case "AuthenticationFailed":
      return new ExchangeError.AuthenticationFailed({ ...failure, outcome: "NotSent" })
    case "PermissionDenied":
      return new ExchangeError.PermissionDenied({ ...failure, outcome: "NotSent" })
    case "ClockSkew":
      return new ExchangeError.ClockSkew({ ...failure, outcome: "NotSent" })
    case "RateLimited":
      return new ExchangeError.RateLimited({ ...failure, outcome: "NotSent" })
    case "Banned":
      return new ExchangeError.Banned({ ...failure, outcome: "NotSent" })
    case "TransportFailed":
      return new ExchangeError.TransportFailed({ ...failure, outcome: "NotSent" })
    default: {
      const { code, detail, exchange, operation, status } = failure
      return new ExchangeError.ExchangeUnavailable({
        exchange,
        operation,
        code,
        status,
        detail: `${because}: ${detail}`,
        outcome: "NotSent"
      })
    }
  }
}

/**
 * Marks a read that a write needs first. If it fails with an unknown outcome, the outcome of the write is still known:
 * it was not sent.
 *
 * @internal
 */
export const beforeWriting = <E extends ExchangeError.ExchangeError, A, R>(
  reading: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Unsent, R> =>
  Effect.mapError(reading, (error) => error.outcome === "Unknown" ? beforeSending("nothing was sent")(error) : error)
