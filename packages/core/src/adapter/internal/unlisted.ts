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
  /** By symbol and id, oldest first. */
  const all = new Map<string, Accepted>()
  const keyOf = ({ id, symbol }: Pick<Accepted, "id" | "symbol">): string => `${symbol} ${id}`
  // A correction of the system clock does not change how long they have been there.
  const current = Effect.map(Clock.currentTimeNanos, (now) => {
    for (const [key, { at }] of all) {
      if (now - at <= within) break
      all.delete(key)
    }
    return now
  })
  return {
    add: ({ clientOrderId, market: { symbol } }, placed) => {
      const id = placed._tag === "Accepted" ? placed.id : isClosed(placed.order) ? undefined : placed.order.id
      return id === undefined ? Effect.void : Effect.map(current, (at) => {
        const key = keyOf({ id, symbol })
        all.delete(key)
        all.set(key, { symbol, id, clientOrderId, at })
      })
    },
    remove: ({ clientOrderId, id, market: { symbol } }) =>
      Effect.sync(() => {
        if (id !== undefined) return void all.delete(keyOf({ id, symbol }))
        for (const [key, order] of all) {
          if (order.symbol === symbol && order.clientOrderId === clientOrderId) all.delete(key)
        }
      }),
    of: ({ symbol }) =>
      Effect.map(current, () => Array.from(all.values()).flatMap((order) => order.symbol === symbol ? [order.id] : []))
  }
}
