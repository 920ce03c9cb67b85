/**
 * The events of the account's orders, in the order in which account feeds report them.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Engine from "../engine/Engine.js"
import * as Decimal from "../engine/internal/decimal.js"

/**
 * An event of an order. `order` is the order at the time of the event, `fills` are all its fills up to that time, and
 * `fill` is the fill of a `filled` event.
 *
 * @internal
 */
export interface Event {
  readonly what: "placed" | "filled" | "changed" | "ended"
  readonly order: Engine.Order
  readonly fills: ReadonlyArray<Engine.Fill>
  readonly fill: Engine.Fill | undefined
}

/** @internal */
export const isFilled = <A extends Pick<Event, "fill">>(event: A): event is A & { readonly fill: Engine.Fill } =>
  event.fill !== undefined

/** @internal The state that was last reported: the id of the latest fill, and the orders by their numbers. */
export interface Snapshot {
  readonly fill: number
  readonly orders: ReadonlyMap<number, Engine.Order>
}

/** @internal */
export const snapshot = (engine: Engine.Engine): Snapshot => ({
  fill: Engine.fills(engine).reduce((most, { id }) => Math.max(most, id), -1),
  orders: new Map(Engine.orders(engine).map((order) => [order.id, order]))
})

/** @internal Returns the events since an earlier state, order by order; those of one order are oldest first. */
export const since = (engine: Engine.Engine, before: Snapshot): ReadonlyArray<Event> =>
  Engine.orders(engine).flatMap((order) => {
    const was = before.orders.get(order.id)
    return was === order ? [] : eventsOf(order, was, Engine.fillsOf(engine, order.id), before.fill)
  })

const eventsOf = (
  order: Engine.Order,
  was: Engine.Order | undefined,
  all: ReadonlyArray<Engine.Fill>,
  latest: number
): ReadonlyArray<Event> => {
  const old = all.filter(({ id }) => id <= latest)
  const events: Array<Event> = []
  if (was === undefined) {
    events.push({ what: "placed", order: asOf(order, old, "open", order.createdAt), fills: old, fill: undefined })
  } else if (
    !BigDecimal.equals(was.amount, order.amount) ||
    !BigDecimal.equals(was.price ?? Decimal.zero, order.price ?? Decimal.zero)
  ) {
    events.push({ what: "changed", order: asOf(order, old, "open", order.updatedAt), fills: old, fill: undefined })
  }
  for (let count = old.length + 1; count <= all.length; count++) {
    const fills = all.slice(0, count)
    events.push({ what: "filled", order: whenFilled(order, all, count), fills, fill: fills.at(-1) })
  }
  if (order.status === "canceled" && was?.status !== "canceled") {
    events.push({ what: "ended", order, fills: all, fill: undefined })
  }
  return events
}

const asOf = (
  order: Engine.Order,
  fills: ReadonlyArray<Engine.Fill>,
  status: Engine.Order["status"],
  updatedAt: number
): Engine.Order => ({
  ...order,
  filled: BigDecimal.sumAll(fills.map(({ amount }) => amount)),
  notional: BigDecimal.sumAll(fills.map(({ amount, price }) => BigDecimal.multiply(amount, price))),
  fee: BigDecimal.sumAll(fills.map(({ fee }) => fee)),
  status,
  closeReason: status === "open" ? undefined : order.closeReason,
  updatedAt
})

/** @internal Returns an order as it was after the first `count` of all its fills. */
export const whenFilled = (order: Engine.Order, all: ReadonlyArray<Engine.Fill>, count: number): Engine.Order =>
  count === all.length && order.status === "filled"
    ? order
    : asOf(order, all.slice(0, count), "open", all[count - 1]?.at ?? order.updatedAt)
