import type * as Clock from "effect/Clock"
import type * as Effect from "effect/Effect"
import type { InProcess, Ticket } from "../RateLimiterStore.js"
import type { Held } from "./atOnce.js"
import { monotonic } from "./time.js"

/**
 * The held cost of a call that a limiter admitted on the fast path.
 *
 * @internal
 */
export class Holding implements Held {
  private readonly store: InProcess
  private readonly ticket: Ticket
  private readonly giveBack: (ticket: Ticket) => Effect.Effect<void>

  constructor(store: InProcess, ticket: Ticket, giveBack: (ticket: Ticket) => Effect.Effect<void>) {
    this.store = store
    this.ticket = ticket
    this.giveBack = giveBack
  }

  commit(clock: Clock.Clock): void {
    this.store.commit(this.ticket, monotonic(clock))
  }

  get refund(): Effect.Effect<void> {
    return this.giveBack(this.ticket)
  }
}
