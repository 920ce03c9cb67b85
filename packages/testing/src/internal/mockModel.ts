import type {
  Account,
  Candle,
  ExchangeError,
  ExchangeStatus,
  Fill,
  KeyPermissions,
  Market,
  MarketData,
  Order,
  OrderGuards,
  Position,
  Trade,
  Trading
} from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { InvalidMock } from "./invalidMock.js"

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
  /** What it can do that differs from `Mock.features`: what it cannot is `Unsupported`. */
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
  /** What may not be ordered, as a Layer of an exchange takes them. Nothing is refused unless set. */
  readonly guards?: OrderGuards.Guards | undefined
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
export interface Handle<in E, in Operation extends string = string> {
  /** What would have been sent so far, oldest first: nothing malformed, nothing unlisted, no `tickers` of none. */
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
  /** The next calls fail with these errors, one each. */
  readonly failNext: (...errors: ReadonlyArray<E>) => Effect.Effect<void>
  /** The next calls of this operation fail with these errors, one each; other calls are not touched. */
  readonly failOn: (operation: Operation, ...errors: ReadonlyArray<E>) => Effect.Effect<void>
  /** Every call fails with this error, after those planned by `failNext` and `failOn`, until `recover`. */
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
export class Mock extends Context.Tag("@effect-exchange/testing/internal/mockModel/Mock")<Mock, Mock.Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace Mock {
  /** What {@link Handle} `failOn` can name: what would be sent. */
  type Operation = Exclude<keyof MarketData.MarketData.Service, "exchange">

  interface Service extends MarketData.MarketData.Service, Handle<ExchangeError.MarketDataError, Operation> {
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
  extends Context.Tag("@effect-exchange/testing/internal/mockModel/MockAccount")<MockAccount, MockAccount.Service>()
{}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace MockAccount {
  /** What {@link Handle} `failOn` can name: what would be sent. */
  type Operation = Exclude<keyof Account.Account.Service, "exchange" | "verifyKey">

  interface Service extends Account.Account.Service, Handle<ExchangeError.AccountError, Operation> {
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
  extends Context.Tag("@effect-exchange/testing/internal/mockModel/MockTrading")<MockTrading, MockTrading.Service>()
{}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace MockTrading {
  /** What {@link Handle} `failOn` can name. What fails on `reconcile` is the look-up of one order, which is `Unknown` then. */
  type Operation = Exclude<keyof Trading.Trading.Service, "exchange">

  interface Service extends Trading.Trading.Service, Handle<ExchangeError.TradingError, Operation> {
    /**
     * The answer to the next `place` is lost: the order is placed, and the call fails with an `OutcomeUnknown` that names it.
     * `reconcile` finds it.
     */
    readonly loseNext: Effect.Effect<void>
  }
}
