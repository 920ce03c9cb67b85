/**
 * What a group of rate limits should do, as plainly as it can be said: nothing is remembered but what happened,
 * everything is counted again each time, and time passes tick by tick.
 */
export interface Call {
  readonly id: number
  readonly lane: number
  readonly costs: Readonly<Record<string, number>>
  /** When a turn comes too late: from then on, if it is a deadline, else after that. */
  readonly deadline?: number | undefined
  readonly patience?: number | undefined
}

export interface Limit {
  readonly limit: number
  readonly window: number
}

export interface ServerWindow {
  readonly windowEnd?: number | undefined
  readonly epoch?: number | undefined
}

interface Spending {
  /** That of the call; -1 for what others have spent. */
  readonly id: number
  readonly scope: string
  readonly cost: number
  at: number
  /** When it leaves, if not a window after `at`. */
  readonly leaves?: number | undefined
}

export class Reference {
  now = 0
  queue: Array<Call> = []
  spent: Array<Spending> = []
  readonly pausedUntil = new Map<string, number>()
  readonly server = new Map<string, ServerWindow & { readonly others: Spending | undefined }>()
  readonly admitted: Array<{ readonly id: number; readonly at: number }> = []
  readonly turnedAway: Array<{ readonly id: number; readonly at: number; readonly why: string }> = []
  readonly limits: Readonly<Record<string, Limit>>
  readonly maxQueue: number

  constructor(limits: Readonly<Record<string, Limit>>, maxQueue: number) {
    this.limits = limits
    this.maxQueue = maxQueue
  }

  used(scope: string): number {
    return this.counting(scope).reduce((sum, { cost }) => sum + cost, 0)
  }

  queued(scope: string): number {
    return this.queue.filter(({ costs }) => scope in costs).length
  }

  /** Joins, unless it is refused: then says why. */
  join(call: Call): string | undefined {
    const foreseen = this.foresee(call)
    if (foreseen > this.now) {
      const isFull = Object.keys(call.costs).some((scope) =>
        this.queue.filter(({ costs, lane }) => lane === call.lane && scope in costs).length >= this.maxQueue
      )
      if (isFull) return "QueueFull"
      const { deadline = Infinity, patience = Infinity } = call
      if (deadline <= patience && foreseen >= deadline) return "DeadlineExceeded"
      if (patience < deadline && foreseen > patience) return "WaitTooLong"
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

  commit(id: number): void {
    for (const spending of this.spent) {
      if (spending.id === id) spending.at = this.now
    }
  }

  sync(scope: string, used: number, report: ServerWindow): void {
    const { epoch, windowEnd } = report
    if (epoch === undefined && windowEnd === undefined) {
      const unknown = used - this.used(scope)
      if (unknown > 0) this.spent.push({ id: -1, scope, cost: unknown, at: this.now })
    } else {
      this.report(scope, used, report)
    }
    this.admit()
  }

  pause(scope: string, until: number): void {
    this.pausedUntil.set(scope, Math.max(this.pausedUntil.get(scope) ?? 0, until))
  }

  pass(ticks: number): void {
    for (let tick = 0; tick < ticks; tick++) {
      this.now++
      this.turnAway(({ deadline = Infinity, patience = Infinity }) => deadline <= patience && deadline <= this.now)
      this.admit()
      this.turnAway(({ patience = Infinity }) => patience <= this.now)
      this.admit()
    }
  }

  /** When a call that joined now would be admitted if nobody left who waits. */
  foresee(call: Call): number {
    const copy = new Reference(this.limits, Infinity)
    copy.now = this.now
    this.pausedUntil.forEach((until, scope) => copy.pausedUntil.set(scope, until))
    copy.spent = [...this.spent]
    copy.queue = [...this.queue, call].map(({ costs, id, lane }) => ({ costs, id, lane }))
    copy.admit()
    while (copy.queue.some(({ id }) => id === call.id)) copy.pass(1)
    return copy.now
  }

  private counting(scope: string): ReadonlyArray<Spending> {
    const { window } = this.limits[scope] ?? { window: 0 }
    return this.spent.filter((spending) =>
      spending.scope === scope && (spending.leaves ?? spending.at + window) > this.now
    )
  }

  private report(scope: string, used: number, { epoch, windowEnd }: ServerWindow): void {
    const { window } = this.limits[scope] ?? { window: 0 }
    const known = this.server.get(scope)
    const age = known === undefined ?
      1 :
      known.epoch !== undefined && epoch !== undefined
      ? epoch - known.epoch
      : known.windowEnd !== undefined && windowEnd !== undefined
      ? windowEnd - known.windowEnd
      : 1
    if (age < 0 || (windowEnd ?? Infinity) <= this.now) return
    const isSame = known !== undefined && age === 0
    if (!isSame) this.spent = this.spent.filter((spending) => spending !== known?.others)
    const server = isSame ? known : { epoch, windowEnd, others: undefined }
    const end = server.windowEnd
    const others = this.counting(scope).find((spending) => spending === server.others)
    const mine = this.counting(scope).filter((spending) =>
      spending !== others && (end === undefined || spending.at + window >= end)
    )
    const unknown = used - mine.reduce((sum, { cost }) => sum + cost, 0)
    if (unknown <= (others?.cost ?? 0)) {
      this.server.set(scope, { ...server, others })
      return
    }
    const leaves = Math.min(end ?? Infinity, this.now + window)
    const raised: Spending = { id: -1, scope, cost: unknown, at: leaves - window, leaves }
    this.spent = [...this.spent.filter((spending) => spending !== others), raised]
    this.server.set(scope, { ...server, others: raised })
  }

  private turnAway(isOver: (call: Call) => boolean): void {
    for (const call of this.queue.filter(isOver)) {
      const { deadline = Infinity, id, patience = Infinity } = call
      this.turnedAway.push({ id, at: this.now, why: deadline <= patience ? "DeadlineExceeded" : "WaitTooLong" })
    }
    this.queue = this.queue.filter((call) => !isOver(call))
  }

  /** In the order of the lanes, and in each as they came: who cannot go holds its place in all of its scopes. */
  private admit(): void {
    const held = new Set<string>()
    for (const call of this.queue.toSorted((a, b) => a.lane - b.lane || a.id - b.id)) {
      const scopes = Object.entries(call.costs)
      const fits = scopes.every(([scope, cost]) =>
        !held.has(scope) && this.now >= (this.pausedUntil.get(scope) ?? 0) &&
        this.used(scope) + cost <= (this.limits[scope]?.limit ?? 0)
      )
      if (fits) {
        this.queue = this.queue.filter((other) => other !== call)
        scopes.forEach(([scope, cost]) => this.spent.push({ id: call.id, scope, cost, at: this.now }))
        this.admitted.push({ id: call.id, at: this.now })
      } else {
        scopes.forEach(([scope]) => held.add(scope))
      }
    }
  }
}
