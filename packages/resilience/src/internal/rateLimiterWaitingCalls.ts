/**
 * The calls that wait for their turn: asks the store for the next one, sleeps until it can ask again, and refuses those
 * whose time is over.
 *
 * @internal
 */
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { DeadlineExceeded } from "../Deadline.js"
import * as Alarm from "./alarm.js"
import * as Heap from "./heap.js"
import { claims } from "./rateLimiterClaim.js"
import type * as rateLimiterMetrics from "./rateLimiterMetrics.js"
import * as Plans from "./rateLimiterPlans.js"
import * as rateLimiterQueue from "./rateLimiterQueue.js"
import type { Cost, RateLimiterStore, Ticket } from "./rateLimiterStoreModel.js"
import { later, monotonic } from "./time.js"
import * as Waiting from "./waiting.js"

/**
 * A waiting call.
 *
 * @internal
 */
export interface Call<Full> {
  readonly turn: Waiting.Turn<Full | DeadlineExceeded>
  ticket: Ticket | undefined
  /** The pass in which the store was last asked for the call. */
  pass: number
  /** When to ask the store again. */
  at: bigint | undefined
  waitLimit: Heap.Item<LimitedWait<Full>> | undefined
}

interface LimitedWait<Full> extends Waiting.WaitLimit {
  readonly entry: rateLimiterQueue.Entry<Call<Full>>
}

/** @internal */
export type Entry<Full> = rateLimiterQueue.Entry<Call<Full>>

/** @internal */
export interface WaitingCalls<Full> {
  readonly queue: rateLimiterQueue.Queue<Call<Full>>
  /** Returns when a call that joined now would be admitted. */
  readonly foresee: Plans.Plans["foresee"]
  /** Adds a call at the end of its lane. The store is asked for it at `at`, or by the next pass. */
  readonly join: (
    costs: ReadonlyArray<Cost>,
    lane: number,
    at: bigint | undefined,
    waitLimit: Waiting.WaitLimit | undefined,
    now: bigint
  ) => Entry<Full>
  /** Removes an entry from the queue. Returns `false` if it was already removed. */
  readonly leave: (entry: Entry<Full>) => boolean
  /** Admits the calls that fit now. */
  readonly pass: Effect.Effect<void>
  /** Sleeps until the next pass is due. */
  readonly setAlarm: Effect.Effect<void>
}

