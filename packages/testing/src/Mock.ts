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
import {
  Account,
  type Candle,
  type ExchangeError,
  type ExchangeStatus,
  type Fill,
  type KeyPermissions,
  type Market,
  MarketData,
  type Order,
  type Position,
  type Trade,
  Trading
} from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { InvalidMock } from "./internal/invalidMock.js"
import * as assembling from "./internal/mocks.js"

export {
  /**
   * What a mock was told makes no sense: `subject` is a symbol or an asset, `field` what is wrong about it.
   *
   * @since 0.1.0
   * @category errors
   */
  InvalidMock
} from "./internal/invalidMock.js"

/**
 * What a mock says of one market, as plain decimals (`"64000.5"`). Without `last` the market has not traded and its
 * price is midway between `bid` and `ask`; without those either it has no price.
 *
 * @since 0.1.0
 * @category models
 */
export interface TickerInput {
  readonly last?: string | undefined
  readonly bid?: string | undefined
  readonly ask?: string | undefined
  readonly open24h?: string | undefined
  readonly high24h?: string | undefined
  readonly low24h?: string | undefined
  readonly volume24h?: string | undefined
  /** Defaults to one trade, of an amount of 1 at `last`, now. */
  readonly trades?: ReadonlyArray<TradeInput> | undefined
  /** Defaults to one in every interval, flat at the price, in which nothing was traded. */
  readonly candles?: ReadonlyArray<CandleInput> | undefined
  readonly market?: MarketInput | undefined
}

/**
 * A public trade: `at` is epoch milliseconds, `side` the taker's (`"buy"` unless set).
 *
 * @since 0.1.0
 * @category models
 */
export interface TradeInput {
  readonly price: string
  readonly amount: string
  readonly at: number
  readonly side?: Trade.Side | undefined
}

/**
 * A candle: `openTime` is epoch milliseconds, `volume` in the base currency (none unless set).
 *
 * @since 0.1.0
 * @category models
 */
export interface CandleInput {
  readonly interval: Candle.Interval
  readonly openTime: number
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  readonly volume?: string | undefined
}

/**
 * What the symbol does not say of its market.
 *
 * @since 0.1.0
 * @category models
 */
