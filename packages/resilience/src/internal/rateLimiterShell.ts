/**
 * The rate limiter as effects: asks the store for the next call, sleeps until it can ask again, and refuses calls whose
 * time is over.
 *
 * @internal
 */
import type * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { LazyArg } from "effect/Function"
import { Deadline, DeadlineExceeded } from "../Deadline.js"
import * as Alarm from "./alarm.js"
import { orElseOnDefect } from "./defects.js"
import { FastPath, type HeldCost } from "./fastPath.js"
import * as Heap from "./heap.js"
import { type Begin, claims, most } from "./rateLimiterClaim.js"
import { Holding } from "./rateLimiterHolding.js"
import * as rateLimiterMetrics from "./rateLimiterMetrics.js"
import * as Plans from "./rateLimiterPlans.js"
import * as rateLimiterQueue from "./rateLimiterQueue.js"
import type { Cost, Limit, RateLimiterStore, ServerWindow, Ticket } from "./rateLimiterStoreModel.js"
import { makeRejection } from "./rejections.js"
import { later, monotonic } from "./time.js"
import * as Waiting from "./waiting.js"

/** @internal */
export interface Config<out Full> {
  readonly name: string
  readonly limits: ReadonlyArray<Limit>
  readonly lanes: number
  readonly maxQueue: number
  readonly refuse: (
    name: string,
    reason: Exclude<rateLimiterMetrics.Refusal, "DeadlineExceeded">,
    retryAfter: Duration.Duration,
    most?: number
  ) => Full
}

/** @internal */
export interface Request {
  readonly costs: ReadonlyArray<Cost>
  readonly lane: number
  readonly maxWait: bigint | undefined
}

