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
 * The data of one market in a mock, as plain decimals (`"64000.5"`). Without `last` the market has not traded, and its
 * price is the middle of `bid` and `ask`. Without those it has no price.
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
  /** Defaults to one trade of the amount 1 at `last`, now. */
  readonly trades?: ReadonlyArray<TradeInput> | undefined
  /** Defaults to a flat candle at the price in every interval, without volume. */
  readonly candles?: ReadonlyArray<CandleInput> | undefined
  readonly market?: MarketInput | undefined
}

/**
 * A public trade. `at` is in milliseconds since the epoch. `side` is the side of the taker and defaults to `"buy"`.
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
 * A candle. `openTime` is in milliseconds since the epoch. `volume` is in the base currency and defaults to zero.
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
 * The properties of a market that its symbol does not state.
 *
 * @since 0.1.0
 * @category models
 */
export interface MarketInput {
  /** The exchange's own name of the market. Defaults to the symbol with a dash (`BTC-USDT`). */
  readonly id?: string | undefined
  /** Defaults to `"open"`. */
  readonly status?: Market.Status | undefined
  /** The price step, such as `"0.01"`. Defaults to unknown. */
  readonly tickSize?: string | undefined
  /** The price steps from higher prices on, lowest first. Defaults to none. */
  readonly tickSizeSteps?: ReadonlyArray<{ readonly fromPrice: string; readonly tickSize: string }> | undefined
  /** The amount step. Defaults to unknown. */
  readonly lotSize?: string | undefined
  /** The minimum amount of an order. Defaults to unknown. */
  readonly minAmount?: string | undefined
  /** The minimum worth of an order, in the quote currency. Defaults to unknown. */
  readonly minNotional?: string | undefined
}

/**
 * The options of a mock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The name of the exchange. Defaults to `"mock"`. */
  readonly exchange?: string | undefined
  /** The features that differ from `Mock.features`. Calls that need a missing feature fail with `Unsupported`. */
  readonly features?: Partial<Adapter.Features> | undefined
}

/**
 * The options of a mock of an account.
 *
 * @since 0.1.0
 * @category models
 */
export interface AccountOptions extends Options {
  /**
   * The balances by asset: the free amount and the total, which defaults to the free amount. The holds of open orders
   * are deducted from the free amount. Defaults to no balances.
   */
  readonly balances?: Balances | undefined
  /**
   * Defaults to a key that may read but not withdraw, with an unknown IP restriction. It may trade only if the mock
   * provides `Trading`.
   */
  readonly keyPermissions?: Partial<KeyPermissions.KeyPermissions> | undefined
  /** Open and closed orders. Defaults to none. */
  readonly orders?: ReadonlyArray<Order.Order> | undefined
  /** Defaults to none. */
  readonly fills?: ReadonlyArray<Fill.Fill> | undefined
  /** Defaults to `Unsupported`. */
  readonly positions?: ReadonlyArray<Position.Position> | undefined
  /** The listed markets, in addition to those of the orders and fills. Defaults to none. */
  readonly symbols?: ReadonlyArray<string> | undefined
}

/**
 * The options of a mock with trading.
 *
 * @since 0.1.0
 * @category models
 */
export interface TradingOptions extends Omit<AccountOptions, "symbols"> {
  /**
   * The fee of every fill, as a ratio of the received amount and in the received asset: `"0.001"` is 0.1 %. Defaults to
   * zero.
   */
  readonly fee?: string | undefined
  /** The guards that check orders, as in the Layer of an exchange. Defaults to none. */
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
 * A call that a client would have sent. `at` is in milliseconds since the epoch.
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
 * The controls that a test uses while a mock runs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Handle<in E, in Operation extends string = string> {
  /**
   * The calls that a client would have sent so far, oldest first. Malformed calls, calls for unlisted markets and
   * `tickers` without symbols are not included.
   */
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
  /** Makes the next calls fail with these errors, one error per call. */
  readonly failNext: (...errors: ReadonlyArray<E>) => Effect.Effect<void>
  /**
   * Makes the next calls of this operation fail with these errors, one error per call. Other calls are not affected.
   */
  readonly failOn: (operation: Operation, ...errors: ReadonlyArray<E>) => Effect.Effect<void>
  /** Makes every call fail with this error until `recover`. Errors planned by `failNext` and `failOn` come first. */
  readonly failWith: (error: E) => Effect.Effect<void>
  /** Cancels all planned failures. */
  readonly recover: Effect.Effect<void>
}

/**
 * The mock of public data. It is also the `MarketData` that the program under test uses.
 *
 * @since 0.1.0
 * @category tags
 */
export class Mock extends Context.Tag("@effect-exchange/testing/internal/mockModel/Mock")<Mock, Mock.Service>() {}

/**
 * The types of {@link Mock}.
 *
 * @since 0.1.0
 * @category models
 */
export declare namespace Mock {
  /** The operations that `failOn` of {@link Handle} accepts: those that a client would send. */
  type Operation = Exclude<keyof MarketData.MarketData.Service, "exchange">

  interface Service extends MarketData.MarketData.Service, Handle<ExchangeError.MarketDataError, Operation> {
    /**
     * Sets the quote of a market, which replaces the earlier quote entirely, or lists a new symbol. The market itself
     * does not change unless `market` is given. Open orders that the quote reaches are filled.
     */
    readonly setPrice: (symbol: string, ticker: TickerInput) => Effect.Effect<void, InvalidMock>
    /** Sets the status that the exchange reports. Calls still succeed: use `failWith` to make them fail. */
    readonly setStatus: (status: ExchangeStatus.ExchangeStatus["status"], detail?: string) => Effect.Effect<void>
  }
}

/**
 * The mock of an account. It is also the `Account` that the program under test uses.
 *
 * @since 0.1.0
 * @category tags
 */
export class MockAccount
  extends Context.Tag("@effect-exchange/testing/internal/mockModel/MockAccount")<MockAccount, MockAccount.Service>()
{}

/**
 * The types of {@link MockAccount}.
 *
 * @since 0.1.0
 * @category models
 */
export declare namespace MockAccount {
  /** The operations that `failOn` of {@link Handle} accepts: those that a client would send. */
  type Operation = Exclude<keyof Account.Account.Service, "exchange" | "verifyKey">

  interface Service extends Account.Account.Service, Handle<ExchangeError.AccountError, Operation> {
    /** Replaces all balances of the account. Its orders do not change. */
    readonly setBalances: (balances: Balances) => Effect.Effect<void, InvalidMock>
  }
}

/**
 * The mock of trading. It is also the `Trading` that the program under test uses.
 *
 * @since 0.1.0
 * @category tags
 */
export class MockTrading
  extends Context.Tag("@effect-exchange/testing/internal/mockModel/MockTrading")<MockTrading, MockTrading.Service>()
{}

/**
 * The types of {@link MockTrading}.
 *
 * @since 0.1.0
 * @category models
 */
export declare namespace MockTrading {
  /**
   * The operations that `failOn` of {@link Handle} accepts. A failure of `reconcile` fails the lookup of one order,
   * whose result is then `Unknown`.
   */
  type Operation = Exclude<keyof Trading.Trading.Service, "exchange">

  interface Service extends Trading.Trading.Service, Handle<ExchangeError.TradingError, Operation> {
    /**
     * Loses the response of the next `place`: the order is placed, but the call fails with an `OutcomeUnknown` that
     * names it. `reconcile` finds the order.
     */
    readonly loseNext: Effect.Effect<void>
  }
}
