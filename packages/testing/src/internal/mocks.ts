import type { ExchangeError, MarketData, OrderJournal } from "@effect-exchange/core"
import type { Adapter } from "@effect-exchange/core/adapter"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as CallLog from "./callLog.js"
import { type Fault, type InvalidMock, valid } from "./invalidMock.js"
import * as Listing from "./listing.js"
import * as mockAccount from "./mockAccount.js"
import * as Desk from "./mockDesk.js"
import { make, type MockExchange } from "./mockExchange.js"
import * as mockMarketData from "./mockMarketData.js"
import type {
  AccountOptions,
  Mock,
  MockAccount,
  MockTrading,
  Options,
  TickerInput,
  TradingOptions
} from "./mockModel.js"
import * as mockTrading from "./mockTrading.js"
import * as Venue from "./venue.js"

/** @internal */
export interface Tickers {
  readonly [symbol: string]: TickerInput
}

/**
 * Lists the markets that the options of an account mention, without any data.
 *
 * @internal
 */
export const listed = (options: AccountOptions): Tickers =>
  Object.fromEntries(
    [
      ...options.symbols ?? [],
      ...(options.orders ?? []).map(({ symbol }) => symbol),
      ...(options.fills ?? []).map(({ symbol }) => symbol)
    ].map((symbol) => [symbol, {}])
  )

/** @internal */
export const exchange = (
  features: Adapter.Features,
  tickers: Tickers,
  options: Options & TradingOptions
): Effect.Effect<MockExchange, InvalidMock, Scope.Scope> =>
  Effect.gen(function*() {
    const listings = yield* valid(
      Object.entries(tickers).reduce(
        (listings, [symbol, ticker]) =>
          Either.flatMap(
            listings,
            (listings) => Either.flatMap(Listing.list(symbol, ticker), (each) => Listing.add(listings, each))
          ),
        noListings
      )
    )
    const fee = yield* valid(Listing.amount({ subject: "the account", field: "fee" }, options.fee ?? "0", "zero"))
    const orders = (options.orders ?? []).flatMap((order): ReadonlyArray<readonly [string, Venue.Entry]> => {
      const market = listings.get(order.symbol)?.market
      return market === undefined ? [] : [[order.id, { market, order }]]
    })
    return yield* make({ ...features, ...options.features }, listings, {
      exchange: options.exchange ?? "mock",
      fee,
      nextId: 1,
      orders: new Map(orders),
      fills: options.fills ?? [],
      balances: yield* mockAccount.holdings(options.balances ?? {})
    })
  })

/** @internal */
export const marketData = (mock: MockExchange): Effect.Effect<Mock.Service> =>
  Effect.map(CallLog.make<ExchangeError.MarketDataError, Mock.Operation>(), (calls) => ({
    ...mockMarketData.make(mock, calls),
    ...handle(calls),
    setStatus: (status, detail) => Ref.set(mock.status, { status, detail }),
    setPrice: (symbol, ticker) =>
      Effect.gen(function*() {
        const now = yield* Clock.currentTimeMillis
        const listed = yield* Effect.flatten(Ref.modify(mock.listings, (before) => {
          const listed = Listing.list(symbol, ticker, before.get(symbol)?.market)
          const after = Either.flatMap(listed, (listed) => Listing.add(before, listed))
          return [valid(Either.flatMap(after, () => listed)), Either.getOrElse(after, () => before)]
        }))
        yield* Ref.update(mock.venue, (venue) => Venue.requote(venue, symbol, listed.quote, now))
      })
  }))

/** @internal */
export const account = (
  mock: MockExchange,
  options: AccountOptions,
  trades: boolean
): Effect.Effect<MockAccount.Service> =>
  Effect.map(CallLog.make<ExchangeError.AccountError, MockAccount.Operation>(), (calls) => ({
    ...mockAccount.make(mock, calls, {
      keyPermissions: {
        read: true,
        trade: trades,
        withdraw: false,
        ipRestricted: "unknown",
        ...options.keyPermissions
      },
      positions: options.positions,
      trades
    }),
    ...handle(calls),
    setBalances: (next) =>
      Effect.flatMap(
        mockAccount.holdings(next),
        (balances) => Ref.update(mock.venue, (venue) => ({ ...venue, balances }))
      )
  }))

/** @internal */
export const trading = (
  mock: MockExchange,
  options: TradingOptions,
  journal: OrderJournal.OrderJournal["Type"],
  marketData: MarketData.MarketData.Service
): Effect.Effect<MockTrading.Service, InvalidMock | OrderJournal.JournalFailed> =>
  Effect.gen(function*() {
    const desk = yield* Desk.make({
      exchange: mock.exchange,
      guards: options.guards ?? {},
      journal,
      lastPrice: (market) => Effect.map(marketData.price(market.symbol), ({ amount }) => amount)
    })
    const calls = yield* CallLog.make<ExchangeError.TradingError, MockTrading.Operation>()
    const losing = yield* Ref.make(0)
    return {
      ...mockTrading.make(mock, desk, calls, losing),
      ...handle(calls),
      loseNext: Ref.update(losing, (left) => left + 1)
    }
  })

const noListings: Either.Either<ReadonlyMap<string, Listing.Listed>, Fault> = Either.right(new Map())

const handle = <E, Operation extends string>(
  { calls, failNext, failOn, failWith, recover }: CallLog.CallLog<E, Operation>
) => ({
  calls,
  failNext,
  failOn,
  failWith,
  recover
})
