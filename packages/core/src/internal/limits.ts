import type { DeadlineExceeded } from "@effect-exchange/resilience/Deadline"
import * as RateLimiter from "@effect-exchange/resilience/RateLimiter"
import * as Effect from "effect/Effect"
import type { Cost } from "../Endpoint.js"
import type { Limit, Protocol, Usage } from "../Protocol.js"
import type { Meters } from "./meters.js"

/**
 * A rate limiter for each scope that the exchange meters.
 *
 * @internal
 */
export interface Limits {
  /**
   * Waits until each scope has room for the cost, then runs the effect. What was taken is given back if the effect ends
   * without having been `sent`.
   */
  readonly spend: (cost: Cost, sent: () => boolean) => <A, E, R>(
    self: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | RateLimiter.RateLimiterFull | DeadlineExceeded, R>
  /** Takes in what the exchange says has been used. */
  readonly learn: (usages: ReadonlyArray<Usage>) => Effect.Effect<void>
  /** Stops the scopes of a cost until an instant, in epoch milliseconds. */
  readonly pause: (cost: Cost, until: number) => Effect.Effect<void>
  readonly usage: Effect.Effect<ReadonlyArray<{ readonly scope: string; readonly used: number }>>
}

/** @internal */
export const make = (
  protocol: Protocol,
  options: { readonly maxQueue: number; readonly meters: Meters }
): Effect.Effect<Limits> =>
  Effect.map(
    Effect.forEach(protocol.limits, (limit) =>
      Effect.map(
        RateLimiter.make({
          name: `${protocol.exchange}.${limit.scope}`,
          limit: limit.limit,
          window: limit.window,
          maxQueue: options.maxQueue
        }),
        (limiter) => [limit.scope, limiter] as const
      )),
    (entries) => fromLimiters(protocol.exchange, new Map(entries), options.meters)
  )

const fromLimiters = (
  exchange: string,
  limiters: ReadonlyMap<Limit["scope"], RateLimiter.RateLimiter>,
  meters: Meters
): Limits => ({
  spend: (cost, sent) => <A, E, R>(self: Effect.Effect<A, E, R>) =>
    Object.entries(cost).reduce<Effect.Effect<A, E | RateLimiter.RateLimiterFull | DeadlineExceeded, R>>(
      (inner, [scope, amount]) => {
        const limiter = limiters.get(scope)
        if (limiter === undefined) return Effect.dieMessage(`The protocol of ${exchange} has no limit "${scope}"`)
        return limiter.withReservation(amount)((reservation) =>
          Effect.onExit(inner, () => sent() ? Effect.void : limiter.refund(reservation))
        )
      },
      self
    ),
  learn: (usages) =>
    Effect.forEach(usages, ({ scope, used }) => {
      const limiter = limiters.get(scope)
      if (limiter === undefined) return Effect.void
      return Effect.zipRight(
        limiter.sync(used),
        Effect.flatMap(limiter.usage, (ratio) => meters.usage(scope, ratio))
      )
    }, { discard: true }),
  pause: (cost, until) =>
    Effect.forEach(Object.keys(cost), (scope) => limiters.get(scope)?.pauseUntil(until) ?? Effect.void, {
      discard: true
    }),
  usage: Effect.forEach(limiters, ([scope, limiter]) => Effect.map(limiter.usage, (used) => ({ scope, used })))
})
