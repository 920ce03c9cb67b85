/**
 * Binance Spot.
 *
 * @since 0.1.0
 */
import * as Exchange from "@effect-exchange/core/Exchange"
import type { ExchangeClient } from "@effect-exchange/core/ExchangeClient"
import type { KeyPermissions } from "@effect-exchange/core/KeyPermissions"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Endpoints from "./Endpoints.js"
import * as Mapping from "./Mapping.js"
import { protocol } from "./Protocol.js"

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
 * A Binance account: the same value as the shared `Account`, for programs that use several exchanges.
 *
 * @since 0.1.0
 * @category tags
 */
export class Account extends Context.Tag("@effect-exchange/binance/Binance/Account")<
  Account,
  Exchange.AccountService
>() {}

const exchange = Exchange.define({
  protocol,
  marketDataTag: MarketData,
  accountTag: Account,
  marketData: (client) => ({
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
    }
  }),
  account: (client) => ({
    balances: Effect.map(client.request(Endpoints.account, { omitZeroBalances: true }), Mapping.balances),
    keyPermissions: client.environment === "testnet"
      ? permissionsOnTestnet(client)
      : Effect.map(client.request(Endpoints.apiRestrictions, {}), Mapping.permissions)
  })
})

// The testnet has no endpoint that tells; that the account answers at all shows that the key may read.
const permissionsOnTestnet = (client: ExchangeClient<"account">) =>
  Effect.as(
    client.request(Endpoints.account, { omitZeroBalances: true }),
    { read: true, trade: "unknown", withdraw: "unknown", ipRestricted: "unknown" } satisfies KeyPermissions
  )

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
 * configuration (`BINANCE_TESTNET_API_KEY` and so on for the testnet), read again when they may have been rotated.
 *
 * Fails with a `ConfigError` that names what is missing.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAccount = exchange.layerAccount

/**
 * `layerAccount` with every option from configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = exchange.layerConfig
