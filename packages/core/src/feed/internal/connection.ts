import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as PlatformSocket from "@effect/platform/Socket"
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import { parseJson } from "../../engine/internal/json.js"
import type { ErrorBody } from "../../engine/Protocol.js"
import type { AccountError } from "../../model/ExchangeError.js"
import { proxyFailure } from "../../model/internal/proxyFailed.js"
import type { SocketSettings, Stopped } from "./connectionModel.js"
import { order } from "./frameOrder.js"
import * as Inbox from "./inbox.js"
import * as Outbox from "./outbox.js"
import type { FeedProtocol } from "./protocol.js"
import * as SocketSession from "./socketSession.js"

export type { SocketSettings, Stopped } from "./connectionModel.js"

/**
 * The events of a connection, in order.
 *
 * @internal
 */
export interface Listener {
  /**
   * Returns `true` if the frame could be used. A frame that could not be used counts as silence of its subscription.
   */
  readonly data: (key: string, frame: unknown, now: number) => boolean
  readonly live: (key: string, now: number) => void
  readonly stale: (key: string, since: number, because: string) => void
  /** The exchange ended these subscriptions, and they will be requested again. */
  readonly lost: (keys: Iterable<string>, since: number, because: string) => void
  readonly refuse: (key: string, error: ErrorBody | undefined) => void
  readonly refuseLogin: (error: ErrorBody) => void
  /** The connection cannot log in, or no longer can. */
  readonly fail: (error: AccountError) => void
  /** A frame was not understood. */
  readonly unread: () => void
}

/** @internal */
export interface Connection {
  readonly opened: number
  /** Returns when anything was last received, or when the connection was opened. */
  readonly lastReceivedAt: () => number
  readonly post: (event: SocketSession.Event) => void
  /** Handles a frame as if it had been received. */
  readonly hand: (key: string, frame: unknown) => void
  /** Completes with the reason when the connection has ended; never fails. */
  readonly ended: Effect.Effect<string>
  /** Completes when another connection should take the place of this one. */
  readonly leaving: Effect.Effect<void>
  /** Completes when everything wanted is confirmed for the first time. */
  readonly settled: Effect.Effect<void>
  /** Completes when something is received from now on, which shows that nothing was missed so far. */
  readonly heard: Effect.Effect<void>
  /** Delivers all events held back so far to the listener, and from then on each event as it occurs. */
  readonly promote: () => void
  readonly close: Effect.Effect<void>
}

type Item = string | Uint8Array | SocketSession.Event | Handed | typeof due

/** A marker that something is due. What is due is decided after all earlier items have been read. */
const due = Symbol("due")

class Handed {
  readonly key: string
  readonly frame: unknown
  constructor(key: string, frame: unknown) {
    this.key = key
    this.frame = frame
  }
}

/** A connection with a larger backlog of unread frames never catches up. */
const mostWaiting = 100_000
/** The maximum number of events held back for a connection that is not in use yet. */
const mostHeld = 50_000

/**
 * Opens a connection. All its fibers end with its own scope, which `close` closes, and with the current scope at the
 * latest. With `holds`, the listener receives no events before the connection is promoted.
 *
 * @internal
 */
export const open = (
  settings: SocketSettings,
  listener: Listener,
  wanted: () => Iterable<SocketSession.Wanted>,
  holds: boolean
): Effect.Effect<Connection, PlatformSocket.SocketError | Stopped, Scope.Scope> =>
  Effect.gen(function*() {
    const outer = yield* Effect.scope
    const scope = yield* Scope.fork(outer, ExecutionStrategy.sequential)
    const opening = Scope.extend(start(settings, listener, wanted, holds, scope), scope)
    return yield* Effect.onExit(opening, (exit) => exit._tag === "Failure" ? Scope.close(scope, exit) : Effect.void)
  })

