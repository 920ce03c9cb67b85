import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as ExchangeClient from "../../engine/ExchangeClient.js"
import * as ExchangeState from "../../engine/ExchangeState.js"
import * as Markets from "../../engine/Markets.js"
import type { Protocol } from "../../engine/Protocol.js"
import * as OptionRange from "../../model/internal/optionRange.js"
import type { Market } from "../../model/Market.js"
import * as Account from "../../ports/Account.js"
import * as Credentials from "../../ports/Credentials.js"
import * as Environment from "../../ports/Environment.js"
import * as MarketData from "../../ports/MarketData.js"
import * as Telemetry from "../../ports/Telemetry.js"
import * as Trading from "../../ports/Trading.js"
import * as Accounts from "../../trading/internal/accounts.js"
import * as DailyTotals from "../../trading/internal/dailyTotals.js"
import type { Ledger } from "../../trading/internal/desk.js"
import { ledger } from "../../trading/internal/journaling.js"
import * as SeenOrders from "../../trading/internal/seenOrders.js"
import * as tradingService from "../../trading/internal/tradingService.js"
import * as OrderGuards from "../../trading/OrderGuards.js"
import * as OrderJournal from "../../trading/OrderJournal.js"
import * as accountService from "./accountService.js"
import * as AccountStreams from "./accountStreams.js"
import * as deadlines from "./deadlines.js"
import * as LayerFeed from "./layerFeed.js"
import type {
  Definition,
  Exchange,
  Extra,
  Options,
  PublicDefinition,
  PublicExchange,
  TradingOptions
} from "./layersModel.js"
import * as marketDataService from "./marketDataService.js"
import * as Streams from "./streams.js"

const marketData = <MarketDataTag>(
  { features, feeds, marketData, marketNames, protocol, streams, tags }: PublicDefinition<MarketDataTag, string>,
  client: ExchangeClient.ExchangeClient<"marketData">,
  options: Options<string>,
  account?: LayerFeed.Account
) =>
  Effect.gen(function*() {
    yield* OptionRange.check({ marketsMaxAge: [options.marketsMaxAge, OptionRange.duration] })
    const adapter = marketData(client)
    const { feed } = yield* LayerFeed.make(protocol, feeds, options, client, account)
    const markets = yield* Markets.make({
      exchange: protocol.exchange,
      load: adapter.markets,
      maxAge: options.marketsMaxAge ?? "1 hour",
      given: options.markets,
      names: marketNames
    })
    const service = marketDataService.make(
      protocol,
      features,
      client,
      adapter,
      markets,
      streams?.(client, markets, feed) ?? Streams.none(protocol.exchange),
      deadlineOf(options)
    )
    return { feed, markets, service, context: Context.add(tags.marketData(service), MarketData.MarketData, service) }
  })

/**
 * Creates the Layer of public data: one service under two tags.
 *
 * @internal
 */
export const makePublic = <MarketDataTag, Region extends string = never>(
  definition: PublicDefinition<MarketDataTag, Region>
): PublicExchange<MarketDataTag, Region> => ({
  features: definition.features,
  layerMarketData: (options = {}) =>
    building(
      Effect.flatMap(
        ExchangeClient.make(definition.protocol, options),
        (client) => Effect.map(marketData(definition, client, options), ({ context }) => context)
      )
    )
})

/**
 * Creates the Layers of an exchange. Each service is one value under two tags: the shared one and the exchange's own.
 *
 * @internal
 */
