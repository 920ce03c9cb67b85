/**
 * Mock exchanges made of constants, for testing programs that use an exchange. A mock sends nothing and never waits.
 *
 * Orders trade against a house that buys any amount at the bid and sells any amount at the ask, or at `last` if that
 * side has no quote. An order fills in full or not at all. An open order fills when a later quote reaches it.
 *
 * A mock behaves as a client does: it fails with the same errors for the same mistakes, returns prices as exact
 * decimals, and keeps the requested order. The contract suite tests mocks and exchanges alike (see `Contract`).
 *
 * @since 0.1.0
 */
import { Account, Candle, MarketData, OrderJournal, Trading } from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { InvalidMock } from "./internal/invalidMock.js"
import type { Errors } from "./internal/mockErrors.js"
import * as mockErrors from "./internal/mockErrors.js"
import {
  type AccountOptions,
  Mock,
  MockAccount,
  MockTrading,
  type Options,
  type TickerInput,
  type TradingOptions
} from "./internal/mockModel.js"
import * as mocks from "./internal/mocks.js"

export {
  /**
   * A mock was configured with an invalid value: `subject` is a symbol or an asset, `field` the invalid part of it.
   *
   * @since 0.1.0
   * @category errors
   */
  InvalidMock
} from "./internal/invalidMock.js"

export { type Errors } from "./internal/mockErrors.js"

export {
  type AccountOptions,
  type Balances,
  type Call,
  type CandleInput,
  type Handle,
  type MarketInput,
  Mock,
  MockAccount,
  MockTrading,
  type Options,
  type TickerInput,
  type TradeInput,
  type TradingOptions
} from "./internal/mockModel.js"

/**
 * The default features of a mock: everything except positions and reduce-only orders.
 *
 * @since 0.1.0
 * @category models
 */
export const features: Adapter.Features = {
  name: "Mock",
  kinds: ["spot", "perpetual", "future"],
  testnet: false,
  passphrase: false,
  candles: Candle.Interval.literals,
  positions: false,
  timeInForce: ["GTC", "IOC", "FOK"],
  reduceOnly: false,
  amend: true,
  batch: 100,
  deduplicates: "always"
}

/**
 * Creates a mock from the markets that it lists, keyed by symbol.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  tickers: { readonly [symbol: string]: TickerInput },
  options: Options = {}
): Effect.Effect<Mock.Service, InvalidMock, Scope.Scope> =>
  Effect.flatMap(mocks.exchange(features, tickers, options), mocks.marketData)

/**
 * Creates a mock of an account.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeAccount = (
  options: AccountOptions = {}
): Effect.Effect<MockAccount.Service, InvalidMock, Scope.Scope> =>
  Effect.flatMap(
    mocks.exchange(features, mocks.listed(options), options),
    (mock) => mocks.account(mock, options, false)
  )

/**
 * Provides `MarketData` from constants: `Mock.layer({ "BTC/USDT": { last: "64000.5" } })`. An invalid symbol or price
 * is a mistake in the test, so it is a defect: an `InvalidMock` that names the invalid field.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  tickers: { readonly [symbol: string]: TickerInput },
  options?: Options
): Layer.Layer<MarketData.MarketData | Mock> =>
  Layer.orDie(Layer.scopedContext(
    Effect.map(
      make(tickers, options),
      (service) => Context.make(Mock, service).pipe(Context.add(MarketData.MarketData, service))
    )
  ))

/**
 * Provides `Account` from constants. An invalid balance is a defect, as in {@link layer}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAccount = (options?: AccountOptions): Layer.Layer<Account.Account | MockAccount> =>
  Layer.orDie(Layer.scopedContext(
    Effect.map(
      makeAccount(options),
      (service) => Context.make(MockAccount, service).pipe(Context.add(Account.Account, service))
    )
  ))

/**
 * Provides all three capabilities of one exchange. Placed orders appear in the account, and a quote that is set later
 * fills the orders that it reaches. Only spot markets can be traded. The key may trade by default. Invalid constants
 * are defects, as in {@link layer}.
 *
 * **Details**
 *
 * As in the Layer of an exchange, the `guards` check each order (`OrderDenied`), and a journal records it before and
 * after the call, for `reconcile`. The mock has its own journal, in memory. {@link layerTradingJournaled} takes your
 * journal instead. A planned error reaches the caller without a lookup of the order. If its `outcome` is `Unknown`, the
 * order stays open in the journal.
 *
 * @example
 * import { Trading } from "@effect-exchange/core"
 * import { Mock } from "@effect-exchange/testing"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const trading = yield* Trading.Trading
 *   return yield* trading.place({ type: "market", symbol: "BTC/USDT", side: "buy", amount: "0.01" })
 * })
 *
 * const mock = Mock.layerTrading({ "BTC/USDT": { bid: "64000", ask: "64001" } }, {
 *   balances: { USDT: { free: "1000" } },
 *   guards: { maxNotionalPerOrder: { USDT: "500" } }
 * })
 *
 * const test = Effect.gen(function*() {
 *   const error = yield* Effect.flip(program)
 *   console.log(error.message) // mock.place: the order is worth 640.005 USDT, above the limit of 500 per order
 * }).pipe(Effect.provide(mock))
 *
 * Effect.runFork(test)
 *
 * @since 0.1.0
 * @category layers
 */
