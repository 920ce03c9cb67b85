/**
 * What an exchange knows of us, held once in an application however many Layers of the exchange it has.
 *
 * An exchange counts requests by address and by key, bans both, and has one clock. So its limits, bans, clock skew,
 * nonces and circuits belong to the exchange (to each origin of it, and to each key) and not to a client of it.
 *
 * @since 0.1.0
 */
import * as Bulkhead from "@effect-exchange/resilience/Bulkhead"
import type * as CircuitBreaker from "@effect-exchange/resilience/CircuitBreaker"
import type * as RateLimiter from "@effect-exchange/resilience/RateLimiter"
import * as RateLimiterStore from "@effect-exchange/resilience/RateLimiterStore"
import * as RetryBudget from "@effect-exchange/resilience/RetryBudget"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SynchronizedRef from "effect/SynchronizedRef"
import type { Capability } from "./Endpoint.js"
import * as Breakers from "./internal/breakers.js"
import * as Limits from "./internal/limits.js"
import * as Meters from "./internal/meters.js"
import * as Sessions from "./internal/sessions.js"
import * as Vitals from "./internal/vitals.js"
import { limitsAt, type Protocol } from "./Protocol.js"

/**
 * The state of every exchange that an application talks to.
 *
 * Every `X.layer*` brings {@link layer} along, and an application has it once, since Layers are memoised by reference.
 *
 * **Gotchas**
 *
 * Effects that are provided with their Layers one by one (`Effect.provide` in several places) are several applications
 * in this sense: each has a state of its own, and together they exceed the exchange's limits. Provide once, at the edge.
 *
 * Options that shape what is shared (`breaker`, `maxConcurrent`, `maxQueued`, `maxPause`) are those of the client that
 * is built first; one that wants others is told so by a warning.
 *
 * @since 0.1.0
 * @category tags
 */
export class ExchangeState extends Context.Tag("@effect-exchange/core/engine/ExchangeState")<
  ExchangeState,
  ExchangeState.Service
>() {}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace ExchangeState {
  interface Service {
    /**
     * Takes back what stops calls to an exchange: pauses and bans it asked for, what it said that others had used, and
     * open circuits. For when an operator knows better than a header. Does nothing for an exchange nobody talks to.
     */
    readonly resume: (exchange: string) => Effect.Effect<void>
    /**
     * Changes a limit of an exchange while it is used, by the name of its scope: a limit that is kept by key changes for
     * every key. Does nothing for a scope that the exchange does not have.
     */
    readonly setLimit: (exchange: string, scope: string, limit: RateLimiter.Limit) => Effect.Effect<void>
    /** @internal */
    readonly at: (protocol: Protocol, place: Place, options: Options) => Effect.Effect<Held>
  }
}

/**
 * What clients may want of what they share. Those of the client that is built first hold.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The circuit breakers, of which each capability has its own. Defaults to those of `CircuitBreaker`. */
  readonly breaker?: Pick<CircuitBreaker.Options<never>, "trip" | "openFor" | "halfOpen"> | undefined
  /** How many requests may be in flight, an eighth of them kept for trading. Defaults to 32. */
  readonly maxConcurrent?: number | undefined
  /** How many calls may wait for the rate limit, and as many for a free slot. Defaults to 1000. */
  readonly maxQueued?: number | undefined
  /**
   * How long a `Retry-After`, a ban or a usage header of the exchange may stop calls at most, whatever it says. Defaults
   * to one hour; {@link ExchangeState.Service.resume} takes it back sooner.
   */
  readonly maxPause?: Duration.DurationInput | undefined
}

/**
 * Where limiters keep what was spent: in the memory of this process unless another store is provided beneath the
 * exchanges' Layers, such as one that several processes share.
 *
 * @since 0.1.0
 * @category references
 */
export class Store extends Context.Reference<Store>()("@effect-exchange/core/ExchangeState/Store", {
  defaultValue: (): RateLimiterStore.Open => RateLimiterStore.memory
}) {}

/** @internal */
export interface Place {
  readonly environment: string
  readonly origin: string
}

/**
 * What is held of one exchange at one origin.
 *
 * @internal
 */
export interface Held {
  readonly limits: Limits.Limits
  readonly breakers: Breakers.Breakers
  readonly bulkhead: Bulkhead.Bulkhead<Capability>
  readonly budget: RetryBudget.RetryBudget
  readonly vitals: Vitals.Vitals
  readonly meters: Meters.Meters
  /** Whether what is spent is kept in the memory of this process. */
  readonly isLocal: boolean
  /** What is held of a key, by its fingerprint. */
  readonly key: (fingerprint: string) => Effect.Effect<Key>
}

/**
 * What is held of one key of an exchange.
 *
 * @internal
 */
export interface Key {
  readonly fingerprint: string
  /** The next nonce: microseconds of the exchange's clock, rising, and never twice the same. */
  readonly nonce: (now: number) => bigint
  /** The nonce that was given out last. */
  readonly latestNonce: () => bigint
  /** Whose turn it is, where nonces must arrive in the order in which they were made. */
  readonly turns: Turns | undefined
  /** Its session, where the exchange has any. */
  readonly session: Sessions.Held | undefined
  /** What its calls spend from. */
  readonly limits: Limits.KeyLimits
}

/**
 * Signed calls go one at a time. One that changes something waits for others that do, and not for a read: its nonce is above
 * that of a read under way, so it is taken whichever arrives first.
 *
 * @internal
 */
export interface Turns {
  readonly trading: Bulkhead.Bulkhead<Capability>
  readonly reading: Bulkhead.Bulkhead<Capability>
}

