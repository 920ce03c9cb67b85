/** How a call may end. `ban`, `pause` and `past` request to open the circuit, `past` until an instant in the past. */
export const results = ["success", "failure", "defect", "interrupt", "refusal", "ban", "pause", "past"] as const
export type Result = typeof results[number]

export const banFor = 300
export const pauseFor = 150
export const openDurations = [100, 200, 400]
export const halfOpenTimeout = 250
export const permits = 3
export const successes = 2
export const maxQueue = 5
export const slowAfter = 120
export const bucket = 100
export const buckets = 3

export interface Setup {
  /**
   * `count`: 3 failures in a row, or half of the last 6 calls once there are 4. `time`: half of the calls of 3 buckets
   * of 100 ms once there are 3. `slow`: 3 failures in a row, or half of the last 6 calls slow once there are 3.
   */
  readonly trip: "count" | "time" | "slow"
  readonly excess: "fail" | "wait"
  readonly automatic: boolean
}

interface Call {
  /** `running`, `waiting`, or the refusal. */
  status: string
  generation: number
  startedAt: number
  readonly tracked: boolean
}

/** A reference model of a breaker, in milliseconds. It remembers every call and recounts everything each time. */
export class Reference {
  readonly setup: Setup
  readonly calls = new Map<number, Call>()
  readonly log: Array<string> = []
  now = 0
  generation = 0
  phase: "Closed" | "Open" | "HalfOpen" | "Isolated" | "Disabled" = "Closed"
  /** The end of the open duration, or of the half-open timeout. */
  until = 0
  attempt = 0
  history: Array<{ readonly failed: boolean; readonly slow: boolean; readonly at: number }> = []
  queue: Array<number> = []
  dismissed: Array<number> = []
  holders = 0
  returnTo: { readonly phase: "Closed" | "Open" | "Disabled"; readonly attempt: number } = {
    phase: "Closed",
    attempt: 0
  }
  rejected = 0
  late = 0
  trips = 0

  constructor(setup: Setup) {
    this.setup = setup
  }

  private to(phase: Reference["phase"], attempt: number): void {
    this.log.push(`${this.phase}->${phase}`)
    if (phase === "Open" && this.phase !== "Open") this.trips++
    this.phase = phase
    this.attempt = attempt
    this.generation++
    this.history = []
    this.dismissed.push(...this.queue)
    this.queue = []
  }

  private open(from: number): void {
    this.until = from + (openDurations[this.attempt] ?? Number.POSITIVE_INFINITY)
    this.to("Open", this.attempt + 1)
  }

  private running(): ReadonlyArray<Call> {
    return [...this.calls.values()].filter(({ generation, status }) =>
      generation === this.generation && status === "running"
    )
  }

  private overdue(): number {
    return this.running().filter(({ startedAt }) => this.now - startedAt >= slowAfter).length
  }

  /** The calls in the window. */
  private latest(): Reference["history"] {
    if (this.phase !== "Closed") return this.history
    return this.setup.trip === "time"
      ? this.history.filter(({ at }) => Math.floor(at / bucket) > Math.floor(this.now / bucket) - buckets)
      : this.history.slice(-6)
  }

  private hasFailedTooOften(): boolean {
    const lastThree = this.history.slice(-3)
    if (this.setup.trip !== "time" && lastThree.length === 3 && lastThree.every(({ failed }) => failed)) return true
    if (this.setup.trip === "slow") return false
    const latest = this.latest()
    const minimum = this.setup.trip === "time" ? 3 : 4
    return latest.length >= minimum && latest.filter(({ failed }) => failed).length / latest.length >= 0.5
  }

  private isTooSlow(): boolean {
    if (this.setup.trip !== "slow") return false
    const calls = this.latest().length + this.overdue()
    return calls >= 3 && (this.latest().filter(({ slow }) => slow).length + this.overdue()) / calls >= 0.5
  }

  settle(): void {
    for (let generation = -1; generation !== this.generation;) {
      generation = this.generation
      if (this.phase === "HalfOpen" && this.now >= this.until) this.open(this.until)
      else if (this.phase === "Closed" && this.isTooSlow()) this.open(this.now)
      else if (this.setup.automatic && this.phase === "Open" && this.now >= this.until) this.probe()
    }
  }

  private probe(): void {
    this.to("HalfOpen", this.attempt)
    this.until = Number.POSITIVE_INFINITY
  }

  /** Calls that a transition has woken arrive again, and do not wait again. */
  wake(): void {
    for (let id = this.dismissed.shift(); id !== undefined; id = this.dismissed.shift()) this.arrive(id, false)
  }

  refusal(mayWait: boolean): string | undefined {
    this.settle()
    switch (this.phase) {
      case "Closed":
      case "Disabled":
        return undefined
      case "Open":
        return this.now >= this.until ? undefined : `Open ${this.until - this.now}`
      case "HalfOpen":
        return this.history.length + this.running().length < permits || (mayWait && this.queue.length < this.room())
          ? undefined
          : `HalfOpen ${this.until - this.now}`
      case "Isolated":
        return "Isolated Infinity"
    }
  }

  private room(): number {
    return this.setup.excess === "wait" ? maxQueue : 0
  }

