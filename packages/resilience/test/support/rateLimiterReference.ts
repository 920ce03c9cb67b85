/**
 * A reference model of a group of rate limits. It remembers only what has happened, recounts everything each time, and
 * advances time tick by tick.
 */
export interface Call {
  readonly id: number
  readonly lane: number
  readonly costs: Readonly<Record<string, number>>
  /** Whether its cost is held instead of spent immediately. */
  readonly holds?: boolean | undefined
  /** A turn at or after the deadline is too late, and so is a turn after `waitUntil`. */
  readonly deadline?: number | undefined
  readonly waitUntil?: number | undefined
}

export interface Limit {
  readonly limit: number
  readonly reserved: number
  /** How long a cost counts. For a bucket, `perTick` is the amount that leaks in a tick. */
  readonly window?: number | undefined
  readonly perTick?: number | undefined
}

export interface ServerWindow {
  readonly windowEnd?: number | undefined
  readonly epoch?: number | undefined
}

interface Spending {
  /** The id of the call; -1 for the usage of others. */
  readonly id: number
  readonly scope: string
  /** Without the part that has leaked. */
  cost: number
  at: number
  isHeld?: boolean | undefined
}

interface Server extends ServerWindow {
  readonly reportedAt: number
  readonly others: Spending | undefined
}

export class Reference {
  now = 0
  queue: Array<Call> = []
  spent: Array<Spending> = []
  readonly pausedUntil = new Map<string, number>()
  readonly server = new Map<string, Server>()
  readonly admitted: Array<{ readonly id: number; readonly at: number }> = []
  readonly refusals: Array<{ readonly id: number; readonly at: number; readonly reason: string }> = []
  readonly limits: Record<string, Limit>
  readonly maxQueue: number
  readonly maxPause: number

  constructor(limits: Readonly<Record<string, Limit>>, maxQueue: number, maxPause: number) {
    this.limits = { ...limits }
    this.maxQueue = maxQueue
    this.maxPause = maxPause
  }

  used(scope: string): number {
    return sum(this.counting(scope))
  }

  queued(scope: string): number {
    return this.queue.filter(({ costs }) => scope in costs).length
  }

  /** Adds a call to the queue, or returns the reason why it is refused. */
  join(call: Call): string | undefined {
    if (this.neverFits(call)) return "CostExceedsLimit"
    const admittedAt = this.forecast(call)
    if (admittedAt > this.now) {
      const isFull = Object.keys(call.costs).some((scope) =>
        this.queue.filter(({ costs, lane }) => lane === call.lane && scope in costs).length >= this.maxQueue
      )
      if (isFull) return "QueueFull"
      const { deadline = Infinity, waitUntil = Infinity } = call
      if (deadline <= waitUntil && admittedAt >= deadline) return "DeadlineExceeded"
      if (waitUntil < deadline && admittedAt > waitUntil) return "WaitTooLong"
    }
    this.queue.push(call)
    this.admit()
    return undefined
  }

  withdraw(id: number): void {
    this.queue = this.queue.filter((call) => call.id !== id)
    this.spent = this.spent.filter((spending) => spending.id !== id)
    this.admit()
  }

  /** Ends a running or waiting call. A cost that it still holds is spent. */
  end(id: number): void {
    this.queue = this.queue.filter((call) => call.id !== id)
    this.commit(id)
    this.admit()
  }

  commit(id: number): void {
    const held = this.spent.filter((spending) => spending.id === id && spending.isHeld === true)
    this.spent = this.spent.filter((spending) => !held.includes(spending))
    held.forEach((spending) => this.spent.push({ ...spending, at: this.now, isHeld: false }))
  }

  setLimit(scope: string, limit: Limit): void {
    this.limits[scope] = limit
    for (const call of this.queue) {
      if (this.neverFits(call)) this.refusals.push({ id: call.id, at: this.now, reason: "CostExceedsLimit" })
    }
    this.queue = this.queue.filter((call) => !this.neverFits(call))
    if (limit.perTick !== undefined) this.server.delete(scope)
    this.admit()
  }

  sync(scope: string, used: number, report: ServerWindow): void {
    const { perTick, limit, window = 0 } = this.limit(scope)
    const epoch = report.epoch
    const windowEnd = (report.windowEnd ?? 0) > this.now + window ? undefined : report.windowEnd
    if (perTick !== undefined) {
      const unknown = Math.min(used, limit) - this.used(scope)
      if (unknown >= 1) this.spendByOthers(scope, Math.min(unknown, perTick * this.maxPause))
    } else if (epoch === undefined && windowEnd === undefined) {
      const unknown = used - this.used(scope)
      if (unknown > 0) this.spendByOthers(scope, unknown)
    } else {
      this.report(scope, used, { epoch, windowEnd })
    }
    this.admit()
  }

  pause(scope: string, until: number): void {
    const end = Math.min(until, this.now + this.maxPause)
    this.pausedUntil.set(scope, Math.max(this.pausedUntil.get(scope) ?? 0, end))
  }

  resume(scope: string): void {
    this.pausedUntil.delete(scope)
    this.server.delete(scope)
    this.spent = this.spent.filter((spending) => spending.scope !== scope || spending.id !== -1)
    this.admit()
  }

  pass(ticks: number): void {
    for (let tick = 0; tick < ticks; tick++) {
      this.now++
      this.leak()
      this.refuseExpired(({ deadline = Infinity, waitUntil = Infinity }) =>
        deadline <= waitUntil && deadline <= this.now
      )
      this.admit()
      if (this.refuseExpired(({ waitUntil = Infinity }) => waitUntil <= this.now)) this.admit()
    }
  }

