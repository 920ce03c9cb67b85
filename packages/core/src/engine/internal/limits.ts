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
 * The order in which calls wait for what is scarce: what changes orders goes first, then what tells of them.
 *
 * @internal
 */
export const lanes: ReadonlyArray<Capability> = ["trading", "account", "marketData"]

/**
 * What the exchange meters: by address, once, and by key, once for each.
 *
 * @internal
 */
export interface Limits {
  /** What calls with this key spend from, or those without one (`""`). To be asked once for each. */
  readonly of: (fingerprint: string) => Effect.Effect<KeyLimits>
  readonly setLimit: (scope: string, limit: RateLimiter.Limit) => Effect.Effect<void>
  /** Takes back every pause, and what the exchange said that others had used. */
  readonly resume: Effect.Effect<void>
  readonly usage: Effect.Effect<ReadonlyArray<LimitUsage>>
}

/**
 * The scopes of one key and those of the address.
 *
 * @internal
 */
export interface KeyLimits {
  readonly limiter: Policy.Limiter<Cost, Capability>
  /**
   * Takes in what the exchange says has been used, and answers what is left of that to be run, if anything; `skew` is its clock
   * minus ours, in milliseconds.
   */
  readonly learn: (fiber: Running, usages: ReadonlyArray<Usage>, skew: number) => Effect.Effect<void> | undefined
  /** Stops the scopes of a cost until an instant, in epoch milliseconds. */
  readonly pause: (cost: Cost, until: number) => Effect.Effect<void>
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

/** Spends from what is kept by key, then from what is kept by address. */
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
 * Two groups one after the other. A call that waits in the second holds what it has of the first; one that waits in the
 * first keeps nobody waiting in the second, as it would in one group: an order that waits for its key's turn must not hold
 * up what everybody at this address reads.
 */
const inTurn = (first: Group, second: Group): Limiter => ({
  withReservation: (cost = {}, call) => {
    // What neither knows goes to the second, which says so.
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
      // Each of them knows what it gave.
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

/** One line for each scope of the protocol, that of the key that has used most of it. */
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
