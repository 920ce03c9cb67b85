import type * as CircuitBreaker from "@effect-exchange/resilience/CircuitBreaker"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import type { SocketError } from "@effect/platform/Socket"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Connection from "./connection.js"
import type { Topic } from "./protocol.js"
import type * as SocketSession from "./socketSession.js"

/**
 * A connection for a limited number of subscriptions, open while there are any. It is re-established whenever it ends,
 * and replaced before the exchange closes it.
 *
 * @internal
 */
export interface ManagedConnection {
  readonly size: () => number
  readonly want: (topic: Topic, maxSilence: number | undefined) => void
  readonly unwant: (key: string) => void
  readonly resync: (key: string) => void
  readonly hand: (key: string, frame: unknown) => void
}

/** @internal */
export interface Listener extends Connection.Listener {
  /** The connection is lost and is being re-established. */
  readonly reconnecting: (because: string) => void
}

/** @internal */
export interface Backoff {
  readonly base: number
  readonly max: number
  /** How long a connection must last so that its end does not count as a failure. */
  readonly stable: number
  /** How long a connection without subscriptions stays open. */
  readonly linger: number
}

/** @internal */
export const make = (
  settings: Omit<Connection.SocketSettings, "topic">,
  listener: Listener,
  breaker: CircuitBreaker.CircuitBreaker<SocketError | Connection.Stopped>,
  backoff: Backoff
): Effect.Effect<ManagedConnection, never, Scope.Scope> =>
  Effect.gen(function*() {
    const wanted = new Map<string, SocketSession.Wanted>()
    // Includes topics that are no longer wanted, because the unsubscribe messages name them.
    const topics = new Map<string, Topic>()
    const needed = Effect.unsafeMakeLatch(false)
    const idle = Effect.unsafeMakeLatch(true)
    let connections: ReadonlyArray<Connection.Connection> = []

    const own: Connection.SocketSettings = { ...settings, topic: (key) => topics.get(key) }
    const post = (event: SocketSession.Event) => {
      for (const connection of connections) connection.post(event)
    }

    const lost = (since: number, because: string) => {
      listener.reconnecting(because)
      listener.lost(wanted.keys(), since, because)
    }

    // The wait for the exchange's limit comes first: a connection that the circuit breaker has admitted is opened at once.
    const admitted = Effect.zipRight(breaker.check, own.charge("connects"))

    const opened = (holds: boolean) =>
      Effect.zipRight(
        admitted,
        breaker.protect(Connection.open(own, listener, () => wanted.values(), holds))
      ).pipe(
        Effect.tap((connection) =>
          Effect.sync(() => {
            connections = [...connections, connection]
          })
        )
      )

    const closed = (connection: Connection.Connection) =>
      Effect.zipRight(
        Effect.sync(() => {
          connections = connections.filter((each) => each !== connection)
        }),
        connection.close
      )

    const failures = yield* Ref.make(0)

    const wait = Effect.gen(function*() {
      const count = yield* Ref.getAndUpdate(failures, (count) => count + 1)
      const most = Math.min(backoff.max, backoff.base * 2 ** Math.min(count, 30))
      yield* Effect.sleep(Math.ceil((yield* Random.next) * most))
    })

    /** Opens a connection, with as many attempts as it takes. */
    const connect = (holds: boolean): Effect.Effect<Connection.Connection, never, Scope.Scope> =>
      Effect.catchAll(opened(holds), (error) =>
        Effect.gen(function*() {
          if (!holds) lost(yield* Clock.currentTimeMillis, describe(error))
          if ("_tag" in error && error._tag === "CircuitOpen") yield* Effect.sleep(error.retryAfter)
          yield* wait
          // All consumers may have left in the meantime: connect again only if there are subscriptions.
          if (!holds) yield* needed.await
          return yield* connect(holds)
        }))

    /**
     * Opens a connection that replaces one still in use, without a gap: it takes over once all its subscriptions are
     * confirmed.
     */
    const succeed = Effect.gen(function*() {
      const next = yield* connect(true)
      const outcome = yield* Concurrent.raceFirst(Effect.as(next.settled, true), Effect.as(next.ended, false))
      if (outcome) {
        yield* Ref.set(failures, 0)
        return next
      }
      yield* closed(next)
      yield* wait
      return undefined
    }).pipe(Effect.repeat({ until: (next): next is Connection.Connection => next !== undefined }))

    const serve = (
      connection: Connection.Connection
    ): Effect.Effect<
      { readonly last: Connection.Connection; readonly because: string | undefined },
      never,
      Scope.Scope
    > =>
      Effect.flatMap(
        Concurrent.raceFirst(
          Concurrent.raceFirst(
            Effect.map(connection.ended, (because) => ({ next: undefined, because })),
            Effect.as(unneeded, { next: undefined, because: undefined })
          ),
          Effect.zipRight(
            connection.leaving,
            // If the old connection had fallen silent, what it missed meanwhile would go unnoticed.
            Effect.map(Effect.zipLeft(succeed, connection.heard), (next) => ({ next, because: undefined }))
          )
        ),
        ({ because, next }) => {
          if (next === undefined) return Effect.succeed({ last: connection, because })
          return Effect.zipRight(
            Effect.zipRight(closed(connection), Effect.sync(next.promote)),
            serve(next)
          )
        }
      )

    const unneeded: Effect.Effect<void> = Effect.suspend(() =>
      idle.await.pipe(
        Effect.zipRight(Effect.sleep(backoff.linger)),
        Effect.zipRight(Effect.suspend(() => wanted.size === 0 ? Effect.void : unneeded))
      )
    )

    const life = Effect.gen(function*() {
      yield* needed.await
      const first = yield* connect(false)
      const { because, last } = yield* serve(first)
      yield* Effect.forEach(connections, closed, { discard: true })
      // No unsubscribe message is left to be sent for these topics.
      for (const key of topics.keys()) if (!wanted.has(key)) topics.delete(key)
      const now = yield* Clock.currentTimeMillis
      if (because === undefined) return yield* Ref.set(failures, 0)
      if (now - last.opened >= backoff.stable) yield* Ref.set(failures, 0)
      // Not since now: a process that was suspended notices the loss only when it runs again.
      lost(Math.min(now, last.lastReceivedAt()), because)
      yield* wait
    })

    // It is created while a consumer joins, which is uninterruptible; the fiber of its connections must be
    // interruptible.
    yield* Effect.forkScoped(Effect.interruptible(Effect.forever(life)))

    return {
      size: () => wanted.size,
      want: (topic, maxSilence) => {
        topics.set(topic.key, topic)
        wanted.set(topic.key, { key: topic.key, maxSilence })
        needed.unsafeOpen()
        idle.unsafeClose()
        post({ _tag: "Want", key: topic.key, maxSilence })
      },
      unwant: (key) => {
        wanted.delete(key)
        if (wanted.size === 0) {
          needed.unsafeClose()
          idle.unsafeOpen()
        }
        post({ _tag: "Unwant", key })
      },
      resync: (key) => post({ _tag: "Resync", key }),
      hand: (key, frame) => connections[0]?.hand(key, frame)
    }
  })

const describe = (error: SocketError | Connection.Stopped | CircuitBreaker.CircuitOpen): string => {
  if ("because" in error) return error.because
  return error._tag === "CircuitOpen" ? "connecting failed repeatedly" : Connection.reasonOf(error)
}
