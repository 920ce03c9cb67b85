import { type Balance, Decimal, ExchangeSymbol, type Market } from "@effect-exchange/core"
import { OrderCheck } from "@effect-exchange/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Either, FastCheck } from "effect"
import * as Rebalancing from "../src/Rebalancing.js"

const zero = Decimal.make("0")
const sum = (all: ReadonlyArray<BigDecimal.BigDecimal>) => BigDecimal.sumAll(all)

const marketOf = (base: string, limits: { readonly [Name in Limit]?: string | undefined }): Market.Market => {
  const of = (name: Limit) => limits[name] === undefined ? undefined : Decimal.make(limits[name])
  return {
    symbol: ExchangeSymbol.make(`${base}/USDT`),
    id: base,
    kind: "spot",
    status: "open",
    base,
    quote: "USDT",
    tickSize: Decimal.make("0.01"),
    lotSize: of("lotSize"),
    minAmount: of("minAmount"),
    maxAmount: of("maxAmount"),
    minNotional: of("minNotional")
  }
}

type Limit = "lotSize" | "minAmount" | "maxAmount" | "minNotional"

interface Asset {
  readonly name: string
  readonly quote: Rebalancing.Quote
  readonly target: number
  readonly balance: Balance.Balance
}

const hundredths = (value: number) => BigDecimal.make(BigInt(value), 2)

/** A balance of which a percentage is locked. */
const balanceOf = (asset: string, total: BigDecimal.BigDecimal, held: number): Balance.Balance => ({
  asset,
  total,
  free: BigDecimal.multiply(total, hundredths(100 - held))
})

const assetOf = (name: string, held: FastCheck.Arbitrary<number>): FastCheck.Arbitrary<Asset> =>
  FastCheck.record({
    cents: FastCheck.integer({ min: 100, max: 10_000_000 }),
    spread: FastCheck.integer({ min: 0, max: 100 }),
    lotSize: FastCheck.constantFrom("0.00001", "0.01", "0.5"),
    minAmount: FastCheck.constantFrom(undefined, "0.1", "1"),
    minNotional: FastCheck.constantFrom(undefined, "5", "10"),
    maxAmount: FastCheck.constantFrom(undefined, "9000"),
    units: FastCheck.integer({ min: 0, max: 1_000_000 }),
    held,
    target: FastCheck.integer({ min: 0, max: 33 })
  }).map(({ cents, held, spread, target, units, ...limits }) => ({
    name,
    target,
    balance: balanceOf(name, BigDecimal.make(BigInt(units), 4), held),
    quote: {
      bid: hundredths(cents),
      ask: hundredths(cents + spread),
      market: marketOf(name, limits)
    }
  }))

const scene = (held: FastCheck.Arbitrary<number>, tolerance: FastCheck.Arbitrary<number>) =>
  FastCheck.record({
    assets: FastCheck.tuple(assetOf("A", held), assetOf("B", held), assetOf("C", held)),
    cash: FastCheck.integer({ min: 0, max: 100_000_000 }),
    held,
    fee: FastCheck.constantFrom("0", "0.001", "0.05"),
    tolerance
  }).map(({ assets, cash, fee, held, tolerance }) => ({
    quotes: new Map(assets.map(({ name, quote }) => [name, quote])),
    balances: [balanceOf("USDT", hundredths(cash), held), ...assets.map(({ balance }) => balance)],
    portfolio: {
      cash: "USDT",
      targets: Object.fromEntries(assets.map(({ name, target }) => [name, hundredths(target)])),
      tolerance: hundredths(tolerance),
      fee: Decimal.make(fee)
    } satisfies Rebalancing.Portfolio
  }))

const any = scene(FastCheck.integer({ min: 0, max: 100 }), FastCheck.integer({ min: 0, max: 20 }))

const cost = ({ amount, price }: Rebalancing.Planned) => BigDecimal.multiply(amount, price)

const freeOf = (balances: ReadonlyArray<Balance.Balance>, asset: string) =>
  balances.find((balance) => balance.asset === asset)?.free ?? zero

/** The balances once the orders are filled, without fees. */
const filled = (balances: ReadonlyArray<Balance.Balance>, orders: ReadonlyArray<Rebalancing.Planned>) =>
  balances.map(({ asset, total }) => {
    const change = orders.map((order) => {
      const sign = order.side === "buy" ? (value: BigDecimal.BigDecimal) => value : BigDecimal.negate
      return asset === "USDT"
        ? BigDecimal.negate(sign(cost(order)))
        : order.market.base === asset
        ? sign(order.amount)
        : zero
    })
    return balanceOf(asset, sum([total, ...change]), 0)
  })

