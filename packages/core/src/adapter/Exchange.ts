/**
 * Defines an exchange from its declaration: its tags, its Layers and its features.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Struct from "effect/Struct"
import type { ExchangeClient } from "../engine/ExchangeClient.js"
import type { Markets } from "../engine/Markets.js"
import type { Feed } from "../feed/internal/feed.js"
import * as ClientOrderId from "../model/ClientOrderId.js"
import type { MarketDataError } from "../model/ExchangeError.js"
import type * as Adapter from "../ports/Adapter.js"
import type * as Declaration from "./Declaration.js"
import * as accountQuestions from "./internal/accountQuestions.js"
import * as AccountStreams from "./internal/accountStreams.js"
import { make, makePublic } from "./internal/layers.js"
import type {
  AccountService,
  Exchange,
  MarketDataService,
  PublicExchange,
  TradingService
} from "./internal/layersModel.js"
import * as publicQuestions from "./internal/publicQuestions.js"
import * as Streams from "./internal/streams.js"
import * as tradingQuestions from "./internal/tradingQuestions.js"

export type {
  AccountOptions,
  AccountService,
  ConfigOptions,
  Exchange,
  MarketDataService,
  Options,
  PublicExchange,
  Reading,
  TradingConfigOptions,
  TradingOptions,
  TradingService
} from "./internal/layersModel.js"

/**
 * The identifier of a service tag of one exchange. Its name, such as `KrakenMarketData`, distinguishes it from the tags
 * of other exchanges.
 *
 * @since 0.1.0
 * @category models
 */
export interface Named<Name extends string> {
  readonly service: Name
}

/**
 * Defines an exchange with accounts from its declaration: its tags, its Layers and its features. Each service is one
 * value under two tags: the shared one and the exchange's own, whose type omits what the exchange lacks.
 *
 * **Details**
 *
 * `layer` and `layerConfig` record every order in an `OrderJournal`. To trade without a journal, provide
 * `OrderJournal.layerNone`. Throws a `RangeError` if `trading.names` creates client order ids that it does not accept.
 *
 * @since 0.1.0
 * @category constructors
 */
export const define = <
  const Name extends string,
  const Lacks extends Declaration.Optional = never,
  const Region extends string = never
>(facts: Declaration.Facts<Name, Lacks, Region>): Declared<Name, Lacks, Region> => {
  const { account, trading } = facts
  ClientOrderId.validate(trading.names)
  const MarketData = tagOf<`${Name}MarketData`, MarketDataService>(facts, `${facts.name}MarketData`)
  const Account = tagOf<`${Name}Account`, Omit<AccountService, Lacks>>(facts, `${facts.name}Account`)
  const Trading = tagOf<`${Name}Trading`, Omit<TradingService, Lacks>>(facts, `${facts.name}Trading`)
  const exchange = make({
    ...publicDefinition(facts, MarketData),
    features: {
      ...publicFeatures(facts),
      positions: account.positions !== undefined,
      timeInForce: trading.timeInForce,
      reduceOnly: trading.reduceOnly,
      amend: trading.amend !== undefined,
      batch: trading.placeBatch?.most ?? 0,
      deduplicates: trading.deduplicates
    },
    tags: {
      marketData: (service) => Context.make(MarketData, service),
      account: (service) => Context.make(Account, service),
      trading: (service) => Context.make(Trading, service)
    },
    account: (client, { markets }) => accountQuestions.make(facts)(client, markets),
    accountStreams: (desk, feed) =>
      AccountStreams.make(
        { ...desk, exchange: facts.protocol.exchange, unit: facts.unit, feeIn: account.fills.feeIn },
        facts.feeds ?? {},
        feed
      ),
    trading: (client, { account }) => tradingQuestions.make(facts)(client, account)
  })
  return { ...exchange, MarketData, Account, Trading }
}

/**
 * Defines an exchange with public data only: like {@link define}, without an account and without trading.
 *
 * @since 0.1.0
 * @category constructors
 */
export const definePublic = <const Name extends string, const Region extends string = never>(
  facts: Declaration.PublicFacts<Name, Region>
): DeclaredPublic<Name, Region> => {
  const MarketData = tagOf<`${Name}MarketData`, MarketDataService>(facts, `${facts.name}MarketData`)
  return { ...makePublic(publicDefinition(facts, MarketData)), MarketData }
}

const tagOf = <Name extends string, Service>({ protocol }: Declaration.PublicFacts<string>, name: Name) =>
  Context.GenericTag<Named<Name>, Service>(`@effect-exchange/${protocol.exchange}/${name}`)

const publicFeatures = ({ kinds, marketData, name, protocol }: Declaration.PublicFacts<string>): Adapter.Features => ({
  name,
  kinds,
  testnet: protocol.testnet._tag === "Open",
  passphrase: protocol.passphrase ?? false,
  candles: Struct.keys(marketData.candles.words),
  positions: false,
  timeInForce: [],
  reduceOnly: false,
  amend: false,
  batch: 0,
  deduplicates: "never"
})

const publicDefinition = <Name extends string, Region extends string>(
  facts: Declaration.PublicFacts<string, Region>,
  MarketData: Context.Tag<Named<Name>, MarketDataService>
) => ({
  protocol: facts.protocol,
  features: publicFeatures(facts),
  tags: { marketData: (service: MarketDataService) => Context.make(MarketData, service) },
  marketNames: facts.marketNames,
  marketData: publicQuestions.make(facts),
  feeds: facts.feeds,
  streams: (
    client: ExchangeClient<"marketData">,
    markets: Markets,
    feed: Effect.Effect<Feed, MarketDataError>
  ) => Streams.make(facts, client, markets, feed)
})

/**
 * An exchange with public data, and its own tag.
 *
 * @since 0.1.0
 * @category models
 */
export interface DeclaredPublic<Name extends string, Region extends string>
  extends PublicExchange<Named<`${Name}MarketData`>, Region>
{
  /**
   * The tag of its public data. It holds the same value as the shared `MarketData`, for programs that use several
   * exchanges.
   */
  readonly MarketData: Context.Tag<Named<`${Name}MarketData`>, MarketDataService>
}

/**
 * An exchange with accounts, and its own tags.
 *
 * @since 0.1.0
 * @category models
 */
export interface Declared<Name extends string, Lacks extends Declaration.Optional, Region extends string>
  extends Exchange<Named<`${Name}MarketData`>, Named<`${Name}Account`>, Named<`${Name}Trading`>, Region>
{
  /**
   * The tag of its public data. It holds the same value as the shared `MarketData`, for programs that use several
   * exchanges.
   */
  readonly MarketData: Context.Tag<Named<`${Name}MarketData`>, MarketDataService>
  /**
   * The tag of an account on it. It holds the same value as the shared `Account`; its type omits what the exchange
   * lacks.
   */
  readonly Account: Context.Tag<Named<`${Name}Account`>, Omit<AccountService, Lacks>>
  /**
   * The tag of trading on it. It holds the same value as the shared `Trading`; its type omits what the exchange lacks.
   */
  readonly Trading: Context.Tag<Named<`${Name}Trading`>, Omit<TradingService, Lacks>>
}
