import type * as Policy from "@effect-exchange/resilience/Policy"
import * as RateLimiter from "@effect-exchange/resilience/RateLimiter"
import type * as RateLimiterStore from "@effect-exchange/resilience/RateLimiterStore"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Capability, Cost } from "../Endpoint.js"
import type { Protocol, Usage } from "../Protocol.js"
import type { Meters } from "./meters.js"

/**
 * The order in which calls wait for what is scarce: what changes orders goes first, then what tells of them.
 *
 * @internal
 */
export const lanes: ReadonlyArray<Capability> = ["trading", "account", "marketData"]

/**
 * The scopes that the exchange meters, spent from all at once or not at all. Those that it keeps by key are opened for
 * each key when it is met.
 *
 * @internal
 */
export interface Limits {
  readonly limiter: Policy.Limiter<Cost, Capability>
  /** Opens the scopes that are kept by key for this one. */
  readonly openFor: (fingerprint: string) => Effect.Effect<Renaming>
  /** Takes in what the exchange says has been used; `skew` is its clock minus ours, in milliseconds. */
  readonly learn: (usages: ReadonlyArray<Usage>, rename: Renaming, skew: number) => Effect.Effect<void>
  /** Stops the scopes of a cost until an instant, in epoch milliseconds. */
  readonly pause: (cost: Cost, until: number) => Effect.Effect<void>
  readonly setLimit: (scope: string, limit: RateLimiter.Limit) => Effect.Effect<void>
  /** Takes back every pause, and what the exchange said that others had used. */
  readonly resume: Effect.Effect<void>
  readonly usage: Effect.Effect<ReadonlyArray<LimitUsage>>
}

/**
 * How much of a limit is in use (0 to 1, of the fullest key where it is kept by key), and until when it is paused.
 *
 * @internal
 */
export interface LimitUsage {
  readonly scope: string
  readonly used: number
  readonly pausedUntil: number | undefined
}

/**
 * The names by which the limiter knows the scopes that a call of one key costs.
 *
 * @internal
 */
export interface Renaming {
  readonly cost: (cost: Cost) => Cost
  readonly scope: (scope: string) => string
}

/** @internal */
export const unsigned: Renaming = { cost: (cost) => cost, scope: (scope) => scope }

/** @internal */
export const make = (
  protocol: Protocol,
  options: {
    readonly maxQueue: number
    readonly maxPause: Duration.DurationInput
    readonly store: RateLimiterStore.Open
    readonly meters: Meters
  }
): Effect.Effect<Limits> =>
  Effect.map(
    RateLimiter.group<string, Capability>({
      name: protocol.exchange,
      scopes: Object.fromEntries(
        protocol.limits.filter(({ per }) => per !== "key").map(({ per: _, scope, ...limit }) => [scope, limit])
      ),
      lanes,
      maxQueue: options.maxQueue,
      maxPause: options.maxPause,
      store: options.store
    }),
    (limiter): Limits => {
      const ofKeys = protocol.limits.filter(({ per }) => per === "key")
      /** Each scope of the limiter, and what the protocol calls it. */
      const meters = new Map(Object.entries(limiter.scopes).map(([scope, meter]) => [scope, { scope, meter }]))
      const all = <A>(f: (meter: RateLimiter.Meter, scope: string) => Effect.Effect<A>): Effect.Effect<Array<A>> =>
        Effect.suspend(() => Effect.forEach(meters.values(), ({ meter, scope }) => f(meter, scope)))
      return {
        limiter,
        openFor: (fingerprint) => {
          const names = new Map(ofKeys.map(({ scope }) => [scope, `${scope}#${fingerprint}`]))
          const scope = (name: string): string => names.get(name) ?? name
          return Effect.as(
            Effect.forEach(
              ofKeys,
              ({ per: _, scope: name, ...limit }) =>
                Effect.map(
                  limiter.open(scope(name), limit),
                  (meter) => meters.set(scope(name), { scope: name, meter })
                ),
              { discard: true }
            ),
            {
              scope,
              cost: names.size === 0
                ? unsigned.cost
                : (cost) => Object.fromEntries(Object.entries(cost).map(([name, units]) => [scope(name), units]))
            }
          )
        },
        learn: (usages, rename, skew) =>
          usages.length === 0 ? Effect.void : Effect.forEach(usages, ({ scope, used, windowEnd }) => {
            const found = meters.get(rename.scope(scope))
            if (found === undefined) return Effect.void
            return Effect.zipRight(
              found.meter.sync(used, windowEnd === undefined ? undefined : { windowEnd: windowEnd - skew }),
              Effect.flatMap(found.meter.usage, (ratio) => options.meters.usage(scope, ratio))
            )
          }, { discard: true }),
        pause: (cost, until) =>
          Effect.forEach(Object.keys(cost), (scope) => meters.get(scope)?.meter.pauseUntil(until) ?? Effect.void, {
            discard: true
          }),
        setLimit: (name, limit) =>
          Effect.asVoid(all((meter, scope) => scope === name ? meter.setLimit(limit) : Effect.void)),
        resume: Effect.asVoid(all((meter) => meter.resume)),
        usage: Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Effect.map(
            all((meter, scope) =>
              Effect.zipWith(meter.usage, meter.pausedUntil, (used, pausedUntil) => ({
                scope,
                used,
                pausedUntil: Option.getOrUndefined(Option.filter(pausedUntil, (until) => until > now))
              }))
            ),
            (found) => fullest(protocol, found)
          ))
      }
    }
  )

/** One line for each scope of the protocol, that of the key that has used most of it. */
const fullest = (protocol: Protocol, found: ReadonlyArray<LimitUsage>): ReadonlyArray<LimitUsage> =>
  protocol.limits.map(({ scope }) =>
    found.filter((usage) => usage.scope === scope).reduce<LimitUsage>(
      (most, usage) => ({
        scope,
        used: Math.max(most.used, usage.used),
        pausedUntil: usage.pausedUntil === undefined
          ? most.pausedUntil
          : Math.max(usage.pausedUntil, most.pausedUntil ?? 0)
      }),
      { scope, used: 0, pausedUntil: undefined }
    )
  )
