/**
 * The live feed of an exchange: subscriptions shared by all their consumers, over as many connections as needed.
 *
 * @internal
 */
import * as CircuitBreaker from "@effect-exchange/resilience/CircuitBreaker"
import type { SocketError } from "@effect/platform/Socket"
import * as Cause from "effect/Cause"
import { acquireUseRelease, suspend } from "effect/Channel"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { ErrorBody } from "../../engine/Protocol.js"
import type { AccountError } from "../../model/ExchangeError.js"
import { type Buffer, type FeedItem, SlowConsumer } from "../../model/FeedItem.js"
import * as ActiveSubscription from "./activeSubscription.js"
import type * as Connection from "./connection.js"
import * as Consumer from "./consumer.js"
import * as ManagedConnection from "./managedConnection.js"
import { retryUntilAnswered } from "./retryUntilAnswered.js"
import type { Subscription } from "./subscription.js"

/** @internal */
export interface Feed {
  /** Creates a channel for subscriptions of one kind. Subscriptions to the same topic are shared. */
  readonly channel: <A, E>() => Channel<A, E>
}

/**
 * Streams a subscription, which all its consumers share: the first consumer subscribes at the exchange, and the last
 * one to leave unsubscribes.
 *
 * @internal
 */
export type Channel<A, E> = (
  subscription: Subscription<A, E>,
  buffer: Buffer
) => Stream.Stream<FeedItem<A>, E | SlowConsumer>

/**
 * An event of a feed, for metrics.
 *
 * @internal
 */
export type Occurrence = "reconnect" | "resync" | "stale" | "unread"

/**
 * The settings of a feed. `settings` receives a function that returns how many logins in a row were refused. `refusal`
 * converts a refusal by the exchange to an error; its argument is `undefined` if the exchange did not respond.
 *
 * @internal
 */
export interface Options {
  readonly exchange: string
  /** The maximum number of subscriptions per connection. */
  readonly most: number
  readonly backoff: ManagedConnection.Backoff
  readonly settings: (socket: string, refusedLogins: () => number) => Omit<Connection.SocketSettings, "topic">
  readonly refusal: (operation: string, error: ErrorBody | undefined) => AccountError
  readonly loginRefusal: (operation: string, error: ErrorBody) => AccountError
  readonly note: (what: Occurrence) => Effect.Effect<void>
}

/** A subscription at the exchange, which all readings of its topic share. */
interface SharedTopic {
  readonly connection: ManagedConnection.ManagedConnection
  readonly entries: Set<ActiveSubscription.Entry>
  /** Whether the exchange has confirmed the subscription, which it does not repeat for a reading that joins later. */
  isLive: boolean
}

/** The connections to one kind of socket, and their subscriptions. */
interface Group {
  readonly connections: Array<ManagedConnection.ManagedConnection>
  readonly settings: Omit<Connection.SocketSettings, "topic">
  readonly listener: ManagedConnection.Listener
  readonly topics: Map<string, SharedTopic>
}

/**
 * Creates a feed without subscriptions. It connects when there is a subscription, and ends with the scope.
 *
 * @internal
 */
