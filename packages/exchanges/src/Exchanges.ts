/**
 * The adapters of all exchanges, by the id of the exchange.
 *
 * @since 0.1.0
 */
import type { Account, Environment, MarketData, OrderJournal, Trading } from "@effect-exchange/core"
import type { Adapter, Exchange } from "@effect-exchange/core/adapter"
import * as Timeout from "@effect-exchange/resilience/Timeout"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Arr from "effect/Array"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LayerMap from "effect/LayerMap"
import * as Option from "effect/Option"
import * as Struct from "effect/Struct"
import { ExchangeId, ids } from "./ExchangeId.js"
import { registry } from "./internal/registry.js"

/**
 * An exchange in a registry: what `Exchange.define` returns.
 *
 * The Layers are methods, so that TypeScript accepts an exchange without a testnet: with an id that is known only at
 * run time, whether there is one is known only then as well.
 *
 * @since 0.1.0
 * @category models
 */
export interface Listed {
  readonly features: Adapter.Features
  layerMarketData(
    options?: Exchange.Options
  ): Layer.Layer<MarketData.MarketData, ConfigError.ConfigError, HttpClient.HttpClient>
  layerAccount(
    options?: Exchange.AccountOptions
  ): Layer.Layer<MarketData.MarketData | Account.Account, ConfigError.ConfigError, HttpClient.HttpClient>
  layer(
    options: Exchange.TradingOptions
  ): Layer.Layer<
    MarketData.MarketData | Account.Account | Trading.Trading,
    ConfigError.ConfigError,
    HttpClient.HttpClient | OrderJournal.OrderJournal
  >
}

export {
  /**
   * The id of an exchange.
   *
   * @since 0.1.0
   * @category models
   */
  ExchangeId,
  /**
   * The ids of all exchanges, in alphabetical order.
   *
   * @since 0.1.0
   * @category constants
   */
  ids
}

/**
 * Exchanges by their ids. `make` creates one, and the functions of this module are those of the exchanges of this
 * package.
 *
 * @since 0.1.0
 * @category models
 */
export interface Registry<Id extends string> {
  readonly ids: ReadonlyArray<Id>
  /** Returns the features of an exchange. */
  readonly features: (id: Id) => Adapter.Features
  /** Provides a `MarketData` that is not shared. */
  readonly layerMarketData: (
    id: Id,
    options?: Exchange.Options
  ) => Layer.Layer<MarketData.MarketData, ConfigError.ConfigError, HttpClient.HttpClient>
  /** Provides `MarketData` and `Account`. */
  readonly layerAccount: (
    id: Id,
    options?: Exchange.AccountOptions
  ) => Layer.Layer<MarketData.MarketData | Account.Account, ConfigError.ConfigError, HttpClient.HttpClient>
  /** Provides `MarketData`, `Account` and `Trading`. */
  readonly layerTrading: (
    id: Id,
    options: Exchange.TradingOptions
  ) => Layer.Layer<
    MarketData.MarketData | Account.Account | Trading.Trading,
    ConfigError.ConfigError,
    HttpClient.HttpClient | OrderJournal.OrderJournal
  >
}

/**
 * Creates a registry of the exchanges of this package and of others. The key of another exchange is its id, the
 * `exchange` of its protocol. With the id of an exchange of this package, it takes its place.
 *
 * The functions throw a `RangeError` for an id that the registry does not have, which their types exclude.
 *
 * @example
 * import { MarketData } from "@effect-exchange/core"
 * import { Exchanges } from "@effect-exchange/exchanges"
 * import { Kraken as Acme } from "@effect-exchange/kraken" // import { Acme } from "effect-exchange-acme"
 * import { Effect, LayerMap } from "effect"
 *
 * const exchanges = Exchanges.make({ acme: Acme })
 *
 * // Shares the exchanges, as `Exchanges.layer` shares those of the package.
 * class Shared extends LayerMap.Service<Shared>()("Shared", {
 *   lookup: exchanges.layerMarketData,
 *   idleTimeToLive: "5 minutes"
 * }) {}
 *
 * const price = Effect.flatMap(MarketData.MarketData, (market) => market.price("BTC/USDT"))
 *
 * const program = Effect.forEach(
 *   exchanges.ids,
 *   (id) => Effect.either(price.pipe(Effect.provide(Shared.get(id)))),
 *   { concurrency: "unbounded" }
 * ).pipe(Effect.provide(Shared.Default))
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Others extends { readonly [id: string]: Listed }>(
  others: Others
): Registry<ExchangeId | (keyof Others & string)> => {
  const all = new Map<string, Listed>([...Struct.entries(registry), ...Struct.entries(others)])
  const listed = (id: string): Listed => {
    const found = all.get(id)
    if (found === undefined) throw new RangeError(`Exchanges: there is no exchange ${JSON.stringify(id)}`)
    return found
  }
  return {
    ids: Arr.dedupe([...ids, ...Struct.keys(others)]),
    features: (id) => listed(id).features,
    layerMarketData: (id, options) => listed(id).layerMarketData(options),
    layerAccount: (id, options) => listed(id).layerAccount(options),
    layerTrading: (id, options) => listed(id).layer(options)
  }
}

const own = make({})

/**
 * Returns the features of an exchange.
 *
 * @since 0.1.0
 * @category getters
 */
