/**
 * What a rate limiter hands out, and takes back.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as RateLimiterStore from "../RateLimiterStore.js"

/** @internal */
export class Taken {
  readonly ticket: RateLimiterStore.Ticket
  readonly cost: number
  constructor(ticket: RateLimiterStore.Ticket, cost: number) {
    this.ticket = ticket
    this.cost = cost
  }
}

/** @internal */
export class AllTaken<Costs> extends Taken {
  readonly costs: Costs
  constructor(ticket: RateLimiterStore.Ticket, costs: Costs) {
    super(ticket, ticket.costs.reduce((sum, { cost }) => sum + cost, 0))
    this.costs = costs
  }
}

/**
 * Does something with what was taken; nothing with a reservation that no limiter made.
 *
 * @internal
 */
export const withTicket = (
  reservation: unknown,
  f: (ticket: RateLimiterStore.Ticket) => Effect.Effect<void>
): Effect.Effect<void> => reservation instanceof Taken ? f(reservation.ticket) : Effect.void
