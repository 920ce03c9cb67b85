import * as Effect from "effect/Effect"
import type { AccountError } from "../../model/ExchangeError.js"
import { FeedItem, type SlowConsumer, type Status } from "../../model/FeedItem.js"
import type { Consumer } from "./consumer.js"
import type { Read, Reading, Subscription } from "./subscription.js"

/**
 * An active subscription, without the type of its values.
 *
 * @internal
 */
export interface Entry {
  readonly operation: string
  /** Returns `true` if the frame could be used. */
  readonly data: (frame: unknown, now: number) => boolean
  /** The exchange has confirmed the subscription. */
  readonly live: () => void
  readonly stale: (since: number, because: string) => void
  readonly lost: (since: number, because: string) => void
  readonly fail: (error: AccountError) => void
}

/**
 * An active subscription, with all its consumers.
 *
 * @internal
 */
export interface ActiveSubscription<A, E> extends Entry {
  /** Adds a consumer and sends it the current state. */
  readonly join: (consumer: Consumer<A, E | SlowConsumer>) => void
  /** Removes a consumer and returns `true` if others are left. */
  readonly leave: (consumer: Consumer<A, E | SlowConsumer>) => boolean
}

/** @internal */
export interface Hooks {
  readonly resync: () => void
  readonly stale: () => void
  readonly unread: () => void
  /** Sends a request separate from the feed and reads its response as a frame; at most one at a time. */
  readonly fetch: (effect: Effect.Effect<unknown, AccountError>) => void
  /** Stops the request, because its response is of no use any more. */
  readonly stopFetching: () => void
  readonly failed: () => void
}

/** @internal */
export const make = <A, E>(subscription: Subscription<A, E>, hooks: Hooks): ActiveSubscription<A, E> => {
  const consumers = new Set<Consumer<A, E | SlowConsumer>>()
  const reading = subscription.reading()
  let isLive = false
  /** Why the subscription is not usable; `undefined` before it first was. */
  let interruption: Status | undefined
  let latest: () => FeedItem<A> | undefined = nothing
  /** Changes whenever the reading begins anew, to recognize a response to an earlier request. */
  let era = {}

  const broadcast = (item: FeedItem<A>) => {
    for (const consumer of consumers) consumer.offer(item)
  }
  const interrupt = (status: Status) => {
    isLive = false
    interruption = status
    latest = nothing
    broadcast(status)
  }
  const resume = () => {
    if (isLive) return
    broadcast(interruption === undefined ? FeedItem.Connected() : FeedItem.Resynced())
    isLive = true
    interruption = undefined
  }
  const stale = (since: number, because: string) => {
    if (interruption !== undefined) return
    hooks.stale()
    interrupt(FeedItem.Stale({ since, because }))
  }

  const restart = () => {
    hooks.stopFetching()
    era = {}
    reading.begin()
  }
  const fetch = () => {
    if (subscription.fetch === undefined) return
    const current = era
    hooks.fetch(Effect.map(subscription.fetch, (answer) => new Fetched(answer, current)))
  }

  /** Creates the value immediately for consumers that take every value, and on demand for the others. */
  const renew = (read: Read<A>) => {
    let item: FeedItem<A> | undefined
    latest = () => {
      if (item === undefined) { for (const value of read.values) item = data({ value }) }
      return item
    }
    for (const consumer of consumers) {
      if (consumer.renew !== undefined) consumer.renew(latest)
      else offerLatest(consumer)
    }
  }
  const offerLatest = ({ offer }: Consumer<A, E | SlowConsumer>) => {
    const item = latest()
    if (item !== undefined) offer(item)
  }

  return {
    operation: subscription.operation,
    data: (received, now) => {
      if (received instanceof Fetched && received.era !== era) return false
      const frame = received instanceof Fetched ? received.answer : received
      const read = attempt(reading, frame, now)
      const { fault, isWhole, unread, wants } = read
      if (unread === true) hooks.unread()
      if (fault !== undefined) {
        stale(now, fault)
        restart()
        hooks.resync()
        return false
      }
      if (wants === true) fetch()
      if (!isWhole) return false
      resume()
      if (reading.isLazy === true) renew(read)
      else {
        for (const value of read.values) {
          const item = data({ value })
          if (reading.repeats) latest = () => item
          broadcast(item)
        }
      }
      return true
    },
    // If a value is to follow, the subscription is live only from that value on.
    live: () => {
      if (interruption?._tag === "Stale") return
      if (!reading.repeats) resume()
      // What is requested from now on misses nothing, even if no update follows for long. After `Stale`, an update must
      // show first that the subscription delivers anything.
      if (isLive || subscription.fetch === undefined) return
      hooks.stopFetching()
      fetch()
    },
    stale,
    lost: (since, because) => {
      if (interruption?._tag !== "Reconnecting") interrupt(FeedItem.Reconnecting({ since, because }))
      restart()
    },
    fail: (error) => {
      hooks.failed()
      for (const consumer of consumers) consumer.fail(subscription.fail(error))
      consumers.clear()
    },
    join: (consumer) => {
      consumers.add(consumer)
      if (isLive) {
        consumer.offer(FeedItem.Connected())
        offerLatest(consumer)
      } else if (interruption !== undefined) consumer.offer(interruption)
    },
    leave: (consumer) => {
      consumers.delete(consumer)
      if (consumers.size > 0) return true
      hooks.stopFetching()
      return false
    }
  }
}

/** The response to a request that was made while the reading was in a certain era. */
class Fetched {
  readonly answer: unknown
  readonly era: object
  constructor(answer: unknown, era: object) {
    this.answer = answer
    this.era = era
  }
}

const nothing = () => undefined

// Kept in a constant, because `FeedItem` creates a new constructor at each access.
const data = FeedItem.Data

const attempt = <A>(reading: Reading<A>, frame: unknown, now: number): Read<A> => {
  try {
    return reading.read(frame, now)
  } catch {
    return { values: [], isWhole: false, fault: "a frame could not be decoded: its decoder threw an error" }
  }
}
