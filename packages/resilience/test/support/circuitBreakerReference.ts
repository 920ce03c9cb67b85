/** How a call may end. A ban and a pause ask the circuit to open; a demand for an instant in the past asks nothing. */
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
   * `count`: 3 failures in a row, or half of the last 6 calls once there are 4. `time`: half of the calls of 3 buckets of
   * 100 ms once there are 3. `slow`: 3 failures in a row, or half of the last 6 calls slow once there are 3.
   */
  readonly trip: "count" | "time" | "slow"
  readonly excess: "fail" | "wait"
  readonly automatic: boolean
}

interface Call {
  /** Running, waiting, or what it was refused with. */
  status: string
  life: number
  began: number
  readonly followed: boolean
}

/** What a breaker is, in plain numbers of milliseconds, with every call remembered and everything counted afresh. */
export class Reference {
  readonly setup: Setup
  readonly calls = new Map<number, Call>()
  readonly log: Array<string> = []
  now = 0
  life = 0
  phase: "Closed" | "Open" | "HalfOpen" | "Isolated" | "Disabled" = "Closed"
  /** Until when it is open, or by when its probes must have decided. */
  until = 0
  attempt = 0
  history: Array<{ readonly failed: boolean; readonly slow: boolean; readonly at: number }> = []
  queue: Array<number> = []
  dismissed: Array<number> = []
  holders = 0
  back: { readonly phase: "Closed" | "Open" | "Disabled"; readonly attempt: number } = { phase: "Closed", attempt: 0 }
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
    this.life++
    this.history = []
    this.dismissed.push(...this.queue)
    this.queue = []
  }

  private open(from: number): void {
    this.until = from + (openDurations[this.attempt] ?? Number.POSITIVE_INFINITY)
    this.to("Open", this.attempt + 1)
  }

  private running(): ReadonlyArray<Call> {
    return [...this.calls.values()].filter(({ life, status }) => life === this.life && status === "running")
  }

  private overdue(): number {
    return this.running().filter(({ began }) => this.now - began >= slowAfter).length
  }

  /** What the window holds. */
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
    const least = this.setup.trip === "time" ? 3 : 4
    return latest.length >= least && latest.filter(({ failed }) => failed).length / latest.length >= 0.5
  }

  private isTooSlow(): boolean {
    if (this.setup.trip !== "slow") return false
    const calls = this.latest().length + this.overdue()
    return calls >= 3 && (this.latest().filter(({ slow }) => slow).length + this.overdue()) / calls >= 0.5
  }

  settle(): void {
    for (let life = -1; life !== this.life;) {
      life = this.life
      if (this.phase === "HalfOpen" && this.now >= this.until) this.open(this.until)
      else if (this.phase === "Closed" && this.isTooSlow()) this.open(this.now)
      else if (this.setup.automatic && this.phase === "Open" && this.now >= this.until) this.probe()
    }
  }

  private probe(): void {
    this.to("HalfOpen", this.attempt)
    this.until = Number.POSITIVE_INFINITY
  }

  /** Those whom a change of state has woken come again, and do not wait again. */
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
      this.calls.set(id, { status: refusal, life: this.life, began: this.now, followed: false })
      return
    }
    if (this.phase === "Open") this.probe()
    if (this.phase === "HalfOpen") {
      if (this.history.length + this.running().length >= permits) {
        this.queue.push(id)
        this.calls.set(id, { status: "waiting", life: this.life, began: this.now, followed: false })
        return
      }
      this.until = Math.min(this.until, this.now + halfOpenTimeout)
    }
    this.start(id)
  }

  private start(id: number): void {
    const followed = this.phase !== "Disabled"
    this.calls.set(id, { status: "running", life: this.life, began: this.now, followed })
  }

  private giveBack(life: number): void {
    const next = life === this.life && this.phase === "HalfOpen" ? this.queue.shift() : undefined
    if (next !== undefined) this.start(next)
  }

  end(id: number, result: Result): void {
    this.ended(id, result)
    // The time of the probes runs only while there are any.
    if (this.phase === "HalfOpen" && this.running().length === 0) this.until = Number.POSITIVE_INFINITY
  }

  private ended(id: number, result: Result): void {
    const call = this.calls.get(id)
    if (call === undefined) return
    this.calls.delete(id)
    if (call.status === "waiting") {
      this.queue = this.queue.filter((other) => other !== id)
      return
    }
    if (!call.followed) return
    if (result === "interrupt" || result === "refusal") {
      if (call.life === this.life && this.phase === "HalfOpen") this.settle()
      return this.giveBack(call.life)
    }
    this.settle()
    const isLate = call.life !== this.life
    if (isLate) this.late++
    if (result === "ban" || result === "pause") return this.stayAway(this.now + (result === "ban" ? banFor : pauseFor))
    if (result === "past") return this.giveBack(call.life)
    if (isLate) return
    const slow = this.setup.trip === "slow" && this.now - call.began >= slowAfter
    this.history.push({ failed: result !== "success", slow, at: this.now })
    if (this.phase === "Closed") {
      if ((result !== "success" && this.hasFailedTooOften()) || this.isTooSlow()) this.open(this.now)
    } else {
      const failed = this.history.filter(({ failed, slow }) => failed || slow).length
      if (this.history.length - failed >= successes) this.to("Closed", 0)
      else if (failed > permits - successes) this.open(this.now)
    }
  }

  stayAway(until: number): void {
    if (this.phase === "Isolated" || this.phase === "Disabled") return
    if (this.phase === "Open" && until <= this.until) return
    this.to("Open", this.attempt)
    this.until = until
  }

  isolate(): number {
    if (this.phase !== "Isolated") {
      this.back = this.phase === "Disabled" || (this.phase === "Open" && this.until === Number.POSITIVE_INFINITY)
        ? { phase: this.phase, attempt: this.attempt }
        : { phase: "Closed", attempt: 0 }
      this.to("Isolated", 0)
      this.holders = 0
    }
    this.holders++
    return this.life
  }

  release(life: number): void {
    if (life !== this.life || --this.holders > 0) return
    this.to(this.back.phase, this.back.attempt)
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
    else if (this.phase === "Isolated" && this.back.phase === "Disabled") this.back = { phase: "Closed", attempt: 0 }
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
        return this.back.phase === "Open" ? `Open Infinity ${this.back.attempt}` : this.back.phase
      default:
        return this.phase
    }
  }

  counts(): Record<string, number | undefined> {
    const latest = this.latest()
    const run = this.history.length - 1 - this.history.findLastIndex(({ failed }) => !failed)
    // The longer of the two windows is reported.
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
