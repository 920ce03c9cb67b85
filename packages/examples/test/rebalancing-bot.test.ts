import { Binance } from "@effect-exchange/binance"
import { Account, Decimal, MarketData, OrderJournal, Trading } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { Mock } from "@effect-exchange/testing"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Layer } from "effect"
import * as Rebalancing from "../src/Rebalancing.js"
import * as RebalancingBot from "../src/RebalancingBot.js"

const portfolio: Rebalancing.Portfolio = {
  cash: "USDT",
  targets: { BTC: Decimal.make("0.5"), ETH: Decimal.make("0.3") },
  tolerance: Decimal.make("0.01"),
  fee: Decimal.make("0.001")
}

const market = { tickSize: "1", lotSize: "0.001", minNotional: "5" }

const tickers = {
  "BTC/USDT": { bid: "59999", ask: "60001", last: "60000", market },
  "ETH/USDT": { bid: "2999", ask: "3001", last: "3000", market }
}

const options: Mock.TradingOptions = { balances: { USDT: { free: "10000" } } }

const mocked = (maxPerDay: string) =>
  Mock.layerTrading(tickers, { ...options, guards: RebalancingBot.guards(portfolio, maxPerDay) })

const openOrders = Effect.map(
  Effect.flatMap(Account.Account, (account) => account.openOrders()),
  (orders) => orders.map(({ amount, side, symbol }) => [side, amount && Decimal.format(amount), symbol].join(" "))
)

const both = ["buy 0.083 BTC/USDT", "buy 1 ETH/USDT"]

describe("a rebalancing bot", () => {
  it.effect("sends nothing in a dry run", () =>
    Effect.gen(function*() {
      const planned = yield* RebalancingBot.dryRun(portfolio)
      assert.strictEqual(planned.length, 2)
      const calls = yield* Effect.flatMap(Mock.MockTrading, ({ calls }) => calls)
      assert.deepStrictEqual(calls, [])
    }).pipe(Effect.provide(mocked("100000"))))

  it.effect("places the planned orders, and replaces those that are still open", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* RebalancingBot.round(portfolio)).length, 2)
      assert.deepStrictEqual(yield* openOrders, both)
      yield* RebalancingBot.round(portfolio)
      assert.deepStrictEqual(yield* openOrders, both)
    }).pipe(Effect.provide(mocked("100000"))))

  it.effect("places post-only orders", () =>
    Effect.gen(function*() {
      const orders = yield* RebalancingBot.round(portfolio)
      assert.deepStrictEqual(orders.map(({ postOnly, status }) => [postOnly, status]), [[true, "open"], [true, "open"]])
    }).pipe(Effect.provide(mocked("100000"))))

  it.effect("places only the orders that its guards allow", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* RebalancingBot.round(portfolio)).length, 1)
      assert.deepStrictEqual(yield* openOrders, ["buy 0.083 BTC/USDT"])
    }).pipe(Effect.provide(mocked("5000"))))

  it.effect("places the other orders when one is rejected", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      yield* trading.failOn("place", Mock.errors.orderRejected())
      assert.strictEqual((yield* RebalancingBot.round(portfolio)).length, 1)
      assert.deepStrictEqual(yield* openOrders, ["buy 1 ETH/USDT"])
    }).pipe(Effect.provide(mocked("100000"))))

  it.effect("ends the round when the outcome of an order is unknown, and reconciles it in the next", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      yield* trading.loseNext
      assert.strictEqual((yield* Effect.flip(RebalancingBot.round(portfolio)))._tag, "OutcomeUnknown")
      assert.deepStrictEqual(yield* openOrders, ["buy 0.083 BTC/USDT"])
      yield* RebalancingBot.round(portfolio)
      assert.deepStrictEqual(yield* openOrders, both)
    }).pipe(Effect.provide(mocked("100000"))))

  it.effect("places nothing while an order of an earlier run cannot be reconciled", () =>
    Effect.gen(function*() {
      const trading = yield* Mock.MockTrading
      yield* trading.failOn("reconcile", Mock.errors.exchangeUnavailable())
      assert.strictEqual((yield* Effect.flip(RebalancingBot.round(portfolio)))._tag, "ExchangeUnavailable")
      assert.deepStrictEqual((yield* trading.calls).map(({ operation }) => operation), ["reconcile"])
      yield* RebalancingBot.round(portfolio)
      assert.deepStrictEqual(yield* openOrders, both)
    }).pipe(Effect.provide(
      Mock.layerTradingJournaled(tickers, options).pipe(Layer.provide(Layer.tap(OrderJournal.layerMemory, (context) =>
        Effect.flatMap(OrderJournal.OrderJournal, (journal) =>
          journal.append({
            _tag: "Intent",
            exchange: "mock",
            environment: "mock",
            account: "mock",
            clientOrderId: "of-the-run-before",
            symbol: "BTC/USDT",
            side: "buy",
            type: "limit",
            amount: "0.1",
            price: "59999",
            timeInForce: "GTC",
            at: 0
          })).pipe(Effect.provide(context)))))
    )))

  it.effect("plans no orders while a market has no price", () =>
    Effect.gen(function*() {
      yield* Effect.flatMap(Mock.Mock, (mock) => mock.setPrice("ETH/USDT", {}))
      assert.deepStrictEqual(yield* RebalancingBot.dryRun(portfolio), [])
    }).pipe(Effect.provide(mocked("100000"))))

  it.effect("brings an account to its target weights in several rounds", () =>
    Effect.gen(function*() {
      const binance = yield* Effect.flatMap(Simulator.Simulators, (simulators) => simulators.get("binance"))
      for (const _ of [1, 2, 3]) {
        for (const { id } of yield* RebalancingBot.round(portfolio)) yield* binance.fill(id)
      }
      assert.deepStrictEqual(yield* RebalancingBot.round(portfolio), [])
      const market = yield* MarketData.MarketData
      const { balances } = yield* Account.Account
      const quotes = yield* Effect.forEach(["BTC", "ETH"], (asset) =>
        Effect.map(
          Effect.all([market.market(`${asset}/USDT`), market.price(`${asset}/USDT`)]),
          ([market, { amount }]) => [asset, { market, bid: amount, ask: amount }] as const
        ))
      for (const [asset, weight] of Rebalancing.weights(portfolio, yield* balances, new Map(quotes))) {
        const off = BigDecimal.abs(BigDecimal.subtract(weight, portfolio.targets[asset] ?? weight))
        assert.isTrue(BigDecimal.lessThan(off, Decimal.make("0.011")), `${asset}: ${Decimal.format(weight)}`)
      }
      const trading = yield* Trading.Trading
      assert.deepStrictEqual(yield* trading.reconcile, [])
    }).pipe(Effect.provide(
      Binance.layer({
        environment: Simulator.environment("binance"),
        credentials: Simulator.credentials("binance"),
        guards: RebalancingBot.guards(portfolio, "1000000")
      }).pipe(
        Layer.provide(OrderJournal.layerMemory),
        Layer.provideMerge(Simulator.layer("binance"))
      )
    )))
})