  /**
   * Returns when a call that joins now would be admitted if no call left the queue and all held costs were sent now.
   */
  forecast(call: Call): number {
    const copy = new Reference(this.limits, Infinity, this.maxPause)
    copy.now = this.now
    this.pausedUntil.forEach((until, scope) => copy.pausedUntil.set(scope, until))
    copy.spent = this.spent.map((spending) =>
      spending.isHeld === true ? { ...spending, isHeld: false, at: this.now } : { ...spending }
    )
    copy.queue = [...this.queue, call].map(({ costs, id, lane }) => ({ costs, id, lane }))
    copy.admit()
    while (copy.queue.some(({ id }) => id === call.id)) copy.pass(1)
    return copy.now
  }

  private limit(scope: string): Limit {
    return this.limits[scope] ?? { limit: 0, reserved: 0 }
  }

  private limitFor(scope: string, lane: number): number {
    const { limit, reserved } = this.limit(scope)
    return lane === 0 ? limit : limit - reserved
  }

  private neverFits({ costs, lane }: Call): boolean {
    return Object.entries(costs).some(([scope, cost]) => cost > this.limitFor(scope, lane))
  }

  private counting(scope: string): ReadonlyArray<Spending> {
    const { window } = this.limit(scope)
    return this.spent.filter((spending) =>
      spending.scope === scope &&
      (window === undefined || spending.isHeld === true || spending.at + window > this.now)
    )
  }

  /** The oldest cost leaks first. */
  private leak(): void {
    for (const [scope, { perTick = 0 }] of Object.entries(this.limits)) {
      let leaking = perTick
      for (const spending of this.spent.filter((spending) => spending.scope === scope && spending.isHeld !== true)) {
        const leaks = Math.min(leaking, spending.cost)
        leaking -= leaks
        if (perTick > 0) spending.cost -= leaks
      }
    }
    this.spent = this.spent.filter(({ at, cost, isHeld, scope }) => {
      const { window } = this.limit(scope)
      return isHeld === true || (window === undefined ? cost > 0 : at + window > this.now)
    })
  }

  /** The cost expires after a window or the longest pause at the latest. */
  private spendByOthers(scope: string, cost: number, end = Infinity): Spending {
    const { window } = this.limit(scope)
    const at = window === undefined ? this.now : Math.min(end, this.now + window, this.now + this.maxPause) - window
    const spending = { id: -1, scope, cost, at }
    this.spent.push(spending)
    return spending
  }

  private report(scope: string, used: number, { epoch, windowEnd }: ServerWindow): void {
    const { window = 0 } = this.limit(scope)
    const last = this.server.get(scope)
    const known = last === undefined || last.reportedAt + window <= this.now ? undefined : last
    const age = known === undefined ?
      1 :
      known.epoch !== undefined && epoch !== undefined
      ? epoch - known.epoch
      : known.windowEnd !== undefined && windowEnd !== undefined
      ? windowEnd - known.windowEnd
      : 1
    if (age < 0 || (windowEnd ?? Infinity) <= this.now) return
    const isSame = known !== undefined && age === 0
    if (!isSame) this.spent = this.spent.filter((spending) => spending !== last?.others)
    const server = isSame ? known : { epoch, windowEnd, reportedAt: this.now, others: undefined }
    const end = server.windowEnd
    const others = this.counting(scope).find((spending) => spending === server.others)
    const own = this.counting(scope).filter((spending) =>
      spending !== others && (end === undefined || spending.isHeld === true || spending.at + window >= end)
    )
    const unknown = used - sum(own)
    if (unknown <= (others?.cost ?? 0)) {
      this.server.set(scope, { ...server, others })
      return
    }
    this.spent = this.spent.filter((spending) => spending !== others)
    this.server.set(scope, { ...server, others: this.spendByOthers(scope, unknown, end) })
  }

  private refuseExpired(isOver: (call: Call) => boolean): boolean {
    const over = this.queue.filter(isOver)
    for (const call of over) {
      const { deadline = Infinity, id, waitUntil = Infinity } = call
      this.refusals.push({ id, at: this.now, reason: deadline <= waitUntil ? "DeadlineExceeded" : "WaitTooLong" })
    }
    this.queue = this.queue.filter((call) => !over.includes(call))
    return over.length > 0
  }

  /** Admits calls by lane, then by arrival. A call that does not fit keeps its place in all of its scopes. */
  private admit(): void {
    const taken = new Set<string>()
    for (const call of this.queue.toSorted((a, b) => a.lane - b.lane || a.id - b.id)) {
      const scopes = Object.entries(call.costs)
      const fits = scopes.every(([scope, cost]) =>
        !taken.has(scope) && this.now >= (this.pausedUntil.get(scope) ?? 0) &&
        this.used(scope) + cost <= this.limitFor(scope, call.lane)
      )
      if (fits) {
        this.queue = this.queue.filter((other) => other !== call)
        scopes.forEach(([scope, cost]) =>
          this.spent.push({ id: call.id, scope, cost, at: this.now, isHeld: call.holds })
        )
        this.admitted.push({ id: call.id, at: this.now })
      } else {
        scopes.forEach(([scope]) => taken.add(scope))
      }
    }
  }
}

const sum = (spendings: ReadonlyArray<Spending>): number => spendings.reduce((sum, { cost }) => sum + cost, 0)
