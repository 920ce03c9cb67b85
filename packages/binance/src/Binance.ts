/**
 * Binance Spot.
 *
 * @since 0.1.0
 */
import { ExchangeError, type KeyPermissions, type Order } from "@effect-exchange/core"
import { type Adapter, Exchange, type ExchangeClient, type Markets } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Endpoints from "./Endpoints.js"
import * as Mapping from "./Mapping.js"
import * as OrderMapping from "./OrderMapping.js"
import { protocol } from "./Protocol.js"
import type * as Wire from "./Wire.js"

/**
 * Binance's public data: the same value as the shared `MarketData`, for programs that use several exchanges.
 *
 * @since 0.1.0
 * @category tags
 */
export class MarketData extends Context.Tag("@effect-exchange/binance/Binance/MarketData")<
  MarketData,
  Exchange.MarketDataService
>() {}

/**
 * A Binance account: the same value as the shared `Account`, for programs that use several exchanges. There are no
 * positions, as there are no contracts.
 *
 * @since 0.1.0
 * @category tags
 */
export class Account extends Context.Tag("@effect-exchange/binance/Binance/Account")<
  Account,
  Omit<Exchange.AccountService, "positions">
>() {}

/**
 * Orders on Binance: the same value as the shared `Trading`, for programs that use several exchanges. An order cannot be
 * amended, and a request places one.
 *
 * @since 0.1.0
 * @category tags
 */
export class Trading extends Context.Tag("@effect-exchange/binance/Binance/Trading")<
  Trading,
  Omit<Exchange.TradingService, "amend" | "placeBatch">
>() {}

/**
 * What Binance can do.
 *
 * @since 0.1.0
 * @category constants
 */
export const features: Adapter.Features = {
  name: "Binance",
  kinds: ["spot"],
  testnet: true,
  candles: ["1m", "5m", "15m", "30m", "1h", "4h", "1d"],
  positions: false,
  timeInForce: ["GTC", "IOC", "FOK"],
  reduceOnly: false,
  amend: false,
  batch: 0,
  deduplicates: "while open"
}

const marketData = (client: ExchangeClient.ExchangeClient<"marketData">): Adapter.MarketData => ({
  markets: Effect.map(
    client.request(Endpoints.exchangeInfo, { showPermissionSets: false }),
    Arr.filterMap((info) => Option.fromNullable(Mapping.market(info)))
  ),
  ticker: (market) =>
    Effect.map(client.request(Endpoints.ticker24hr, { symbol: market.id }), (wire) => Mapping.ticker(market, wire)),
  tickers: (markets) => {
    const byId = new Map(markets.map((market) => [market.id, market]))
    return Effect.map(
      client.request(Endpoints.tickers24hr, { symbols: [...byId.keys()] }),
      Arr.filterMap((wire) =>
        Option.map(Option.fromNullable(byId.get(wire.symbol)), (market) => Mapping.ticker(market, wire))
      )
    )
  },
  orderBook: (market, depth) =>
    Effect.zipWith(
      client.request(Endpoints.depth, { symbol: market.id, limit: Math.min(depth, 5000) }),
      Clock.currentTimeMillis,
      (wire, now) => Mapping.orderBook(market, wire, now)
    ),
  trades: (market, limit) =>
    Effect.map(
      client.request(Endpoints.trades, { symbol: market.id, limit: Math.min(limit, 1000) }),
      Arr.map((wire) => Mapping.trade(market, wire))
    ),
  candles: {
    page: 1000,
    read: (market, interval, { from, to }) =>
      Effect.map(
        client.request(Endpoints.klines, {
          symbol: market.id,
          interval,
          startTime: from,
          endTime: to - 1,
          limit: 1000
        }),
        Arr.map(Mapping.bar)
      ),
    // Without an end the answer begins with the oldest there is from the start on.
    firstFrom: (market, interval, from) =>
      Effect.map(
        client.request(Endpoints.klines, { symbol: market.id, interval, startTime: from, limit: 1 }),
        ([first]) => Option.map(Option.fromNullable(first), ([openTime]) => openTime)
      )
  },
  status: client.environment === "testnet"
    ? statusOnTestnet(client)
    : Effect.zipWith(client.request(Endpoints.systemStatus, {}), Clock.currentTimeMillis, Mapping.status)
})

// The testnet has no endpoint that tells; that its clock answers at all shows that it serves.
const statusOnTestnet = (client: ExchangeClient.ExchangeClient<"marketData">): Adapter.MarketData["status"] =>
  Effect.map(client.request(Endpoints.serverTime, {}), (at) => ({
    exchange: "binance",
    status: "operational",
    at
  }))

