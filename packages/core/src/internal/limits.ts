import type { DeadlineExceeded } from "@effect-exchange/resilience/Deadline"
import * as RateLimiter from "@effect-exchange/resilience/RateLimiter"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Cost } from "../Endpoint.js"
import type { Limit, Protocol, Usage } from "../Protocol.js"
import type { Meters } from "./meters.js"

/**
 * The scopes that the exchange meters, spent from all at once or not at all.
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
  /** Takes in what the exchange says has been used; `skew` is its clock minus ours, in milliseconds. */
  readonly learn: (usages: ReadonlyArray<Usage>, skew: number) => Effect.Effect<void>
  /** Stops the scopes of a cost until an instant, in epoch milliseconds. */
  readonly pause: (cost: Cost, until: number) => Effect.Effect<void>
  readonly usage: Effect.Effect<ReadonlyArray<{ readonly scope: string; readonly used: number }>>
}

// The limiter keeps to windows only: one as long as the bucket takes to fill never lets more through than the bucket.
const windowOf = (limit: Limit): { readonly limit: number; readonly window: Duration.DurationInput } =>
  "burst" in limit
    ? { limit: limit.burst, window: Duration.seconds(limit.burst / limit.perSecond) }
    : { limit: limit.limit, window: limit.window }

/** @internal */
export const make = (
  protocol: Protocol,
  options: { readonly maxQueue: number; readonly meters: Meters }
): Effect.Effect<Limits> =>
  Effect.map(
    RateLimiter.group({
      name: protocol.exchange,
      scopes: Object.fromEntries(protocol.limits.map((limit) => [limit.scope, windowOf(limit)])),
      maxQueue: options.maxQueue
    }),
    (limiter): Limits => {
      const scopes = new Map(Object.entries(limiter.scopes))
      const unknown = (cost: Cost) => Object.keys(cost).find((scope) => !scopes.has(scope))
      return {
        spend: (cost, sent) => <A, E, R>(self: Effect.Effect<A, E, R>) => {
          const scope = unknown(cost)
          if (scope !== undefined) {
            return Effect.dieMessage(`The protocol of ${protocol.exchange} has no limit of scope "${scope}"`)
          }
          // Decided out here: inside, an interruption could come before the handler stands.
          return Effect.suspend(() => {
            let taken = Option.none<RateLimiter.Reservation>()
            return limiter.withReservation(cost)((reservation) => {
              taken = Option.some(reservation)
              return self
            }).pipe(
              Effect.onExit(() => Option.isSome(taken) && !sent() ? limiter.refund(taken.value) : Effect.void)
            )
          })
        },
        learn: (usages, skew) =>
          Effect.forEach(usages, ({ scope, used, windowEnd }) => {
            const meter = scopes.get(scope)
            if (meter === undefined) return Effect.void
            return Effect.zipRight(
              meter.sync(used, windowEnd === undefined ? undefined : { windowEnd: windowEnd - skew }),
              Effect.flatMap(meter.usage, (ratio) => options.meters.usage(scope, ratio))
            )
          }, { discard: true }),
        pause: (cost, until) =>
          Effect.forEach(Object.keys(cost), (scope) => scopes.get(scope)?.pauseUntil(until) ?? Effect.void, {
            discard: true
          }),
        usage: Effect.forEach(scopes, ([scope, meter]) => Effect.map(meter.usage, (used) => ({ scope, used })))
      }
    }
  )
