/**
 * Kraken Spot.
 *
 * @since 0.1.0
 */
import { type Adapter, Exchange } from "@effect-exchange/core/adapter"
import * as Context from "effect/Context"
import * as accounts from "./internal/account.js"
import * as marketDatas from "./internal/marketData.js"
import * as tradings from "./internal/trading.js"
import { protocol } from "./Protocol.js"

/**
 * Kraken's public data: the same value as the shared `MarketData`, for programs that use several exchanges.
 *
 * @since 0.1.0
 * @category tags
 */
export class MarketData extends Context.Tag("@effect-exchange/kraken/Kraken/MarketData")<
  MarketData,
  Exchange.MarketDataService
>() {}

/**
 * A Kraken account: the same value as the shared `Account`, for programs that use several exchanges. There are no
 * positions on Kraken's spot markets.
 *
 * @since 0.1.0
 * @category tags
 */
export class Account extends Context.Tag("@effect-exchange/kraken/Kraken/Account")<
  Account,
  Omit<Exchange.AccountService, "positions">
>() {}

/**
 * Trading on Kraken: the same value as the shared `Trading`, for programs that use several exchanges.
 *
 * @since 0.1.0
 * @category tags
 */
export class Trading extends Context.Tag("@effect-exchange/kraken/Kraken/Trading")<
  Trading,
  Exchange.TradingService
>() {}

/**
 * What Kraken can do.
 *
 * @since 0.1.0
 * @category models
 */
export const features: Adapter.Features = {
  name: "Kraken",
  kinds: ["spot"],
  testnet: false,
  candles: ["1m", "5m", "15m", "30m", "1h", "4h", "1d"],
  positions: false,
  timeInForce: ["GTC", "IOC"],
  reduceOnly: false,
  amend: true,
  batch: 15,
  deduplicates: "while open"
}

const exchange = Exchange.define({
  protocol,
  features,
  tags: {
    marketData: (service) => Context.make(MarketData, service),
    account: (service) => Context.make(Account, service),
    trading: (service) => Context.make(Trading, service)
  },
  marketData: marketDatas.make,
  account: (client, { markets }) => accounts.make(client, markets),
  trading: (client, { account }) => tradings.make(client, account)
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
 * Public data and the account of a key. Without `credentials` these are `KRAKEN_API_KEY` and `KRAKEN_API_SECRET` from
 * configuration, read again when they may have been rotated.
 *
 * Fails with a `ConfigError` that names what is missing.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAccount = exchange.layerAccount

/**
 * Everything: public data, the account of a key, and trading with it, which on the live exchange has to be said twice.
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