/**
 * Makes the state, with nothing known of any exchange.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<ExchangeState.Service> = Effect.gen(function*() {
  const open = yield* Store
  const places = yield* SynchronizedRef.make<ReadonlyMap<string, Shared>>(new Map())
  const each = (exchange: string, f: (held: Held) => Effect.Effect<void>): Effect.Effect<void> =>
    Effect.flatMap(
      SynchronizedRef.get(places),
      (known) => Effect.forEach(known.values(), (at) => at.exchange === exchange ? f(at.held) : Effect.void)
    )
  return {
    resume: (exchange) => each(exchange, resume),
    setLimit: (exchange, scope, limit) => each(exchange, ({ limits }) => limits.setLimit(scope, limit)),
    at: (protocol, place, options) => {
      const { exchange } = protocol
      const id = `${exchange} ${place.origin}`
      return Effect.tap(
        SynchronizedRef.modifyEffect(places, (known) => {
          const found = known.get(id)
          return found === undefined
            ? Effect.map(hold(protocol, place, options, open), (held) => {
              const made = { exchange, options, held }
              return [made, new Map(known).set(id, made)] as const
            })
            : Effect.succeed([found, known] as const)
        }),
        (found) => shaping.every((name) => options[name] === found.options[name]) ? Effect.void : warn(exchange)
      ).pipe(Effect.map(({ held }) => held))
    }
  }
})

/**
 * The state, once for everything that is built together with it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<ExchangeState> = Layer.effect(ExchangeState, make)

interface Shared {
  readonly exchange: string
  readonly options: Options
  readonly held: Held
}

const shaping = ["breaker", "maxConcurrent", "maxQueued", "maxPause"] as const

const warn = (exchange: string): Effect.Effect<void> =>
  Effect.logWarning("Another client of this exchange was built first, with other options: its own hold for both", {
    exchange,
    options: shaping.join(", ")
  })

const hold = (
  protocol: Protocol,
  { environment, origin }: Place,
  options: Options,
  open: RateLimiterStore.Open
): Effect.Effect<Held> =>
  Effect.gen(function*() {
    const { exchange } = protocol
    const { maxConcurrent = 32, maxQueued = 1000, maxPause = "1 hour" } = options
    const meters = Meters.make(exchange, environment)
    const limits = yield* Limits.make({ exchange, limits: limitsAt(protocol, origin) }, {
      maxQueue: maxQueued,
      maxPause,
      store: open,
      meters
    })
    // Every client has calls without a key.
    const [, known] = yield* meet(protocol, limits, maxQueued, "", new Map())
    const keys = yield* SynchronizedRef.make(known)
    return {
      limits,
      meters,
      isLocal: open === RateLimiterStore.memory,
      vitals: Vitals.make(meters),
      breakers: Breakers.make(exchange, options.breaker),
      budget: yield* RetryBudget.make(),
      bulkhead: yield* Bulkhead.make({
        name: exchange,
        permits: maxConcurrent,
        maxQueue: maxQueued,
        lanes: Limits.lanes,
        // An eighth is for trading alone.
        reserved: Math.min(maxConcurrent - 1, Math.ceil(maxConcurrent / 8))
      }),
      key: (fingerprint) =>
        Effect.flatMap(SynchronizedRef.get(keys), (known) => {
          const found = known.get(fingerprint)
          return found === undefined
            ? SynchronizedRef.modifyEffect(keys, (known) => meet(protocol, limits, maxQueued, fingerprint, known))
            : Effect.succeed(found)
        })
    }
  })

const meet = (
  protocol: Protocol,
  limits: Limits.Limits,
  maxQueue: number,
  fingerprint: string,
  known: ReadonlyMap<string, Key>
): Effect.Effect<readonly [Key, ReadonlyMap<string, Key>]> =>
  Effect.gen(function*() {
    const found = known.get(fingerprint)
    if (found !== undefined) return [found, known] as const
    const key: Key = {
      fingerprint,
      ...rising(),
      limits: yield* limits.of(fingerprint),
      turns: protocol.nonces === "ordered" ? yield* turns(protocol.exchange, maxQueue) : undefined,
      session: protocol.session === undefined ? undefined : yield* Sessions.make(protocol.exchange)
    }
    return [key, new Map(known).set(fingerprint, key)] as const
  })

const turns = (exchange: string, maxQueue: number): Effect.Effect<Turns> =>
  Effect.map(
    Effect.all([
      Bulkhead.make({ name: `${exchange}.signed`, permits: 2, reserved: 1, maxQueue, lanes: Limits.lanes }),
      Bulkhead.make({ name: `${exchange}.signed.trading`, permits: 1, maxQueue, lanes: Limits.lanes })
    ]),
    ([all, one]): Turns => ({
      reading: {
        ...all,
        withPermit: (self, options) =>
          // What trading looks up goes before other reads, and does not take what is kept for a cancel.
          all.withPermit(self, { ...options, lane: options?.lane === "trading" ? "account" : "marketData" })
      },
      trading: {
        ...all,
        withPermit: (self, options) => one.withPermit(all.withPermit(self, { ...options, lane: "trading" }), options)
      }
    })
  )

const rising = (): Pick<Key, "nonce" | "latestNonce"> => {
  let last = 0n
  return {
    nonce: (now) => {
      const next = BigInt(Math.floor(now)) * 1000n
      last = next > last ? next : last + 1n
      return last
    },
    latestNonce: () => last
  }
}

const resume = ({ breakers, limits, vitals }: Held): Effect.Effect<void> =>
  Effect.all([limits.resume, vitals.forgiven, breakers.reset], { discard: true })
