/**
 * The implementation of the bulkhead as effects.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { LazyArg } from "effect/Function"
import * as Option from "effect/Option"
import { Deadline, DeadlineExceeded } from "../Deadline.js"
import { isRejection } from "../Rejection.js"
import * as Telemetry from "../Telemetry.js"
import * as AdaptiveLimit from "./adaptiveLimit.js"
import * as Alarm from "./alarm.js"
import type { Adaptive, Bulkhead, BulkheadFull, CallOptions } from "./bulkheadModel.js"
import { orElseOnDefect } from "./defects.js"
import { requireNanos } from "./duration.js"
import { attach } from "./fastPath.js"
import * as Heap from "./heap.js"
import { keepBrand } from "./idempotent.js"
import { labels } from "./labels.js"
import * as List from "./linkedList.js"
import { makeRejection } from "./rejections.js"
import { requireWhole } from "./requireWhole.js"
import { monotonic } from "./time.js"
import * as Waiting from "./waiting.js"

/** @internal */
export interface Config {
  readonly name: string
  readonly permits: number
  readonly maxQueue: number
  readonly maxWait: bigint | undefined
  /** Highest priority first; empty for a single lane. */
  readonly lanes: ReadonlyArray<string>
  /** The number of permits reserved for the first lane. */
  readonly reserved: number
  readonly adaptive: Adaptive | undefined
  readonly refuse: (found: Pick<BulkheadFull, "reason" | "permits" | "queued">) => BulkheadFull
}

interface Caller {
  readonly lane: Lane
  readonly turn: Waiting.Turn<BulkheadFull | DeadlineExceeded>
  waitLimit: Heap.Item<LimitedWait> | undefined
  /** Whether the caller has been given a permit. */
  hasPermit: boolean
}

interface LimitedWait extends Waiting.WaitLimit {
  readonly place: List.Node<Caller>
}

interface Lane {
  readonly isFirst: boolean
  readonly queue: List.LinkedList<Caller>
}

