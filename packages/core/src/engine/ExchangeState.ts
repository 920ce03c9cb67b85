/**
 * Holds the state that an exchange keeps about its user, once per application, however many Layers of the exchange it
 * has.
 *
 * An exchange counts requests by address and by key, bans both, and has one clock. So limits, bans, clock skew, nonces
 * and circuit breakers belong to the exchange (to each of its origins and each key) and not to a client.
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
 * Every `X.layer*` includes {@link layer}. An application has it once, because Layers are memoized by reference.
 *
 * **Gotchas**
 *
 * Providing the Layers separately (`Effect.provide` in several places) creates one state each, which together exceed
 * the exchange's limits. Provide the Layers once, at the edge of the application.
 *
 * The options that shape the shared state (`breaker`, `maxConcurrent`, `maxQueued`, `maxPause`) are those of the client
 * that is built first. Building a client with other options logs a warning.
 *
 * @since 0.1.0
 * @category tags
 */
export class ExchangeState extends Context.Tag("@effect-exchange/core/engine/ExchangeState")<
  ExchangeState,
  ExchangeState.Service
>() {}

/**
 * The types of {@link ExchangeState}.
 *
 * @since 0.1.0
 * @category models
 */
export declare namespace ExchangeState {
  interface Service {
    /**
     * Clears what stops calls to an exchange: the pauses and bans that it asked for, the usage that it reported for
     * others, and open circuits. For operators who know better than a header. Does nothing for an exchange that is not
     * in use.
     */
    readonly resume: (exchange: string) => Effect.Effect<void>
    /**
     * Changes the limit of a scope while the exchange is in use. A limit by key changes for every key. Does nothing for
     * a scope that the exchange does not have.
     */
    readonly setLimit: (exchange: string, scope: string, limit: RateLimiter.Limit) => Effect.Effect<void>
    /** @internal */
    readonly at: (protocol: Protocol, place: Place, options: Options) => Effect.Effect<Held>
  }
}

/**
 * The options that clients of an exchange share. Those of the client that is built first apply.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * The options of the circuit breakers, of which there is one per capability, and one for the reads that `Trading`
   * needs. Defaults to those of `CircuitBreaker`.
   */
  readonly breaker?: Pick<CircuitBreaker.Options<never>, "trip" | "openFor" | "halfOpen"> | undefined
  /** The largest number of requests in flight, an eighth of which is reserved for trading. Defaults to 32. */
  readonly maxConcurrent?: number | undefined
  /**
   * The largest number of calls that wait for the rate limit, and of those that wait for a permit. Defaults to 1000
   * each.
   */
  readonly maxQueued?: number | undefined
  /**
   * The longest time that a `Retry-After`, a ban or a usage header of the exchange can stop calls. Defaults to one
   * hour. {@link ExchangeState.Service.resume} ends the pause earlier.
   */
  readonly maxPause?: Duration.DurationInput | undefined
}

/**
 * The store in which rate limiters record what was spent. Defaults to the memory of this process. Provide another store
 * beneath the exchanges' Layers to share limits between processes.
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
 * The shared state of one exchange at one origin.
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
  /** Whether the rate limiters' store is the memory of this process. */
  readonly isLocal: boolean
  /** Returns the state of a key, by its fingerprint. */
  readonly key: (fingerprint: string) => Effect.Effect<Key>
}

/**
 * The state of one key of an exchange.
 *
 * @internal
 */
export interface Key {
  /** Returns the next nonce, in microseconds of the exchange's clock. Nonces are strictly increasing. */
  readonly nonce: (now: number) => bigint
  /** Returns the nonce that was issued last. */
  readonly latestNonce: () => bigint
  /** Serializes signed calls, if nonces must arrive in the order in which they are made. */
  readonly turns: Turns | undefined
  /** The session of the key, if the exchange has sessions. */
  readonly session: Sessions.Held | undefined
  /** The limits that calls with this key spend from. */
  readonly limits: Limits.KeyLimits
}

/**
 * Serializes signed calls: one trading call and one read at a time. A trading call waits for other trading calls but
 * not for a read: its nonce is higher than that of a read in flight, so the exchange accepts it whichever arrives
 * first.
 *
 * @internal
 */
export interface Turns {
  readonly trading: Bulkhead.Bulkhead<Capability>
  readonly reading: Bulkhead.Bulkhead<Capability>
}

/**
 * Makes an empty state.
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
 * Provides the state, once for all Layers that are built together.
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
  Effect.logWarning(
    "A client of this exchange was already built with other options; those options apply to both clients",
    {
      exchange,
      options: shaping.join(", ")
    }
  )

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
    // Every client makes calls without a key.
    const [, known] = yield* getOrMakeKey(protocol, limits, maxQueued, "", new Map())
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
        // An eighth is reserved for trading.
        reserved: Math.min(maxConcurrent - 1, Math.ceil(maxConcurrent / 8))
      }),
      key: (fingerprint) =>
        Effect.flatMap(SynchronizedRef.get(keys), (known) => {
          const found = known.get(fingerprint)
          return found === undefined
            ? SynchronizedRef.modifyEffect(
              keys,
              (known) => getOrMakeKey(protocol, limits, maxQueued, fingerprint, known)
            )
            : Effect.succeed(found)
        })
    }
  })

const getOrMakeKey = (
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
          // A lookup for a trading call goes before other reads, but must not take the permit that is reserved for
          // trading.
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
