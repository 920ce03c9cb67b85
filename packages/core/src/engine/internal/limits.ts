import type * as Policy from "@effect-exchange/resilience/Policy"
import * as RateLimiter from "@effect-exchange/resilience/RateLimiter"
import type * as RateLimiterStore from "@effect-exchange/resilience/RateLimiterStore"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Capability, Cost } from "../Endpoint.js"
import type { Limit, Protocol, Usage } from "../Protocol.js"
import { clockOf, type Running } from "./frame.js"
import type { Meters } from "./meters.js"

/**
 * The order in which calls wait for limits and permits: first those that change orders, then those that report on them.
 *
 * @internal
 */
export const lanes: ReadonlyArray<Capability> = ["trading", "account", "marketData"]

/**
 * The limits of an exchange: one group for the address, and one for each key.
 *
 * @internal
 */
export interface Limits {
  /** Makes the limits for calls with this key, or without a key (`""`). Call it once for each key. */
  readonly of: (fingerprint: string) => Effect.Effect<KeyLimits>
  readonly setLimit: (scope: string, limit: RateLimiter.Limit) => Effect.Effect<void>
  /** Clears every pause, and the usage that the exchange reported for others. */
  readonly resume: Effect.Effect<void>
  readonly usage: Effect.Effect<ReadonlyArray<LimitUsage>>
}

/**
 * The limits of one key and those of the address.
 *
 * @internal
 */
export interface KeyLimits {
  readonly limiter: Policy.Limiter<Cost, Capability>
  /**
   * Records the usage that the exchange reports. Returns the rest of the work as an effect, if any. `skew` is the
   * exchange's clock minus ours, in milliseconds.
   */
  readonly learn: (fiber: Running, usages: ReadonlyArray<Usage>, skew: number) => Effect.Effect<void> | undefined
  /** Pauses the scopes of a cost until an instant in epoch milliseconds. */
  readonly pause: (cost: Cost, until: number) => Effect.Effect<void>
}

/**
 * The usage of a limit (0 to 1), and until when it is paused. A limit by key shows the highest usage of all keys.
 *
 * @internal
 */
export interface LimitUsage {
  readonly scope: string
  readonly used: number
  readonly pausedUntil: number | undefined
}

type Group = RateLimiter.Group<string, Capability>

/** @internal */
export const make = (
  protocol: Pick<Protocol, "exchange" | "limits">,
  options: {
    readonly maxQueue: number
    readonly maxPause: Duration.DurationInput
    readonly store: RateLimiterStore.Open
    readonly meters: Meters
  }
): Effect.Effect<Limits> => {
  const { exchange } = protocol
  const group = (name: string, limits: ReadonlyArray<Limit>): Effect.Effect<Group> =>
    RateLimiter.group<string, Capability>({
      name,
      scopes: Object.fromEntries(limits.map((limit) => [limit.scope, limit])),
      lanes,
      maxQueue: options.maxQueue,
      maxPause: options.maxPause,
      store: options.store
    })
  const [byKey, byAddress] = Arr.partition(protocol.limits, ({ per }) => per !== "key")
  return Effect.map(group(exchange, byAddress), (address): Limits => {
    const groups: Array<Group> = [address]
    const all = <A>(f: (meter: RateLimiter.Meter, scope: string) => Effect.Effect<A>): Effect.Effect<Array<A>> =>
      Effect.suspend(() =>
        Effect.forEach(
          groups.flatMap(({ scopes }) => Object.entries(scopes)),
          ([scope, meter]) => f(meter, scope)
        )
      )
    return {
      of: (fingerprint) => {
        if (fingerprint === "" || byKey.length === 0) {
          return Effect.succeed(spending(undefined, address, options.meters))
        }
        return Effect.map(group(`${exchange}.key`, byKey), (own) => {
          groups.push(own)
          return spending(own, address, options.meters)
        })
      },
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
  })
}

/** Spends from the limits of the key, then from those of the address. */
const spending = (own: Group | undefined, address: Group, meters: Meters): KeyLimits => {
  const scopes: { readonly [scope: string]: RateLimiter.Meter } = { ...own?.scopes, ...address.scopes }
  return {
    limiter: own === undefined ? address : inTurn(own, address),
    learn: (fiber, usages, skew) => {
      let left: Effect.Effect<void> | undefined
      for (const { scope, used, windowEnd } of usages) {
        const meter = scopes[scope]
        if (meter === undefined) continue
        const window = windowEnd === undefined ? undefined : { windowEnd: windowEnd - skew }
        const ratio = meter.unsafeSync(clockOf(fiber), used, window)
        if (ratio !== undefined) {
          meters.used(fiber, scope, ratio)
          continue
        }
        const learning = Effect.map(meter.sync(used, window), (ratio) => meters.used(fiber, scope, ratio))
        left = left === undefined ? learning : Effect.zipRight(left, learning)
      }
      return left
    },
    pause: (cost, until) =>
      Effect.forEach(Object.keys(cost), (scope) => scopes[scope]?.pauseUntil(until) ?? Effect.void, { discard: true })
  }
}

type Limiter = Policy.Limiter<Cost, Capability>

/**
 * Reserves from two groups in sequence. A call that waits in the second holds its reservation in the first. A call that
 * waits in the first blocks nobody in the second, as it would in a single group: an order that waits for the limit of
 * its key must not delay everyone who reads at this address.
 */
const inTurn = (first: Group, second: Group): Limiter => ({
  withReservation: (cost = {}, call) => {
    // A scope that neither group has goes to the second group, which reports it.
    const ofFirst = partOf(cost, (scope) => scope in first.scopes)
    const ofSecond = partOf(cost, (scope) => !(scope in first.scopes))
    if (ofFirst === undefined) return second.withReservation(ofSecond ?? {}, call)
    if (ofSecond === undefined) return first.withReservation(ofFirst, call)
    return (use) =>
      first.withReservation(ofFirst, call)((one) => {
        let isThrough = false
        const both = second.withReservation(ofSecond, call)((two) => {
          isThrough = true
          return use(new Both(one, two))
        })
        return Effect.onExit(both, () => isThrough ? Effect.void : first.refund(one))
      })
  },
  commit: (reservation) =>
    reservation instanceof Both
      ? Effect.zipRight(first.commit(reservation.first), second.commit(reservation.second))
      // Each group ignores reservations that are not its own.
      : Effect.zipRight(first.commit(reservation), second.commit(reservation)),
  refund: (reservation) =>
    reservation instanceof Both
      ? Effect.zipRight(first.refund(reservation.first), second.refund(reservation.second))
      : Effect.zipRight(first.refund(reservation), second.refund(reservation))
})

class Both implements RateLimiter.Reservation {
  readonly cost: number
  readonly first: RateLimiter.Reservation
  readonly second: RateLimiter.Reservation
  constructor(first: RateLimiter.Reservation, second: RateLimiter.Reservation) {
    this.cost = first.cost + second.cost
    this.first = first
    this.second = second
  }
}

const partOf = (cost: Cost, isIn: (scope: string) => boolean): Cost | undefined => {
  const part = Object.entries(cost).filter(([scope]) => isIn(scope))
  return part.length === 0 ? undefined : Object.fromEntries(part)
}

/** Returns one entry per scope of the protocol, with the highest usage and the latest pause of all keys. */
const fullest = (protocol: Pick<Protocol, "limits">, found: ReadonlyArray<LimitUsage>): ReadonlyArray<LimitUsage> =>
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
