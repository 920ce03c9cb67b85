import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Market } from "../../model/Market.js"
import { isClosed } from "../../model/Order.js"
import type * as Adapter from "../../ports/Adapter.js"

/**
 * The orders that were accepted so recently that the exchange may not list them yet.
 *
 * @internal
 */
export interface Unlisted {
  readonly add: (order: Adapter.NewOrder, placed: Adapter.Placed) => Effect.Effect<void>
  readonly remove: (reference: Adapter.Reference) => Effect.Effect<void>
  /** Returns the ids of those of a market. */
  readonly of: (market: Market) => Effect.Effect<ReadonlyArray<string>>
}

interface Accepted {
  readonly symbol: string
  readonly id: string
  readonly clientOrderId: string
  readonly at: bigint
}

/** @internal */
export const make = (seenWithin: Duration.DurationInput): Unlisted => {
  const within = Duration.unsafeToNanos(seenWithin)
  let all: ReadonlyArray<Accepted> = []
  // A correction of the system clock does not change how long they have been there.
  const current = Effect.map(Clock.currentTimeNanos, (now) => {
    all = all.filter(({ at }) => now - at <= within)
    return { now, all }
  })
  return {
    add: ({ clientOrderId, market }, placed) => {
      const id = placed._tag === "Accepted" ? placed.id : isClosed(placed.order) ? undefined : placed.order.id
      return id === undefined ? Effect.void : Effect.map(current, ({ now }) => {
        all = [...all, { symbol: market.symbol, id, clientOrderId, at: now }]
      })
    },
    remove: (reference) =>
      Effect.sync(() => {
        all = all.filter(({ clientOrderId, id, symbol }) =>
          symbol !== reference.market.symbol ||
          (reference.id === undefined ? clientOrderId !== reference.clientOrderId : id !== reference.id)
        )
      }),
    of: ({ symbol }) =>
      Effect.map(current, ({ all }) => all.flatMap((order) => order.symbol === symbol ? [order.id] : []))
  }
}
