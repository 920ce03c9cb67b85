import * as BigDecimal from "effect/BigDecimal"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import type * as OrderGuards from "../OrderGuards.js"
import * as DailyTotals from "./dailyTotals.js"
import type { Desk } from "./desk.js"

/**
 * The state that all Layers that trade on one account share: a daily limit applies to the account, and an order that
 * one Layer has under way must not be reconciled by another.
 *
 * @internal
 */
export interface Shared extends Pick<Desk, "spent" | "givenBack" | "underWay" | "amended" | "unsettled" | "placed"> {
  /** The journals that Layers of the account write, and whether the total already includes what was written before. */
  readonly journals: Map<object, "written" | "counted">
}

/**
 * The shared state of each account of an application. An account has several names if its key was rotated.
 *
 * @internal
 */
export class Accounts extends Context.Tag("@effect-exchange/core/trading/internal/accounts")<Accounts, {
  readonly of: (place: string, names: ReadonlySet<string>) => Effect.Effect<Shared>
}>() {}

/**
 * Provides one instance for all Layers that are built together.
 *
 * @internal
 */
export const layer: Layer.Layer<Accounts> = Layer.sync(Accounts, () => {
  const known = new Map<string, Shared>()
  return {
    of: (place, names) =>
      Effect.sync(() => {
        const keys = Array.from(names, (name) => `${place} ${name}`)
        const found = keys.map((key) => known.get(key)).find((shared) => shared !== undefined)
        const shared = found ??
          {
            spent: Ref.unsafeMake(DailyTotals.empty),
            givenBack: new Set(),
            underWay: new Set(),
            amended: new Set(),
            unsettled: new Set(),
            placed: new Map(),
            journals: new Map()
          }
        for (const key of keys) known.set(key, shared)
        return shared
      })
  }
})

/**
 * Adds the latest orders in a journal to the totals, once even if several Layers write it. Does nothing if no Layer needs
 * the total.
 *
 * @internal
 */
export const countIn = <E = never, R = never>(
  { journals, spent }: Shared,
  journal: object,
  ordered: Effect.Effect<DailyTotals.DailyTotals, E, R> | undefined
): Effect.Effect<void, E, R> =>
  Effect.suspend(() => {
    const before = journals.get(journal)
    journals.set(journal, before ?? "written")
    if (ordered === undefined || before === "counted") return Effect.void
    return Effect.flatMap(ordered, (written) => {
      // Another Layer may have counted the journal during the read.
      if (journals.get(journal) === "counted") return Effect.void
      journals.set(journal, "counted")
      // A Layer without a limit may have written to the journal before. Its orders are then both in the total and in
      // the journal, so the larger sum counts.
      const add = before === undefined ? BigDecimal.sum : BigDecimal.max
      return Ref.update(spent, (counted) =>
        Array.from(written.values()).reduce(
          (totals, total) => DailyTotals.set(totals, together(totals.get(total.day), total, add)),
          counted
        ))
    })
  })

const together = (
  counted: OrderGuards.Spent | undefined,
  written: OrderGuards.Spent,
  add: (one: BigDecimal.BigDecimal, other: BigDecimal.BigDecimal) => BigDecimal.BigDecimal
): OrderGuards.Spent => {
  if (counted === undefined) return written
  const byCurrency = new Map(counted.byCurrency)
  for (const [currency, worth] of written.byCurrency) {
    const before = byCurrency.get(currency)
    byCurrency.set(currency, before === undefined ? worth : add(before, worth))
  }
  return { day: counted.day, byCurrency }
}
