import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Capability } from "../../engine/Endpoint.js"
import type * as ExchangeClient from "../../engine/ExchangeClient.js"
import type * as Markets from "../../engine/Markets.js"
import type { Protocol } from "../../engine/Protocol.js"
import type * as Feed from "../../feed/internal/feed.js"
import type { MarketDataError } from "../../model/ExchangeError.js"
import type { Market } from "../../model/Market.js"
import type * as Account from "../../ports/Account.js"
import type * as Adapter from "../../ports/Adapter.js"
import type * as Credentials from "../../ports/Credentials.js"
import type * as Environment from "../../ports/Environment.js"
import type * as MarketData from "../../ports/MarketData.js"
import type * as Trading from "../../ports/Trading.js"
import type * as OrderGuards from "../../trading/OrderGuards.js"
import type * as OrderJournal from "../../trading/OrderJournal.js"
import type { Feeds } from "../Feeds.js"
import type { Streams as AccountStreams } from "./accountStreams.js"
import type * as AccountUpdates from "./accountUpdates.js"
import type { Streams } from "./streams.js"

/**
 * The options of the Layer of public data.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<Region extends string = "testnet"> extends Omit<ExchangeClient.Options, "environment"> {
  /** The environment to connect to. Defaults to `"live"`. */
  readonly environment?: Environment.Environment<Region> | undefined
  /** How long a loaded list of markets is used before it is loaded again. Defaults to one hour. */
  readonly marketsMaxAge?: Duration.DurationInput | undefined
  /**
   * The markets, if you know them beforehand. The list is not loaded until they are older than `marketsMaxAge` or a
   * symbol is missing.
   */
  readonly markets?: ReadonlyArray<Market> | undefined
}

/**
 * The options of the Layer of an account.
 *
 * @since 0.1.0
 * @category models
 */
export interface AccountOptions<Region extends string = "testnet"> extends Options<Region> {
  /**
   * Defaults to `Credentials.config`, which reads `<EXCHANGE>_API_KEY` and `<EXCHANGE>_API_SECRET` from the
   * configuration.
   */
  readonly credentials?: Credentials.Credentials | Credentials.Provider | undefined
}

/**
 * The options of the Layer that trades. Trading with real money requires two of them: `environment: "live"` and
 * `trading: "enabled"`.
 *
 * **Gotchas**
 *
 * Whether a region or a custom base URL is live is only known when the Layer is built. Without `trading: "enabled"`,
 * building it fails unless the target is the loopback or meant for tests (see `Environment.isLive`).
 *
 * @since 0.1.0
 * @category models
 */
export type TradingOptions<Region extends string = "testnet"> =
  & Omit<AccountOptions, "environment">
  & {
    /** The limits on orders. Defaults to none. */
    readonly guards?: OrderGuards.Guards | undefined
    /**
     * How long to keep looking for an order whose answer was lost while the exchange does not answer, before the call
     * fails with `OutcomeUnknown`. Defaults to 30 seconds.
     */
    readonly lookupPatience?: Duration.DurationInput | undefined
    /**
     * The names under which the journal has this account from earlier keys: their `Credentials.fingerprint`s.
     * `reconcile` resolves those orders as well. Defaults to none. A key that is rotated while the Layer is in use need
     * not be listed, but it must be one of the same account: orders of the earlier key are looked up with the later
     * one.
     */
    readonly formerAccounts?: ReadonlyArray<string> | undefined
  }
  & (
    | { readonly environment: "live"; readonly trading: "enabled" }
    | { readonly environment: Region | Environment.Custom; readonly trading?: "enabled" | undefined }
  )

/**
 * The options that `layerAccountConfig` reads. They are read once, except for the credentials, which are read again
 * when they may have been rotated.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigOptions<Region extends string = never> {
  readonly credentials: Credentials.Credentials
  /** Defaults to `"live"`. On an exchange without a testnet, every call of `"testnet"` fails with `Unsupported`. */
  readonly environment?: Environment.Environment<Region | "testnet"> | undefined
  /** How long one attempt may take, from signing to the complete response. Defaults to 10 seconds. */
  readonly attemptTimeout?: Duration.Duration | undefined
  /** How long an operation may take, with all its pages, lookups, queueing and retries. Defaults to 30 seconds. */
  readonly deadline?: Duration.Duration | undefined
}

/**
 * The options that `layerConfig` reads.
 *
 * @since 0.1.0
 * @category models
 */
export interface TradingConfigOptions<Region extends string = never> extends ConfigOptions<Region> {
  readonly environment: Environment.Environment<Region | "testnet">
  /** Must be `"enabled"` if `environment` is live (see `Environment.isLive`). */
  readonly trading?: string | undefined
}

/**
 * The options of `layerConfig` that cannot come from configuration.
 *
 * @internal
 */
export type Extra = "guards" | "lookupPatience" | "formerAccounts"

/**
 * The `MarketData` service with direct access to every endpoint of public data.
 *
 * @since 0.1.0
 * @category models
 */
export interface MarketDataService extends MarketData.MarketData.Service {
  readonly request: ExchangeClient.ExchangeClient<"marketData">["request"]
}

/**
 * The `Account` service with direct access to every endpoint that only reads.
 *
 * @since 0.1.0
 * @category models
 */
