/**
 * The rate limiter as effects: asks the store for whoever is next, sleeps until it can be asked again, and turns away
 * whose time is over.
 *
 * @internal
 */
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { LazyArg } from "effect/Function"
import { Deadline, DeadlineExceeded } from "../Deadline.js"
import type { Cost, Forecast, Limit, RateLimiterStore, Ticket } from "../RateLimiterStore.js"
import * as Alarm from "./alarm.js"
import * as Heap from "./heap.js"
import * as telemetry from "./rateLimiterMetrics.js"
import * as Queue from "./rateLimiterQueue.js"
import { stackless } from "./stackless.js"
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
    reason: Exclude<telemetry.Refusal, "DeadlineExceeded">,
    retryAfter: Duration.Duration
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
  /** Acquires, then goes on in the same breath, where interruption is masked. */
  readonly acquire: <A, E, R>(
    request: LazyArg<Request>,
    use: (ticket: Ticket) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | Full | DeadlineExceeded, R>
  /** Acquires, then runs what can be interrupted, and refunds if that was never begun. */
  readonly acquireUse: <A, E, R>(
    request: LazyArg<Request>,
    use: (ticket: Ticket) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | Full | DeadlineExceeded, R>
  readonly refund: (ticket: Ticket) => Effect.Effect<void>
  readonly commit: (ticket: Ticket) => Effect.Effect<void>
  /** Does something to the store after which somebody may be admitted, or nobody any more. */
  readonly change: (self: Effect.Effect<void>) => Effect.Effect<void>
  readonly queued: (scope?: string) => number
}

interface Call<Full> {
  readonly turn: Waiting.Turn<Full | DeadlineExceeded>
  ticket: Ticket | undefined
  /** The pass in which the store was last asked for it. */
  pass: number
  /** When to ask again. */
  at: bigint | undefined
  patience: Heap.Item<Late<Full>> | undefined
}

interface Late<Full> extends Waiting.Patience {
  readonly entry: Queue.Entry<Call<Full>>
}

/** That the store has denied a call, and how much had been given back when it was asked. */
interface Denied {
  readonly at: bigint
  readonly changes: number
}

/** When the calls that wait will be admitted, down to a lane. */
interface Plan {
  readonly forecast: Forecast
  readonly stamp: number
}

/** @internal */
export const make = <Full>(config: Config<Full>, store: RateLimiterStore): Shell<Full> => {
  type Entry = Queue.Entry<Call<Full>>
  const scopes = config.limits.map(({ scope }) => scope)
  const limits = new Map(config.limits.map(({ limit, scope }) => [scope, limit]))
  const queue = Queue.make<Call<Full>>(scopes, config.lanes)
  const late = Heap.make<Late<Full>>()
  const meters = telemetry.make(config.name, scopes)
  const plans: Array<Plan | undefined> = []
  // Rises for a lane whenever the order of those before its end changes other than by one more at its end.
  const stamps = Array.from({ length: config.lanes }, () => 0)
  let passes = 0
  let changes = 0
  let isPassing = false
  let isAgain = false

  const refuse = (
    name: string,
    reason: Exclude<telemetry.Refusal, "DeadlineExceeded">,
    retryAfter: Duration.Duration
  ): Effect.Effect<never, Full> => {
    meters.refused(reason)
    return Effect.fail(stackless(() => config.refuse(name, reason, retryAfter)))
  }

  const refuseLate = (
    patience: Waiting.Patience,
    retryAfter: Duration.Duration
  ): Effect.Effect<never, Full | DeadlineExceeded> => {
    if (patience.ends === "MaxWait") {
      return refuse(config.name, "WaitTooLong", retryAfter)
    }
    meters.refused("DeadlineExceeded")
    return Effect.fail(stackless(() => new DeadlineExceeded({ name: config.name, after: patience.allowed }, true)))
  }

  const reorder = (lane: number): void => {
    for (let behind = lane; behind < stamps.length; behind++) {
      stamps[behind] = (stamps[behind] ?? 0) + 1
    }
  }

  const measure = (costs: ReadonlyArray<Cost>): void =>
    costs.forEach(({ scope }) => meters.waiting(scope, Queue.size(queue, scope)))

  /** Takes an entry out of the queue; `false` if it was out already. */
  const leave = (entry: Entry): boolean => {
    if (!Queue.remove(entry)) {
      return false
    }
    reorder(entry.lane)
    measure(entry.costs)
    if (entry.value.patience !== undefined) {
      Heap.remove(late, entry.value.patience)
    }
    return true
  }

  /** When a call would be admitted that joined the queue now. */
  const foresee = ({ costs, lane }: Request, at: bigint | undefined, now: bigint): bigint => {
    const stamp = stamps[lane] ?? 0
    const known = plans[lane]
    if (known !== undefined && known.stamp === stamp && known.forecast.isCurrent()) {
      return known.forecast.peek(costs, now)
    }
    const forecast = store.forecast?.()
    if (forecast === undefined) {
      return later(at ?? now, now)
    }
    for (const before of queue.order.slice(0, lane + 1)) {
      for (let place = before.head; place !== undefined; place = place.next) {
        forecast.add(place.value.costs, now)
      }
    }
    plans[lane] = { forecast, stamp }
    return forecast.peek(costs, now)
  }

  /** Asks the store for an entry, which leaves the queue unless it is denied. */
  const ask = (entry: Entry): Effect.Effect<void> =>
    Effect.matchCauseEffect(store.reserve(entry.costs), {
      onFailure: (cause: Cause.Cause<never>) => {
        if (leave(entry)) {
          Waiting.end(entry.value.turn, Effect.failCause(cause))
        }
        return Effect.void
      },
      onSuccess: (answer) => {
        if (answer._tag === "Denied") {
          return Effect.clockWith((clock) => {
            // A store that names an instant that is over is asked again a little later, rather than for ever.
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
      const entry = Queue.heads(queue).find(({ value }) => value.pass !== current)
      if (entry === undefined) {
        return Effect.void
      }
      entry.value.pass = current
      return Effect.flatMap(ask(entry), () => askNext(current))
    })

  /** Turns away whose time is over: before anybody is admitted those with a deadline, afterwards the impatient too. */
  const turnAway = (now: bigint, ends: ReadonlyArray<Waiting.Patience["ends"]>): boolean => {
    const spared: Array<Heap.Item<Late<Full>>> = []
    let isAnybody = false
    for (let item = Heap.first(late); item !== undefined && item.at <= now; item = Heap.first(late)) {
      const { entry } = item.value
      if (!ends.includes(item.value.ends)) {
        Heap.remove(late, item)
        spared.push(item)
        continue
      }
      leave(entry)
      const retryAfter = Duration.nanos(later((entry.value.at ?? now) - now, 0n))
      Waiting.end(entry.value.turn, refuseLate(item.value, retryAfter))
      isAnybody = true
    }
    spared.forEach((item) => Heap.add(late, item))
    return isAnybody
  }

  const setAlarm = Effect.suspend(() => {
    let at = Heap.first(late)?.at
    for (const { value } of Queue.heads(queue)) {
      if (value.at !== undefined && (at === undefined || value.at < at)) {
        at = value.at
      }
    }
    return alarm.within(at)
  })

  /** Admits whoever can go now. Only one at a time, since asking the store may take time. */
  const pass: Effect.Effect<void> = Effect.suspend(() => {
    if (isPassing) {
      isAgain = true
      return Effect.void
    }
    isPassing = true
    return Effect.uninterruptible(Effect.clockWith((clock) => {
      turnAway(monotonic(clock), ["Deadline"])
      const finish = (): Effect.Effect<void> => {
        isPassing = false
        const isLate = turnAway(monotonic(clock), ["Deadline", "MaxWait"])
        if (isLate || isAgain) {
          isAgain = false
          return pass
        }
        return setAlarm
      }
      // Whatever the store does, those who wait must be asked for again.
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
      return passIf(Queue.size(queue) > 0)
    }))

  const refund = (ticket: Ticket): Effect.Effect<void> => change(store.refund(ticket))

  const withdraw = (entry: Entry): Effect.Effect<void> => {
    if (entry.value.ticket !== undefined) {
      return refund(entry.value.ticket)
    }
    const isHead = Queue.isHead(queue, entry)
    return passIf(leave(entry) && isHead)
  }

  const wait = <A, E, R>(
    request: Request,
    denied: Denied | undefined,
    restore: Waiting.Restore,
    use: (ticket: Ticket) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | Full | DeadlineExceeded, R> =>
    Effect.flatMap(Deadline, (deadline) =>
      Effect.clockWith((clock) => {
        const { costs, lane } = request
        const now = monotonic(clock)
        const at = denied === undefined ? undefined : later(denied.at, now + 1n)
        if (Queue.longest(queue, costs, lane) >= config.maxQueue) {
          return refuse(config.name, "QueueFull", Duration.nanos(foresee(request, at, now) - now))
        }
        const patience = Waiting.patience(deadline, request.maxWait, now)
        if (patience !== undefined) {
          const foreseen = foresee(request, at, now)
          if (Waiting.isTooLate(foreseen, patience)) {
            return refuseLate(patience, Duration.nanos(foreseen - now))
          }
        }
        if (plans[lane]?.stamp === stamps[lane]) {
          plans[lane]?.forecast.add(costs, now)
        }
        const call: Call<Full> = { turn: Waiting.turn(), ticket: undefined, pass: 0, at, patience: undefined }
        const entry = Queue.add(queue, costs, lane, call)
        reorder(lane + 1)
        measure(costs)
        if (patience !== undefined) {
          call.patience = Heap.item(patience.at, { ...patience, entry })
          Heap.add(late, call.patience)
        }
        // What has been given back since it was denied, and whom it was to stand behind, it has not been asked about.
        const isStale = denied?.changes !== changes && Queue.isHead(queue, entry)
        const used = Waiting.take(
          call.turn,
          restore,
          () => call.ticket === undefined ? lost : use(call.ticket),
          () => withdraw(entry)
        )
        return Effect.zipRight(isStale ? pass : setAlarm, used)
      }))

  /** Why costs can never be spent, if they cannot. */
  const hopeless = (costs: ReadonlyArray<Cost>): Effect.Effect<never, Full> | undefined => {
    for (const { cost, scope } of costs) {
      const limit = limits.get(scope)
      if (limit === undefined || !(cost >= 0)) {
        return Effect.dieMessage(
          `The rate limiter "${config.name}" was asked for ${cost} of "${scope}"; give a number from 0 for a scope it has`
        )
      }
      if (cost > limit) {
        return refuse(scope, "CostExceedsLimit", Duration.infinity)
      }
    }
    return undefined
  }

  const acquire = <A, E, R>(
    request: Request,
    restore: Waiting.Restore,
    use: (ticket: Ticket) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | Full | DeadlineExceeded, R> => {
    const refusal = hopeless(request.costs)
    if (refusal !== undefined) {
      return refusal
    }
    if (!Queue.wouldBeHead(queue, request.costs, request.lane)) {
      return wait(request, undefined, restore, use)
    }
    // Whom nobody goes before asks by itself, and joins the queue only if it has to.
    const before = changes
    return Effect.flatMap(store.reserve(request.costs), (answer) =>
      answer._tag === "Granted"
        ? use(answer.ticket)
        : wait(request, { at: answer.at, changes: before }, restore, use))
  }

  return {
    acquire: (request, use) => Effect.uninterruptibleMask((restore) => acquire(request(), restore, use)),
    acquireUse: (request, use) =>
      Effect.uninterruptibleMask((restore) =>
        acquire(request(), restore, (ticket) => {
          let started = false
          const used = Effect.suspend(() => {
            started = true
            return use(ticket)
          })
          return Effect.matchCauseEffect(restore(used), {
            onFailure: (cause) => Effect.zipRight(started ? Effect.void : refund(ticket), Effect.failCause(cause)),
            onSuccess: Effect.succeed
          })
        })
      ),
    refund,
    commit: store.commit,
    change,
    queued: (scope) => Queue.size(queue, scope)
  }
}

const lost = Effect.dieMessage("A call was woken without a ticket")
