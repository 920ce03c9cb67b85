/**
 * What a rate limiter should do, as plainly as it can be said: nothing is remembered but what happened, everything is
 * counted again each time, and time passes tick by tick.
 */
export interface Call {
  readonly id: number
  readonly cost: number
}

export class Reference {
  now = 0
  pausedUntil = 0
  queue: Array<Call> = []
  /** What counts: calls, and with a negative id what the server told of. */
  spent: Array<Call & { readonly at: number }> = []
  readonly admitted: Array<{ readonly id: number; readonly at: number }> = []
  readonly limit: number
  readonly window: number

  constructor(limit: number, window: number) {
    this.limit = limit
    this.window = window
  }

  used(): number {
    return this.spent.reduce((sum, { at, cost }) => at + this.window > this.now ? sum + cost : sum, 0)
  }

  join(call: Call): void {
    this.queue.push(call)
    this.admit()
  }

  withdraw(id: number): void {
    this.queue = this.queue.filter((call) => call.id !== id)
    this.spent = this.spent.filter((call) => call.id !== id)
    this.admit()
  }

  sync(used: number): void {
    if (used > this.used()) this.spent.push({ id: -1, cost: used - this.used(), at: this.now })
    this.admit()
  }

  pause(until: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, until)
    this.admit()
  }

  pass(ticks: number): void {
    for (let tick = 0; tick < ticks; tick++) {
      this.now++
      this.admit()
    }
  }

  /** When a call that joined now would be admitted. */
  foresee(cost: number): number {
    const copy = new Reference(this.limit, this.window)
    copy.now = this.now
    copy.pausedUntil = this.pausedUntil
    copy.queue = [...this.queue]
    copy.spent = [...this.spent]
    copy.join({ id: Number.MAX_SAFE_INTEGER, cost })
    while (copy.queue.length > 0) copy.pass(1)
    return copy.now
  }

  private admit(): void {
    let [head] = this.queue
    while (head !== undefined && this.now >= this.pausedUntil && this.used() + head.cost <= this.limit) {
      this.queue.shift()
      this.spent.push({ ...head, at: this.now })
      this.admitted.push({ id: head.id, at: this.now })
      ;[head] = this.queue
    }
  }
}
