import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Either, FastCheck } from "effect"
import { OrderCheck } from "../src/adapter.js"
import { Decimal, type Market, type Order } from "../src/index.js"
import { bitcoin } from "./support/exchange.js"

const Step = FastCheck.constantFrom("0.00000001", "0.001", "0.05", "0.25", "0.5", "1", "5", "10", "2.5").map(
  Decimal.make
)

const Amount = FastCheck.tuple(
  FastCheck.bigInt({ min: 1n, max: 10n ** 14n }),
  FastCheck.integer({ min: 0, max: 12 })
).map(([value, scale]) => BigDecimal.make(value, scale))

const unrestricted: Market.Market = {
  symbol: bitcoin.symbol,
  id: "BTCUSDT",
  kind: "spot",
  status: "open",
  base: "BTC",
  quote: "USDT"
}

const limit = (request: Partial<Order.LimitRequest>): Order.LimitRequest => ({
  type: "limit",
  symbol: "BTC/USDT",
  side: "buy",
  amount: "1",
  price: "100",
  ...request
})

const isMultiple = (value: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal) =>
  BigDecimal.isZero(BigDecimal.unsafeRemainder(value, step))

const places = (value: BigDecimal.BigDecimal) => Decimal.format(value).split(".")[1]?.length ?? 0

const within = (value: BigDecimal.BigDecimal, of: BigDecimal.BigDecimal, step: BigDecimal.BigDecimal) =>
  BigDecimal.lessThan(BigDecimal.abs(BigDecimal.subtract(value, of)), step)

describe("OrderCheck", () => {
  it("accepts a reduce-only order below the minimum notional, which closes a small position", () => {
    const market = { ...unrestricted, minNotional: Decimal.make("5") }
    const small = limit({ amount: "0.01", side: "sell" })
    assert.isTrue(Either.isLeft(OrderCheck.check(market, small)))
    assert.isTrue(Either.isRight(OrderCheck.check(market, { ...small, reduceOnly: true })))
  })

  it.prop("rounds the amount down and the price in the order's favour, each by less than a step", {
    amount: Amount,
    price: Amount,
    lotSize: Step,
    tickSize: Step,
    side: FastCheck.constantFrom<Array<"buy" | "sell">>("buy", "sell")
  }, ({ amount, lotSize, price, side, tickSize }) => {
    const checked = OrderCheck.check(
      { ...unrestricted, lotSize, tickSize },
      limit({ amount, price, side, round: true })
    )
    if (Either.isLeft(checked)) {
      // A buy below one tick and an amount below one step have no multiple to round down to.
      assert.isTrue(
        BigDecimal.lessThan(amount, lotSize) || (side === "buy" && BigDecimal.lessThan(price, tickSize)),
        checked.left
      )
      return
    }
    const sent = checked.right
    assert.isTrue(isMultiple(sent.amount, lotSize))
    assert.isTrue(BigDecimal.lessThanOrEqualTo(sent.amount, amount))
    assert.isTrue(within(sent.amount, amount, lotSize))
    assert.isDefined(sent.price)
    assert.isTrue(isMultiple(sent.price, tickSize))
    assert.isTrue(
      side === "buy"
        ? BigDecimal.lessThanOrEqualTo(sent.price, price)
        : BigDecimal.greaterThanOrEqualTo(sent.price, price)
    )
    assert.isTrue(within(sent.price, price, tickSize))
    assert.isAtMost(places(sent.price), places(tickSize), "exchanges refuse more decimals than the step has")
    assert.isAtMost(places(sent.amount), places(lotSize))
  })

  it.prop(
    "without rounding accepts only multiples of the step, unchanged, and otherwise proposes an amount it accepts",
    {
      amount: Amount,
      lotSize: Step
    },
    ({ amount, lotSize }) => {
      const market = { ...unrestricted, lotSize }
      const checked = OrderCheck.check(market, limit({ amount }))
      assert.strictEqual(Either.isRight(checked), isMultiple(amount, lotSize))
      if (Either.isRight(checked)) {
        assert.isTrue(BigDecimal.equals(checked.right.amount, amount))
        return
      }
      const [, below, least] = /; (?:use (\S+), or|the minimum is (\S+)$)/.exec(checked.left) ?? []
      assert.isTrue(Either.isRight(OrderCheck.check(market, limit({ amount: below ?? least ?? "" }))), checked.left)
    }
  )

  it.prop("treats an amount given as text like the same decimal", [Amount], ([amount]) => {
    assert.deepStrictEqual(
      OrderCheck.check(unrestricted, limit({ amount: Decimal.format(amount) })),
      OrderCheck.check(unrestricted, limit({ amount }))
    )
  })

  it("limits of amount and price are inclusive, and the minimum notional is price times amount", () => {
    const accepts = (request: Partial<Order.LimitRequest>) =>
      Either.isRight(OrderCheck.check(bitcoin, limit({ price: "60000", ...request })))
    assert.deepStrictEqual(["0.002", "10", "0.001", "10.001"].map((amount) => accepts({ amount })), [
      true,
      true,
      false,
      false
    ])
    assert.deepStrictEqual(["1", "1000000", "0.99", "1000000.01"].map((price) => accepts({ amount: "5", price })), [
      true,
      true,
      false,
      false
    ])
    assert.isTrue(accepts({ amount: "0.005", price: "1000" }))
    assert.isFalse(accepts({ amount: "0.005", price: "999.99" }))
  })

  it("checks no limit that the market does not state", () => {
    assert.isTrue(
      Either.isRight(OrderCheck.check(unrestricted, limit({ amount: "0.123456789", price: "0.000000001" })))
    )
  })

  it("a market order has no price and is IOC", () => {
    const checked = Either.getOrThrow(
      OrderCheck.check(bitcoin, { type: "market", symbol: "BTC/USDT", side: "sell", amount: "0.01" })
    )
    assert.deepInclude(checked, { type: "market", price: undefined, timeInForce: "IOC", postOnly: false })
  })

  for (const status of ["halted", "closed"] as const) {
    it(`refuses an order for a market that is ${status}`, () => {
      const checked = OrderCheck.check({ ...bitcoin, status }, limit({}))
      assert.include(Either.isLeft(checked) ? checked.left : "", status)
    })
  }

  it("accepts an order for a market whose status is unknown", () => {
    assert.isTrue(Either.isRight(OrderCheck.check({ ...bitcoin, status: "unknown" }, limit({}))))
  })

  for (
    const amount of ["", " 1", "1e3", "+1", "0x1", "1,000", "NaN", "Infinity", "٣", "1".repeat(41), "0", "-1", "0.0"]
  ) {
    it(`refuses ${JSON.stringify(amount)} as an amount and as a price`, () => {
      assert.isTrue(Either.isLeft(OrderCheck.check(unrestricted, limit({ amount }))))
      assert.isTrue(Either.isLeft(OrderCheck.check(unrestricted, limit({ price: amount }))))
      assert.isTrue(Either.isLeft(OrderCheck.checkAmendment(unrestricted, { amount }, "buy")))
    })
  }

  it("refuses an empty amendment, and keeps only the fields that change", () => {
    assert.isTrue(Either.isLeft(OrderCheck.checkAmendment(bitcoin, {}, "buy")))
    const change = Either.getOrThrow(OrderCheck.checkAmendment(bitcoin, { price: "60000.25" }, "buy"))
    assert.strictEqual(change.amount, undefined)
    assert.strictEqual(change.price && Decimal.format(change.price), "60000.25")
  })
})