/** @internal */
export const make = (config: Config): Bulkhead => {
  const { adaptive, maxQueue, name, permits, refuse, reserved } = config
  const last: Lane = { isFirst: config.lanes.length < 2, queue: List.make() }
  const lanes = [
    ...config.lanes.slice(0, -1).map((_, index): Lane => ({ isFirst: index === 0, queue: List.make() })),
    last
  ]
  const byName = new Map(config.lanes.map((name, index) => [name, lanes[index] ?? last]))
  const limitedWaits = Heap.make<LimitedWait>()
  const meters = metrics(name)
  const adapting = adaptive === undefined ? undefined : AdaptiveLimit.make(adaptive, permits)
  let limit = adapting === undefined ? permits : Math.floor(adapting.limit)
  let running = 0
  /** The calls in `running` that are not of the first lane. */
  let others = 0
  meters.permits(limit)

  const queued = (): number => lanes.reduce((sum, { queue }) => sum + queue.size, 0)

  /** Returns the last lane for a call without a lane or with an unknown lane. */
  const laneOf = (name: string | undefined): Lane => name === undefined ? last : byName.get(name) ?? last

  const hasRoom = ({ isFirst }: Lane): boolean =>
    running < limit && (isFirst || others < limit - Math.min(reserved, limit - 1))

  const enter = (lane: Lane): void => {
    running++
    if (!lane.isFirst) others++
  }

  const setLimit = (to: number): void => {
    if (to !== limit) {
      limit = to
      meters.permits(limit)
    }
  }

  const leave = (place: List.Node<Caller>): void => {
    List.remove(place)
    meters.queued(queued())
    if (place.value.waitLimit !== undefined) {
      Heap.remove(limitedWaits, place.value.waitLimit)
    }
  }

  const setAlarm = Effect.suspend(() => alarm.within(Heap.first(limitedWaits)?.at))

  // Permits are handed over, never put back: a newcomer cannot overtake the fiber that is being woken.
  const admitWaiting = (): Effect.Effect<void> => {
    const hasLimitedWaits = Heap.first(limitedWaits) !== undefined
    for (const lane of lanes) {
      for (let next = lane.queue.head; next !== undefined && hasRoom(lane); next = lane.queue.head) {
        enter(lane)
        next.value.hasPermit = true
        leave(next)
        Waiting.end(next.value.turn, Effect.void)
      }
    }
    return hasLimitedWaits ? setAlarm : Effect.void
  }

  const release = (lane: Lane): Effect.Effect<void> => {
    running--
    if (!lane.isFirst) others--
    return admitWaiting()
  }

  const refuseWith = (reason: BulkheadFull["reason"], lane: Lane): Effect.Effect<never, BulkheadFull> => {
    meters.refused()
    return Effect.fail(makeRejection(() => refuse({ reason, permits: limit, queued: lane.queue.size })))
  }

  const refuseLate = Effect.clockWith((clock) => {
    const now = monotonic(clock)
    for (let item = Heap.first(limitedWaits); item !== undefined && item.at <= now; item = Heap.first(limitedWaits)) {
      const { allowed, ends, place } = item.value
      const { lane, turn } = place.value
      leave(place)
      Waiting.end(turn, ends === "MaxWait" ? refuseWith("WaitTooLong", lane) : failAtDeadline(name, allowed))
    }
    return setAlarm
  })

  const alarm = Alarm.make(refuseLate)

  const withdraw = (place: List.Node<Caller>): Effect.Effect<void> => {
    if (place.list !== undefined) {
      leave(place)
      return setAlarm
    }
    return place.value.hasPermit ? release(place.value.lane) : Effect.void
  }

  const wait = <A, E, R>(
    lane: Lane,
    maxWait: bigint | undefined,
    restore: Waiting.Restore,
    use: LazyArg<Effect.Effect<A, E, R>>
  ): Effect.Effect<A, E | BulkheadFull | DeadlineExceeded, R> =>
    Effect.flatMap(Deadline, (deadline) => {
      const caller: Caller = { lane, turn: Waiting.turn(), waitLimit: undefined, hasPermit: false }
      const place = List.node(caller)
      List.append(lane.queue, place)
      meters.queued(queued())
      const used = Waiting.take(caller.turn, restore, use, () => withdraw(place))
      return Option.isNone(deadline) && maxWait === undefined
        ? used
        : Effect.zipRight(limitWait(place, deadline, maxWait), used)
    })

  const limitWait = (
    place: List.Node<Caller>,
    deadline: Option.Option<bigint>,
    maxWait: bigint | undefined
  ): Effect.Effect<void> =>
    Effect.clockWith((clock) => {
      const waitLimit = Waiting.waitLimit(deadline, maxWait, monotonic(clock))
      if (waitLimit === undefined) {
        return Effect.void
      }
      place.value.waitLimit = Heap.item(waitLimit.at, { ...waitLimit, place })
      Heap.add(limitedWaits, place.value.waitLimit)
      return setAlarm
    })

  /** Updates the adaptive limit with an ended call, and returns the permit of the call. */
  const observe = (
    state: AdaptiveLimit.State,
    lane: Lane,
    begin: bigint,
    cause: Cause.Cause<unknown> | undefined
  ): Effect.Effect<void> =>
    Effect.clockWith((clock) => {
      const end = monotonic(clock)
      const judged = cause === undefined ? Effect.succeed(false) : orElseOnDefect(
        `\`isOverload\` of bulkhead "${name}"`,
        Effect.sync(() => isOverloadSign(state.adaptive, cause, end - begin)),
        false
      )
      return Effect.flatMap(judged, (isOverload) => {
        if (cause === undefined || isOverload) {
          setLimit(AdaptiveLimit.step(state, { begin, end, running, isOverload }))
        }
        return release(lane)
      })
    })

  /**
   * Runs the effect with a permit, which is returned however the effect ends. Must be called in an uninterruptible
   * region.
   */
  const use = <A, E, R>(self: Effect.Effect<A, E, R>, lane: Lane): Effect.Effect<A, E, R> =>
    adapting === undefined
      ? onEnd(self, () => release(lane))
      : Effect.clockWith((clock) => {
        const begin = monotonic(clock)
        return onEnd(self, (cause) => observe(adapting, lane, begin, cause))
      })

  const withPermit = <A, E, R>(
    self: Effect.Effect<A, E, R>,
    options: CallOptions | undefined
  ): Effect.Effect<A, E | BulkheadFull | DeadlineExceeded, R> =>
    Effect.uninterruptibleMask((restore): Effect.Effect<A, E | BulkheadFull | DeadlineExceeded, R> => {
      const lane = laneOf(options?.lane)
      if (hasRoom(lane)) {
        enter(lane)
        return use(restore(self), lane)
      }
      if (lane.queue.size >= maxQueue) return refuseWith("QueueFull", lane)
      const maxWait = options?.maxWait === undefined
        ? config.maxWait
        : requireNanos(`Bulkhead "${name}": maxWait`, options.maxWait)
      return maxWait === 0n
        ? refuseWith("WaitTooLong", lane)
        : wait(lane, maxWait, restore, () => use(restore(self), lane))
    })

  const bulkhead: Bulkhead = {
    name,
    withPermit: (self, options) => keepBrand(self, withPermit(self, options)),
    permits: Effect.sync(() => limit),
    available: Effect.sync(() => Math.max(0, limit - running)),
    queued: Effect.sync(queued),
    resize: (permits) =>
      Effect.uninterruptible(Effect.suspend(() => {
        requirePermits(name, permits)
        setLimit(adapting === undefined ? permits : AdaptiveLimit.resize(adapting, permits))
        return admitWaiting()
      }))
  }
  return adapting !== undefined ? bulkhead : attach(bulkhead, {
    hasRoom: (name) => hasRoom(laneOf(name)),
    enter: (name) => {
      const lane = laneOf(name)
      enter(lane)
      return () => {
        const then = release(lane)
        return then === Effect.void ? undefined : then
      }
    }
  })
}