/** @internal */
export interface Shell<out Full> {
  /**
   * Acquires the costs, then continues without a gap. The cost of an effect that was interrupted before it started is
   * refunded.
   */
  readonly acquire: <A, E, R>(
    begin: Begin,
    request: LazyArg<Request>,
    use: (ticket: Ticket) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | Full | DeadlineExceeded, R>
  /**
   * Holds the costs of a call if no other call goes before it. Returns `undefined` if the call has to wait or is
   * refused.
   */
  readonly tryHold: (request: Request, clock: Clock.Clock) => HeldCost | undefined
  readonly refund: (ticket: Ticket) => Effect.Effect<void>
  readonly commit: (ticket: Ticket) => Effect.Effect<void>
  /** Runs a change of the store after which waiting calls may be admitted, or no call any more. */
  readonly change: (self: Effect.Effect<void>) => Effect.Effect<void>
  /** Applies the usage that the server reports, and returns the resulting usage as a ratio of the limit. */
  readonly sync: (scope: string, used: number, window: ServerWindow) => Effect.Effect<number>
  /** Does the same synchronously; returns `undefined` if that requires an effect. */
  readonly trySync: (clock: Clock.Clock, scope: string, used: number, window: ServerWindow) => number | undefined
  /** Replaces a limit, and refuses waiting calls that never fit into the new one. */
  readonly setLimit: (limit: Limit) => Effect.Effect<void>
  readonly limit: (scope: string) => number
  readonly queued: (scope?: string) => number
}

interface Call<Full> {
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

/** A denial by the store, with the value of `changes` when the store was asked. */
interface Denied {
  readonly at: bigint
  readonly changes: number
}

/** @internal */
export const make = <Full>(config: Config<Full>, store: RateLimiterStore): Shell<Full> => {
  type Entry = rateLimiterQueue.Entry<Call<Full>>
  const limits = new Map(config.limits.map((limit) => [limit.scope, most(limit)]))
  const queue = rateLimiterQueue.make<Call<Full>>([...limits.keys()], config.lanes)
  const limitedWaits = Heap.make<LimitedWait<Full>>()
  const meters = rateLimiterMetrics.make(config.name)
  const plans = Plans.make(store, queue)
  let passes = 0
  let changes = 0
  let isPassing = false
  let isPassPending = false

  const refuse = (
    name: string,
    reason: Exclude<rateLimiterMetrics.Refusal, "DeadlineExceeded">,
    retryAfter: Duration.Duration,
    most?: number
  ): Effect.Effect<never, Full> => {
    meters.refused(reason)
    return Effect.fail(makeRejection(() => config.refuse(name, reason, retryAfter, most)))
  }

  const refuseLate = (
    waitLimit: Waiting.WaitLimit,
    retryAfter: Duration.Duration
  ): Effect.Effect<never, Full | DeadlineExceeded> => {
    if (waitLimit.ends === "MaxWait") {
      return refuse(config.name, "WaitTooLong", retryAfter)
    }
    meters.refused("DeadlineExceeded")
    return Effect.fail(makeRejection(() => new DeadlineExceeded({ name: config.name, after: waitLimit.allowed }, true)))
  }

  const measure = (costs: ReadonlyArray<Cost>): void =>
    costs.forEach(({ scope }) => meters.waiting(scope, rateLimiterQueue.size(queue, scope)))

  /** Removes an entry from the queue. Returns `false` if it was already removed. */
  const leave = (entry: Entry): boolean => {
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
  const askStore = (entry: Entry): Effect.Effect<void> =>
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

  const passIf = (isNeeded: boolean): Effect.Effect<void> => isNeeded ? pass : Effect.void

  const change = (self: Effect.Effect<void>): Effect.Effect<void> =>
    Effect.uninterruptible(Effect.flatMap(self, () => {
      changes++
      return passIf(rateLimiterQueue.size(queue) > 0)
    }))

  /** Ignores a defect of the store: the call has been admitted and must keep its result. */
  const ignoreDefect = (what: "commit" | "refund", ticket: Ticket): Effect.Effect<void> =>
    orElseOnDefect(`\`${what}\` of the store of rate limiter "${config.name}"`, store[what](ticket), undefined)

  const commit = (ticket: Ticket): Effect.Effect<void> => ignoreDefect("commit", ticket)

  const refund = (ticket: Ticket): Effect.Effect<void> => change(ignoreDefect("refund", ticket))

  const withdraw = (entry: Entry): Effect.Effect<void> => {
    if (entry.value.ticket !== undefined) {
      return refund(entry.value.ticket)
    }
    const wasHoldingUp = rateLimiterQueue.holdsUp(queue, entry)
    return passIf(leave(entry) && wasHoldingUp)
  }

  const wait = <A, E, R>(
    begin: Begin,
    request: Request,
    denied: Denied | undefined,
    restore: Waiting.Restore,
    use: (ticket: Ticket) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | Full | DeadlineExceeded, R> =>
    Effect.flatMap(Deadline, (deadline) =>
      Effect.clockWith((clock) => {
        const { costs, lane } = request
        // The limit may have been lowered while a remote store was asked.
        const refusal = refusalOfImpossible(costs, lane)
        if (refusal !== undefined) return refusal
        const now = monotonic(clock)
        const at = denied === undefined ? undefined : later(denied.at, now + 1n)
        if (rateLimiterQueue.longest(queue, costs, lane) >= config.maxQueue) {
          return refuse(config.name, "QueueFull", Duration.nanos(plans.foresee(costs, lane, at, now) - now))
        }
        const waitLimit = Waiting.waitLimit(deadline, request.maxWait, now)
        if (waitLimit !== undefined) {
          const foreseen = plans.foresee(costs, lane, at, now)
          if (Waiting.isTooLate(foreseen, waitLimit)) {
            return refuseLate(waitLimit, Duration.nanos(foreseen - now))
          }
        }
        const call: Call<Full> = { turn: Waiting.turn(), ticket: undefined, pass: 0, at, waitLimit: undefined }
        const entry = rateLimiterQueue.add(queue, costs, lane, call)
        plans.joined(costs, lane, now)
        measure(costs)
        if (waitLimit !== undefined) {
          call.waitLimit = Heap.item(waitLimit.at, { ...waitLimit, entry })
          Heap.add(limitedWaits, call.waitLimit)
        }
        // The store must be asked again: costs were refunded since its denial, or the calls ahead left before this one
        // joined.
        const isStale = denied?.changes !== changes && rateLimiterQueue.isHead(queue, entry)
        const used = Waiting.take(
          call.turn,
          restore,
          () => call.ticket === undefined ? missingTicket : startAdmitted(begin, call.ticket, use),
          () => withdraw(entry)
        )
        return Effect.zipRight(isStale ? pass : setAlarm, used)
      }))

  /** A call that leaves the queue may start some time after it was admitted. Its cost counts from when it starts. */
  const startAdmitted = <A, E, R>(
    begin: Begin,
    ticket: Ticket,
    use: (ticket: Ticket) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> => begin === "Holds" ? use(ticket) : Effect.zipRight(commit(ticket), use(ticket))

  /** Returns the refusal of costs that can never be spent, or `undefined`. */
  const refusalOfImpossible = (costs: ReadonlyArray<Cost>, lane: number): Effect.Effect<never, Full> | undefined => {
    for (const { cost, scope } of costs) {
      const most = limits.get(scope)
      if (most === undefined || !(cost >= 0)) {
        return Effect.dieMessage(
          `Rate limiter "${config.name}" cannot spend ${cost} of scope "${scope}": the cost must be at least 0 and the limiter must have the scope`
        )
      }
      const own = lane === 0 ? most.first : most.other
      if (cost > own) return refuse(scope, "CostExceedsLimit", Duration.infinity, own)
    }
    return undefined
  }

  const isImpossible = ({ costs, lane }: Request): boolean =>
    costs.some(({ cost, scope }) => {
      const most = limits.get(scope)
      return most === undefined || !(cost <= (lane === 0 ? most.first : most.other)) || !(cost >= 0)
    })

  const inProcess = store[FastPath]

  const tryHold: Shell<Full>["tryHold"] = (request, clock) => {
    const { costs, lane } = request
    if (inProcess === undefined || isImpossible(request) || !rateLimiterQueue.wouldBeHead(queue, costs, lane)) {
      return undefined
    }
    const answer = inProcess.reserve(costs, claims(lane, "Holds"), monotonic(clock))
    if (answer._tag === "Denied") return undefined
    return new Holding(inProcess, answer.ticket, refund)
  }

  /** Refuses waiting calls whose costs can no longer be spent at all. */
  const refuseImpossible = (): void => {
    for (const lane of queue.order) {
      let place = lane.head
      while (place !== undefined) {
        const { value: entry, next } = place
        const refusal = refusalOfImpossible(entry.costs, entry.lane)
        if (refusal !== undefined && leave(entry)) Waiting.end(entry.value.turn, refusal)
        place = next
      }
    }
  }

  const acquire = <A, E, R>(
    begin: Begin,
    request: Request,
    restore: Waiting.Restore,
    use: (ticket: Ticket) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | Full | DeadlineExceeded, R> => {
    const { costs, lane } = request
    const refusal = refusalOfImpossible(costs, lane)
    if (refusal !== undefined) {
      return refusal
    }
    if (!rateLimiterQueue.wouldBeHead(queue, costs, lane)) {
      return wait(begin, request, undefined, restore, use)
    }
    // A call that no other call goes before asks the store itself, and joins the queue only if it has to.
    const before = changes
    return Effect.flatMap(store.reserve(costs, claims(lane, begin)), (answer) =>
      answer._tag === "Granted"
        ? use(answer.ticket)
        : wait(begin, request, { at: answer.at, changes: before }, restore, use))
  }

  /** Runs the admitted effect. Whatever it does, no cost is held after it has ended. */
  const run = <A, E, R>(
    begin: Begin,
    ticket: Ticket,
    restore: Waiting.Restore,
    use: (ticket: Ticket) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> => {
    let started = false
    const end = begin === "Holds" ? commit(ticket) : Effect.void
    const used = Effect.suspend(() => {
      started = true
      return use(ticket)
    })
    return Effect.matchCauseEffect(restore(used), {
      onFailure: (cause) => Effect.zipRight(started ? end : refund(ticket), Effect.failCause(cause)),
      onSuccess: (value) => begin === "Holds" ? Effect.as(end, value) : Effect.succeed(value)
    })
  }

  const trySync: Shell<Full>["trySync"] = (clock, scope, used, window) => {
    if (inProcess === undefined || rateLimiterQueue.size(queue) > 0) return undefined
    const now = monotonic(clock)
    inProcess.sync(scope, used, window, now, clock)
    return inProcess.used(scope, now) / limitOf(scope)
  }

  const limitOf = (scope: string): number => limits.get(scope)?.first ?? 0

  return {
    acquire: (begin, request, use) =>
      Effect.uninterruptibleMask((restore) =>
        acquire(
          begin,
          request(),
          restore,
          begin === "Returns" ? use : (ticket) => run(begin, ticket, restore, use)
        )
      ),
    tryHold,
    refund,
    commit,
    change,
    sync: (scope, used, window) =>
      Effect.clockWith((clock) => {
        const ratio = trySync(clock, scope, used, window)
        if (ratio !== undefined) return Effect.succeed(ratio)
        const synced = Effect.zipRight(change(store.sync(scope, used, window)), store.usage(scope))
        return Effect.map(synced, ({ used }) => used / limitOf(scope))
      }),
    trySync,
    setLimit: (limit) =>
      Effect.uninterruptible(Effect.flatMap(store.setLimit(limit), () => {
        limits.set(limit.scope, most(limit))
        changes++
        refuseImpossible()
        // Runs even if no call is waiting any more, so that no alarm remains set.
        return pass
      })),
    limit: limitOf,
    queued: (scope) => rateLimiterQueue.size(queue, scope)
  }
}

const missingTicket = Effect.dieMessage(
  "The rate limiter woke a waiting call without a ticket; this is a bug in the library"
)
