import * as Deadline from "@effect-exchange/resilience/Deadline"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Account from "../../ports/Account.js"
import type * as Trading from "../../ports/Trading.js"

type Bound = <A, E>(self: Effect.Effect<A, E>) => Effect.Effect<A, E>

const boundBy = (deadline: Duration.DurationInput): Bound => (self) => Deadline.within(self, deadline)

/**
 * Bounds all requests of a call by one deadline, including those for its markets and pages.
 *
 * @internal
 */
export const account = <S extends Account.Account.Service>(service: S, deadline: Duration.DurationInput): S => {
  const bound = boundBy(deadline)
  return {
    ...service,
    balances: bound(service.balances),
    openOrders: (symbol?: string) => bound(service.openOrders(symbol)),
    order: (reference: Parameters<S["order"]>[0]) => bound(service.order(reference)),
    orderHistory: (symbol: string, query?: Account.Account.HistoryQuery) => bound(service.orderHistory(symbol, query)),
    fills: (symbol: string, query?: Account.Account.HistoryQuery) => bound(service.fills(symbol, query)),
    positions: bound(service.positions),
    keyPermissions: bound(service.keyPermissions),
    verifyKey: (options?: Account.Account.VerifyOptions) => bound(service.verifyKey(options))
  }
}

/**
 * Bounds `cancelAll` by the deadline. `place`, `cancel` and `amend` look the order up afterwards, and set their own
 * time limits.
 *
 * @internal
 */
export const trading = <S extends Trading.Trading.Service>(service: S, deadline: Duration.DurationInput): S => ({
  ...service,
  cancelAll: (symbol: string) => boundBy(deadline)(service.cancelAll(symbol))
})