const start = (
  settings: SocketSettings,
  listener: Listener,
  wanted: () => Iterable<SocketSession.Wanted>,
  holds: boolean,
  scope: Scope.CloseableScope
): Effect.Effect<Connection, PlatformSocket.SocketError | Stopped, Scope.Scope> =>
  Effect.gen(function*() {
    const { protocol, rules } = settings
    // The consumers of a connection that is still in use do not fail with its replacement.
    const url = yield* Effect.tapError(
      settings.address,
      ({ error }) => error === undefined || holds ? Effect.void : Effect.sync(() => listener.fail(error))
    )
    const inbox = Inbox.make<Item>()
    const opened = yield* Deferred.make<void, PlatformSocket.SocketError>()
    const ended = yield* Deferred.make<string>()
    const leaving = yield* Deferred.make<void>()
    const settled = yield* Deferred.make<void>()
    let heard: Deferred.Deferred<void> | undefined
    const moved = yield* Queue.sliding<void>(1)

    // Provided where the socket runs as well: there, a socket prefers the constructor in the context over the one it
    // was made with.
    const ours = Effect.provideService(PlatformSocket.WebSocketConstructor, settings.constructor)
    const socket = yield* ours(PlatformSocket.makeWebSocket(url, { closeCodeIsError: () => true }))
    const write = yield* socket.writer
    yield* socket.runRaw((data) => inbox.push(data), { onOpen: Effect.asVoid(Deferred.succeed(opened, undefined)) })
      .pipe(
        // A constructor throws if it rejects the address. Without this, the defect would go unnoticed.
        Effect.catchAllDefect((cause) => new PlatformSocket.SocketGenericError({ reason: "Open", cause })),
        Effect.catchAll((error) =>
          Effect.zipRight(Deferred.fail(opened, error), Deferred.succeed(ended, reasonOf(error)))
        ),
        ours,
        Effect.forkScoped
      )
    yield* Deferred.await(opened)
    const outbox = yield* Outbox.make(settings, {
      write,
      requested: inbox.push,
      failed: (error) => {
        const final = "because" in error ? error.error : undefined
        // Held back as well: a replacement that cannot log in must not fail the consumers of the connection in use.
        if (final !== undefined) deliver(() => listener.fail(final))
        return Deferred.succeed(ended, "because" in error ? error.because : reasonOf(error))
      }
    })

    const { now: time, toLocal } = steady(yield* Effect.clock)
    yield* outbox.welcome
    const openedAt = time()
    let random = yield* Random.next
    const draw = Effect.map(Random.next, (next) => {
      random = next
    })
    let lastReceivedAt = openedAt
    // Nothing from here on waits: what is wanted after this comes as an event.
    let [state, outputs] = SocketSession.open(rules, wanted(), openedAt)
    const isNext = order()
    let isFull = false
    /**
     * When each subscription with a limit on its silence last received data. A map of all subscriptions would be
     * written with every frame.
     */
    const receivedAtByKey = new Map<string, number>()
    const lastReceivedOf = (key: string) => receivedAtByKey.get(key)
    let held: Array<() => void> | undefined = holds ? [] : undefined

    const deliver = (what: () => void) => {
      if (held === undefined) what()
      else if (held.length < mostHeld) held.push(what)
      else isFull = true
    }

    const dispatch = (out: ReadonlyArray<SocketSession.Output>, now: number) => {
      for (const output of out) {
        switch (output._tag) {
          case "Live":
            deliver(() => listener.live(output.key, toLocal(now)))
            break
          case "Stale":
            deliver(() => listener.stale(output.key, toLocal(output.since), output.because))
            break
          case "Lost":
            deliver(() => listener.lost([output.key], toLocal(now), output.because))
            break
          case "Refuse":
            deliver(() => listener.refuse(output.key, output.error))
            break
          case "RefuseLogin":
            deliver(() => listener.refuseLogin(output.error))
            break
          case "Replace":
            Deferred.unsafeDone(leaving, Effect.void)
            break
          case "End":
            Deferred.unsafeDone(ended, Effect.succeed(output.because))
            break
          default:
            outbox.offer(output)
        }
      }
    }

    const advance = (event: SocketSession.Event, now: number) => {
      const [next, out] = SocketSession.step(rules, state, event, now, random)
      state = next
      dispatch(out, now)
    }

    const readData = (key: string, frame: unknown, now: number) => {
      const topic = state.topics.get(key)
      if (topic === undefined || topic.phase === "waiting") return
      // Data confirms the subscription, even if the confirmation has not arrived.
      if (topic.phase === "asked") advance({ _tag: "Acknowledged", keys: [key] }, now)
      let isUsed = true
      const local = toLocal(now)
      if (held === undefined) isUsed = listener.data(key, frame, local)
      else deliver(() => listener.data(key, frame, local))
      if (isUsed && topic.maxSilence !== undefined) receivedAtByKey.set(key, now)
    }

    const read = (received: string, now: number) => {
      lastReceivedAt = now
      if (heard !== undefined) Deferred.unsafeDone(heard, Effect.void)
      const text = settings.redact(received)
      const frame = parseJson(text) ?? text
      const place = isNext(protocol.sequence?.(frame))
      if (place === "old") return
      if (place === "gap") {
        return advance({ _tag: "Ended", because: "a message on the connection was lost" }, now)
      }
      const messages = understand(protocol, frame)
      if (messages === undefined) return deliver(listener.unread)
      for (const each of messages) {
        if (each._tag === "Data") readData(state.keyOfId.get(each.key) ?? each.key, each.frame, now)
        else advance(each, now)
      }
    }

    const handle = (item: Item, now: number) => {
      // What follows a lost message is dropped: the snapshot of the next connection starts before it, so it would come
      // out of order.
      if (state.phase === "ended") return
      if (typeof item === "string") read(item, now)
      else if (item instanceof Uint8Array) read(decoder.decode(item), now)
      else if (item instanceof Handed) {
        // Dropped if the subscription is about to be renewed: no update would follow the frame.
        if (state.topics.get(item.key)?.phase === "live") {
          deliver(() => listener.data(item.key, item.frame, toLocal(now)))
        }
      } else if (item !== due) advance(item, now)
    }

    /** Returns `true` if anything changed apart from data of active subscriptions. */
    const handleAll = (items: ReadonlyArray<Item>): boolean => {
      const now = time()
      const before = state
      const receivedBefore = lastReceivedAt
      for (const item of items) handle(item, now)
      if (lastReceivedAt !== receivedBefore) settings.onReceived?.(toLocal(lastReceivedAt))
      if (inbox.size() + items.length > mostWaiting || isFull) {
        advance({ _tag: "Ended", because: "frames arrived faster than they could be read" }, now)
      }
      if (state === before && !items.includes(due)) return false
      advance({ _tag: "Tick", lastReceivedAt, lastReceivedOf }, now)
      if (SocketSession.isSettled(state)) Deferred.unsafeDone(settled, Effect.void)
      Queue.unsafeOffer(moved, undefined)
      return true
    }

    // Few fiber steps per batch, because most batches are a single frame.
    const loop: Effect.Effect<never> = Effect.flatMap(
      inbox.take,
      (items) => handleAll(items) ? Effect.zipRight(draw, loop) : loop
    )

    // Sleeps until something is due, and checks again when that may have changed.
    const keep = Effect.gen(function*() {
      const now = time()
      const next = SocketSession.deadline(rules, state, lastReceivedAt, lastReceivedOf)
      if (next <= now) {
        inbox.push(due)
        return yield* Queue.take(moved)
      }
      const waits = Effect.asVoid(Queue.take(moved))
      return yield* Number.isFinite(next) ? Concurrent.raceFirst(waits, Effect.sleep(Math.ceil(next - now))) : waits
    })

    dispatch(outputs, openedAt)
    outputs = []
    advance({ _tag: "Tick", lastReceivedAt, lastReceivedOf }, openedAt)
    yield* Effect.forkScoped(Effect.forever(loop))
    yield* Effect.forkScoped(Effect.forever(keep))
    yield* outbox.run

    return {
      opened: openedAt,
      lastReceivedAt: () => toLocal(lastReceivedAt),
      post: inbox.push,
      hand: (key, frame) => inbox.push(new Handed(key, frame)),
      ended: Deferred.await(ended),
      leaving: Deferred.await(leaving),
      settled: Deferred.await(settled),
      heard: Effect.flatMap(Deferred.make<void>(), (next) => {
        heard = next
        inbox.push({ _tag: "Probe" })
        return Deferred.await(next)
      }),
      promote: () => {
        const all = held ?? []
        held = undefined
        for (const what of all) what()
      },
      close: Effect.uninterruptible(Scope.close(scope, Exit.void))
    }
  })

/**
 * A clock that stands still while the local clock is set back, so that nothing waits until that has caught up. It starts
 * with the local clock, and `toLocal` converts its instants to those of the local clock as it is now.
 */
const steady = (clock: Clock.Clock) => {
  let last = clock.unsafeCurrentTimeMillis()
  let ahead = 0
  return {
    now: (): number => {
      const local = clock.unsafeCurrentTimeMillis()
      ahead = Math.max(ahead, last - local)
      last = local + ahead
      return last
    },
    toLocal: (now: number): number => now - ahead
  }
}

const decoder = new TextDecoder()

const understand = (protocol: FeedProtocol, frame: unknown): ReturnType<FeedProtocol["read"]> => {
  try {
    return protocol.read(frame)
  } catch {
    return undefined
  }
}

/** @internal */
export const reasonOf = (error: PlatformSocket.SocketError): string => {
  switch (error.reason) {
    case "Close":
      return `the exchange closed the connection (${error.code})`
    case "OpenTimeout":
      return "the connection was not opened in time"
    case "Open":
      return proxyFailure(error.cause)?.message ?? "could not connect"
    default:
      return "the connection was lost"
  }
}
