import { assert, describe, it } from "@effect/vitest"
import { assertNone } from "@effect/vitest/utils"
import { BigDecimal, Either, FastCheck, Option } from "effect"
import { Decimal, type Order, OrderGuards } from "../src/index.js"
import { bitcoin } from "./support/exchange.js"

const day = 86_400_000

const order = (amount: BigDecimal.BigDecimal, price: BigDecimal.BigDecimal | undefined): Order.Checked => ({
  market: bitcoin,
  side: "buy",
  type: price === undefined ? "market" : "limit",
  amount,
  price,
  timeInForce: "GTC",
  postOnly: false,
  reduceOnly: false
})

const dollars = (text: string) => order(Decimal.make("1"), Decimal.make(text))

const spentOn = (spent: OrderGuards.Spent) => spent.byCurrency.get("USDT") ?? Decimal.make("0")

const Step = FastCheck.record({
  worth: FastCheck.bigInt({ min: 1n, max: 600n }),
  after: FastCheck.integer({ min: 0, max: day }),
  placed: FastCheck.boolean()
})

describe("OrderGuards", () => {
  it.prop(
    "the orders of a day never exceed maxNotionalPerDay, and their total is exact",
    [FastCheck.array(Step, { maxLength: 30 })],
    ([steps]) => {
      const guards: OrderGuards.Guards = { maxNotionalPerDay: { USDT: "1000" } }
      let spent = OrderGuards.emptyTotal
      let now = 0
      const placed = new Map<number, bigint>()
      for (const step of steps) {
        now += step.after
        const today = Math.floor(now / day)
        const before = placed.get(today) ?? 0n
        const one = order(Decimal.make("1"), BigDecimal.fromBigInt(step.worth))
        const admitted = OrderGuards.admit(guards, spent, one, undefined, now)
        assert.strictEqual(Either.isRight(admitted), before + step.worth <= 1000n)
        if (Either.isLeft(admitted)) {
          assert.strictEqual(admitted.left.guard, "maxNotionalPerDay")
          continue
        }
        const [worth, next] = admitted.right
        spent = step.placed ? next : OrderGuards.release(next, "USDT", worth, now)
        if (step.placed) placed.set(today, before + step.worth)
        const total = placed.get(today) ?? 0n
        assert.isTrue(BigDecimal.equals(spentOn(spent), BigDecimal.fromBigInt(total)))
      }
    }
  )

  it("an order begun before midnight and checked after an order of the new day counts towards the new day", () => {
    const guards: OrderGuards.Guards = { maxNotionalPerDay: { USDT: "10" } }
    const [, after] = Either.getOrThrow(OrderGuards.admit(guards, OrderGuards.emptyTotal, dollars("8"), undefined, day))
    assert.isTrue(Either.isLeft(OrderGuards.admit(guards, after, dollars("8"), undefined, day - 1)))
    const [, both] = Either.getOrThrow(OrderGuards.admit(guards, after, dollars("2"), undefined, day - 1))
    assert.isTrue(Either.isLeft(OrderGuards.admit(guards, both, dollars("1"), undefined, day)))
  })

  it("releasing an order of another day leaves the total of the current day unchanged", () => {
    const [, spent] = Either.getOrThrow(OrderGuards.admit({}, OrderGuards.emptyTotal, dollars("8"), undefined, day))
    assert.isTrue(
      BigDecimal.equals(spentOn(OrderGuards.release(spent, "USDT", Decimal.make("5"), day - 1)), Decimal.make("8"))
    )
  })

  it("a market order is valued at the last price, an inverse order by its contracts", () => {
    const guards: OrderGuards.Guards = { maxNotionalPerOrder: { USDT: "100" } }
    const market = order(Decimal.make("2"), undefined)
    assert.isTrue(OrderGuards.needsPrice(guards, market))
    const admitted = (price: string) =>
      OrderGuards.admit(guards, OrderGuards.emptyTotal, market, Decimal.make(price), 0)
    assert.isTrue(Either.isRight(admitted("50")))
    assert.isTrue(Either.isLeft(admitted("50.01")))
    const inverse = { ...market, market: { ...bitcoin, inverse: true, multiplier: Decimal.make("10") } }
    assert.isFalse(OrderGuards.needsPrice(guards, inverse))
    const contracts = (amount: string) =>
      OrderGuards.admit(guards, OrderGuards.emptyTotal, { ...inverse, amount: Decimal.make(amount) }, undefined, 0)
    assert.isTrue(Either.isRight(contracts("10")))
    assert.isTrue(Either.isLeft(contracts("11")))
  })

  it("needs the last price only for guards that use it", () => {
    assert.isFalse(OrderGuards.needsPrice({}, dollars("1")))
    assert.isFalse(OrderGuards.needsPrice({ maxNotionalPerDay: { USDT: "1" } }, dollars("1")))
    assert.isFalse(OrderGuards.needsPrice({ maxNotionalPerDay: { EUR: "1" } }, order(Decimal.make("1"), undefined)))
    assert.isTrue(OrderGuards.needsPrice({ priceBand: "0.1" }, dollars("1")))
    assert.isFalse(OrderGuards.needsPrice({ priceBand: "0.1" }, order(Decimal.make("1"), undefined)))
  })

  it("refuses an order in a currency without a limit if limits are set, and names the currency", () => {
    for (const guards of [{ maxNotionalPerDay: { EUR: "1" } }, { maxNotionalPerOrder: { EUR: "1" } }]) {
      const admitted = OrderGuards.admit(guards, OrderGuards.emptyTotal, dollars("1"), undefined, 0)
      assert.strictEqual(Either.isLeft(admitted) ? admitted.left.guard : "", Object.keys(guards)[0])
      assert.include(Either.isLeft(admitted) ? admitted.left.detail : "", "no limit is set for orders in USDT")
    }
    assert.isTrue(
      Either.isRight(
        OrderGuards.admit({ symbols: ["BTC/USDT"] }, OrderGuards.emptyTotal, dollars("1000"), undefined, 0)
      )
    )
  })

  it.prop(
    "priceBand is inclusive and symmetric",
    [FastCheck.integer({ min: 1, max: 30_000 })],
    ([price]) => {
      const admitted = OrderGuards.admit(
        { priceBand: "0.5" },
        OrderGuards.emptyTotal,
        dollars(String(price)),
        Decimal.make("10000"),
        0
      )
      assert.strictEqual(Either.isRight(admitted), price >= 5000 && price <= 15_000)
    }
  )

  it("an amendment counts the notional it adds, and nothing if it reduces the order", () => {
    const guards: OrderGuards.Guards = { maxNotionalPerDay: { USDT: "10" } }
    const admit = (spent: OrderGuards.Spent, after: string, before?: string) =>
      OrderGuards.admit(
        guards,
        spent,
        dollars(after),
        undefined,
        day,
        before === undefined ? undefined : dollars(before)
      )
    const [, first] = Either.getOrThrow(admit(OrderGuards.emptyTotal, "8"))
    const [added, second] = Either.getOrThrow(admit(first, "10", "8"))
    assert.strictEqual(Decimal.format(added), "2")
    assert.isTrue(Either.isLeft(admit(second, "11", "10")))
    const [less] = Either.getOrThrow(admit(second, "9", "10"))
    assert.strictEqual(Decimal.format(less), "0")
  })

  it("an order whose amount is unknown is refused by any guard, and admitted without guards", () => {
    const admitted = (guards: OrderGuards.Guards) =>
      OrderGuards.admit(guards, OrderGuards.emptyTotal, undefined, undefined, day)
    assert.isTrue(Either.isRight(admitted({})))
    for (const guards of [{ symbols: ["BTC/USDT"] }, { priceBand: "0.1" }, { maxNotionalPerDay: { USDT: "1" } }]) {
      assert.isTrue(Either.isLeft(admitted(guards)))
    }
  })

  it("restores the day's total from a journal: open and placed orders count, others and other days do not", () => {
    const worth = (amount: string) => ({ currency: "USDT", amount })
    const spent = OrderGuards.fromJournal([
      { at: day - 1, worth: worth("1000"), outcome: "Placed" },
      { at: day, worth: worth("1.5"), outcome: "Placed" },
      { at: day + 1, worth: worth("2"), outcome: "Open" },
      { at: day + 2, worth: worth("4"), outcome: "NotPlaced" },
      { at: day + 3, outcome: "Placed" },
      { at: 2 * day, worth: worth("1000"), outcome: "Open" }
    ], day + 10)
    assert.strictEqual(Decimal.format(spentOn(spent)), "3.5")
    // What reconciling reports as NotPlaced is released.
    const after = OrderGuards.release(spent, "USDT", Decimal.make("2"), day + 1)
    assert.strictEqual(Decimal.format(spentOn(after)), "1.5")
    const guards: OrderGuards.Guards = { maxNotionalPerDay: { USDT: "10" } }
    assert.isTrue(Either.isLeft(OrderGuards.admit(guards, after, dollars("8.6"), undefined, day + 11)))
    assert.isTrue(Either.isRight(OrderGuards.admit(guards, after, dollars("8.5"), undefined, day + 11)))
  })

  it("validate names the guard that is invalid", () => {
    assertNone(OrderGuards.validate({}))
    assertNone(OrderGuards.validate({ maxNotionalPerDay: { USDT: "1.5" }, priceBand: "0.05", symbols: [] }))
    for (
      const [guards, names] of [
        [{ maxNotionalPerOrder: { USDT: "1e3" } }, "maxNotionalPerOrder.USDT"],
        [{ maxNotionalPerDay: { USDT: "0" } }, "maxNotionalPerDay.USDT"],
        [{ priceBand: "-0.1" }, "priceBand"],
        [{ maxNotionalPerOrder: { usdt: "1000" } }, `currencies as exchanges write them, such as "USDT", found "usdt"`],
        [{ maxNotionalPerDay: { "USDT ": "1000" } }, `found "USDT "`],
        [{ symbols: ["BTC/USDT", "btc-usdt"] }, `symbols such as "BTC/USDT", found "btc-usdt"`]
      ] as const
    ) {
      assert.include(Option.getOrElse(OrderGuards.validate(guards), () => ""), names)
    }
  })

  it("validate reports unknown guards and values of the wrong type from untyped code", () => {
    const problemOf = (guards: unknown): string =>
      Option.getOrElse(Reflect.apply(OrderGuards.validate, undefined, [guards]), () => "")
    assert.include(problemOf({ maxNotionalPerTrade: { USDT: "1" } }), `unknown guard "maxNotionalPerTrade"`)
    assert.include(problemOf({ symbols: "BTC/USDT,ETH/USDT" }), "expected an array")
    assert.include(problemOf({ symbols: [undefined] }), "symbols such as")
    assert.include(problemOf({ maxNotionalPerOrder: { USDT: 1000 } }), "as text, found a number")
    assert.include(problemOf({ maxNotionalPerOrder: "1000" }), "limits by currency")
    assert.include(problemOf(null), "expected an object")
  })
})
