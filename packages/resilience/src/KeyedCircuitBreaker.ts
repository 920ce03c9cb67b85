/**
 * One circuit breaker per key, such as a host, endpoint or symbol, where the failure of one says nothing about the
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
 * The key that identifies a {@link KeyedCircuitBreaker}.
 *
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~@effect-exchange/resilience/KeyedCircuitBreaker"

/**
 * The type of {@link TypeId}.
 *
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~@effect-exchange/resilience/KeyedCircuitBreaker"

/**
 * Circuit breakers by key. A breaker is created when its key is first used and forgotten when it is no longer needed.
 *
 * A breaker is **in use** while a call runs through {@link KeyedCircuitBreaker.protect}, or while a scope that obtained
 * the breaker with {@link KeyedCircuitBreaker.get} is open. A breaker is forgotten only if it is closed and not in use:
 * when it has been idle for the time to live, or when there are more breakers than the capacity (apart from those that
 * are not closed) and it is the least recently used one.
 *
 * A breaker that is **not closed** is kept beyond both limits until it closes. An open breaker, or one due to be
 * probed, remembers how long to open the next time; if it were forgotten, a key that keeps failing would start over
 * with each call. The number of these breakers is limited to `maxOpen`: beyond it the least recently used one is
 * forgotten. A breaker that was isolated, disabled, set to metrics-only or opened manually is **never** forgotten.
 * Neither is a breaker whose `openFor` schedule is done, because only you can close it: use a schedule without an end
 * if the number of failing keys is unbounded.
 *
 * Excess breakers are removed as soon as possible, a few with each use.
 *
 * Keys are compared with `Equal`. There is no timer and no fiber: breakers are forgotten when any key is used.
 *
 * @since 0.1.0
 * @category models
 */
export interface KeyedCircuitBreaker<in out K, in E = unknown> {
  readonly [TypeId]: TypeId
  /**
   * Runs the effect through the breaker of the key, as `CircuitBreaker.protect` does. Keeping track of the breakers in
   * use costs a few microseconds per call; for many calls with one key, share the breaker returned by
   * {@link KeyedCircuitBreaker.get}. Keeps the brand of an `Idempotent` effect.
   */
  readonly protect: (
    key: K
  ) => <A, E1 extends E, R, I = never>(
    self: Idempotent.Input<A, E1, R, I>
  ) => Idempotent.Output<A, E1 | CircuitBreaker.CircuitOpen, R, I>
  /** Returns the breaker of the key, which is in use until the scope closes. Do not use it after that. */
  readonly get: (key: K) => Effect.Effect<CircuitBreaker.CircuitBreaker<E>, never, Scope.Scope>
  /** The number of breakers. */
  readonly size: Effect.Effect<number>
  /** The keys that have a breaker, in no particular order. */
  readonly keys: Effect.Effect<ReadonlyArray<K>>
  /**
   * Forgets the breaker of the key, whatever its state, and returns whether there was one. Its current users continue
   * with it, and the next caller gets a new one.
   */
  readonly remove: (key: K) => Effect.Effect<boolean>
}

/**
 * The limits on the breakers that a {@link KeyedCircuitBreaker} remembers.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The time for which an unused breaker is remembered. Defaults to 10 minutes. */
  readonly idleTimeToLive?: Duration.DurationInput | undefined
  /** The number of breakers that are remembered, not counting those that are not closed. Defaults to `1000`. */
  readonly capacity?: number | undefined
  /** The number of breakers that are not closed and are kept beyond the capacity. Defaults to `10000`. */
  readonly maxOpen?: number | undefined
}

/**
 * Creates circuit breakers by key. `breaker` returns the options of the breaker of a key. It needs no scope.
 *
 * The names of breakers label metrics, and metrics are never removed. With more than a few dozen keys, give all
 * breakers the same name. The counters then cover all of them, and the gauge shows the breaker that changed last.
 *
 * Dies with a `RangeError` for options out of range: its own, or those of a breaker when its key is first used.
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
    // Breakers that are not in use and were last found to be closed, the least recently used first.
    const idle = List.make<Entry<K, E>>()
    // Breakers that are not in use but were found not to be closed, the least recently used first. Each use checks the
    // next one in turn.
    const notClosed = List.make<Entry<K, E>>()
    let next: List.Node<Entry<K, E>> | undefined

    const isDue = ({ value }: List.Node<Entry<K, E>>, now: bigint): boolean =>
      MutableHashMap.size(entries) - notClosed.size > capacity ||
      (idleTimeToLive !== undefined && now - value.usedAt >= idleTimeToLive)

    const forget = (node: List.Node<Entry<K, E>>): void => {
      if (next === node) next = node.next
      List.remove(node)
      MutableHashMap.remove(entries, node.value.key)
    }

    const dispose = (node: List.Node<Entry<K, E>>): Effect.Effect<void> =>
      Effect.map(node.value.breaker.state, (state) => {
        // The breaker is in use again, or was forgotten in the meantime.
        if (node.list === undefined) return
        if (state._tag === "Closed") return forget(node)
        if (node.list === notClosed) return
        List.remove(node)
        List.append(notClosed, node)
      })

    /** Makes room for breakers that are not closed, starting with `node`. Skips breakers that were set manually. */
    const evict = (node: List.Node<Entry<K, E>> | undefined): Effect.Effect<void> =>
      node === undefined || notClosed.size <= maxOpen
        ? Effect.void
        : Effect.flatMap(node.value.breaker.state, (state) => {
          const { list, next } = node
          if (list !== notClosed) return Effect.void
          if (!isManual(state)) forget(node)
          return evict(next)
        })

    const sweep = (now: bigint): Effect.Effect<void> =>
      Effect.suspend(() => {
        const oldest = next ?? notClosed.head
        next = oldest?.next
        const first = oldest !== undefined && isDue(oldest, now) ? dispose(oldest) : Effect.void
        return first.pipe(Effect.zipRight(sweepIdle(now)), Effect.zipRight(Effect.suspend(() => evict(notClosed.head))))
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
            // Another caller may have inserted a breaker in the meantime.
            use(Option.getOrElse(MutableHashMap.get(entries, key), () => insert(key, made))))
        return Effect.tap(used, () => Effect.clockWith((clock) => sweep(monotonic(clock))))
      })

    const isKnown = (node: List.Node<Entry<K, E>>): boolean =>
      Option.exists(MutableHashMap.get(entries, node.value.key), (known) => known === node)

    const release = (node: List.Node<Entry<K, E>>): Effect.Effect<void> =>
      Effect.clockWith((clock) => {
        node.value.usedAt = monotonic(clock)
        node.value.users--
        return Effect.map(node.value.breaker.state, (state) => {
          // The breaker may be in use again, or may have been released again, in the meantime.
          if (node.value.users > 0 || node.list !== undefined || !isKnown(node)) return
          List.append(state._tag === "Closed" ? idle : notClosed, node)
        })
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

/** Returns `true` for a state that only a manual command can end. */
const isManual = (state: CircuitBreaker.State): boolean =>
  state._tag === "Isolated" || state._tag === "Disabled" || state._tag === "MetricsOnly" ||
  (state._tag === "Open" && !Duration.isFinite(state.retryAfter))