export interface MarketInput {
  /** The exchange's own name of the market. Defaults to the symbol with a dash (`BTC-USDT`). */
  readonly id?: string | undefined
  /** Defaults to `"open"`. */
  readonly status?: Market.Status | undefined
  /** The step of prices, such as `"0.01"`. Defaults to none stated. */
  readonly tickSize?: string | undefined
  /** The step of amounts. Defaults to none stated. */
  readonly lotSize?: string | undefined
  /** The least amount of an order. Defaults to none stated. */
  readonly minAmount?: string | undefined
  /** The least an order may be worth, in the quote currency. Defaults to none stated. */
  readonly minNotional?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The exchange that answers. Defaults to `"mock"`. */
  readonly exchange?: string | undefined
  /** What it can do that differs from {@link features}: what it cannot is `Unsupported`. */
  readonly features?: Partial<Adapter.Features> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface AccountOptions extends Options {
  /**
   * By asset, what can be used now and what there is in all (as much unless set otherwise), before what the orders that
   * stand hold. Defaults to nothing.
   */
  readonly balances?: Balances | undefined
  /** Defaults to a key that may read, neither trade nor withdraw, and of whose addresses nothing is known. */
  readonly keyPermissions?: Partial<KeyPermissions.KeyPermissions> | undefined
  /** Orders that stand and orders that ended. Defaults to none. */
  readonly orders?: ReadonlyArray<Order.Order> | undefined
  /** Defaults to none. */
  readonly fills?: ReadonlyArray<Fill.Fill> | undefined
  /** Defaults to `Unsupported`. */
  readonly positions?: ReadonlyArray<Position.Position> | undefined
  /** The markets that are listed, beside those of the orders and fills. Defaults to none more. */
  readonly symbols?: ReadonlyArray<string> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface TradingOptions extends Omit<AccountOptions, "symbols"> {
  /** What every fill costs, as a ratio of what it brings, in that asset: `"0.001"` is 0.1 %. Defaults to nothing. */
  readonly fee?: string | undefined
}

/**
 * Balances in whole units of their assets, as plain decimals: `{ BTC: { free: "0.5", total: "0.75" } }`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Balances {
  readonly [asset: string]: { readonly free: string; readonly total?: string | undefined }
}

/**
 * A call that a client would have sent: `at` is epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Call {
  readonly operation: string
  readonly symbols: ReadonlyArray<string>
  readonly at: number
}

/**
 * What a test does with a mock while it runs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Handle<in E> {
  /** What would have been sent so far, oldest first: nothing malformed, nothing unlisted, no `tickers` of none. */
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
  /** The next calls fail with these errors, one each. */
  readonly failNext: (...errors: ReadonlyArray<E>) => Effect.Effect<void>
  /** Every call fails with this error, after those planned by `failNext`, until `recover`. */
  readonly failWith: (error: E) => Effect.Effect<void>
  /** Forgets every planned failure. */
  readonly recover: Effect.Effect<void>
}

/**
 * The mock of public data: one value with `MarketData`, which is what the program under test asks for.
 *
 * @since 0.1.0
 * @category tags
 */
export class Mock extends Context.Tag("@effect-exchange/testing/Mock")<Mock, Mock.Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace Mock {
  interface Service extends MarketData.MarketData.Service, Handle<ExchangeError.MarketDataError> {
    /**
     * From now on the market is quoted so, and nothing remains of its earlier quote; a new symbol is listed. The market
     * itself stays as it was unless `market` is given. Orders that the quote reaches are filled.
     */
    readonly setPrice: (symbol: string, ticker: TickerInput) => Effect.Effect<void, InvalidMock>
    /** From now on the exchange says so of itself. It serves on: see `failWith` for one that does not. */
    readonly setStatus: (status: ExchangeStatus.ExchangeStatus["status"], detail?: string) => Effect.Effect<void>
  }
}

/**
 * The mock of an account: one value with `Account`.
 *
 * @since 0.1.0
 * @category tags
 */
export class MockAccount
  extends Context.Tag("@effect-exchange/testing/Mock/MockAccount")<MockAccount, MockAccount.Service>()
{}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace MockAccount {
  interface Service extends Account.Account.Service, Handle<ExchangeError.AccountError> {
    /** From now on the account holds this and nothing else; its orders stay. */
    readonly setBalances: (balances: Balances) => Effect.Effect<void, InvalidMock>
  }
}

/**
 * The mock of trading: one value with `Trading`.
 *
 * @since 0.1.0
 * @category tags
 */
export class MockTrading
  extends Context.Tag("@effect-exchange/testing/Mock/MockTrading")<MockTrading, MockTrading.Service>()
{}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace MockTrading {
  interface Service extends Trading.Trading.Service, Handle<ExchangeError.TradingError> {}
}

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
  candles: ["1m", "5m", "15m", "30m", "1h", "4h", "1d"],
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
  Effect.flatMap(assembling.exchange(features, tickers, options), assembling.marketData)

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
    assembling.exchange(features, assembling.listed(options), options),
    (mock) => assembling.account(mock, options, false)
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
 * {@link layer}. It asks for no `OrderJournal`: what became of an order is known when `place` returns, and `reconcile`
 * finds none open.
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
 * const mock = Mock.layerTrading({ "BTC/USDT": { bid: "64000", ask: "64001" } }, { balances: { USDT: { free: "1000" } } })
 *
 * const test = program.pipe(Effect.provide(mock))
 *
 * @since 0.1.0
 * @category layers
 */
export const layerTrading = (
  tickers: { readonly [symbol: string]: TickerInput },
  options: TradingOptions = {}
): Layer.Layer<MarketData.MarketData | Mock | Account.Account | MockAccount | Trading.Trading | MockTrading> =>
  Layer.orDie(Layer.scopedContext(Effect.gen(function*() {
    const mock = yield* assembling.exchange(features, { ...assembling.listed(options), ...tickers }, options)
    const marketData = yield* assembling.marketData(mock)
    const account = yield* assembling.account(mock, options, true)
    const trading = yield* assembling.trading(mock)
    return Context.make(Mock, marketData).pipe(
      Context.add(MarketData.MarketData, marketData),
      Context.add(MockAccount, account),
      Context.add(Account.Account, account),
      Context.add(MockTrading, trading),
      Context.add(Trading.Trading, trading)
    )
  })))
