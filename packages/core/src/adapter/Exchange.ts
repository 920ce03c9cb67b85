/**
 * An exchange from what it declares: its tags, its Layers, and what it can do.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Struct from "effect/Struct"
import type * as Declaration from "./Declaration.js"
import * as accountQuestions from "./internal/accountQuestions.js"
import {
  type AccountService,
  type Exchange,
  make,
  type MarketDataService,
  type TradingService
} from "./internal/layers.js"
import * as publicQuestions from "./internal/publicQuestions.js"
import * as tradingQuestions from "./internal/tradingQuestions.js"

export type {
  AccountOptions,
  AccountService,
  ConfigOptions,
  Exchange,
  MarketDataService,
  Options,
  Reading,
  TradingConfigOptions,
  TradingOptions,
  TradingService
} from "./internal/layers.js"

/**
 * The tag of a service of one exchange, told from those of others by its name, such as `KrakenMarketData`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Named<Name extends string> {
  readonly service: Name
}

/**
 * Makes an exchange of what it declares: its tags, its Layers, and what it can do. Each service is one value under two
 * tags: the shared one and the exchange's own, whose type leaves out what the exchange cannot do.
 *
 * **Details**
 *
 * `layer` and `layerConfig` write every order down in an `OrderJournal`; `OrderJournal.layerNone` is for who wants none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const define = <
  const Name extends string,
  const Lacks extends Declaration.Optional = never,
  const Region extends string = never
>(facts: Declaration.Facts<Name, Lacks, Region>): Declared<Name, Lacks, Region> => {
  const { account, kinds, name, protocol, trading } = facts
  const key = (service: string) => `@effect-exchange/${protocol.exchange}/${name}${service}`
  const MarketData = Context.GenericTag<Named<`${Name}MarketData`>, MarketDataService>(key("MarketData"))
  const Account = Context.GenericTag<Named<`${Name}Account`>, Omit<AccountService, Lacks>>(key("Account"))
  const Trading = Context.GenericTag<Named<`${Name}Trading`>, Omit<TradingService, Lacks>>(key("Trading"))
  const exchange = make({
    protocol,
    features: {
      name,
      kinds,
      testnet: protocol.testnet._tag === "Open",
      candles: Struct.keys(facts.marketData.candles.words),
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
    marketNames: facts.marketNames,
    marketData: publicQuestions.make(facts),
    account: (client, { markets }) => accountQuestions.make(facts)(client, markets),
    trading: (client, { account }) => tradingQuestions.make(facts)(client, account)
  })
  return { ...exchange, MarketData, Account, Trading }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Declared<Name extends string, Lacks extends Declaration.Optional, Region extends string>
  extends Exchange<Named<`${Name}MarketData`>, Named<`${Name}Account`>, Named<`${Name}Trading`>, Region>
{
  readonly MarketData: Context.Tag<Named<`${Name}MarketData`>, MarketDataService>
  readonly Account: Context.Tag<Named<`${Name}Account`>, Omit<AccountService, Lacks>>
  readonly Trading: Context.Tag<Named<`${Name}Trading`>, Omit<TradingService, Lacks>>
}
