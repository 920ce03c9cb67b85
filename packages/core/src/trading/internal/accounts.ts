import * as BigDecimal from "effect/BigDecimal"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as OrderGuards from "../OrderGuards.js"
import type { Desk } from "./desk.js"

/**
 * What all Layers that trade on one account have in common: a limit of the day is the account's, and an order that one of them
 * has under way is not for another to reconcile.
 *
 * @internal
 */
export type Shared = Pick<Desk, "spent" | "givenBack" | "underWay">

/**
 * What is held of the accounts of an application. An account has several names where its key was rotated.
 *
 * @internal
 */
export class Accounts extends Context.Tag("@effect-exchange/core/trading/internal/accounts/Accounts")<Accounts, {
  readonly of: (place: string, names: ReadonlySet<string>) => Effect.Effect<Shared>
}>() {}

/** @internal Once for everything that is built together with it. */
export const layer: Layer.Layer<Accounts> = Layer.sync(Accounts, () => {
  const known = new Map<string, Shared>()
  return {
    of: (place, names) =>
      Effect.sync(() => {
        const keys = Array.from(names, (name) => `${place} ${name}`)
        const found = keys.map((key) => known.get(key)).find((shared) => shared !== undefined)
        const shared = found ??
          { spent: Ref.unsafeMake(OrderGuards.nothing), givenBack: new Set(), underWay: new Set() }
        for (const key of keys) known.set(key, shared)
        return shared
      })
  }
})

/**
 * Counts what a journal says was ordered today. The same orders may be counted already, of another Layer that writes it.
 *
 * @internal
 */
export const countIn = ({ spent }: Shared, written: OrderGuards.Spent): Effect.Effect<void> =>
  Ref.update(spent, (counted) => {
    if (counted.day !== written.day) return counted.day > written.day ? counted : written
    const byCurrency = new Map(counted.byCurrency)
    for (const [currency, worth] of written.byCurrency) {
      byCurrency.set(currency, BigDecimal.max(worth, counted.byCurrency.get(currency) ?? worth))
    }
    return { day: counted.day, byCurrency }
  })
