/**
 * BitMEX, which closed for good on 2026-09-23: its live and testnet Layers answer `ExchangeClosed` to every call, and a
 * base URL (a simulator's, an archive's) brings it to life.
 *
 * @since 0.1.0
 */
import * as Exchange from "@effect-exchange/core/Exchange"
import { MalformedResponse, SymbolNotFound } from "@effect-exchange/core/ExchangeError"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Endpoints from "./Endpoints.js"
import * as Mapping from "./Mapping.js"
import { protocol } from "./Protocol.js"
import type * as Wire from "./Wire.js"

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

const exchange = Exchange.define({
  protocol,
  marketDataTag: MarketData,
  accountTag: Account,
  marketData: (client) => ({
    markets: Effect.map(
      client.request(Endpoints.instrumentsActive, {}),
      Arr.filterMap((instrument) => Option.fromNullable(Mapping.market(instrument)))
    ),
    ticker: (market) =>
      Effect.flatMap(
        client.request(Endpoints.instrument, { symbol: market.id }),
        ([instrument]) =>
          instrument === undefined
            ? new SymbolNotFound({
              exchange: protocol.exchange,
              operation: Endpoints.instrument.name,
              symbol: market.symbol,
              detail: `${market.symbol} (${market.id}) is not listed any more`
            })
            : Effect.succeed(Mapping.ticker(market, instrument))
      ),
    tickers: (markets) => {
      const byId = new Map(markets.map((market) => [market.id, market]))
      return Effect.map(
        client.request(Endpoints.instrumentsActive, {}),
        Arr.filterMap((instrument) =>
          Option.map(Option.fromNullable(byId.get(instrument.symbol)), (market) => Mapping.ticker(market, instrument))
        )
      )
    }
  }),
  account: (client, credentials) => ({
    balances: Effect.flatMap(
      client.request(Endpoints.margin, { currency: "all" }),
      // Nothing is nothing in any unit, known here or not.
      (rows) => Effect.forEach(rows.filter(({ marginBalance }) => marginBalance !== 0), balanceOf)
    ),
    keyPermissions: Effect.flatMap(client.request(Endpoints.apiKeys, {}), (keys) =>
      Effect.match(credentials.get, {
        onFailure: () => Mapping.permissions([], ""),
        onSuccess: ({ key }) => Mapping.permissions(keys, Redacted.value(key))
      }))
  })
})

const balanceOf = (margin: Wire.Margin) => {
  const balance = Mapping.balance(margin)
  return balance === undefined
    ? new MalformedResponse({
      exchange: protocol.exchange,
      operation: Endpoints.margin.name,
      detail: `the minor unit "${margin.currency.slice(0, 20)}" is not known, so what it is worth cannot be told`
    })
    : Effect.succeed(balance)
}

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
 * `layerAccount` with every option from configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = exchange.layerConfig