describe("a plan", () => {
  it.prop("never spends more than the free balance, fees included", [any], ([{ balances, portfolio, quotes }]) => {
    const orders = Rebalancing.plan(portfolio, balances, quotes)
    const spent = sum(orders.filter(({ side }) => side === "buy").map(cost))
    const withFee = BigDecimal.multiply(spent, BigDecimal.sum(Decimal.make("1"), portfolio.fee))
    assert.isTrue(BigDecimal.lessThanOrEqualTo(withFee, freeOf(balances, "USDT")))
    for (const { amount, market, side } of orders) {
      if (side === "sell") assert.isTrue(BigDecimal.lessThanOrEqualTo(amount, freeOf(balances, market.base)))
    }
  }, { fastCheck: { numRuns: 300 } })

  it.prop("has only orders that pass the check of their market", [any], ([{ balances, portfolio, quotes }]) => {
    for (const { amount, market, price, side } of Rebalancing.plan(portfolio, balances, quotes)) {
      const checked = OrderCheck.check(market, { type: "limit", symbol: market.symbol, side, amount, price })
      assert.isTrue(Either.isRight(checked), Either.isLeft(checked) ? checked.left : "")
    }
  }, { fastCheck: { numRuns: 300 } })

  it.prop("sells only assets above their target and buys only assets below it", [any], ([scene]) => {
    const { balances, portfolio, quotes } = scene
    const weights = Rebalancing.weights(portfolio, balances, quotes)
    for (const { market: { base }, side } of Rebalancing.plan(portfolio, balances, quotes)) {
      const [weight, target] = [weights.get(base) ?? zero, portfolio.targets[base] ?? zero]
      assert.isTrue(
        side === "buy" ? BigDecimal.lessThan(weight, target) : BigDecimal.greaterThanOrEqualTo(weight, target)
      )
    }
  })

  const fillable = scene(FastCheck.constant(0), FastCheck.integer({ min: 0, max: 20 }))

  it.prop("brings each weight within the tolerance, as far as minimum order sizes allow", [fillable], ([scene]) => {
    const quotes = new Map(
      Array.from(scene.quotes, ([name, { bid, market }]) => {
        const { maxAmount: _, ...unlimited } = market
        return [name, { market: unlimited, bid, ask: bid }]
      })
    )
    const portfolio = { ...scene.portfolio, fee: zero }
    const once = filled(scene.balances, Rebalancing.plan(portfolio, scene.balances, quotes))
    const twice = filled(once, Rebalancing.plan(portfolio, once, quotes))
    const after = filled(twice, Rebalancing.plan(portfolio, twice, quotes))
    const total = sum([
      freeOf(after, "USDT"),
      ...Array.from(quotes, ([name, { bid }]) => BigDecimal.multiply(freeOf(after, name), bid))
    ])
    // Deviations too small for any order, and the cash that is missing because of them.
    const least = sum(Array.from(quotes, ([, { bid, market }]) =>
      sum([
        BigDecimal.multiply(sum([market.minAmount ?? zero, market.lotSize ?? zero]), bid),
        market.minNotional ?? zero
      ])))
    for (const [name, weight] of Rebalancing.weights(portfolio, after, quotes)) {
      const off = BigDecimal.multiply(
        BigDecimal.abs(BigDecimal.subtract(weight, portfolio.targets[name] ?? zero)),
        total
      )
      const allowed = sum([BigDecimal.multiply(portfolio.tolerance, total), least, Decimal.make("0.000001")])
      assert.isTrue(BigDecimal.lessThanOrEqualTo(off, allowed), `${name} is off by ${Decimal.format(off)}`)
    }
  }, { fastCheck: { numRuns: 300 } })

  it.prop("is empty while each weight is within the tolerance", [any], ([{ balances, portfolio, quotes }]) => {
    const generous = { ...portfolio, tolerance: Decimal.make("1") }
    assert.deepStrictEqual(Rebalancing.plan(generous, balances, quotes), [])
  })

  it("sells and buys to the targets in one plan", () => {
    const market = (base: string) => marketOf(base, { lotSize: "0.001", minNotional: "5" })
    const orders = Rebalancing.plan(
      {
        cash: "USDT",
        targets: { BTC: Decimal.make("0.5"), ETH: Decimal.make("0.3") },
        tolerance: Decimal.make("0.05"),
        fee: Decimal.make("0")
      },
      [balanceOf("USDT", Decimal.make("4000"), 0), balanceOf("BTC", Decimal.make("0.1"), 0)],
      new Map([
        ["BTC", { market: market("BTC"), bid: Decimal.make("59999"), ask: Decimal.make("60001") }],
        ["ETH", { market: market("ETH"), bid: Decimal.make("2999.5"), ask: Decimal.make("3000.5") }]
      ])
    )
    assert.deepStrictEqual(
      orders.map(({ amount, market, price, side }) =>
        [side, Decimal.format(amount), market.symbol, Decimal.format(price)].join(" ")
      ),
      ["sell 0.016 BTC/USDT 60001", "buy 1 ETH/USDT 2999.5"]
    )
  })
})
