/**
 * OKX v5: spot, perpetual and dated contracts.
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
 * OKX's public data: the same value as the shared `MarketData`, for programs that use several exchanges.
 *
 * @since 0.1.0
 * @category tags
 */
export class MarketData extends Context.Tag("@effect-exchange/okx/Okx/MarketData")<
  MarketData,
  Exchange.MarketDataService
>() {}

/**
 * An OKX account: the same value as the shared `Account`, for programs that use several exchanges.
 *
 * @since 0.1.0
 * @category tags
 */
export class Account extends Context.Tag("@effect-exchange/okx/Okx/Account")<Account, Exchange.AccountService>() {}

/**
 * Orders on OKX: the same value as the shared `Trading`, for programs that use several exchanges.
 *
 * @since 0.1.0
 * @category tags
 */
export class Trading extends Context.Tag("@effect-exchange/okx/Okx/Trading")<Trading, Exchange.TradingService>() {}

/**
 * What OKX can do, as far as this package goes.
 *
 * @since 0.1.0
 * @category models
 */
export const features: Adapter.Features = {
  name: "OKX",
  kinds: ["spot", "perpetual", "future"],
  testnet: true,
  candles: ["1m", "5m", "15m", "30m", "1h", "4h", "1d"],
  positions: true,
  timeInForce: ["GTC", "IOC", "FOK"],
  reduceOnly: true,
  amend: true,
  batch: trading.batch,
  deduplicates: "while open"
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
  trading: (client) => trading.make(client)
})

/**
 * Public data; needs no credentials and has none in reach. The testnet is OKX's demo trading.
 *
 * Fails with a `ConfigError` when the base URL is refused.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMarketData = exchange.layerMarketData

/**
 * Public data and the account of a key. Without `credentials` these are `OKX_API_KEY`, `OKX_API_SECRET` and
 * `OKX_API_PASSPHRASE` from configuration (`OKX_TESTNET_API_KEY` and so on for demo trading), read again when they may
 * have been rotated.
 *
 * Fails with a `ConfigError` that names what is missing.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAccount = exchange.layerAccount

/**
 * Everything: public data, the account of a key, and its orders. For the live exchange, `trading: "enabled"` has to
 * stand beside `environment: "live"`.
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