export const features: Registry<ExchangeId>["features"] = own.features

/**
 * The options of `layer`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Omit<Exchange.Options, "environment"> {
  /** The environment of each exchange. Defaults to `"live"` for all. */
  readonly environment?: ((exchange: ExchangeId) => Environment.Environment) | undefined
  /** How long an unused exchange is kept, with its markets and its rate limits. Defaults to 5 minutes. */
  readonly idleTimeToLive?: Duration.DurationInput | undefined
}

/**
 * The public data of every exchange. The service of an exchange is created on first use, shared by all its users, and
 * released when it has been unused for a while. Its users share its rate limits.
 *
 * @example
 * import { MarketData } from "@effect-exchange/core"
 * import { Exchanges } from "@effect-exchange/exchanges"
 * import { Effect } from "effect"
 *
 * const price = Effect.flatMap(MarketData.MarketData, (market) => market.price("BTC/USDT"))
 *
 * const program = Effect.all([
 *   price.pipe(Effect.provide(Exchanges.marketData("binance"))),
 *   price.pipe(Effect.provide(Exchanges.marketData("bitmex")))
 * ])
 *
 * @since 0.1.0
 * @category tags
 */
export class Exchanges extends Context.Tag("@effect-exchange/exchanges/Exchanges")<
  Exchanges,
  LayerMap.LayerMap<ExchangeId, MarketData.MarketData, ConfigError.ConfigError>
>() {}

/**
 * Provides `Exchanges`. Building it dies with a `RangeError` if `idleTimeToLive` is `NaN` or negative.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options = {}): Layer.Layer<Exchanges, never, HttpClient.HttpClient> => {
  const { environment, idleTimeToLive, ...rest } = options
  return Layer.scoped(
    Exchanges,
    Effect.suspend(() => {
      const kept = idleTimeToLive ?? "5 minutes"
      if (Option.isNone(Timeout.decodeDuration(kept))) {
        throw new RangeError(`Exchanges.layer: idleTimeToLive must be a duration of at least 0, got ${String(kept)}`)
      }
      return LayerMap.make(
        (id: ExchangeId) => layerMarketData(id, { ...rest, environment: environment?.(id) }),
        { idleTimeToLive: kept }
      )
    })
  )
}

/**
 * Provides the shared `MarketData` of an exchange from {@link Exchanges}.
 *
 * @since 0.1.0
 * @category layers
 */
export const marketData = (
  id: ExchangeId
): Layer.Layer<MarketData.MarketData, ConfigError.ConfigError, Exchanges> =>
  Layer.unwrapEffect(Effect.map(Exchanges, (exchanges) => exchanges.get(id)))

/**
 * Provides a `MarketData` that is not shared, for an exchange whose id is known only at run time.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMarketData: Registry<ExchangeId>["layerMarketData"] = own.layerMarketData

/**
 * Provides `MarketData` and `Account`, for an exchange whose id is known only at run time.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAccount: Registry<ExchangeId>["layerAccount"] = own.layerAccount

/**
 * Provides `MarketData`, `Account` and `Trading`, for an exchange whose id is known only at run time.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerTrading: Registry<ExchangeId>["layerTrading"] = own.layerTrading
