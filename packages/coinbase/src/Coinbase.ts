/**
 * Coinbase Advanced Trade: its spot markets.
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
 * Coinbase's public data: the same value as the shared `MarketData`, for programs that use several exchanges.
 *
 * @since 0.1.0
 * @category tags
 */
export class MarketData extends Context.Tag("@effect-exchange/coinbase/Coinbase/MarketData")<
  MarketData,
  Exchange.MarketDataService
>() {}

/**
 * A Coinbase account: the same value as the shared `Account`, for programs that use several exchanges. There are no
 * positions.
 *
 * @since 0.1.0
 * @category tags
 */
export class Account extends Context.Tag("@effect-exchange/coinbase/Coinbase/Account")<
  Account,
  Omit<Exchange.AccountService, "positions">
>() {}

/**
 * Orders on Coinbase: the same value as the shared `Trading`, for programs that use several exchanges. Orders are placed
 * one by one.
 *
 * @since 0.1.0
 * @category tags
 */
export class Trading extends Context.Tag("@effect-exchange/coinbase/Coinbase/Trading")<
  Trading,
  Omit<Exchange.TradingService, "placeBatch">
>() {}

const exchange = Exchange.make({
  protocol,
  features: {
    name: "Coinbase",
    kinds: ["spot"],
    testnet: false,
    candles: ["1m", "5m", "15m", "30m", "1h", "4h", "1d"],
    positions: false,
    timeInForce: ["GTC", "IOC", "FOK"],
    reduceOnly: false,
    amend: true,
    batch: 0,
    deduplicates: "always"
  },
  tags: {
    marketData: (service) => Context.make(MarketData, service),
    account: (service) => Context.make(Account, service),
    trading: (service) => Context.make(Trading, service)
  },
  marketData: marketData.make,
  account: account.make,
  trading: trading.make
})

/**
 * What Coinbase can do.
 *
 * @since 0.1.0
 * @category models
 */
export const features: Adapter.Features = exchange.features

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
 * Public data and the account of a key. Without `credentials` these are `COINBASE_API_KEY`, the key's name, and
 * `COINBASE_API_SECRET`, its private key, from configuration, read again when they may have been rotated.
 *
 * Fails with a `ConfigError` that names what is missing.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAccount = exchange.layerAccount

/**
 * Public data, the account and its orders. On the live exchange `trading: "enabled"` is to be said as well.
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
