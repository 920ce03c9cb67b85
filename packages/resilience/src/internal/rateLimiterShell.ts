/**
 * The rate limiter as effects: admits a call if no other call goes before it, or lets it wait, and refuses calls that
 * can never be admitted or not in time.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { LazyArg } from "effect/Function"
import { Deadline, DeadlineExceeded } from "../Deadline.js"
import { orElseOnDefect } from "./defects.js"
import { FastPath, type HeldCost } from "./fastPath.js"
import { type Begin, claims, most } from "./rateLimiterClaim.js"
import { Holding } from "./rateLimiterHolding.js"
import * as rateLimiterMetrics from "./rateLimiterMetrics.js"
import * as rateLimiterQueue from "./rateLimiterQueue.js"
import type { Cost, Limit, RateLimiterStore, ServerWindow, Ticket } from "./rateLimiterStoreModel.js"
import * as WaitingCalls from "./rateLimiterWaitingCalls.js"
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

/** A denial by the store, with the value of `changes` when the store was asked. */
interface Denied {
  readonly at: bigint
  readonly changes: number
}

/** @internal */
export const make = <Full>(config: Config<Full>, store: RateLimiterStore): Shell<Full> => {
  const limits = new Map(config.limits.map((limit) => [limit.scope, most(limit)]))
  const meters = rateLimiterMetrics.make(config.name)
  let changes = 0

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

  const waiting = WaitingCalls.make<Full>({
    scopes: [...limits.keys()],
    lanes: config.lanes,
    store,
    meters,
    refuseLate
  })
  const { leave, pass, queue, setAlarm } = waiting

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

  const withdraw = (entry: WaitingCalls.Entry<Full>): Effect.Effect<void> => {
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
          return refuse(config.name, "QueueFull", Duration.nanos(waiting.foresee(costs, lane, at, now) - now))
        }
        const waitLimit = Waiting.waitLimit(deadline, request.maxWait, now)
        if (waitLimit !== undefined) {
          const foreseen = waiting.foresee(costs, lane, at, now)
          if (Waiting.isTooLate(foreseen, waitLimit)) {
            return refuseLate(waitLimit, Duration.nanos(foreseen - now))
          }
        }
        const entry = waiting.join(costs, lane, at, waitLimit, now)
        const { value: call } = entry
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
