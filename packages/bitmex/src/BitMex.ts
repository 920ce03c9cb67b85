/**
 * BitMEX, which closed for good on 2026-09-23: its live and testnet Layers answer `ExchangeClosed` to every call, and a
 * base URL (a simulator's, an archive's) brings it to life.
 *
 * @since 0.1.0
 */
import { type Adapter, Exchange } from "@effect-exchange/core/adapter"
import * as Context from "effect/Context"
import { account } from "./internal/account.js"
import { marketData } from "./internal/marketData.js"
import { trading } from "./internal/trading.js"
import { protocol } from "./Protocol.js"

/**
 * BitMEX's public data: the same value as the shared `MarketData`, for programs that use several exchanges.
 *
 * @since 0.1.0
 * @category tags
 */
export class MarketData extends Context.Tag("@effect-exchange/bitmex/BitMex/MarketData")<
  MarketData,
  Exchange.MarketDataService
>() {}

/**
 * A BitMEX account: the same value as the shared `Account`, for programs that use several exchanges.
 *
 * @since 0.1.0
 * @category tags
 */
export class Account extends Context.Tag("@effect-exchange/bitmex/BitMex/Account")<
  Account,
  Exchange.AccountService
>() {}

/**
 * Orders on BitMEX: the same value as the shared `Trading`, for programs that use several exchanges. BitMEX takes one
 * order a request.
 *
 * @since 0.1.0
 * @category tags
 */
export class Trading extends Context.Tag("@effect-exchange/bitmex/BitMex/Trading")<
  Trading,
  Omit<Exchange.TradingService, "placeBatch">
>() {}

/**
 * What BitMEX could do. A second order under a client order id is refused; for how long nobody has said, so no id is
 * ever used again on the strength of it.
 *
 * @since 0.1.0
 * @category models
 */
export const features: Adapter.Features = {
  name: "BitMEX",
  kinds: ["spot", "perpetual", "future"],
  testnet: false,
  candles: ["1m", "5m", "1h", "1d"],
  positions: true,
  timeInForce: ["GTC", "IOC", "FOK"],
  reduceOnly: true,
  amend: true,
  batch: 0,
  deduplicates: "while open"
}

const exchange = Exchange.make<MarketData, Account, Trading, string>({
  protocol,
  features,
  tags: {
    marketData: (service) => Context.make(MarketData, service),
    account: (service) => Context.make(Account, service),
    trading: (service) => Context.make(Trading, service)
  },
  marketData,
  account,
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
 * Public data and the account of a key. Without `credentials` these are `BITMEX_API_KEY` and `BITMEX_API_SECRET` from
 * configuration, read again when they may have been rotated.
 *
 * Fails with a `ConfigError` that names what is missing.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAccount = exchange.layerAccount

/**
 * Public data, the account of a key, and trading on it.
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