export interface AccountService extends Account.Account.Service {
  readonly request: ExchangeClient.ExchangeClient<"marketData" | "account">["request"]
}

/**
 * The `Trading` service with direct access to every endpoint.
 *
 * @since 0.1.0
 * @category models
 */
export interface TradingService extends Trading.Trading.Service {
  readonly request: ExchangeClient.ExchangeClient<Capability>["request"]
}

/**
 * The definition of an exchange with public data.
 *
 * @internal
 */
export interface PublicDefinition<MarketDataTag, Region extends string = never> {
  readonly protocol: Protocol<Region>
  readonly features: Adapter.Features
  readonly tags: { readonly marketData: (service: MarketDataService) => Context.Context<MarketDataTag> }
  /** The names that the exchange's rows use for a market. Defaults to its id. */
  readonly marketNames?: ((market: Market) => ReadonlyArray<string>) | undefined
  readonly marketData: (client: ExchangeClient.ExchangeClient<"marketData">) => Adapter.MarketData
  readonly feeds?: Feeds | undefined
  /** Defaults to no streams. */
  readonly streams?: (
    client: ExchangeClient.ExchangeClient<"marketData">,
    markets: Markets.Markets,
    feed: Effect.Effect<Feed.Feed, MarketDataError>
  ) => Streams
}

/**
 * The definition of an exchange with accounts: what it adds to its protocol. `tags` puts a service under the exchange's
 * own tag, whose type may omit what the exchange lacks.
 *
 * @internal
 */
export interface Definition<MarketDataTag, AccountTag, TradingTag, Region extends string = never>
  extends PublicDefinition<MarketDataTag, Region>
{
  readonly tags: {
    readonly marketData: (service: MarketDataService) => Context.Context<MarketDataTag>
    readonly account: (service: AccountService) => Context.Context<AccountTag>
    readonly trading: (service: TradingService) => Context.Context<TradingTag>
  }
  readonly account: (
    client: ExchangeClient.ExchangeClient<"marketData" | "account">,
    context: { readonly credentials: Credentials.Provider; readonly markets: Markets.Markets }
  ) => Adapter.Account
  /** Defaults to no streams. */
  readonly accountStreams?: (
    desk: Pick<AccountUpdates.Services, "account" | "markets" | "seen" | "skew">,
    feed: Effect.Effect<Feed.Feed, MarketDataError>
  ) => AccountStreams
  readonly trading: (
    client: ExchangeClient.ExchangeClient<Capability>,
    context: { readonly account: Adapter.Account; readonly markets: Markets.Markets }
  ) => Adapter.Trading
}

/**
 * An exchange with public data: its Layer and its features.
 *
 * @since 0.1.0
 * @category models
 */
export interface PublicExchange<MarketDataTag, Region extends string = never> {
  /** The features of the exchange. */
  readonly features: Adapter.Features
  /**
   * Provides public data. It needs no credentials and cannot access any. Fails with a `ConfigError` if the base URL is
   * refused.
   */
  readonly layerMarketData: (
    options?: Options<Region>
  ) => Layer.Layer<MarketData.MarketData | MarketDataTag, ConfigError.ConfigError, HttpClient.HttpClient>
}

/**
 * An exchange with accounts: its Layers and its features.
 *
 * @since 0.1.0
 * @category models
 */
export interface Exchange<MarketDataTag, AccountTag, TradingTag, Region extends string = never>
  extends PublicExchange<MarketDataTag, Region>
{
  /** Provides public data and the account of a key. Fails with a `ConfigError` that names the missing option. */
  readonly layerAccount: (
    options?: AccountOptions<Region>
  ) => Layer.Layer<Reading<MarketDataTag, AccountTag>, ConfigError.ConfigError, HttpClient.HttpClient>
  /**
   * Provides everything: public data, the account of a key, and trading with it. Trading on the live exchange requires
   * two options (see `TradingOptions`), and every order is recorded in an `OrderJournal`. Fails with a `ConfigError`
   * that names the missing option.
   */
  readonly layer: (
    options: TradingOptions<Region>
  ) => Layer.Layer<
    Reading<MarketDataTag, AccountTag> | Trading.Trading | TradingTag,
    ConfigError.ConfigError,
    HttpClient.HttpClient | OrderJournal.OrderJournal
  >
  /** Like `layerAccount`, with every option read from the configuration. */
  readonly layerAccountConfig: (
    options: Config.Config.Wrap<ConfigOptions<Region>>
  ) => Layer.Layer<Reading<MarketDataTag, AccountTag>, ConfigError.ConfigError, HttpClient.HttpClient>
  /** Like `layer`, with every option except `extra` read from the configuration. */
  readonly layerConfig: (
    options: Config.Config.Wrap<TradingConfigOptions<Region>>,
    extra?: Pick<TradingOptions, Extra>
  ) => Layer.Layer<
    Reading<MarketDataTag, AccountTag> | Trading.Trading | TradingTag,
    ConfigError.ConfigError,
    HttpClient.HttpClient | OrderJournal.OrderJournal
  >
}

/**
 * The shared and the exchange's own tags of the services that only read.
 *
 * @since 0.1.0
 * @category models
 */
export type Reading<MarketDataTag, AccountTag> = MarketData.MarketData | MarketDataTag | Account.Account | AccountTag
