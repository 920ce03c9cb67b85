/**
 * A circuit breaker for each key: for each host, endpoint or symbol, where one of them failing says nothing of the
 * others.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as MutableHashMap from "effect/MutableHashMap"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as CircuitBreaker from "./CircuitBreaker.js"
import type * as Idempotent from "./Idempotent.js"
import { requireNanos } from "./internal/duration.js"
import { keepBrand } from "./internal/idempotent.js"
import * as List from "./internal/linkedList.js"
import { requireWhole } from "./internal/requireWhole.js"
import { monotonic } from "./internal/time.js"

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~@effect-exchange/resilience/KeyedCircuitBreaker"

/**
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~@effect-exchange/resilience/KeyedCircuitBreaker"

/**
 * Circuit breakers by key, made when a key is first used and forgotten when it no longer is.
 *
 * A breaker is **in use** while a call runs through {@link KeyedCircuitBreaker.protect} or a scope that asked for it with
 * {@link KeyedCircuitBreaker.get} is open. It is forgotten only if it is not in use and closed: because nobody used it for
 * the idle time to live, or because there are more breakers than the capacity and it is the one that was used least
 * recently.
 *
 * A breaker that is **not closed** is kept beyond both, until it closes: one that is open, or due to be probed, remembers
 * how long it opens the next time, and if it were forgotten, a key that keeps failing would begin anew with each call. Of
 * those, too, there are no more than `maxOpen`: then the one that was used least recently goes. One that was isolated,
 * disabled, set to metrics-only or opened by hand is **never** forgotten, nor is one whose `openFor` is done, as that only
 * closes by hand: let it go on for ever where there is no end of keys that may fail.
 *
 * What is in excess goes as soon as it may, a little with each use.
 *
 * Keys are compared with `Equal`. No timer and no fiber runs: what is due is forgotten when any key is used.
 *
 * @since 0.1.0
 * @category models
 */
export interface KeyedCircuitBreaker<in out K, in E = unknown> {
  readonly [TypeId]: TypeId
  /**
   * Runs the effect through the breaker of that key, as `CircuitBreaker.protect` does. To know what is in use costs each
   * call a few microseconds; many calls under one key had better share what {@link KeyedCircuitBreaker.get} gives. Keeps
   * the brand of an `Idempotent` effect.
   */
  readonly protect: (
    key: K
  ) => <A, E1 extends E, R, I = never>(
    self: Idempotent.Input<A, E1, R, I>
  ) => Idempotent.Output<A, E1 | CircuitBreaker.CircuitOpen, R, I>
  /** The breaker of that key, in use until the scope closes; use it no longer than that. */
  readonly get: (key: K) => Effect.Effect<CircuitBreaker.CircuitBreaker<E>, never, Scope.Scope>
  /** How many breakers there are. */
  readonly size: Effect.Effect<number>
  /** The keys that have a breaker, in no order. */
  readonly keys: Effect.Effect<ReadonlyArray<K>>
  /**
   * Forgets the breaker of that key, whatever its state; tells whether there was one. Who uses it goes on with it, and the
   * next caller gets a new one.
   */
  readonly remove: (key: K) => Effect.Effect<boolean>
}

/**
 * How many breakers a {@link KeyedCircuitBreaker} remembers, and for how long.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** For how long a breaker is remembered that nobody uses. Defaults to 10 minutes. */
  readonly idleTimeToLive?: Duration.DurationInput | undefined
  /** How many breakers are remembered, unless more of them must be. Defaults to `1000`. */
  readonly capacity?: number | undefined
  /** How many breakers that are not closed are remembered beyond that. Defaults to `10000`. */
  readonly maxOpen?: number | undefined
}

