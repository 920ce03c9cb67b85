/**
 * Exchanges made of constants, for tests of programs that use one: nothing is sent, nothing waits.
 *
 * A mock answers as a client would: the same errors for the same mistakes, prices as exact decimals, the order asked for.
 * It is held to the same contract suite as the exchanges themselves (see `Contract`).
 *
 * @since 0.1.0
 */
import * as Account from "@effect-exchange/core/Account"
import type { Balance } from "@effect-exchange/core/Balance"
import { type AccountError, MalformedResponse, type MarketDataError } from "@effect-exchange/core/ExchangeError"
import type { KeyPermissions } from "@effect-exchange/core/KeyPermissions"
import type { Market, Status } from "@effect-exchange/core/Market"
import * as MarketData from "@effect-exchange/core/MarketData"
import * as Markets from "@effect-exchange/core/Markets"
import type { Price } from "@effect-exchange/core/Price"
import type { Ticker } from "@effect-exchange/core/Ticker"
import * as BigDecimal from "effect/BigDecimal"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Journal from "./internal/journal.js"
import * as Listing from "./internal/listing.js"

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
  readonly market?: MarketInput | undefined
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
  readonly status?: Status | undefined
  /** The step of prices, such as `"0.01"`. Defaults to none stated. */
  readonly tickSize?: string | undefined
  /** The step of amounts. Defaults to none stated. */
  readonly lotSize?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The exchange that answers. Defaults to `"mock"`. */
  readonly exchange?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface AccountOptions extends Options {
  /** By asset, what can be used now and what there is in all (as much unless set otherwise). Defaults to nothing. */
  readonly balances?: Balances | undefined
  /** Defaults to a key that may read, neither trade nor withdraw, and of whose addresses nothing is known. */
  readonly keyPermissions?: Partial<KeyPermissions> | undefined
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
  interface Service extends MarketData.MarketData.Service, Handle<MarketDataError> {
    /**
     * From now on the market is quoted so, and nothing remains of its earlier quote; a new symbol is listed. The market
     * itself stays as it was unless `market` is given.
     */
    readonly setPrice: (symbol: string, ticker: TickerInput) => Effect.Effect<void, InvalidMock>
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
  interface Service extends Account.Account.Service, Handle<AccountError> {
    /** From now on the account holds this and nothing else. */
    readonly setBalances: (balances: Balances) => Effect.Effect<void, InvalidMock>
  }
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
  Effect.gen(function*() {
    const exchange = options.exchange ?? "mock"
    const journal = yield* Journal.make<MarketDataError>()
    const initial = yield* Effect.reduce(
      Object.entries(tickers),
      noListings,
      (listings, [symbol, ticker]) =>
        valid(Either.flatMap(Listing.list(symbol, ticker), (each) => Listing.add(listings, each)))
    )
    const listings = yield* Ref.make(initial)
    const all = Effect.map(
      Ref.get(listings),
      (listings) => Array.from(listings.values(), ({ market }): Market => market)
    )
    // Never believed for longer than an instant, since a test may list another market at any time.
    const { find } = yield* Markets.make({ exchange, load: all, maxAge: 0 })

    const quote = (market: Market): Effect.Effect<Ticker> =>
      Effect.zipWith(Ref.get(listings), Clock.currentTimeMillis, (listings, at) => ({
        ...listings.get(market.symbol)?.quote,
        exchange,
        symbol: market.symbol,
        at
      }))
    const ask = (operation: string, symbol: string) =>
      Effect.tap(find(operation, symbol), (market) => journal.record(operation, [market.symbol]))

    return {
      exchange,
      calls: journal.calls,
      failNext: journal.failNext,
      failWith: journal.failWith,
      recover: journal.recover,
      setPrice: (symbol, ticker) =>
        Effect.flatten(Ref.modify(listings, (before) => {
          const listed = Listing.list(symbol, ticker, before.get(symbol)?.market)
          const after = Either.flatMap(listed, (listed) => Listing.add(before, listed))
          return [Effect.asVoid(valid(after)), Either.getOrElse(after, () => before)]
        })),
      serverTime: Effect.zipRight(journal.record("serverTime"), Clock.currentTimeMillis),
      markets: Effect.zipRight(journal.record("markets"), all),
      market: (symbol) => ask("market", symbol),
      ticker: (symbol) => Effect.flatMap(ask("ticker", symbol), quote),
      tickers: (symbols) =>
        Effect.gen(function*() {
          const wanted = yield* Effect.forEach(symbols, (symbol) => find("tickers", symbol))
          if (wanted.length === 0) return []
          yield* journal.record("tickers", wanted.map(({ symbol }) => symbol))
          return yield* Effect.forEach(wanted, quote)
        }),
      price: (symbol) =>
        Effect.flatMap(
          ask("price", symbol),
          (market) => Effect.flatMap(quote(market), (ticker) => priceOf(market, ticker))
        )
    }
  })

/**
 * A mock of an account.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeAccount = (options: AccountOptions = {}): Effect.Effect<MockAccount.Service, InvalidMock> =>
  Effect.gen(function*() {
    const journal = yield* Journal.make<AccountError>()
    const balances = yield* Effect.flatMap(balancesOf(options.balances ?? {}), Ref.make)
    const keyPermissions: KeyPermissions = {
      read: true,
      trade: false,
      withdraw: false,
      ipRestricted: "unknown",
      ...options.keyPermissions
    }
    return {
      exchange: options.exchange ?? "mock",
      calls: journal.calls,
      failNext: journal.failNext,
      failWith: journal.failWith,
      recover: journal.recover,
      setBalances: (next) => Effect.flatMap(balancesOf(next), (next) => Ref.set(balances, next)),
      balances: Effect.zipRight(journal.record("balances"), Ref.get(balances)),
      keyPermissions: Effect.as(journal.record("keyPermissions"), keyPermissions)
    }
  })

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
  Layer.orDie(Layer.effectContext(
    Effect.map(
      makeAccount(options),
      (service) => Context.make(MockAccount, service).pipe(Context.add(Account.Account, service))
    )
  ))

/**
 * What a mock was told makes no sense: `subject` is a symbol or an asset, `field` what is wrong about it.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidMock
  extends Schema.TaggedError<InvalidMock>("@effect-exchange/testing/Mock/InvalidMock")("InvalidMock", {
    subject: Schema.String,
    field: Schema.String,
    detail: Schema.String
  })
{
  override get message(): string {
    return `Correct the ${this.field} of ${JSON.stringify(this.subject)} in the mock: ${this.detail}`
  }
}

const valid = <A>(told: Either.Either<A, Listing.Fault>): Effect.Effect<A, InvalidMock> =>
  Effect.mapError(told, (fault) => new InvalidMock(fault))

const noListings: ReadonlyMap<string, Listing.Listed> = new Map()

const two = BigDecimal.fromBigInt(2n)

const priceOf = (market: Market, ticker: Ticker): Effect.Effect<Price, MalformedResponse> => {
  const price = { symbol: market.symbol, currency: market.quote, source: ticker.exchange, observedAt: ticker.at }
  if (ticker.last !== undefined) return Effect.succeed({ ...price, amount: ticker.last, basis: "last" })
  if (ticker.bid !== undefined && ticker.ask !== undefined) {
    const amount = BigDecimal.unsafeDivide(BigDecimal.sum(ticker.bid, ticker.ask), two)
    return Effect.succeed({ ...price, amount, basis: "mid" })
  }
  return new MalformedResponse({
    exchange: ticker.exchange,
    operation: "price",
    detail: `${market.symbol} has no price; give the mock a last, or a bid and an ask`
  })
}

const balancesOf = (balances: Balances): Effect.Effect<ReadonlyArray<Balance>, InvalidMock> =>
  Effect.forEach(Object.entries(balances), ([asset, input]) =>
    Effect.gen(function*() {
      const free = yield* valid(Listing.amount({ subject: asset, field: "free" }, input.free, "zero"))
      const total = yield* valid(
        Listing.amount({ subject: asset, field: "total" }, input.total ?? input.free, "zero")
      )
      if (BigDecimal.greaterThan(free, total)) {
        return yield* new InvalidMock({
          subject: asset,
          field: "free",
          detail: "expected at most the total, was above it"
        })
      }
      return { asset, free, total }
    })).pipe(Effect.map((balances) => balances.filter(({ total }) => !BigDecimal.isZero(total))))
