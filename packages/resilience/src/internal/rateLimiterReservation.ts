/**
 * The reservations that a rate limiter returns and accepts.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as RateLimiterStore from "./rateLimiterStoreModel.js"

/** @internal */
export class TicketReservation {
  readonly ticket: RateLimiterStore.Ticket
  readonly cost: number
  constructor(ticket: RateLimiterStore.Ticket, cost: number) {
    this.ticket = ticket
    this.cost = cost
  }
}

/** @internal */
export class GroupTicketReservation<Costs> extends TicketReservation {
  readonly costs: Costs
  constructor(ticket: RateLimiterStore.Ticket, costs: Costs) {
    super(ticket, ticket.costs.reduce((sum, { cost }) => sum + cost, 0))
    this.costs = costs
  }
}

/**
 * Runs `f` with the ticket of a reservation; does nothing for a reservation that no limiter created.
 *
 * @internal
 */
export const withTicket = (
  reservation: unknown,
  f: (ticket: RateLimiterStore.Ticket) => Effect.Effect<void>
): Effect.Effect<void> => reservation instanceof TicketReservation ? f(reservation.ticket) : Effect.void
