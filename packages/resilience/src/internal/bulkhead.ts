/**
 * The bulkhead as effects.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type { Adaptive, Bulkhead, BulkheadFull } from "../Bulkhead.js"
import { Deadline, DeadlineExceeded } from "../Deadline.js"
import { isRejection } from "../Rejection.js"
import * as Telemetry from "../Telemetry.js"
import * as AdaptiveLimit from "./adaptiveLimit.js"
import * as Alarm from "./alarm.js"
import * as Heap from "./heap.js"
import * as List from "./linkedList.js"
import { stackless } from "./stackless.js"
import { monotonic } from "./time.js"
import * as Waiting from "./waiting.js"

/** @internal */
export interface Config {
  readonly name: string
  readonly permits: number
  readonly maxQueue: number
  readonly maxWait: bigint | undefined
  readonly adaptive: Adaptive | undefined
  readonly refuse: (reason: BulkheadFull["reason"]) => BulkheadFull
}

interface Caller {
  readonly turn: Waiting.Waiter<BulkheadFull | DeadlineExceeded>
  patience: Heap.Item<Late> | undefined
  /** Whether it was handed a permit. */
  isIn: boolean
}

interface Late extends Waiting.Patience {
  readonly place: List.Node<Caller>
}

/** @internal */
export const make = ({ adaptive, maxQueue, maxWait, name, permits, refuse }: Config): Bulkhead => {
  const queue = List.make<Caller>()
  const late = Heap.make<Late>()
  const meters = metrics(name)
  const adapting = adaptive === undefined ? undefined : AdaptiveLimit.make(adaptive, permits)
  let limit = adapting === undefined ? permits : Math.floor(adapting.limit)
  let running = 0
  meters.permits(limit)

  const setLimit = (to: number): void => {
    if (to !== limit) {
      limit = to
      meters.permits(limit)
    }
  }

  const leave = (place: List.Node<Caller>): void => {
    List.remove(place)
    meters.queued(queue.size)
    if (place.value.patience !== undefined) {
      Heap.remove(late, place.value.patience)
    }
  }

  const setAlarm = Effect.suspend(() => alarm.within(Heap.first(late)?.at))

  // Handed over, never put back: a newcomer cannot overtake the fiber that is being woken.
  const handOn = Effect.suspend(() => {
    const isWatched = Heap.first(late) !== undefined
    for (let next = queue.head; next !== undefined && running < limit; next = queue.head) {
      running++
      next.value.isIn = true
      leave(next)
      Waiting.wake(next.value.turn)
    }
    return isWatched ? setAlarm : Effect.void
  })

  const release = Effect.suspend(() => {
    running--
    return handOn
  })

  const refuseWith = (
    reason: BulkheadFull["reason"]
  ): Effect.Effect<never, BulkheadFull> => {
    meters.refused()
    return Effect.fail(stackless(() => refuse(reason)))
  }

  const turnAwayLate = Effect.clockWith((clock) => {
    const now = monotonic(clock)
    for (let item = Heap.first(late); item !== undefined && item.at <= now; item = Heap.first(late)) {
      const { allowed, ends, place } = item.value
      leave(place)
      Waiting.turnAway(place.value.turn, ends === "MaxWait" ? refuseWith("WaitTooLong") : tooLate(name, allowed))
    }
    return setAlarm
  })

  const alarm = Alarm.make(turnAwayLate)

  const withdraw = (place: List.Node<Caller>): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (place.list !== undefined) {
        leave(place)
        return setAlarm
      }
      return place.value.isIn ? release : Effect.void
    })

  const wait = (restore: Waiting.Restore): Effect.Effect<void, BulkheadFull | DeadlineExceeded> =>
    Effect.flatMap(Deadline, (deadline) =>
      Effect.clockWith((clock) => {
        const patience = Option.isNone(deadline) && maxWait === undefined
          ? undefined
          : Waiting.patience(deadline, maxWait, monotonic(clock))
        const caller: Caller = { turn: Waiting.make(), patience: undefined, isIn: false }
        const place = List.node(caller)
        List.append(queue, place)
        meters.queued(queue.size)
        const turn = Waiting.turn(Deferred.await(caller.turn), restore, withdraw(place))
        if (patience === undefined) {
          return turn
        }
        caller.patience = Heap.item(patience.at, { ...patience, place })
        Heap.add(late, caller.patience)
        return Effect.zipRight(setAlarm, turn)
      }))

  const acquire = (restore: Waiting.Restore): Effect.Effect<void, BulkheadFull | DeadlineExceeded> =>
    Effect.suspend((): Effect.Effect<void, BulkheadFull | DeadlineExceeded> => {
      if (running < limit) {
        running++
        return Effect.void
      }
      return queue.size >= maxQueue ? refuseWith("QueueFull") : wait(restore)
    })

  const observe = (
    state: AdaptiveLimit.State,
    begin: bigint,
    exit: Exit.Exit<unknown, unknown>
  ): Effect.Effect<void> =>
    Effect.clockWith((clock) => {
      const end = monotonic(clock)
      const isOverload = Exit.isFailure(exit) && isSign(state.adaptive, exit.cause, end - begin)
      if (Exit.isSuccess(exit) || isOverload) {
        setLimit(AdaptiveLimit.step(state, { begin, end, running, isOverload }))
      }
      return release
    })

  const use = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    adapting === undefined
      ? Effect.onExit(self, () => release)
      : Effect.clockWith((clock) => {
        const begin = monotonic(clock)
        return Effect.onExit(self, (exit) => observe(adapting, begin, exit))
      })

  return {
    name,
    withPermit: (self) =>
      Effect.uninterruptibleMask((restore) => Effect.zipRight(acquire(restore), use(restore(self)))),
    permits: Effect.sync(() => limit),
    available: Effect.sync(() => Math.max(0, limit - running)),
    queued: Effect.sync(() => queue.size),
    resize: (permits) =>
      Effect.uninterruptible(Effect.suspend(() => {
        if (!isPermits(permits)) {
          return Effect.dieMessage(`The bulkhead "${name}" needs at least one permit`)
        }
        setLimit(adapting === undefined ? permits : AdaptiveLimit.resize(adapting, permits))
        return handOn
      }))
  }
}

/** @internal */
export const isPermits = (permits: number): boolean => Number.isInteger(permits) && permits >= 1

/** Whether a failure says that there is too much going on; being called off and being refused nearby never do. */
const isSign = (adaptive: Adaptive, cause: Cause.Cause<unknown>, took: bigint): boolean => {
  if (Cause.isInterruptedOnly(cause)) {
    return false
  }
  const error = Cause.squash(cause)
  return !isRejection(error) &&
    (adaptive.isOverload(error) || (adaptive._tag === "Aimd" && Number(took) / 1_000_000 >= adaptive.slowAfterMillis))
}

const tooLate = (name: string, allowed: Duration.Duration): Effect.Effect<never, DeadlineExceeded> =>
  Effect.fail(stackless(() => new DeadlineExceeded({ name, after: allowed }, true)))

/** Touched only by calls that queue or are refused, and where the size changes: an uncontended call pays nothing. */
const metrics = (name: string) => {
  const queued = Metric.tagged(Telemetry.bulkheadWaitingCalls, "name", name)
  const refused = Metric.tagged(Telemetry.bulkheadRefusedCalls, "name", name)
  const permits = Metric.tagged(Telemetry.bulkheadPermits, "name", name)
  return {
    queued: (size: number): void => queued.unsafeUpdate(size, []),
    refused: (): void => refused.unsafeUpdate(1, []),
    permits: (limit: number): void => permits.unsafeUpdate(limit, [])
  }
}
