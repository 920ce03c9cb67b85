import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Context, Effect, Layer, Ref } from "effect"
import * as Accounts from "../src/trading/internal/accounts.js"
import type * as DailyTotals from "../src/trading/internal/dailyTotals.js"

const spent = (day: number, usdt: string): DailyTotals.DailyTotals =>
  new Map([[day, { day, byCurrency: new Map([["USDT", BigDecimal.unsafeFromString(usdt)]]) }]])

const account = Effect.flatMap(
  Effect.scoped(Layer.build(Accounts.layer)),
  (built) => Context.get(built, Accounts.Accounts).of("acme live", new Set(["one"]))
)

const sumOf = (shared: Accounts.Shared) =>
  Effect.map(Ref.get(shared.spent), (totals) =>
    Array.from(totals.values(), ({ byCurrency, day }) => [
      day,
      BigDecimal.format(byCurrency.get("USDT") ?? BigDecimal.fromBigInt(0n))
    ]))

describe("the amount an account has ordered in a day", () => {
  it.effect("is the sum of its journals, each counted once, even when several Layers read them concurrently", () =>
    Effect.gen(function*() {
      const shared = yield* account
      const [one, other] = [{}, {}]
      const read = (usdt: string) => Effect.as(Effect.yieldNow(), spent(1, usdt))
      yield* Effect.all([
        Accounts.countIn(shared, one, read("100")),
        Accounts.countIn(shared, one, read("100")),
        Accounts.countIn(shared, other, read("50"))
      ], { concurrency: 3 })
      yield* Accounts.countIn(shared, other, read("50"))
      assert.deepStrictEqual(yield* sumOf(shared), [[1, "150"]])
    }))

  it.effect("counts orders once if a Layer without a limit placed and journaled them", () =>
    Effect.gen(function*() {
      const shared = yield* account
      const journal = {}
      yield* Accounts.countIn(shared, journal, undefined)
      yield* Ref.set(shared.spent, spent(1, "30"))
      yield* Accounts.countIn(shared, journal, Effect.succeed(spent(1, "130")))
      assert.deepStrictEqual(yield* sumOf(shared), [[1, "130"]])
    }))

  it.effect("is counted for each day", () =>
    Effect.gen(function*() {
      const shared = yield* account
      yield* Accounts.countIn(shared, {}, Effect.succeed(spent(2, "20")))
      yield* Accounts.countIn(shared, {}, Effect.succeed(spent(1, "100")))
      yield* Accounts.countIn(shared, {}, Effect.succeed(spent(2, "5")))
      assert.deepStrictEqual((yield* sumOf(shared)).toSorted(), [[1, "100"], [2, "25"]])
    }))
})