  arrive(id: number, mayWait: boolean): void {
    const refusal = this.refusal(mayWait)
    if (refusal !== undefined) {
      this.rejected++
      this.calls.set(id, { status: refusal, generation: this.generation, startedAt: this.now, tracked: false })
      return
    }
    if (this.phase === "Open") this.probe()
    if (this.phase === "HalfOpen") {
      if (this.history.length + this.running().length >= permits) {
        this.queue.push(id)
        this.calls.set(id, { status: "waiting", generation: this.generation, startedAt: this.now, tracked: false })
        return
      }
      this.until = Math.min(this.until, this.now + halfOpenTimeout)
    }
    this.start(id)
  }

  private start(id: number): void {
    const tracked = this.phase !== "Disabled"
    this.calls.set(id, { status: "running", generation: this.generation, startedAt: this.now, tracked })
  }

  private returnPermit(generation: number): void {
    const next = generation === this.generation && this.phase === "HalfOpen" ? this.queue.shift() : undefined
    if (next !== undefined) this.start(next)
  }

  end(id: number, result: Result): void {
    this.recordEnd(id, result)
    // The half-open timeout counts only while there are probes.
    if (this.phase === "HalfOpen" && this.running().length === 0) this.until = Number.POSITIVE_INFINITY
  }

  private recordEnd(id: number, result: Result): void {
    const call = this.calls.get(id)
    if (call === undefined) return
    this.calls.delete(id)
    if (call.status === "waiting") {
      this.queue = this.queue.filter((other) => other !== id)
      return
    }
    if (!call.tracked) return
    if (result === "interrupt" || result === "refusal") {
      if (call.generation === this.generation && this.phase === "HalfOpen") this.settle()
      return this.returnPermit(call.generation)
    }
    this.settle()
    const isLate = call.generation !== this.generation
    if (isLate) this.late++
    if (result === "ban" || result === "pause") return this.openUntil(this.now + (result === "ban" ? banFor : pauseFor))
    if (result === "past") return this.returnPermit(call.generation)
    if (isLate) return
    const slow = this.setup.trip === "slow" && this.now - call.startedAt >= slowAfter
    this.history.push({ failed: result !== "success", slow, at: this.now })
    if (this.phase === "Closed") {
      if ((result !== "success" && this.hasFailedTooOften()) || this.isTooSlow()) this.open(this.now)
    } else {
      const failed = this.history.filter(({ failed, slow }) => failed || slow).length
      if (this.history.length - failed >= successes) this.to("Closed", 0)
      else if (failed > permits - successes) this.open(this.now)
    }
  }

  openUntil(until: number): void {
    if (this.phase === "Isolated" || this.phase === "Disabled") return
    if (this.phase === "Open" && until <= this.until) return
    this.to("Open", this.attempt)
    this.until = until
  }

  isolate(): number {
    if (this.phase !== "Isolated") {
      this.returnTo = this.phase === "Disabled" || (this.phase === "Open" && this.until === Number.POSITIVE_INFINITY)
        ? { phase: this.phase, attempt: this.attempt }
        : { phase: "Closed", attempt: 0 }
      this.to("Isolated", 0)
      this.holders = 0
    }
    this.holders++
    return this.generation
  }

  release(generation: number): void {
    if (generation !== this.generation || --this.holders > 0) return
    this.to(this.returnTo.phase, this.returnTo.attempt)
    this.until = Number.POSITIVE_INFINITY
  }

  forceOpen(): void {
    if (this.phase === "Open" && this.until === Number.POSITIVE_INFINITY) return
    this.to("Open", this.phase === "Open" || this.phase === "HalfOpen" ? this.attempt : 0)
    this.until = Number.POSITIVE_INFINITY
  }

  disable(): void {
    if (this.phase !== "Disabled") this.to("Disabled", 0)
  }

  enable(): void {
    if (this.phase === "Disabled") this.to("Closed", 0)
    else if (this.phase === "Isolated" && this.returnTo.phase === "Disabled") {
      this.returnTo = { phase: "Closed", attempt: 0 }
    }
  }

  reset(): void {
    this.to("Closed", 0)
  }

  view(): string {
    return this.phase === "Open" ? `Open ${Math.max(0, this.until - this.now)}` : this.phase
  }

  snapshot(): string {
    switch (this.phase) {
      case "Open":
        return `Open ${Math.max(0, this.until - this.now)} ${this.attempt}`
      case "HalfOpen":
        return `Open 0 ${this.attempt}`
      case "Isolated":
        return this.returnTo.phase === "Open" ? `Open Infinity ${this.returnTo.attempt}` : this.returnTo.phase
      default:
        return this.phase
    }
  }

  counts(): Record<string, number | undefined> {
    const latest = this.latest()
    const run = this.history.length - 1 - this.history.findLastIndex(({ failed }) => !failed)
    // The counts of the longer of the two windows are reported.
    const calls = Math.max(latest.length, this.phase === "Closed" && this.setup.trip !== "time" ? run : 0)
    const isSlowProbe = this.phase === "HalfOpen"
    const failures = latest.filter(({ failed, slow }) => failed || (isSlowProbe && slow)).length
    const follows = this.phase === "Closed" && this.setup.trip === "slow"
    const slowCalls = follows ? latest.filter(({ slow }) => slow).length + this.overdue() : 0
    const isCounting = this.phase === "Closed" ? follows : this.phase !== "Disabled"
    return {
      calls,
      failures,
      failureRate: failures / Math.max(1, calls),
      slowCalls,
      slowCallRate: follows ? slowCalls / Math.max(1, latest.length + this.overdue()) : 0,
      inFlight: isCounting ? this.running().length : undefined,
      waiting: this.queue.length,
      rejected: this.rejected,
      late: this.late,
      trips: this.trips
    }
  }
}
