/**
 * From a protocol to Layers: the part of an exchange package that is the same for every exchange.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as BigDecimal from "effect/BigDecimal"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Account from "./Account.js"
import * as Credentials from "./Credentials.js"
import * as Environment from "./Environment.js"
import * as ExchangeClient from "./ExchangeClient.js"
import { MalformedResponse, type MarketDataError } from "./ExchangeError.js"
import type { Market } from "./Market.js"
import * as MarketData from "./MarketData.js"
import * as Markets from "./Markets.js"
import type { Price } from "./Price.js"
import type { Protocol } from "./Protocol.js"
import type { Ticker } from "./Ticker.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends ExchangeClient.Options {
  /** How long the list of markets is believed. Defaults to one hour. */
  readonly marketsMaxAge?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface AccountOptions extends Options {
  /** Defaults to `Credentials.config`: `<EXCHANGE>_API_KEY` and `<EXCHANGE>_API_SECRET` from configuration. */
  readonly credentials?: Credentials.Credentials | Credentials.Provider | undefined
}

/**
 * What `layerConfig` reads. All of it is read once, but the credentials again when they may have been rotated.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigOptions {
  readonly credentials: Credentials.Credentials
  readonly environment?: Environment.Environment | undefined
  readonly attemptTimeout?: Duration.Duration | undefined
  readonly deadline?: Duration.Duration | undefined
}

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
 * What an exchange adds to its protocol: how its answers read in our words.
 *
 * @since 0.1.0
 * @category models
 */
export interface Definition<MarketDataTag, AccountTag> {
  readonly protocol: Protocol
  readonly marketDataTag: Context.Tag<MarketDataTag, MarketDataService>
  readonly accountTag: Context.Tag<AccountTag, AccountService>
  readonly marketData: (client: ExchangeClient.ExchangeClient<"marketData">) => {
    readonly markets: Effect.Effect<ReadonlyArray<Market>, MarketDataError>
    readonly ticker: (market: Market) => Effect.Effect<Ticker, MarketDataError>
    /** In any order; a market may be missing. Never called with none. */
    readonly tickers: (markets: ReadonlyArray<Market>) => Effect.Effect<ReadonlyArray<Ticker>, MarketDataError>
  }
  readonly account: (
    client: ExchangeClient.ExchangeClient<"marketData" | "account">,
    credentials: Credentials.Provider
  ) => {
    readonly balances: Account.Account.Service["balances"]
    readonly keyPermissions: Account.Account.Service["keyPermissions"]
  }
}

/**
 * The Layers of an exchange.
 *
 * @since 0.1.0
 * @category models
 */
export interface Exchange<MarketDataTag, AccountTag> {
  readonly layerMarketData: (
    options?: Options
  ) => Layer.Layer<MarketData.MarketData | MarketDataTag, ConfigError.ConfigError, HttpClient.HttpClient>
  readonly layerAccount: (
    options?: AccountOptions
  ) => Layer.Layer<
    MarketData.MarketData | MarketDataTag | Account.Account | AccountTag,
    ConfigError.ConfigError,
    HttpClient.HttpClient
  >
  readonly layerConfig: (
    options: Config.Config.Wrap<ConfigOptions>
  ) => Layer.Layer<
    MarketData.MarketData | MarketDataTag | Account.Account | AccountTag,
    ConfigError.ConfigError,
    HttpClient.HttpClient
  >
}

