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
import type { Streams } from "./streams.js"
import type * as Telling from "./telling.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<Region extends string = never> extends Omit<ExchangeClient.Options, "environment"> {
  /** Which installation to talk to. Defaults to `"live"`. */
  readonly environment?: Environment.Environment<Region> | undefined
  /** How long the list of markets is believed. Defaults to one hour. */
  readonly marketsMaxAge?: Duration.DurationInput | undefined
  /** The markets, where they are known beforehand: none are loaded before these are older than `marketsMaxAge`. */
  readonly markets?: ReadonlyArray<Market> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface AccountOptions<Region extends string = never> extends Options<Region> {
  /** Defaults to `Credentials.config`: `<EXCHANGE>_API_KEY` and `<EXCHANGE>_API_SECRET` from configuration. */
  readonly credentials?: Credentials.Credentials | Credentials.Provider | undefined
}

/**
 * Trading with real money has to be said twice: `environment: "live"` and `trading: "enabled"`.
 *
 * **Gotchas**
 *
 * Whether a region or an address of one's own is live is known only when the Layer is built: one that is neither the
 * loopback nor for tests is refused there without `trading: "enabled"` (see `Environment.isLive`).
 *
 * @since 0.1.0
 * @category models
 */
export type TradingOptions<Region extends string = never> =
  & Omit<AccountOptions, "environment">
  & {
    /** What may not be ordered. Nothing is refused unless set. */
    readonly guards?: OrderGuards.Guards | undefined
    /**
     * How long to go on looking for an order whose answer was lost while the exchange does not answer, before it is
     * `OutcomeUnknown`. Defaults to 30 seconds.
     */
    readonly lookupPatience?: Duration.DurationInput | undefined
    /**
     * What the journal calls this account where it was written with keys it had before: their `Credentials.fingerprint`s.
     * `reconcile` answers for those orders, too. Defaults to none; a key rotated while the Layer stands is known to it.
     */
    readonly formerAccounts?: ReadonlyArray<string> | undefined
  }
  & (
    | { readonly environment: "live"; readonly trading: "enabled" }
    | { readonly environment: "testnet" | Region | Environment.Custom; readonly trading?: "enabled" | undefined }
  )

/**
 * What `layerAccountConfig` reads. All of it is read once, but the credentials again when they may have been rotated.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigOptions<Region extends string = never> {
  readonly credentials: Credentials.Credentials
  readonly environment?: Environment.Environment<Region> | undefined
  readonly attemptTimeout?: Duration.Duration | undefined
  readonly deadline?: Duration.Duration | undefined
}

/**
 * What `layerConfig` reads: `trading` must be `"enabled"` where `environment` is live (see `Environment.isLive`).
 *
 * @since 0.1.0
 * @category models
 */
export interface TradingConfigOptions<Region extends string = never> extends ConfigOptions<Region> {
  readonly environment: Environment.Environment<Region>
  readonly trading?: string | undefined
}

/**
 * What `layerConfig` takes that no configuration holds.
 *
 * @internal
 */
export type Extra = "guards" | "lookupPatience" | "formerAccounts"

/**
 * `MarketData` with the way out: any endpoint of public data.
 *
 * @since 0.1.0
 * @category models
 */
export interface MarketDataService extends MarketData.MarketData.Service {
  readonly request: ExchangeClient.ExchangeClient<"marketData">["request"]
}

/**
 * `Account` with the way out: any endpoint that only reads.
 *
 * @since 0.1.0
 * @category models
 */
export interface AccountService extends Account.Account.Service {
  readonly request: ExchangeClient.ExchangeClient<"marketData" | "account">["request"]
}

/**
 * `Trading` with the way out: any endpoint.
 *
 * @since 0.1.0
 * @category models
 */
export interface TradingService extends Trading.Trading.Service {
  readonly request: ExchangeClient.ExchangeClient<Capability>["request"]
}

/**
 * The same of an exchange of public data.
 *
 * @internal
 */
export interface PublicDefinition<MarketDataTag, Region extends string = never> {
  readonly protocol: Protocol<Region>
  readonly features: Adapter.Features
  readonly tags: { readonly marketData: (service: MarketDataService) => Context.Context<MarketDataTag> }
  /** What its rows call a market. Defaults to its id. */
  readonly marketNames?: ((market: Market) => ReadonlyArray<string>) | undefined
  readonly marketData: (client: ExchangeClient.ExchangeClient<"marketData">) => Adapter.MarketData
  readonly feeds?: Feeds | undefined
  /** Defaults to none. */
  readonly streams?: (
    client: ExchangeClient.ExchangeClient<"marketData">,
    markets: Markets.Markets,
    feed: Effect.Effect<Feed.Feed, MarketDataError>
  ) => Streams
}

/**
 * What an exchange adds to its protocol. `tags` put a service under the exchange's own tag, whose type may leave out what
 * the exchange does not have.
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
  /** Defaults to none. */
  readonly accountStreams?: (
    desk: Pick<Telling.Desk, "account" | "markets" | "seen" | "skew">,
    feed: Effect.Effect<Feed.Feed, MarketDataError>
  ) => AccountStreams
  readonly trading: (
    client: ExchangeClient.ExchangeClient<Capability>,
    context: { readonly account: Adapter.Account; readonly markets: Markets.Markets }
  ) => Adapter.Trading
}

/**
 * The Layer of an exchange of public data, and what it can do.
 *
 * @since 0.1.0
 * @category models
 */
export interface PublicExchange<MarketDataTag, Region extends string = never> {
  /** What the exchange can do. */
  readonly features: Adapter.Features
  /** Public data; needs no credentials and has none in reach. Fails with a `ConfigError` when the base URL is refused. */
  readonly layerMarketData: (
    options?: Options<Region>
  ) => Layer.Layer<MarketData.MarketData | MarketDataTag, ConfigError.ConfigError, HttpClient.HttpClient>
}

/**
 * The Layers of an exchange, and what it can do.
 *
 * @since 0.1.0
 * @category models
 */
export interface Exchange<MarketDataTag, AccountTag, TradingTag, Region extends string = never>
  extends PublicExchange<MarketDataTag, Region>
{
  /** Public data and the account of a key. Fails with a `ConfigError` that names what is missing. */
  readonly layerAccount: (
    options?: AccountOptions<Region>
  ) => Layer.Layer<Reading<MarketDataTag, AccountTag>, ConfigError.ConfigError, HttpClient.HttpClient>
  /**
   * Everything: public data, the account of a key, and trading with it, which on the live exchange has to be said twice and
   * is written down in an `OrderJournal`. Fails with a `ConfigError` that names what is missing.
   */
  readonly layer: (
    options: TradingOptions<Region>
  ) => Layer.Layer<
    Reading<MarketDataTag, AccountTag> | Trading.Trading | TradingTag,
    ConfigError.ConfigError,
    HttpClient.HttpClient | OrderJournal.OrderJournal
  >
  /** `layerAccount` with every option from configuration. */
  readonly layerAccountConfig: (
    options: Config.Config.Wrap<ConfigOptions<Region>>
  ) => Layer.Layer<Reading<MarketDataTag, AccountTag>, ConfigError.ConfigError, HttpClient.HttpClient>
  /** `layer` with every option from configuration. */
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
 * The shared and the own tags of what only reads.
 *
 * @since 0.1.0
 * @category models
 */
export type Reading<MarketDataTag, AccountTag> = MarketData.MarketData | MarketDataTag | Account.Account | AccountTag
