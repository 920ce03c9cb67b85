import type * as Clock from "effect/Clock"
import type * as Effect from "effect/Effect"
import type { HeldCost } from "./fastPath.js"
import type { InProcess, Ticket } from "./rateLimiterStoreModel.js"
import { monotonic } from "./time.js"

/**
 * The held cost of a call that a limiter admitted on the fast path.
 *
 * @internal
 */
export class Holding implements HeldCost {
  private readonly store: InProcess
  private readonly ticket: Ticket
  private readonly refundTicket: (ticket: Ticket) => Effect.Effect<void>

  constructor(store: InProcess, ticket: Ticket, refundTicket: (ticket: Ticket) => Effect.Effect<void>) {
    this.store = store
    this.ticket = ticket
    this.refundTicket = refundTicket
  }

  commit(clock: Clock.Clock): void {
    this.store.commit(this.ticket, monotonic(clock))
  }

  get refund(): Effect.Effect<void> {
    return this.refundTicket(this.ticket)
  }
}
