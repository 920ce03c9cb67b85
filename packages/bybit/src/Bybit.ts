/**
 * Bybit: spot, linear and inverse contracts of a unified trading account.
 *
 * @since 0.1.0
 */
import { type Adapter, Exchange } from "@effect-exchange/core/adapter"
import * as Context from "effect/Context"
import * as account from "./internal/account.js"
import * as marketData from "./internal/marketData.js"
import * as trading from "./internal/trading.js"
import { protocol } from "./Protocol.js"

/**
 * Bybit's public data: the same value as the shared `MarketData`, for programs that use several exchanges.
 *
 * @since 0.1.0
 * @category tags
 */
export class MarketData extends Context.Tag("@effect-exchange/bybit/Bybit/MarketData")<
  MarketData,
  Exchange.MarketDataService
>() {}

/**
 * A Bybit account: the same value as the shared `Account`, for programs that use several exchanges.
 *
 * @since 0.1.0
 * @category tags
 */
export class Account extends Context.Tag("@effect-exchange/bybit/Bybit/Account")<
  Account,
  Exchange.AccountService
>() {}

/**
 * Orders on Bybit: the same value as the shared `Trading`, for programs that use several exchanges.
 *
 * @since 0.1.0
 * @category tags
 */
export class Trading extends Context.Tag("@effect-exchange/bybit/Bybit/Trading")<
  Trading,
  Exchange.TradingService
>() {}

/**
 * What Bybit can do. A batch is of ten orders, as many as spot takes.
 *
 * @since 0.1.0
 * @category features
 */
export const features: Adapter.Features = {
  name: "Bybit",
  kinds: ["spot", "perpetual", "future"],
  testnet: true,
  candles: ["1m", "5m", "15m", "30m", "1h", "4h", "1d"],
  positions: true,
  timeInForce: ["GTC", "IOC", "FOK"],
  reduceOnly: true,
  amend: true,
  batch: 10,
  deduplicates: "always"
}

const exchange = Exchange.make({
  protocol,
  features,
  tags: {
    marketData: (service) => Context.make(MarketData, service),
    account: (service) => Context.make(Account, service),
    trading: (service) => Context.make(Trading, service)
  },
  marketData: marketData.make,
  account: (client, { markets }) => account.make(client, markets),
  trading: trading.make
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
 * Public data and the account of a key. Without `credentials` these are `BYBIT_API_KEY` and `BYBIT_API_SECRET` from
 * configuration (`BYBIT_TESTNET_API_KEY` and so on for the testnet), read again when they may have been rotated.
 *
 * Fails with a `ConfigError` that names what is missing.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAccount = exchange.layerAccount

/**
 * Public data, the account and orders. On the live exchange `trading: "enabled"` has to be said as well. Writes every
 * order down in an `OrderJournal`.
 *
 * Fails with a `ConfigError` that names what is missing.
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