/**
 * An exchange from its definition. Each service is one value under two tags: the shared one and the exchange's own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const define = <MarketDataTag, AccountTag>(
  definition: Definition<MarketDataTag, AccountTag>
): Exchange<MarketDataTag, AccountTag> => {
  const { protocol } = definition

  const marketData = (client: ExchangeClient.ExchangeClient<"marketData">, options: Options) =>
    Effect.map(
      makeMarketData(definition, client, options),
      (service) => Context.make(definition.marketDataTag, service).pipe(Context.add(MarketData.MarketData, service))
    )

  const account = (options: Options, credentials: Credentials.Provider) =>
    Effect.gen(function*() {
      const client = yield* ExchangeClient.make(protocol, { ...options, credentials })
      const service: AccountService = {
        ...definition.account(client, credentials),
        exchange: protocol.exchange,
        request: client.request
      }
      return Context.merge(
        yield* marketData(client, options),
        Context.make(definition.accountTag, service).pipe(Context.add(Account.Account, service))
      )
    })

  return {
    layerMarketData: (options = {}) =>
      Layer.scopedContext(
        Effect.flatMap(ExchangeClient.make(protocol, options), (client) => marketData(client, options))
      ),
    layerAccount: ({ credentials, ...options } = {}) =>
      Layer.scopedContext(
        Effect.flatMap(
          credentialsOf(protocol, options.environment, credentials),
          (credentials) => account(options, credentials)
        )
      ),
    layerConfig: (wrapped) => {
      const config = Config.unwrap(wrapped)
      return Layer.scopedContext(Effect.gen(function*() {
        const { credentials: _, ...options } = yield* config
        const credentials = yield* Credentials.fromConfig(Config.map(config, ({ credentials }) => credentials))
        return yield* account(options, credentials)
      }))
    }
  }
}

const credentialsOf = (
  protocol: Protocol,
  environment: Environment.Environment | undefined,
  given: Credentials.Credentials | Credentials.Provider | undefined
): Effect.Effect<Credentials.Provider, ConfigError.ConfigError> => {
  if (given === undefined) {
    return Credentials.fromConfig(Credentials.config(protocol.exchange, Environment.name(environment ?? "live")))
  }
  return Effect.succeed("get" in given ? given : Credentials.fixed(given))
}

const makeMarketData = <MarketDataTag, AccountTag>(
  definition: Definition<MarketDataTag, AccountTag>,
  client: ExchangeClient.ExchangeClient<"marketData">,
  options: Options
): Effect.Effect<MarketDataService, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { protocol } = definition
    const { exchange } = protocol
    const native = definition.marketData(client)
    const markets = yield* Markets.make({
      exchange,
      load: native.markets,
      maxAge: options.marketsMaxAge ?? "1 hour"
    })
    const ticker = Effect.fn(`${exchange}.MarketData.ticker`)(function*(symbol: string) {
      return yield* native.ticker(yield* markets.find("ticker", symbol))
    })
    return {
      exchange,
      request: client.request,
      serverTime: client.request(protocol.serverTime, {}),
      markets: markets.all,
      market: (symbol) => markets.find("market", symbol),
      ticker,
      tickers: Effect.fn(`${exchange}.MarketData.tickers`)(function*(symbols: ReadonlyArray<string>) {
        const wanted = yield* Effect.forEach(symbols, (symbol) => markets.find("tickers", symbol))
        if (wanted.length === 0) return []
        const found = yield* native.tickers(wanted)
        return yield* inOrder(exchange, wanted, found)
      }),
      price: Effect.fn(`${exchange}.MarketData.price`)(function*(symbol: string) {
        const market = yield* markets.find("price", symbol)
        return yield* priceOf(market, yield* native.ticker(market))
      })
    }
  })

const inOrder = (
  exchange: string,
  wanted: ReadonlyArray<Market>,
  found: ReadonlyArray<Ticker>
): Effect.Effect<ReadonlyArray<Ticker>, MalformedResponse> => {
  const bySymbol = new Map(found.map((ticker) => [ticker.symbol, ticker]))
  return Effect.forEach(wanted, ({ symbol }) => {
    const ticker = bySymbol.get(symbol)
    return ticker === undefined
      ? new MalformedResponse({ exchange, operation: "tickers", detail: `the answer has no ticker of ${symbol}` })
      : Effect.succeed(ticker)
  })
}

const two = BigDecimal.fromBigInt(2n)

const priceOf = (market: Market, ticker: Ticker): Effect.Effect<Price, MalformedResponse> => {
  const price = { symbol: market.symbol, currency: market.quote, source: ticker.exchange, observedAt: ticker.at }
  if (ticker.last !== undefined) return Effect.succeed({ ...price, amount: ticker.last, basis: "last" })
  if (ticker.bid !== undefined && ticker.ask !== undefined) {
    const amount = BigDecimal.unsafeDivide(BigDecimal.sum(ticker.bid, ticker.ask), two)
    return Effect.succeed({ ...price, amount, basis: "mid" })
  }
  return new MalformedResponse({
    exchange: ticker.exchange,
    operation: "price",
    detail: `${market.symbol} has neither traded nor bids and asks, so it has no price`
  })
}
