/**
 * Public data of an exchange: needs no credentials.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { MarketDataError } from "./ExchangeError.js"
import type { Market } from "./Market.js"
import type { Price } from "./Price.js"
import type { Ticker } from "./Ticker.js"

/**
 * The capability to read public data. A program over several exchanges asks for the exchanges' own tags instead: of two
 * merged Layers that both provide this one, the last wins.
 *
 * @example
 * import { MarketData } from "@effect-exchange/core"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const market = yield* MarketData.MarketData
 *   return yield* market.price("BTC/USDT")
 * })
 *
 * @since 0.1.0
 * @category tags
 */
export class MarketData extends Context.Tag("@effect-exchange/core/MarketData")<MarketData, MarketData.Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace MarketData {
  /**
   * Symbols are taken as text and validated: `InvalidRequest` when malformed, `SymbolNotFound` when the exchange lists
   * no such market.
   */
  interface Service {
    /** The exchange that answers. */
    readonly exchange: string
    /** Every market the exchange lists, kept for `marketsMaxAge` (an hour unless set otherwise). */
    readonly markets: Effect.Effect<ReadonlyArray<Market>, MarketDataError>
    readonly market: (symbol: string) => Effect.Effect<Market, MarketDataError>
    /** The price of the last trade, or the middle of the book where there was none; `MalformedResponse` without both. */
    readonly price: (symbol: string) => Effect.Effect<Price, MarketDataError>
    readonly ticker: (symbol: string) => Effect.Effect<Ticker, MarketDataError>
    /** The tickers of several symbols, in the order asked for, in as few requests as the exchange allows. */
    readonly tickers: (symbols: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Ticker>, MarketDataError>
    /** The exchange's clock, in epoch milliseconds. */
    readonly serverTime: Effect.Effect<number, MarketDataError>
  }
}