export const make = <MarketDataTag, AccountTag, TradingTag, Region extends string = never>(
  definition: Definition<MarketDataTag, AccountTag, TradingTag, Region>
): Exchange<MarketDataTag, AccountTag, TradingTag, Region> => {
  const { features, protocol, tags } = definition
  const { exchange } = protocol

  const reading = (options: Options<string>, credentials: Credentials.Provider, trades: boolean) =>
    Effect.gen(function*() {
      const client = yield* ExchangeClient.make(protocol, {
        ...options,
        credentials,
        serves: trades ? undefined : ["marketData", "account"]
      })
      const { context, feed, markets, service: data } = yield* marketData(definition, client, options, {
        client,
        credentials
      })
      const adapter = definition.account(client, { credentials, markets })
      const seen = SeenOrders.make()
      const streams = definition.accountStreams?.({ account: adapter, markets, seen, skew: skewOf(client) }, feed) ??
        AccountStreams.none(exchange)
      const service = deadlines.account(
        accountService.make(exchange, features, client, adapter, markets, streams, trades),
        deadlineOf(options)
      )
      return {
        client,
        markets,
        data,
        account: adapter,
        seen,
        context: Context.merge(context, Context.add(tags.account(service), Account.Account, service))
      }
    })

  const trading = (
    options: Options<string> & Pick<TradingOptions, Extra>,
    credentials: Credentials.Provider
  ) =>
    Effect.gen(function*() {
      const { formerAccounts = [], guards = {}, lookupPatience, ...rest } = options
      yield* Option.match(OrderGuards.validate(guards), { onNone: () => Effect.void, onSome: invalid(["guards"]) })
      yield* OptionRange.check({ lookupPatience: [lookupPatience, OptionRange.duration] })
      const { account, client, context, data, markets, seen } = yield* reading(rest, credentials, true)
      const written = yield* OrderJournal.OrderJournal
      const journal = ledger(written, credentials, formerAccounts)
      const memoMap = yield* Layer.CurrentMemoMap
      const accounts = yield* Layer.buildWithMemoMap(Accounts.layer, memoMap, yield* Effect.scope)
      const shared = yield* Context.get(accounts, Accounts.Accounts).of(
        `${exchange} ${client.environment}`,
        yield* journal.accounts
      )
      const isLimited = guards.maxNotionalPerDay !== undefined
      const ordered = isLimited ? spentLately(exchange, client.environment, journal) : undefined
      yield* Accounts.countIn(shared, written, ordered)
      const desk = {
        exchange,
        environment: client.environment,
        features,
        adapter: definition.trading(client, { account, markets }),
        account,
        seen,
        markets,
        lastPrice: (market: Market) => Effect.map(data.price(market.symbol), ({ amount }) => amount),
        guards,
        journal,
        patience: lookupPatience ?? "30 seconds",
        skew: skewOf(client),
        ...shared
      }
      // From the start: an alert on the increase of a counter does not notice a counter that appears with its first
      // order.
      yield* Effect.tagMetrics(Metric.incrementBy(Telemetry.unknownOrders, 0), {
        exchange,
        environment: client.environment
      })
      const service = deadlines.trading(tradingService.make(desk, client), deadlineOf(options))
      return Context.merge(context, Context.add(tags.trading(service), Trading.Trading, service))
    })

  return {
    ...makePublic(definition),
    layerAccount: ({ credentials, ...options } = {}) =>
      building(
        Effect.flatMap(
          credentialsOf(protocol, options.environment, credentials),
          (credentials) => Effect.map(reading(options, credentials, false), ({ context }) => context)
        )
      ),
    layer: ({ credentials, trading: enabled, ...options }) =>
      building(
        requireTradingEnabled(protocol, options.environment, enabled).pipe(
          Effect.zipRight(credentialsOf(protocol, options.environment, credentials)),
          Effect.flatMap((credentials) => trading(options, credentials))
        )
      ),
    layerAccountConfig: (wrapped) => {
      const config = Config.unwrap(wrapped)
      return building(Effect.gen(function*() {
        const { credentials: _, ...options } = yield* config
        const credentials = yield* Credentials.fromConfig(Config.map(config, ({ credentials }) => credentials))
        const { context } = yield* reading(options, credentials, false)
        return context
      }))
    },
    layerConfig: (wrapped, extra = {}) => {
      const config = Config.unwrap(wrapped)
      return building(Effect.gen(function*() {
        const { credentials: _, trading: enabled, ...options } = yield* config
        yield* requireTradingEnabled(protocol, options.environment, enabled)
        const credentials = yield* Credentials.fromConfig(Config.map(config, ({ credentials }) => credentials))
        return yield* trading({ ...options, ...extra }, credentials)
      }))
    }
  }
}

const skewOf = ({ health }: Pick<ExchangeClient.ExchangeClient<"marketData">, "health">): Effect.Effect<number> =>
  Effect.map(health, ({ clockSkewMillis }) => clockSkewMillis)

// The orders that an earlier run placed today count as well. The clock may be ahead, so those of the day before it are
// read, too.
const spentLately = (
  exchange: string,
  environment: string,
  journal: Ledger
): Effect.Effect<DailyTotals.DailyTotals, ConfigError.ConfigError> =>
  Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const entries = yield* journal.since(exchange, environment, now - 2 * 86_400_000)
    return DailyTotals.fromJournal(entries)
  }).pipe(Effect.catchTag("JournalFailed", (error) => invalid(["journal"])(error.message)))

// Exchanges that are built together share the one value of `ExchangeState.layer`, which mirrors the state that an
// exchange keeps about the client. It comes from the memo map of the build. `Layer.provide` would find it there too,
// but leaves three more Layers behind.
const building = <A, E, R>(
  services: Effect.Effect<Context.Context<A>, E, R>
): Layer.Layer<A, E, Exclude<Exclude<R, ExchangeState.ExchangeState>, Scope.Scope>> =>
  Layer.scopedContext(Effect.gen(function*() {
    const memoMap = yield* Layer.CurrentMemoMap
    const state = yield* Layer.buildWithMemoMap(ExchangeState.layer, memoMap, yield* Effect.scope)
    return yield* Effect.provide(services, state)
  }))

// Also checked at run time: only TypeScript enforces the types, configuration is untyped, and a base URL can lead
// anywhere.
const requireTradingEnabled = (
  protocol: Protocol,
  environment: Environment.Environment<string> | undefined,
  enabled: string | undefined
): Effect.Effect<void, ConfigError.ConfigError> => {
  if (environment === undefined) {
    return invalid(["environment"])("expected an environment: there is no default for placing orders")
  }
  if (enabled === "enabled" || !Environment.isLive(protocol, environment)) return Effect.void
  return invalid(["trading"])(
    environment === "live"
      ? `expected "enabled": the environment "live" places orders with real money`
      : typeof environment === "string"
      ? `expected "enabled": the environment "${environment}" is a region of the exchange and places orders with real ` +
        "money"
      : `expected "enabled": the base URL is neither a loopback address nor a test host of ${protocol.exchange}` +
        `${hostsOf(protocol)}, so this may place orders with real money`
  )
}

const hostsOf = ({ testHosts = [] }: Protocol): string => testHosts.length === 0 ? "" : ` (${testHosts.join(", ")})`

const deadlineOf = ({ deadline }: Pick<Options, "deadline">): Duration.DurationInput => deadline ?? "30 seconds"

const invalid = (path: Array<string>) => (detail: string): Effect.Effect<never, ConfigError.ConfigError> =>
  Effect.fail(ConfigError.InvalidData(path, detail))

const credentialsOf = (
  protocol: Protocol,
  environment: Environment.Environment<string> | undefined,
  given: Credentials.Credentials | Credentials.Provider | undefined
): Effect.Effect<Credentials.Provider, ConfigError.ConfigError> => {
  if (given === undefined) {
    return Credentials.fromConfig(
      Credentials.config(protocol.exchange, Environment.name(environment ?? "live"), protocol)
    )
  }
  return Effect.succeed("get" in given ? given : Credentials.fixed(given))
}