/**
 * Makes breakers by key, `breaker` saying what each is like. It needs no scope.
 *
 * The names of breakers label metrics, which are never forgotten: if there are more than a few dozen keys, give them all
 * one name. The counters then count all of them, and the gauge means whichever changed last.
 *
 * Dies with a `RangeError` for options out of range, be they its own or, when the key is first used, a breaker's.
 *
 * @example
 * import { KeyedCircuitBreaker, Trip } from "@effect-exchange/resilience"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const breakers = yield* KeyedCircuitBreaker.make((host: string) => ({ name: host, trip: Trip.consecutive(1) }))
 *   yield* Effect.flip(breakers.protect("one.example")(Effect.fail("down")))
 *   return yield* breakers.protect("two.example")(Effect.succeed("answered"))
 * })
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <K, E = unknown>(
  breaker: (key: K) => CircuitBreaker.Options<E>,
  options?: Options
): Effect.Effect<KeyedCircuitBreaker<K, E>> =>
  Effect.sync(() => {
    const capacity = options?.capacity ?? 1000
    requireWhole("KeyedCircuitBreaker: capacity", capacity, 1, Number.MAX_SAFE_INTEGER)
    const maxOpen = options?.maxOpen ?? 10_000
    requireWhole("KeyedCircuitBreaker: maxOpen", maxOpen, 1, Number.MAX_SAFE_INTEGER)
    const idleTimeToLive = requireNanos("KeyedCircuitBreaker: idleTimeToLive", options?.idleTimeToLive ?? "10 minutes")
    const entries = MutableHashMap.empty<K, List.Node<Entry<K, E>>>()
    // Not in use, the least recently used first.
    const idle = List.make<Entry<K, E>>()
    // Not in use either, but found not to be closed; the least recently used first. Looked at in turns, one with each use.
    const kept = List.make<Entry<K, E>>()
    let next: List.Node<Entry<K, E>> | undefined

    const isDue = ({ value }: List.Node<Entry<K, E>>, now: bigint): boolean =>
      MutableHashMap.size(entries) > capacity ||
      (idleTimeToLive !== undefined && now - value.usedAt >= idleTimeToLive)

    const forget = (node: List.Node<Entry<K, E>>): void => {
      if (next === node) next = node.next
      List.remove(node)
      MutableHashMap.remove(entries, node.value.key)
    }

    const dispose = (node: List.Node<Entry<K, E>>): Effect.Effect<void> =>
      Effect.map(node.value.breaker.state, (state) => {
        // In use again by now, or forgotten.
        if (node.list === undefined) return
        if (state._tag === "Closed") return forget(node)
        if (node.list === kept) return
        List.remove(node)
        List.append(kept, node)
      })

    /** Makes room for who is not closed either, beginning with `node`; what a hand has set is passed over. */
    const evict = (node: List.Node<Entry<K, E>> | undefined): Effect.Effect<void> =>
      node === undefined || kept.size <= maxOpen
        ? Effect.void
        : Effect.flatMap(node.value.breaker.state, (state) => {
          const { list, next } = node
          if (list !== kept) return Effect.void
          if (!isByHand(state)) forget(node)
          return evict(next)
        })

    const sweep = (now: bigint): Effect.Effect<void> =>
      Effect.suspend(() => {
        const oldest = next ?? kept.head
        next = oldest?.next
        const first = oldest !== undefined && isDue(oldest, now) ? dispose(oldest) : Effect.void
        return first.pipe(Effect.zipRight(sweepIdle(now)), Effect.zipRight(Effect.suspend(() => evict(kept.head))))
      })

    const sweepIdle = (now: bigint): Effect.Effect<void> =>
      Effect.suspend(() => {
        const oldest = idle.head
        return oldest === undefined || !isDue(oldest, now)
          ? Effect.void
          : Effect.zipRight(dispose(oldest), sweepIdle(now))
      })

    const insert = (key: K, breaker: CircuitBreaker.CircuitBreaker<E>): List.Node<Entry<K, E>> => {
      const node = List.node<Entry<K, E>>({ key, breaker, users: 0, usedAt: 0n })
      MutableHashMap.set(entries, key, node)
      return node
    }

    const use = (node: List.Node<Entry<K, E>>): List.Node<Entry<K, E>> => {
      node.value.users++
      if (next === node) next = node.next
      List.remove(node)
      return node
    }

    const acquire = (key: K): Effect.Effect<List.Node<Entry<K, E>>> =>
      Effect.suspend(() => {
        const known = Option.getOrUndefined(MutableHashMap.get(entries, key))
        const used = known !== undefined
          ? Effect.succeed(use(known))
          : Effect.map(CircuitBreaker.make(breaker(key)), (made) =>
            // Another caller may have come first.
            use(Option.getOrElse(MutableHashMap.get(entries, key), () => insert(key, made))))
        return Effect.tap(used, () => Effect.clockWith((clock) => sweep(monotonic(clock))))
      })

    const isKnown = (node: List.Node<Entry<K, E>>): boolean =>
      Option.exists(MutableHashMap.get(entries, node.value.key), (known) => known === node)

    const release = (node: List.Node<Entry<K, E>>): Effect.Effect<void> =>
      Effect.clockWith((clock) => {
        node.value.usedAt = monotonic(clock)
        if (--node.value.users === 0 && isKnown(node)) List.append(idle, node)
        return Effect.void
      })

    return {
      [TypeId]: TypeId,
      protect: (key) => (self) =>
        keepBrand(
          self,
          Effect.acquireUseRelease(acquire(key), (node) => node.value.breaker.protect(self), release)
        ),
      get: (key) => Effect.map(Effect.acquireRelease(acquire(key), release), (node) => node.value.breaker),
      size: Effect.sync(() => MutableHashMap.size(entries)),
      keys: Effect.sync(() => MutableHashMap.keys(entries)),
      remove: (key) =>
        Effect.sync(() => {
          const node = Option.getOrUndefined(MutableHashMap.get(entries, key))
          if (node !== undefined) forget(node)
          return node !== undefined
        })
    }
  })

interface Entry<out K, in E> {
  readonly key: K
  readonly breaker: CircuitBreaker.CircuitBreaker<E>
  users: number
  usedAt: bigint
}

/** Whether only somebody who set it so can undo it. */
const isByHand = (state: CircuitBreaker.State): boolean =>
  state._tag === "Isolated" || state._tag === "Disabled" || state._tag === "MetricsOnly" ||
  (state._tag === "Open" && !Duration.isFinite(state.retryAfter))
