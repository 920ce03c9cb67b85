/**
 * Exchanges made of constants, for tests of programs that use one: nothing is sent, nothing waits.
 *
 * What trades does so against a house that buys any amount at the bid and sells any amount at the ask (at `last`, where
 * a side is not quoted): an order fills whole or not at all, and one that stands fills when a later quote reaches it. A
 * mock answers as a client would: the same errors for the same mistakes, prices as exact decimals, the order asked for.
 * It is held to the same contract suite as the exchanges themselves (see `Contract`).
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
   * What a mock was told makes no sense: `subject` is a symbol or an asset, `field` what is wrong about it.
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
 * What a mock can do unless told otherwise: everything that does not take a position.
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
 * A mock from the markets it lists, by symbol.
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
 * A mock of an account.
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
 * `MarketData` from constants: `Mock.layer({ "BTC/USDT": { last: "64000.5" } })`. A bad symbol or price in them is a
 * mistake in the test, so it is a defect: an `InvalidMock` that says where.
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
 * `Account` from constants. A bad balance in them is a defect, as in {@link layer}.
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
 * All three capabilities of one exchange: what is placed shows in the account, and a quote set later fills what it
 * reaches. Spot markets only; the key may trade unless told otherwise. Constants that make no sense are defects, as in
 * {@link layer}.
 *
 * **Details**
 *
 * Orders are refused by the `guards` (`OrderDenied`), written into a journal before and after, and reconciled, as a Layer
 * of an exchange does it. The journal is a mock's own, in memory; {@link layerTradingJournaled} takes yours. An error that a
 * test planned is what the caller gets: nothing is looked up. One whose `outcome` is `Unknown` leaves the order open in the
 * journal.
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
 *   console.log(error.message) // mock.place: the order is worth 640.005 USDT, more than the 500 one may be
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
  // Anew for each Layer: two mocks share nothing.
  Layer.provide(layerTradingJournaled(tickers, options), Layer.fresh(OrderJournal.layerMemory))

/**
 * As {@link layerTrading}, with the journal that it is provided with, as a Layer of an exchange is: for tests of what a
 * program does at its start about the orders of an earlier run. A journal that cannot be read is a defect.
 *
 * **Details**
 *
 * Its entries are of the environment and the account `"mock"`. An order is there if the mock was given one, or took one, of
 * the same name and terms.
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
 * An error of each kind, for `failNext`, `failOn` and `failWith`: by the tag of it, with something sensible in every field
 * that is not given. `timeout` is `requestTimedOut`.
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