export const layerTrading = (
  tickers: { readonly [symbol: string]: TickerInput },
  options: TradingOptions = {}
): Layer.Layer<MarketData.MarketData | Mock | Account.Account | MockAccount | Trading.Trading | MockTrading> =>
  // Fresh for each Layer, so that two mocks share nothing.
  Layer.provide(layerTradingJournaled(tickers, options), Layer.fresh(OrderJournal.layerMemory))

/**
 * Provides the same as {@link layerTrading}, but with the journal of the context, as the Layer of an exchange does. Use
 * it to test how a program at its start handles the orders of an earlier run. A journal that cannot be read is a
 * defect.
 *
 * **Details**
 *
 * Journal entries have the environment and the account `"mock"`. `reconcile` finds an order if the mock was created
 * with, or has accepted, an order with the same client order id and terms.
 *
 * @example
 * import { OrderJournal, Trading } from "@effect-exchange/core"
 * import { Mock } from "@effect-exchange/testing"
 * import { Effect, Layer } from "effect"
 *
 * const mock = Mock.layerTradingJournaled({ "BTC/USDT": { last: "64000" } }, { balances: { USDT: { free: "1000" } } }).pipe(
 *   Layer.provideMerge(OrderJournal.layerMemory)
 * )
 *
 * const test = Effect.gen(function*() {
 *   const trading = yield* Mock.MockTrading
 *   yield* trading.loseNext
 *   yield* Effect.flip(
 *     trading.place({ type: "limit", symbol: "BTC/USDT", side: "buy", amount: "0.01", price: "60000" })
 *   )
 *   for (const { _tag } of yield* trading.reconcile) console.log(_tag) // Placed
 * }).pipe(Effect.provide(mock))
 *
 * Effect.runFork(test)
 *
 * @since 0.1.0
 * @category layers
 */
export const layerTradingJournaled = (
  tickers: { readonly [symbol: string]: TickerInput },
  options: TradingOptions = {}
): Layer.Layer<
  MarketData.MarketData | Mock | Account.Account | MockAccount | Trading.Trading | MockTrading,
  never,
  OrderJournal.OrderJournal
> =>
  Layer.orDie(Layer.scopedContext(Effect.gen(function*() {
    const mock = yield* mocks.exchange(features, { ...mocks.listed(options), ...tickers }, options)
    const marketData = yield* mocks.marketData(mock)
    const account = yield* mocks.account(mock, options, true)
    const trading = yield* mocks.trading(mock, options, yield* OrderJournal.OrderJournal, marketData)
    return Context.make(Mock, marketData).pipe(
      Context.add(MarketData.MarketData, marketData),
      Context.add(MockAccount, account),
      Context.add(Account.Account, account),
      Context.add(MockTrading, trading),
      Context.add(Trading.Trading, trading)
    )
  })))

/**
 * Constructors of all errors, by tag, for `failNext`, `failOn` and `failWith`. Omitted fields have sensible defaults.
 * `timeout` is `requestTimedOut`.
 *
 * @example
 * import { Mock } from "@effect-exchange/testing"
 * import { Effect } from "effect"
 *
 * const test = Effect.gen(function*() {
 *   const market = yield* Mock.Mock
 *   yield* market.failNext(Mock.errors.timeout(), Mock.errors.rateLimited({ operation: "ticker" }))
 *   yield* market.failOn("orderBook", Mock.errors.exchangeUnavailable({ operation: "orderBook" }))
 *   for (const read of [market.orderBook("BTC/USDT"), market.price("BTC/USDT"), market.ticker("BTC/USDT")]) {
 *     console.log((yield* Effect.flip<unknown, { readonly message: string }, never>(read)).message)
 *   }
 * }).pipe(Effect.provide(Mock.layer({ "BTC/USDT": { last: "64000.5" } })))
 *
 * Effect.runFork(test)
 *
 * @since 0.1.0
 * @category errors
 */
export const errors: Errors & { readonly timeout: Errors["requestTimedOut"] } = mockErrors.errors