/** @internal */
export const make = <Full>(
  { lanes, meters, refuseLate, scopes, store }: {
    readonly scopes: ReadonlyArray<string>
    readonly lanes: number
    readonly store: RateLimiterStore
    readonly meters: ReturnType<typeof rateLimiterMetrics.make>
    readonly refuseLate: (
      waitLimit: Waiting.WaitLimit,
      retryAfter: Duration.Duration
    ) => Effect.Effect<never, Full | DeadlineExceeded>
  }
): WaitingCalls<Full> => {
  const queue = rateLimiterQueue.make<Call<Full>>(scopes, lanes)
  const limitedWaits = Heap.make<LimitedWait<Full>>()
  const plans = Plans.make(store, queue)
  let passes = 0
  let isPassing = false
  let isPassPending = false

  const measure = (costs: ReadonlyArray<Cost>): void =>
    costs.forEach(({ scope }) => meters.waiting(scope, rateLimiterQueue.size(queue, scope)))

  /** Removes an entry from the queue. Returns `false` if it was already removed. */
  const leave = (entry: Entry<Full>): boolean => {
    if (!rateLimiterQueue.remove(entry)) {
      return false
    }
    plans.left(entry.lane)
    measure(entry.costs)
    if (entry.value.waitLimit !== undefined) {
      Heap.remove(limitedWaits, entry.value.waitLimit)
    }
    return true
  }

  /** Asks the store for the costs of an entry. The entry leaves the queue unless it is denied. */
  const askStore = (entry: Entry<Full>): Effect.Effect<void> =>
    Effect.matchCauseEffect(store.reserve(entry.costs, claims(entry.lane, "Holds")), {
      onFailure: (cause: Cause.Cause<never>) => {
        if (leave(entry)) {
          Waiting.end(entry.value.turn, Effect.failCause(cause))
        }
        return Effect.void
      },
      onSuccess: (answer) => {
        if (answer._tag === "Denied") {
          return Effect.clockWith((clock) => {
            // A store that returns an instant in the past is asked again a little later, instead of in an endless loop.
            entry.value.at = later(answer.at, monotonic(clock) + 1n)
            return Effect.void
          })
        }
        if (!leave(entry)) {
          return store.refund(answer.ticket)
        }
        entry.value.ticket = answer.ticket
        Waiting.end(entry.value.turn, Effect.void)
        return Effect.void
      }
    })

  const askNext = (current: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      const entry = rateLimiterQueue.heads(queue).find(({ value }) => value.pass !== current)
      if (entry === undefined) {
        return Effect.void
      }
      entry.value.pass = current
      return Effect.flatMap(askStore(entry), () => askNext(current))
    })

  /** Refuses calls whose time is over: before a pass those with a deadline, afterwards also those with a `maxWait`. */
  const refuseExpired = (now: bigint, ends: ReadonlyArray<Waiting.WaitLimit["ends"]>): boolean => {
    const notExpired: Array<Heap.Item<LimitedWait<Full>>> = []
    let isAnyRefused = false
    for (let item = Heap.first(limitedWaits); item !== undefined && item.at <= now; item = Heap.first(limitedWaits)) {
      const { entry } = item.value
      if (!ends.includes(item.value.ends)) {
        Heap.remove(limitedWaits, item)
        notExpired.push(item)
        continue
      }
      leave(entry)
      const retryAfter = Duration.nanos(later((entry.value.at ?? now) - now, 0n))
      Waiting.end(entry.value.turn, refuseLate(item.value, retryAfter))
      isAnyRefused = true
    }
    notExpired.forEach((item) => Heap.add(limitedWaits, item))
    return isAnyRefused
  }

  const setAlarm = Effect.suspend(() => {
    let at = Heap.first(limitedWaits)?.at
    for (const { value } of rateLimiterQueue.heads(queue)) {
      if (value.at !== undefined && (at === undefined || value.at < at)) {
        at = value.at
      }
    }
    return alarm.within(at)
  })

  /** Admits the calls that fit now. Only one pass runs at a time, because asking the store may take time. */
  const pass: Effect.Effect<void> = Effect.suspend(() => {
    if (isPassing) {
      isPassPending = true
      return Effect.void
    }
    isPassing = true
    return Effect.uninterruptible(Effect.clockWith((clock) => {
      refuseExpired(monotonic(clock), ["Deadline"])
      const finish = (): Effect.Effect<void> => {
        isPassing = false
        const isLate = refuseExpired(monotonic(clock), ["Deadline", "MaxWait"])
        if (isLate || isPassPending) {
          isPassPending = false
          return pass
        }
        return setAlarm
      }
      // Whatever the store does, the waiting calls must be asked for again.
      return Effect.matchCauseEffect(askNext(++passes), {
        onFailure: (cause) => Effect.zipRight(finish(), Effect.failCause(cause)),
        onSuccess: finish
      })
    }))
  })

  const alarm = Alarm.make(pass)

  return {
    queue,
    foresee: plans.foresee,
    join: (costs, lane, at, waitLimit, now) => {
      const call: Call<Full> = { turn: Waiting.turn(), ticket: undefined, pass: 0, at, waitLimit: undefined }
      const entry = rateLimiterQueue.add(queue, costs, lane, call)
      plans.joined(costs, lane, now)
      measure(costs)
      if (waitLimit !== undefined) {
        call.waitLimit = Heap.item(waitLimit.at, { ...waitLimit, entry })
        Heap.add(limitedWaits, call.waitLimit)
      }
      return entry
    },
    leave,
    pass,
    setAlarm
  }
}