/**
 * Does what `Effect.onExit` does, for a region that is already uninterruptible: `onExit` would mask interruption once
 * more for each call.
 */
const onEnd = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  end: (cause: Cause.Cause<E> | undefined) => Effect.Effect<void>
): Effect.Effect<A, E, R> =>
  Effect.matchCauseEffect(self, {
    onFailure: (cause) => Effect.zipRight(end(cause), Effect.failCause(cause)),
    onSuccess: (value) => Effect.as(end(undefined), value)
  })

/** @internal */
export const requirePermits = (name: string, permits: number): void =>
  requireWhole(`Bulkhead "${name}": permits`, permits, 1, Number.MAX_SAFE_INTEGER)

/** Returns `true` if a failure is a sign of overload. Interruptions and local refusals never are. */
const isOverloadSign = (adaptive: Adaptive, cause: Cause.Cause<unknown>, took: bigint): boolean => {
  if (Cause.isInterruptedOnly(cause)) {
    return false
  }
  const error = Cause.squash(cause)
  return !isRejection(error) &&
    (adaptive.isOverload(error) || (adaptive._tag === "Aimd" && Number(took) / 1_000_000 >= adaptive.slowAfterMillis))
}

const failAtDeadline = (name: string, allowed: Duration.Duration): Effect.Effect<never, DeadlineExceeded> =>
  Effect.fail(makeRejection(() => new DeadlineExceeded({ name, after: allowed }, true)))

/** Used only by calls that queue or are refused, and on resizes: an uncontended call pays nothing. */
const metrics = (name: string) => {
  const named = labels({ name })
  return {
    queued: (size: number): void => Telemetry.bulkheadWaitingCalls.unsafeUpdate(size, named),
    refused: (): void => Telemetry.bulkheadRefusedCalls.unsafeUpdate(1, named),
    permits: (limit: number): void => Telemetry.bulkheadPermits.unsafeUpdate(limit, named)
  }
}