const account = (client: ExchangeClient.ExchangeClient<"account">, markets: Markets.Markets): Adapter.Account => ({
  balances: Effect.map(client.request(Endpoints.account, { omitZeroBalances: true }), Mapping.balances),
  keyPermissions: client.environment === "testnet"
    ? permissionsOnTestnet(client)
    : Effect.map(client.request(Endpoints.apiRestrictions, {}), Mapping.permissions),
  openOrders: (market) =>
    market === undefined
      ? Effect.flatMap(
        client.request(Endpoints.openOrders, {}),
        Effect.forEach((wire) => orderOfAnyMarket(markets, wire))
      )
      : Effect.map(
        client.request(Endpoints.openOrders, { symbol: market.id }),
        Arr.map((wire) => OrderMapping.order(market, wire))
      ),
  order: (reference) =>
    Effect.map(
      client.request(Endpoints.order, OrderMapping.reference(reference)),
      (wire) => OrderMapping.order(reference.market, wire)
    ),
  // Without times the answer is the latest; with a beginning it would be the oldest from there, of one day.
  orderHistory: (market, { limit }) =>
    Effect.map(
      withinPage("orderHistory", limit, (limit) => client.request(Endpoints.allOrders, { symbol: market.id, limit })),
      Arr.map((wire) => OrderMapping.order(market, wire))
    ),
  fills: (market, { limit }) =>
    Effect.map(
      withinPage("fills", limit, (limit) => client.request(Endpoints.myTrades, { symbol: market.id, limit })),
      Arr.map((wire) => OrderMapping.fill(market, wire))
    )
})

// The testnet has no endpoint that tells; that the account answers at all shows that the key may read.
const permissionsOnTestnet = (client: ExchangeClient.ExchangeClient<"account">) =>
  Effect.as(
    client.request(Endpoints.account, { omitZeroBalances: true }),
    {
      read: true,
      trade: "unknown",
      withdraw: "unknown",
      ipRestricted: "unknown"
    } satisfies KeyPermissions.KeyPermissions
  )

const orderOfAnyMarket = (markets: Markets.Markets, wire: Wire.Order): ReturnType<Adapter.Account["order"]> =>
  Effect.flatMap(
    markets.byId(wire.symbol),
    Option.match({
      onNone: (): Effect.Effect<Order.Order, ExchangeError.MalformedResponse> =>
        new ExchangeError.MalformedResponse({
          exchange: "binance",
          operation: "openOrders",
          detail: "an order is of a market that is not listed; ask for the open orders of one market at a time"
        }),
      onSome: (market) => Effect.succeed(OrderMapping.order(market, wire))
    })
  )

// Ids are of the whole market and not of the account, so there is no way back to the page before.
const withinPage = <A, E>(
  operation: string,
  limit: number,
  read: (limit: number) => Effect.Effect<A, E>
): Effect.Effect<A, E | ExchangeError.Unsupported> =>
  limit <= 1000 ? read(limit) : new ExchangeError.Unsupported({
    exchange: "binance",
    operation,
    detail: "Binance shows the latest 1000 at once",
    alternative: "ask for 1000, and for older ones day by day: by `request`, with `startTime` and `endTime`"
  })

const trading = (client: ExchangeClient.ExchangeClient<"trading">): Adapter.Trading => ({
  clientOrderId: OrderMapping.clientOrderIds,
  // 10 seconds until the exchange gives up, 5 in which it takes the request, and what its database lags behind.
  absentAfter: "20 seconds",
  place: (order) =>
    Effect.map(
      client.request(Endpoints.newOrder, OrderMapping.newOrder(order)),
      (wire) => ({ _tag: "Order", order: OrderMapping.placed(order.market, wire) })
    ),
  cancel: (reference) =>
    Effect.map(
      client.request(Endpoints.cancelOrder, OrderMapping.reference(reference)),
      (wire) => Option.some(OrderMapping.canceled(reference.market, wire))
    ),
  cancelAll: (market) =>
    client.request(Endpoints.cancelOpenOrders, { symbol: market.id }).pipe(
      Effect.map(OrderMapping.canceledIds),
      // None was open.
      Effect.catchTag("OrderNotFound", () => Effect.succeed([]))
    )
})

const exchange = Exchange.make({
  protocol,
  features,
  tags: {
    marketData: (service) => Context.make(MarketData, service),
    account: (service) => Context.make(Account, service),
    trading: (service) => Context.make(Trading, service)
  },
  marketData,
  account: (client, { markets }) => account(client, markets),
  trading
})

/**
 * Public data; needs no credentials and has none in reach.
 *
 * Fails with a `ConfigError` when the base URL is refused.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMarketData = exchange.layerMarketData

/**
 * Public data and the account of a key. Without `credentials` these are `BINANCE_API_KEY` and `BINANCE_API_SECRET` from
 * configuration (`BINANCE_TESTNET_API_KEY` and so on for the testnet), read again when they may have been rotated. A
 * secret in PEM is an Ed25519 key.
 *
 * Fails with a `ConfigError` that names what is missing.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAccount = exchange.layerAccount

/**
 * All three: `layerAccount`, and orders. On the live exchange `trading: "enabled"` has to be said as well.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = exchange.layer

/**
 * `layerAccount` with every option from configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAccountConfig = exchange.layerAccountConfig

/**
 * `layer` with every option from configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = exchange.layerConfig
