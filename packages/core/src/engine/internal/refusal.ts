import type { Refusal } from "@effect-exchange/resilience/Policy"
import * as Duration from "effect/Duration"
import * as ExchangeError from "../../model/ExchangeError.js"
import type { Capability } from "../Endpoint.js"

/**
 * Converts the refusal of a gate to an error of the exchange.
 *
 * @internal
 */
export const fromRefusal = (
  about: { readonly exchange: string; readonly operation: string },
  refusal: Refusal
): ExchangeError.MarketDataError => {
  switch (refusal._tag) {
    case "CircuitOpen":
      return new ExchangeError.CircuitOpen({
        ...about,
        state: refusal.state,
        retryAfter: refusal.retryAfter,
        detail: Duration.isFinite(refusal.retryAfter)
          ? `not sent: the exchange kept failing; try again in ${inWords(refusal.retryAfter)}`
          : "not sent: the circuit is held open; reset it when the exchange has recovered"
      })
    case "BulkheadFull":
      return new ExchangeError.BulkheadFull({
        ...about,
        detail: "not sent: too many calls are in flight or waiting; slow down or raise maxConcurrent"
      })
    case "RateLimiterFull":
      return new ExchangeError.RateLimiterFull({
        ...about,
        detail: refusal.reason === "CostExceedsLimit"
          ? "not sent: this call alone costs more than the exchange's whole rate limit; request less at once"
          : "not sent: too many calls are waiting for the exchange's rate limit; slow down or raise maxQueued"
      })
    case "DeadlineExceeded":
      return new ExchangeError.DeadlineExceeded({
        ...about,
        detail: "not sent: it would have to wait in the queue past the deadline; allow more time or slow down"
      })
  }
}

const inWords = (duration: Duration.Duration): string =>
  Duration.format(Duration.millis(Math.ceil(Duration.toMillis(duration))))

/**
 * Narrows an error to those of a capability. A response that makes no sense for the capability, such as an order
 * rejection in response to a price request, becomes a `MalformedResponse`.
 *
 * @internal
 */
export const narrow = <C extends Capability>(
  capability: C,
  error: ExchangeError.ExchangeError
): ExchangeError.For<C> => ExchangeError.isFor(capability, error) ? error : unexpected[capability](error)

const malformed = (error: ExchangeError.ExchangeError): ExchangeError.MalformedResponse =>
  new ExchangeError.MalformedResponse({
    exchange: error.exchange,
    operation: error.operation,
    code: error.code,
    status: error.status,
    detail: `the exchange responded with ${error._tag}, which makes no sense for this request: ${error.detail}`
  })

const unexpected: { readonly [C in Capability]: (error: ExchangeError.ExchangeError) => ExchangeError.For<C> } = {
  marketData: malformed,
  account: malformed,
  trading: malformed
}
