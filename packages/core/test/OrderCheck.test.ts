import { assert, describe, it } from "@effect/vitest"
import { assertLeft } from "@effect/vitest/utils"
import { BigDecimal, Either, FastCheck } from "effect"
import { OrderCheck } from "../src/adapter.js"
import { Decimal, Market, type Order } from "../src/index.js"
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

  const significantDigits = (value: BigDecimal.BigDecimal) => String(BigDecimal.normalize(value).value).length

  it.prop("rounds a price of a market with five significant digits in the order's favour, by less than a digit", {
    price: Amount,
    digits: FastCheck.integer({ min: 1, max: 6 }),
    decimals: FastCheck.integer({ min: 0, max: 8 }),
    side: FastCheck.constantFrom<Array<"buy" | "sell">>("buy", "sell")
  }, ({ decimals, digits, price, side }) => {
    FastCheck.pre(BigDecimal.lessThan(price, BigDecimal.make(1n, -11)))
    const market = { ...unrestricted, ...Market.significantDigits({ digits, decimals }) }
    const fits = (value: BigDecimal.BigDecimal) => significantDigits(value) <= digits && places(value) <= decimals
    const plain = OrderCheck.check(market, limit({ price }))
    assert.strictEqual(Either.isRight(plain), fits(BigDecimal.normalize(price)))
    const rounded = OrderCheck.check(market, limit({ price, side, round: true }))
    if (Either.isLeft(rounded)) {
      assert.isTrue(side === "buy" && BigDecimal.lessThan(price, BigDecimal.make(1n, decimals)), rounded.left)
      return
    }
    const sent = rounded.right.price ?? assert.fail("a limit order has a price")
    assert.isTrue(fits(sent), Decimal.format(sent))
    assert.isTrue(
      side === "buy" ? BigDecimal.lessThanOrEqualTo(sent, price) : BigDecimal.greaterThanOrEqualTo(sent, price)
    )
    // The next price towards the one given is beyond it.
    const place = 10n ** BigInt(Math.max(0, String(price.value).length - digits))
    const step = BigDecimal.max(BigDecimal.make(place, price.scale), BigDecimal.make(1n, decimals))
    assert.isTrue(within(sent, price, step), `${Decimal.format(price)} became ${Decimal.format(sent)}`)
  })

  it("names the tick at the price, and a price with that tick", () => {
    const market = { ...unrestricted, ...Market.significantDigits({ digits: 5, decimals: 8 }) }
    assertLeft(
      OrderCheck.check(market, limit({ price: "64000.5" })),
      "the price 64000.5 is not a multiple of the tick 1 at this price; use 64000, or set `round: true`"
    )
    assertLeft(
      OrderCheck.checkAmendment(market, { price: "1.00005" }, "sell"),
      "the price 1.00005 is not a multiple of the tick 0.0001 at this price; use 1.0000, or set `round: true`"
    )
  })

  it("counts the minimum and the maximum price in the tick at that price", () => {
    const market = {
      ...unrestricted,
      ...Market.significantDigits({ digits: 2, decimals: 2 }),
      minPrice: Decimal.make("1.25"),
      maxPrice: Decimal.make("125")
    }
    assertLeft(
      OrderCheck.check(market, limit({ price: "1.2" })),
      "the price 1.2 is below the minimum for BTC/USDT, 1.3"
    )
    assertLeft(
      OrderCheck.check(market, limit({ price: "130" })),
      "the price 130 is above the maximum for BTC/USDT, 120"
    )
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
