import { type Account, Decimal, Order } from "@effect-exchange/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type { TakenOrder } from "../../SimulationWorld.js"
import type { Verdict } from "./judge.js"

/**
 * The listeners to the account in a run. Each listens to its orders and to its fills.
 *
 * @internal
 */
export interface Followers {
  readonly follow: Effect.Effect<void>
  readonly leave: Effect.Effect<void>
  readonly isAny: () => boolean
  /** Returns the first violation in the items that the listeners received. */
  readonly judge: () => Verdict
  /** Returns a description of a state of the account that a listener has not received yet, if there is one. */
  readonly missing: (taken: ReadonlyArray<TakenOrder>) => string | undefined
  readonly received: () => ReadonlyArray<string>
}

interface Follower {
  readonly fibers: ReadonlyArray<Fiber.RuntimeFiber<unknown>>
  readonly orders: Map<string, Order.Order>
  readonly fills: Map<string, number>
  readonly received: Array<string>
  verdict: Verdict
  /** The instants since which it receives orders, and fills. */
  ordersSince: number | undefined
  fillsSince: number | undefined
}

const plain = (value: BigDecimal.BigDecimal): string => Decimal.format(BigDecimal.normalize(value))

/** @internal */
export const make = (account: Account.Account.Service): Followers => {
  const all: Array<Follower> = []

  const checkOrder = (one: Follower, order: Order.Order): Verdict => {
    const before = one.orders.get(order.id)
    one.orders.set(order.id, order)
    if (before === undefined) return undefined
    const wrong = (detail: string): Verdict => ({
      invariant: "account",
      detail: `order ${order.clientOrderId} ${detail}`
    })
    if (Order.isClosed(before)) return wrong(`arrived again after it was ${before.status}`)
    return BigDecimal.lessThan(order.filled, before.filled)
      ? wrong("arrived with a smaller filled amount than before")
      : undefined
  }

  const follow = Effect.gen(function*() {
    const one: Follower = {
      fibers: [],
      orders: new Map(),
      fills: new Map(),
      received: [],
      verdict: undefined,
      ordersSince: undefined,
      fillsSince: undefined
    }
    const listen = <A>(
      stream: Account.Account.Live<A>,
      onData: (value: A, now: number) => void,
      begin: (now: number) => void
    ) =>
      Stream.runForEach(stream, (item) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          if (item._tag === "Connected" || item._tag === "Resynced") begin(now)
          if (item._tag === "Data") onData(item.value, now)
          one.received.push(item._tag)
        })).pipe(
          Effect.catchAllCause((cause) =>
            Effect.sync(() => {
              one.verdict ??= { invariant: "account", detail: `an account feed ended: ${Cause.pretty(cause)}` }
            })
          ),
          Effect.fork
        )
    const orders = yield* listen(account.streamOrders(), (order) => {
      one.received.push([order.clientOrderId, order.status, plain(order.filled)].join(" "))
      one.verdict ??= checkOrder(one, order)
    }, (now) => {
      one.ordersSince ??= now
    })
    const fills = yield* listen(account.streamFills(), (fill) => {
      const key = `${fill.id} ${fill.orderId}`
      one.received.push(`fill ${key}`)
      one.fills.set(key, (one.fills.get(key) ?? 0) + 1)
      if ((one.fills.get(key) ?? 0) > 1) one.verdict ??= { invariant: "account", detail: `fill ${key} arrived twice` }
    }, (now) => {
      one.fillsSince ??= now
    })
    all.push(Object.assign(one, { fibers: [orders, fills] }))
  })

  const missingOf = ({ fills, fillsSince, ordersSince, orders }: Follower, taken: ReadonlyArray<TakenOrder>) => {
    if (ordersSince === undefined || fillsSince === undefined) return "the account feeds never connected"
    const latest = new Map(Array.from(orders.values(), (order) => [order.clientOrderId, order]))
    for (const { clientOrderId, filled, isOpen, updatedAt } of taken) {
      const order = latest.get(clientOrderId)
      // An order that ended before the stream began is not sent.
      if (!isOpen && updatedAt <= ordersSince) continue
      if (order === undefined) return `order ${clientOrderId} never arrived`
      if (Order.isClosed(order) === isOpen) {
        return `order ${clientOrderId} is ${isOpen ? "open" : "closed"}, but last arrived as ${order.status}`
      }
      if (plain(order.filled) !== filled) {
        return `the filled amount of order ${clientOrderId} is ${filled}, but last arrived as ${plain(order.filled)}`
      }
    }
    const since = taken.flatMap(({ fills }) => fills).filter(({ at }) => at > fillsSince).length
    return fills.size < since ? `${since} fills were made, but only ${fills.size} arrived` : undefined
  }

  return {
    follow,
    isAny: () => all.length > 0,
    leave: Effect.suspend(() => Fiber.interruptAll(all.flatMap(({ fibers }) => fibers))),
    judge: () => all.map(({ verdict }) => verdict).find((verdict) => verdict !== undefined),
    missing: (taken) => all.map((one) => missingOf(one, taken)).find((what) => what !== undefined),
    received: () => all.map(({ received }) => received.join("\n"))
  }
}