export const make = (options: Options): Effect.Effect<Feed, never, Scope.Scope> =>
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const run = yield* FiberSet.makeRuntime<never>()
    const breaker = yield* CircuitBreaker.make<SocketError | Connection.Stopped>({
      name: `${options.exchange}.feed`,
      classify
    })
    const groups = new Map<string, Group>()
    const note = (what: Occurrence): void => {
      run(options.note(what))
    }

    const groupOf = (socket: string): Group => {
      const known = groups.get(socket)
      if (known !== undefined) return known
      const topics: Group["topics"] = new Map()
      let refusedLogins = 0
      const each = (keys: Iterable<string>, f: (entry: ActiveSubscription.Entry) => void) => {
        for (const key of keys) for (const entry of topics.get(key)?.entries ?? []) f(entry)
      }
      const mark = (key: string, isLive: boolean) => {
        const topic = topics.get(key)
        if (topic !== undefined) topic.isLive = isLive
      }
      const group: Group = {
        connections: [],
        topics,
        settings: options.settings(socket, () => refusedLogins),
        listener: {
          data: (key, frame, now) => {
            let isUsed = false
            for (const entry of topics.get(key)?.entries ?? []) isUsed = entry.data(frame, now) || isUsed
            return isUsed
          },
          live: (key) => {
            refusedLogins = 0
            mark(key, true)
            each([key], (entry) => entry.live())
          },
          stale: (key, since, because) => {
            mark(key, false)
            each([key], (entry) => entry.stale(since, because))
          },
          refuse: (key, error) => each([key], (entry) => entry.fail(options.refusal(entry.operation, error))),
          refuseLogin: (error) => {
            if (options.loginRefusal("login", error).isRetryable) return
            // The first refusal may be due to a rotated key or a clock that is off. The next login uses reloaded
            // credentials and the current time.
            if (++refusedLogins < 2) return
            each(topics.keys(), (entry) => entry.fail(options.loginRefusal(entry.operation, error)))
          },
          fail: (error) => each(topics.keys(), (entry) => entry.fail(error)),
          unread: () => note("unread"),
          lost: (keys, since, because) => {
            for (const key of keys) {
              mark(key, false)
              each([key], (entry) => entry.lost(since, because))
            }
          },
          reconnecting: (because) => {
            note("reconnect")
            run(
              Effect.logInfo("A feed lost its connection and is reconnecting", { exchange: options.exchange, because })
            )
          }
        }
      }
      groups.set(socket, group)
      return group
    }

    const connectionFor = (group: Group): Effect.Effect<ManagedConnection.ManagedConnection> =>
      Effect.suspend(() => {
        const free = group.connections.find((connection) => connection.size() < options.most)
        if (free !== undefined) return Effect.succeed(free)
        return Effect.tap(
          Scope.extend(ManagedConnection.make(group.settings, group.listener, breaker, options.backoff), scope),
          (connection) => Effect.sync(() => group.connections.push(connection))
        )
      })

    const channel = <A, E>(): Channel<A, E> => {
      const all = new Map<string, ActiveSubscription.ActiveSubscription<A, E>>()

      const activate = (
        subscription: Subscription<A, E>,
        group: Group,
        connection: ManagedConnection.ManagedConnection
      ): ActiveSubscription.ActiveSubscription<A, E> => {
        const { topic } = subscription
        let fetching: { stop: () => void } | undefined
        const active = ActiveSubscription.make(subscription, {
          resync: () => {
            note("resync")
            if (subscription.recheck !== undefined) run(subscription.recheck)
            connection.resync(topic.key)
          },
          stale: () => note("stale"),
          unread: () => note("unread"),
          failed: () => leave(subscription, group, active),
          stopFetching: () => {
            fetching?.stop()
            fetching = undefined
          },
          fetch: (effect) => {
            if (fetching !== undefined) return
            const current = { stop: () => {} }
            fetching = current
            const fiber = run(effect.pipe(
              retryUntilAnswered,
              Effect.matchEffect({
                onFailure: (error) => Effect.sync(() => active.fail(error)),
                onSuccess: (answer) => Effect.sync(() => connection.hand(topic.key, answer))
              }),
              Effect.ensuring(Effect.sync(() => {
                if (fetching === current) fetching = undefined
              }))
            ))
            current.stop = () => fiber.unsafeInterruptAsFork(fiber.id())
          }
        })
        return active
      }

      const leave = (
        subscription: Subscription<A, E>,
        group: Group,
        active: ActiveSubscription.ActiveSubscription<A, E>
      ): void => {
        const { key, socket } = subscription.topic
        if (all.get(`${socket} ${key}`) === active) all.delete(`${socket} ${key}`)
        const found = group.topics.get(key)
        if (found === undefined || !found.entries.delete(active) || found.entries.size > 0) return
        group.topics.delete(key)
        found.connection.unwant(key)
      }

      const join = (subscription: Subscription<A, E>) =>
        Effect.gen(function*() {
          const { key, socket } = subscription.topic
          const group = groupOf(socket)
          // The fiber must not yield between the look-up and the insertion, so that two consumers that join
          // concurrently share one subscription.
          const free = group.topics.get(key)?.connection ?? (yield* connectionFor(group))
          const connection = group.topics.get(key)?.connection ?? free
          const active = all.get(`${socket} ${key}`) ?? activate(subscription, group, connection)
          all.set(`${socket} ${key}`, active)
          const found = group.topics.get(key)
          if (found === undefined) {
            group.topics.set(key, { connection, entries: new Set([active]), isLive: false })
            connection.want(subscription.topic, subscription.maxSilence)
          } else if (!found.entries.has(active)) {
            found.entries.add(active)
            if (found.isLive) active.live()
          }
          return { group, active }
        })

      return (subscription, buffer) =>
        // A channel that continues as another one costs nothing per chunk. A scoped channel would pass each chunk
        // through an executor of its own.
        Stream.fromChannel(suspend(() => {
          const { exchange } = options
          const { operation } = subscription
          const { consumer, stream } = Consumer.make<A, E | SlowConsumer>(
            buffer,
            (capacity) => new SlowConsumer({ exchange, operation, capacity })
          )
          return acquireUseRelease(
            Effect.tap(join(subscription), ({ active }) => Effect.sync(() => active.join(consumer))),
            () => Stream.toChannel(stream),
            ({ group, active }) =>
              Effect.sync(() => {
                if (!active.leave(consumer)) leave(subscription, group, active)
              })
          )
        }))
    }

    return { channel }
  })

// A connection that stopped before it was opened, for want of its URL, says nothing about the exchange's sockets.
const classify = (exit: Exit.Exit<unknown, SocketError | Connection.Stopped>): CircuitBreaker.Verdict =>
  Exit.isFailure(exit) && Option.exists(Cause.failureOption(exit.cause), (error) => "because" in error)
    ? "ignore"
    : CircuitBreaker.defaultClassify(exit)
